/* Expressions: what they give, and where they go wrong. */

#include <math.h>
#include <string.h>

#include "core/base/mem.h"
#include "tests/test.h"
#include "tests/workbench/expr_rig.h"

static Datum *evaluate(const char *text, ExprFault *fault, Error *err)
{
    Expr  *expr = expr_parse(text, (Index)strlen(text), fault, err);
    Datum *value = expr != NULL ? expr_eval(expr, expr_rig_scope(), fault, err) : NULL;
    expr_free(expr);
    return value;
}

static void with_rig(void)
{
    Error err = {0};
    assert_true(expr_rig_create(&err));
}

/* ---- values ---- */

typedef struct Known {
    const char *text;
    const char *shown; /* with all digits, see datum_exact; else as shown */
} Known;

static const Known known[] = {
    /* numbers and precedence */
    {"1", "1"},
    {"1e-3", "0.001"},
    {".5", "0.5"},
    {"1 + 2 * 3", "7"},
    {"(1 + 2) * 3", "9"},
    {"2 - 3 - 4", "-5"},
    {"2 / 4 / 2", "0.25"},
    {"-2 ^ 2", "-4"},
    {"(-2) ^ 2", "4"},
    {"2 ^ 3 ^ 2", "512"},
    {"2 ^ -1", "0.5"},
    {"2 * -3", "-6"},
    {"--3", "3"},
    {"1 - -1", "2"},
    {"1 < 2", "true"},
    {"2 <= 2", "true"},
    {"3 > 4", "false"},
    {"3 >= 4", "false"},
    {"1 + 1 == 2", "true"},
    {"1 != 1", "false"},
    {"not 1 > 2 and 2 > 1", "true"},
    {"not (1 > 2 or 2 > 1)", "false"},
    {"1 > 2 or 2 > 1 and 3 > 2", "true"},
    {"yes and not no", "true"},
    {"yes == true", "true"},
    {"no != false", "false"},
    {"\"a\" == \"a\"", "true"},
    {"\"a\\\"b\"", "a\"b"},
    {"word == \"sql\"", "true"},
    {"word != \"js\"", "true"},
    /* closeness */
    {"1 ~= 1.1 +- 0.2", "true"},
    {"1 ~= 1.1 \xc2\xb1 0.05", "false"},
    {"95 ~= 100 +- 5%", "true"},
    {"94.9 ~= 100 +- 5%", "false"},
    {"-95 ~= -100 +- 5%", "true"},
    {"v ~= v +- 0", "true,true,true"},
    /* guards are not evaluated beyond need */
    {"1 > 2 and 1 / 0 > 1", "false"},
    {"1 < 2 or nosuch", "true"},
    {"if(1 < 2, 5, nosuch)", "5"},
    {"if(1 > 2, nosuch, word)", "sql"},
    /* functions */
    {"abs(-3)", "3"},
    {"log(exp(2))", "2"},
    {"log10(1000)", "3"},
    {"sqrt(16)", "4"},
    {"round(2.5)", "3"},
    {"round(-2.5)", "-3"},
    {"round(3.14159, 2)", "3.14"},
    {"round(1234, -2)", "1200"},
    {"floor(-0.5)", "-1"},
    {"ratio(6, 4)", "1.5"},
    {"min(3, 1, 2)", "1"},
    {"max(v)", "3"},
    {"max(v, 7)", "7"},
    {"sum(v)", "6"},
    {"mean(v)", "2"},
    {"median(v)", "2"},
    {"median(1, 2, 3, 10)", "2.5"},
    {"std(1, 3)", "1.4142135623730951"},
    {"std(v)", "1"},
    {"count(v)", "3"},
    {"count(none)", "0"},
    {"sum(none)", "0"},
    {"norm(3, 4)", NULL},
    {"norm(m[1,*])", "3.7416573867739413"},
    {"argmin(v)", "2"},
    {"argmax(v)", "1"},
    {"argmin(loss)", "30"},
    {"rank(m)", "2"},
    {"rank(rec)", "1"},
    {"all(v > 0)", "true"},
    {"all(v > 1, yes)", "false"},
    {"any(v > 2)", "true"},
    {"sum(v > 1)", "2"},
    {"first(v)", "3"},
    {"last(v)", "2"},
    {"first(s).end", "10"},
    /* vectors */
    {"v", "3,1,2"},
    {"2 * v - 1", "5,1,3"},
    {"v > 1", "true,false,true"},
    {"not (v > 1)", "false,true,false"},
    {"v > 1 and v < 3", "false,false,true"},
    {"v[2]", "1"},
    {"v[2..3]", "1,2"},
    {"v[*]", "3,1,2"},
    {"v.last", "2"},
    {"v.mean", "2"},
    {"v.count", "3"},
    {"v + col[1..3]", "4,3,5"},
    /* matrices */
    {"m[2,3]", "6"},
    {"m[2,*]", "4,5,6"},
    {"m[*,2]", "2,5"},
    {"m[1,2..3]", "2,3"},
    {"m[1..2,1..2][2,1]", "4"},
    {"m.rows", "2"},
    {"m.cols", "3"},
    {"m.max", "6"},
    {"(m * 2)[1,2]", "4"},
    {"all(m == m)", "true"},
    {"col[2]", "2"},
    {"rec[2,2]", "4"},
    {"sum(rec - rec)", "0"},
    /* series */
    {"loss.first", "4"},
    {"loss.last", "1"},
    {"loss.min", "1"},
    {"loss.max", "4"},
    {"loss.count", "3"},
    {"loss.at(20)", "2"},
    {"loss.at(29.5)", "2"},
    {"loss.x", "10,20,30"},
    {"loss.y", "4,2,1"},
    {"(loss / 2).last", "0.5"},
    {"(loss - loss).max", "0"},
    {"loss[1..2].last", "2"},
    {"mean(loss.y)", "2.3333333333333335"},
    /* records */
    {"rec.a", "1"},
    {"rec.deep.b", "2"},
    {"rec.text", "x*y"},
    /* tables */
    {"count(s)", "4"},
    {"s.end", "10,11,20,21"},
    {"s[r=2].end", "20,21"},
    {"s[r=2,seed=43].end", "21"},
    {"s[seed=43,r=2].end", "21"},
    {"s[r=*,seed=42].end", "10,20"},
    {"s[r=n-1].end", "20,21"},
    {"s[r=(n - 1)].end", "20,21"},
    {"s[r=2.0].end", "20,21"},
    {"s[2].end", "11"},
    {"s[2..3].end", "11,20"},
    {"s.end[r=2]", "20,21"},
    {"s.end[r=2,seed=42]", "20"},
    {"s.inner.x", "1,1,2,2"},
    {"s.loss.last", "10,11,20,21"},
    {"s[seed=42].loss.last", "10,20"},
    {"s.loss.at(50)", "6,6,7,7"},
    {"s.loss[1].last", "10"},
    {"(s.loss * 2).last", "20,22,40,42"},
    {"s.kind", "k1,k1,k2,k2"},
    {"s.kind == \"k1\"", "true,true,false,false"},
    {"s.sick", "false,false,true,true"},
    {"mean(s.end, r)", "10.5,20.5"},
    {"mean(s.end, seed)", "15,16"},
    {"min(s.end, r)", "10,20"},
    {"std(s.end, r)", "0.7071067811865476,0.7071067811865476"},
    {"count(s.end, r)", "2,2"},
    {"count(s, r)", "2,2"},
    {"all(s.end < 20, r)", "true,false"},
    {"min(s.end, n)", "3"},
    {"mean(s.end, r)[r=2]", "20.5"},
    {"argmin(mean(s.end, r))", "1"},
    {"argmax(mean(s.end, r))", "2"},
    {"argmax(s.end)", "4"},
    {"argmax(s.end, r)", "2"},
    {"argmax(s.end, seed)", "43"},
    {"mean(s.end, r) - mean(s.end, r)", "0,0"},
    /* words as keys */
    {"w[init=zero-b].end", "1"},
    {"w[init=true].end", "2"},
    {"w[init=\"zero-b\"].end", "1"},
    {"w[init=argmax(w.end, init)].end", "2"},
    {"argmax(w.end)", "2"},
    {"argmax(w.end, init)", "true"},
};

