/* Prose: what md4c makes of Markdown, wrapped lines, ASCII, HTML, and hostile texts. */

#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "lessons/engine/prose.h"
#include "tests/test.h"

/* ---- help ------------------------------------------------------------------------------- */

static void wrapped(Str *out, const char *text, Index n, int columns, bool ascii)
{
    Error err = {0};
    Prose prose;
    assert_true(prose_parse(&prose, text, n, &err));
    assert_ok(&err);
    prose_text(out, &prose, columns, ascii);
    prose_free(&prose);
    assert_true(str_ok(out, &err));
}

static void expect_text(const char *text, int columns, bool ascii, const char *want)
{
    Str out = {0};
    wrapped(&out, text, (Index)strlen(text), columns, ascii);
    assert_string_equal(str_text(&out), want);
    str_free(&out);
}

static void expect_html(const char *text, const char *want)
{
    Error err = {0};
    Prose prose;
    Str   out = {0};
    assert_true(prose_parse(&prose, text, (Index)strlen(text), &err));
    prose_html(&out, &prose);
    assert_string_equal(str_text(&out), want);
    str_free(&out);
    prose_free(&prose);
}

static int widest(const char *text)
{
    int most = 0;
    while (*text != '\0') {
        Index n = (Index)strcspn(text, "\n");
        int   columns = text_columns(text, n);
        most = columns > most ? columns : most;
        text += n + (text[n] == '\n');
    }
    return most;
}

/* No byte of control but the newline, nothing hidden. */
static bool is_safe(const char *text)
{
    Index n = (Index)strlen(text);
    for (Index i = 0; i < n;) {
        uint32_t cp;
        int      length = utf8_decode(text + i, n - i, &cp);
        if (length < 0 || (cp != '\n' && text_is_hidden(cp))) return false;
        i += length;
    }
    return true;
}

/* ---- wrapping --------------------------------------------------------------------------- */

static const char lesson_text[] =
    "The rank of a matrix is the number of rows that no other row\n"
    "can stand for. A matrix of **rank 1** is an outer *product*: `r = 1`.\n"
    "\n"
    "### What to look at\n"
    "\n"
    "- the singular values, which say how much each direction carries away\n"
    "- the rank\n"
    "  - exact\n"
    "  - numeric, with a tolerance that depends upon the largest one\n"
    "\n"
    "1. change an entry\n"
    "2. look again\n"
    "\n"
    "> A quote from the paper, long enough to be wrapped in both widths, so it is.\n"
    "\n"
    "```\n"
    "a = rank A\n"
    "  indented\n"
    "```\n";

static void text_is_wrapped_at_40_columns(void **state)
{
    (void)state;
    expect_text(lesson_text, 40, false,
                "The rank of a matrix is the number of\n"
                "rows that no other row can stand for. A\n"
                "matrix of rank 1 is an outer product:\n"
                "`r = 1`.\n"
                "\n"
                "What to look at\n"
                "\n"
                "- the singular values, which say how\n"
                "  much each direction carries away\n"
                "- the rank\n"
                "  - exact\n"
                "  - numeric, with a tolerance that\n"
                "    depends upon the largest one\n"
                "1. change an entry\n"
                "2. look again\n"
                "\n"
                "> A quote from the paper, long enough to\n"
                "> be wrapped in both widths, so it is.\n"
                "\n"
                "  a = rank A\n"
                "    indented\n");
}

static void text_is_wrapped_at_72_columns(void **state)
{
    (void)state;
    expect_text(lesson_text, 72, false,
                "The rank of a matrix is the number of rows that no other row can stand\n"
                "for. A matrix of rank 1 is an outer product: `r = 1`.\n"
                "\n"
                "What to look at\n"
                "\n"
                "- the singular values, which say how much each direction carries away\n"
                "- the rank\n"
                "  - exact\n"
                "  - numeric, with a tolerance that depends upon the largest one\n"
                "1. change an entry\n"
                "2. look again\n"
                "\n"
                "> A quote from the paper, long enough to be wrapped in both widths, so\n"
                "> it is.\n"
                "\n"
                "  a = rank A\n"
                "    indented\n");
}

static void chinese_breaks_between_characters(void **state)
{
    (void)state;
    expect_text(
        "矩阵的秩是线性无关的行数，\n它说明这个矩阵里有多少信息。LoRA 的更新 ΔW 的秩不超过 r。\n",
        20, false,
        "矩阵的秩是线性无关的\n"
        "行数，它说明这个矩阵\n"
        "里有多少信息。LoRA\n"
        "的更新 ΔW 的秩不超过\n"
        "r。\n");
}

