#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "tests/test.h"

/* ---- UTF-8 ------------------------------------------------------------------------------ */

static void every_scalar_value_survives_encode_and_decode(void **state)
{
    (void)state;
    for (uint32_t cp = 0; cp <= 0x10ffff; cp++) {
        if (cp == 0xd800) cp = 0xe000;
        char     bytes[4];
        uint32_t back = 0;
        int      n = utf8_encode(cp, bytes);
        if (utf8_decode(bytes, n, &back) != n || back != cp) fail_msg("U+%04X", cp);
        for (int cut = 1; cut < n; cut++) {
            if (utf8_decode(bytes, cut, &back) != -cut) fail_msg("U+%04X cut at %d", cp, cut);
        }
    }
}

static void assert_subpart(const char *bytes, int length)
{
    uint32_t cp;
    assert_int_equal(utf8_decode(bytes, (Index)strlen(bytes), &cp), -length);
    assert_false(utf8_valid(bytes, (Index)strlen(bytes)));
}

static void invalid_bytes_come_in_maximal_subparts(void **state)
{
    (void)state;
    assert_subpart("\x80", 1);
    assert_subpart("\xff", 1);
    assert_subpart("\xc0\x80", 1);         /* overlong NUL */
    assert_subpart("\xe0\x9f\xbf", 1);     /* overlong */
    assert_subpart("\xed\xa0\x80", 1);     /* surrogate */
    assert_subpart("\xf4\x90\x80\x80", 1); /* beyond U+10FFFF */
    assert_subpart("\xf5\x80\x80\x80", 1);
    assert_subpart("\xf0\x9f\x98", 3); /* cut short */
    assert_subpart("\xf0\x9f\x98x", 3);
    assert_subpart("\xe2\x82"
                   "a",
                   2);
    assert_true(utf8_valid("", 0));
    assert_true(utf8_valid("a\0b", 3));
}

/* ---- safe text -------------------------------------------------------------------------- */

static void assert_safe(const char *bytes, Index n, bool lines, int columns, const char *want)
{
    Str s = {0};
    safe_text(&s, bytes, n, lines, columns);
    assert_string_equal(str_text(&s), want);
    if (columns > 0) assert_in_range(text_columns(str_text(&s), s.len), 0, columns);
    str_free(&s);
}

static void assert_shown(const char *bytes, const char *want)
{
    assert_safe(bytes, (Index)strlen(bytes), false, 0, want);
}

static void printable_text_passes(void **state)
{
    (void)state;
    assert_shown("", "");
    assert_shown("q_proj ~!", "q_proj ~!");
    assert_shown("Größe 日本語 😀", "Größe 日本語 😀");
    assert_shown("e\u0301", "e\u0301");
}

static void what_a_terminal_obeys_becomes_visible(void **state)
{
    (void)state;
    assert_shown("\x1b]0;owned\a", "^[]0;owned^G");
    assert_shown("a\r\nb\t\b\x7f", "a^M^Jb^I^H^?");
    assert_safe("a\0b", 3, false, 0, "a^@b");
    assert_safe("a\n\tb\r", 5, true, 0, "a\n\tb^M");
    assert_shown("\xc2\x9b"
                 "31m",
                 "\\u{9b}31m"); /* CSI as one code point */
    assert_shown("\x9b"
                 "31m",
                 "\\x9b31m"); /* and as one byte */
    assert_shown("\u202eevil\u2066", "\\u{202e}evil\\u{2066}");
    assert_shown("\u200b\u200d\u2060\ufeff", "\\u{200b}\\u{200d}\\u{2060}\\u{feff}");
    assert_shown("\u2028\u2029", "\\u{2028}\\u{2029}");
    assert_shown("\U000e0041", "\\u{e0041}");
    assert_shown("\xed\xa0\x80", "\\xed\\xa0\\x80");
    assert_shown("\xf0\x9f\x98", "\\xf0\\x9f\\x98");
}

static void marks_are_capped_at_four(void **state)
{
    (void)state;
    char bytes[2 * 1000 + 2] = "a";
    for (int i = 0; i < 1000; i++) memcpy(bytes + 1 + 2 * i, "\xcc\x81", 2);
    assert_safe(bytes, 2001, false, 0, "a\u0301\u0301\u0301\u0301");
    assert_safe(bytes + 1, 2000, false, 0, ""); /* nothing of ours is marked */
}

static void a_cut_is_marked_and_splits_nothing(void **state)
{
    (void)state;
    assert_safe("abcdef", 6, false, 6, "abcdef");
    assert_safe("abcdefg", 7, false, 6, "abc...");
    assert_safe("abc", 3, false, 2, "..");
    assert_safe("abc", 3, false, 1, ".");
    assert_safe("日本語", 9, false, 6, "日本語");
    assert_safe("日本語x", 10, false, 6, "日...");
    assert_safe("ab\x1b\x1b\x1b", 5, false, 7, "ab^[...");
    assert_safe("abcd\xff\xff", 6, false, 8, "abcd...");
    assert_safe("abe\u0301xyz", 8, false, 6, "abe\u0301xyz");
    assert_safe("abe\u0301xyzz", 9, false, 6, "abe\u0301...");
}

