/* SVG, CSV and gnuplot: hostile text in every place, each with a control that shows that the
 * check can fail. And the sentences. */

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "core/base/text.h"
#include "core/figure/gnuplot.h"
#include "tests/figure/figures.h"
#include "tests/test.h"

static const double nan_value = (double)NAN;

/* As wide as the longest hostile text, so that layouts agree. */
static const char *const hostile[] = {
    "a'; system('touch x') #",
    "a''''b'''",
    "`touch x`",
    "\"`touch x`\"",
    "a\n!touch x\nsystem('x')",
    "QZJX\nQZJX\ne\nEOD\n",
    "</svg><script>alert(1)</script>",
    "</title></desc><svg onload='x'>",
    "\" onload=\"alert(1)\" x=\"",
    "&lt; &#0; &amp ]]> <!-- -->",
    "\x1b]0;title\a \x1b[2J \x9b 31m",
    "\xc2\x9b 31m \xc2\x85 \xe2\x80\xa8 \xe2\x80\xa9",
    "\xe2\x80\xae gnp.exe \xe2\x80\x8b \xef\xbb\xbf",
    "\xff\xfe\xc0\xaf \xed\xa0\x80 broken",
    "%s %n %d %g %c 100%",
    "@macro {/=20 x} \\n $d0 $(x)",
    "=cmd|'/c calc'!A1",
    "=1+1,\"x\",\r\n@SUM(A1)",
    "\xf0\x9f\x98\x80 \xe4\xb8\xad\xe6\x96\x87 e\xcc\x81",
    "",
};
enum { HOSTILE = sizeof hostile / sizeof *hostile };

static bool has_hidden(const char *text)
{
    Index n = (Index)strlen(text);
    for (Index i = 0; i < n;) {
        uint32_t cp;
        int      length = utf8_decode(text + i, n - i, &cp);
        if (length < 0 || (cp != '\n' && text_is_hidden(cp))) return true;
        i += length;
    }
    return false;
}

/* ---- gnuplot ---------------------------------------------------------------------------- */

static void write_script(Str *out, FigureKind kind, const char *text, bool strict)
{
    Error         err = {0};
    GnuplotTarget target = {"svg", "a.svg", 640, 400, strict};
    Figure       *figure = figure_with_text(kind, text, &err);
    assert_true(figure != NULL && figure_ok(figure, &err));
    figure_gnuplot(out, figure, &target, "QZJX");
    assert_true(str_ok(out, &err));
    figure_free(figure);
}

/* The script without what is inside single quotes, as gnuplot would cut it: a quote ends at the
 * next one or at the end of its line. Right margins follow the text's length and do not count. */
static void skeleton(Str *out, const char *script)
{
    bool inside = false;
    for (const char *c = script; *c != '\0'; c++) {
        if (strncmp(c, "set rmargin ", 12) == 0) c += strcspn(c, "\n");
        if (*c == '\n') inside = false;
        if (!inside || *c == '\'') str_add_bytes(out, c, 1);
        if (*c == '\'') inside = !inside;
    }
}

static bool same_commands(const char *script, const char *harmless)
{
    Str a = {0}, b = {0};
    skeleton(&a, script);
    skeleton(&b, harmless);
    bool same = strcmp(str_text(&a), str_text(&b)) == 0;
    str_free(&a);
    str_free(&b);
    return same;
}

static void text_never_becomes_a_gnuplot_command(void **state)
{
    (void)state;
    for (int kind = FIGURE_LINE; kind <= FIGURE_STACK; kind++) {
        Str harmless = {0};
        write_script(&harmless, (FigureKind)kind, "harmless", false);
        for (int i = 0; i < HOSTILE; i++) {
            for (int strict = 0; strict < 2; strict++) {
                Str script = {0};
                if (*hostile[i] == '\0') continue; /* no label, no line for it */
                write_script(&script, (FigureKind)kind, hostile[i], strict);
                assert_true(same_commands(str_text(&script), str_text(&harmless)));
                assert_false(has_hidden(str_text(&script)));
                str_free(&script);
            }
        }
        str_free(&harmless);
    }
}

