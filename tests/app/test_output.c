/* Which stream carries what, and what never reaches a terminal raw. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/model/safetensors.h"
#include "tests/app/program.h"
#include "tests/test.h"

#define MODEL "--base tests/fixtures/models/qwen2-tied "
#define LINES "--data tests/fixtures/train/data.jsonl "
#define TRAIN "train " MODEL LINES "--max_steps 12 --save_steps 6 --eval_steps 4 "

/* ---- streams ---- */

static void results_go_to_stdout_and_progress_to_stderr(void **state)
{
    (void)state;
    Program p = {0};
    assert_status(&p, TRAIN "--out %s/out", 0);
    assert_non_null(strstr(p.out.data, "trainable params: "));
    assert_null(strstr(p.out.data, "grad_norm"));
    assert_non_null(strstr(p.err.data, "step 12/12  loss "));
    assert_non_null(strstr(p.err.data, "checkpoint: "));
    assert_null(strstr(p.err.data, "trainable params"));
    program_free(&p);
}

static void quiet_leaves_only_results_and_errors(void **state)
{
    (void)state;
    Program p = {0};
    assert_status(&p, TRAIN "--out %s/out --quiet", 0);
    assert_true(p.out.len > 0);
    assert_int_equal(p.err.len, 0);
    assert_status(&p, TRAIN "--out %s/out --quiet", 2);
    assert_true(p.err.len > 0);
    program_free(&p);
}

static void json_is_one_object_on_one_line(void **state)
{
    (void)state;
    static const char *const lines[] = {TRAIN "--out %s/out",
                                        "eval " MODEL LINES,
                                        "generate " MODEL "--ids 1 --max_new_tokens 2",
                                        "inspect tests/fixtures/lora/a-qv",
                                        "plan " MODEL "--target_modules q_proj",
                                        "doctor",
                                        "data",
                                        "merge " MODEL
                                        "--adapter tests/fixtures/lora/a-qv --out %s/merged"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char    line[600];
        Error   err = {0};
        Program p = {0};
        snprintf(line, sizeof line, "%s --json", lines[i]);
        assert_status(&p, line, 0);
        assert_ptr_equal(strchr(p.out.data, '\n'), p.out.data + p.out.len - 1);
        Json *json = json_parse(p.out.data, p.out.len, lines[i], &err);
        assert_ok(&err);
        assert_true(json_is_object(json_root(json)));
        json_free(json);
        program_free(&p);
    }
}

static void a_pipe_sees_no_escape_and_no_carriage_return(void **state)
{
    (void)state;
    static const char *const environments[] = {"TERM=xterm-256color", "NO_COLOR=1", "LC_ALL=C",
                                               "TERM"};
    static const char *const lines[] = {TRAIN "--out %s/out",
                                        "help",
                                        "train --help",
                                        "doctor",
                                        "eval " MODEL LINES "--color never",
                                        "trian"};
    for (size_t e = 0; e < sizeof environments / sizeof *environments; e++) {
        for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
            Error   err = {0};
            Program p = {.env = {environments[e]}};
            program_run(&p, lines[i]);
            assert_null(memchr(str_text(&p.out), '\033', (size_t)p.out.len));
            assert_null(memchr(str_text(&p.err), '\033', (size_t)p.err.len));
            assert_null(memchr(str_text(&p.out), '\r', (size_t)p.out.len));
            assert_null(memchr(str_text(&p.err), '\r', (size_t)p.err.len));
            assert_true(folder_remove(test_path("out"), &err));
            program_free(&p);
        }
    }
}

static void the_locale_changes_no_number(void **state)
{
    (void)state;
    static const char *const locales[] = {"LC_ALL=C", "LC_ALL=C.UTF-8", "LC_ALL=de_DE.UTF-8",
                                          "LC_ALL=nonsense"};
    Str                      first = {0};
    for (size_t i = 0; i < sizeof locales / sizeof *locales; i++) {
        Program p = {.env = {locales[i]}};
        assert_status(&p, "eval " MODEL LINES "--json", 0);
        if (i == 0) str_add(&first, p.out.data);
        assert_string_equal(p.out.data, first.data);
        program_free(&p);
    }
    str_free(&first);
}

static void tokenize_reads_stdin_and_round_trips(void **state)
{
    (void)state;
    const char *lines = "\"give me all books\"\n\"na\\u00efve \\ud83d\\ude00\\n\\t\"\n\"\"\n";
    Program     p = {.in = lines};
    assert_status(&p, "tokenize", 0);
    char *ids = mem_strdup(p.out.data, NULL);
    p.in = ids;
    assert_status(&p, "tokenize --decode", 0);
    assert_string_equal(p.out.data,
                        "\"give me all books\"\n\"na\xc3\xafve \xf0\x9f\x98\x80\\n\\t\"\n\"\"\n");
    mem_free(ids);
    p.in = NULL; /* nothing to read is nothing to say */
    assert_status(&p, "tokenize", 0);
    assert_int_equal(p.out.len, 0);
    p.close_in = true;
    program_run(&p, "tokenize");
    assert_true(p.status == 0 || p.status == 5);
    program_free(&p);
}

