/* Expressions: names, units, clocks, blanks, verdicts, bounds. */

#include <string.h>

#include "core/base/mem.h"
#include "tests/test.h"
#include "tests/workbench/expr_rig.h"

/* ---- names ---- */

static void names_are_told_once_and_in_order_but_not_words(void **state)
{
    (void)state;
    Error       err = {0};
    const char *text = "mean(s[r=q0,seed=zero-b].loss, r) < b + b * min(c, d) - s[r=(e)].f";
    Expr       *expr = expr_parse(text, (Index)strlen(text), NULL, &err);
    assert_non_null(expr);
    const char *const want[] = {"s", "b", "c", "e"};
    assert_int_equal(expr_names(expr), 4);
    for (Index i = 0; i < 4; i++) assert_string_equal(expr_name(expr, i), want[i]);
    expr_free(expr);
}

/* ---- marks ---- */

static void what_a_clock_measured_stays_marked(void **state)
{
    (void)state;
    static const char *const timed[] = {
        "t",          "t + 1", "v * t", "max(t, 1)", "t < 3", "if(yes, t, 1)", "share(t / (t + 1))",
        "t ~= 2 +- 1"};
    static const char *const untimed[] = {"n + 1", "max(v)", "if(t > 1, 1, 2)"};
    expr_rig_open();
    for (size_t i = 0; i < sizeof timed / sizeof timed[0]; i++) {
        Error  err = {0};
        Datum *value = expr_rig_value(timed[i], NULL, &err);
        assert_non_null(value);
        if (!value->timed) print_error("%s\n", timed[i]);
        assert_true(value->timed);
        datum_drop(value);
    }
    for (size_t i = 0; i < 2; i++) { /* the control */
        Error  err = {0};
        Datum *value = expr_rig_value(untimed[i], NULL, &err);
        assert_false(value->timed);
        datum_drop(value);
    }
    expr_rig_free();
}

static void units_follow_where_they_make_sense(void **state)
{
    (void)state;
    static const struct {
        const char *text, *unit;
    } rows[] = {{"loss.last", "nats/token"},
                {"2 * loss.last", "nats/token"},
                {"loss.last - 1", "nats/token"},
                {"loss.last / loss.first", ""},
                {"loss.last * loss.last", ""},
                {"1 / loss.last", ""},
                {"t + loss.last", ""},
                {"100 * share", ""},
                {"1 - share", "%"},
                {"share(0.5)", "%"},
                {"mean(s.end)", "nats"},
                {"mean(s.end, r)", "nats"},
                {"count(s.end)", ""},
                {"log(loss.last)", ""},
                {"abs(t)", "s"}};
    expr_rig_open();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Error  err = {0};
        Datum *value = expr_rig_value(rows[i].text, NULL, &err);
        assert_non_null(value);
        if (strcmp(value->unit != NULL ? value->unit : "", rows[i].unit) != 0) {
            print_error("%s has unit %s\n", rows[i].text, value->unit != NULL ? value->unit : "-");
            fail();
        }
        datum_drop(value);
    }
    expr_rig_free();
}

/* ---- blanks ---- */

static void blanks_take_any_value_but_no_unknown_name(void **state)
{
    (void)state;
    static const char *const fine[] = {
        "blank[r=77].end.last < 1",
        "blank.end",
        "blank[r=5,seed=99].end / 0 > 1",
        "blank[r=5,seed=99].loss.at(1e6)",
        "mean(blank.end, r)[r=9]",
        "mean(blank.end, r)[3]",
        "argmin(blank.end, seed) == 3",
        "std(blank[r=1].end)",
        "blank[7].end > v",
        "all(blank.loss.last < 1)",
        "if(blank[1].end > 1, 1, 2)",
        "log(blank[1].end)",
        "mean(blank.end, r) - mean(s.end, r)",
        "blank.kind == \"x\"",
        "blank.loss.first - s.loss.first",
        "first(blank).inner.x",
        "blank[r=1,seed=2].sick and yes",
    };
    static const Wrong not_fine[] = {
        {"blank.nosuch", 6, "no member \"nosuch\"", NULL},
        {"blank[q=1]", 6, "no axis \"q\"", "axes are"},
        {"mean(blank.end, q)", 16, "no axis \"q\"", "axes are"},
        {"blank[1].kind + 1", 14, "cannot take a text", NULL},
        {"blank[1].end and yes", 13, "joins conditions", NULL},
        {"if(blank[1].end > 1, 1, nosuch)", 24, "no value", NULL},
        {"blank[1].sick or nosuch", 17, "no value", NULL},
        {"mean(blank.loss)", 0, "", NULL},
    };
    expr_rig_open();
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
        Error  err = {0};
        Datum *value = expr_rig_value(fine[i], NULL, &err);
        if (value == NULL) print_error("%s: %s\n", fine[i], err.message);
        assert_non_null(value);
        assert_true(value->blank);
        datum_drop(value);
    }
    for (size_t i = 0; i + 1 < sizeof not_fine / sizeof not_fine[0]; i++) {
        ExprFault fault = {0};
        Error     err = {0};
        Datum    *value = expr_rig_value(not_fine[i].text, &fault, &err);
        if (value != NULL || fault.at != not_fine[i].at) {
            print_error("%s: at %td %s\n", not_fine[i].text, fault.at, fault.message);
        }
        assert_null(value);
        assert_int_equal(fault.at, not_fine[i].at);
        assert_non_null(strstr(fault.message, not_fine[i].message));
    }
    expr_rig_free();
}