static void expressions_have_their_values(void **state)
{
    (void)state;
    with_rig();
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        ExprFault fault;
        Error     err = {0};
        Str       shown = {0};
        Datum    *value = evaluate(known[i].text, &fault, &err);
        if (known[i].shown == NULL) { /* an argument too many in the wrong place */
            assert_null(value);
            continue;
        }
        if (value == NULL) print_error("%s: %s\n", known[i].text, err.message);
        assert_non_null(value);
        if (!datum_exact(&shown, value)) datum_show(&shown, value, 0, -1, false);
        if (strcmp(str_text(&shown), known[i].shown) != 0) print_error("%s:\n", known[i].text);
        assert_string_equal(str_text(&shown), known[i].shown);
        str_free(&shown);
        datum_drop(value);
    }
    expr_rig_free();
}

/* ---- faults ---- */

typedef struct Wrong {
    const char *text;
    Index       at;
    const char *message, *hint; /* parts of them; hint NULL: none is expected */
} Wrong;

static const Wrong wrong[] = {
    /* form */
    {"", 0, "is missing", NULL},
    {"1 +", 3, "a value should follow", NULL},
    {"1 2", 2, "\"2\" stands where an operator", NULL},
    {"(1", 2, "\")\" should follow", NULL},
    {"1)", 1, "operator or the end", NULL},
    {"a.", 2, "member's name", NULL},
    {"v[", 2, "a value", NULL},
    {"v[1", 3, "\",\" or \"]\"", NULL},
    {"v[1,2,3]", 6, "at most two positions", NULL},
    {"s[r=1,2]", 6, "not both", NULL},
    {"s[r=]", 4, "a value", NULL},
    {"n = 3", 2, "\"=\" stands where", "=="},
    {"n && n", 2, "\"&\" means nothing", "and"},
    {"n || n", 2, "\"|\"", "or"},
    {"!n", 0, "\"!\"", "not"},
    {"'a'", 0, "\"'\"", "\""},
    {"\"abc", 0, "has no end", NULL},
    {"1 < 2 < 3", 6, "cannot be chained", "a < b and b < c"},
    {"1 ~= 2", 6, "a tolerance should follow", "+- 0.1"},
    {"1 +- 2", 2, "\"+-\" stands", "follows x ~= y"},
    {"5%", 1, "\"%\"", "share"},
    {"1 + not yes", 4, "stands where a value", "parentheses"},
    {"1e999", 0, "too large", NULL},
    {"{n}", 0, "means nothing", "inside of an expression"},
    {"\x01", 0, "\"^A\" means nothing", NULL},
    {"\xff", 0, "\"\\xff\" means nothing", NULL},
    {"\xe2\x88\x92"
     "1",
     0, "means nothing", NULL},
    {"nosuch(1)", 0, "no function \"nosuch\"", NULL},
    {"meen(v)", 0, "no function", "did you mean mean?"},
    {"log(1, 2)", 0, "log takes 1 to 1 values, not 2", NULL},
    {"if(yes, 1)", 0, "if takes 3 to 3", NULL},
    {"loss.min()", 5, "only .at(x)", "min(...)"},
    /* names and members */
    {"nosuch", 0, "no value \"nosuch\"", NULL},
    {"1 + los", 4, "no value \"los\"", "did you mean loss?"},
    {"mean", 0, "no value \"mean\"", "mean(...)"},
    {"rec.aa", 4, "rec has no member \"aa\"", "did you mean .a?"},
    {"rec.nothing", 4, "has no member", "it has a, text, matrix, deep"},
    {"rec.deep.c", 9, "rec.deep has no member \"c\"", "it has b"},
    {"s.ende", 2, "has no member \"ende\"", "did you mean .end?"},
    {"n.last", 2, "n is a number and has no member", NULL},
    {"word.last", 5, "is a text", NULL},
    {"v.rows", 2, "is a vector", "first, last"},
    {"m.last", 2, "is a matrix", "rows, cols"},
    {"none.last", 5, "is empty", NULL},
    /* subscripts */
    {"v[0]", 2, "the position is 0", NULL},
    {"v[4]", 2, "whole number in 1..3", NULL},
    {"v[1.5]", 2, "whole number", NULL},
    {"v[2..1]", 3, "from 2 down to 1", NULL},
    {"v[word]", 2, "must be a number, not a text", NULL},
    {"v[1,1]", 1, "two positions are for a matrix", NULL},
    {"none[1]", 5, "is empty", NULL},
    {"m[3]", 1, "takes two positions", "m[1,2]"},
    {"m[3,1]", 2, "1..2", NULL},
    {"m[1,4]", 4, "1..3", NULL},
    {"n[1]", 1, "n is a number and has no positions", NULL},
    {"s[r=3]", 2, "nothing was measured at r=3", "r is one of 1, 2"},
    {"s[r=r0]", 2, "nothing was measured at r=r0", "r is one of"},
    {"s[r=1,r=2]", 6, "r is given twice", NULL},
    {"s[seeds=1]", 2, "no axis \"seeds\"", "did you mean seed?"},
    {"s[q=1]", 2, "no axis \"q\"", "axes are r, seed"},
    {"v[r=1]", 2, "no axis \"r\"", "not come from a sweep"},
    {"m[r=1]", 1, "a matrix has no rows to choose", NULL},
    {"s[r=v]", 4, "takes a number or a word, not a vector", NULL},
    {"w[init=zero-c]", 2, "nothing was measured at init=zero-c", "init is one of zero-b, true"},
    {"loss.at(5)", 5, "no point at step 5", "from 10 to 30"},
    {"loss.at(31)", 5, "no point at step 31", "from 10 to 30"},
    {"loss.at(word)", 8, ".at takes a number, not a text", NULL},
    {"v.at(1)", 2, "of a series", NULL},
    /* kinds and sizes */
    {"word + 1", 5, "+ cannot take a text and a number", NULL},
    {"word < word", 5, "< cannot take a text", NULL},
    {"-word", 0, "- cannot take a text", NULL},
    {"rec.deep + 1", 9, "+ cannot take a record", "as .b"},
    {"s + 1", 2, "cannot take a table", "name a member"},
    {"yes1 + 1", 5, "takes numbers, and this is a yes or no", "sum(...)"},
    {"1 and yes", 2, "joins conditions, and this is a number", NULL},
    {"yes1 < yes1", 5, "compares numbers", NULL},
    {"yes1 == 1", 5, "one side is a yes or no", NULL},
    {"v + v[1..2]", 2, "3 numbers do not go with 2", NULL},
    {"m + v", 2, "2 x 3 numbers do not go with 3 x 1", NULL},
    {"loss + loss[1..2]", 5, "3 numbers do not go with 2", NULL},
    {"loss[1..2] + loss[2..3]", 11, "points at different x", NULL},
    {"s[seed=42].end - s[seed=42].end[1..1]", 15, "2 numbers do not go with 1", NULL},
    {"s[1..2].end - s[3..4].end", 12, "different values of r", NULL},
    {"mean(s.loss)", 0, "mean takes numbers, not a list", ".last"},
    {"mean(s)", 0, "not a table", "a member"},
    {"mean(word)", 0, "not a text", NULL},
    {"all(v)", 0, "all joins conditions", NULL},
    {"argmin(m)", 0, "not a matrix", NULL},
    {"rank(v)", 0, "takes a matrix, not a vector", NULL},
    {"first(n)", 0, "many values", NULL},
    {"mean(s.end, q)", 12, "no axis \"q\"", "axes are r, seed"},
    {"mean(v, q)", 8, "no axis \"q\"", "from a sweep"},
    {"argmin(v, n)", 10, "no axis \"n\"", "from a sweep"},
    {"norm(v, 2)", 8, "no axis \"2\"", "from a sweep"},
    {"mean(s.end, nosuch, r)", 12, "no value \"nosuch\"", NULL},
    {"if(1, 2, 3)", 3, "a number, not a yes or no", "compare"},
    /* numbers that are none */
    {"1 / 0", 2, "division by zero", NULL},
    {"v / (v - 1)", 2, "division by zero", NULL},
    {"ratio(1, 0)", 0, "division by zero", NULL},
    {"log(0)", 0, "the logarithm of 0", NULL},
    {"log10(-1)", 0, "the logarithm of -1", NULL},
    {"sqrt(-1)", 0, "the square root of -1", NULL},
    {"(-8) ^ 0.5", 5, "-8 to the power of 0.5", NULL},
    {"nan < 1", 4, "is NaN, not a finite number", NULL},
    {"nan == nan", 4, "is NaN", NULL},
    {"nan ~= 1 +- 1", 4, "is NaN", NULL},
    {"1 ~= 1 +- nan", 2, "is NaN", NULL},
    {"exp(1000) > 1", 10, "infinite", NULL},
    {"1 ~= 1 +- -1", 10, "tolerance of -1", NULL},
    {"min(none)", 0, "min of no values", NULL},
    {"std(1)", 0, "at least two values", NULL},
    {"std(s[seed=42].end, r)", 0, "at least two", NULL},
    {"argmin(v * nan)", 0, "one is NaN", NULL},
    {"last(none)", 0, "last of no values", NULL},
};

