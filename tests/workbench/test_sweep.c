/* Side by side runs: the very bytes of runs made alone, whoever computes them. */

#include <stdio.h>
#include <string.h>

#include "tests/test.h"
#include "tests/workbench/bench_rig.h"

#define SWEEP_KEYS "data=sql-lite target_modules=q_proj,v_proj " QUICK_KEYS "max_steps=3 "

static void a_table_has_the_bytes_of_single_runs(void **state)
{
    (void)state;
    BenchRig     rig;
    const Datum *row[6];
    int          k = 0;
    bench_rig_open(&rig, 2);
    for (int r = 1; r <= 4; r += 3) {
        for (int seed = 42; seed <= 44; seed++, k++) {
            char line[500];
            snprintf(line, sizeof line, "x%d = train " SWEEP_KEYS "r=%d lora_alpha=%d seed=%d", k,
                     r, 2 * r, seed);
            row[k] = bench_must(&rig, line);
        }
    }
    for (int threads = 1; threads <= 4; threads++) {
        BenchRig other;
        bench_rig_open(&other, threads);
        const Datum *s =
            bench_must(&other, "s = sweep r=1,4 seeds=3 : train " SWEEP_KEYS "lora_alpha={2*r}");
        assert_int_equal(s->kind, DATUM_TABLE);
        assert_int_equal(s->count, 6);
        assert_int_equal(s->axis_count, 2);
        assert_string_equal(s->axes[1].name, "seed");
        assert_true(s->axes[0].number[3] == 4 && s->axes[1].number[4] == 43);
        for (int i = 0; i < 6; i++) {
            if (!datum_same(s->items[i], row[i])) fail_msg("row %d with %d threads", i, threads);
        }
        assert_true(bench_number(&other, "s[r=4,seed=43].after.loss") ==
                    datum_member(datum_member(row[4], "after"), "loss")->number);
        assert_null(bench_learned(other.bench, "s"));
        bench_rig_close(&other);
    }
    assert_false(datum_same(row[0], row[1])); /* the control: the comparison can fail */
    bench_rig_close(&rig);
}

static void axes_combine_and_words_are_values(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 2);
    const Datum *s =
        bench_must(&rig, "s = sweep use_rslora=false,true r=1,2,4 : train data=sql-lite "
                         "target_modules=q_proj max_steps=1 examples=16 eval=none "
                         "prompt=\"\" per_device_train_batch_size=2");
    assert_int_equal(s->count, 6);
    assert_string_equal(s->axes[0].word[2], "false");
    assert_string_equal(s->axes[1].word[2], "4");
    assert_true(bench_number(&rig, "s[use_rslora=false,r=4].scale") == 4);
    assert_true(bench_number(&rig, "s[use_rslora=true,r=4].scale") == 8);
    bench_rig_close(&rig);
}

static void other_verbs_sweep_too(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 2);
    bench_must(&rig, "a = " QUICK_TRAIN);
    bench_must(&rig, "s = sweep adapter=a,none data=sql-lite,base : eval examples=5");
    bench_must(&rig, "x = eval examples=5 adapter=a data=base");
    assert_true(bench_number(&rig, "s[adapter=a,data=base].loss") == bench_number(&rig, "x.loss"));
    assert_true(bench_number(&rig, "s[adapter=none,data=base].loss") !=
                bench_number(&rig, "x.loss"));
    bench_refuses(&rig, "sweep how=exact,subtract : unmerge", ERR_INPUT, "sweep");
    /* It would draw from the one generator of the bench, by chance in any order. */
    bench_refuses(&rig, "sweep seeds=2 : matrix random=2x2", ERR_INPUT, "sweep");
    bench_rig_close(&rig);
}

static void an_explosion_is_a_row(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 2);
    bench_must(&rig, "s = sweep learning_rate=1e-3,1e6 : train data=sql-lite examples=64 "
                     "eval_examples=4 prompt=\"\" r=2 max_steps=20 lora_alpha=1e8 optim=sgd "
                     "max_grad_norm=0 warmup_steps=1 per_device_train_batch_size=2");
    assert_true(bench_number(&rig, "s[learning_rate=1e6].exploded") == 1);
    bench_rig_close(&rig);
}

