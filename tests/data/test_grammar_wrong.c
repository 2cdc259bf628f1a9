/* What the language of grammars refuses, and that nothing can hold it up. */

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/random.h"
#include "core/train/grammar.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

static Grammar *parse(const char *text)
{
    Error    err = {0};
    Grammar *g = grammar_parse(text, (Index)strlen(text), "t", &err);
    assert_ok(&err);
    assert_non_null(g);
    return g;
}

/* ---- wrong grammars ------------------------------------------------------------------------- */

#define MAIN "rule main\n  text \"x\"\n"

static const struct {
    const char *text, *complaint;
} wrong[] = {
    {"", "t:1: the file has no rule `main`"},
    {"\xff", "t:1: the file is not UTF-8 text"},
    {"frog", "t:1: a line begins with list, record"},
    {"  text \"x\"\n", "t:1: an indented line belongs to nothing: text \"x\""},
    {"title 5\n", "t:1: expected `\"` after title, found `5`"},
    {"title \"a\" b\n", "t:1: nothing may follow here, found `b`"},
    {"title \"a\n", "t:1: a text has no closing \": a"},
    {"title \"\\q\"\n", "t:1: unknown escape `\\q`"},
    {"include \"x.grammar\"\n", "t:1: cannot include `x.grammar`"},
    {"include \"../x\"\n", "t:1: cannot include `../x`: only a plain name.grammar"},
    {"list\n", "t:1: expected a name after list, found nothing"},
    {"list x a\n", "t:1: expected `:` after the list's name, found `a`"},
    {"list x:\n" MAIN, "t:1: `x` is empty"},
    {"list x: a, a\n", "t:1: `a` is in list `x` twice"},
    {"list x: a,, b\n", "t:1: an empty item in list `x`"},
    {"list x: \"a\" b\n", "t:1: expected `,` after the text, found `b`"},
    {"list x: a\nlist x: b\n", "t:2: `x` is defined already at t:1"},
    {"record p:\n", "t:1: expected `(` after the record's name, found `:`"},
    {"record p(a, a):\n", "t:1: field `a` appears twice"},
    {"record p(a, b):\n  u\n", "t:2: a row of `p` has 2 fields, not 1"},
    {"record p(a, b):\n  u, v\n  u, w\n", "t:3: `u` begins two rows of `p`"},
    {"table t\n", "t:1: expected a name after the table's name, found nothing"},
    {"table t x\n  number n 1..9\n" MAIN, "t:1: the table has no text column"},
    {"table t x\n  number n 9..1\n", "t:2: a number column has a range as 1..9"},
    {"table t x\n  number n 1..2\n  text k nothing\n" MAIN,
     "column `k` needs a list, found `nothing`"},
    {"rule main\n", "t:1: a case of rule `main` writes no text"},
    {"rule main\n  \"x\"\n", "t:2: a text needs the name of its channel before it"},
    {"rule main\n  text \"{\"\n", "t:2: a { without its }: {"},
    {"rule main\n  text \"}\"\n", "t:2: a } without its {: }"},
    {"rule main\n  text \"{}\"\n", "t:2: expected a name, a number or a text"},
    {"rule main\n  text \"{a b}\"\n", "t:2: nothing may follow here, found `b`"},
    {"rule main\n  text \"{101%: a}\"\n", "t:2: `101%` is above 100%"},
    {"rule main\n  text \"{if 1: a}\"\n", "t:2: expected one of = != < > <= >="},
    {"rule main\n  text \"{if 1 = 1: a|b|c}\"\n", "t:2: {if: ...} has 3 branches"},
    {"rule main\n  text \"{1:2}\"\n", "t:2: a width is written :02 to :09, found `:2`"},
    {"rule main\n  text \"{1 + 'b'}\"\n", "t:2: the text 'b' is not a number"},
    {"rule main\n  text \"{frog}\"\n", "t:2: nothing is called `frog` here"},
    {"rule main\n  text \"{99999999999}\"\n", "t:2: a number is above 1000000000"},
    {"rule main\n  text \"a\"\n  text \"b\"\n", "t:3: channel `text` is written twice"},
    {"rule main\n  x = 1..2\n  x = 3\n  text \"\"\n", "t:3: slot `x` is bound twice"},
    {"rule main\n  x 1..2\n", "t:2: expected `=` after the slot's name, found `1`"},
    {"rule main\n  x = 1.2\n", "t:2: nothing may follow here, found `.2`"},
    {"rule main\n  x = 2 of 3 of 4\n  text \"\"\n", "t:2: a list of lists is not possible"},
    {"rule main\n  x = 2 of 3 different y\n  text \"\"\n", "t:2: the items have no field `y`"},
    {"rule main\n  x = 1\n  y = x[1]\n  text \"\"\n", "t:3: `x` is no slot with several items"},
    {"rule main\n  x = 1\n  text \"{x.y}\"\n", "t:3: `x` is plain text and has no field `y`"},
    {"record p(a, b):\n  u, v\nrule main\n  x = p\n  text \"{x.c}\"\n",
     "t:5: `x` has no field `c`, only a, b"},
    {"rule q\n  a \"\"\n  b \"\"\nrule main\n  x = q\n  text \"{x}\"\n",
     "t:6: say which part of `x`: a, b"},
    {"list l: a\nrule main\n  x, y = l\n  text \"\"\n", "t:3: `l` has only 1 different items"},
    {"rule q(a)\n  text \"\"\n" MAIN "rule r\n  text \"{q}\"\n", "t:6: rule `q` needs 1 arguments"},
    {"rule q(a)\n  text \"\"\nrule main\n  x = q(y)\n  text \"\"\n",
     "t:4: nothing is called `y` here"},
    {"rule q(a)\n  text \"\"\nrule main\n  x = 1\n  y = q(x, x)\n  text \"\"\n",
     "t:5: rule `q` takes 1 arguments, not 2"},
    {"list l: a\nrule main\n  x = l(x)\n  text \"\"\n", "t:3: `l` is no rule"},
    {"rule main\n  case 0\n", "t:2: a case's weight is 1 at least"},
    {"rule main\n  case 1 frog\n", "t:2: `case` needs a rule, found `frog`"},
    {"rule main\n  case 1 main\n", "t:1: rule `main` is only itself"},
    {"rule main\n  case 1 x\n    text \"\"\n", "t:3: a case that is a rule has no lines below it"},
    {"rule main\n  case\n    text \"\"\n  case\n    tex \"\"\n",
     "t:4: this case of rule `main` has no channel `text`"},
    {"rule main\n  case\n    text \"\"\n  case\n    text \"\"\n    tex \"\"\n",
     "t:6: channel `tex` is not in every case of rule `main`"},
    {"rule main\n  words \"x\"\n", "t:1: rule `main` has either a text, or a prompt and then"},
    {MAIN "reserve x = 1\n", "t:3: no rule has all the slots of this reserve (`x`...)"},
    {MAIN "reserve x =\n", "t:3: slot `x` needs a value"},
};

