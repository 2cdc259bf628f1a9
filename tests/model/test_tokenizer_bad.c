/*
 * Files that are almost a tokenizer.json: each differs from a good one in one place and must be
 * refused with one line that names the file and the field. And patterns that never end.
 */

#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/pool.h"
#include "core/base/text.h"
#include "core/model/tokenizer_parts.h"
#include "tests/test.h"

/* The good one: 256 bytes, "ab" and "abc", and one special token. */
static void write_good(Str *out)
{
    str_add(out, "{\"version\": \"1.0\", \"truncation\": null, \"padding\": null, "
                 "\"added_tokens\": [{\"id\": 258, \"content\": \"<s>\", \"special\": true}], "
                 "\"normalizer\": {\"type\": \"NFC\"}, "
                 "\"pre_tokenizer\": {\"type\": \"Sequence\", \"pretokenizers\": ["
                 "{\"type\": \"Split\", \"pattern\": {\"Regex\": \"\\\\p{L}+|\\\\s\"}, "
                 "\"behavior\": \"Isolated\", \"invert\": false}, "
                 "{\"type\": \"ByteLevel\", \"add_prefix_space\": false, \"use_regex\": false}]}, "
                 "\"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": ["
                 "{\"SpecialToken\": {\"id\": \"<s>\"}}, {\"Sequence\": {\"id\": \"A\"}}], "
                 "\"special_tokens\": {\"<s>\": {\"id\": \"<s>\", \"ids\": [258]}}}, "
                 "\"decoder\": {\"type\": \"ByteLevel\"}, "
                 "\"model\": {\"type\": \"BPE\", \"dropout\": null, \"unk_token\": null, "
                 "\"byte_fallback\": false, \"vocab\": {");
    for (int b = 0; b < 256; b++) {
        char token[4];
        str_addf(out, "\"%s", b == '"' || b == '\\' ? "\\" : "");
        str_add_bytes(out, token, utf8_encode(byte_level_char((uint8_t)b), token));
        str_addf(out, "\": %d, ", b);
    }
    str_add(out, "\"ab\": 256, \"abc\": 257}, \"merges\": [\"a b\", [\"ab\", \"c\"]]}}");
}

/* The good one with the one place that reads `find` replaced. */
static void write_changed(Str *out, const char *find, const char *replace)
{
    Str good = {0};
    write_good(&good);
    const char *place = strstr(str_text(&good), find);
    if (place == NULL) fail_msg("the good file has no %s", find);
    str_add_bytes(out, good.data, place - good.data);
    str_add(out, replace);
    str_add(out, place + strlen(find));
    str_free(&good);
}

typedef struct Case {
    const char *find, *replace, *message;
} Case;

static const Case cases[] = {
    /* the whole */
    {"{\"version\"", "", "line 1"},
    {"\"1.0\"", "\"2.0\"", "field \"version\": \"2.0\" is not supported"},
    {"\"1.0\"", "1", "field \"version\": must be a string, not 1"},
    {"\"padding\"", "\"model\": {}, \"padding\"", "duplicate object key"},
    /* ids */
    {"\"ab\": 256", "\"ab\": -1", "field \"model.vocab\": token \"ab\" has the id -1"},
    {"\"ab\": 256", "\"ab\": 255", "field \"model.vocab\": token \"ab\" has the id 255, which"},
    {"\"abc\": 257", "\"abc\": 258", "token \"abc\" has the id 258; 258 tokens need the ids"},
    {"\"abc\": 257", "\"abc\": 2147483648", "token \"abc\" has the id 2147483648; 258 tokens"},
    {"\"abc\": 257", "\"abc\": 99999999999999999999", "the id of token \"abc\" is not an integer"},
    {"\"ab\": 256", "\"ab\": 256.0", "field \"model.vocab\": the id of token \"ab\" is not an int"},
    {"\"ab\": 256", "\"ab\": \"256\"", "the id of token \"ab\" is not an integer"},
    {"\"ab\": 256", "\"ab\": null", "the id of token \"ab\" is not an integer"},
    /* tokens */
    {"\"ab\": 256", "\"\": 256", "field \"model.vocab\": a token is empty"},
    {"\"a\": 97", "\"aa\": 97", "field \"model.vocab\": there is no token \"a\" for byte 61"},
    {"\"ab\": 256", "\"a\": 256", "duplicate object key"},
    {"\"model\": {", "\"model\": 7, \"x\": {", "field \"model\": must be an object"},
    {"\"vocab\": {", "\"vocab\": {}, \"x\": {", "field \"model.vocab\": is empty"},
    {"\"vocab\": {", "\"vocab\": {\"a\": 0}, \"x\": {", "there is no token \"Ā\" for byte 00"},
    {"\"vocab\": {", "\"vocab\": [], \"x\": {", "field \"model.vocab\": must be an object"},
    /* merges */
    {"\"a b\"", "\"a zz\"", "field \"model.merges[0]\": \"zz\" is not in \"model.vocab\""},
    {"\"a b\"", "\"b a\"", "field \"model.merges[0]\": \"b\" and \"a\" make a token that is not"},
    {"\"a b\"", "\"a b c\"", "field \"model.merges[0]\": must be two tokens"},
    {"\"a b\"", "\"ab\"", "field \"model.merges[0]\": must be two tokens"},
    {"\"a b\"", "\" ab\"", "field \"model.merges[0]\": \"\" is not in \"model.vocab\""},
    {"\"a b\"", "7", "field \"model.merges[0]\": must be two tokens"},
    {"[\"ab\", \"c\"]", "[\"ab\", 7]", "field \"model.merges[1]\": must be two tokens"},
    {"[\"ab\", \"c\"]", "[\"ab\"]", "field \"model.merges[1]\": must be two tokens"},
    {"[\"ab\", \"c\"]", "\"a b\"", "field \"model.merges[1]\": \"a\" and \"b\" are merged earlier"},
    {"[\"a b\", [\"ab\", \"c\"]]", "{}", "field \"model.merges\": must be a list"},
    {"\"merges\"", "\"Merges\"", "field \"model.merges\": must be a list"},
    /* the model's settings */
    {"\"BPE\"", "\"Unigram\"", "field \"model.type\": \"Unigram\" is not supported"},
    {"\"byte_fallback\": false", "\"byte_fallback\": true", "\"model.byte_fallback\": \"true\" is"},
    {"\"dropout\": null", "\"dropout\": 0.1", "field \"model.dropout\": \"0.1\" is not supported"},
    {"\"dropout\": null", "\"end_of_word_suffix\": \"</w>\"", "field \"model.end_of_word_suffix\""},
    {"\"dropout\": null", "\"ignore_merges\": 1", "field \"ignore_merges\": must be true or false"},
    {"\"unk_token\": null", "\"unk_token\": \"<unk>\"",
     "field \"model.unk_token\": \"<unk>\" is n"},
    /* added tokens */
    {"\"id\": 258,", "\"id\": 300,", "field \"added_tokens[0]\": \"<s>\" has the id 300; the next"},
    {"\"id\": 258,", "\"id\": 2147483648,",
     "field \"id\": must be an integer from 0 to 2147483646"},
    {"\"id\": 258,", "\"id\": -5,", "field \"id\": must be an integer from 0"},
    {"\"id\": 258,", "", "field \"id\": is missing"},
    {"\"content\": \"<s>\"", "\"content\": \"\"",
     "field \"added_tokens[0]\": \"content\" is empty"},
    {"\"content\": \"<s>\"", "\"content\": 1", "\"added_tokens[0]\": \"content\" must be a string"},
    {"\"content\": \"<s>\"", "\"content\": \"ab\"",
     "\"ab\" has the id 258, but 256 in \"model.voc"},
    {"\"special\": true}", "\"special\": true}, {\"id\": 259, \"content\": \"<s>\"}",
     "field \"added_tokens[1]\": the same token is already \"added_tokens[0]\""},
    {"\"special\": true", "\"lstrip\": \"yes\"", "field \"lstrip\": must be true or false"},
    /* the other parts */
    {"\"NFC\"", "\"Lowercase\"", "field \"normalizer\": \"Lowercase\" is not supported"},
    {"{\"type\": \"NFC\"}", "\"NFC\"", "field \"normalizer\": must be an object with a \"type\""},
    {"\"Split\"", "\"Whitespace\"", "field \"pre_tokenizer\": \"Whitespace\" is not supported"},
    {"\"Isolated\"", "\"Removed\"", "field \"pre_tokenizer\": \"Removed\" is not supported"},
    {"\"invert\": false", "\"invert\": true",
     "field \"pre_tokenizer\": \"invert\" is not supported"},
    {"{\"Regex\": ", "{\"String\": ",
     "field \"pre_tokenizer\": \"Split without a Regex\" is not s"},
    {"\\\\p{L}+", "(a", "field \"pre_tokenizer\": the pattern is no regular expression: missing"},
    {"\\\\p{L}+", "[a&&b]", "the pattern has \"&&\" at byte 2, which is not supported"},
    {"\\\\p{L}+", "[a[b]]", "the pattern has \"[b\" at byte 2, which is not supported"},
    {"\\\\p{L}+", "(*UCP)a", "the pattern has \"(*\" at byte 0, which is not supported"},
    {"\\\\p{L}+", "a\\\\Kb", "the pattern has \"\\K\" at byte 1, which is not supported"},
    {"\\\\p{L}+", "a\\\\Cb", "the pattern is no regular expression: using \\C is disabled"},
    {"\\\\p{L}+", "\\u0000", "the pattern has a NUL"},
    {"[{\"type\": \"Split\"", "[{\"type\": \"ByteLevel\"}, {\"type\": \"Split\"",
     "field \"pre_tokenizer\": \"a step after ByteLevel\" is not supported"},
    {"\"pre_tokenizer\"", "\"x\"", "field \"pre_tokenizer\": has no \"ByteLevel\""},
    {"\"pretokenizers\"", "\"x\"", "field \"pre_tokenizer.pretokenizers\": must be a list"},
    {"\"TemplateProcessing\"", "\"BertProcessing\"",
     "field \"post_processor\": \"BertProcessing\""},
    {"\"ids\": [258]", "\"ids\": [259]", "field \"post_processor\": \"<s>\" has an id that no"},
    {"\"ids\": [258]", "\"ids\": [-1]",
     "field \"post_processor\": \"<s>\" has an id that no token"},
    {"\"ids\": [258]", "\"tokens\": []", "field \"post_processor\": \"<s>\" has no ids in"},
    {"{\"<s>\": {", "{\"<t>\": {", "field \"post_processor\": \"<s>\" has no ids in"},
    {"{\"id\": \"A\"}", "{\"id\": \"B\"}", "field \"post_processor\": \"a template that is not"},
    {", {\"Sequence\": {\"id\": \"A\"}}", "", "\"a template without $A\" is not supported"},
    {"\"decoder\": {\"type\": \"ByteLevel\"}", "\"decoder\": {\"type\": \"Metaspace\"}",
     "field \"decoder\": \"Metaspace\" is not supported"},
    {"\"decoder\"", "\"x\"", "field \"decoder\": has no \"ByteLevel\""},
};

/* Read it from a file and expect a message of one line that begins with the path. */
static void expect_refused(const Str *text, const char *message)
{
    Error       err = {0}, written = {0};
    const char *path = test_path("tokenizer.json");
    assert_true(file_write_all(path, text->data, text->len, &written));
    Tokenizer *tok = tokenizer_read(path, &err);
    if (tok != NULL) fail_msg("accepted; expected \"%s\"", message);
    assert_error(&err, ERR_INPUT, message);
    assert_memory_equal(err.message, path, strlen(path));
    assert_null(strchr(err.message, '\n'));
}

static void each_bad_file_is_refused_with_its_field(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Str text = {0};
        write_changed(&text, cases[i].find, cases[i].replace);
        expect_refused(&text, cases[i].message);
        str_free(&text);
    }
}

