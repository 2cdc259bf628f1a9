/* The bench: names, data, folder, limit, and going back to a saved state. */

#include <string.h>

#include "core/base/file.h"
#include "tests/test.h"
#include "tests/workbench/bench_rig.h"

static Datum *number(double x)
{
    Error  err = {0};
    Datum *datum = datum_number(x, NULL, &err);
    assert_ok(&err);
    return datum;
}

static void put(BenchRig *rig, const char *name, double x)
{
    assert_true(bench_put(rig->bench, name, number(x), NULL, &rig->err));
}

static void values_have_names(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    for (int i = 0; i < 30; i++) {
        char name[4] = {'v', (char)('a' + i % 26), (char)('0' + i / 26), '\0'};
        put(&rig, name, i);
    }
    assert_true(bench_get(rig.bench, "vc1")->number == 28);
    put(&rig, "vc1", 7);
    assert_true(bench_get(rig.bench, "vc1")->number == 7);
    assert_null(bench_get(rig.bench, "vc"));
    Scope scope = bench_scope(rig.bench);
    assert_true(scope.find(scope.context, "vb0")->number == 1);
    assert_string_equal(scope.nearest(scope.context, "vc11"), "vc1");
    assert_null(scope.nearest(scope.context, "something"));
    bench_rig_close(&rig);
}

static void a_name_without_an_adapter_is_not_on(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    bench_must(&rig, "a = " QUICK_TRAIN);
    bench_must(&rig, "merge a");
    assert_string_equal(bench_active(rig.bench), "a");
    assert_true(bench_merged(rig.bench));
    bench_must(&rig, "a = " QUICK_TRAIN); /* another adapter of that name: still on */
    assert_string_equal(bench_active(rig.bench), "a");
    put(&rig, "a", 1);
    assert_null(bench_active(rig.bench));
    assert_false(bench_merged(rig.bench));
    bench_rig_close(&rig);
}

static void a_state_comes_back_exactly(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 2);
    bench_must(&rig, "a = " QUICK_TRAIN);
    bench_must(&rig, "b = " QUICK_TRAIN "seed=7");
    bench_must(&rig, "merge b");
    put(&rig, "x", 3);
    (void)torch_random(bench_rng(rig.bench));
    bench_must(&rig, "e = eval data=sql-lite examples=6");
    const Datum *kept = bench_get(rig.bench, "a");
    Learned     *learned = bench_learned(rig.bench, "a");
    TorchRng     rng = *bench_rng(rig.bench);
    double       loss = bench_number(&rig, "e.loss");
    BenchState  *saved = bench_save(rig.bench, &rig.err);
    assert_ok(&rig.err);

    for (int again = 0; again < 2; again++) {
        bench_must(&rig, "a = train continue=a " QUICK_KEYS "max_steps=2");
        bench_must(&rig, "unmerge how=subtract");
        bench_must(&rig, "switch base");
        put(&rig, "x", 4);
        put(&rig, "new", 5);
        for (int i = 0; i < 700; i++) (void)torch_random(bench_rng(rig.bench));
        bench_must(&rig, "e = eval data=sql-lite examples=6");
        assert_true(bench_number(&rig, "e.loss") != loss); /* the play did change something */
        assert_ptr_not_equal(bench_learned(rig.bench, "a"), learned);

        assert_true(bench_restore(rig.bench, saved, &rig.err));
        assert_ptr_equal(bench_get(rig.bench, "a"), kept);
        assert_ptr_equal(bench_learned(rig.bench, "a"), learned);
        assert_null(bench_get(rig.bench, "new"));
        assert_true(bench_get(rig.bench, "x")->number == 3);
        assert_string_equal(bench_active(rig.bench), "b");
        assert_true(bench_merged(rig.bench));
        assert_memory_equal(bench_rng(rig.bench), &rng, sizeof rng);
        bench_must(&rig, "e = eval data=sql-lite examples=6");
        assert_true(bench_number(&rig, "e.loss") == loss);
    }
    bench_state_free(saved);
    bench_rig_close(&rig);
}

static void keep_and_go_back(void *context, Error *err)
{
    BenchRig *rig = context;
    BenchSpec spec = {.lab = rig->lab, .threads = 1};
    Bench    *bench = bench_create(&spec, err);
    if (bench == NULL) return;
    Datum      *datum = datum_number(1, NULL, err);
    bool        ok = datum != NULL && bench_put(bench, "one", datum, NULL, err);
    BenchState *saved = ok ? bench_save(bench, err) : NULL;
    if (saved != NULL) ok = bench_restore(bench, saved, err);
    bench_state_free(saved);
    bench_free(bench);
}

static void a_failing_allocation_leaves_no_bench_behind(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    assert_true(torture(keep_and_go_back, &rig) > 6);
    bench_rig_close(&rig);
}

/* ---- data ------------------------------------------------------------------------------- */

