/* Lines that are not data: each is refused with the file, the line and the field, word by word. */

#include <stdio.h>
#include <string.h>

#include "tests/test.h"
#include "tests/train/data_rig.h"

typedef struct BadLine {
    const char *line, *message; /* behind "bad.jsonl: line 7: " */
} BadLine;

#define NO_FIELD "none of the fields \"prompt\", \"text\", \"messages\", \"input_ids\" is there"
#define TURN(n) "field \"messages\": turn " #n ": "
#define GOOD_TURN "{\"role\": \"user\", \"content\": \"x\"}, "
#define ID(i) "field \"input_ids\": element " #i " is not an integer in 0..770"
#define LABEL(i) "field \"labels\": element " #i " is not an integer in 0..770 or -100"

static const BadLine lines[] = {
    /* not JSON */
    {"{\"text\": \"abc\"", "column 14: '}' expected near end of file"},
    {"not json", "column 3: invalid token near 'not'"},
    {"{'text': 'a'}", "column 2: string or '}' expected near '''"},
    {"{\"text\": \"a\",}", "column 14: string or '}' expected near '}'"},
    {"{\"text\": \"a\" \"b\"}", "column 16: '}' expected near '\"b\"'"},
    {"{\"text\": \"a\"} x", "column 15: end of file expected near 'x'"},
    {"{\"text\": \"a\tb\"}", "column 11: control character 0x9 near '\"a'"},
    {"{\"text\": NaN}", "column 12: invalid token near 'NaN'"},
    {"{\"input_ids\": [1,NaN]}", "column 20: invalid token near 'NaN'"},
    {"{\"input_ids\": [1, 2", "column 19: ']' expected near end of file"},
    {"{\"text\": \"a\", \"text\": \"b\"}", "column 20: duplicate object key near '\"text\"'"},
    /* not UTF-8 */
    {"{\"text\": \"a\xff\"}", "column 11: unable to decode byte 0xff near '\"a'"},
    {"{\"text\": \"a\xc3\"}", "column 11: unable to decode byte 0xc3 near '\"a'"},
    {"{\"text\": \"\xed\xa0\x80\"}", "column 10: unable to decode byte 0xed near '\"'"},
    {"{\"text\": \"\\ud800\"}", "column 17: invalid Unicode '\\uD800' near '\"\\ud800\"'"},
    {"\xef\xbb\xbf{\"text\": \"a\"}", "column 1: invalid token near '\\u{feff}'"},
    /* not an object, or none that is known */
    {"[1, 2]", "the line is not a JSON object"},
    {"\"abc\"", "the line is not a JSON object"},
    {"7", "the line is not a JSON object"},
    {"null", "the line is not a JSON object"},
    {"{}", NO_FIELD},
    {"{\"txt\": \"a\"}", NO_FIELD},
    /* prompt, completion, text */
    {"{\"prompt\": \"a\"}", "field \"completion\" is missing"},
    {"{\"completion\": \"a\"}", "field \"prompt\" is missing"},
    {"{\"prompt\": 1, \"completion\": \"a\"}", "field \"prompt\" is not a string"},
    {"{\"prompt\": \"a\", \"completion\": null}", "field \"completion\" is not a string"},
    {"{\"text\": 5}", "field \"text\" is not a string"},
    {"{\"text\": [\"a\"]}", "field \"text\" is not a string"},
    {"{\"text\": null}", "field \"text\" is not a string"},
    /* messages */
    {"{\"messages\": []}", "field \"messages\" is not a list of turns"},
    {"{\"messages\": \"a\"}", "field \"messages\" is not a list of turns"},
    {"{\"messages\": {\"role\": \"user\"}}", "field \"messages\" is not a list of turns"},
    {"{\"messages\": [1]}", TURN(1) "field \"role\" is missing"},
    {"{\"messages\": [" GOOD_TURN "{\"content\": \"x\"}]}", TURN(2) "field \"role\" is missing"},
    {"{\"messages\": [" GOOD_TURN "{\"role\": \"user\"}]}", TURN(2) "field \"content\" is missing"},
    {"{\"messages\": [{\"role\": 1, \"content\": \"x\"}]}",
     TURN(1) "field \"role\" is not a string"},
    {"{\"messages\": [{\"role\": \"tool\", \"content\": \"x\"}]}",
     TURN(1) "field \"role\" is \"tool\", not system, user or assistant"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": [\"x\"]}]}",
     TURN(1) "field \"content\" is not a string"},
    /* ids */
    {"{\"input_ids\": 5}", "field \"input_ids\" is not a list"},
    {"{\"input_ids\": null}", "field \"input_ids\" is not a list"},
    {"{\"input_ids\": {\"0\": 1}}", "field \"input_ids\" is not a list"},
    {"{\"input_ids\": [1, 2.5]}", ID(1)},
    {"{\"input_ids\": [1, \"2\"]}", ID(1)},
    {"{\"input_ids\": [1, [2]]}", ID(1)},
    {"{\"input_ids\": [1, true]}", ID(1)},
    {"{\"input_ids\": [-1]}", ID(0)},
    {"{\"input_ids\": [-100]}", ID(0)},
    {"{\"input_ids\": [770, 771]}", ID(1)},
    {"{\"input_ids\": [4294967297]}", ID(0)},
    {"{\"input_ids\": [1e3]}", ID(0)},
    {"{\"input_ids\": [99999999999999999999999]}", ID(0)},
    /* labels */
    {"{\"input_ids\": [1, 2], \"labels\": [1]}",
     "field \"labels\" has 1 elements, \"input_ids\" 2"},
    {"{\"input_ids\": [1, 2], \"labels\": []}", "field \"labels\" has 0 elements, \"input_ids\" 2"},
    {"{\"input_ids\": [1], \"labels\": [1, 2]}",
     "field \"labels\" has 2 elements, \"input_ids\" 1"},
    {"{\"input_ids\": [1, 2], \"labels\": 7}", "field \"labels\" is not a list"},
    {"{\"input_ids\": [1, 2], \"labels\": [1, -99]}", LABEL(1)},
    {"{\"input_ids\": [1, 2], \"labels\": [1, -101]}", LABEL(1)},
    {"{\"input_ids\": [1, 2], \"labels\": [771, 2]}", LABEL(0)},
};

