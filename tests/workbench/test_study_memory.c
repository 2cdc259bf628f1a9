/* `memory`: counted and computed to the byte, and a time line that reaches the counted peak. */

#include <stdio.h>
#include <string.h>

#include "tests/test.h"
#include "tests/workbench/study_check.h"

static const char *const settings[] = {
    "",
    "+materialized",
    "method=full",
    "r=64 target_modules=q_proj,v_proj data=sql-lite",
    "+gradient_checkpointing optim=sgd",
    "method=full +gradient_checkpointing per_device_train_batch_size=3 max_length=20",
    "target_modules=lm_head,embed_tokens,down_proj per_device_train_batch_size=1",
    "target_modules=v_proj layers_to_transform=3 bias=all lora_dropout=0.2 data=label",
};
enum { SETTINGS = sizeof settings / sizeof *settings };

static const Datum *measure(BenchRig *rig, const char *keys)
{
    char line[200];
    snprintf(line, sizeof line, "m = memory %s", keys);
    return study_must(rig, line);
}

static void counted_bytes_are_the_computed_ones(void **state)
{
    (void)state;
    BenchRig rig;
    double   peak[SETTINGS], computed[SETTINGS];
    bench_rig_open(&rig, 2);
    for (int i = 0; i < SETTINGS; i++) {
        const Datum *m = measure(&rig, settings[i]);
        peak[i] = study_number(m, "peak_bytes");
        computed[i] = study_number(m, "computed");
        assert_close(peak[i], computed[i], 0);
        assert_true(study_number(m, "equal") == 1);
        for (int p = 0; p < MEM_PURPOSE_COUNT; p++) {
            char counted[40], planned[40];
            snprintf(counted, sizeof counted, "bytes.%s", mem_purpose_name((MemPurpose)p));
            snprintf(planned, sizeof planned, "computed_bytes.%s", mem_purpose_name((MemPurpose)p));
            assert_close(study_number(m, counted), study_number(m, planned), 0);
        }
        assert_true(study_number(m, "process_bytes") > peak[i]);
    }
    /* Control: no setting's bytes are those of another, so agreement is not had for nothing. */
    for (int i = 0; i < SETTINGS; i++) {
        for (int k = 0; k < i; k++) assert_true(peak[i] != computed[k]);
    }
    bench_rig_close(&rig);
}

static void the_stack_of_the_time_line_reaches_the_peak(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    for (int i = 0; i < SETTINGS; i++) {
        const Datum *m = measure(&rig, settings[i]);
        const Datum *stack = datum_member(m, "stack"), *line = datum_member(m, "timeline");
        const Datum *total = datum_member(line, "total"), *ops = datum_member(line, "ops");
        const Datum *layers = datum_member(line, "layers");
        double       peak = study_number(m, "peak_bytes");
        Index        n = total->rows, at = -1;
        assert_int_equal(stack->count, MEM_PURPOSE_COUNT);
        assert_int_equal(ops->count, n);
        assert_int_equal(layers->rows, n);
        assert_true(n > 40);
        for (Index x = 0; x < n; x++) {
            double sum = 0;
            for (Index s = 0; s < stack->count; s++) {
                assert_ptr_equal(stack->items[s], datum_member(line, stack->axes[0].word[s]));
                sum += stack->items[s]->values[x];
            }
            assert_close(total->values[x], sum, 0);
            assert_true(sum <= peak);
            if (sum == peak && at < 0) at = x;
        }
        assert_true(at >= 0);
        assert_string_equal(bench_word(m, "peak_op"), ops->items[at]->text);
        assert_close(study_number(m, "peak_layer"), layers->values[at], 0);
        assert_string_equal(ops->items[0]->text, "embed");
        assert_string_equal(ops->items[n - 1]->text, "optimizer");
    }
    bench_rig_close(&rig);
}

static void the_base_counts_as_the_program_counts_it(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    const Datum *m = measure(&rig, "data=sql-lite");
    MemUse       base = mem_use(mem_program(), MEM_HOST, MEM_WEIGHTS);
    assert_close(study_number(m, "bytes.weights"), (double)base.in_use, 0);
    /* 952,448 values; 1,152 of the norms' gains and 1,024 of biases are vectors, in float32. */
    assert_close(study_number(m, "bytes.weights"), 2.0 * (952448 - 2176) + 4.0 * 2176, 0);
    bench_rig_close(&rig);
}

