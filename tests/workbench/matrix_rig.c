/* What the tests of the matrix verbs share. */

#include "tests/workbench/matrix_rig.h"

#include "core/workbench/expr_internal.h"
#include "tests/test.h"

/* A bench whose generator starts where torch.manual_seed(seed) does. */
void open_seeded(BenchRig *rig, uint64_t seed)
{
    bench_rig_open(rig, 1);
    bench_free(rig->bench);
    BenchSpec spec = {.lab = rig->lab, .threads = 1, .seed = seed};
    rig->bench = bench_create(&spec, &rig->err);
    assert_ok(&rig->err);
}

void assert_all_close(const Datum *record, const char *key, const double *want, Index n,
                      double tolerance)
{
    const Datum *member = datum_member(record, key);
    assert_non_null(member);
    assert_int_equal(element_count(member), n);
    for (Index i = 0; i < n; i++) assert_close(member->values[i], want[i], tolerance);
}

double member_number(const Datum *record, const char *key)
{
    const Datum *member = datum_member(record, key);
    if (member == NULL) fail_msg("no member %s", key);
    assert_true(member->kind == DATUM_NUMBER || member->kind == DATUM_YES);
    return member->number;
}
