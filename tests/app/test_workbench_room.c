/* The workbench as it is used: keys in, what the screen says. */

#include <string.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "tests/app/program.h"
#include "tests/test.h"

/* Plays a session; what the screen lacked is shown when it fails. */
static void play(const char *script, const char *options, int want)
{
    Program     p = {.env = {"LC_ALL=C.UTF-8"}};
    Error       err = {0};
    Str         line = {0}, state = {0};
    const char *path = test_path("keys.txt");

    assert_true(file_write_all(path, script, (Index)strlen(script), &err));
    str_addf(&state, "XDG_STATE_HOME=%s", test_path("state"));
    p.env[1] = str_text(&state);
    str_addf(&line, "lab workbench --quick --script %s %s", path, options);
    if (program_run(&p, str_text(&line)) != want) {
        fail_msg("status %d\n%s\n%s", p.status, str_text(&p.err), str_text(&p.out));
    }
    program_free(&p);
    str_free(&line);
    str_free(&state);
}

static void a_training_is_led_by_keys(void **state)
{
    (void)state;
    play("size 120 36\n"
         "wait ready\n"
         "see 77,824 trained of\n"
         "key s\nwait step 1 of 20\nwait paused\n"
         "key s\nwait step 2 of 20\n"
         "key p\nwait recorded as\n"
         "see SELECT\n"
         "key b\nwait step 10 of 20\nwait paused\n"
         "key b\nwait step 0 of 20\n"
         "key b\nwait no snapshot before step 0\n"
         "key p\nwait recorded as\nsee step 20 of 20\n"
         "key a\nwait adapter off\n"
         "key a\nwait adapter on\n"
         "key y\nsee nats/token\ngone (log)\n"
         "key S\nwait mean of 10 steps\n"
         "key r\nsee loralab train\n"
         "key Esc\n",
         "", 0);
    assert_true(path_exists(test_path("state/loralab/runs/sql-lora-1/adapter_model.safetensors")));
}

static void a_changed_setting_is_drawn_over_the_run_before(void **state)
{
    (void)state;
    play("size 120 36\nwait ready\nkey p\nwait recorded as sql-lora-1\n"
         "key Enter Backspace\ntype 2\n"
         "see 19,456 trained of\n" /* while it is typed */
         "key Enter\nwait recorded as sql-lora-2\n"
         "see train r=2\nsee r=8\n"
         "see --r 2\n"
         "key c\ntype sql-lora-1\nkey Enter\nwait sql-lora-2\n"
         "key c\ntype no-such-run\nkey Enter\nwait there is no run\n",
         "", 0);
}

/* Each change leaves a run behind that is ended and saved while the next one waits for it: several
 * at once go through, in their order, and what is left at the end is trained. */
static void settings_change_faster_than_runs_end(void **state)
{
    (void)state;
    play("size 120 36\nwait ready\nkey Up Up\n"
         "key p\nwait training\n"
         "key Right Right Left Right Left Left\nwait recorded as sql-lora\n"
         "see --data sql\n"
         "key Right\nwait recorded as cipher-lora\n"
         "key Right q\n",
         "", 0);
}

/* Where the settings stand alone, who starts a run sees its curves; another task is two keys away.
 */
static void another_task_is_trained_on_a_small_screen(void **state)
{
    (void)state;
    play("size 80 24\nwait ready\n"
         "see Changed most\nsee seed\nsee Peak memory\n"
         "key Up Up Up\nsee Left, Right\nkey Right\n"
         "wait --data cipher\nkey Left\nwait --data sql\nkey Left\nwait --data sql-lite\n"
         "wait ready\nkey p\nwait [curves]\nwait recorded as sql-lite-lora-1\n",
         "", 0);
    play("size 80 24\nwait ready\nkey s\nwait [curves]\nwait step 1 of\n", "", 0);
    play("size 100 30\nwait ready\nkey s\nwait step 1 of\nsee [settings]\n", "", 0);
    /* The first step of the warm-up lies at the foot of the whole scale. */
    play("size 200 60\nwait ready\nkey s\nwait step 1 of\nwait 0.005┤\nsee 20\n", "", 0);
}

/* Few words: no line for the shell, no help of several rows, one chart. */
static void a_projector_has_few_words(void **state)
{
    (void)state;
    play("size 80 24\nwait ready\ngone repeat loralab\ngone PEFT\nsee trained of\n"
         "key p\nwait recorded as sql-lora-1\nsee nats/token\n"
         "gone gradient norm\ngone same seed\n"
         "key Tab\nwait norm of the change\ngone Memory\ngone bytes in use\n"
         "key r\nwait loralab train\n",
         "--projector", 0);
}

/* Steps of five figures, speed and minutes left take more than half of the row. */
static void a_long_title_is_shown_where_there_is_room(void **state)
{
    (void)state;
    play("size 100 30\nwait ready\n"
         "key Down Down Down Down\n"
         "see max_steps\nkey Enter Backspace Backspace\ntype 4000000\nkey Enter\n"
         "key p\nwait of 4000000\nwait h left\nsee tokens/s\nkey Ctrl-C Ctrl-C\n",
         "", 0);
}

static void a_bad_value_is_one_sentence(void **state)
{
    (void)state;
    play("size 100 30\nwait ready\n"
         "key Enter Backspace\ntype 0\nsee must lie in\n"
         "key Enter\nsee must lie in\n"
         "see take it\ngone Enter edit\n"
         "key Esc\nsee 77,824 trained of\n"
         "key Down Enter\ntype x\nsee --lora_alpha is\nkey Esc\n",
         "", 0);
}

static void control_c_saves_and_the_second_leaves(void **state)
{
    (void)state;
    play("size 80 24\nwait ready\n"
         "key Down Down Down Down\n"
         "see max_steps\nkey Enter Backspace Backspace\ntype 4000\nkey Enter\n"
         "key p\nwait of 4000\nwait tokens/s\n"
         "key Ctrl-C\nwait paused at step\n"
         "key Ctrl-C\n",
         "", 0);
    Error  err = {0};
    char **names;
    Index  count;
    bool   saved = false;
    assert_true(folder_list(test_path("state/loralab/runs/sql-lora-1"), &names, &count, &err));
    for (Index i = 0; i < count; i++) {
        saved = saved || strncmp(names[i], "checkpoint-", 11) == 0;
        mem_free(names[i]);
    }
    mem_free(names);
    assert_true(saved);
}

/* The control: a session that waits for what never comes fails. */
static void a_played_session_can_fail(void **state)
{
    (void)state;
    play("wait ready\nsee 123,456,789 trained of\n", "", 1);
}

TEST_GROUP(workbench_room, cmocka_unit_test(a_training_is_led_by_keys),
           cmocka_unit_test(a_changed_setting_is_drawn_over_the_run_before),
           cmocka_unit_test(settings_change_faster_than_runs_end),
           cmocka_unit_test(another_task_is_trained_on_a_small_screen),
           cmocka_unit_test(a_projector_has_few_words),
           cmocka_unit_test(a_long_title_is_shown_where_there_is_room),
           cmocka_unit_test(a_bad_value_is_one_sentence),
           cmocka_unit_test(control_c_saves_and_the_second_leaves),
           cmocka_unit_test(a_played_session_can_fail));