static void the_good_file_is_good(void **state)
{
    (void)state;
    static const int32_t want[] = {258, 257, 32, 256, 120};
    Error                err = {0};
    Str                  text = {0};
    Ids                  ids = {0};
    write_good(&text);
    Tokenizer *tok = tokenizer_parse(text.data, text.len, "good", &err);
    assert_ok(&err);
    assert_true(tokenizer_encode(tok, "abc abx", 7, true, &ids, &err));
    assert_int_equal(ids.count, 5);
    assert_memory_equal(ids.data, want, sizeof want);
    tokenizer_free(tok);
    ids_free(&ids);
    str_free(&text);
}

static void files_of_nothing_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", " ", "[]", "null", "7", "\"x\"", "{\"a\": 1} x", "\xEF\xBB\xBF{}", "{}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        Error err = {0};
        assert_null(tokenizer_parse(texts[i], (Index)strlen(texts[i]), "t.json", &err));
        assert_error(&err, ERR_INPUT, "t.json: ");
    }
}

static void tokens_of_a_megabyte_are_refused(void **state)
{
    (void)state;
    Str  token = {0}, text = {0};
    char chunk[1024];
    memset(chunk, 'a', sizeof chunk);
    str_add(&token, "\"");
    for (int i = 0; i < 1024; i++) str_add_bytes(&token, chunk, sizeof chunk);
    str_add(&token, "\": 256");
    write_changed(&text, "\"ab\": 256", str_text(&token));
    expect_refused(&text, "field \"model.vocab\": a token has 1048576 bytes, at most 4096");

    str_clear(&text);
    str_clear(&token);
    str_add(&token, "\"content\": \"");
    for (int i = 0; i < 1024; i++) str_add_bytes(&token, chunk, sizeof chunk);
    str_add(&token, "\"");
    write_changed(&text, "\"content\": \"<s>\"", str_text(&token));
    expect_refused(&text, "field \"added_tokens[0]\": \"content\" has 1048576 bytes, at most 256");
    str_free(&token);
    str_free(&text);
}

