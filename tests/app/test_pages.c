/* The manual and the completions: made from the tables, and good in the eyes of who reads them. */

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "app/pages/pages.h"
#include "app/screen/keymap.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/lab/command.h"
#include "tests/app/program.h"
#include "tests/test.h"

extern char **environ;
static char   bash_name[] = "bash", bash_flag[] = "-c";

static void assert_has(const Str *page, const char *words)
{
    if (strstr(str_text(page), words) == NULL) fail_msg("no \"%s\" in the page", words);
}

static void every_command_and_option_is_in_each(void **state)
{
    (void)state;
    static const char *const names[] = {"man", "bash", "zsh", "fish"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        Str page = {0};
        assert_true(page_write(&page, names[i]));
        assert_true(str_ok(&page, NULL));
        bool roff = i == 0;
        for (const Command *c = command_table(); c->name != NULL; c++) {
            assert_has(&page, c->name);
            for (const ArgSpec *arg = c->args; arg->name != NULL; arg++) {
                char option[80];
                snprintf(option, sizeof option, roff ? "\\-\\-%s" : "-%s%s",
                         i == 3 ? "l "
                         : roff ? arg->name
                                : "-",
                         roff ? "" : arg->name);
                assert_has(&page, option);
            }
        }
        str_free(&page);
    }
    Str none = {0};
    assert_false(page_write(&none, "csh"));
}

static void no_line_of_the_manual_is_an_unknown_macro(void **state)
{
    (void)state;
    static const char *const known[] = {".TH ", ".SH ", ".SS ", ".PP", ".TP",
                                        ".B ",  ".RI ", ".EX",  ".EE"};
    Str                      page = {0};
    page_man(&page);
    for (const char *line = str_text(&page); *line != '\0';) {
        bool fine = *line != '.' && *line != '\'';
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
            fine = fine || strncmp(line, known[i], strlen(known[i])) == 0;
        }
        if (!fine) fail_msg("%.60s", line);
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    str_free(&page);
}

static void run_bash(const char *line, const char *out)
{
    char                      *argv[] = {bash_name, bash_flag, (char *)(uintptr_t)line, NULL};
    posix_spawn_file_actions_t files;
    pid_t                      pid;
    int                        status = -1;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(posix_spawnp(&pid, "bash", &files, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&files);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* bash itself reads the completion and is asked what it would offer. */
static void bash_completes(void **state)
{
    (void)state;
    Str   page = {0};
    Error err = {0};
    page_bash(&page);
    assert_true(file_write_all(test_path("loralab.bash"), page.data, page.len, &err));
    str_free(&page);

    char line[700];
    snprintf(line, sizeof line,
             ". %s; COMP_WORDS=(loralab train --use_r); COMP_CWORD=2; _loralab; "
             "echo ${COMPREPLY[@]}; COMP_WORDS=(loralab train --method ''); COMP_CWORD=3; "
             "_loralab; echo ${COMPREPLY[@]}; COMP_WORDS=(loralab les); COMP_CWORD=1; _loralab; "
             "echo ${COMPREPLY[@]}",
             test_path("loralab.bash"));
    run_bash(line, test_path("said"));
    Index n = 0;
    char *said = file_read_all(test_path("said"), 10000, &n, &err);
    assert_ok(&err);
    assert_string_equal(said, "--use_rslora\nlora full\nlessons\n");
    mem_free(said);
}

/* Operands are asked of the program; --method=lora is three words to bash. */
static void bash_completes_operands(void **state)
{
    (void)state;
    Str   page = {0};
    Error err = {0};
    page_bash(&page);
    assert_true(file_write_all(test_path("loralab.bash"), page.data, page.len, &err));
    str_free(&page);

    char line[2000];
    snprintf(line, sizeof line,
             "export LORALAB_DATA=${LORALAB_DATA:-data}; . %s; loralab() { %s \"$@\"; }; try() { "
             "COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); "
             "COMPREPLY=(); _loralab; echo ${COMPREPLY[@]}; }; try loralab run rank; "
             "try loralab lab ma; try loralab help verb; try loralab data sql; "
             "try loralab train --method = f",
             test_path("loralab.bash"), program_path());
    run_bash(line, test_path("said"));
    Index n = 0;
    char *said = file_read_all(test_path("said"), 10000, &n, &err);
    assert_ok(&err);
    assert_string_equal(said, "rank rank-enough\nmatrix\nverbs\nsql-lite sql\nfull\n");
    mem_free(said);
}

/* ---- keys ---- */

static void no_room_gives_one_key_two_meanings(void **state)
{
    (void)state;
    for (const KeyRow *row = keymap(); row->action != ACT_NONE; row++) {
        char names[80];
        snprintf(names, sizeof names, "%s", row->keys);
        for (char *rest, *name = strtok_r(names, " ", &rest); name != NULL;
             name = strtok_r(NULL, " ", &rest)) {
            Key key;
            if (!key_parse(name, &key)) fail_msg("%s is no key", name);
            for (RoomId id = 0; id < ROOM_COUNT; id++) {
                if (!(row->rooms & IN(id))) continue;
                if (keymap_action(id, key, false) != row->action) {
                    fail_msg("%s means something else in %s", name, room_title(id));
                }
            }
        }
    }
}

static void a_field_takes_characters_but_no_others(void **state)
{
    (void)state;
    Key q = {K_CHAR, 'q'}, enter = {K_ENTER, 0};
    assert_int_equal(keymap_action(ROOM_HOME, q, false), ACT_QUIT);
    assert_int_equal(keymap_action(ROOM_HOME, q, true), ACT_TYPE);
    assert_int_equal(keymap_action(ROOM_HOME, enter, true), ACT_COMMIT);
}

TEST_GROUP(pages, cmocka_unit_test(every_command_and_option_is_in_each),
           cmocka_unit_test(no_line_of_the_manual_is_an_unknown_macro),
           cmocka_unit_test(bash_completes), cmocka_unit_test(bash_completes_operands),
           cmocka_unit_test(no_room_gives_one_key_two_meanings),
           cmocka_unit_test(a_field_takes_characters_but_no_others));