static void no_line_begins_with_what_closes_or_ends_with_what_opens(void **state)
{
    (void)state;
    /* Ten wide characters fill the line; the comma takes the tenth with it. */
    expect_text("一二三四五六七八九十，一二\n", 20, false, "一二三四五六七八九\n十，一二\n");
    expect_text("一二三四五六七八九（十）一\n", 20, false, "一二三四五六七八九\n（十）一\n");
}

static void a_word_wider_than_the_line_is_cut(void **state)
{
    (void)state;
    expect_text("see aaaaaaaaaabbbbbbbbbbccccccccccd e\n", 20, false,
                "see\naaaaaaaaaabbbbbbbbbb\nccccccccccd e\n");
}

static void a_number_and_its_unit_stay_on_one_line(void **state)
{
    (void)state;
    expect_text("the adapter takes 12.4 MB of it\n", 21, false,
                "the adapter takes\n12.4 MB of it\n");
    expect_text("the adapter takes **12.4** MB.\n", 22, false, "the adapter takes\n12.4 MB.\n");
    expect_text("cells of a matrix of 4 x 12\n", 23, false, "cells of a matrix of\n4 x 12\n");
    /* what follows a number is mostly no unit */
    expect_text("a matrix of some rank 4 has it\n", 23, false, "a matrix of some rank 4\nhas it\n");
}

static void figures_in_parentheses_stay_on_one_line(void **state)
{
    (void)state;
    expect_text("a multiple of its first row (1 == 1)\n", 31, false,
                "a multiple of its first row\n(1 == 1)\n");
    expect_text("a multiple of the first (0.25 to 1)\n", 31, false,
                "a multiple of the first\n(0.25 to 1)\n");
    /* words, and what is longer than half a line, are parted */
    expect_text("a multiple of its first row (as 1 is)\n", 31, false,
                "a multiple of its first row (as\n1 is)\n");
    expect_text("a multiple of it (1 and 2 and 3 and 4)\n", 31, false,
                "a multiple of it (1 and 2 and 3\nand 4)\n");
}

static void a_line_of_nothing_but_kept_blanks_still_breaks_at_one(void **state)
{
    (void)state;
    expect_text("aaa = bbb = ccc = ddd = eee\n", 20, false, "aaa = bbb = ccc =\nddd = eee\n");
}

static void a_hard_break_ends_the_line(void **state)
{
    (void)state;
    expect_text("one\\\ntwo  \nthree\nfour\n", 40, false, "one\ntwo\nthree four\n");
}

static void plain_text_is_wrapped_with_indents(void **state)
{
    (void)state;
    Str         out = {0};
    const char *text = "feedback that goes\nover several lines \x1b[31mred";
    prose_wrap(&out, text, (Index)strlen(text), "  -> ", "     ", 24);
    assert_string_equal(str_text(&out), "  -> feedback that goes\n"
                                        "     over several lines\n"
                                        "     ^[[31mred\n");
    str_free(&out);
}

static void links_show_their_address(void **state)
{
    (void)state;
    expect_text("[the paper](https://arxiv.org/abs/2106.09685) and [bad](javascript:alert(1))\n",
                72, false, "the paper <https://arxiv.org/abs/2106.09685> and bad\n");
}

/* ---- tables ----------------------------------------------------------------------------- */

static const char table[] = "| method | parameters | what it does |\n"
                            "|:--|--:|:-:|\n"
                            "| full | 1048576 | trains every weight of the model there is |\n"
                            "| LoRA | 8192 | trains B and A |\n";

static void a_table_is_aligned(void **state)
{
    (void)state;
    expect_text(table, 72, false,
                "method  parameters                what it does\n"
                "------  ----------  -----------------------------------------\n"
                "full       1048576  trains every weight of the model there is\n"
                "LoRA          8192               trains B and A\n");
}

/* What a model writes often begins with a blank; a word that is too wide would leave a line empty.
 */
static void a_cell_begins_with_its_first_word(void **state)
{
    Str   out = {0};
    Prose prose = {0};
    Error err = {0};
    (void)state;
    const char *text = "| a | b |\n| --- | --- |\n| x | \xef\xbf\xb9 SELECT\xef\xbf\xbb |\n";
    assert_true(prose_parse(&prose, text, (Index)strlen(text), &err));
    prose_marked(&out, &prose, 40, false);
    assert_non_null(strstr(str_text(&out), "\x0eSELECT"));
    prose_free(&prose);
    str_free(&out);
}