/* A token of the model with characters of no byte can only be met as an added one. */
static void foreign_characters_are_allowed_in_added_tokens_alone(void **state)
{
    (void)state;
    Error err = {0};
    Str   text = {0};
    write_changed(&text, "\"abc\": 257}, \"merges\": [\"a b\", [\"ab\", \"c\"]]",
                  "\"<｜é b｜>\": 257}, \"merges\": [\"a b\"]");
    expect_refused(&text,
                   "field \"model.vocab\": token \"<｜é b｜>\" has a character that stands for");

    Str   added = {0};
    char *place = strstr(text.data, "{\"id\": 258");
    str_add_bytes(&added, text.data, place - text.data);
    str_add(&added, "{\"id\": 257, \"content\": \"<｜é b｜>\"}, ");
    str_add(&added, place);
    Tokenizer *tok = tokenizer_parse(added.data, added.len, "t.json", &err);
    assert_ok(&err);
    assert_int_equal(tokenizer_id(tok, "<｜é b｜>"), 257);
    Ids     ids = {0};
    Str     back = {0};
    int32_t want[] = {97, 257, 98};
    assert_true(tokenizer_encode(tok, "a<｜é b｜>b", 14, false, &ids, &err));
    assert_memory_equal(ids.data, want, sizeof want);
    assert_true(tokenizer_decode(tok, ids.data, ids.count, false, &back, &err));
    assert_string_equal(str_text(&back), "a<｜é b｜>b");
    ids_free(&ids);
    str_free(&back);
    tokenizer_free(tok);
    str_free(&added);
    str_free(&text);
}

