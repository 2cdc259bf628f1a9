/* The terminal as it is used: what is sent, what is read, sizes, which terminals there are. */

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/app/pty_rig.h"
#include "tests/app/typist.h"
#include "tests/test.h"

#define LEAVES_SCREEN "\033[?1049l"

static const Typist coloured = {.spec = {.theme = THEME_AUTO, .colour = true}};

static Index begin(Pty *pty, const Typist *typist)
{
    Typist copy = *typist;
    if (pty->rows == 0) pty->rows = 24;
    if (pty->cols == 0) pty->cols = 80;
    pty_start(pty, typist_run, &copy);
    return pty_await(pty, "end", pty_await(pty, "ready:", 0));
}

static void quit(Pty *pty)
{
    pty_type(pty, "q");
    assert_int_equal(pty_wait(pty), 0);
    assert_true(pty_is_cooked(pty));
    pty_free(pty);
}

static void it_is_opened_shown_and_given_back(void **state)
{
    (void)state;
    Pty pty = {.rows = 24, .cols = 80};
    begin(&pty, &coloured);
    assert_false(pty_is_cooked(&pty)); /* or the question below would mean nothing */
    pty_await(&pty, "\033[?1049h", 0);
    pty_await(&pty, "ready:24x80", 0);
    pty_await(&pty, "日本", 0);
    pty_await(&pty, "e\u0301", 0);
    pty_await(&pty, "⣿", 0);
    pty_type(&pty, "q");
    assert_int_equal(pty_wait(&pty), 0);
    pty_await(&pty, LEAVES_SCREEN, 0);
    assert_true(pty_is_cooked(&pty));
    pty_free(&pty);
}

static void only_what_changed_is_sent(void **state)
{
    (void)state;
    Pty   pty = {0};
    Index from = begin(&pty, &coloured);
    pty_type(&pty, "nnnnnnnnnnc");
    Index to = pty_await(&pty, "@", from);
    assert_in_range(to - from, 1, 60);
    /* And everything when it is asked for. */
    pty_type(&pty, "r");
    to = pty_await(&pty, "@", to);
    pty_await(&pty, "ready:", from);
    assert_in_range(to - from, 200, 5000);
    quit(&pty);
}

static void keys_have_their_names(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *name;
    } keys[] = {
        {"\033OA", "Up"},
        {"\033OB", "Down"},
        {"\033OC", "Right"},
        {"\033OD", "Left"},
        {"\033[A", "Up"},
        {"\033[6~", "PgDn"},
        {"\033[5~", "PgUp"},
        {"\033OH", "Home"},
        {"\033[H", "Home"},
        {"\033OF", "End"},
        {"\033[4~", "End"},
        {"\033[3~", "Delete"},
        {"\033[Z", "Shift-Tab"},
        {"\033OP", "F1"},
        {"\033[11~", "F1"},
        {"\r", "Enter"},
        {"\n", "Enter"},
        {"\t", "Tab"},
        {"\177", "Backspace"},
        {"\b", "Backspace"},
        {"\003", "Ctrl-C"},
        {"\f", "Ctrl-L"},
        {"\001", "Ctrl-A"},
        {" ", "Space"},
        {"a", "a"},
        {"é", "é"},
        {"日", "日"},
        {"\033[1;5Cb", "b"},
        {"\033[99;99~d", "d"},
        {"\034e", "e"},
        {"\xff"
         "f",
         "f"},
        {"\033[1;2;3;4;5;6g", "!"},

        {"\033", "Esc"},
    };
    Pty   pty = {0};
    Index at = begin(&pty, &coloured);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char shown[40];
        if (strcmp(keys[i].name, "!") == 0) continue;
        snprintf(shown, sizeof shown, "key:%s;", keys[i].name);
        pty_type(&pty, keys[i].bytes);
        Index next = pty_await(&pty, "key:", at);
        at = pty_await(&pty, ";", next);
        if (memcmp(str_text(&pty.said) + next - 4, shown, strlen(shown)) != 0) {
            fail_msg("key %d is not %s: %.40s", (int)i, shown, str_text(&pty.said) + next - 4);
        }
    }
    quit(&pty);
}

