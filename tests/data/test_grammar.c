/* The language of grammars: what it means. What it refuses is in test_grammar_wrong.c. */

#include "core/train/grammar.h"
#include "tests/test.h"

#include <string.h>

static Grammar *parse(const char *text)
{
    Error    err = {0};
    Grammar *g = grammar_parse(text, (Index)strlen(text), "t", &err);
    assert_ok(&err);
    assert_non_null(g);
    return g;
}

/* One document of either split, which together hold all; an empty split is asked only once. */
static bool draw_any(const Grammar *g, Index i, bool empty[2], Str *document)
{
    Str  nothing = {0};
    int  split = i % 2 == 0 ? GRAMMAR_TRAIN : GRAMMAR_HELDOUT;
    bool ok = false;
    for (int k = 0; k < 2 && !ok; k++, split = 1 - split) {
        Error err = {0};
        if (empty[split]) continue;
        ok = grammar_example(g, 1, (GrammarSplit)split, i, document, &nothing, &err);
        if (!ok) assert_error(&err, ERR_INPUT, "split can be drawn");
        empty[split] = !ok;
    }
    str_free(&nothing);
    return ok;
}

/* All of 300 documents are among the words, every word occurs, and the recogniser agrees. */
static void assert_draws(const char *text, const char *const *want)
{
    Grammar *g = parse(text);
    int      seen[32] = {0}, count = 0;
    bool     empty[2] = {false, false};
    Str      document = {0};
    while (want[count] != NULL) count++;
    for (Index i = 0; i < 300; i++) {
        Error err = {0};
        int   at = 0;
        assert_true(draw_any(g, i, empty, &document));
        while (at < count && strcmp(want[at], str_text(&document)) != 0) at++;
        if (at == count) fail_msg("`%s` was drawn from %s", str_text(&document), text);
        seen[at]++;

        GrammarVerdict verdict;
        assert_true(grammar_accepts(g, str_text(&document), document.len, &verdict, &err));
        if (verdict != GRAMMAR_ACCEPTED) fail_msg("`%s` is not accepted", str_text(&document));
    }
    for (int i = 0; i < count; i++) {
        if (seen[i] == 0) fail_msg("`%s` was never drawn from %s", want[i], text);
    }
    str_free(&document);
    grammar_free(g);
}

#define DRAWS(text, ...) assert_draws(text, (const char *const[]){__VA_ARGS__, NULL})

static void texts_lists_and_records_are_drawn(void **state)
{
    (void)state;
    DRAWS("rule main\n  text \"a \\\"b\\\" \\{c\\} \\| \\\\ {x}\"\nlist x: d\n",
          "a \"b\" {c} | \\ d");
    DRAWS("list x: one, two words,\n  \"three, 3\"\nrule main\n  text \"{x}.\"\n", "one.",
          "two words.", "three, 3.");
    DRAWS("record p(a, b):\n  u, v\n  \"\", w\nrule main\n  x = p\n  text \"{x}-{x.b}\"\n", "u-v",
          "-w");
    DRAWS("rule main\n  text \"one\"\n       \" two\" # a comment\n", "one two");
}

static void choices_chances_and_comparisons_are_drawn(void **state)
{
    (void)state;
    DRAWS("rule main\n  text \"{a|b{c|d}|} {0%: x|y} {100%: x|y}\"\n", "a y x", "bc y x", "bd y x",
          " y x");
    DRAWS("rule main\n  n = 1..3\n  text \"{n} {if n > 1: {if n = 2: two|more}|one}\"\n", "1 one",
          "2 two", "3 more");
    DRAWS("list c: x, y\nrule main\n  a = c\n  text \"{a}{if a = 'x': !}{if a != 'x': ?}\"\n", "x!",
          "y?");
    DRAWS("rule main\n  n = 1..2\n  m = 2..2\n  text \"{if n <= m - 1: s|n}{if n >= m: g|l}\"\n",
          "sl", "ng");
}

static void numbers_are_added_and_padded(void **state)
{
    (void)state;
    DRAWS("rule main\n  a = 7..8\n  b = a - 10\n  text \"{a} {b} {a + b - 1} {a:03} {12:02}\"\n",
          "7 -3 3 007 12", "8 -2 5 008 12");
    DRAWS("rule main\n  a = 1..2\n  b = a..a + 1\n  text \"{a}{b}\"\n", "11", "12", "22", "23");
}

