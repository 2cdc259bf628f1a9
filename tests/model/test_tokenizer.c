/*
 * The three tokenizers of the fixtures against the ids and texts that Hugging Face's library
 * gave for them, and what holds for any tokenizer.
 */

#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/model/tokenizer.h"
#include "tests/test.h"

static const char *const names[] = {"gpt2", "qwen2", "llama3"};
enum { NAMES = 3 };

static const char *fixture(const char *name, const char *file)
{
    char path[128];
    snprintf(path, sizeof path, "tokenizers/%s%s%s", name, name[0] == '\0' ? "" : "/", file);
    return test_fixture(path);
}

static Tokenizer *read_fixture(const char *name)
{
    Error      err = {0};
    Tokenizer *tok = tokenizer_read(fixture(name, "tokenizer.json"), &err);
    assert_ok(&err);
    return tok;
}

static Json *read_json(const char *name, const char *file)
{
    Error err = {0};
    Json *json = json_read(fixture(name, file), 1 << 24, &err);
    assert_ok(&err);
    return json;
}

/* ---- the fixtures ----------------------------------------------------------------------- */

static void expect_ids(const char *name, Index i, const Ids *got, const JsonNode *want)
{
    bool same = got->count == json_count(want);
    for (Index k = 0; k < got->count && same; k++) {
        same = got->data[k] == json_integer(json_at(want, k));
    }
    if (same) return;

    print_error("%s, string %d: got ", name, (int)i);
    for (Index k = 0; k < got->count; k++) print_error(" %d", got->data[k]);
    print_error(", expected ");
    for (Index k = 0; k < json_count(want); k++) {
        print_error(" %d", (int)json_integer(json_at(want, k)));
    }
    fail_msg("ids differ");
}

static void expect_text(const char *name, Index i, const Str *got, const JsonNode *want)
{
    Index       n;
    const char *text = json_string(want, &n);
    if (got->len == n && memcmp(str_text(got), text, (size_t)n) == 0) return;
    fail_msg("%s, string %d: decoded \"%s\", expected \"%s\"", name, (int)i, str_text(got), text);
}

/* One string: ids without and with special tokens, and the ids' text. */
static void check_string(const Tokenizer *tok, const char *name, Index i, const JsonNode *string,
                         const JsonNode *want)
{
    Error           err = {0};
    Ids             ids = {0}, special = {0};
    Str             back = {0};
    Index           n;
    const char     *text = json_string(string, &n);
    const JsonNode *with = json_get(want, "special_ids"), *decoded = json_get(want, "decoded");

    assert_true(tokenizer_encode(tok, text, n, false, &ids, &err));
    assert_true(tokenizer_encode(tok, text, n, true, &special, &err));
    assert_true(tokenizer_decode(tok, ids.data, ids.count, false, &back, &err));
    assert_ok(&err);
    expect_ids(name, i, &ids, json_get(want, "ids"));
    expect_ids(name, i, &special, with == NULL ? json_get(want, "ids") : with);
    expect_text(name, i, &back, decoded == NULL ? string : decoded);

    ids_free(&ids);
    ids_free(&special);
    str_free(&back);
}

static void check_strings(const char *texts, const char *answers)
{
    for (int t = 0; t < NAMES; t++) {
        Tokenizer      *tok = read_fixture(names[t]);
        Json           *strings = read_json("", texts), *expected = read_json(names[t], answers);
        const JsonNode *list = json_root(strings), *want = json_root(expected);

        assert_true(json_count(list) > 0);
        assert_int_equal(json_count(list), json_count(want));
        for (Index i = 0; i < json_count(list); i++) {
            check_string(tok, names[t], i, json_at(list, i), json_at(want, i));
        }
        json_free(strings);
        json_free(expected);
        tokenizer_free(tok);
    }
}

static void ids_and_texts_are_those_of_the_reference(void **state)
{
    (void)state;
    check_strings("strings.json", "expected.json");
}

static void a_text_may_hold_nul(void **state)
{
    (void)state;
    check_strings("strings_nul.json", "expected_nul.json");
}

static void torn_characters_decode_as_in_the_reference(void **state)
{
    (void)state;
    for (int t = 0; t < NAMES; t++) {
        Error           err = {0};
        Tokenizer      *tok = read_fixture(names[t]);
        Json           *json = read_json(names[t], "decode.json");
        const JsonNode *list = json_root(json);

        assert_true(json_count(list) > 50);
        for (Index i = 0; i < json_count(list); i++) {
            Ids             ids = {0};
            Str             text = {0};
            const JsonNode *want = json_get(json_at(list, i), "ids");
            for (Index k = 0; k < json_count(want); k++) {
                assert_true(ids_add(&ids, (int32_t)json_integer(json_at(want, k)), &err));
            }
            assert_true(tokenizer_decode(tok, ids.data, ids.count, false, &text, &err));
            expect_text(names[t], i, &text, json_get(json_at(list, i), "text"));
            ids_free(&ids);
            str_free(&text);
        }
        json_free(json);
        tokenizer_free(tok);
    }
}

/* ---- properties ------------------------------------------------------------------------- */

static void the_bytes_of_single_tokens_make_the_text(void **state)
{
    (void)state;
    const char text[] = "The naïve 世界 😀 12345!\n";
    Error      err = {0};
    Tokenizer *tok = read_fixture("qwen2");
    Ids        ids = {0};
    Str        bytes = {0};

    assert_true(tokenizer_encode(tok, text, sizeof text - 1, false, &ids, &err));
    for (Index i = 0; i < ids.count; i++) {
        assert_true(tokenizer_bytes(tok, ids.data[i], &bytes, &err));
    }
    assert_string_equal(str_text(&bytes), text);
    ids_free(&ids);
    str_free(&bytes);
    tokenizer_free(tok);
}

