/* `train` in memory: the command's numbers, going on, stopping, exploding. */

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/lab/lab_rig.h"
#include "tests/test.h"
#include "tests/workbench/bench_rig.h"

static void it_computes_what_the_command_computes(void **state)
{
    (void)state;
    BenchRig rig;
    LabRig   lab;
    bench_rig_open(&rig, 2);
    bench_must(&rig, "a = train data=sql-lite examples=64 eval_examples=6 max_steps=4 r=2 "
                     "target_modules=q_proj,v_proj");
    double      before = bench_number(&rig, "a.before.loss");
    double      after = bench_number(&rig, "a.after.loss");
    const char *text = bench_word(bench_get(rig.bench, "a"), "text_after");

    lab_rig_open(&lab);
    lab_must(&lab, "train --data sql-lite --examples 64 --eval_examples 6 --max_steps 4 --r 2 "
                   "--target_modules q_proj,v_proj");
    assert_true(lab_number(&lab, "before.loss") == before);
    assert_true(lab_number(&lab, "after.loss") == after);
    assert_true(before != after);
    assert_string_equal(value_find(lab.result.root, "text_after")->text, text);
    assert_true(lab_number(&lab, "trainable") == bench_number(&rig, "a.trainable"));
    lab_rig_close(&lab);
    bench_rig_close(&rig);
}

static void its_series_and_counts_fit_together(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    const Datum *a = bench_must(&rig, "a = " QUICK_TRAIN "eval_steps=2 sample_steps=2");

    assert_true(bench_number(&rig, "a.loss.count") == 4);
    assert_true(bench_number(&rig, "a.grad_norm.count") == 4);
    assert_true(bench_number(&rig, "a.evals.count") == 3); /* 0, 2, 4 */
    assert_true(bench_number(&rig, "a.evals.first") == bench_number(&rig, "a.before.loss"));
    assert_true(bench_number(&rig, "a.evals.last") == bench_number(&rig, "a.after.loss"));
    assert_true(bench_number(&rig, "a.steps") == 4);
    assert_true(bench_number(&rig, "a.scale") == 8); /* alpha 16 / r 2 */
    assert_true(bench_number(&rig, "a.frozen_equal") == 1);
    assert_true(bench_number(&rig, "a.exploded") == 0);
    assert_true(bench_number(&rig, "a.norm_BA") > 0);
    /* 4 layers of q [128,128] and v [64,128] at r = 2 */
    assert_true(bench_number(&rig, "a.trainable") == 4 * 2 * (128 + 128 + 128 + 64));
    assert_true(datum_member(a, "seconds")->timed && !datum_member(a, "loss")->timed);
    assert_true(bench_number(&rig, "a.peak_bytes") ==
                bench_number(&rig, "a.bytes.weights + a.bytes.adapter + a.bytes.gradients + "
                                   "a.bytes.optimizer + a.bytes.activations + a.bytes.scratch + "
                                   "a.bytes.text"));
    assert_true(bench_number(&rig, "a.bytes.optimizer") ==
                2 * bench_number(&rig, "a.bytes.adapter"));
    bench_rig_close(&rig);
}

static void what_is_forgotten_can_be_measured_in_a_sweep(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 2);
    bench_must(&rig, "s = sweep method=lora,full : train data=sql-lite other=base-other " QUICK_KEYS
                     "max_steps=3");
    bench_must(&rig, "a = train data=sql-lite other=base-other " QUICK_KEYS "max_steps=3");
    bench_must(&rig, "e = eval data=base-other examples=6 adapter=a");
    bench_must(&rig, "n = eval data=base-other examples=6 adapter=none");
    assert_true(bench_number(&rig, "s[method=lora].other.after") == bench_number(&rig, "e.loss"));
    assert_true(bench_number(&rig, "s[method=lora].other.before") == bench_number(&rig, "n.loss"));
    /* All weights train in float32: the same numbers in another product's order. */
    assert_close(bench_number(&rig, "s[method=full].other.before"), bench_number(&rig, "n.loss"),
                 1e-5);
    assert_true(bench_number(&rig, "s[method=full].other.after") >
                bench_number(&rig, "s[method=full].other.before"));
    bench_refuses(&rig, "train other=../x max_steps=1", ERR_INPUT, "not the name of a task");
    bench_rig_close(&rig);
}

