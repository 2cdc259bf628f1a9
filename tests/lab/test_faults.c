/* Commands when memory or the disk gives out: the right code, nothing leaked, nothing half done. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "tests/lab/lab_rig.h"
#include "tests/test.h"

#define MODEL "--base tests/fixtures/models/qwen2-tied "
#define LINES "--data tests/fixtures/train/data.jsonl "

typedef struct Scene {
    LabRig     *rig;
    const char *line, *input;
} Scene;

/* A whole program's life: nothing is kept from run to run, as nothing is in a program. */
static void live(void *context, Error *err)
{
    Scene *scene = context;
    Lab   *lab = lab_create(NULL, err);
    if (lab == NULL) return;
    lab->input = scene->rig;
    lab->read_line = scene->rig->lab->read_line;
    scene->rig->input = scene->input;

    Result result;
    Args  *args = lab_parse(scene->line, err);
    if (args != NULL) {
        bool ok = result_init(&result, err) &&
                  args_command(args)->run(lab, args, NULL, NULL, &result, err);
        Str json = {0};
        if (ok) value_json(&json, result.root);
        if (ok && !str_ok(&json, err)) json.failed = true;
        str_free(&json);
        result_free(&result);
    }
    args_free(args);
    lab_free(lab);
}

static void every_failing_allocation_of_a_command_is_told(void **state)
{
    (void)state;
    static const Scene scenes[] = {
        {.line = "help"},
        {.line = "data sql --count 3"},
        {.line = "inspect tests/fixtures/lora/a-qv"},
        {.line = "inspect tests/fixtures/models/qwen2-untied-bf16-sharded"},
        {.line = "tokenize", .input = "\"give me all books\"\n"},
        {.line = "tokenize --decode", .input = "[5, 6, 7]\n"},
        {.line = "generate " MODEL "--ids 1,2 --max_new_tokens 2"},
        {.line = "eval " MODEL LINES "--examples 3 --logprobs"},
    };
    LabRig rig;
    lab_rig_open(&rig);
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        Scene scene = scenes[i];
        scene.rig = &rig;
        torture(live, &scene);
    }
    lab_rig_close(&rig);
}

static void every_tenth_failing_allocation_of_a_training_is_told(void **state)
{
    (void)state;
    LabRig rig;
    Scene  scene = {.rig = &rig,
                    .line = "train " MODEL LINES "--max_steps 2 --save_steps 1 --out %s/out "
                             "--target_modules q_proj"};
    lab_rig_open(&rig);
    bool reached = true;
    int  failures = 0;
    for (int64_t n = 0; reached; n += 1 + n / 15) {
        Error   err = {0}, ignored = {0};
        int64_t live_blocks = mem_live_blocks();
        if (!folder_remove(test_path("out"), &ignored)) break;
        mem_fail_after(n, n % 2 == 0);
        live(&scene, &err);
        reached = mem_fail_off() > n;
        failures += reached;
        if (reached && err.code != ERR_MEMORY) {
            fail_msg("allocation %d: code %d (%s)", (int)n, (int)err.code, err.message);
        }
        assert_int_equal(mem_live_blocks(), live_blocks);
    }
    assert_true(failures > 50);
    lab_rig_close(&rig);
}

static void every_failing_write_of_a_command_is_told(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "train " MODEL LINES "--max_steps 2 --save_steps 1 --out %s/out --target_modules q_proj",
        "train " MODEL LINES "--max_steps 1 --out %s/out --method full",
        "merge " MODEL "--adapter tests/fixtures/lora/a-qv --out %s/out",
    };
    LabRig rig;
    lab_rig_open(&rig);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        Scene scene = {.rig = &rig, .line = lines[i]};
        bool  reached = true;
        int   failures = 0;
        for (int64_t n = 0; reached; n++) {
            Error err = {0}, ignored = {0};
            if (!folder_remove(test_path("out"), &ignored)) break;
            file_fail_after(n, n % 2 == 0 ? EIO : ENOSPC, n % 3 == 0);
            live(&scene, &err);
            reached = file_fail_off() > n;
            failures += reached;
            if (reached && err.code != ERR_DISK) {
                fail_msg("%s: operation %d: code %d (%s)", lines[i], (int)n, (int)err.code,
                         err.message);
            }
            if (!reached) assert_ok(&err);
        }
        assert_true(failures > 5);
    }
    lab_rig_close(&rig);
}

static void a_merge_that_failed_can_be_made_again(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
    const char *line = "merge " MODEL "--adapter tests/fixtures/lora/a-qv --out %s/out";
    for (int64_t n = 0; n < 12; n++) {
        Error err = {0};
        assert_true(folder_remove(test_path("out"), &err));
        file_fail_after(n, ENOSPC, true);
        bool ok = lab_run(&rig, line);
        file_fail_off();
        if (ok) break;
        if (!path_exists(test_path("out/config.json"))) lab_must(&rig, line);
    }
    lab_rig_close(&rig);
}

TEST_GROUP(faults, cmocka_unit_test(every_failing_allocation_of_a_command_is_told),
           cmocka_unit_test(every_tenth_failing_allocation_of_a_training_is_told),
           cmocka_unit_test(every_failing_write_of_a_command_is_told),
           cmocka_unit_test(a_merge_that_failed_can_be_made_again));