static Tokenizer *with_pattern(const char *pattern)
{
    Error err = {0};
    Str   text = {0};
    write_changed(&text, "\\\\p{L}+|\\\\s", pattern);
    Tokenizer *tok = tokenizer_parse(text.data, text.len, "t.json", &err);
    assert_ok(&err);
    str_free(&text);
    return tok;
}

static void a_pattern_that_never_ends_is_stopped(void **state)
{
    (void)state;
    static const char *const bombs[] = {"(a+)+$", "(a|aa)+$", "(a*)*[cd]", "(?:a?){40}[cd]"};
    char                     text[4097];
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = 'b';

    for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++) {
        Error      err = {0};
        Ids        ids = {0};
        Tokenizer *tok = with_pattern(bombs[i]);
        double     start = clock_seconds();
        assert_false(tokenizer_encode(tok, text, sizeof text, false, &ids, &err));
        assert_error(&err, ERR_INPUT, "backtracks without end");
        assert_true(clock_seconds() - start < 2.0);
        assert_int_equal(ids.count, 0);
        ids_free(&ids);
        tokenizer_free(tok);
    }
}

/* The control: the same patterns where they match at once, and an honest one on the same text. */
static void patterns_that_end_are_not_stopped(void **state)
{
    (void)state;
    static const char *const patterns[] = {"(a+)+$", "a+$",
                                           "\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+"};
    char                     text[4096];
    for (size_t i = 0; i < 3; i++) {
        Error      err = {0};
        Ids        ids = {0};
        Tokenizer *tok = with_pattern(patterns[i]);
        memset(text, i == 2 ? ' ' : 'a', sizeof text);
        assert_true(tokenizer_encode(tok, text, sizeof text, false, &ids, &err));
        assert_ok(&err);
        assert_int_equal(ids.count, sizeof text);
        ids_free(&ids);
        tokenizer_free(tok);
    }
}

TEST_GROUP(tokenizer_bad, cmocka_unit_test(the_good_file_is_good),
           cmocka_unit_test(each_bad_file_is_refused_with_its_field),
           cmocka_unit_test(files_of_nothing_are_refused),
           cmocka_unit_test(tokens_of_a_megabyte_are_refused),
           cmocka_unit_test(foreign_characters_are_allowed_in_added_tokens_alone),
           cmocka_unit_test(a_pattern_that_never_ends_is_stopped),
           cmocka_unit_test(patterns_that_end_are_not_stopped));
