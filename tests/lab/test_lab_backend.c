/* --backend, --dtype and doctor: on a machine without a device, and on one with an (emulated) one.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/cuda/emulator/emulator.h"
#include "tests/lab/lab_rig.h"
#include "tests/math/cuda_rig.h"
#include "tests/test.h"

#define MODEL "--base tests/fixtures/models/qwen2-tied --data tests/fixtures/train/data.jsonl "

static bool no_device(char *line, size_t size)
{
    snprintf(line, size, "the fan is off");
    return false;
}

static const CudaPlugin without_device = {.version = CUDA_PLUGIN_VERSION,
                                          .table_bytes = sizeof(Backend),
                                          .table = {.name = "cuda"},
                                          .probe = no_device};

static void open_without_device(LabRig *rig)
{
    cuda_use_plugin(&without_device, NULL);
    lab_rig_open(rig);
}

static void open_with_device(LabRig *rig)
{
    use_cuda(&(CudaSpec){.workspace = 16 << 20, .staging = 1 << 20});
    lab_rig_open(rig);
}

static void close_rig(LabRig *rig)
{
    lab_rig_close(rig);
    cuda_use_plugin(NULL, NULL);
}

static const char *text_at(const LabRig *rig, const char *path)
{
    const Value *value = value_find(rig->result.root, path);
    return value != NULL && value->kind == VALUE_TEXT ? value->text : "";
}

static bool is_true(const LabRig *rig, const char *path)
{
    const Value *value = value_find(rig->result.root, path);
    return value != NULL && value->kind == VALUE_BOOL && value->integer != 0;
}

/* ---- without a device ---- */

static void auto_trains_on_the_cpu_and_says_why(void **state)
{
    (void)state;
    LabRig rig;
    open_without_device(&rig);
    lab_must(&rig, "train " MODEL "--max_steps 1 --examples 4 --out %s/out");
    assert_string_equal(text_at(&rig, "backend"), "cpu");
    assert_string_equal(text_at(&rig, "dtype"), "f32");
    assert_non_null(strstr(text_at(&rig, "device"), "; no GPU: the fan is off"));
    assert_non_null(strstr(str_text(&rig.result.text), "backend cpu: OpenBLAS"));
    assert_non_null(strstr(str_text(&rig.result.text), "no GPU: the fan is off"));
    lab_must(&rig, "train " MODEL "--max_steps 2 --examples 4 --out %s/out2 --save_steps 1");
    close_rig(&rig);
}

/* Which backend "auto" was not is no other arithmetic: nothing is noted. */
static void a_run_goes_on_with_cpu_where_auto_was_cpu(void **state)
{
    (void)state;
    static const char *const train = "train " MODEL "--examples 4 --out %s/out --save_steps 1 ";
    LabRig                   rig;
    char                     line[512];
    open_without_device(&rig);
    snprintf(line, sizeof line, "%s--max_steps 2", train);
    lab_must(&rig, line);
    lab_rig_close(&rig);
    lab_rig_open(&rig);
    snprintf(line, sizeof line, "%s--max_steps 2 --resume_from_checkpoint last --backend cpu",
             train);
    lab_must(&rig, line);
    assert_string_equal(text_at(&rig, "backend"), "cpu");
    if (strstr(str_text(&rig.events), "note") != NULL) fail_msg("%s", str_text(&rig.events));
    close_rig(&rig);
}

static void cuda_is_refused_with_the_devices_reason(void **state)
{
    (void)state;
    LabRig rig;
    open_without_device(&rig);
    lab_fails(&rig, "train --backend cuda --out %s/x", ERR_DEVICE, "the fan is off");
    assert_string_equal(rig.err.hint, ""); /* all of it in one line */
    lab_fails(&rig, "eval --backend cuda --dtype bf16", ERR_DEVICE, "the fan is off");
    lab_fails(&rig, "eval --dtype bf16", ERR_INPUT,
              "--dtype bf16 is arithmetic of the cuda backend");
    assert_non_null(strstr(rig.err.hint, "the fan is off"));
    lab_fails(&rig, "eval --backend ref --dtype tf32", ERR_INPUT, "this is ref");
    lab_must(&rig, "eval " MODEL "--examples 2 --dtype f32");
    lab_fails(&rig, "eval --dtype tf32", ERR_INPUT, "tf32");
    lab_must(&rig, "eval " MODEL "--examples 2"); /* the cpu that there was is still good */
    close_rig(&rig);
}

static void doctor_tells_why_there_is_no_device(void **state)
{
    (void)state;
    LabRig rig;
    open_without_device(&rig);
    lab_must(&rig, "doctor");
    assert_false(is_true(&rig, "cuda.ok"));
    assert_string_equal(text_at(&rig, "cuda.found"), "the fan is off");
    assert_true(is_true(&rig, "cpu.ok"));
    assert_null(strstr(text_at(&rig, "cpu.found"), "GPU")); /* the line below tells it */
    close_rig(&rig);
}