/* base64 of "loralab run rank --seed 42"; of the text that is too long nothing comes out. */
static void a_line_goes_to_the_clipboard_of_terminals_that_have_one(void **state)
{
    (void)state;
    static const char        osc[] = "\033]52;c;bG9yYWxhYiBydW4gcmFuayAtLXNlZWQgNDI=\a";
    static const char *const with[] = {"xterm-256color", "tmux-256color", "screen"};
    static const char *const without[] = {"vt100", "linux"};
    for (size_t i = 0; i < sizeof with / sizeof *with; i++) {
        Pty   pty = {.term = with[i]};
        Index from = begin(&pty, &coloured);
        pty_type(&pty, "Y");
        Index at = pty_await(&pty, "\033]52;", from);
        assert_memory_equal(str_text(&pty.said) + at - 5, osc, sizeof osc - 1);
        at = pty_await(&pty, "copy:done.", at);
        assert_null(strstr(str_text(&pty.said) + from + 1, "eHh4eHh4"));
        quit(&pty);
    }
    for (size_t i = 0; i < sizeof without / sizeof *without; i++) {
        Pty   pty = {.term = without[i]};
        Index from = begin(&pty, &coloured);
        pty_type(&pty, "Y");
        pty_await(&pty, "copy:none.", from);
        assert_null(strstr(str_text(&pty.said), "]52;"));
        quit(&pty);
    }
}

static void escape_and_what_follows_it_are_two_keys(void **state)
{
    (void)state;
    Pty   pty = {0};
    Index at = begin(&pty, &coloured);
    pty_type(&pty, "\033b");
    at = pty_await(&pty, "key:Esc;", at);
    at = pty_await(&pty, "key:b;", at);
    pty_type(&pty, "\033\033OA");
    at = pty_await(&pty, "key:Esc;", at);
    pty_await(&pty, "key:Up;", at);
    quit(&pty);
}

static void a_character_may_come_in_pieces(void **state)
{
    (void)state;
    Pty             pty = {0};
    struct timespec pause = {.tv_nsec = 60000000};
    Index           at = begin(&pty, &coloured);
    pty_type(&pty, "\xe6");
    nanosleep(&pause, NULL);
    pty_type(&pty, "\x97\xa5");
    pty_await(&pty, "key:日;", at);
    quit(&pty);
}

/* ---- sizes ---- */

static void another_size_is_a_key_and_the_last_one_counts(void **state)
{
    (void)state;
    Pty   pty = {0};
    Index at = begin(&pty, &coloured);
    pty_resize(&pty, 30, 100);
    at = pty_await(&pty, "ready:30x100", at);
    for (int i = 0; i < 300; i++) pty_resize(&pty, 5 + i % 40, 20 + i % 150);
    pty_resize(&pty, 33, 111);
    pty_await(&pty, "ready:33x111", at);
    quit(&pty);
}

static void every_size_can_be_opened(void **state)
{
    (void)state;
    static const struct {
        int         rows, cols;
        const char *shown;
    } sizes[] = {
        {0, 0, "24x80"}, {5, 20, "5x20"}, {300, 300, "300x300"}, {65535, 65535, "1000x1000"}};
    /* What the environment says is older than what the kernel says. */
    setenv("LINES", "100000", 1);
    setenv("COLUMNS", "7", 1);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        Pty    pty = {.rows = sizes[i].rows, .cols = sizes[i].cols};
        Typist typist = coloured;
        pty_start(&pty, typist_run, &typist);
        pty_await(&pty, sizes[i].shown, pty_await(&pty, "ready:", 0) - 1);
        quit(&pty);
    }
    for (int side = 1; side <= 3; side++) {
        Pty    pty = {.rows = side, .cols = side};
        Typist typist = coloured;
        pty_start(&pty, typist_run, &typist);
        pty_await(&pty, "r", 0);
        quit(&pty);
    }
    unsetenv("LINES");
    unsetenv("COLUMNS");
}

/* ---- which terminals ---- */

/* 0: it may be used and can be; 3: it may not, and opening it says so too; else what is wrong. */
static int ask(void *context)
{
    Error        err = {0};
    TerminalSpec spec = {.colour = true};
    const char  *refusal = terminal_refusal();
    Display     *display = terminal_open(&spec, &err);
    (void)context;
    terminal_close(display);
    if ((display == NULL) != (refusal != NULL)) return 20;
    if (display != NULL) return 0;
    if (strpbrk(refusal, "\033\a\n") != NULL) return 21;
    dprintf(1, "because %s\r\n", refusal);
    return err.code == ERR_DEVICE && strcmp(err.message, refusal) == 0 ? 3 : 22;
}

static void assert_asked(const char *term, int status, const char *because)
{
    Pty pty = {.term = term, .rows = 24, .cols = 80};
    pty_start(&pty, ask, NULL);
    int got = pty_wait(&pty);
    if (got != status) fail_msg("TERM=%s: %d instead of %d", term, got, status);
    if (because != NULL) pty_await(&pty, because, 0);
    /* What is refused is left as it was: nothing but the reason came out. */
    if (because != NULL) assert_int_equal(str_text(&pty.said)[0], 'b');
    assert_true(pty_is_cooked(&pty));
    pty_free(&pty);
}