/* ---- bytes that act on a terminal ---- */

static const char *const payloads[] = {
    "\033[31mred",
    "\033[2J",
    "\033[H",
    "\033]0;title\007",
    "\033]52;c;aGk=\007",
    "\033]8;;http://x\033\\link",
    "\033P$q\033\\",
    "\033_apc\033\\",
    "\033c",
    "\033[?1049h",
    "\033(0",
    "\033#8",
    "\033[6n",
    "\033[5i",
    "\007",
    "\b\b\b",
    "\x0b",
    "\x0c",
    "\x0e",
    "\x0f",
    "\x7f",
    "\x01",
    "\x1f",
    "\x9b"
    "31m",
    "\x9d"
    "0;t\x9c",
    "\x90q\x9c",
    "\xc2\x9b"
    "31m",
    "\xc2\x9d"
    "0;t\xc2\x9c",
    "\xc2\x85",
    "\xe2\x80\xae"
    "evil",
    "\xe2\x80\xad",
    "\xe2\x81\xa6x",
    "\xe2\x81\xa9",
    "\xe2\x80\x8f",
    "\xd8\x9c",
    "\xe2\x80\x8b",
    "\xef\xbb\xbf",
    "\xe2\x80\xa8",
    "\xe2\x80\xa9",
    "\xf3\xa0\x80\x81",
    "\xc3(",
    "\xed\xa0\x80",
    "\xf0\x9f",
    "\xff\xfe",
};
enum { PAYLOADS = sizeof payloads / sizeof *payloads };

/* What a terminal would obey or a reader would not see: the oracle of these tests, written
 * without the code under test. Newlines are the program's own. */
static bool acts(const char *bytes, Index n)
{
    static const char *const hidden[] = {"\xe2\x80\x8b", "\xe2\x80\x8f",    "\xe2\x80\xa8",
                                         "\xe2\x80\xa9", "\xe2\x80\xad",    "\xe2\x80\xae",
                                         "\xe2\x81\xa6", "\xe2\x81\xa9",    "\xef\xbb\xbf",
                                         "\xd8\x9c",     "\xf3\xa0\x80\x81"};
    for (Index i = 0; i < n; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if ((c < 0x20 && c != '\n') || c == 0x7f) return true;
        if (c == 0xc2 && i + 1 < n && (unsigned char)bytes[i + 1] < 0xa0) return true;
        for (size_t h = 0; h < sizeof hidden / sizeof *hidden; h++) {
            Index length = (Index)strlen(hidden[h]);
            if (i + length <= n && memcmp(bytes + i, hidden[h], (size_t)length) == 0) return true;
        }
    }
    return !utf8_valid(bytes, n);
}

static void the_oracle_knows_every_payload_and_passes_plain_text(void **state)
{
    (void)state; /* the control: what follows would see each of them */
    assert_true(PAYLOADS >= 40);
    for (int i = 0; i < PAYLOADS; i++) {
        if (!acts(payloads[i], (Index)strlen(payloads[i]))) fail_msg("payload %d is not seen", i);
    }
    assert_false(acts("na\xc3\xafve \xf0\x9f\x98\x80 ^[[31m\n", 19));
}

static void assert_tame(const Program *p, int payload, const char *where)
{
    if (acts(str_text(&p->out), p->out.len)) fail_msg("payload %d on stdout: %s", payload, where);
    if (acts(str_text(&p->err), p->err.len)) fail_msg("payload %d on stderr: %s", payload, where);
    assert_true(p->out.len + p->err.len > 0);
}

static void run_with(int i, const char *where, const char *const *argv)
{
    Program p = {0};
    program_run_argv(&p, argv);
    if (p.status < 0) fail_msg("payload %d kills it: %s", i, where);
    assert_tame(&p, i, where);
    program_free(&p);
}

static void in_arguments_and_paths_they_are_shown_not_obeyed(void **state)
{
    (void)state;
    for (int i = 0; i < PAYLOADS; i++) {
        const char *x = payloads[i];
        char        option[200], value[200];
        snprintf(option, sizeof option, "--%s", x);
        snprintf(value, sizeof value, "--bias=%s", x);
        const char *lines[][5] = {{"loralab", x, NULL},
                                  {"loralab", "inspect", x, NULL},
                                  {"loralab", "inspect", x, "--json", NULL},
                                  {"loralab", "data", x, NULL},
                                  {"loralab", "help", x, NULL},
                                  {"loralab", "train", option, NULL},
                                  {"loralab", "train", value, NULL},
                                  {"loralab", "train", "--target_modules", x, NULL},
                                  {"loralab", "eval", "--base", x, NULL}};
        for (size_t k = 0; k < sizeof lines / sizeof *lines; k++) {
            run_with(i, lines[k][1], lines[k]);
        }
    }
}

