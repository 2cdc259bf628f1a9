/* The lab in a terminal, as a newcomer meets it. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/screen/keymap.h"
#include "tests/app/program.h"
#include "tests/app/tmux_rig.h"
#include "tests/test.h"

static char line[1200];

/* The program's line in the shell of the window; its status is shown behind it. */
static const char *lab(const char *before, const char *arguments)
{
    snprintf(line, sizeof line, "%s XDG_STATE_HOME=%s %s %s; echo status $?", before, test_folder(),
             program_path(), arguments);
    return line;
}

static bool begin(Tmux *tmux, int cols, int rows, const char *before, const char *arguments)
{
    if (!tmux_is_there()) return false;
    tmux_start(tmux, cols, rows, "");
    tmux_type(tmux, lab(before, arguments));
    return true;
}

/* The terminal echoes and edits lines, as shells want it. */
static void assert_cooked(Tmux *tmux)
{
    tmux_type(tmux, "clear; stty -a | grep -q ' icanon .* echo ' && printf 'coo%s\\n' ked");
    tmux_await(tmux, "cooked");
}

static void it_opens_and_is_left_with_the_screen_of_before(void **state)
{
    (void)state;
    Tmux tmux = {0};
    if (!begin(&tmux, 80, 24, "", "")) skip();
    tmux_await(&tmux, "Truncated SVD");
    tmux_keys(&tmux, "?");
    tmux_await(&tmux, "Help: Home");
    tmux_keys(&tmux, "q");
    tmux_await(&tmux, "Truncated SVD");
    tmux_keys(&tmux, "q");
    tmux_await(&tmux, "status 0");
    assert_null(strstr(tmux_screen(&tmux), "Truncated SVD"));
    assert_cooked(&tmux);
    tmux_end(&tmux);
}

/* tmux's name of the first key of a row. */
static void tmux_name(char out[32], const char *keys)
{
    static const char *const names[][2] = {
        {"PgUp", "PageUp"}, {"PgDn", "PageDown"}, {"Shift-Tab", "BTab"}, {"Backspace", "BSpace"},
        {"Delete", "DC"},   {"Esc", "Escape"},    {"Ctrl-L", "C-l"}};
    size_t n = strcspn(keys, " ");
    snprintf(out, 32, "%.*s", (int)n, keys);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(out, names[i][0]) == 0) snprintf(out, 32, "%s", names[i][1]);
    }
}

/* Every key of the help, in every room; afterwards the lab still answers. */
static void every_key_may_be_pressed_everywhere(void **state)
{
    (void)state;
    static const char *const rooms[] = {"home", "rank",  "workbench", "matrix",
                                        "runs", "model", "help"};
    Tmux                     tmux = {0};
    if (!tmux_is_there()) skip();
    tmux_start(&tmux, 100, 30, "");
    for (RoomId id = ROOM_HOME; id < ROOM_NOTES; id++) {
        char arguments[40];
        snprintf(arguments, sizeof arguments, "lab %s", rooms[id]);
        tmux_type(&tmux, "clear");
        tmux_type(&tmux, lab("", arguments));
        tmux_await(&tmux, id == ROOM_HOME     ? "loralab 0"
                          : id == ROOM_LESSON ? "step 1"
                                              : room_title(id));
        for (const KeyRow *row = keymap(); row->action != ACT_NONE; row++) {
            char name[32];
            bool leaves =
                row->action == ACT_QUIT || row->action == ACT_STOP || row->action == ACT_SUSPEND;
            if (!(row->rooms & IN(id)) || leaves) continue;
            tmux_name(name, row->keys);
            tmux_keys(&tmux, name);
        }
        tmux_keys(&tmux, "Escape Escape Escape Escape");
        tmux_keys(&tmux, "C-c");
        tmux_await(&tmux, "Ctrl-C once more leaves");
        tmux_keys(&tmux, "C-c");
        tmux_await(&tmux, "status 0");
    }
    tmux_end(&tmux);
}

static void another_size_is_drawn_anew(void **state)
{
    (void)state;
    static const int sizes[][2] = {{200, 60}, {79, 23}, {40, 10}, {20, 5}, {12, 3}, {80, 24}};
    Tmux             tmux = {0};
    if (!begin(&tmux, 80, 24, "", "")) skip();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        tmux_resize(&tmux, sizes[i][0], sizes[i][1]);
        tmux_await(&tmux, sizes[i][1] > 4 ? "loralab" : "needs");
    }
    tmux_await(&tmux, "Two adapters, one base");
    tmux_keys(&tmux, "q");
    tmux_await(&tmux, "status 0");
    tmux_end(&tmux);
}

static void ctrl_z_and_fg(void **state)
{
    (void)state;
    Tmux tmux = {0};
    if (!tmux_is_there()) skip();
    tmux_start(&tmux, 80, 24, "");
    tmux_type(&tmux, "set -m");
    tmux_type(&tmux, lab("", ""));
    tmux_await(&tmux, "Truncated SVD");
    tmux_keys(&tmux, "C-z");
    tmux_await(&tmux, "topped");
    tmux_type(&tmux, "fg");
    tmux_await(&tmux, "Truncated SVD");
    tmux_keys(&tmux, "q");
    tmux_await_gone(&tmux, "Truncated SVD");
    tmux_end(&tmux);
}

