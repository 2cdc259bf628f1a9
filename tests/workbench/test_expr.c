/* Expressions: what they give. */

#include <string.h>

#include "tests/test.h"
#include "tests/workbench/expr_rig.h"

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
    expr_rig_open();
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        ExprFault fault;
        Error     err = {0};
        Str       shown = {0};
        Datum    *value = expr_rig_value(known[i].text, &fault, &err);
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

TEST_GROUP(expr, cmocka_unit_test(expressions_have_their_values));