static void slots_of_one_line_differ(void **state)
{
    (void)state;
    DRAWS("list x: a, b\nrule main\n  p, q = x\n  text \"{p}{q}{p}\"\n", "aba", "bab");
    DRAWS("rule main\n  p, q = 1..2\n  text \"{p}{q}\"\n", "12", "21");
    DRAWS("rule main\n  p, q = \"{a|b}\"\n  text \"{p}{q}\"\n", "ab", "ba");
}

static void lists_are_joined_and_their_items_taken(void **state)
{
    (void)state;
    DRAWS("list x: a, b\nrule main\n  s = 1..3 of x joined \", \" last \" and \"\n"
          "  require s.count != 2\n  text \"{if s.count = 1: {s}|3 {s.count}}\"\n",
          "a", "b", "3 3");
    DRAWS("list x: a, b, c\nrule main\n  s = 3 of x joined \"\" different\n  i = 1..s.count - 1\n"
          "  y = s[i + 1]\n  require y = 'c'\n  text \"{s} {y} {i}\"\n",
          "acb c 1", "bca c 1", "abc c 2", "bac c 2");
    DRAWS("record p(a, b):\n  u, v\n  w, x\nrule main\n  s = 2 of p different\n  z = s[2]\n"
          "  text \"{s.a}/{s.b}/{z.b}\"\n",
          "u w/v x/x", "w u/x v/v");
    DRAWS("rule pair\n  n = 1..2\n  m = 1..2\n  a \"{n}\"\n  b \"{m}\"\n"
          "rule main\n  s = 2 of pair joined \"\" different a, b\n  text \"{s.a}{s.b}\"\n",
          "1212", "1221", "2112", "2121");
}

static void rules_have_arguments_cases_and_several_texts(void **state)
{
    (void)state;
    DRAWS("list x: p, q\nrule twice(a)\n  en \"{a}{a}\"\n  de \"{a}-{a}\"\n"
          "rule main\n  v = x\n  t = twice(v)\n  text \"{t.de} {t.en}\"\n",
          "p-p pp", "q-q qq");
    DRAWS("rule one\n  text \"1\"\nrule two\n  n = 2..2\n  case 5\n    text \"{n}\"\n  case 1\n"
          "    text \"{n}b\"\nrule main\n  case 3 one\n  case two\n",
          "1", "2", "2b");
    DRAWS("rule nest\n  case 2\n    text \"x\"\n  case 1\n    text \"({shallow})\"\n"
          "rule shallow\n  text \"y\"\nrule main\n  case nest\n",
          "x", "(y)");
    DRAWS("rule nest\n  case 5\n    text \"x\"\n  case 1\n    text \"{nest}\"\n"
          "rule main\n  case nest\n",
          "x");
}

static void tables_give_columns_and_their_values(void **state)
{
    (void)state;
    DRAWS("list c: red\ntable t x\n  number n 1..2\n  text k c\nrule main\n  t = table\n"
          "  a = t.column\n  v = a.value\n  text \"{t} {t.letter}.{a} = {v} ({a.kind})\"\n",
          "t x.n = 1 (number)", "t x.n = 2 (number)", "t x.k = red (text)");
    DRAWS("list c: red\ntable t x\n  number n 1..1\n  text k c\ntable u y\n  number m 2..2\n"
          "  text k c\nrule main\n  t = table\n  a = t.number\n  v = a.value\n"
          "  text \"{a} {v} of {t}\"\n",
          "n 1 of t", "m 2 of u");
}

/* ---- examples ------------------------------------------------------------------------------- */

static const char letters[] = "list l: a, b, c, d, e, f, g, h, i, j\nrule main\n"
                              "  x, y = l\n  z = 3 of l joined \"\"\n  prompt \"{x}{y}{z}\"\n"
                              "  completion \" {z}\"\nreserve x = a | b, y = c\n";

