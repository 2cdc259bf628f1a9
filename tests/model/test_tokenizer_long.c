/* Long pieces: the three ways of merging give the same tokens, and none of them is quadratic. */

#include <string.h>

#include "core/base/mem.h"
#include "core/base/pool.h"
#include "core/model/tokenizer_parts.h"
#include "tests/test.h"

/* Sanitizers slow everything down; shape is what counts there. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SLOWER = 20 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
enum { SLOWER = 20 };
#else
enum { SLOWER = 1 };
#endif
#else
enum { SLOWER = 1 };
#endif

static Tokenizer *read_fixture(const char *path)
{
    Error      err = {0};
    Tokenizer *tok = tokenizer_read(test_fixture(path), &err);
    assert_ok(&err);
    return tok;
}

/* Merge one pair at a time, searching from the left each time: the definition. */
static void merge_slowly(const Tokenizer *tok, const char *text, Index n, Ids *ids)
{
    Error err = {0};
    for (Index i = 0; i < n; i++) assert_true(ids_add(ids, tok->byte_id[(uint8_t)text[i]], &err));
    for (;;) {
        Index        at = -1;
        const Merge *best = NULL;
        for (Index i = 0; i + 1 < ids->count; i++) {
            const Merge *merge = merges_find(&tok->merges, ids->data[i], ids->data[i + 1]);
            if (merge == NULL || (best != NULL && merge->rank >= best->rank)) continue;
            best = merge;
            at = i;
        }
        if (best == NULL) return;
        ids->data[at] = best->id;
        ids->count--;
        for (Index i = at + 1; i < ids->count; i++) ids->data[i] = ids->data[i + 1];
    }
}

static void fill(char *text, Index n, const char *letters, uint32_t seed)
{
    for (Index i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        text[i] = letters[(seed >> 16) % strlen(letters)];
    }
}

static void every_way_of_merging_gives_the_same_tokens(void **state)
{
    (void)state;
    enum { N = HUGE_PIECE + 100 };
    static const char *const alphabets[] = {"a", "ab", "aaab", "the ", "model", "e\n -", "=!#"};
    static const Index       lengths[] = {2, SHORT_PIECE, SHORT_PIECE + 1, 300, HUGE_PIECE, N};
    static char              text[N];
    Tokenizer               *tok = read_fixture("tokenizers/qwen2/tokenizer.json");
    assert_true(tok->merges.in_order);

    for (size_t a = 0; a < sizeof alphabets / sizeof *alphabets; a++) {
        fill(text, N, alphabets[a], (uint32_t)a);
        for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
            Error     err = {0};
            Ids       want = {0}, got = {0}, by_heap = {0};
            MergeWork work = {0};
            Index     n = lengths[k];
            merge_slowly(tok, text, n, &want);
            assert_true(merge_piece(tok, &work, text, n, &got, &err));
            tok->merges.in_order = false;
            assert_true(merge_long(tok, &work, text, n, &by_heap, &err));
            tok->merges.in_order = true;
            assert_int_equal(got.count, want.count);
            assert_int_equal(by_heap.count, want.count);
            assert_memory_equal(got.data, want.data, (size_t)want.count * sizeof(int32_t));
            assert_memory_equal(by_heap.data, want.data, (size_t)want.count * sizeof(int32_t));
            merge_work_free(&work);
            ids_free(&want);
            ids_free(&got);
            ids_free(&by_heap);
        }
    }
    tokenizer_free(tok);
}

/* Seconds to encode n bytes of a word over these letters. */
static double seconds_for(const Tokenizer *tok, const char *letters, Index n)
{
    Error err = {0};
    Ids   ids = {0};
    char *text = mem_alloc_raw(mem_program(), MEM_TEXT, n, 1, &err);
    assert_ok(&err);
    fill(text, n, letters, 3);
    double start = clock_seconds();
    assert_true(tokenizer_encode(tok, text, n, false, &ids, &err));
    double seconds = clock_seconds() - start;
    assert_true(ids.count > 0);
    ids_free(&ids);
    mem_free(text);
    return seconds;
}

static void ten_megabytes_without_a_space_take_seconds(void **state)
{
    (void)state;
    static const char *const letters[] = {"a", "model"};
    const Index              n = 10000000;
    Tokenizer               *tok = read_fixture("tokenizers/llama3/tokenizer.json");

    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
        double tenth = seconds_for(tok, letters[i], n / 10),
               whole = seconds_for(tok, letters[i], n);
        assert_true(whole < 2.0 * SLOWER);
        /* Ten times the text in much less than a hundred times the time. */
        assert_true(whole < 40.0 * tenth + 0.1);
    }
    tokenizer_free(tok);
}

static void a_huge_word_by_heap_is_not_quadratic_either(void **state)
{
    (void)state;
    Tokenizer *tok = read_fixture("tokenizers/qwen2/tokenizer.json");
    tok->merges.in_order = false;
    assert_true(seconds_for(tok, "model", 2000000) < 2.0 * SLOWER);
    tokenizer_free(tok);
}

static void merge_huge(void *context, Error *err)
{
    enum { N = 3 * HUGE_PIECE };
    static char text[N];
    Tokenizer  *tok = context;
    Ids         ids = {0};
    fill(text, N, "model", 5);
    if (tokenizer_encode(tok, text, N, false, &ids, err)) assert_true(ids.count > 0);
    ids_free(&ids);
}

static void huge_words_survive_every_failed_allocation(void **state)
{
    (void)state;
    Tokenizer *tok = read_fixture("tokenizers/qwen2/tokenizer.json");
    torture(merge_huge, tok);
    tok->merges.in_order = false;
    torture(merge_huge, tok);
    tokenizer_free(tok);
}

TEST_GROUP(tokenizer_long, cmocka_unit_test(every_way_of_merging_gives_the_same_tokens),
           cmocka_unit_test(ten_megabytes_without_a_space_take_seconds),
           cmocka_unit_test(a_huge_word_by_heap_is_not_quadratic_either),
           cmocka_unit_test(huge_words_survive_every_failed_allocation));