static void the_check_of_commands_can_fail(void **state)
{
    (void)state;
    const char *harmless = "set title 'harmless'\n";
    assert_true(same_commands("set title 'other'\n", harmless));
    assert_false(same_commands("set title 'a'; system('touch x') #'\n", harmless));
    assert_false(same_commands("set title 'a\n!touch x'\n", harmless));
    assert_false(same_commands("set title \"`touch x`\"\n", harmless));
    assert_true(has_hidden("\x1b[2J") && has_hidden("\xe2\x80\xae") && has_hidden("\xff"));
    assert_false(has_hidden("plain 中文\n"));
}

static void assert_quoted(const char *text, bool strict, int tick, const char *want)
{
    Str out = {0};
    gnuplot_quote(&out, text, strict, tick);
    assert_string_equal(str_text(&out), want);
    str_free(&out);
}

static void quoting_follows_its_rule(void **state)
{
    (void)state;
    assert_quoted("it's", false, 0, "'it\xe2\x80\x99s'");
    assert_quoted("a\nb\tc", false, 0, "'a b c'");
    assert_quoted("a\x1b\x7f\xc2\x9b\xe2\x80\xae\xffz", false, 0, "'az'");
    assert_quoted("50 %", false, 20, "'50 %%'");
    assert_quoted("50 %", false, 0, "'50 %'");
    assert_quoted("r = 8, x/y-z. `$(x)' \"\\{}<|@中", true, 0, "'r = 8, x/y-z. x '");
    char long_text[400];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    Str out = {0};
    gnuplot_quote(&out, long_text, false, 0);
    assert_int_equal(out.len, 122);
    str_free(&out);
}

/* Between "<< QZJX" and "QZJX" there is nothing but numbers and NaN. Returns the lines. */
static int check_blocks(const char *script)
{
    int  lines = 0;
    bool inside = false;
    for (const char *line = script; *line != '\0';) {
        size_t n = strcspn(line, "\n");
        if (inside && n == 4 && strncmp(line, "QZJX", 4) == 0) {
            inside = false;
        } else if (inside) {
            for (size_t i = 0; i < n; i++) assert_non_null(strchr("0123456789+-.e NaN", line[i]));
            lines++;
        } else if (n > 8 && strncmp(line + n - 8, "<< QZJX", 7) == 0) {
            inside = true;
        } else if (n > 7 && strncmp(line + n - 7, "<< QZJX", 7) == 0) {
            inside = true;
        }
        line += n + (line[n] == '\n');
    }
    assert_false(inside);
    return lines;
}

static void datablocks_hold_numbers_only(void **state)
{
    (void)state;
    Error   err = {0};
    double  y[] = {1, nan_value, (double)INFINITY, -1e300, 1.0 / 3};
    Figure *figure = figure_of_values(y, 5, &err);
    figure_band(figure, 0, y, y);
    Str           out = {0};
    GnuplotTarget target = {"pngcairo", "a.png", 640, 400, false};
    figure_gnuplot(&out, figure, &target, "QZJX");
    assert_int_equal(check_blocks(str_text(&out)), 10);
    assert_non_null(strstr(str_text(&out), "4 0.333333333\n"));
    assert_non_null(strstr(str_text(&out), "NaN NaN\n"));
    assert_null(strstr(str_text(&out), "set datafile missing")); /* it would bridge the gap */
    str_free(&out);
    figure_free(figure);
}

static void a_log_axis_without_positive_values_is_linear(void **state)
{
    (void)state;
    Error         err = {0};
    double        none[] = {-1, 0, -3}, some[] = {-1, 2, 0};
    GnuplotTarget target = {"pngcairo", "a.png", 640, 400, false};
    for (int i = 0; i < 2; i++) {
        Figure *figure = figure_of_values(i == 0 ? none : some, 3, &err);
        Str     out = {0};
        figure_axis(figure, 'y', "loss", NULL, true);
        figure_gnuplot(&out, figure, &target, "QZJX");
        assert_int_equal(strstr(str_text(&out), "set logscale y") != NULL, i == 1);
        str_clear(&out);
        assert_true(figure_text(&out, figure, 10, 60, CHARSET_BLOCK, &err));
        assert_int_equal(strstr(str_text(&out), "(log)") != NULL, i == 1);
        assert_int_equal(strstr(str_text(&out), "not log") != NULL, i == 0);
        str_free(&out);
        figure_free(figure);
    }
}