static void a_cut_keeps_what_stood_before(void **state)
{
    (void)state;
    Str s = {0};
    str_add(&s, "name: ");
    safe_text(&s, "abcdefgh", 8, false, 5);
    assert_string_equal(str_text(&s), "name: ab...");
    str_free(&s);
}

static void names_are_cut_at_200_columns(void **state)
{
    (void)state;
    char name[5000];
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    Str s = {0};
    safe_name(&s, name);
    assert_int_equal(s.len, 200);
    str_free(&s);
}

/* No byte string, however bad, gets a control through. */
static void nothing_hidden_ever_passes(void **state)
{
    (void)state;
    uint32_t seed = 12345, cp;
    for (int round = 0; round < 3000; round++) {
        char bytes[24];
        for (size_t i = 0; i < sizeof bytes; i++) {
            seed = seed * 1664525u + 1013904223u;
            bytes[i] = (char)(seed >> 24);
        }
        Str s = {0};
        safe_text(&s, bytes, sizeof bytes, false, round % 40);
        for (Index i = 0; i < s.len;) {
            int n = utf8_decode(s.data + i, s.len - i, &cp);
            assert_true(n > 0);
            assert_false(text_is_hidden(cp));
            i += n;
        }
        str_free(&s);
    }
}

/* ---- columns and normal form ------------------------------------------------------------ */

static void columns_are_those_of_a_terminal(void **state)
{
    (void)state;
    assert_int_equal(text_columns("abc", 3), 3);
    assert_int_equal(text_columns("日本", 6), 4);
    assert_int_equal(text_columns("e\u0301", 3), 1);
    assert_int_equal(text_columns("a\xff\xf0\x9f", 4), 3);
    assert_int_equal(text_columns("", 0), 0);
}

static void assert_nfc(const char *bytes, const char *want)
{
    Error err = {0};
    Str   s = {0};
    assert_true(text_nfc(&s, bytes, (Index)strlen(bytes), &err));
    assert_string_equal(str_text(&s), want);
    str_free(&s);
}

static void normal_form_composes(void **state)
{
    (void)state;
    assert_nfc("plain", "plain");
    assert_nfc("e\u0301", "\u00e9");
    assert_nfc("\u1112\u1161\u11ab", "\ud55c"); /* Hangul */
    assert_nfc("a\u0323\u0307", "\u1ea1\u0307");
    assert_nfc("a\u0307\u0323", "\u1ea1\u0307"); /* marks put in order first */
    assert_nfc("\u212b", "\u00c5");
    assert_nfc("\u2126x日", "\u03a9x日");
}

static void normalise(void *context, Error *err)
{
    Str s = {0};
    if (text_nfc(&s, context, (Index)strlen(context), err)) assert_int_equal(s.len, 3);
    str_free(&s);
}

static void normalising_survives_every_failed_allocation(void **state)
{
    (void)state;
    char composed[] = "xe\u0301", plain[] = "xyz";
    assert_int_equal(torture(normalise, composed), 2);
    assert_int_equal(torture(normalise, plain), 1);
}

static void show_much(void *context, Error *err)
{
    (void)context;
    Str s = {0};
    safe_text(&s, "\x1b[31m and a good deal more than the first sixty-four bytes of a Str ...", 71,
              false, 69);
    if (str_ok(&s, err)) assert_true(s.len > 60);
    str_free(&s);
}

static void showing_survives_every_failed_allocation(void **state)
{
    (void)state;
    assert_true(torture(show_much, NULL) >= 2);
}

/* utf8proc alone takes minutes for this; canonical order puts all marks of class 220 first. */
static void long_runs_of_marks_are_ordered_in_linear_time(void **state)
{
    enum { PAIRS = 100000 };
    Str   text = {0}, out = {0};
    Error err = {0};
    (void)state;

    str_add(&text, "q");
    for (int i = 0; i < PAIRS; i++) str_add(&text, "\u0301\u0323");
    assert_true(text_nfc(&out, text.data, text.len, &err));
    assert_int_equal(out.len, text.len);
    assert_memory_equal(out.data + 1, "\u0323\u0323", 4);
    assert_memory_equal(out.data + out.len - 4, "\u0301\u0301", 4);
    str_free(&text);
    str_free(&out);
}

TEST_GROUP(text, cmocka_unit_test(long_runs_of_marks_are_ordered_in_linear_time),
           cmocka_unit_test(every_scalar_value_survives_encode_and_decode),
           cmocka_unit_test(invalid_bytes_come_in_maximal_subparts),
           cmocka_unit_test(printable_text_passes),
           cmocka_unit_test(what_a_terminal_obeys_becomes_visible),
           cmocka_unit_test(marks_are_capped_at_four),
           cmocka_unit_test(a_cut_is_marked_and_splits_nothing),
           cmocka_unit_test(a_cut_keeps_what_stood_before),
           cmocka_unit_test(names_are_cut_at_200_columns),
           cmocka_unit_test(nothing_hidden_ever_passes),
           cmocka_unit_test(columns_are_those_of_a_terminal),
           cmocka_unit_test(normal_form_composes),
           cmocka_unit_test(normalising_survives_every_failed_allocation),
           cmocka_unit_test(showing_survives_every_failed_allocation));
