/* Expressions: where they go wrong, and what is said then. */

#include <string.h>

#include "tests/test.h"
#include "tests/workbench/expr_rig.h"

/* ---- faults ---- */

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
    expr_rig_open();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const Wrong *w = &wrong[i];
        ExprFault    fault = {0};
        Error        err = {0};
        Datum       *value = expr_rig_value(w->text, &fault, &err);
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

TEST_GROUP(expr_faults, cmocka_unit_test(faults_have_their_place_message_and_hint));
