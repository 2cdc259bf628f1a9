/* Adapters on one base: switching, merging, undoing, and what they weigh. */

#include <math.h>
#include <string.h>

#include "core/base/file.h"
#include "tests/test.h"
#include "tests/workbench/bench_rig.h"

#define EVAL "eval data=sql-lite examples=6 "

static void two_adapters_share_a_base(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 2);
    bench_must(&rig, "n = " EVAL);
    bench_must(&rig, "a = " QUICK_TRAIN);
    bench_must(&rig, "b = " QUICK_TRAIN "init_lora_weights=gaussian");
    assert_true(bench_number(&rig, "a.after.loss") != bench_number(&rig, "b.after.loss"));
    assert_true(bench_number(&rig, "a.before.loss") == bench_number(&rig, "n.loss"));

    const Datum *s = bench_must(&rig, "s = switch a");
    assert_string_equal(bench_word(s, "active"), "a");
    bench_must(&rig, "e = " EVAL);
    assert_true(bench_number(&rig, "e.loss") == bench_number(&rig, "a.after.loss"));
    bench_must(&rig, "e = " EVAL "adapter=b");
    assert_true(bench_number(&rig, "e.loss") == bench_number(&rig, "b.after.loss"));
    bench_must(&rig, "e = " EVAL "adapter=none");
    assert_true(bench_number(&rig, "e.loss") == bench_number(&rig, "n.loss"));
    bench_must(&rig, "switch b");
    bench_must(&rig, "e = " EVAL);
    assert_true(bench_number(&rig, "e.loss") == bench_number(&rig, "b.after.loss"));
    bench_must(&rig, "switch base");
    bench_must(&rig, "e = " EVAL);
    assert_true(bench_number(&rig, "e.loss") == bench_number(&rig, "n.loss"));
    assert_true(bench_number(&rig, "e.perplexity") == exp(bench_number(&rig, "e.loss")));
    bench_rig_close(&rig);
}

static void a_merge_computes_the_same_and_can_be_undone(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 2);
    bench_must(&rig, "a = " QUICK_TRAIN "max_grad_norm=0");
    bench_must(&rig, "n = " EVAL "adapter=none");
    bench_must(&rig, "beside = " EVAL "adapter=a");
    bench_must(&rig, "m = merge a");
    assert_true(bench_number(&rig, "m.changed") == 8);
    /* q [128,128] and v [64,128] of 4 layers in bfloat16 */
    assert_true(bench_number(&rig, "m.copied_bytes") == 4 * 2 * (128 * 128 + 64 * 128));
    bench_must(&rig, "merged = " EVAL);
    assert_close(bench_number(&rig, "merged.loss"), bench_number(&rig, "beside.loss"), 0.02);
    assert_true(bench_number(&rig, "merged.loss") != bench_number(&rig, "beside.loss"));
    assert_true(bench_number(&rig, "merged.loss") != bench_number(&rig, "n.loss"));

    bench_must(&rig, "u = unmerge how=subtract");
    assert_true(bench_number(&rig, "u.drift") > 0); /* bfloat16 rounds */
    assert_true(bench_number(&rig, "u.exact") == 0);
    bench_must(&rig, "beside2 = " EVAL);
    assert_true(bench_number(&rig, "beside2.loss") == bench_number(&rig, "beside.loss"));
    bench_must(&rig, "merge a");
    bench_must(&rig, "u = unmerge");
    assert_true(bench_number(&rig, "u.exact") == 1 && bench_number(&rig, "u.drift") == 0);
    bench_must(&rig, "n2 = " EVAL "adapter=none");
    assert_true(bench_number(&rig, "n2.loss") == bench_number(&rig, "n.loss"));
    bench_refuses(&rig, "unmerge", ERR_INPUT, "no adapter is merged");
    bench_rig_close(&rig);
}

static void a_merge_costs_no_multiplication(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    bench_must(&rig, "a = " QUICK_TRAIN);
    bench_must(&rig, "base = generate prompt=\"Request: list\" max_new_tokens=3");
    bench_must(&rig, "switch a");
    bench_must(&rig, "beside = generate prompt=\"Request: list\" max_new_tokens=3");
    bench_must(&rig, "merge a");
    bench_must(&rig, "merged = generate prompt=\"Request: list\" max_new_tokens=3");
    assert_true(bench_number(&rig, "merged.multiplications - base.multiplications") == 0);
    assert_true(bench_number(&rig, "beside.multiplications - base.multiplications") ==
                bench_number(&rig, "a.trainable"));
    assert_true(bench_number(&rig, "base.tokens") <= 3);
    bench_rig_close(&rig);
}

static void an_adapter_is_weighed_as_a_file(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    bench_must(&rig, "a = " QUICK_TRAIN);
    const Datum *f = bench_must(&rig, "f = adapter a");
    double       values = 4 * bench_number(&rig, "a.trainable");
    assert_true(bench_number(&rig, "f.parameters") == bench_number(&rig, "a.trainable"));
    assert_true(bench_number(&rig, "f.file_bytes") > values);
    assert_true(bench_number(&rig, "f.file_bytes") < values + 10000);
    assert_true(bench_number(&rig, "f.modules") == 8);
    assert_true(bench_number(&rig, "f.norm_BA") == bench_number(&rig, "a.norm_BA"));
    assert_string_equal(bench_word(f, "data"), "sql-lite");
    /* Nothing stays on the disk. */
    char **names;
    Index  count;
    assert_true(folder_list(bench_workspace(rig.bench, &rig.err), &names, &count, &rig.err));
    assert_int_equal(count, 0);
    mem_free(names);
    bench_rig_close(&rig);
}