static void a_kill_gives_the_terminal_back(void **state)
{
    (void)state;
    static const struct {
        const char *signal, *status;
    } ends[] = {{"TERM", "status 143"}, {"HUP", "status 129"}, {"INT", "status 130"}};
    Tmux tmux = {0};
    if (!tmux_is_there()) skip();
    tmux_start(&tmux, 80, 24, "");
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char killer[300];
        snprintf(killer, sizeof killer,
                 "(until ls %s/ready; do sleep 0.05; done; kill -%s $(pgrep -f -n '%s lab model')) "
                 ">/dev/null 2>&1 &",
                 test_folder(), ends[i].signal, program_path());
        remove(test_path("ready"));
        tmux_type(&tmux, killer);
        tmux_type(&tmux, lab("", "lab model"));
        tmux_await(&tmux, "parameters");
        FILE *ready = fopen(test_path("ready"), "w");
        assert_non_null(ready);
        fclose(ready);
        tmux_await(&tmux, ends[i].status);
        assert_cooked(&tmux);
    }
    tmux_end(&tmux);
}

/* Terminals without a screen get the same in plain text; odd ones that have one get it. */
static void each_terminal_gets_what_it_can_show(void **state)
{
    (void)state;
    static const struct {
        const char *before, *expects;
        bool        plain;
    } cases[] = {{"env -u TERM", "Which lesson?", true},   {"TERM=dumb", "Which lesson?", true},
                 {"TERM=nonsense", "Which lesson?", true}, {"TERM=vt100", "Workbench", false},
                 {"TERM=linux", "Workbench", false},       {"LC_ALL=C", "Workbench", false},
                 {"NO_COLOR=1", "Workbench", false}};
    Tmux tmux = {0};
    if (!tmux_is_there()) skip();
    tmux_start(&tmux, 80, 30, "");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tmux_type(&tmux, "clear");
        tmux_type(&tmux, lab(cases[i].before, ""));
        tmux_await(&tmux, cases[i].expects);
        tmux_keys(&tmux, cases[i].plain ? "Enter" : "q");
        tmux_await(&tmux, "status 0");
    }
    tmux_end(&tmux);
}

static void a_class_votes_in_a_second_terminal(void **state)
{
    (void)state;
    Tmux tmux = {0};
    char command[1500];
    if (!tmux_is_there()) skip();
    tmux_start(&tmux, 160, 40, "");
    snprintf(command, sizeof command, "chmod 700 %s; export XDG_RUNTIME_DIR=%s", test_folder(),
             test_folder());
    tmux_type(&tmux, command);
    tmux_type(&tmux, lab("", "lab tests/lessons/play-small.md"));
    tmux_await(&tmux, "How many rows of A");
    tmux_keys(&tmux, "3 Enter");
    tmux_await(&tmux, "Which has the higher rank?");
    snprintf(command, sizeof command, "XDG_RUNTIME_DIR=%s LC_ALL=C.UTF-8 %s notes", test_folder(),
             program_path());
    tmux_split(&tmux, command);
    tmux_await(&tmux, "A lesson to play with: Rows");
    tmux_await(&tmux, "next: Values");
    tmux_await(&tmux, "3  neither");
    tmux_keys(&tmux, "1 2 2 3 u");
    tmux_pane(&tmux, 0);
    tmux_await(&tmux, "2 votes");
    tmux_await(&tmux, "1 vote");
    tmux_keys(&tmux, "2 Enter");
    tmux_await(&tmux, "Space begins");
    tmux_pane(&tmux, 1);
    tmux_await_gone(&tmux, "3  neither");
    tmux_pane(&tmux, 0);
    tmux_keys(&tmux, "Escape q q");
    tmux_await(&tmux, "status 0");
    tmux_pane(&tmux, 1);
    tmux_await(&tmux, "The lab is gone");
    tmux_end(&tmux);
}

/* A dumb terminal: the list, a lesson, and the way out, all of it text that only grows. */
static void a_dumb_terminal_has_a_whole_session(void **state)
{
    (void)state;
    Tmux tmux = {0};
    if (!begin(&tmux, 80, 40, "TERM=dumb", "")) skip();
    tmux_await(&tmux, "Which lesson?");
    tmux_type(&tmux, "99");
    tmux_await(&tmux, "there is no lesson 99");
    tmux_type(&tmux, lab("TERM=dumb", ""));
    tmux_await(&tmux, "Which lesson?");
    tmux_type(&tmux, "1");
    tmux_await(&tmux, "Step 1 of 3");
    tmux_type(&tmux, "12; because I guess");
    tmux_await(&tmux, "at most");
    tmux_type(&tmux, "");
    tmux_await(&tmux, "measured:");
    tmux_type(&tmux, "quit");
    tmux_await(&tmux, "status 0");
    tmux_end(&tmux);
}

TEST_GROUP(tmux, cmocka_unit_test(it_opens_and_is_left_with_the_screen_of_before),
           cmocka_unit_test(every_key_may_be_pressed_everywhere),
           cmocka_unit_test(another_size_is_drawn_anew), cmocka_unit_test(ctrl_z_and_fg),
           cmocka_unit_test(a_kill_gives_the_terminal_back),
           cmocka_unit_test(each_terminal_gets_what_it_can_show),
           cmocka_unit_test(a_class_votes_in_a_second_terminal),
           cmocka_unit_test(a_dumb_terminal_has_a_whole_session));
