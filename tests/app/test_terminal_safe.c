/*
 * Nothing but safe text reaches the terminal: 200 payloads, put on the grid as text and pushed into
 * its cells past everything that would have made them safe. The same payloads written as they are
 * must all be found, or finding none would show nothing.
 */

#define _GNU_SOURCE /* memmem */
#include <locale.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "app/term/terminal_internal.h"
#include "core/base/text.h"
#include "tests/app/payloads.h"
#include "tests/app/pty_rig.h"
#include "tests/test.h"

/* ---- in the child ---- */

typedef struct Attack {
    int  first, count;
    bool bare; /* the control: past the terminal */
} Attack;

static void fill_grid(Grid *grid, const Attack *attack, bool cells)
{
    Str payload = {0};
    for (int i = 0; i < attack->count; i++) {
        make_payload(&payload, attack->first + i);
        Cell *cell = grid_at(grid, i, 0);
        if (!cells) {
            grid_text(grid, i, 0, grid->cols, INK_PLAIN, str_text(&payload));
        } else {
            size_t n = (size_t)payload.len < CELL_BYTES ? (size_t)payload.len : CELL_BYTES;
            memcpy(cell->text, str_text(&payload), n);
            cell->ink = 255;
        }
    }
    str_free(&payload);
}

static int attack_terminal(void *context)
{
    const Attack *attack = context;
    Error         err = {0};
    TerminalSpec  spec = {.colour = true};
    Display      *display = terminal_open(&spec, &err);
    if (display == NULL) return 3;
    for (int cells = 0; cells <= 1; cells++) {
        Grid grid;
        if (!grid_init(&grid, 24, 80, &err)) return 6;
        fill_grid(&grid, attack, cells == 1);
        display->show(display->self, &grid, -1, -1);
        grid_free(&grid);
    }
    Str payload = {0};
    make_payload(&payload, attack->first);
    if (attack->bare && write(1, str_text(&payload), (size_t)payload.len) != payload.len) return 4;
    str_free(&payload);
    terminal_close(display);
    return 0;
}

/* ---- what came out ---- */

/* The length of one of the sequences that xterm-256color has for ncurses; 0: it is none. */
static Index own_sequence(const char *at, Index n)
{
    static const char *const whole[] = {
        "\033(B",       "\033[?1049h",   "\033[?1049l",        "\033[22;0;0t",
        "\033[23;0;0t", "\033[?1h\033=", "\033[?1l\033>",      "\033[4l",
        "\033[?25l",    "\033[?25h",     "\033[?12l\033[?25h", "\033[!p",
        "\033[?7h",     "\033[H\033[2J", "\033[?12;25h"};
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        Index length = (Index)strlen(whole[i]);
        if (n >= length && memcmp(at, whole[i], (size_t)length) == 0) return length;
    }
    if (n < 3 || at[0] != '\033' || at[1] != '[') return 0;
    Index end = 2 + (Index)strspn(at + 2, "0123456789;");
    if (end >= n || strchr("mHABCDGdKJXPLM@rb", at[end]) == NULL) return 0;
    bool blinks = memmem(at, (size_t)end, "5m", 2) != NULL && end < 4;
    return blinks ? 0 : end + 1;
}

/* Where the first thing is that is neither text nor ncurses' own; -1: nowhere. */
static Index first_foreign(const char *bytes, Index n)
{
    for (Index i = 0; i < n;) {
        uint32_t cp;
        Index    own = bytes[i] == '\033' ? own_sequence(bytes + i, n - i) : 0;
        int      length = utf8_decode(bytes + i, n - i, &cp);
        if (own > 0) {
            i += own;
        } else if (length < 0) {
            return i;
        } else if (text_is_hidden(cp) && cp != '\r' && cp != '\n' && cp != '\b') {
            return i;
        } else {
            i += length;
        }
    }
    return -1;
}

/* Of the payload itself: is it in what was sent? */
static bool holds(const Str *said, const char *payload)
{
    return memmem(said->data, (size_t)said->len, payload, strlen(payload)) != NULL;
}

static void attack(Pty *pty, int first, int count, bool bare)
{
    Attack what = {first, count, bare};
    pty->rows = 24;
    pty->cols = 80;
    pty_start(pty, attack_terminal, &what);
    assert_int_equal(pty_wait(pty), 0);
}

static void no_payload_reaches_the_terminal(void **state)
{
    (void)state;
    enum { TOGETHER = 20 };
    for (int first = 0; first < PAYLOADS; first += TOGETHER) {
        Pty pty = {0};
        attack(&pty, first, TOGETHER, false);
        Index foreign = first_foreign(pty.said.data, pty.said.len);
        if (foreign >= 0) fail_msg("from %d: sent %.20s", first, pty.said.data + foreign);
        for (int i = 0; i < TOGETHER; i++) {
            Str payload = {0};
            make_payload(&payload, first + i);
            if (holds(&pty.said, str_text(&payload))) fail_msg("payload %d is sent", first + i);
            str_free(&payload);
        }
        pty_free(&pty);
    }
}

static void each_payload_would_be_found_if_it_were_sent(void **state)
{
    (void)state;
    int foreign = 0;
    for (int i = 0; i < PAYLOADS; i++) {
        Pty pty = {0};
        Str payload = {0};
        attack(&pty, i, 1, true);
        make_payload(&payload, i);
        /* The line discipline may put \r before \n: up to there. */
        payload.data[strcspn(payload.data, "\n")] = '\0';
        if (!holds(&pty.said, payload.data)) fail_msg("payload %d is not found", i);
        foreign += first_foreign(pty.said.data, pty.said.len) >= 0;
        str_free(&payload);
        pty_free(&pty);
    }
    /* Those made of sequences that ncurses sends too are told only by the question above. */
    assert_in_range(foreign, PAYLOADS * 3 / 4, PAYLOADS);
}