static void a_disk_that_fails_is_told(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    bench_must(&rig, "a = " QUICK_TRAIN);
    for (int64_t n = 0;; n++) {
        file_fail_after(n, 28 /* ENOSPC */, false);
        bool ok = bench_try(&rig, "f = adapter a") != NULL;
        if (file_fail_off() <= n) {
            assert_true(ok && n > 0);
            break;
        }
        assert_false(ok);
        assert_error(&rig.err, ERR_DISK, NULL);
    }
    bench_rig_close(&rig);
}

/* Copies are stored as the base is, in bfloat16: merging all weights loses the digits below. */
static void all_weights_are_switched_and_merged_too(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 2);
    bench_must(&rig, "n = " EVAL);
    bench_must(&rig, "f = train data=sql-lite method=full examples=64 eval_examples=6 "
                     "prompt=\"\" max_steps=8 learning_rate=5e-3 warmup_steps=1");
    bench_must(&rig, "e = " EVAL "adapter=f");
    double trained = bench_number(&rig, "e.loss"), base = bench_number(&rig, "n.loss");
    assert_true(trained == bench_number(&rig, "f.after.loss"));
    bench_must(&rig, "m = merge f");
    assert_true(bench_number(&rig, "m.changed") == 7 * 4 + 1); /* the head is the embedding */
    bench_must(&rig, "e = " EVAL);
    assert_true(bench_number(&rig, "e.loss") != trained);
    assert_close(bench_number(&rig, "e.loss"), trained, 0.25 * (base - trained));
    bench_must(&rig, "u = unmerge");
    assert_true(bench_number(&rig, "u.exact") == 1);
    bench_must(&rig, "e = " EVAL "adapter=none");
    assert_true(bench_number(&rig, "e.loss") == base);
    bench_rig_close(&rig);
}

static void what_is_not_there_is_refused_by_name(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    bench_refuses(&rig, "switch a", ERR_INPUT, "no adapter \"a\"");
    bench_refuses(&rig, EVAL "adapter=../x", ERR_INPUT, "no adapter \"../x\"");
    bench_must(&rig, "t = tokenize \"all\"");
    bench_refuses(&rig, "merge t", ERR_INPUT, "no adapter \"t\"");
    bench_refuses(&rig, "adapter /etc/passwd", ERR_INPUT, "no adapter");
    bench_rig_close(&rig);
}

static void tokens_are_pieces_of_the_text(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    const Datum *t = bench_must(&rig, "t = tokenize \"give me all books\"");
    const Datum *pieces = datum_member(t, "pieces");
    Str          text = {0};
    for (Index i = 0; i < pieces->count; i++) str_add(&text, pieces->items[i]->text);
    assert_string_equal(str_text(&text), "give me all books");
    assert_int_equal(datum_member(t, "ids")->rows, pieces->count);
    assert_true(bench_number(&rig, "t.tokens") == (double)pieces->count);
    str_free(&text);
    bench_rig_close(&rig);
}

static void merge_and_back(void *context, Error *err)
{
    BenchRig *rig = context;
    if (bench_try(rig, "m = merge a") != NULL) (void)bench_try(rig, "m = unmerge how=subtract");
    *err = rig->err;
    Error none = {0};
    if (!bench_set_active(rig->bench, NULL, false, &none)) fail();
}

static void generate_once(void *context, Error *err)
{
    BenchRig *rig = context;
    (void)bench_try(rig, "g = generate prompt=\"Request: list\" max_new_tokens=2 adapter=a");
    *err = rig->err;
}

static void failing_allocations_are_told(void **state)
{
    (void)state;
    BenchRig rig;
    Error    err = {0};
    bench_rig_open(&rig, 1);
    bench_must(&rig, "a = train data=sql-lite examples=8 eval=none prompt=\"\" r=1 max_steps=1 "
                     "target_modules=q_proj layers_to_transform=0");
    merge_and_back(&rig, &err);
    generate_once(&rig, &err);
    assert_ok(&err);
    assert_true(torture(merge_and_back, &rig) > 50);
    assert_true(torture(generate_once, &rig) > 50);
    bench_rig_close(&rig);
}

TEST_GROUP(switch, cmocka_unit_test(two_adapters_share_a_base),
           cmocka_unit_test(a_merge_computes_the_same_and_can_be_undone),
           cmocka_unit_test(a_merge_costs_no_multiplication),
           cmocka_unit_test(an_adapter_is_weighed_as_a_file),
           cmocka_unit_test(a_disk_that_fails_is_told),
           cmocka_unit_test(all_weights_are_switched_and_merged_too),
           cmocka_unit_test(what_is_not_there_is_refused_by_name),
           cmocka_unit_test(tokens_are_pieces_of_the_text),
           cmocka_unit_test(failing_allocations_are_told));