/* ---- with a device ---- */

static void auto_takes_the_device_for_everything(void **state)
{
    (void)state;
    LabRig rig;
    open_with_device(&rig);
    lab_must(&rig, "eval " MODEL "--examples 2 --backend cpu");
    double loss = lab_number(&rig, "loss");
    assert_string_equal(rig.lab->be->name, "cpu");
    lab_rig_close(&rig);

    lab_rig_open(&rig);
    lab_must(&rig, "eval " MODEL "--examples 2");
    assert_string_equal(rig.lab->be->name, "cuda");
    assert_int_equal(rig.lab->be->precision, PRECISION_F32);
    assert_close(lab_number(&rig, "loss"), loss, 1e-4);
    lab_must(&rig, "eval " MODEL "--examples 2 --dtype bf16");
    assert_int_equal(rig.lab->be->precision, PRECISION_BF16);
    assert_close(lab_number(&rig, "loss"), loss, 5e-2);
    lab_must(&rig, "eval " MODEL "--examples 2"); /* what is not said stays as it is */
    assert_int_equal(rig.lab->be->precision, PRECISION_BF16);
    close_rig(&rig);
}

static void a_training_tells_what_it_used(void **state)
{
    (void)state;
    LabRig rig;
    open_with_device(&rig);
    lab_must(&rig, "train " MODEL "--max_steps 1 --examples 2 --max_length 16 "
                   "--per_device_train_batch_size 1 --dtype bf16 --out %s/out");
    assert_string_equal(text_at(&rig, "backend"), "cuda");
    assert_string_equal(text_at(&rig, "dtype"), "bf16");
    assert_non_null(strstr(str_text(&rig.result.text), "backend cuda: "));
    assert_non_null(strstr(text_at(&rig, "device"), "bf16"));
    close_rig(&rig);
}

static void doctor_tells_device_and_memory(void **state)
{
    (void)state;
    LabRig rig;
    open_with_device(&rig);
    lab_must(&rig, "doctor");
    assert_true(is_true(&rig, "cuda.ok"));
    assert_non_null(strstr(text_at(&rig, "cuda.found"), " free of "));
    double free_bytes = lab_number(&rig, "cuda.free_bytes");
    double total_bytes = lab_number(&rig, "cuda.total_bytes");
    assert_true(free_bytes > 0 && free_bytes <= total_bytes);
    char line[256];
    assert_true(cuda_offer(line, sizeof line));
    assert_non_null(strstr(text_at(&rig, "cuda.found"), line));
    close_rig(&rig);
}

/* On a device that is too small by less and less: the hint names a batch, and that batch runs. */
static void a_full_device_is_told_with_what_would_fit(void **state)
{
    (void)state;
    static const char *const train = "train " MODEL "--max_steps 1 --examples 16 --eval_examples 2 "
                                     "--per_device_train_batch_size %d --out %%s/out%d";
    if (cuda_is_real()) skip();
    int followed = 0;
    for (size_t kib = 18400; kib < 24000 && followed == 0; kib += 100) {
        LabRig rig;
        char   line[512];
        emulated_reset();
        emulated_device.memory = kib << 10;
        use_cuda(&(CudaSpec){.workspace = 8 << 20, .staging = 1 << 20});
        lab_rig_open(&rig);
        snprintf(line, sizeof line, train, 16, 1);
        bool        ok = lab_run(&rig, line);
        const char *hint = strstr(rig.err.hint, "--per_device_train_batch_size ");
        int         batch = hint != NULL ? (int)strtol(strchr(hint, ' '), NULL, 10) : 0;
        if (!ok) assert_int_equal(rig.err.code, ERR_MEMORY);
        if (!ok && batch > 0) {
            assert_true(batch < 16 && strstr(rig.err.hint, " MiB of ") != NULL);
            snprintf(line, sizeof line, train, batch, 2);
            lab_must(&rig, line);
            followed++;
        }
        close_rig(&rig);
    }
    emulated_reset();
    assert_int_equal(followed, 1);
}

TEST_GROUP(lab_backend, cmocka_unit_test(auto_trains_on_the_cpu_and_says_why),
           cmocka_unit_test(a_run_goes_on_with_cpu_where_auto_was_cpu),
           cmocka_unit_test(cuda_is_refused_with_the_devices_reason),
           cmocka_unit_test(doctor_tells_why_there_is_no_device),
           cmocka_unit_test(auto_takes_the_device_for_everything),
           cmocka_unit_test(a_training_tells_what_it_used),
           cmocka_unit_test(doctor_tells_device_and_memory),
           cmocka_unit_test(a_full_device_is_told_with_what_would_fit));