static void the_widest_column_of_a_table_gives_way(void **state)
{
    (void)state;
    expect_text(table, 40, false,
                "method  parameters      what it does\n"
                "------  ----------  --------------------\n"
                "full       1048576  trains every weight\n"
                "                     of the model there\n"
                "                             is\n"
                "LoRA          8192     trains B and A\n");
}

static void a_table_without_room_becomes_a_list(void **state)
{
    (void)state;
    expect_text("|alpha|bravo|charlie|delta|\n|---|---|---|---|\n|one hundred|two hundred|3|4|\n",
                20, false,
                "- alpha: one hundred\n"
                "  bravo: two hundred\n"
                "  charlie: 3\n"
                "  delta: 4\n");
}

/* ---- ASCII ------------------------------------------------------------------------------ */

static void formulas_are_spelled_out(void **state)
{
    (void)state;
    expect_text("h = Wx + (α/r)·BAx, ΔW = 2αBA, σ₁ ≥ σ₁₂, ‖W‖² → 0, Wᵀ, x⁻¹, √r, “é” … 5 × 3\n",
                100, true,
                "h = Wx + (alpha/r)*BAx, Delta W = 2 alpha BA, sigma_1 >= sigma_12, ||W||^2 -> "
                "0, W^T, x^-1, sqrt r,\n\"e\" ... 5 x 3\n");
}

static void ascii_leaves_no_other_byte(void **state)
{
    (void)state;
    const char *text = "秩是 r。\x1b[2J é日本 \u202ex 🎉 a\u0301\n\n`α`\n";
    Str         out = {0};
    wrapped(&out, text, (Index)strlen(text), 40, true);
    for (const char *c = str_text(&out); *c != '\0'; c++) {
        assert_true(*c == '\n' || (*c >= ' ' && *c < 0x7f));
    }
    assert_non_null(strstr(str_text(&out), "`alpha`"));
    str_free(&out);
}

/* ---- HTML ------------------------------------------------------------------------------- */

static void html_has_the_blocks(void **state)
{
    (void)state;
    expect_html("a *b* **c** `d<e`\n\n- x\n  - y\n- z\n\n### h\n\n|k|v|\n|---|--:|\n|1|2|\n",
                "<p>a <em>b</em> <strong>c</strong> <code>d&lt;e</code></p>\n"
                "<ul><li>x<ul><li>y</li></ul>\n</li>\n<li>z</li></ul>\n"
                "<h3>h</h3>\n"
                "<table>\n<tr><th>k</th><th style=\"text-align:right\">v</th></tr>\n"
                "<tr><td>1</td><td style=\"text-align:right\">2</td></tr>\n</table>\n");
}

static void html_lets_no_markup_of_the_text_through(void **state)
{
    (void)state;
    expect_html("<script>alert(1)</script> & \"q\" 'p' &lt;b&gt;\n",
                "<p>&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;q&quot; &#39;p&#39; "
                "&lt;b&gt;</p>\n");
    expect_html("[x](javascript:alert(1)) [y](data:text/html,a) ![z](file:///etc/passwd)\n",
                "<p>x y z</p>\n");
    expect_html("[q](<https://a/\"onclick=x>)\n",
                "<p><a href=\"https://a/&quot;onclick=x\">q</a></p>\n");
    /* The control: an address of the web is a link, so links as such are made. */
    expect_html("a `b\tc` d\te\n", "<p>a <code>b c</code> d e</p>\n");
    expect_html("[x](https://example.org)\n", "<p><a href=\"https://example.org\">x</a></p>\n");
}

/* ---- hostile ---------------------------------------------------------------------------- */

static void nothing_hidden_reaches_the_terminal(void **state)
{
    (void)state;
    const char *text = "a\x1b]0;title\x07 b\u202e c\u200b d&#27;[2J e\x7f f\u2028g\n\n"
                       "    code \x1b[31m\n\n| t\x1b[1m |\n|---|\n| \xc2\x9b"
                       "31m |\n";
    Str         out = {0};
    assert_false(is_safe(text)); /* the control */
    wrapped(&out, text, (Index)strlen(text), 40, false);
    assert_true(is_safe(str_text(&out)));
    assert_non_null(strstr(str_text(&out), "^["));
    str_free(&out);
}