static void faults_have_their_place_message_and_hint(void **state)
{
    (void)state;
    with_rig();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const Wrong *w = &wrong[i];
        ExprFault    fault = {0};
        Error        err = {0};
        Datum       *value = evaluate(w->text, &fault, &err);
        bool hint = w->hint != NULL ? strstr(fault.hint, w->hint) != NULL : fault.hint[0] == '\0';
        bool ok = value == NULL && err.code == ERR_INPUT && fault.at == w->at && hint &&
                  strstr(fault.message, w->message) != NULL;
        if (!ok) {
            print_error("%s: at %td \"%s\" hint \"%s\"\n", w->text, fault.at, fault.message,
                        fault.hint);
        }
        assert_true(ok);
        assert_string_equal(err.message, fault.message);
        assert_string_equal(err.hint, fault.hint);
    }
    expr_rig_free();
}

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
    with_rig();
    for (size_t i = 0; i < sizeof timed / sizeof timed[0]; i++) {
        Error  err = {0};
        Datum *value = evaluate(timed[i], NULL, &err);
        assert_non_null(value);
        if (!value->timed) print_error("%s\n", timed[i]);
        assert_true(value->timed);
        datum_drop(value);
    }
    for (size_t i = 0; i < 2; i++) { /* the control */
        Error  err = {0};
        Datum *value = evaluate(untimed[i], NULL, &err);
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
    with_rig();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Error  err = {0};
        Datum *value = evaluate(rows[i].text, NULL, &err);
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
    with_rig();
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
        Error  err = {0};
        Datum *value = evaluate(fine[i], NULL, &err);
        if (value == NULL) print_error("%s: %s\n", fine[i], err.message);
        assert_non_null(value);
        assert_true(value->blank);
        datum_drop(value);
    }
    for (size_t i = 0; i + 1 < sizeof not_fine / sizeof not_fine[0]; i++) {
        ExprFault fault = {0};
        Error     err = {0};
        Datum    *value = evaluate(not_fine[i].text, &fault, &err);
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
    with_rig();
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
    with_rig();
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
    with_rig();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int many = 0; many < 2; many++) {
            Str   text = {0};
            Error err = {0};
            int   n = many ? rows[i].too_many : rows[i].fine;
            repeat(&text, rows[i].open, n);
            str_add(&text, rows[i].middle);
            repeat(&text, rows[i].close, n);
            Datum *value = evaluate(str_text(&text), NULL, &err);
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

TEST_GROUP(expr, cmocka_unit_test(expressions_have_their_values),
           cmocka_unit_test(faults_have_their_place_message_and_hint),
           cmocka_unit_test(names_are_told_once_and_in_order_but_not_words),
           cmocka_unit_test(what_a_clock_measured_stays_marked),
           cmocka_unit_test(units_follow_where_they_make_sense),
           cmocka_unit_test(blanks_take_any_value_but_no_unknown_name),
           cmocka_unit_test(verdicts_and_explanations),
           cmocka_unit_test(only_conditions_are_verdicts),
           cmocka_unit_test(depth_and_length_are_bounded), cmocka_unit_test(operations_are_bounded),
           cmocka_unit_test(texts_need_not_end_in_a_zero),
           cmocka_unit_test(expressions_survive_every_failed_allocation));
