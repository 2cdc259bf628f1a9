/* Exit codes and messages of the program, one line and at most one hint each. */

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "core/lab/lab.h"
#include "tests/app/program.h"
#include "tests/test.h"

#define MODEL "--base tests/fixtures/models/qwen2-tied "
#define LINES "--data tests/fixtures/train/data.jsonl "
#define NO_GPU "CUDA_VISIBLE_DEVICES=" /* where there is one, the runtime does not see it */

static const struct {
    int         status;
    const char *line, *words; /* in its message */
} cases[] = {
    {0, "", NULL},
    {0, "--help", NULL},
    {0, "-h", NULL},
    {0, "--version", NULL},
    {0, "help", NULL},
    {0, "help train", NULL},
    {0, "train --help", NULL},
    {0, "inspect --help", NULL},
    {0, "data sql --count 2", NULL},
    {0, "doctor", NULL},
    {0, "inspect tests/fixtures/lora/a-qv", NULL},
    {0, "eval " MODEL LINES, NULL},
    {2, "trian", "there is no command \"trian\""},
    {2, "--nothing", "there is no command \"--nothing\""},
    {2, "train --r 0", "--r is 0"},
    {2, "train --nothing", "has no option --nothing"},
    {2, "inspect", "needs PATH"},
    {2, "inspect nowhere", "nowhere"},
    {2, "eval --base nowhere", "nowhere"},
    {2, "data nothing", "there is no task"},
    {2, "train --out /proc/nothing/x --max_steps 1", "/proc/nothing"},
    {3, "eval --backend cuda " MODEL LINES, NULL},
    {2, "eval --backend cpu --dtype bf16 " MODEL LINES, "--dtype bf16"},
    {2, "eval --dtype tf32 " MODEL LINES, "--dtype tf32"},
};

/* "loralab: what happened", then at most "hint: ...". */
static void assert_message_form(const Program *p, const char *line)
{
    const char *text = str_text(&p->err);
    const char *second = strchr(text, '\n');
    bool        form = strncmp(text, "loralab: ", 9) == 0 && second != NULL;
    if (form && second[1] != '\0') {
        const char *third = strchr(second + 1, '\n');
        form = strncmp(second + 1, "hint: ", 6) == 0 && third != NULL && third[1] == '\0';
    }
    if (!form) fail_msg("\"%s\" says: %s", line, text);
}

static void each_outcome_has_its_exit_code(void **state)
{
    (void)state;
    Program p = {.env = {NO_GPU}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_status(&p, cases[i].line, cases[i].status);
        if (cases[i].status == 0) {
            assert_true(p.out.len > 0);
            assert_int_equal(p.err.len, 0); /* nothing to say while all is well */
        } else {
            assert_int_equal(p.out.len, 0); /* results only */
            assert_message_form(&p, cases[i].line);
        }
        if (cases[i].words != NULL) assert_non_null(strstr(str_text(&p.err), cases[i].words));
    }
    program_free(&p);
}

static void without_arguments_it_tells_what_it_can_do(void **state)
{
    (void)state;
    Program     p = {0};
    const char *argv[] = {"loralab", NULL}, *none[] = {NULL};
    assert_int_equal(program_run_argv(&p, argv), 0);
    for (const Command *c = command_table(); c->name != NULL; c++) {
        assert_non_null(strstr(p.out.data, c->name));
    }
    assert_int_equal(program_run_argv(&p, none), 0); /* not even a name */
    assert_true(p.out.len > 0);
    program_free(&p);
}

static void the_version_is_one_line(void **state)
{
    (void)state;
    Program p = {0};
    assert_status(&p, "--version", 0);
    assert_string_equal(p.out.data, "loralab " LORALAB_VERSION "\n");
    program_free(&p);
}

static void the_backend_can_come_from_the_environment(void **state)
{
    (void)state;
    Program p = {.env = {"LORALAB_BACKEND=cuda", NO_GPU}};
    assert_status(&p, "eval " MODEL LINES, 3);
    assert_message_form(&p, "cuda");
    assert_status(&p, "train", 3);
    assert_message_form(&p, "cuda");
    assert_status(&p, "train --json", 3);
    assert_int_equal(p.out.len, 0);
    assert_message_form(&p, "cuda");
    assert_status(&p, "eval --backend cpu " MODEL LINES, 0); /* an option wins */
    p.env[0] = "LORALAB_BACKEND=";
    assert_status(&p, "eval " MODEL LINES, 0);
    p.env[0] = "LORALAB_BACKEND=abacus";
    program_run(&p, "eval " MODEL LINES);
    assert_true(p.status == 2 || p.status == 3);
    assert_non_null(strstr(p.err.data, "abacus"));
    program_free(&p);
}

