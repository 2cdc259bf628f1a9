/*
 * Two ways in for bytes from outside: as a tokenizer.json, which may be refused but, once it is
 * accepted, must encode and decode without harm; and as text for a good tokenizer, where decoding
 * gives the text back.
 */

#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/model/tokenizer_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char sample[] =
    "The <s>naïve e\xCC\x81 世界 😀  12345!\n\n\tabcabcabcabcabcabcabcabcabcabcabc"
    "abcabcabcabcabcabcabcabc it's <|im_end|> end ";

static void encode_and_decode(const Tokenizer *tok, const char *text, Index n)
{
    Error err = {0};
    Ids   ids = {0};
    Str   back = {0};
    if (tokenizer_encode(tok, text, n, true, &ids, &err)) {
        CHECK(tokenizer_decode(tok, ids.data, ids.count, false, &back, &err));
        CHECK(utf8_valid(str_text(&back), back.len));
    } else {
        CHECK(err.code != ERR_NONE && err.message[0] != '\0');
    }
    ids_free(&ids);
    str_free(&back);
}

/* Trained on the sample, so that it has merges; no added token can touch the text. */
static Tokenizer *good_tokenizer(void)
{
    Error             err = {0};
    Str               json = {0};
    TokenizerTrainer *trainer = tokenizer_trainer_create(&err);
    CHECK(trainer != NULL && tokenizer_trainer_add(trainer, sample, sizeof sample - 1, &err));
    CHECK(tokenizer_trainer_finish(trainer, NULL, 0, 320, &json, &err));
    Tokenizer *tok = tokenizer_parse(json.data, json.len, "good", &err);
    CHECK(tok != NULL);
    str_free(&json);
    tokenizer_trainer_free(trainer);
    return tok;
}

static void check_round_trip(const Tokenizer *tok, const char *text, Index n)
{
    Error err = {0};
    Ids   ids = {0};
    Str   back = {0}, form = {0};
    if (!utf8_valid(text, n)) {
        CHECK(!tokenizer_encode(tok, text, n, false, &ids, &err) && err.code == ERR_INPUT);
        return;
    }
    CHECK(text_nfc(&form, text, n, &err));
    CHECK(tokenizer_encode(tok, text, n, false, &ids, &err));
    CHECK(tokenizer_decode(tok, ids.data, ids.count, false, &back, &err));
    CHECK(back.len == form.len);
    CHECK(memcmp(str_text(&back), str_text(&form), (size_t)form.len) == 0);
    ids_free(&ids);
    str_free(&back);
    str_free(&form);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Tokenizer *good;
    if (good == NULL) good = good_tokenizer();
    int64_t     live = mem_live_blocks();
    const char *text = (const char *)data;

    Error      err = {0};
    Tokenizer *tok = tokenizer_parse(text, (Index)size, "fuzz", &err);
    CHECK((tok == NULL) == (err.code != ERR_NONE));
    if (tok != NULL) encode_and_decode(tok, sample, sizeof sample - 1);
    tokenizer_free(tok);
    check_round_trip(good, text, (Index)size);
    CHECK(mem_live_blocks() == live);
    return 0;
}