static void an_example_depends_on_seed_split_and_number_alone(void **state)
{
    (void)state;
    Grammar *g = parse(letters), *h = parse(letters);
    Str      a = {0}, b = {0}, c = {0}, d = {0};
    Error    err = {0};
    int      same = 0;
    for (Index i = 0; i < 200; i++) {
        GrammarSplit split = (GrammarSplit)(i % 3);
        assert_true(grammar_example(g, 5, split, i, &a, &b, &err));
        assert_true(grammar_example(h, 6, split, 199 - i, &c, &d, &err));
        assert_true(grammar_example(h, 5, split, i, &c, &d, &err));
        assert_string_equal(str_text(&a), str_text(&c));
        assert_string_equal(str_text(&b), str_text(&d));
        assert_true(grammar_example(h, 6, split, i, &c, &d, &err));
        same += strcmp(str_text(&a), str_text(&c)) == 0;
    }
    assert_in_range(same, 0, 5);
    str_free(&a);
    str_free(&b);
    str_free(&c);
    str_free(&d);
    grammar_free(g);
    grammar_free(h);
}

static void reserved_combinations_are_in_their_split_alone(void **state)
{
    (void)state;
    Grammar *g = parse(letters);
    Str      a = {0}, b = {0};
    Error    err = {0};
    for (Index i = 0; i < 3000; i++) {
        GrammarSplit split = (GrammarSplit)(i % 3);
        assert_true(grammar_example(g, 5, split, i, &a, &b, &err));
        bool reserved = (a.data[0] == 'a' || a.data[0] == 'b') && a.data[1] == 'c';
        assert_int_equal(reserved, split == GRAMMAR_COMBOS);
    }
    str_free(&a);
    str_free(&b);
    grammar_free(g);
}

static void a_dropped_draw_reserves_nothing(void **state)
{
    (void)state;
    Grammar *g = parse("rule q\n  n = 1..9\n  text \"{n}\"\nrule main\n  x = q\n  y = q\n"
                       "  require x != y\n  text \"{x}{y}\"\nreserve n = 3\n");
    Str      a = {0}, b = {0};
    Error    err = {0};
    for (Index i = 0; i < 500; i++) {
        assert_true(grammar_example(g, 5, GRAMMAR_COMBOS, i, &a, &b, &err));
        assert_non_null(strchr(str_text(&a), '3'));
        assert_int_not_equal(a.data[0], a.data[1]);
    }
    str_free(&a);
    str_free(&b);
    grammar_free(g);
}

static int count_family(const Grammar *g, char first)
{
    Str   a = {0}, b = {0};
    Error err = {0};
    int   count = 0;
    for (Index i = 0; i < 2000; i++) {
        assert_true(grammar_example(g, 2, GRAMMAR_TRAIN, i, &a, &b, &err));
        count += a.data[0] == first;
    }
    str_free(&a);
    str_free(&b);
    return count;
}

static void a_family_is_boosted_to_its_share_and_back(void **state)
{
    (void)state;
    Grammar *g = parse("rule a\n  n = 1..9999\n  text \"a{n}\"\nrule b\n  n = 1..9999\n"
                       "  text \"b{n}\"\nrule main\n  case 1 a\n  case 6 b\n  case 3\n"
                       "    n = 1..9999\n    text \"c{n}\"\n");
    Error    err = {0};
    assert_int_equal(grammar_family_count(g), 2);
    assert_string_equal(grammar_family(g, 1), "b");
    assert_in_range(count_family(g, 'a'), 140, 260);
    assert_true(grammar_boost(g, "a", 0.5, &err));
    assert_in_range(count_family(g, 'a'), 930, 1070);
    assert_in_range(count_family(g, 'c'), 280, 390); /* a third of the rest, as before */
    assert_true(grammar_boost(g, NULL, 0.0, &err));
    assert_in_range(count_family(g, 'a'), 140, 260);
    assert_false(grammar_boost(g, "frog", 0.5, &err));
    assert_error(&err, ERR_INPUT, "t:7: rule `main` has no `case N frog`");
    grammar_free(g);
}

/* ---- the recogniser ------------------------------------------------------------------------- */

