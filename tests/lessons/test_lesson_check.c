/*
 * Every mistake an author can make: each tests/lessons/wrong/NAME.md is read and checked, and what
 * is said of it is exactly NAME.txt: file:line:col and message, the source line, a caret, a hint.
 * Translations, NAME.xx.md, are held against NAME.md, which then has no mistake.
 */

#include <string.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "tests/lessons/wrong_rig.h"
#include "tests/test.h"

#define WRONG_MIN 60 /* files */

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);
    return n >= m && strcmp(name + n - m, end) == 0;
}

static void said_of(Str *out, const char *name)
{
    Error      err = {0};
    Complaints complaints = {0};
    Lesson    *lesson = lesson_checked(name, &complaints);
    if (lesson->lang[0] != '\0' && complaints.count == 0) {
        Complaints own = {0};
        Str        path = {0};
        str_add_bytes(&path, name, (Index)strlen(name) - 6);
        str_add(&path, ".md");
        Lesson *main = lesson_checked(str_text(&path), &own);
        assert_int_equal(own.count, 0);
        Lesson *joined = lesson_translate(main, lesson, &complaints, &err);
        assert_ok(&err);
        lesson_free(joined);
        lesson_free(main);
        str_free(&path);
    }
    complaints_text(out, lesson, &complaints);
    lesson_free(lesson);
    complaints_free(&complaints);
}

static bool is_safe(const char *text)
{
    for (Index i = 0, n = (Index)strlen(text); i < n;) {
        uint32_t cp;
        int      length = utf8_decode(text + i, n - i, &cp);
        if (length < 0 || (cp != '\n' && text_is_hidden(cp))) return false;
        i += length;
    }
    return true;
}

/* True when the file has mistakes that are told as expected. */
static bool check_wrong(const char *file)
{
    Str   name = {0}, expected = {0}, said = {0};
    Index n;
    str_addf(&name, "wrong/%s", file);
    said_of(&said, str_text(&name));
    str_add_bytes(&expected, str_text(&name), name.len - 3);
    str_add(&expected, ".txt");
    bool has = path_exists(lesson_file(str_text(&expected)));
    if (has) {
        char *want = lesson_bytes(str_text(&expected), &n);
        assert_string_equal(str_text(&said), want);
        assert_true(said.len > 0 && is_safe(str_text(&said)));
        mem_free(want);
    } else { /* the lesson that a wrong translation is of */
        assert_string_equal(str_text(&said), "");
    }
    str_free(&name);
    str_free(&expected);
    str_free(&said);
    return has;
}

static void each_wrong_lesson_is_told_as_expected(void **state)
{
    (void)state;
    Error  err = {0};
    char **names;
    Index  count, wrong = 0;
    assert_true(folder_list(lesson_file("wrong"), &names, &count, &err));
    for (Index i = 0; i < count; i++) {
        if (ends_with(names[i], ".md")) wrong += check_wrong(names[i]);
        mem_free(names[i]);
    }
    mem_free(names);
    assert_true(wrong >= WRONG_MIN);
}

/* The lesson that the wrong ones were made from. */
static const char right[] = "---\nid: x\ntitle: X\nsummary: x\nminutes: 1\nseconds: 1\nmemory: 10\n"
                            "---\n\n## One {#one}\n\n"
                            "```predict id=p1 kind=number\nHow many?\nmeasure: a.rank\n```\n"
                            "```run\nA = matrix rows=\"1 2; 2 4\"\na = rank A\n```\n"
                            "```quiz id=q1\nWhy?\n[ ] no -> really\n[x] yes\nhint: look\n```\n"
                            "```assert\na.rank == 1\n```\n";

static void a_right_lesson_has_no_complaints(void **state)
{
    (void)state;
    Str said = {0};
    check_text(&said, "x.md", right, (Index)strlen(right));
    assert_string_equal(str_text(&said), "");
    str_free(&said);
}

