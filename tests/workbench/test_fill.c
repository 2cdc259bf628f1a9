/* Text with values in braces. */

#include <string.h>

#include "core/base/mem.h"
#include "tests/test.h"
#include "tests/workbench/expr_rig.h"

typedef struct Filled {
    const char *text, *plain, *escaped; /* escaped NULL: the same */
} Filled;

static const Filled filled[] = {
    {"", "", NULL},
    {"no brace", "no brace", NULL},
    {"a } alone, a \\ too", "a } alone, a \\ too", NULL},
    {"\\{n} is {n}", "{n} is 3", NULL},
    {"{n}{n}", "33", NULL},
    {"{ n + 1 }", "4", NULL},
    {"{loss.last}", "1 nats/token", NULL},
    {"{loss.last:.3f} nats", "1.000 nats", NULL},
    {"{loss.first / 3:.2e}", "1.33e+00", NULL},
    {"{1 / 3:.4g}", "0.3333", NULL},
    {"{share}", "25 %", NULL},
    {"{n / 100:.1%}", "3.0 %", NULL},
    {"{size}", "12.3 KB", NULL},
    {"{size:d}", "12,345", NULL},
    {"{n * 1000:b}", "3.0 KB", NULL},
    {"{t}", "2.5 s (timed)", "2.5 s \\(timed\\)"},
    {"{t:.1f}", "2.5 (timed)", "2.5 \\(timed\\)"},
    {"{v}", "[3, 1, 2]", "\\[3, 1, 2\\]"},
    {"{yes1}", "yes", NULL},
    {"{-n}", "-3", NULL},
    {"{word}", "sql", NULL},
    {"{rec.text}", "x*y", "x\\*y"},
    {"{\"}\"}", "}", "\\}"},
    {"{\"a:b\"}", "a:b", "a\\:b"},
    {"{\"a\\\"}\"}", "a\"}", "a\\\"\\}"},
    {"{\"# 1. [x](y) <b> `c` _d_ & e|f~ !\"}", "# 1. [x](y) <b> `c` _d_ & e|f~ !",
     "\\# 1\\. \\[x\\]\\(y\\) \\<b\\> \\`c\\` \\_d\\_ \\& e\\|f\\~ \\!"},
    {"{\"    code\"}", "    code", "&#32;&#32;&#32;&#32;code"},
    {"{\"a\n\n- b \"}", "a\n\n- b ", "a&#32;&#32;\\- b&#32;"},
    {"{\"caf\xc3\xa9\"}", "caf\xc3\xa9", NULL},
};

static void braces_are_filled(void **state)
{
    (void)state;
    Error err = {0};
    assert_true(expr_rig_create(&err));
    for (size_t i = 0; i < sizeof filled / sizeof filled[0]; i++) {
        const Filled *f = &filled[i];
        Index         n = (Index)strlen(f->text);
        for (int escape = 0; escape < 2; escape++) {
            ExprFault fault;
            Str       out = {0};
            bool      ok = fill_text(&out, f->text, n, expr_rig_scope(), escape, &fault, &err);
            if (!ok) print_error("%s: %s\n", f->text, err.message);
            assert_true(ok);
            const char *want = escape && f->escaped != NULL ? f->escaped : f->plain;
            assert_string_equal(str_text(&out), want);
            str_free(&out);
        }
        assert_true(fill_check(f->text, n, expr_rig_scope(), NULL, &err));
        assert_true(fill_check(f->text, n, NULL, NULL, &err));
    }
    expr_rig_free();
}