static void tokens_are_found_as_they_are_written(void **state)
{
    (void)state;
    Tokenizer *tok = read_fixture("qwen2");

    assert_int_equal(tokenizer_vocab(tok), 771);
    assert_int_equal(tokenizer_id(tok, "!"), 0);
    assert_int_equal(tokenizer_id(tok, "he"), 256);
    assert_int_equal(tokenizer_id(tok, "Ġt"), 257);
    assert_int_equal(tokenizer_id(tok, "<|im_end|>"), 757);
    assert_int_equal(tokenizer_id(tok, "crêpe"), 765);
    assert_int_equal(tokenizer_id(tok, "a b"), 769);
    assert_int_equal(tokenizer_id(tok, ""), -1);
    assert_int_equal(tokenizer_id(tok, " t"), -1);
    assert_int_equal(tokenizer_id(tok, "<|nothing|>"), -1);
    assert_true(tokenizer_is_special(tok, 757));
    assert_false(tokenizer_is_special(tok, 758));
    assert_false(tokenizer_is_special(tok, -1));
    assert_false(tokenizer_is_special(tok, 771));
    tokenizer_free(tok);
}

static void special_tokens_can_be_left_out_of_the_text(void **state)
{
    (void)state;
    const char text[] = "<|im_start|>user\nHi<|im_end|><tool_call>";
    Error      err = {0};
    Tokenizer *tok = read_fixture("qwen2");
    Ids        ids = {0};
    Str        with = {0}, without = {0};

    assert_true(tokenizer_encode(tok, text, sizeof text - 1, true, &ids, &err));
    assert_true(tokenizer_decode(tok, ids.data, ids.count, false, &with, &err));
    assert_true(tokenizer_decode(tok, ids.data, ids.count, true, &without, &err));
    assert_string_equal(str_text(&with), text);
    assert_string_equal(str_text(&without), "user\nHi<tool_call>");
    ids_free(&ids);
    str_free(&with);
    str_free(&without);
    tokenizer_free(tok);
}

static void the_hash_is_that_of_the_file(void **state)
{
    (void)state;
    Error      err = {0};
    Index      n;
    char      *bytes = file_read_all(fixture("gpt2", "tokenizer.json"), 1 << 24, &n, &err);
    Tokenizer *tok = read_fixture("gpt2");

    assert_non_null(bytes);
    assert_true(tokenizer_hash(tok) == hash_bytes(bytes, n));
    mem_free(bytes);
    tokenizer_free(tok);
}

static void bad_text_and_bad_ids_are_refused_and_append_nothing(void **state)
{
    (void)state;
    Error      err = {0};
    Tokenizer *tok = read_fixture("llama3");
    Ids        ids = {0};
    Str        text = {0};

    assert_true(ids_add(&ids, 7, &err));
    assert_false(tokenizer_encode(tok, "ab\xFF", 3, true, &ids, &err));
    assert_error(&err, ERR_INPUT, "not UTF-8 at byte 2");
    assert_int_equal(ids.count, 1);

    for (int32_t id = -1; id <= 772; id += 773) {
        err = (Error){0};
        assert_false(tokenizer_decode(tok, &id, 1, false, &text, &err));
        assert_error(&err, ERR_INPUT, "none of the tokenizer's ids 0..771");
        err = (Error){0};
        assert_false(tokenizer_bytes(tok, id, &text, &err));
        assert_error(&err, ERR_INPUT, "none of the tokenizer's ids");
    }
    assert_int_equal(text.len, 0);
    ids_free(&ids);
    str_free(&text);
    tokenizer_free(tok);
}

/* ---- memory ----------------------------------------------------------------------------- */

static void use_qwen2(void *context, Error *err)
{
    const char *text = context;
    Ids         ids = {0};
    Str         back = {0};
    Tokenizer  *tok = tokenizer_read(fixture("qwen2", "tokenizer.json"), err);

    if (tok != NULL && tokenizer_encode(tok, text, (Index)strlen(text), true, &ids, err) &&
        tokenizer_decode(tok, ids.data, ids.count, false, &back, err)) {
        assert_string_equal(str_text(&back), text);
    }
    ids_free(&ids);
    str_free(&back);
    tokenizer_free(tok);
}

static void every_failed_allocation_is_reported(void **state)
{
    (void)state;
    char text[] = "a crib, a rankword and <|norm|> 世界: "
                  "wordwordwordwordwordwordwordwordwordwordwordwordwordwordwordwordword";
    torture(use_qwen2, text);
}

TEST_GROUP(tokenizer, cmocka_unit_test(ids_and_texts_are_those_of_the_reference),
           cmocka_unit_test(a_text_may_hold_nul),
           cmocka_unit_test(torn_characters_decode_as_in_the_reference),
           cmocka_unit_test(the_bytes_of_single_tokens_make_the_text),
           cmocka_unit_test(tokens_are_found_as_they_are_written),
           cmocka_unit_test(special_tokens_can_be_left_out_of_the_text),
           cmocka_unit_test(the_hash_is_that_of_the_file),
           cmocka_unit_test(bad_text_and_bad_ids_are_refused_and_append_nothing),
           cmocka_unit_test(every_failed_allocation_is_reported));