static bool add(const DataRig *rig, const char *line, Index n, Error *err)
{
    Error    making = {0};
    Dataset *data = dataset_create(&making);
    assert_ok(&making);
    bool ok = dataset_add_line(data, line, n, "bad.jsonl", 7, &rig->spec, err);
    assert_true(ok || data->count == 0);
    dataset_free(data);
    return ok;
}

static void each_bad_line_has_its_message(void **state)
{
    (void)state;
    DataRig rig;
    data_rig_open(&rig, "qwen2");
    assert_int_equal(rig.config.V, 771);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        Error err = {0};
        char  want[600];
        snprintf(want, sizeof want, "bad.jsonl: line 7: %s", lines[i].message);
        assert_false(add(&rig, lines[i].line, (Index)strlen(lines[i].line), &err));
        assert_int_equal(err.code, ERR_INPUT);
        assert_string_equal(err.message, want);
    }
    data_rig_close(&rig);
}

static void nesting_a_hundred_thousand_deep_is_refused(void **state)
{
    (void)state;
    DataRig rig;
    data_rig_open(&rig, "qwen2");
    static const char *const openings[] = {"[", "{\"a\":", "[{\"a\":", "{\"messages\":["};
    for (size_t o = 0; o < sizeof openings / sizeof *openings; o++) {
        Str   line = {0};
        Error err = {0};
        for (int i = 0; i < 100000; i++) str_add(&line, openings[o]);
        assert_false(add(&rig, line.data, line.len, &err));
        assert_error(&err, ERR_INPUT, "maximum parsing depth reached");
        str_free(&line);
    }
    data_rig_close(&rig);
}

static void a_nul_byte_is_refused_and_an_escaped_one_is_text(void **state)
{
    (void)state;
    DataRig rig;
    Error   err = {0};
    data_rig_open(&rig, "qwen2");
    const char raw[] = "{\"text\": \"a\0b\"}";
    assert_false(add(&rig, raw, (Index)sizeof raw - 1, &err));
    assert_error(&err, ERR_INPUT, "bad.jsonl: line 7: column");
    const char *escaped = "{\"text\": \"a\\u0000b\"}";
    Error       none = {0};
    assert_true(add(&rig, escaped, (Index)strlen(escaped), &none));
    data_rig_close(&rig);
}

static void a_token_beyond_the_models_vocabulary_is_refused(void **state)
{
    (void)state;
    DataRig rig;
    Error   err = {0};
    data_rig_open(&rig, "qwen2");
    rig.config.V = 65; /* a = 64 is in, b = 65 is not */
    const char *line = "{\"text\": \"b\"}";
    assert_false(add(&rig, line, (Index)strlen(line), &err));
    assert_error(&err, ERR_INPUT, "bad.jsonl: line 7: token id 65 is outside the model's 0..64");
    data_rig_close(&rig);
}

static void a_long_file_name_does_not_hide_the_line(void **state)
{
    (void)state;
    DataRig rig;
    Error   err = {0};
    char    name[1000];
    data_rig_open(&rig, "qwen2");
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    Dataset *data = dataset_create(&err);
    assert_false(dataset_add_line(data, "{", 1, name, 7, &rig.spec, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_true(strlen(err.message) < sizeof err.message);
    dataset_free(data);
    data_rig_close(&rig);
}

TEST_GROUP(dataset_bad, cmocka_unit_test(each_bad_line_has_its_message),
           cmocka_unit_test(nesting_a_hundred_thousand_deep_is_refused),
           cmocka_unit_test(a_nul_byte_is_refused_and_an_escaped_one_is_text),
           cmocka_unit_test(a_token_beyond_the_models_vocabulary_is_refused),
           cmocka_unit_test(a_long_file_name_does_not_hide_the_line));
