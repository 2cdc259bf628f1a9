/* The trainer: what it writes is read again, and is what the definition says. */

#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/pool.h"
#include "core/model/tokenizer_parts.h"
#include "tests/test.h"

static const char *const special[] = {"<|endoftext|>", "<|im_start|>", "<｜é b｜>"};
static const char *const documents[] = {
    "low low low low low lower lower newest newest newest newest newest newest widest widest",
    "It's 2024: the naïve café costs 123.45 €.\n\n\tdef f(x):\n\t\treturn x\n",
    "今天我们学习低秩适配器。今天我们学习梯度下降。 😀😀 aaaaaaaaa bbbb",
    "cafe\xCC\x81 cafe\xCC\x81 <|im_start|>user",
};
enum { SPECIALS = 3, DOCUMENTS = 4 };

static void train(Str *out, Index vocab_size, Error *err)
{
    TokenizerTrainer *t = tokenizer_trainer_create(err);
    bool              ok = t != NULL;
    for (int i = 0; i < DOCUMENTS && ok; i++) {
        ok = tokenizer_trainer_add(t, documents[i], (Index)strlen(documents[i]), err);
    }
    if (ok && !tokenizer_trainer_finish(t, special, SPECIALS, vocab_size, out, err)) ok = false;
    tokenizer_trainer_free(t);
    assert_true(ok || err->code != ERR_NONE);
}

static Tokenizer *trained(Index vocab_size)
{
    Error err = {0};
    Str   json = {0};
    train(&json, vocab_size, &err);
    assert_ok(&err);
    Tokenizer *tok = tokenizer_parse(json.data, json.len, "trained.json", &err);
    assert_ok(&err);
    str_free(&json);
    return tok;
}

static void expect_round_trip(const Tokenizer *tok, const char *text, const char *want)
{
    Error err = {0};
    Ids   ids = {0};
    Str   back = {0};
    assert_true(tokenizer_encode(tok, text, (Index)strlen(text), true, &ids, &err));
    assert_true(tokenizer_decode(tok, ids.data, ids.count, false, &back, &err));
    assert_string_equal(str_text(&back), want);
    ids_free(&ids);
    str_free(&back);
}

static void a_trained_tokenizer_gives_texts_back(void **state)
{
    (void)state;
    Tokenizer *tok = trained(340);
    assert_int_equal(tokenizer_vocab(tok), 340);
    for (int i = 0; i < 3; i++) expect_round_trip(tok, documents[i], documents[i]);
    expect_round_trip(tok, documents[3], "café café <|im_start|>user");
    expect_round_trip(tok, "<｜é b｜><|endoftext|>", "<｜é b｜><|endoftext|>");
    tokenizer_free(tok);
}

static void special_tokens_come_first_then_the_bytes(void **state)
{
    (void)state;
    Tokenizer *tok = trained(300);
    for (int32_t i = 0; i < SPECIALS; i++) {
        assert_int_equal(tokenizer_id(tok, special[i]), i);
        assert_true(tokenizer_is_special(tok, i));
    }
    assert_false(tokenizer_is_special(tok, SPECIALS));
    assert_int_equal(tokenizer_id(tok, "!"), 3);
    assert_int_equal(tokenizer_id(tok, "a"), 3 + 'a' - '!');
    assert_int_equal(tokenizer_id(tok, "Ā"), 3 + 188);
    assert_int_equal(tokenizer_id(tok, "Ń"), 258);
    tokenizer_free(tok);
}

/* By hand: "es" and "est" stand 8 times, "lo" and "low" 7, "ew" (before "ne": its first id is the
 * smaller) and "new" 6, then both with their space. Hugging Face's trainer agrees. */
static void the_most_frequent_pair_is_merged_first(void **state)
{
    (void)state;
    static const char *const want[] = {"es", "est", "lo", "low", "ew", "new", "Ġlow", "Ġnew"};
    const char              *text = documents[0];
    Error                    err = {0};
    Str                      json = {0};
    TokenizerTrainer        *t = tokenizer_trainer_create(&err);
    assert_true(tokenizer_trainer_add(t, text, (Index)strlen(text), &err));
    assert_true(tokenizer_trainer_finish(t, NULL, 0, 264, &json, &err));
    Tokenizer *tok = tokenizer_parse(json.data, json.len, "t", &err);
    assert_ok(&err);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(tokenizer_id(tok, want[i]), 256 + i);
    }
    tokenizer_free(tok);
    tokenizer_trainer_free(t);
    str_free(&json);
}

