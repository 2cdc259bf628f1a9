/* The shipped grammars: enough examples, splits apart, and a base that gives nothing away. */

#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/random.h"
#include "core/train/grammar.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

static const char *const tasks[] = {"sql",   "js",     "sql-lite", "js-lite",
                                    "label", "formal", "date",     "cipher"};
enum { TASKS = sizeof tasks / sizeof *tasks };

static const char corpus[] = "data/base/corpus.grammar";

static Grammar *load(const char *path)
{
    Error    err = {0};
    Grammar *g = grammar_load(path, &err);
    assert_ok(&err);
    return g;
}

static Grammar *load_task(const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "data/tasks/%s.grammar", name);
    return load(path);
}

/* ---- a set of hashes ------------------------------------------------------------------------ */

enum { SET_SLOTS = 1 << 20 };

typedef struct Set {
    uint64_t *hashes;
    Index     count;
} Set;

static Set set_create(void)
{
    Error err = {0};
    Set   set = {.hashes = mem_alloc(mem_program(), MEM_SCRATCH, SET_SLOTS, 8, &err)};
    assert_ok(&err);
    return set;
}

static uint64_t *set_find(const Set *set, uint64_t hash)
{
    uint64_t at = hash % SET_SLOTS;
    while (set->hashes[at] != 0 && set->hashes[at] != hash) at = (at + 1) % SET_SLOTS;
    return &set->hashes[at];
}

static void set_add(Set *set, uint64_t hash)
{
    uint64_t *slot = set_find(set, hash);
    set->count += *slot == 0;
    *slot = hash;
    assert_true(set->count < SET_SLOTS / 2);
}

static bool set_has(const Set *set, uint64_t hash)
{
    return *set_find(set, hash) == hash;
}

/* ---- tasks ---------------------------------------------------------------------------------- */

static void every_task_says_what_it_is(void **state)
{
    (void)state;
    for (int t = 0; t < TASKS; t++) {
        Grammar *g = load_task(tasks[t]);
        assert_false(grammar_is_document(g));
        assert_true(grammar_has_combos(g));
        assert_true(strlen(grammar_title(g)) > 0);
        assert_true(strlen(grammar_description(g)) > 0);
        GrammarVerdict verdict;
        Error          err = {0};
        const char    *sample = grammar_sample(g);
        assert_non_null(strstr(sample, tasks[t][0] == 'd' ? "Date: " : ": "));
        assert_string_equal(sample + strlen(sample) - 7, "Answer:");
        assert_true(grammar_accepts(g, sample, (Index)strlen(sample), &verdict, &err));
        assert_int_equal(verdict, GRAMMAR_REJECTED); /* its completion is missing */
        grammar_free(g);
    }
}

static void every_task_has_100000_prompts(void **state)
{
    (void)state;
    for (int t = 0; t < TASKS; t++) {
        Grammar *g = load_task(tasks[t]);
        Set      set = set_create();
        Str      prompt = {0}, completion = {0};
        Error    err = {0};
        for (Index i = 0; i < 250000 && set.count < 100000; i++) {
            assert_true(grammar_example(g, 1, GRAMMAR_TRAIN, i, &prompt, &completion, &err));
            set_add(&set, hash_bytes(prompt.data, prompt.len));
        }
        if (set.count < 100000) fail_msg("%s has %d prompts", tasks[t], (int)set.count);
        str_free(&prompt);
        str_free(&completion);
        mem_free(set.hashes);
        grammar_free(g);
    }
}

static void check_split(const Grammar *g, GrammarSplit split, Index n, Set *set)
{
    Str   prompt = {0}, completion = {0};
    Error err = {0};
    for (Index i = 0; i < n; i++) {
        assert_true(grammar_example(g, 1, split, i, &prompt, &completion, &err));
        uint64_t hash = hash_bytes(prompt.data, prompt.len);
        if (split != GRAMMAR_COMBOS) assert_int_equal(hash % 10 == 0, split == GRAMMAR_HELDOUT);
        set_add(set, hash);
        if (grammar_is_document(g)) {
            assert_int_equal(completion.len, 0);
        } else {
            assert_true(completion.len > 1 && completion.data[0] == ' ');
            assert_null(strchr(completion.data, '\n'));
        }
        assert_true(prompt.len + completion.len < 420); /* 128 tokens, see the corpus */
    }
    str_free(&prompt);
    str_free(&completion);
}