static void in_tensor_names_they_are_shown_not_obeyed(void **state)
{
    (void)state;
    for (int i = 0; i < PAYLOADS; i++) {
        if (!utf8_valid(payloads[i], (Index)strlen(payloads[i]))) continue; /* refused, see A1 */
        Error     err = {0};
        float     zero = 0;
        TensorOut tensor = {
            .name = payloads[i], .dtype = DTYPE_F32, .rank = 1, .shape = {1}, .data = &zero};
        char path[600];
        snprintf(path, sizeof path, "%s", test_path("x.safetensors"));
        assert_true(tensors_write(path, &tensor, 1, NULL, &err));
        const char *text[] = {"loralab", "inspect", path, NULL};
        const char *json[] = {"loralab", "inspect", path, "--json", NULL};
        run_with(i, "inspect", text);
        run_with(i, "inspect --json", json);
    }
}

/* Data whose texts hold the payload, as a JSON string must spell it. */
static void write_data(const char *path, const char *payload)
{
    Error err = {0};
    Str   text = {0};
    for (int i = 0; i < 2; i++) {
        str_add(&text, "{\"prompt\": ");
        json_add_string(&text, payload, (Index)strlen(payload));
        str_add(&text, ", \"completion\": ");
        json_add_string(&text, payload, (Index)strlen(payload));
        str_add(&text, "}\n");
    }
    assert_true(file_write_all(path, text.data, text.len, &err));
    str_free(&text);
}

static void in_data_and_prompts_they_are_shown_not_obeyed(void **state)
{
    (void)state;
    for (int i = 0; i < PAYLOADS; i += 3) {
        Error err = {0};
        char  data[600], out[600];
        snprintf(data, sizeof data, "%s", test_path("d.jsonl"));
        snprintf(out, sizeof out, "%s/%.20s", test_folder(), payloads[i]);
        write_data(data, payloads[i]);
        const char *train[] = {
            "loralab",  "train",     "--data",       data, "--out",        out, "--max_steps", "2",
            "--prompt", payloads[i], "--save_steps", "1",  "--eval_steps", "1", NULL};
        run_with(i, "train", train);
        assert_true(folder_remove(out, &err));
        /* A bad line, and a file named so. */
        snprintf(data, sizeof data, "%s/%.20s.jsonl", test_folder(), payloads[i]);
        assert_true(file_write_all(data, payloads[i], (Index)strlen(payloads[i]), &err));
        const char *eval[] = {"loralab", "eval", "--data", data, NULL};
        run_with(i, "eval", eval);
        const char *generate[] = {"loralab",          "generate", "--prompt", payloads[i],
                                  "--max_new_tokens", "4",        NULL};
        run_with(i, "generate", generate);
    }
}

static void in_configurations_they_are_shown_not_obeyed(void **state)
{
    (void)state;
    Error err = {0};
    assert_true(folder_make(test_path("model"), &err));
    for (int i = 0; i < PAYLOADS; i++) {
        Str json = {0};
        str_add(&json, "{\"model_type\": ");
        json_add_string(&json, payloads[i], (Index)strlen(payloads[i]));
        str_add(&json, "}");
        assert_true(file_write_all(test_path("model/config.json"), json.data, json.len, &err));
        char folder[600];
        snprintf(folder, sizeof folder, "%s", test_path("model"));
        const char *inspect[] = {"loralab", "inspect", folder, NULL};
        run_with(i, "config.json", inspect);
        str_free(&json);
    }
}

static void in_the_environment_they_are_shown_not_obeyed(void **state)
{
    (void)state;
    for (int i = 0; i < PAYLOADS; i += 2) {
        static const char *const names[] = {"LORALAB_BACKEND", "LORALAB_DATA", "TERM", "PATH"};
        for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
            char    variable[200];
            Program p = {0};
            snprintf(variable, sizeof variable, "%s=%s", names[n], payloads[i]);
            p.env[0] = variable;
            program_run(&p, n == 1 ? "data sql" : "doctor");
            assert_tame(&p, i, names[n]);
            program_free(&p);
        }
    }
}

TEST_GROUP(output, cmocka_unit_test(results_go_to_stdout_and_progress_to_stderr),
           cmocka_unit_test(quiet_leaves_only_results_and_errors),
           cmocka_unit_test(json_is_one_object_on_one_line),
           cmocka_unit_test(a_pipe_sees_no_escape_and_no_carriage_return),
           cmocka_unit_test(the_locale_changes_no_number),
           cmocka_unit_test(tokenize_reads_stdin_and_round_trips),
           cmocka_unit_test(the_oracle_knows_every_payload_and_passes_plain_text),
           cmocka_unit_test(in_arguments_and_paths_they_are_shown_not_obeyed),
           cmocka_unit_test(in_tensor_names_they_are_shown_not_obeyed),
           cmocka_unit_test(in_data_and_prompts_they_are_shown_not_obeyed),
           cmocka_unit_test(in_configurations_they_are_shown_not_obeyed),
           cmocka_unit_test(in_the_environment_they_are_shown_not_obeyed));