/* ---- one cell ---- */

static void assert_sent(const char *text, int width, const wchar_t *want)
{
    Cell    cell = {.width = (uint8_t)width};
    wchar_t out[CELL_CHARACTERS + 1];
    memcpy(cell.text, text, strlen(text));
    terminal_cell(&cell, out);
    if (wcscmp(out, want) != 0) fail_msg("\"%s\" becomes %ls", text, out);
}

static void a_cell_is_one_character_with_its_marks_or_a_question_mark(void **state)
{
    (void)state;
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    assert_sent("", 1, L" ");
    assert_sent("a", 1, L"a");
    assert_sent("é", 1, L"é");
    assert_sent("日", 2, L"日");
    assert_sent("日", 1, L"?"); /* it would push the row to the right */
    assert_sent("a", 2, L"?");
    assert_sent("e\u0301\u0302", 1, L"e\u0301\u0302");
    assert_sent("eab", 1, L"e"); /* one character a cell */
    assert_sent("e\033\u0301", 1, L"e\u0301");
    assert_sent("e\u202e", 1, L"e");
    assert_sent("\033", 1, L"?");
    assert_sent("\n", 1, L"?");
    assert_sent("\xc2\x9b", 1, L"?");
    assert_sent("\u0301", 1, L"?");
    assert_sent("\xff", 1, L"?");
    assert_sent("a\u0300\u0301\u0302\u0303\u0304\u0305", 1, L"a\u0300\u0301\u0302\u0303");
    assert_non_null(setlocale(LC_CTYPE, "C"));
    assert_sent("a", 1, L"a");
    assert_sent("é", 1, L"?");
    assert_sent("⣿", 1, L"?");
}

/* ---- colours ---- */

static double linear(int level)
{
    double c = level / 255.0;
    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

/* Relative luminance (WCAG) of one of xterm's colours 16 to 255. */
static double luminance(int number)
{
    static const int levels[] = {0, 95, 135, 175, 215, 255};
    int              grey = 8 + 10 * (number - 232), i = number - 16;
    if (number >= 232) return linear(grey);
    return 0.2126 * linear(levels[i / 36]) + 0.7152 * linear(levels[i / 6 % 6]) +
           0.0722 * linear(levels[i % 6]);
}

static double contrast(int number, double other)
{
    double own = luminance(number);
    double low = own < other ? own : other, high = own < other ? other : own;
    return (high + 0.05) / (low + 0.05);
}

static void colours_can_be_read_on_their_background(void **state)
{
    (void)state;
    static const struct {
        double on_black, on_white;
    } least[THEME_COUNT] = {[THEME_AUTO] = {3, 3},
                            [THEME_DARK] = {4.5, 1},
                            [THEME_LIGHT] = {1, 4.5},
                            [THEME_CONTRAST] = {7, 1}};
    for (int theme = THEME_AUTO; theme < THEME_MONO; theme++) {
        for (int ink = 0; ink < INK_COUNT; ink++) {
            Paint paint = terminal_paint((Theme)theme, 256, (Ink)ink);
            if (paint.fg < 0) continue;
            double black = contrast(paint.fg, 0), white = contrast(paint.fg, 1);
            if (black < least[theme].on_black || white < least[theme].on_white) {
                fail_msg("%s, ink %d: colour %d has %.1f on black, %.1f on white",
                         theme_name((Theme)theme), ink, paint.fg, black, white);
            }
        }
    }
}

static void series_differ_and_mono_has_no_colour(void **state)
{
    (void)state;
    for (int theme = THEME_AUTO; theme < THEME_MONO; theme++) {
        for (int a = INK_GUESS; a < INK_COUNT; a++) {
            assert_int_not_equal(terminal_paint((Theme)theme, 256, (Ink)a).fg,
                                 terminal_paint((Theme)theme, 256, INK_DIM).fg);
            for (int b = a + 1; b < INK_COUNT; b++) {
                assert_int_not_equal(terminal_paint((Theme)theme, 256, (Ink)a).fg,
                                     terminal_paint((Theme)theme, 256, (Ink)b).fg);
            }
        }
        for (int ink = 0; ink < INK_COUNT; ink++) { /* names only: nothing bright */
            assert_in_range(terminal_paint((Theme)theme, 16, (Ink)ink).fg + 1, 0, 8);
            assert_in_range(terminal_paint((Theme)theme, 1 << 24, (Ink)ink).fg + 1, 0, 8);
        }
    }
    static const int depths[] = {0, 8, 256};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(terminal_paint(THEME_MONO, depths[i], INK_BAD).fg, -1);
        assert_int_equal(terminal_paint(THEME_DARK, 0, INK_BAD).fg, -1);
    }
    assert_true(terminal_paint(THEME_MONO, 0, INK_STRONG).bold);
}

TEST_GROUP(terminal_safe, cmocka_unit_test(no_payload_reaches_the_terminal),
           cmocka_unit_test(each_payload_would_be_found_if_it_were_sent),
           cmocka_unit_test(a_cell_is_one_character_with_its_marks_or_a_question_mark),
           cmocka_unit_test(colours_can_be_read_on_their_background),
           cmocka_unit_test(series_differ_and_mono_has_no_colour));