static void data_is_drawn_once(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    bench_must(&rig, "tokenize x"); /* loads the base */
    const char    *sample;
    const Dataset *a = bench_data(rig.bench, "sql", "train", 5, 1, &sample, &rig.err);
    assert_ok(&rig.err);
    assert_int_equal(a->count, 5);
    assert_true(strncmp(sample, "Request:", 8) == 0);
    assert_ptr_equal(bench_data(rig.bench, "sql", "train", 5, 1, NULL, &rig.err), a);
    assert_ptr_not_equal(bench_data(rig.bench, "sql", "heldout", 5, 1, NULL, &rig.err), a);
    assert_ptr_not_equal(bench_data(rig.bench, "sql", "train", 5, 2, NULL, &rig.err), a);
    assert_ptr_not_equal(bench_data(rig.bench, "sql", "train", 6, 1, NULL, &rig.err), a);
    assert_ok(&rig.err);
    bench_rig_close(&rig);
}

/* How many of the documents begin like this. */
static Index beginning_with(const BenchRig *rig, const Dataset *data, const char *head)
{
    Index count = 0;
    for (Index i = 0; i < data->count; i++) {
        Str   text = {0};
        Error err = {0};
        assert_true(tokenizer_decode(rig->lab->tok, data->examples[i].ids, data->examples[i].count,
                                     true, &text, &err));
        count += strncmp(str_text(&text), head, strlen(head)) == 0;
        str_free(&text);
    }
    return count;
}

/* Every task that comes along: a new one whose prompt the list in bench_data.c does not know
 * fails here. */
static void base_other_begins_like_no_task(void **state)
{
    (void)state;
    BenchRig rig;
    Str      names = {0};
    Index    in_base = 0;
    bench_rig_open(&rig, 1);
    bench_must(&rig, "tokenize x");
    const Dataset *base = bench_data(rig.bench, "base", "heldout", 300, 1, NULL, &rig.err);
    const Dataset *other = bench_data(rig.bench, "base-other", "heldout", 300, 1, NULL, &rig.err);
    assert_ok(&rig.err);
    assert_int_equal(base->count, 300);
    assert_int_equal(other->count, 300);
    assert_true(lab_task_names(rig.lab, &names, &rig.err));
    for (char *at = names.data; *at != '\0';) {
        size_t      n = strcspn(at, ",");
        const char *sample;
        char        name[64], head[64];
        memcpy(name, at, n);
        name[n] = '\0';
        assert_non_null(bench_data(rig.bench, name, "heldout", 1, 1, &sample, &rig.err));
        size_t length = strcspn(sample, ":") + 1;
        memcpy(head, sample, length);
        head[length] = '\0';
        assert_int_equal(beginning_with(&rig, other, head), 0);
        in_base += beginning_with(&rig, base, head);
        at += n + strspn(at + n, ", ");
    }
    assert_true(in_base > 10); /* the control: they are left out, not absent */
    str_free(&names);
    bench_rig_close(&rig);
}

/* ---- folder, limit ---------------------------------------------------------------------- */

static void the_workspace_goes_with_the_bench(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    const char *folder = bench_workspace(rig.bench, &rig.err);
    assert_ok(&rig.err);
    assert_ptr_equal(bench_workspace(rig.bench, &rig.err), folder);
    assert_true(path_is_folder(folder));
    char *copy = mem_strdup(folder, &rig.err);
    char *file = path_join(folder, "left.txt", &rig.err);
    assert_true(file_write_all(file, "x", 1, &rig.err));
    mem_free(file);
    bench_rig_close(&rig);
    assert_false(path_exists(copy));
    mem_free(copy);
}

static void a_bench_takes_no_more_than_its_limit(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_limited(&rig, 1, 3000000);
    bench_must(&rig, "t = tokenize \"all books\"");
    bench_refuses(&rig, "a = train data=sql-lite method=full max_steps=2 examples=64", ERR_MEMORY,
                  "limit");
    assert_null(bench_get(rig.bench, "a"));
    bench_must(&rig, "t = tokenize \"all books\""); /* it goes on working */
    bench_rig_close(&rig);

    /* The control: with room enough the same line passes, and no limit is left behind. */
    bench_rig_limited(&rig, 1, 300000000);
    bench_must(&rig, "a = train data=sql-lite method=full max_steps=2 examples=64 eval=none");
    bench_rig_close(&rig);
    bench_rig_open(&rig, 1);
    bench_must(&rig, "a = train data=sql-lite method=full max_steps=2 examples=64 eval=none");
    bench_rig_close(&rig);
}

TEST_GROUP(bench, cmocka_unit_test(values_have_names),
           cmocka_unit_test(a_name_without_an_adapter_is_not_on),
           cmocka_unit_test(a_state_comes_back_exactly),
           cmocka_unit_test(a_failing_allocation_leaves_no_bench_behind),
           cmocka_unit_test(data_is_drawn_once), cmocka_unit_test(base_other_begins_like_no_task),
           cmocka_unit_test(the_workspace_goes_with_the_bench),
           cmocka_unit_test(a_bench_takes_no_more_than_its_limit));