static void terminals_that_cannot_show_a_screen_are_refused(void **state)
{
    (void)state;
    assert_asked("-", 3, "TERM does not say");
    assert_asked("", 3, "TERM does not say");
    assert_asked("dumb", 3, "dumb");
    assert_asked("no-such-terminal", 3, "\"no-such-terminal\"");
    assert_asked("unknown", 3, "\"unknown\"");
    assert_asked("../../etc/passwd", 3, "is known here");
    assert_asked("x\033]0;title\a\n", 3, "x^[]0;title^G^J");
}

static void terminals_that_can_are_not(void **state)
{
    (void)state;
    static const char *const names[] = {"xterm-256color", "xterm", "vt100", "linux", "screen",
                                        "tmux-256color",  "rxvt",  "vt220", "ansi"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) assert_asked(names[i], 0, NULL);
}

static void a_terminal_of_direct_colours_never_ends_the_program(void **state)
{
    (void)state;
    Pty pty = {.term = "xterm-direct", .rows = 24, .cols = 80};
    pty_start(&pty, ask, NULL);
    int status = pty_wait(&pty); /* ncurses' own initscr would have ended it with 1 */
    assert_true(status == 0 || status == 3);
    pty_free(&pty);
}

static void what_is_no_terminal_is_refused(void **state)
{
    (void)state;
    Error        err = {0};
    TerminalSpec spec = {0};
    assert_non_null(terminal_refusal()); /* the runner keeps what tests print in a file */
    assert_null(terminal_open(&spec, &err));
    assert_error(&err, ERR_DEVICE, "not both a terminal");
}

/* ---- colours ---- */

/* Is one of the colours 30 to 38 or 40 to 48 set? (39 and 49 are the terminal's own.) */
static bool sends_colours(const Pty *pty)
{
    for (const char *at = str_text(&pty->said); (at = strstr(at, "\033[")) != NULL;) {
        at += 2;
        size_t n = strspn(at, "0123456789;");
        for (size_t i = 0; at[n] == 'm' && i + 1 < n; i++) {
            bool begins = i == 0 || at[i - 1] == ';', ends = i + 2 == n || at[i + 2] == ';';
            bool colour = strchr("34", at[i]) != NULL && strchr("012345678", at[i + 1]) != NULL;
            if (begins && ends && colour) return true;
        }
    }
    return false;
}

static void without_colour_none_is_sent(void **state)
{
    (void)state;
    Typist plain = {.spec = {.theme = THEME_AUTO}}, mono = {.spec = {THEME_MONO, true}};
    Pty    a = {0}, b = {0}, c = {.term = "vt100"}, d = {0}, e = {.term = "linux"};
    begin(&a, &plain);
    assert_false(sends_colours(&a));
    quit(&a);
    begin(&b, &mono);
    assert_null(strstr(str_text(&b.said), "38;5;"));
    quit(&b);
    begin(&c, &coloured);
    assert_false(sends_colours(&c));
    quit(&c);
    begin(&d, &coloured); /* and with it, some are */
    assert_non_null(strstr(str_text(&d.said), "38;5;"));
    quit(&d);
    begin(&e, &coloured);
    assert_null(strstr(str_text(&e.said), "38;5;"));
    assert_true(sends_colours(&e));
    quit(&e);
}

static void themes_change_while_it_is_open(void **state)
{
    (void)state;
    Pty   pty = {0};
    Index at = begin(&pty, &coloured);
    for (int i = 0; i < 2 * THEME_COUNT; i++) {
        pty_type(&pty, "T");
        at = pty_await(&pty, "end", pty_await(&pty, "ready:", at));
    }
    pty_await(&pty, "48;5;16", 0); /* contrast brings its background */
    quit(&pty);
}

TEST_GROUP(terminal, cmocka_unit_test(it_is_opened_shown_and_given_back),
           cmocka_unit_test(only_what_changed_is_sent), cmocka_unit_test(keys_have_their_names),
           cmocka_unit_test(a_line_goes_to_the_clipboard_of_terminals_that_have_one),
           cmocka_unit_test(escape_and_what_follows_it_are_two_keys),
           cmocka_unit_test(a_character_may_come_in_pieces),
           cmocka_unit_test(another_size_is_a_key_and_the_last_one_counts),
           cmocka_unit_test(every_size_can_be_opened),
           cmocka_unit_test(terminals_that_cannot_show_a_screen_are_refused),
           cmocka_unit_test(terminals_that_can_are_not),
           cmocka_unit_test(a_terminal_of_direct_colours_never_ends_the_program),
           cmocka_unit_test(what_is_no_terminal_is_refused),
           cmocka_unit_test(without_colour_none_is_sent),
           cmocka_unit_test(themes_change_while_it_is_open));