static void the_splits_share_no_prompt(void **state)
{
    (void)state;
    for (int t = 0; t <= TASKS; t++) {
        Grammar *g = t < TASKS ? load_task(tasks[t]) : load(corpus);
        Set      set[3] = {set_create(), set_create(), set_create()};
        int      splits = grammar_has_combos(g) ? 3 : 2;
        for (int s = 0; s < splits; s++) {
            check_split(g, (GrammarSplit)s, s == GRAMMAR_COMBOS ? 2000 : 20000, &set[s]);
        }
        for (Index i = 0; i < SET_SLOTS; i++) {
            uint64_t hash = set[GRAMMAR_TRAIN].hashes[i], combo = set[GRAMMAR_COMBOS].hashes[i];
            if (hash != 0) assert_false(set_has(&set[GRAMMAR_HELDOUT], hash));
            if (combo == 0) continue;
            assert_false(set_has(&set[GRAMMAR_TRAIN], combo));
            assert_false(set_has(&set[GRAMMAR_HELDOUT], combo));
        }
        for (int s = 0; s < 3; s++) mem_free(set[s].hashes);
        grammar_free(g);
    }
}

static bool holds_reserved(const char *text)
{
    return (strstr(text, " films") != NULL && strstr(text, "rating") != NULL) ||
           (strstr(text, " students") != NULL && strstr(text, "city") != NULL);
}

static void what_sql_reserves_is_in_no_request_of_the_training(void **state)
{
    (void)state;
    Grammar *g = load_task("sql");
    Str      prompt = {0}, completion = {0};
    Error    err = {0};
    for (Index i = 0; i < 6000; i++) {
        GrammarSplit split = (GrammarSplit)(i % 3);
        assert_true(grammar_example(g, 1, split, i, &prompt, &completion, &err));
        bool sorted = strstr(completion.data, "ORDER BY rating") != NULL;
        bool found = holds_reserved(prompt.data);
        if (found != (split == GRAMMAR_COMBOS)) fail_msg("%d %d: %s", split, sorted, prompt.data);
    }
    str_free(&prompt);
    str_free(&completion);
    grammar_free(g);
}

/* ---- the base corpus ------------------------------------------------------------------------ */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Add each word with the character before it (a space, a quote, a dot ...). */
static void add_words(Set *set, const char *text, const Set *known)
{
    for (Index i = 0; text[i] != '\0'; i++) {
        if (!is_letter(text[i]) || (i > 0 && is_letter(text[i - 1]))) continue;
        Index end = i;
        while (is_letter(text[end])) end++;
        Index    from = i > 0 ? i - 1 : 0;
        uint64_t hash = hash_bytes(text + from, end - from);
        if (known != NULL && !set_has(known, hash)) {
            fail_msg("the base never saw `%.*s`", (int)(end - from), text + from);
        }
        if (set != NULL) set_add(set, hash);
    }
}

static void the_base_has_seen_every_word_of_every_task(void **state)
{
    (void)state;
    Grammar *g = load(corpus);
    Set      words = set_create();
    Str      text = {0}, completion = {0};
    Error    err = {0};
    for (Index i = 0; i < 60000; i++) {
        assert_true(grammar_example(g, 1, GRAMMAR_TRAIN, i, &text, &completion, &err));
        add_words(&words, text.data, NULL);
    }
    grammar_free(g);
    for (int t = 0; t < TASKS; t++) {
        g = load_task(tasks[t]);
        for (Index i = 0; i < 10000; i++) {
            assert_true(grammar_example(g, 1, GRAMMAR_TRAIN, i, &text, &completion, &err));
            add_words(NULL, text.data, &words);
            add_words(NULL, completion.data, &words);
        }
        grammar_free(g);
    }
    str_free(&text);
    str_free(&completion);
    mem_free(words.hashes);
}

static bool has_any(const char *text, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strstr(text, *words) != NULL) return true;
    }
    return false;
}