static void samples_are_texts_by_step(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    const Datum *a =
        bench_must(&rig, "a = train data=sql-lite examples=64 eval=none max_steps=4 r=2 "
                         "target_modules=q_proj sample_steps=2");
    const Datum *samples = datum_member(a, "samples");
    assert_int_equal(samples->kind, DATUM_LIST);
    assert_int_equal(samples->count, 3);
    assert_string_equal(samples->axes[0].name, "step");
    assert_true(samples->axes[0].number[1] == 2);
    assert_string_equal(samples->items[0]->text, bench_word(a, "text_before"));
    assert_string_equal(samples->items[2]->text, bench_word(a, "text_after"));
    assert_true(isnan(datum_member(datum_member(a, "before"), "loss")->number));
    assert_int_equal(datum_member(a, "evals")->rows, 0);
    bench_rig_close(&rig);
}

static void the_same_learned(const Learned *a, const Learned *b)
{
    size_t bytes = (size_t)a->state->total * sizeof(float);
    assert_int_equal(a->state->total, b->state->total);
    assert_int_equal(a->state->step, b->state->step);
    assert_int_equal(a->state->optim_t, b->state->optim_t);
    assert_memory_equal(a->state->values, b->state->values, bytes);
    assert_memory_equal(a->state->m, b->state->m, bytes);
    assert_memory_equal(a->state->v, b->state->v, bytes);
}

static void going_on_ends_with_the_bytes_of_one_run(void **state)
{
    static const char *const lora[] = {"", "lora_dropout=0.3 ", ""};
    static const char *const steps[] = {"", "", "gradient_accumulation_steps=2 "};
    (void)state;
    for (int i = 0; i < 3; i++) {
        BenchRig rig;
        char     line[600];
        bench_rig_open(&rig, 2);
        snprintf(line, sizeof line, "whole = train %s%s%s%s max_steps=7", QUICK_LORA, lora[i],
                 QUICK_KEYS, steps[i]);
        bench_must(&rig, line);
        snprintf(line, sizeof line, "half = train %s%s%s%s max_steps=4", QUICK_LORA, lora[i],
                 QUICK_KEYS, steps[i]);
        bench_must(&rig, line);
        snprintf(line, sizeof line, "rest = train continue=half %s%s max_steps=3", QUICK_KEYS,
                 steps[i]);
        bench_must(&rig, line);
        the_same_learned(bench_learned(rig.bench, "whole"), bench_learned(rig.bench, "rest"));
        assert_true(bench_number(&rig, "whole.after.loss") ==
                    bench_number(&rig, "rest.after.loss"));
        assert_true(bench_number(&rig, "rest.loss.count") == 3);
        assert_true(bench_number(&rig, "half.after.loss") != bench_number(&rig, "rest.after.loss"));
        bench_rig_close(&rig);
    }
}

static void what_an_adapter_is_cannot_change_on_the_way(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    bench_must(&rig, "a = " QUICK_TRAIN);
    bench_refuses(&rig, "train continue=a r=4", ERR_INPUT, "r cannot be set");
    bench_refuses(&rig, "train continue=b", ERR_INPUT, "no adapter \"b\"");
    bench_rig_close(&rig);
}

