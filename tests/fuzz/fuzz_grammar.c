/*
 * Any bytes as a grammar: refused with a complaint, or drawn from within bounds. An example is
 * the same when it is asked for again, and the grammar never rejects what it wrote itself.
 */

#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/train/grammar.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

typedef struct Example {
    bool made;
    Str  prompt, completion;
} Example;

static void draw(const Grammar *g, GrammarSplit split, Index i, Example *example)
{
    Error err = {0};
    example->made = grammar_example(g, 11, split, i, &example->prompt, &example->completion, &err);
    CHECK(example->made == (err.code == ERR_NONE));
    CHECK(example->made || (err.code == ERR_INPUT && err.message[0] != '\0'));
}

static void example_free(Example *example)
{
    str_free(&example->prompt);
    str_free(&example->completion);
}

static bool same(const Str *a, const Str *b)
{
    return a->len == b->len && memcmp(str_text(a), str_text(b), (size_t)a->len) == 0;
}

static void check_accepted(const Grammar *g, const Example *example)
{
    Error          err = {0};
    Str            whole = {0};
    GrammarVerdict verdict;
    str_add_bytes(&whole, str_text(&example->prompt), example->prompt.len);
    str_add_bytes(&whole, str_text(&example->completion), example->completion.len);
    CHECK(utf8_valid(str_text(&whole), whole.len));
    CHECK(grammar_accepts(g, str_text(&whole), whole.len, &verdict, &err));
    CHECK(verdict != GRAMMAR_REJECTED);
    /* Half of it may be anything, but harms nothing. */
    CHECK(grammar_accepts(g, str_text(&whole), whole.len / 2, &verdict, &err));
    str_free(&whole);
}

static void check_examples(const Grammar *g)
{
    for (int split = 0; split < GRAMMAR_SPLIT_COUNT; split++) {
        for (Index i = 0; i < 3; i++) {
            Example one = {0}, again = {0};
            draw(g, (GrammarSplit)split, i, &one);
            if (!one.made) { /* asking for more would only take the same bounded time again */
                example_free(&one);
                break;
            }
            draw(g, (GrammarSplit)split, i, &again);
            CHECK(again.made && same(&one.prompt, &again.prompt));
            CHECK(same(&one.completion, &again.completion));
            CHECK(!grammar_is_document(g) || one.completion.len == 0);
            check_accepted(g, &one);
            example_free(&one);
            example_free(&again);
        }
    }
}

static void check_words(Grammar *g)
{
    CHECK(utf8_valid(grammar_title(g), (Index)strlen(grammar_title(g))));
    CHECK(grammar_description(g) != NULL && grammar_sample(g) != NULL);
    for (Index i = 0; i < grammar_family_count(g); i++) {
        Error err = {0};
        CHECK(grammar_family(g, i) != NULL);
        bool boosted = grammar_boost(g, grammar_family(g, i), 0.5, &err);
        CHECK(boosted || err.code == ERR_INPUT); /* an only family has no share to gain */
    }
    Error err = {0};
    CHECK(grammar_boost(g, NULL, 0, &err));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    Error   err = {0};
    int64_t live = mem_live_blocks();
    /* A copy of the exact size, so that reading beyond it is seen. */
    char *text = mem_alloc_raw(mem_program(), MEM_TEXT, (Index)n, 1, NULL);
    CHECK(text != NULL);
    if (n > 0) memcpy(text, bytes, n);
    Grammar *g = grammar_parse(text, (Index)n, "fuzz", &err);
    mem_free(text);
    CHECK((g != NULL) == (err.code == ERR_NONE));
    CHECK(g != NULL || (err.code == ERR_INPUT && strncmp(err.message, "fuzz", 4) == 0));
    if (g != NULL) {
        check_words(g);
        check_examples(g);
    }
    grammar_free(g);
    CHECK(mem_live_blocks() == live);
    return 0;
}