static void each_wrong_grammar_is_refused_with_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        Error    err = {0};
        Grammar *g = grammar_parse(wrong[i].text, (Index)strlen(wrong[i].text), "t", &err);
        if (g != NULL) fail_msg("accepted: %s", wrong[i].text);
        assert_error(&err, ERR_INPUT, wrong[i].complaint);
    }
}

static void a_misspelt_name_is_met_with_the_nearest_one(void **state)
{
    (void)state;
    Error       err = {0};
    const char *text = "list color: red\nrule main\n  text \"{colour}\"\n";
    assert_null(grammar_parse(text, (Index)strlen(text), "t", &err));
    assert_string_equal(err.hint, "did you mean `color`?");
}

/* ---- what goes wrong while drawing ---------------------------------------------------------- */

static void assert_undrawable(const char *text, const char *complaint)
{
    Grammar *g = parse(text);
    Str      one = {0}, two = {0};
    Error    err = {0};
    assert_false(grammar_example(g, 1, GRAMMAR_TRAIN, 0, &one, &two, &err));
    assert_error(&err, ERR_INPUT, complaint);
    str_free(&one);
    str_free(&two);
    grammar_free(g);
}

static void recursion_and_size_are_bounded(void **state)
{
    (void)state;
    assert_undrawable("rule main\n  text \"({main})\"\n", "t:1: no example can be drawn");
    assert_undrawable("rule a\n  text \"{main}{main}{main}\"\nrule main\n  text \"{a}{a}\"\n",
                      "no example can be drawn");
    assert_undrawable("rule c\n  x = 64 of 1..9\n  text \"{x}\"\nrule b\n  x = 64 of c\n"
                      "  text \"{x}\"\nrule main\n  x = 64 of b\n  text \"{x}\"\n",
                      "no example can be drawn");
}