static void the_same_documents_give_the_same_bytes(void **state)
{
    (void)state;
    Error err = {0};
    Str   a = {0}, b = {0};
    train(&a, 330, &err);
    train(&b, 330, &err);
    assert_ok(&err);
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.data, b.data, (size_t)a.len);
    str_free(&a);
    str_free(&b);
}

static void it_stops_when_no_pair_is_left(void **state)
{
    (void)state;
    Tokenizer *tok = trained(5000);
    assert_in_range(tokenizer_vocab(tok), 259 + 50, 1000);
    tokenizer_free(tok);

    Error             err = {0};
    Str               json = {0};
    TokenizerTrainer *t = tokenizer_trainer_create(&err);
    assert_true(tokenizer_trainer_finish(t, special, 1, 1000, &json, &err)); /* no document */
    tok = tokenizer_parse(json.data, json.len, "t", &err);
    assert_ok(&err);
    assert_int_equal(tokenizer_vocab(tok), 257);
    tokenizer_free(tok);
    tokenizer_trainer_free(t);
    str_free(&json);
}

static void impossible_wishes_are_refused(void **state)
{
    (void)state;
    static const char *const twice[] = {"<a>", "<a>"};
    static const char *const byte[] = {"Ġ"}, *const empty[] = {""};
    static const struct {
        const char *const *special;
        int                count;
        Index              size;
        const char        *message;
    } cases[] = {
        {special, 3, 258, "a vocabulary of 258 tokens: must be from 259"},
        {special, 3, -1, "a vocabulary of -1 tokens"},
        {twice, 2, 300, "a special token must be another token than \"<a>\""},
        {byte, 1, 300, "a special token must be another token than \"Ġ\""},
        {empty, 1, 300, "a special token must be 2 to 256 bytes of UTF-8"},
    };
    TokenizerTrainer *t = tokenizer_trainer_create(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Error err = {0};
        Str   out = {0};
        assert_false(tokenizer_trainer_finish(t, cases[i].special, cases[i].count, cases[i].size,
                                              &out, &err));
        assert_error(&err, ERR_INPUT, cases[i].message);
        str_free(&out);
    }
    Error err = {0};
    assert_false(tokenizer_trainer_add(t, "\xFF", 1, &err));
    assert_error(&err, ERR_INPUT, "a document is not UTF-8");
    tokenizer_trainer_free(t);
}

/* 54,000 documents of 30 words, as many as the base model is trained on. */
static void many_documents_take_seconds(void **state)
{
    (void)state;
    Error             err = {0};
    Str               text = {0}, json = {0};
    TokenizerTrainer *t = tokenizer_trainer_create(&err);
    uint32_t          seed = 1;
    double            start = clock_seconds();
    for (int d = 0; d < 54000; d++) {
        str_clear(&text);
        for (int w = 0; w < 30; w++) {
            seed = seed * 1664525u + 1013904223u;
            for (uint32_t x = (seed >> 16) % 5000; x > 0; x /= 12)
                str_addf(&text, "%c", (int)('a' + x % 12));
            str_add(&text, " ");
        }
        assert_true(tokenizer_trainer_add(t, str_text(&text), text.len, &err));
    }
    assert_true(tokenizer_trainer_finish(t, special, 3, 2048, &json, &err));
    assert_true(clock_seconds() - start < 30.0); /* 1 s or so; sanitizers are slower */
    tokenizer_trainer_free(t);
    str_free(&text);
    str_free(&json);
}

static void train_and_forget(void *context, Error *err)
{
    (void)context;
    Str out = {0};
    train(&out, 330, err);
    str_free(&out);
}

static void every_failed_allocation_is_reported(void **state)
{
    (void)state;
    torture(train_and_forget, NULL);
}

TEST_GROUP(tokenizer_trainer, cmocka_unit_test(a_trained_tokenizer_gives_texts_back),
           cmocka_unit_test(special_tokens_come_first_then_the_bytes),
           cmocka_unit_test(the_most_frequent_pair_is_merged_first),
           cmocka_unit_test(the_same_documents_give_the_same_bytes),
           cmocka_unit_test(it_stops_when_no_pair_is_left),
           cmocka_unit_test(impossible_wishes_are_refused),
           cmocka_unit_test(many_documents_take_seconds),
           cmocka_unit_test(every_failed_allocation_is_reported));