/* Any byte in any place: what is said stays free of control bytes. */
static void no_byte_of_a_lesson_controls_the_terminal(void **state)
{
    (void)state;
    static const char *const pieces[] = {"\x1b[2J", "\x07", "\xff", "\u202e", "\r", "\xc2\x9b;"};
    Index                    n = (Index)strlen(right);
    for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
        for (Index at = 0; at < n; at += 3) {
            Str text = {0}, said = {0};
            str_add_bytes(&text, right, at);
            str_add(&text, pieces[p]);
            str_add(&text, right + at);
            check_text(&said, "x\x1b.md", str_text(&text), text.len);
            assert_true(said.len > 0 && is_safe(str_text(&said)));
            str_free(&text);
            str_free(&said);
        }
    }
    assert_false(is_safe("\x1b[2J")); /* the control */
}

static void at_most_a_hundred_mistakes_are_told(void **state)
{
    (void)state;
    Str text = {0}, said = {0};
    str_add(&text, right);
    for (int i = 0; i < 500; i++) str_addf(&text, "\n```odd%d\n```\n", i);
    check_text(&said, "x.md", str_text(&text), text.len);
    Index lines = 0;
    for (const char *at = str_text(&said); (at = strstr(at, "x.md:")) != NULL; at++) lines++;
    assert_int_equal(lines, 100);
    str_free(&text);
    str_free(&said);
}

static void mistakes_are_in_order_of_place(void **state)
{
    (void)state;
    Complaints complaints = {0};
    Lesson    *lesson = lesson_checked("wrong/several.md", &complaints);
    assert_true(complaints.count >= 4);
    for (Index i = 1; i < complaints.count; i++) {
        assert_true(complaints.list[i - 1].place.line <= complaints.list[i].place.line);
    }
    lesson_free(lesson);
    complaints_free(&complaints);
}

/* ---- hostile ---------------------------------------------------------------------------- */

static void check_repeated(const char *head, const char *piece, Index bytes)
{
    Str text = {0}, said = {0};
    str_add(&text, head);
    while (text.len + (Index)strlen(piece) <= bytes) str_add(&text, piece);
    check_text(&said, "x.md", str_text(&text), text.len);
    assert_true(is_safe(str_text(&said)));
    str_free(&text);
    str_free(&said);
}

/* A megabyte of each takes no more than moments: the test's time limit is what fails. */
static void a_megabyte_of_anything_is_checked_soon(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "a",
        "\n",
        "## S {#s}\n",
        "```\n",
        "```run\n",
        "<!-- note: a\n",
        "<!--",
        "{a}",
        "{",
        "> ",
        "\n```assert\na.rank==1\n```\n",
        "\n```run\na = rank A\n```\n",
        "\n~~~x\n\n```y\n",
        "|a",
        "[",
        "*a_",
        "<!-- pause -->\n",
    };
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        check_repeated(right, pieces[i], 1000000);
        check_repeated("---\n", pieces[i], 1000000);
    }
}

static void a_long_line_is_shown_around_its_mistake(void **state)
{
    (void)state;
    Str text = {0}, said = {0};
    str_add(&text, right);
    str_add(&text, "\n");
    for (int i = 0; i < 10000; i++) str_add(&text, "word ");
    str_add(&text, "{nothing}\n");
    check_text(&said, "x.md", str_text(&text), text.len);
    assert_non_null(strstr(str_text(&said), "there is no value \"nothing\"\n  ..."));
    assert_true(said.len < 2000);
    str_free(&text);
    str_free(&said);
}

TEST_GROUP(lesson_check, cmocka_unit_test(each_wrong_lesson_is_told_as_expected),
           cmocka_unit_test(a_right_lesson_has_no_complaints),
           cmocka_unit_test(no_byte_of_a_lesson_controls_the_terminal),
           cmocka_unit_test(at_most_a_hundred_mistakes_are_told),
           cmocka_unit_test(mistakes_are_in_order_of_place),
           cmocka_unit_test(a_megabyte_of_anything_is_checked_soon),
           cmocka_unit_test(a_long_line_is_shown_around_its_mistake));