static void what_saves_memory_is_seen(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    study_must(&rig, "lora = memory");
    study_must(&rig, "full = memory method=full");
    study_must(&rig, "again = memory +gradient_checkpointing");
    study_must(&rig, "small = memory per_device_train_batch_size=4");
    assert_close(bench_number(&rig, "lora.bytes.optimizer"), 8 * 77824, 0);
    assert_close(bench_number(&rig, "full.bytes.optimizer"), 8 * 952448, 0);
    assert_true(bench_number(&rig, "full.bytes.gradients / lora.bytes.gradients") > 12);
    /* LoRA saves what belongs to trainable values; activations it does not. */
    assert_true(bench_number(&rig, "lora.bytes.activations / full.bytes.activations") > 0.8);
    assert_true(bench_number(&rig, "again.bytes.activations / lora.bytes.activations") < 0.5);
    assert_true(bench_number(&rig, "small.bytes.activations / lora.bytes.activations") < 0.5);
    bench_rig_close(&rig);
}

/* Side by side the accounts stay apart, and the base is one for all. */
static void a_sweep_measures_what_single_runs_do(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 2);
    bench_must(&rig, "s = sweep r=1,8,16 : memory data=sql-lite");
    bench_must(&rig, "g = sweep r=1,8,16 : gradients data=sql-lite");
    bench_must(&rig, "m = memory data=sql-lite r=16");
    bench_must(&rig, "h = gradients data=sql-lite r=16");
    assert_true(bench_number(&rig, "all(s.equal)") == 1);
    assert_true(bench_number(&rig, "s[r=16].peak_bytes == m.peak_bytes") == 1);
    assert_true(bench_number(&rig, "s[r=1].peak_bytes < s[r=16].peak_bytes") == 1);
    assert_true(bench_number(&rig, "g[r=16].norm_B == h.norm_B") == 1);
    bench_rig_close(&rig);
}

static void samples_keep_how_high_it_was(void **state)
{
    (void)state;
    Error            err = {0};
    const MemSample *samples;
    MemAccount      *account = mem_account_create("test", &err);
    assert_true(mem_timeline_start(account, 2, &err));
    mem_mark(account, "first", -1);
    mem_count(account, MEM_HOST, MEM_SCRATCH, 70, 0);
    mem_count(account, MEM_HOST, MEM_SCRATCH, -70, 0);
    mem_count(account, MEM_HOST, MEM_ADAPTER, 30, 0);
    mem_mark(account, "second", -1);
    mem_count(account, MEM_HOST, MEM_ADAPTER, -10, 0);
    mem_mark(account, "not recorded any more", -1);
    mem_count(account, MEM_HOST, MEM_ADAPTER, 500, 0);
    assert_int_equal(mem_timeline(account, &samples), 2);
    assert_int_equal(samples[0].bytes[MEM_SCRATCH], 0);
    assert_int_equal(samples[0].highest[MEM_SCRATCH], 70);
    assert_int_equal(samples[0].highest[MEM_ADAPTER], 0);
    assert_int_equal(samples[1].bytes[MEM_ADAPTER], 30);
    assert_int_equal(samples[1].highest[MEM_ADAPTER], 30);
    mem_count(account, MEM_HOST, MEM_ADAPTER, -520, 0);
    mem_account_free(account);
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    bench_refuses(&rig, "m = memory +materialized lora_dropout=0.5", ERR_INPUT, "lora_dropout");
    bench_refuses(&rig, "m = memory data=/etc/passwd", ERR_INPUT, "not the name of a task");
    bench_refuses(&rig, "m = memory optim=adam", ERR_INPUT, "known names");
    bench_refuses(&rig, "m = memory target_modules=q_proj layers_to_transform=9", ERR_INPUT,
                  "no module is left");
    bench_rig_close(&rig);
    /* What the bench may not take is refused with the numbers, and the bench goes on. */
    bench_rig_limited(&rig, 1, 100 << 20);
    bench_refuses(&rig, "m = memory r=100000", ERR_MEMORY, "limit");
    measure(&rig, "data=sql-lite per_device_train_batch_size=1");
    bench_rig_close(&rig);
}

static void every_failed_allocation_is_told(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    assert_true(study_torture(&rig, "m = memory data=sql-lite target_modules=q_proj r=1 "
                                    "layers_to_transform=3 per_device_train_batch_size=1") > 100);
    bench_rig_close(&rig);
}

TEST_GROUP(study_memory, cmocka_unit_test(counted_bytes_are_the_computed_ones),
           cmocka_unit_test(the_stack_of_the_time_line_reaches_the_peak),
           cmocka_unit_test(the_base_counts_as_the_program_counts_it),
           cmocka_unit_test(what_saves_memory_is_seen),
           cmocka_unit_test(a_sweep_measures_what_single_runs_do),
           cmocka_unit_test(samples_keep_how_high_it_was),
           cmocka_unit_test(wrong_arguments_are_refused),
           cmocka_unit_test(every_failed_allocation_is_told));