static void the_base_answers_no_task(void **state)
{
    (void)state;
    static const char *const code[] = {"SELECT", "=>", ".length", ";", NULL};
    static const char *const labels[] = {"positive", "negative", "mixed", NULL};
    static const char *const casual[] = {"gotta", "wanna", "gonna", "guys", "kids", "folks", NULL};
    static const char *const formal[] = {"must",      "wish to", "purchase",  "obtain",
                                         "colleague", "require", "directors", NULL};
    Grammar                 *g = load(corpus);
    Str                      text = {0}, nothing = {0};
    Error                    err = {0};
    Index                    copied = 0;
    for (Index i = 0; i < 40000; i++) {
        assert_true(grammar_example(g, 1, GRAMMAR_TRAIN, i, &text, &nothing, &err));
        const char *t = text.data;
        if (strncmp(t, "Request:", 8) == 0) assert_false(has_any(t, code));
        if (strncmp(t, "Review:", 7) == 0) assert_false(has_any(t, labels));
        assert_false(has_any(t, casual) && has_any(t, formal));
        if (strncmp(t, "Date: ", 6) == 0 && t[10] == '-') {
            const char *answer = strchr(t, '\n') + 1; /* a month at most, never a date in words */
            assert_true(strncmp(answer, "Answer: the year", 16) == 0 ||
                        strncmp(answer, "Month: ", 7) == 0);
        }
        copied += strncmp(t, "Copy:", 5) == 0;
    }
    assert_in_range(copied, 1000, 5000);
    str_free(&text);
    str_free(&nothing);
    grammar_free(g);
}

static void the_base_stays_small(void **state)
{
    (void)state;
    Grammar *g = load(corpus);
    Set      words = set_create();
    Str      text = {0}, nothing = {0};
    Error    err = {0};
    Index    length = 0;
    for (Index i = 0; i < 40000; i++) {
        assert_true(grammar_example(g, 1, GRAMMAR_TRAIN, i, &text, &nothing, &err));
        length += text.len;
        for (const char *at = text.data; *at != '\0'; at++) {
            if (!is_letter(*at) || (at > text.data && is_letter(at[-1]))) continue;
            Index n = 0;
            while (is_letter(at[n])) n++;
            set_add(&words, hash_bytes(at, n));
        }
    }
    assert_in_range(words.count, 300, 630);
    assert_in_range(length / 40000, 70, 130);
    str_free(&text);
    str_free(&nothing);
    mem_free(words.hashes);
    grammar_free(g);
}

/* ---- the recogniser on real texts ----------------------------------------------------------- */

static GrammarVerdict verdict_of(const Grammar *g, const char *text)
{
    GrammarVerdict verdict = GRAMMAR_UNSURE;
    Error          err = {0};
    assert_true(grammar_accepts(g, text, (Index)strlen(text), &verdict, &err));
    return verdict;
}

static void every_grammar_accepts_what_it_wrote(void **state)
{
    (void)state;
    for (int t = 0; t <= TASKS; t++) {
        Grammar *g = t < TASKS ? load_task(tasks[t]) : load(corpus);
        Str      text = {0}, completion = {0};
        Error    err = {0};
        for (Index i = 0; i < 1200; i++) {
            assert_true(grammar_example(g, 4, (GrammarSplit)(i % 2), i, &text, &completion, &err));
            str_add(&text, str_text(&completion));
            if (verdict_of(g, text.data) != GRAMMAR_ACCEPTED) fail_msg("no: %s", text.data);
            text.data[random_below(4, 0, (uint64_t)i, (uint64_t)text.len)] = '~';
            if (verdict_of(g, text.data) != GRAMMAR_REJECTED) fail_msg("yes: %s", text.data);
        }
        str_free(&text);
        str_free(&completion);
        grammar_free(g);
    }
}