static void every_terminal_is_addressed(void **state)
{
    (void)state;
    static const char *const lines[][2] = {
        {"pngcairo", "set terminal pngcairo noenhanced size 640,400 font 'sans,11'\n"},
        {"pdfcairo", "set terminal pdfcairo noenhanced size 6.40in,4.00in font 'sans,11'\n"},
        {"svg", "set terminal svg noenhanced size 640,400 font 'sans-serif,13'\n"},
        {"dumb", "set terminal dumb noenhanced size 640,400\n"},
        {"qt", "set terminal qt 0 noenhanced size 640,400 title 'loralab' noraise nopersist\n"},
        {"x11", "set terminal x11 0 noenhanced size 640,400 title 'loralab' noraise nopersist\n"},
        {"wxt", "set terminal wxt 0 noenhanced size 640,400 title 'loralab' noraise nopersist\n"},
    };
    Error err = {0};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        bool          window = i >= 4;
        GnuplotTarget target = {lines[i][0], window ? NULL : "p", 640, 400, false};
        Figure       *figure = figure_of_ranks(&err);
        Str           out = {0};
        figure_gnuplot(&out, figure, &target, "QZJX");
        assert_non_null(strstr(str_text(&out), lines[i][1]));
        assert_non_null(strstr(str_text(&out), "set decimalsign '.'\n"));
        assert_int_equal(strstr(str_text(&out), "set output 'p'") != NULL, !window);
        str_free(&out);
        figure_free(figure);
    }
}

/* ---- SVG -------------------------------------------------------------------------------- */

/* Tags and attributes as a parser would see them: what is outside text and attribute values. */
static void tags_of(Str *out, const char *svg)
{
    bool tag = false, value = false;
    for (const char *c = svg; *c != '\0'; c++) {
        if (!tag && *c == '<') tag = true;
        if (tag && !value) str_add_bytes(out, isdigit((unsigned char)*c) ? "0" : c, 1);
        if (tag && *c == '"') value = !value;
        if (tag && !value && *c == '>') tag = false;
    }
}

static bool same_tags(const char *a, const char *b)
{
    Str one = {0}, two = {0};
    tags_of(&one, a);
    tags_of(&two, b);
    bool same = strcmp(str_text(&one), str_text(&two)) == 0;
    str_free(&one);
    str_free(&two);
    return same;
}

/* Every & begins one of the five entities that we write. */
static bool entities_are_ours(const char *svg)
{
    static const char *const ours[] = {"&lt;", "&gt;", "&amp;", "&quot;", "&#39;"};
    for (const char *c = strchr(svg, '&'); c != NULL; c = strchr(c + 1, '&')) {
        bool known = false;
        for (int i = 0; i < 5; i++) known = known || strncmp(c, ours[i], strlen(ours[i])) == 0;
        if (!known) return false;
    }
    return true;
}

static void text_never_becomes_markup(void **state)
{
    (void)state;
    Error err = {0};
    for (int kind = FIGURE_LINE; kind <= FIGURE_STACK; kind++) {
        Figure *harmless = figure_with_text((FigureKind)kind, "harmless, but long enough", &err);
        Str     want = {0};
        figure_svg(&want, harmless, 2000, 900);
        for (int i = 0; i < HOSTILE; i++) {
            Figure *figure = figure_with_text((FigureKind)kind, hostile[i], &err);
            Str     got = {0};
            figure_svg(&got, figure, 2000, 900);
            assert_false(has_hidden(str_text(&got)));
            assert_true(entities_are_ours(str_text(&got)));
            assert_null(strstr(str_text(&got), "<script"));
            bool lines_moved = *hostile[i] == '\0'; /* fewer titles */
            assert_true(lines_moved || same_tags(str_text(&got), str_text(&want)));
            str_free(&got);
            figure_free(figure);
        }
        str_free(&want);
        figure_free(harmless);
    }
}

static void the_check_of_markup_can_fail(void **state)
{
    (void)state;
    assert_true(same_tags("<a b=\"x\">one</a>", "<a b=\"y>\">two</a>"));
    assert_false(same_tags("<a b=\"x\">one</a>", "<a b=\"x\"><b/></a>"));
    assert_false(same_tags("<a b=\"x\" onload=\"y\">one</a>", "<a b=\"x\">one</a>"));
    assert_false(entities_are_ours("a &#0; b"));
    assert_false(entities_are_ours("a & b"));
    assert_true(entities_are_ours("a &amp; b"));
}