/* ---- verdicts and explanations ---- */

static void verdicts_and_explanations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool        holds;
        const char *shown;
    } rows[] = {
        {"n == 3", true, "3 == 3"},
        {"loss.last < loss.first", true, "1 < 4"},
        {"loss.last / 3 < 0.3", false, "0.333 < 0.3"},
        {"mean(s[r=2].end) < mean(s[r=1].end)", false, "20.5 < 10.5"},
        {"s.end > 9", true, "[10, 11, 20, 21] nats > 9"},
        {"s.end > 10", false, "[10, 11, 20, 21] nats > 10"},
        {"n ~= 3.1 +- 5%", true, "3 ~= 3.1 \xc2\xb1 5%"},
        {"n == 3 and v[1] == 4", false, "3 == 3 and 3 == 4"},
        {"n == 4 and nosuch == 4", false, "3 == 4 and ..."},
        {"(n == 4 or n == 3) and n < 4", true, "(3 == 4 or 3 == 3) and 3 < 4"},
        {"not n == 4", true, "not 3 == 4"},
        {"all(n == 3, v[2] == 2)", false, "all(3 == 3, 1 == 2)"},
        {"all(s.end < 20, r)", false, "[yes, no]"},
        {"yes1", true, "yes"},
        {"word == \"sql\"", true, "\"sql\" == \"sql\""},
        {"0.3 == 0.1 + 0.2", false, "0.29999999999999999 == 0.30000000000000004"},
        {"0.12341 < 0.12342", true, "0.12341 < 0.12342"},
        {"1 - share == share * 3", true, "75 % == 0.75"},
        {"s.kind == s.kind", true, "[k1, k1, k2, k2] == [k1, k1, k2, k2]"},
    };
    expr_rig_open();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Error err = {0};
        bool  holds = !rows[i].holds;
        Str   shown = {0};
        Expr *expr = expr_parse(rows[i].text, (Index)strlen(rows[i].text), NULL, &err);
        assert_non_null(expr);
        bool ok = expr_holds(expr, expr_rig_scope(), &holds, NULL, &err) &&
                  expr_explain(&shown, expr, expr_rig_scope(), &err);
        assert_ok(&err);
        assert_true(ok);
        if (holds != rows[i].holds) print_error("%s\n", rows[i].text);
        assert_true(holds == rows[i].holds);
        assert_string_equal(str_text(&shown), rows[i].shown);
        str_free(&shown);
        expr_free(expr);
    }
    expr_rig_free();
}

static void only_conditions_are_verdicts(void **state)
{
    (void)state;
    static const char *const texts[] = {"n", "v", "word", "rec", "s", "loss", "s.kind", "none > 1"};
    expr_rig_open();
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        Error err = {0};
        bool  holds = true;
        Expr *expr = expr_parse(texts[i], (Index)strlen(texts[i]), NULL, &err);
        assert_false(expr_holds(expr, expr_rig_scope(), &holds, NULL, &err));
        assert_false(holds);
        assert_int_equal(err.code, ERR_INPUT);
        expr_free(expr);
    }
    expr_rig_free();
}

/* ---- bounds ---- */

static void repeat(Str *out, const char *part, int times)
{
    for (int i = 0; i < times; i++) str_add(out, part);
}