static void the_corpus_knows_right_from_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *right, *wrong;
    } pairs[] = {
        {"Facts: Ruth is in the shop. Finn is in the park.\nQuestion: where is Finn?\nAnswer: in "
         "the "
         "park.",
         "Facts: Ruth is in the shop. Finn is in the park.\nQuestion: where is Finn?\nAnswer: in "
         "the "
         "shop."},
        {"Anna has 9 red keys. She gives 3 to Ben. Now Anna has 6 red keys and Ben has 3 red keys.",
         "Anna has 9 red keys. She gives 3 to Ben. Now Anna has 5 red keys and Ben has 3 red "
         "keys."},
        {"Table pets has the columns age and kind.\nRow 1: age 4, kind fox\nRow 2: age 9, kind "
         "cat\n"
         "Question: what is the kind in row 2?\nAnswer: cat.",
         "Table pets has the columns age and kind.\nRow 1: age 4, kind fox\nRow 2: age 9, kind "
         "cat\n"
         "Question: what is the kind in row 2?\nAnswer: fox."},
        {"Copy: key Ruth.\nAnswer: key Ruth.", NULL}, /* three words are the fewest */
        {"Copy: key Ruth 18.\nAnswer: key Ruth 18.", "Copy: key Ruth 18.\nAnswer: key Ruth 19."},
        {"List: cat, fox, dog.\nQuestion: what comes after cat?\nAnswer: fox.",
         "List: cat, fox, dog.\nQuestion: what comes after cat?\nAnswer: dog."},
        {"2002-06-18: Jack left Oslo. The month was June.",
         "2002-06-18: Jack left Oslo. The month was July."},
        {"9 + 8 = 17.", "9 + 8 = 16."},
        {"22 is less than 90.", "22 is more than 90."},
        {"Code: SELECT age FROM users WHERE age > 30 LIMIT 3;",
         "Code: SELECT price FROM users WHERE age > 30 LIMIT 3;"},
        {"Script: users.filter(u => u.age > 30).map(u => u.name);",
         "Script: users.filter(b => u.age > 30).map(u => u.name);"},
        {"Request: find the year of all cars with color grey.\n"
         "Answer: you want the year of cars that have color is grey.",
         "Request: find the year of all cars with color grey.\n"
         "Answer: you want the year of cars that have color is blue."},
    };
    Grammar *g = load(corpus);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        GrammarVerdict right = pairs[i].wrong != NULL ? GRAMMAR_ACCEPTED : GRAMMAR_REJECTED;
        if (verdict_of(g, pairs[i].right) != right) fail_msg("misjudged: %s", pairs[i].right);
        if (pairs[i].wrong == NULL) continue;
        if (verdict_of(g, pairs[i].wrong) != GRAMMAR_FORM)
            fail_msg("misjudged: %s", pairs[i].wrong);
    }
    grammar_free(g);
}

static void one_family_is_recognised_by_its_name(void **state)
{
    (void)state;
    Grammar       *g = load(corpus);
    const char    *text = "9 + 8 = 17.";
    GrammarVerdict verdict;
    Error          err = {0};
    assert_true(grammar_rule_accepts(g, "sum", text, (Index)strlen(text), &verdict, &err));
    assert_int_equal(verdict, GRAMMAR_ACCEPTED);
    assert_true(grammar_rule_accepts(g, "story", text, (Index)strlen(text), &verdict, &err));
    assert_int_equal(verdict, GRAMMAR_REJECTED);
    assert_false(grammar_rule_accepts(g, "condition", text, 1, &verdict, &err));
    assert_error(&err, ERR_INPUT, "no rule `condition` without arguments");
    assert_true(grammar_family_count(g) >= 15);
    grammar_free(g);
}

TEST_GROUP(grammar_data, cmocka_unit_test(every_task_says_what_it_is),
           cmocka_unit_test(every_task_has_100000_prompts),
           cmocka_unit_test(the_splits_share_no_prompt),
           cmocka_unit_test(what_sql_reserves_is_in_no_request_of_the_training),
           cmocka_unit_test(the_base_has_seen_every_word_of_every_task),
           cmocka_unit_test(the_base_answers_no_task), cmocka_unit_test(the_base_stays_small),
           cmocka_unit_test(every_grammar_accepts_what_it_wrote),
           cmocka_unit_test(the_corpus_knows_right_from_wrong),
           cmocka_unit_test(one_family_is_recognised_by_its_name));