static void svg_fits_page_phone_and_dark(void **state)
{
    (void)state;
    Error   err = {0};
    Figure *figure = figure_of_ranks(&err);
    Str     out = {0};
    figure_svg(&out, figure, 640, 360);
    assert_non_null(strstr(str_text(&out), "viewBox=\"0 0 640 360\""));
    assert_non_null(strstr(str_text(&out), "max-width:100%"));
    assert_non_null(strstr(str_text(&out), "stroke:var(--figure-1,#0072b2)"));
    assert_non_null(strstr(str_text(&out), "stroke-dasharray")); /* the prediction */
    assert_non_null(strstr(str_text(&out), "fill=\"currentColor\""));
    assert_non_null(strstr(str_text(&out), ">you said</text>"));
    assert_null(strstr(str_text(&out), " id=")); /* many share a page */
    assert_null(strstr(str_text(&out), "<style"));
    str_free(&out);
    figure_free(figure);
}

/* ---- CSV -------------------------------------------------------------------------------- */

static void assert_csv(Figure *figure, const char *want)
{
    Error err = {0};
    Str   out = {0};
    figure_csv(&out, figure);
    assert_true(str_ok(&out, &err));
    assert_string_equal(str_text(&out), want);
    str_free(&out);
    figure_free(figure);
}

static void numbers_have_all_their_digits(void **state)
{
    (void)state;
    Error   err = {0};
    double  y[] = {0.1, nan_value, 1.0 / 3};
    Figure *figure = figure_of_values(y, 3, &err);
    assert_csv(figure, "series,x,y\nv,0,0.1\nv,1,\nv,2,0.3333333333333333\n");

    figure = figure_of_values(y, 2, &err);
    figure_axis(figure, 'x', "step", NULL, false);
    figure_band(figure, 0, y, y);
    assert_csv(figure, "series,step,y,low,high\nv,0,0.1,0.1,0.1\nv,1,,,\n");

    figure = figure_create(FIGURE_HEAT, "h", &err);
    figure_heat(figure, y, 1, 3);
    assert_csv(figure, "row,column,value\n0,0,0.1\n0,1,\n0,2,0.3333333333333333\n");

    assert_csv(figure_of_times(&err), "series,x,time\nfull,forward,31.2\nfull,backward,65.1\n"
                                      "full,optimizer,12.4\nLoRA r = 8,forward,33.1\n"
                                      "LoRA r = 8,backward,40.5\nLoRA r = 8,optimizer,0.4\n");
}

static void assert_field(const char *label, const char *want)
{
    Error   err = {0};
    double  y[] = {1};
    Figure *figure = figure_create(FIGURE_LINE, "t", &err);
    Str     text = {0};
    figure_series(figure, label, NULL, y, 1);
    str_addf(&text, "series,x,y\n%s,0,1\n", want);
    assert_csv(figure, str_text(&text));
    str_free(&text);
}

static void fields_are_quoted(void **state)
{
    (void)state;
    assert_field("plain", "plain");
    assert_field("a,b", "\"a,b\"");
    assert_field("say \"x\"", "\"say \"\"x\"\"\"");
    assert_field("two\nlines", "\"two lines\"");
    assert_field("=1+1", "\"'=1+1\"");
    assert_field(" @SUM(A1)", "\"' @SUM(A1)\"");
    assert_field("\x1b[2J", " [2J");
    assert_field("中文", "中文");
}

static void csv_holds_nothing_hidden(void **state)
{
    (void)state;
    Error err = {0};
    for (int i = 0; i < HOSTILE; i++) {
        Figure *figure = figure_with_text(FIGURE_BAR, hostile[i], &err);
        Str     out = {0};
        int     rows = 0;
        figure_csv(&out, figure);
        assert_false(has_hidden(str_text(&out)));
        for (const char *c = str_text(&out); *c != '\0'; c++) rows += *c == '\n';
        assert_int_equal(rows, 7);
        str_free(&out);
        figure_free(figure);
    }
}

/* ---- sentences -------------------------------------------------------------------------- */

static void assert_sentence(Figure *figure, const char *want)
{
    Str out = {0};
    figure_sentence(&out, figure);
    assert_string_equal(str_text(&out), want);
    str_free(&out);
    figure_free(figure);
}