/* ---- failing, stopping ------------------------------------------------------------------ */

static void a_run_that_fails_is_named(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 2);
    bench_refuses(&rig,
                  "s = sweep data=sql-lite,nothing,sql : train max_steps=2 examples=16 "
                  "eval=none prompt=\"\" r=1",
                  ERR_INPUT, "data=nothing: ");
    assert_null(bench_get(rig.bench, "s"));
    bench_refuses(&rig, "s = sweep r=1,0 : train max_steps=2 examples=16", ERR_INPUT, "r");
    bench_refuses(&rig, "s = sweep r=1,2,3,4,5,6,7,8,9,10,11 seeds=100 : train max_steps=2",
                  ERR_INPUT, "1000 runs");
    bench_rig_close(&rig);
}

typedef struct Listener {
    BenchRig *rig;
    int       events, named, finished, stop_at;
    int       inside; /* not atomic on purpose: events come one at a time */
} Listener;

static void listen(void *context, const Event *event)
{
    Listener *listener = context;
    assert_int_equal(listener->inside++, 0);
    listener->events++;
    if (event->text != NULL && strncmp(event->text, "r=", 2) == 0) listener->named++;
    if (event->type == EVENT_PROGRESS) {
        listener->finished++;
        assert_int_equal(event->step, listener->finished);
        assert_int_equal(event->steps, 4);
    }
    if (listener->events == listener->stop_at) cancel_request(&listener->rig->cancel);
    listener->inside--;
}

static void events_name_their_run(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 2);
    Listener listener = {.rig = &rig};
    rig.sink = (Sink){.context = &listener, .event = listen};
    bench_must(&rig, "s = sweep r=1,2 seeds=2 : train " SWEEP_KEYS);
    /* 3 steps, 2 measurements, 1 end for each of 4 runs */
    assert_int_equal(listener.events, 4 * 6);
    assert_int_equal(listener.named, listener.events);
    assert_int_equal(listener.finished, 4);
    bench_rig_close(&rig);
}

static void a_stop_ends_all_runs(void **state)
{
    (void)state;
    /* Of 24 events. A run that has computed its last measurement may end before it sees the stop,
     * so the last events are no places to stop at. */
    for (int stop_at = 1; stop_at <= 17; stop_at += 4) {
        BenchRig rig;
        bench_rig_open(&rig, 2);
        Listener listener = {.rig = &rig, .stop_at = stop_at};
        rig.sink = (Sink){.context = &listener, .event = listen};
        assert_null(bench_try(&rig, "s = sweep r=1,2 seeds=2 : train " SWEEP_KEYS));
        assert_error(&rig.err, ERR_CANCELLED, NULL);
        assert_null(bench_get(rig.bench, "s"));
        bench_rig_close(&rig);
    }
}

static void sweep_once(void *context, Error *err)
{
    BenchRig *rig = context;
    (void)bench_try(rig, "s = sweep r=1,2 : train data=sql-lite examples=4 eval=none prompt=\"\" "
                         "target_modules=q_proj layers_to_transform=0 max_steps=1 "
                         "per_device_train_batch_size=1");
    *err = rig->err;
}

static void every_failing_allocation_is_told(void **state)
{
    (void)state;
    BenchRig rig;
    Error    err = {0};
    bench_rig_open(&rig, 1);
    sweep_once(&rig, &err);
    assert_ok(&err);
    assert_true(torture(sweep_once, &rig) > 100);
    bench_rig_close(&rig);
}

TEST_GROUP(sweep, cmocka_unit_test(a_table_has_the_bytes_of_single_runs),
           cmocka_unit_test(axes_combine_and_words_are_values),
           cmocka_unit_test(other_verbs_sweep_too),

           cmocka_unit_test(an_explosion_is_a_row), cmocka_unit_test(a_run_that_fails_is_named),
           cmocka_unit_test(events_name_their_run), cmocka_unit_test(a_stop_ends_all_runs),
           cmocka_unit_test(every_failing_allocation_is_told));