static void what_breaks_a_binding_has_the_form_alone(void **state)
{
    (void)state;
    static const char grammar[] =
        "list l: a, b, c\nrule fact\n  x = l\n  n = 1..9\n  say \"{x} has {n}.\"\n  who \"{x}\"\n"
        "  much \"{n}\"\nrule main\n  fs = 1..3 of fact different who\n  i = 1..fs.count\n"
        "  f = fs[i]\n  m = 1..9\n  d = m - 2\n  require m > 4\n"
        "  text \"{fs.say} How much has {f.who}? {f.much}. {m} - 2 = {d}{if m > 7: !}\"\n";
    static const struct {
        const char    *text;
        GrammarVerdict verdict;
    } cases[] = {
        {"a has 3. b has 4. How much has b? 4. 5 - 2 = 3", GRAMMAR_ACCEPTED},
        {"a has 3. b has 4. How much has a? 3. 9 - 2 = 7!", GRAMMAR_ACCEPTED},
        {"a has 3. b has 4. How much has b? 3. 5 - 2 = 3", GRAMMAR_FORM}, /* another's */
        {"a has 3. b has 4. How much has c? 3. 5 - 2 = 3", GRAMMAR_FORM}, /* nobody */
        {"a has 3. a has 4. How much has a? 3. 5 - 2 = 3", GRAMMAR_FORM}, /* not different */
        {"a has 30. How much has a? 30. 5 - 2 = 3", GRAMMAR_FORM},        /* range */
        {"a has 3. How much has a? 3. 5 - 2 = 4", GRAMMAR_FORM},          /* sum */
        {"a has 3. How much has a? 3. 4 - 2 = 2", GRAMMAR_FORM},          /* require */
        {"a has 3. How much has a? 3. 9 - 2 = 7", GRAMMAR_FORM},          /* comparison */
        {"a has 3. How much has a? 3. 5 - 2 = 3 ", GRAMMAR_REJECTED},     /* more text */
        {"a has 3. How much has a? 3. 5 - 2 = ", GRAMMAR_REJECTED},       /* less text */
        {"b have 3. How much has b? 3. 5 - 2 = 3", GRAMMAR_REJECTED},     /* wording */
        {"", GRAMMAR_REJECTED},
    };
    Grammar *g = parse(grammar);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Error          err = {0};
        GrammarVerdict verdict;
        Index          n = (Index)strlen(cases[i].text);
        assert_true(grammar_accepts(g, cases[i].text, n, &verdict, &err));
        if (verdict != cases[i].verdict) fail_msg("%d for `%s`", verdict, cases[i].text);
    }
    grammar_free(g);
}

static void a_hopeless_search_ends_unsure(void **state)
{
    (void)state;
    Grammar *g = parse("rule a\n  text \"{x|xx|xxx}\"\nrule main\n  s = 0..64 of a joined \"\"\n"
                       "  text \"{s}.\"\n");
    char     text[200];
    GrammarVerdict verdict;
    Error          err = {0};
    memset(text, 'x', sizeof text);
    assert_true(grammar_accepts(g, text, sizeof text, &verdict, &err));
    assert_int_equal(verdict, GRAMMAR_UNSURE);
    grammar_free(g);

    g = parse("rule main\n  case 1\n    text \"{main}a\"\n  case 1\n    text \"a\"\n");
    assert_true(grammar_accepts(g, "b", 1, &verdict, &err));
    assert_int_equal(verdict, GRAMMAR_UNSURE); /* left recursion runs into the depth bound */
    grammar_free(g);
}

TEST_GROUP(grammar, cmocka_unit_test(texts_lists_and_records_are_drawn),
           cmocka_unit_test(choices_chances_and_comparisons_are_drawn),
           cmocka_unit_test(numbers_are_added_and_padded),
           cmocka_unit_test(slots_of_one_line_differ),
           cmocka_unit_test(lists_are_joined_and_their_items_taken),
           cmocka_unit_test(rules_have_arguments_cases_and_several_texts),
           cmocka_unit_test(tables_give_columns_and_their_values),
           cmocka_unit_test(an_example_depends_on_seed_split_and_number_alone),
           cmocka_unit_test(reserved_combinations_are_in_their_split_alone),
           cmocka_unit_test(a_dropped_draw_reserves_nothing),
           cmocka_unit_test(a_family_is_boosted_to_its_share_and_back),
           cmocka_unit_test(what_breaks_a_binding_has_the_form_alone),
           cmocka_unit_test(a_hopeless_search_ends_unsure));