static void all_weights_can_be_trained_and_go_on(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 2);
    bench_must(&rig, "f = train data=sql-lite examples=64 eval_examples=6 method=full max_steps=2 "
                     "prompt=\"\" per_device_train_batch_size=4");
    assert_true(bench_number(&rig, "f.trainable") == bench_number(&rig, "f.all"));
    assert_true(bench_number(&rig, "f.frozen_equal") == 1);
    assert_true(bench_number(&rig, "f.norm_BA") > 0);
    assert_true(isnan(datum_member(bench_get(rig.bench, "f"), "scale")->number));
    bench_must(&rig, "g = train continue=f examples=64 eval_examples=6 max_steps=2 prompt=\"\" "
                     "per_device_train_batch_size=4");
    assert_true(bench_number(&rig, "g.before.loss") == bench_number(&rig, "f.after.loss"));
    bench_rig_close(&rig);
}

static void an_explosion_is_an_outcome(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    bench_must(&rig,
               "x = train data=sql-lite examples=64 eval_examples=4 prompt=\"\" r=2 optim=sgd "
               "max_steps=30 learning_rate=1e6 lora_alpha=1e8 max_grad_norm=0 warmup_steps=1");
    assert_true(bench_number(&rig, "x.exploded") == 1);
    assert_true(bench_number(&rig, "x.frozen_equal") == 1);
    assert_true(bench_number(&rig, "x.steps") < 30);
    assert_true(isfinite(bench_number(&rig, "x.before.loss")));
    /* The control: a calm run of the same length. */
    bench_must(&rig, "y = " QUICK_TRAIN);
    assert_true(bench_number(&rig, "y.exploded") == 0);
    bench_rig_close(&rig);
}

static void a_dead_start_is_diagnosed(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 2);
    const Datum *d = bench_must(
        &rig, "d = train data=sql-lite examples=64 eval=none prompt=\"\" r=2 max_steps=12 "
              "target_modules=q_proj init_lora_weights=broken_both_zero "
              "per_device_train_batch_size=2");
    assert_non_null(strstr(bench_word(d, "finding"), "dead"));
    assert_true(strlen(bench_word(d, "finding_hint")) > 0);
    bench_rig_close(&rig);
}

static void a_start_off_the_base_is_diagnosed(void **state)
{
    (void)state;
    BenchRig     rig;
    const char  *same = "data=sql-lite examples=64 eval=none prompt=\"\" r=2 max_steps=12 "
                        "target_modules=q_proj per_device_train_batch_size=2";
    char         line[240];
    const Datum *d;
    bench_rig_open(&rig, 2);
    snprintf(line, sizeof line, "d = train init_lora_weights=broken_both_random %s", same);
    d = bench_must(&rig, line);
    assert_non_null(strstr(bench_word(d, "finding"), "broken start"));
    /* The control: one of the two at zero; and an adapter that goes on may be anywhere. */
    snprintf(line, sizeof line, "e = train init_lora_weights=swapped %s", same);
    d = bench_must(&rig, line);
    assert_null(strstr(bench_word(d, "finding"), "broken start"));
    d = bench_must(&rig, "f = train continue=e examples=64 eval=none prompt=\"\" max_steps=12 "
                         "per_device_train_batch_size=2");
    assert_null(strstr(bench_word(d, "finding"), "broken start"));
    bench_rig_close(&rig);
}

static void only_names_of_tasks_are_data(void **state)
{
    static const char *const hostile[] = {"../x",        "/etc/passwd", "a/b",  ".",
                                          "sql.grammar", "..",          "\"\"", "a b"};
    (void)state;
    BenchRig rig;
    char     line[200];
    bench_rig_open(&rig, 1);
    for (int i = 0; i < 7; i++) {
        snprintf(line, sizeof line, "train data=%s max_steps=1", hostile[i]);
        bench_refuses(&rig, line, ERR_INPUT, "is not the name of a task");
        snprintf(line, sizeof line, "eval data=%s", hostile[i]);
        bench_refuses(&rig, line, ERR_INPUT, "is not the name of a task");
    }
    /* A file of that name is there, where the tests run; the command would have opened it. */
    bench_refuses(&rig, "train data=Makefile max_steps=1", ERR_INPUT, "no task \"Makefile\"");
    bench_rig_close(&rig);
}