static void sentences_tell_what_is_shown(void **state)
{
    (void)state;
    Error err = {0};
    assert_sentence(figure_of_losses(&err),
                    "training loss, sql, r = 8: 1 falls from 4 to 1.21, 8 falls from 4 to 0.207, "
                    "32 falls from 4 to 0.0698, 256 falls from 4 to 2.3, between step 0 and step "
                    "200; lowest at the end: 32 (0.0698), highest: 256 (2.3).");
    assert_sentence(figure_of_ranks(&err),
                    "How much rank is enough: measured falls from 0.9 to 0.19, you said "
                    "(prediction) falls from 0.8 to 0.02, between r = 1 and r = 64; lowest at the "
                    "end: you said (prediction) (0.02), highest: measured (0.19).");
    assert_sentence(figure_of_times(&err),
                    "time per step: full: forward 31.2, backward 65.1, optimizer 12.4; LoRA r = 8: "
                    "forward 33.1, backward 40.5, optimizer 0.4.");
    assert_sentence(figure_of_matrix(&err),
                    "W = B A, rank 2: 10 rows by 10 columns; lowest -1.96 at row 8, column 1, "
                    "highest 1.99 at row 8, column 8; 1 missing.");
    assert_sentence(figure_of_bytes(&err),
                    "bytes in use over one step: highest total 14.6 MB at op = 50: weights 3.7 MB, "
                    "adapter 300 KB, optimizer 1.2 MB, gradients 0 B, activations 9.4 MB; total at "
                    "the start 5.2 MB, at the end 5.8 MB.");
}

static void sentences_tell_what_is_missing(void **state)
{
    (void)state;
    Error  err = {0};
    double gap[] = {1, nan_value, 4, 2}, end[] = {3, 2, nan_value, nan_value}, none[] = {nan_value};
    double one[] = {7}, flat[] = {2, 2, 2};
    assert_sentence(figure_of_values(gap, 4, &err),
                    "values: v rises from 1 to 2 with 1 missing, between x = 0 and x = 3; highest "
                    "4 at x = 2.");
    assert_sentence(figure_of_values(end, 4, &err), "values: v falls from 3 to 2 and has no values "
                                                    "after x = 1, between x = 0 and x = 1.");
    assert_sentence(figure_of_values(none, 1, &err), "values: no values.");
    assert_sentence(figure_of_values(one, 1, &err), "values: v is 7 at x = 0.");
    assert_sentence(figure_of_values(flat, 3, &err),
                    "values: v stays at 2, between x = 0 and x = 2.");
}

static void sentences_are_one_safe_line(void **state)
{
    (void)state;
    Error err = {0};
    for (int i = 0; i < HOSTILE * 4; i++) {
        Figure *figure = figure_with_text((FigureKind)(i % 4), hostile[i / 4], &err);
        Str     out = {0};
        figure_sentence(&out, figure);
        assert_false(has_hidden(str_text(&out)));
        assert_null(strchr(str_text(&out), '\n'));
        for (int charset = 0; charset < 3; charset++) {
            str_clear(&out);
            assert_true(figure_text(&out, figure, 16, 60, (Charset)charset, &err));
            assert_false(has_hidden(str_text(&out)));
        }
        str_free(&out);
        figure_free(figure);
    }
}

TEST_GROUP(
    figure_writers, cmocka_unit_test(text_never_becomes_a_gnuplot_command),
    cmocka_unit_test(the_check_of_commands_can_fail), cmocka_unit_test(quoting_follows_its_rule),
    cmocka_unit_test(datablocks_hold_numbers_only),
    cmocka_unit_test(a_log_axis_without_positive_values_is_linear),
    cmocka_unit_test(every_terminal_is_addressed), cmocka_unit_test(text_never_becomes_markup),
    cmocka_unit_test(the_check_of_markup_can_fail), cmocka_unit_test(svg_fits_page_phone_and_dark),
    cmocka_unit_test(numbers_have_all_their_digits), cmocka_unit_test(fields_are_quoted),
    cmocka_unit_test(csv_holds_nothing_hidden), cmocka_unit_test(sentences_tell_what_is_shown),
    cmocka_unit_test(sentences_tell_what_is_missing),
    cmocka_unit_test(sentences_are_one_safe_line));