static void wrong_braces_have_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        Index       at;
        const char *message, *hint;
        bool        form; /* seen without values, too */
    } rows[] = {
        {"ab {n", 3, "not closed", "\\{", true},
        {"{}", 1, "is missing", "", true},
        {"{:.3f}", 1, "is missing", "", true},
        {"x {n +}", 6, "a value should follow", "", true},
        {"{n:}", 3, "\"\" is no format", ".3f", true},
        {"{n:3f}", 3, "\"3f\" is no format", ".3f", true},
        {"{n:.f}", 3, "no format", ".3f", true},
        {"{n:.16f}", 3, "no format", ".3f", true},
        {"{n:.3d}", 3, "no format", ".3f", true},
        {"{n:s}", 3, "no format", ".3f", true},
        {"{n:.2fx}", 3, "no format", ".3f", true},
        {"{n:%n}", 3, "no format", ".3f", true},
        {"{{n}}", 1, "\"{\" means nothing", "", true},
        {"{n} {\"a}", 4, "not closed", "", true},
        {"ab {loss.lost}", 9, "no member \"lost\"", "it has first", false},
        {"ab {los}", 4, "no value \"los\"", "did you mean loss?", false},
    };
    Error err = {0};
    assert_true(expr_rig_create(&err));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Index     n = (Index)strlen(rows[i].text);
        ExprFault fault = {0};
        Error     why[3] = {{0}};
        Str       out = {0};
        assert_false(fill_text(&out, rows[i].text, n, expr_rig_scope(), false, &fault, &why[0]));
        if (fault.at != rows[i].at || strstr(fault.message, rows[i].message) == NULL ||
            strstr(fault.hint, rows[i].hint) == NULL) {
            print_error("%s: at %td %s (%s)\n", rows[i].text, fault.at, fault.message, fault.hint);
            fail();
        }
        assert_int_equal(why[0].code, ERR_INPUT);
        str_free(&out);
        assert_false(fill_check(rows[i].text, n, expr_rig_scope(), &fault, &why[1]));
        assert_int_equal(fault.at, rows[i].at);
        assert_true(fill_check(rows[i].text, n, NULL, &fault, &why[2]) == !rows[i].form);
    }
    expr_rig_free();
}

static void arguments_are_filled_with_all_digits(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"{1 / 3}", "0.3333333333333333"},
                                          {"r={n},{2 * n}", "r=3,6"},
                                          {"{v}", "3,1,2"},
                                          {"{yes1}", "true"},
                                          {"{size * 1000}", "12345000"},
                                          {"\\{{word}}", "{sql}"}};
    static const char *const refused[] = {"{n:.3f}", "{rec}", "{m}", "{none}", "{nosuch}"};
    Error                    err = {0};
    assert_true(expr_rig_create(&err));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Str out = {0};
        assert_true(
            fill_exact(&out, rows[i][0], (Index)strlen(rows[i][0]), expr_rig_scope(), NULL, &err));
        assert_string_equal(str_text(&out), rows[i][1]);
        str_free(&out);
    }
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        Str   out = {0};
        Error why = {0};
        assert_false(
            fill_exact(&out, refused[i], (Index)strlen(refused[i]), expr_rig_scope(), NULL, &why));
        assert_int_equal(why.code, ERR_INPUT);
        str_free(&out);
    }
    assert_true(fill_needed("a {b}") && !fill_needed("a \\{b}") && !fill_needed("a}"));
    expr_rig_free();
}

static void fill_some(void *context, Error *err)
{
    (void)context;
    Str         out = {0};
    const char *text = "{n} and {v} {rec.text} \\{ {t:.1f}";
    if (expr_rig_create(err) &&
        fill_text(&out, text, (Index)strlen(text), expr_rig_scope(), true, NULL, err)) {
        str_clear(&out);
        if (!fill_exact(&out, "{v}", 3, expr_rig_scope(), NULL, err)) CHECK(err->code != 0);
    }
    str_free(&out);
    expr_rig_free();
}

static void filling_survives_every_failed_allocation(void **state)
{
    (void)state;
    assert_true(torture(fill_some, NULL) > 100);
}

TEST_GROUP(fill, cmocka_unit_test(braces_are_filled),
           cmocka_unit_test(wrong_braces_have_their_place),
           cmocka_unit_test(arguments_are_filled_with_all_digits),
           cmocka_unit_test(filling_survives_every_failed_allocation));