/* ---- stopping --------------------------------------------------------------------------- */

typedef struct Alarm {
    Cancel *cancel;
    long    nanoseconds;
} Alarm;

static void *ring(void *context)
{
    Alarm          *alarm = context;
    struct timespec pause = {.tv_nsec = alarm->nanoseconds};
    nanosleep(&pause, NULL);
    cancel_request(alarm->cancel);
    return NULL;
}

static void a_stop_at_any_time_leaves_the_bench_as_it_was(void **state)
{
    (void)state;
    BenchRig rig;
    int      stopped = 0;
    bench_rig_open(&rig, 2);
    bench_must(&rig, "a = " QUICK_TRAIN);
    const Datum *before = bench_get(rig.bench, "a");
    for (int i = 0; i < 12; i++) {
        Alarm     alarm = {.cancel = &rig.cancel, .nanoseconds = (long)i * 3000000};
        pthread_t thread;
        rig.cancel = (Cancel){0};
        pthread_create(&thread, NULL, ring, &alarm);
        bool ended =
            bench_try(&rig, "a = train data=sql-lite examples=64 max_steps=5000 r=2") != NULL;
        pthread_join(thread, NULL);
        assert_false(ended);
        assert_error(&rig.err, ERR_CANCELLED, NULL);
        assert_false(cancel_expired(&rig.cancel));
        assert_ptr_equal(bench_get(rig.bench, "a"), before);
        stopped++;
    }
    assert_int_equal(stopped, 12);
    bench_rig_close(&rig);
}

static void a_deadline_stops_and_can_be_told(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    bench_must(&rig, "matrix rows=\"1\""); /* loads the base */
    double start = clock_seconds();
    rig.cancel = (Cancel){.deadline = start + 0.05};
    assert_null(bench_try(&rig, "train data=sql-lite examples=64 max_steps=100000 r=2"));
    assert_error(&rig.err, ERR_CANCELLED, NULL);
    assert_true(cancel_expired(&rig.cancel));
    assert_true(clock_seconds() - start < 5);
    bench_rig_close(&rig);
}

/* ---- faults ----------------------------------------------------------------------------- */

static void train_once(void *context, Error *err)
{
    BenchRig *rig = context;
    (void)bench_try(rig, "a = train data=sql-lite examples=8 eval_examples=2 prompt=\"\" r=1 "
                         "target_modules=q_proj per_device_train_batch_size=1 max_steps=1 "
                         "sample_steps=1");
    *err = rig->err;
}

static void every_failing_allocation_is_told_and_leaves_nothing(void **state)
{
    (void)state;
    BenchRig rig;
    Error    err = {0};
    bench_rig_open(&rig, 1);
    train_once(&rig, &err); /* draws the data, which stays */
    assert_ok(&err);
    assert_true(torture(train_once, &rig) > 100);
    bench_rig_close(&rig);
}

TEST_GROUP(train_verb, cmocka_unit_test(it_computes_what_the_command_computes),
           cmocka_unit_test(its_series_and_counts_fit_together),
           cmocka_unit_test(what_is_forgotten_can_be_measured_in_a_sweep),
           cmocka_unit_test(samples_are_texts_by_step),
           cmocka_unit_test(going_on_ends_with_the_bytes_of_one_run),
           cmocka_unit_test(what_an_adapter_is_cannot_change_on_the_way),
           cmocka_unit_test(all_weights_can_be_trained_and_go_on),
           cmocka_unit_test(an_explosion_is_an_outcome),
           cmocka_unit_test(a_dead_start_is_diagnosed),
           cmocka_unit_test(a_start_off_the_base_is_diagnosed),
           cmocka_unit_test(only_names_of_tasks_are_data),
           cmocka_unit_test(a_stop_at_any_time_leaves_the_bench_as_it_was),
           cmocka_unit_test(a_deadline_stops_and_can_be_told),
           cmocka_unit_test(every_failing_allocation_is_told_and_leaves_nothing));