static void what_cannot_be_drawn_is_told_with_its_line(void **state)
{
    (void)state;
    assert_undrawable("list l: a\nrule main\n  n = l\n  text \"{n + 1}\"\n",
                      "t:4: `a` is not a number");
    assert_undrawable("rule main\n  n = 5..2\n  text \"{n}\"\n", "t:2: no example can be drawn");
    assert_undrawable("rule main\n  n = 1..2\n  require n > 2\n  text \"{n}\"\n",
                      "t:1: no example can be drawn");
    assert_undrawable("rule main\n  n = 65 of 1\n  text \"{n}\"\n", "t:2: 65 items; 0 to 64");
    assert_undrawable("rule main\n  x, y = \"a\"\n  text \"{x}{y}\"\n",
                      "t:2: no example can be drawn");
    assert_undrawable("rule main\n  x = 2 of 1\n  y = x[3]\n  text \"{y}\"\n",
                      "t:3: no example can be drawn");
    assert_undrawable("rule main\n  n = 1..1\n  text \"{n}\"\nreserve n = 1\n",
                      "t:1: no example of the train split can be drawn");
}

/* ---- faults --------------------------------------------------------------------------------- */

static void load_draw_and_accept(void *context, Error *err)
{
    Grammar       *g = grammar_load(context, err);
    Str            a = {0}, b = {0};
    GrammarVerdict verdict;
    if (g != NULL && grammar_example(g, 3, GRAMMAR_TRAIN, 0, &a, &b, err) &&
        grammar_accepts(g, str_text(&a), a.len, &verdict, err)) {
        assert_int_equal(verdict, GRAMMAR_REJECTED); /* the completion is missing */
    }
    str_free(&a);
    str_free(&b);
    grammar_free(g);
}

static void every_failed_allocation_is_reported(void **state)
{
    (void)state;
    char path[] = "data/tasks/label.grammar";
    torture(load_draw_and_accept, path);
}

static void an_included_file_is_found_here_or_in_base(void **state)
{
    (void)state;
    Error       err = {0};
    const char *words = "list w: x\n";
    const char *main = "include \"w.grammar\"\ninclude \"w.grammar\"\nrule main\n  text \"{w}\"\n";
    const char *folder = test_path("tasks"), *base = test_path("base");
    assert_true(folder_make(folder, &err) && folder_make(base, &err));
    assert_true(file_write_all(test_path("tasks/m.grammar"), main, (Index)strlen(main), &err));
    assert_null(grammar_load(test_path("tasks/m.grammar"), &err));
    assert_error(&err, ERR_INPUT, "m.grammar:1: cannot include `w.grammar`: no such file");

    err = (Error){0};
    assert_true(file_write_all(test_path("base/w.grammar"), words, (Index)strlen(words), &err));
    Grammar *g = grammar_load(test_path("tasks/m.grammar"), &err);
    assert_ok(&err);
    grammar_free(g);
}

/* A small fuzzer: whatever becomes of a grammar, it is refused or it works. */
static void a_damaged_grammar_is_refused_or_works(void **state)
{
    (void)state;
    Error err = {0};
    Index len = 0;
    char *text = file_read_all("data/base/facts.grammar", 1 << 18, &len, &err);
    assert_ok(&err);
    static const char signs[] = "{}|\"\\\n=.,()[]:% 19-+<>#amx";
    for (uint64_t round = 0; round < 1500; round++) {
        char *copy = mem_alloc(mem_program(), MEM_TEXT, len, 1, &err);
        memcpy(copy, text, (size_t)len);
        for (uint64_t k = 0; k < 1 + round % 5; k++) {
            Index at = (Index)random_below(9, round, 2 * k, (uint64_t)len);
            copy[at] = signs[random_below(9, round, 2 * k + 1, sizeof signs - 1)];
        }
        Error    wrong_now = {0};
        Grammar *g = grammar_parse(copy + 9 * (round % 50), len - 9 * (Index)(round % 50),
                                   "damaged", &wrong_now);
        assert_true(g != NULL || wrong_now.code == ERR_INPUT);
        mem_free(copy);
        grammar_free(g);
    }
    mem_free(text);
}

TEST_GROUP(grammar_wrong, cmocka_unit_test(each_wrong_grammar_is_refused_with_its_line),
           cmocka_unit_test(a_misspelt_name_is_met_with_the_nearest_one),
           cmocka_unit_test(recursion_and_size_are_bounded),
           cmocka_unit_test(what_cannot_be_drawn_is_told_with_its_line),
           cmocka_unit_test(every_failed_allocation_is_reported),
           cmocka_unit_test(an_included_file_is_found_here_or_in_base),
           cmocka_unit_test(a_damaged_grammar_is_refused_or_works));