static void data_is_looked_for_where_it_is_said(void **state)
{
    (void)state;
    Program p = {.env = {"LORALAB_DATA=/nowhere"}};
    assert_status(&p, "data sql", 2);
    assert_non_null(strstr(p.err.data, "/nowhere"));
    program_free(&p);
}

/* ---- output that does not arrive ---- */

static void results_that_cannot_be_written_are_a_failure(void **state)
{
    (void)state;
    static const char *const lines[] = {"",
                                        "--version",
                                        "help",
                                        "train --help",
                                        "data sql --count 5",
                                        "data sql --count 5000",
                                        "inspect tests/fixtures/models/qwen2-tied --json",
                                        "eval " MODEL LINES "--logprobs --json",
                                        "doctor"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        Program full = {.out_path = "/dev/full"}, closed = {.close_out = true};
        assert_status(&full, lines[i], 5);
        assert_message_form(&full, lines[i]);
        assert_status(&closed, lines[i], 5);
        program_free(&full);
        program_free(&closed);
    }
}

static void a_training_whose_summary_is_lost_has_still_written_its_adapter(void **state)
{
    (void)state;
    Program p = {.out_path = "/dev/full"};
    assert_status(&p, "train " MODEL LINES "--max_steps 2 --out %s/out", 5);
    assert_true(path_exists(test_path("out/adapter_model.safetensors")));
    program_free(&p);
}

static void without_standard_streams_no_file_takes_their_place(void **state)
{
    (void)state;
    Program p = {.close_in = true, .close_out = true, .close_err = true};
    assert_int_equal(program_run(&p, "train " MODEL LINES "--max_steps 20 --out %s/out"), 5);
    Error err = {0};
    Index n = 0;
    char *log = file_read_all(test_path("out/run.jsonl"), 1 << 20, &n, &err);
    assert_ok(&err);
    for (const char *line = log; *line != '\0'; line = strchr(line, '\n') + 1) {
        assert_int_equal(strncmp(line, "{\"type\": ", 9), 0); /* nobody else wrote into it */
    }
    mem_free(log);
    program_free(&p);
    Program q = {.close_err = true};
    assert_status(&q, "eval " MODEL LINES, 0);
    assert_true(q.out.len > 0);
    program_free(&q);
}

static void numbers_that_are_not_finite_end_with_7(void **state)
{
    (void)state;
    Program p = {0};
    assert_status(&p,
                  "train " MODEL LINES "--max_steps 30 --optim sgd --max_grad_norm 0 "
                  "--learning_rate 1000000 --warmup_steps 0 --out %s/out",
                  7);
    const char *message = strstr(p.err.data, "loralab: ");
    assert_non_null(message);
    assert_non_null(strstr(message, "hint: "));
    assert_false(path_exists(test_path("out/adapter_model.safetensors")));
    program_free(&p);
}

static void a_folder_in_use_ends_with_4_at_once(void **state)
{
    (void)state;
    Program     first = {0}, second = {0};
    const char *line = "train " MODEL LINES "--max_steps 100000 --save_steps 0 --out %s/out";
    program_start(&first, line);
    program_await(test_path("out/run.jsonl"));
    second.env[0] = "XDG_STATE_HOME=/tmp";
    /* The two share .out and .err; the second's are read when it has ended. */
    assert_status(&second, line, 4);
    assert_true(second.seconds < 1.0);
    kill(first.pid, SIGKILL);
    assert_int_equal(program_wait(&first), -SIGKILL);
    assert_status(&second, "train " MODEL LINES "--max_steps 2 --out %s/out", 0);
    program_free(&first);
    program_free(&second);
}

TEST_GROUP(exit, cmocka_unit_test(each_outcome_has_its_exit_code),
           cmocka_unit_test(without_arguments_it_tells_what_it_can_do),
           cmocka_unit_test(the_version_is_one_line),
           cmocka_unit_test(the_backend_can_come_from_the_environment),
           cmocka_unit_test(data_is_looked_for_where_it_is_said),
           cmocka_unit_test(results_that_cannot_be_written_are_a_failure),
           cmocka_unit_test(a_training_whose_summary_is_lost_has_still_written_its_adapter),
           cmocka_unit_test(without_standard_streams_no_file_takes_their_place),
           cmocka_unit_test(numbers_that_are_not_finite_end_with_7),
           cmocka_unit_test(a_folder_in_use_ends_with_4_at_once));