static char *repeated(const char *piece, Index times)
{
    Str text = {0};
    for (Index i = 0; i < times; i++) str_add(&text, piece);
    char *whole = str_take(&text, NULL);
    assert_non_null(whole);
    return whole;
}

static void expect_bounded(const char *piece, Index times)
{
    Error err = {0};
    Prose prose;
    char *text = repeated(piece, times);
    if (prose_parse(&prose, text, (Index)strlen(text), &err)) {
        Str out = {0};
        prose_text(&out, &prose, 72, false);
        assert_true(widest(str_text(&out)) <= 72);
        assert_true(is_safe(str_text(&out)));
        str_free(&out);
        prose_html(&out, &prose);
        str_free(&out);
        prose_free(&prose);
    } else {
        assert_int_equal(err.code, ERR_INPUT);
    }
    mem_free(text);
}

static void huge_and_deep_texts_stay_bounded(void **state)
{
    (void)state;
    expect_bounded("x", 1000000);
    expect_bounded("字", 300000);
    expect_bounded("word ", 200000);
    expect_bounded("> ", 5000);
    expect_bounded("- ", 2000);
    expect_bounded("*_", 50000);
    expect_bounded("[", 50000);
    expect_bounded("`a", 50000);
    expect_bounded("<!--", 50000);
    expect_bounded("a\\\n", 50000);
}

/* 1000 columns and 1000 rows would be a million cells. */
static void a_table_of_very_many_columns_is_refused(void **state)
{
    (void)state;
    Str   text = {0};
    Error err = {0};
    Prose prose;
    for (int i = 0; i < 1000; i++) str_add(&text, "|a");
    str_add(&text, "|\n");
    for (int i = 0; i < 1000; i++) str_add(&text, "|---");
    str_add(&text, "|\n");
    for (int i = 0; i < 1000; i++) str_add(&text, "|b|\n");
    assert_false(prose_parse(&prose, str_text(&text), text.len, &err));
    assert_error(&err, ERR_INPUT, "32 columns");
    str_free(&text);
}

/* ---- memory ----------------------------------------------------------------------------- */

static void read_and_show(void *context, Error *err)
{
    (void)context;
    Prose       prose;
    Str         out = {0};
    const char *text = "a [l](https://a.b) α\n\n- x\n\n|a|b|\n|---|---|\n|`c`|d|\n\n    code\n";
    if (!prose_parse(&prose, text, (Index)strlen(text), err)) return;
    prose_text(&out, &prose, 40, true);
    prose_html(&out, &prose);
    prose_wrap(&out, text, 10, "", "", 40);
    if (!str_ok(&out, err)) (void)0;
    str_free(&out);
    prose_free(&prose);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    torture(read_and_show, NULL);
}

TEST_GROUP(prose, cmocka_unit_test(text_is_wrapped_at_40_columns),
           cmocka_unit_test(text_is_wrapped_at_72_columns),
           cmocka_unit_test(chinese_breaks_between_characters),
           cmocka_unit_test(no_line_begins_with_what_closes_or_ends_with_what_opens),
           cmocka_unit_test(a_word_wider_than_the_line_is_cut),
           cmocka_unit_test(a_hard_break_ends_the_line),
           cmocka_unit_test(plain_text_is_wrapped_with_indents),
           cmocka_unit_test(a_number_and_its_unit_stay_on_one_line),
           cmocka_unit_test(figures_in_parentheses_stay_on_one_line),
           cmocka_unit_test(a_line_of_nothing_but_kept_blanks_still_breaks_at_one),
           cmocka_unit_test(links_show_their_address), cmocka_unit_test(a_table_is_aligned),
           cmocka_unit_test(a_cell_begins_with_its_first_word),
           cmocka_unit_test(the_widest_column_of_a_table_gives_way),
           cmocka_unit_test(a_table_without_room_becomes_a_list),
           cmocka_unit_test(formulas_are_spelled_out), cmocka_unit_test(ascii_leaves_no_other_byte),
           cmocka_unit_test(html_has_the_blocks),
           cmocka_unit_test(html_lets_no_markup_of_the_text_through),
           cmocka_unit_test(nothing_hidden_reaches_the_terminal),
           cmocka_unit_test(huge_and_deep_texts_stay_bounded),
           cmocka_unit_test(a_table_of_very_many_columns_is_refused),
           cmocka_unit_test(every_allocation_may_fail));