static void depth_and_length_are_bounded(void **state)
{
    (void)state;
    static const struct {
        const char *open, *middle, *close;
        int         fine, too_many;
    } rows[] = {{"(", "1", ")", 30, 60},         {"-", "1", "", 30, 200},
                {"abs(", "1", ")", 30, 100},     {"not ", "yes", "", 30, 90},
                {"2^", "1", "", 30, 100},        {"1+", "1", "", 150, 300},
                {"v[", "1", "]", 1, 100},        {"", "1", "*1", 150, 400},
                {"if(yes,1,", "1", ")", 30, 60}, {"loss.at(", "10", ")", 1, 80}};
    expr_rig_open();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int many = 0; many < 2; many++) {
            Str   text = {0};
            Error err = {0};
            int   n = many ? rows[i].too_many : rows[i].fine;
            repeat(&text, rows[i].open, n);
            str_add(&text, rows[i].middle);
            repeat(&text, rows[i].close, n);
            Datum *value = expr_rig_value(str_text(&text), NULL, &err);
            if ((value == NULL) != many) print_error("%s: %s\n", str_text(&text), err.message);
            assert_true((value == NULL) == many);
            datum_drop(value);
            str_free(&text);
        }
    }
    Str   text = {0};
    Error err = {0};
    repeat(&text, " ", EXPR_MAX_TEXT);
    str_add(&text, "1");
    assert_null(expr_parse(str_text(&text), text.len, NULL, &err));
    assert_error(&err, ERR_INPUT, "2001 characters");
    str_free(&text);
    expr_rig_free();
}

static const Datum *find_context(void *context, const char *name)
{
    (void)name;
    return context;
}

static void operations_are_bounded(void **state)
{
    (void)state;
    Error  err = {0};
    Datum *many = datum_vector(NULL, 1 << 20, NULL, &err);
    Scope  scope = {.context = many, .find = find_context};
    for (int times = 20; times <= 120; times += 100) { /* so often 2^20 elements */
        Str text = {0};
        repeat(&text, "v+", times);
        str_add(&text, "v");
        Expr  *expr = expr_parse(str_text(&text), text.len, NULL, &err);
        Datum *value = expr_eval(expr, &scope, NULL, &err);
        assert_true((value != NULL) == (times == 20));
        datum_drop(value);
        expr_free(expr);
        str_free(&text);
    }
    assert_error(&err, ERR_INPUT, "more than 100000000 operations");
    datum_drop(many);
}

static void texts_need_not_end_in_a_zero(void **state)
{
    (void)state;
    Error err = {0};
    char *text = mem_alloc(mem_program(), MEM_TEXT, 5, 1, &err);
    memcpy(text, "1 < 2", 5);
    for (Index n = 0; n <= 5; n++) {
        Error why = {0};
        Expr *expr = expr_parse(text, n, NULL, &why);
        assert_true((expr != NULL) == (n == 1 || n == 2 || n == 5));
        expr_free(expr);
    }
    mem_free(text);
}

/* ---- memory ---- */

static void all_kinds(void *context, Error *err)
{
    static const char *const texts[] = {
        "mean(s[seed=*].end, r) - 2 * v[1..2] > 1 and not (s.kind == \"k1\")[1]",
        "rank(rec) + argmax(w.end[init=zero-b]) + median(v, m) + loss.at(20)",
        "if(yes, (s.loss * 2).last, 1)",
        "m[1..2,2..3] ~= m[1..2,2..3] +- 5%",
        "blank[r=4].end + blank.loss.last",
        "rec.nothing",
        "s[r=9]",
        "mean(s.end, q)",
        "1 +"};
    (void)context;
    if (!expr_rig_create(err)) {
        expr_rig_free();
        return;
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && err->code == ERR_NONE; i++) {
        Error why = {0};
        Expr *expr = expr_parse(texts[i], (Index)strlen(texts[i]), NULL, &why);
        Str   out = {0};
        bool  holds;
        if (expr != NULL) {
            Datum *value = expr_eval(expr, expr_rig_scope(), NULL, &why);
            datum_drop(value);
            if (why.code == ERR_NONE && expr_holds(expr, expr_rig_scope(), &holds, NULL, &why)) {
                if (!expr_explain(&out, expr, expr_rig_scope(), &why)) CHECK(why.code != 0);
            }
        }
        str_free(&out);
        expr_free(expr);
        if (why.code == ERR_MEMORY) *err = why;
    }
    expr_rig_free();
}

static void expressions_survive_every_failed_allocation(void **state)
{
    (void)state;
    assert_true(torture(all_kinds, NULL) > 100);
}

TEST_GROUP(expr_rules,

           cmocka_unit_test(names_are_told_once_and_in_order_but_not_words),
           cmocka_unit_test(what_a_clock_measured_stays_marked),
           cmocka_unit_test(units_follow_where_they_make_sense),
           cmocka_unit_test(blanks_take_any_value_but_no_unknown_name),
           cmocka_unit_test(verdicts_and_explanations),
           cmocka_unit_test(only_conditions_are_verdicts),
           cmocka_unit_test(depth_and_length_are_bounded), cmocka_unit_test(operations_are_bounded),
           cmocka_unit_test(texts_need_not_end_in_a_zero),
           cmocka_unit_test(expressions_survive_every_failed_allocation));
