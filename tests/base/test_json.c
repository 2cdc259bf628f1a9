#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/pool.h"
#include "tests/test.h"

static Json *parse(const char *text)
{
    Error err = {0};
    Json *json = json_parse(text, (Index)strlen(text), "t.json", &err);
    assert_ok(&err);
    return json;
}

static void assert_refused(const char *text, Index n, const char *words)
{
    Error err = {0};
    Json *json = json_parse(text, n, "bad.json", &err);
    assert_null(json);
    assert_error(&err, ERR_INPUT, words);
    assert_ptr_equal(strstr(err.message, "bad.json: line "), err.message);
}

/* ---- reading ---------------------------------------------------------------------------- */

static void values_have_their_types(void **state)
{
    (void)state;
    Json *json = parse("{\"i\": -3, \"r\": 2.5, \"s\": \"a\\u0000b\", \"t\": true, \"f\": false, "
                       "\"n\": null, \"l\": [1, [], {}], \"o\": {}}");
    const JsonNode *root = json_root(json);
    Index           len;
    assert_true(json_is_object(root));
    assert_int_equal(json_count(root), 8);
    assert_int_equal(json_integer(json_get(root, "i")), -3);
    assert_true(json_is_integer(json_get(root, "i")));
    assert_close(json_number(json_get(root, "i")), -3.0, 0.0);
    assert_close(json_number(json_get(root, "r")), 2.5, 0.0);
    assert_true(json_is_number(json_get(root, "r")) && !json_is_integer(json_get(root, "r")));
    assert_memory_equal(json_string(json_get(root, "s"), &len), "a\0b", 4);
    assert_int_equal(len, 3);
    assert_true(json_bool(json_get(root, "t")) && json_is_bool(json_get(root, "f")));
    assert_false(json_bool(json_get(root, "f")));
    assert_true(json_is_null(json_get(root, "n")));
    assert_int_equal(json_count(json_get(root, "l")), 3);
    assert_true(json_is_array(json_at(json_get(root, "l"), 1)));
    assert_string_equal(json_name(json), "t.json");
    json_free(json);
}

static void what_is_not_there_is_harmless(void **state)
{
    (void)state;
    Json           *json = parse("[7]");
    const JsonNode *root = json_root(json), *none = json_get(root, "key");
    assert_null(none);
    assert_null(json_at(root, 1));
    assert_null(json_at(root, -1));
    assert_null(json_at(none, 0));
    assert_null(json_string(none, NULL));
    assert_null(json_string(root, NULL));
    assert_int_equal(json_integer(none), 0);
    assert_true(isnan(json_number(root)));
    assert_false(json_bool(none) || json_is_object(none) || json_is_null(none));
    assert_int_equal(json_count(none), 0);
    json_free(json);
    json_free(NULL);
}

static void members_keep_the_order_of_the_file(void **state)
{
    (void)state;
    for (int count = 0; count < 40; count++) { /* below and above the size that is hashed */
        Str text = {0};
        str_add(&text, "{");
        for (int i = 0; i < count; i++) {
            str_addf(&text, "%s\"k%d\": %d", i > 0 ? "," : "", (i * 7) % 41, i);
        }
        str_add(&text, "}");
        Json           *json = parse(str_text(&text));
        const JsonNode *root = json_root(json), *value;
        assert_int_equal(json_count(root), count);
        for (int i = 0; i < count; i++) {
            const char *key = json_member(root, i, &value);
            char        want[16];
            snprintf(want, sizeof want, "k%d", (i * 7) % 41);
            assert_string_equal(key, want);
            assert_int_equal(json_integer(value), i);
            assert_ptr_equal(json_get(root, want), value);
        }
        assert_null(json_get(root, "k"));
        assert_null(json_get(root, "k41"));
        json_free(json);
        str_free(&text);
    }
}

static void bad_json_is_refused_with_line_and_column(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        " ",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "[01]",
        "[0x10]",
        "[1.]",
        "[.5]",
        "[NaN]",
        "[+1]",
        "[Infinity]",
        "[1] x",
        "['a']",
        "// c\n[1]",
        "\"\\ud800\"",
        "\"\\x\"",
        "\"a",
        "{1:2}",
        "\xef\xbb\xbf[1]",
        "\"\xff\"",
        "\"\xc0\x80\"",
        "\"\xed\xa0\x80\"",
        "nul",
        "\"a\nb\"",
        "{\"a\" 1}",
        "[1 2]",
        "[1e999]",
        "[--1]",
        "[1e]",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_refused(bad[i], (Index)strlen(bad[i]), NULL);
    }
    assert_refused("{\"a\": 1,\n \"b\": }", 16, "line 2, column 7");
    assert_refused("{\"a\": 1, \"a\": 2}", 16, "duplicate");
    assert_refused("{\"a\\u0000b\": 1}", 15, "NUL");
    assert_refused("[1]\0", 4, NULL);
    assert_refused("[\"\x1b]0;owned\a\"]", 14, "line 1");
}

static void a_complaint_holds_no_control_characters(void **state)
{
    (void)state;
    Error err = {0};
    assert_null(json_parse("[\x1b[31mred", 9, "t.json", &err));
    for (const char *c = err.message; *c != '\0'; c++) assert_true(*c >= 0x20 || *c < 0);
}

static void deep_nesting_is_refused(void **state)
{
    (void)state;
    enum { DEPTH = 100000 };
    static char text[2 * DEPTH];
    memset(text, '[', DEPTH);
    memset(text + DEPTH, ']', DEPTH);
    assert_refused(text, 2 * DEPTH, "depth");
    assert_refused(text, DEPTH, "depth");
    for (int i = 0; i < DEPTH / 5; i++) memcpy(text + 5 * (Index)i, "{\"a\":", 5);
    assert_refused(text, DEPTH, "depth");
    Error err = {0};
    Json *json = json_parse(text + DEPTH - 50, 50, "t.json", &err); /* ten deep, unfinished */
    assert_null(json);
}

static void integers_beyond_64_bits_are_reals(void **state)
{
    (void)state;
    static const char text[] =
        "{\"model_max_length\": 1000000000000000019884624838656, \"b\": 9223372036854775807, "
        "\"c\": 9223372036854775808, \"d\": -9, "
        "\"99999999999999999999\": \"\\\"99999999999999999999\", "
        "\"e\": 0.12345678901234567890123, \"f\": 12345678901234567890e3}";
    Json           *json = parse(text);
    const JsonNode *root = json_root(json);
    assert_false(json_is_integer(json_get(root, "model_max_length")));
    assert_close(json_number(json_get(root, "model_max_length")), 1e30, 1e15);
    assert_true(json_integer(json_get(root, "b")) == INT64_MAX);
    assert_false(json_is_integer(json_get(root, "c")));
    assert_close(json_number(json_get(root, "c")), 9223372036854775808.0, 100.0);
    assert_int_equal(json_integer(json_get(root, "d")), -9);
    assert_string_equal(json_string(json_get(root, "99999999999999999999"), NULL),
                        "\"99999999999999999999");
    assert_close(json_number(json_get(root, "e")), 0.12345678901234567890123, 0.0);
    assert_close(json_number(json_get(root, "f")), 12345678901234567890e3, 0.0);
    json_free(json);
}

static void big_objects_take_linear_time(void **state)
{
    (void)state;
    enum { COUNT = 200000 };
    Str text = {0};
    str_add(&text, "{");
    for (int i = 0; i < COUNT; i++) str_addf(&text, "%s\"token%d\":%d", i > 0 ? "," : "", i, i);
    str_add(&text, "}");
    double          start = clock_seconds();
    Json           *json = parse(str_text(&text));
    const JsonNode *root = json_root(json), *value;
    int64_t         sum = 0;
    for (Index i = 0; i < COUNT; i++) {
        const char *key = json_member(root, i, &value);
        sum += json_integer(json_get(root, key)) - json_integer(value);
    }
    assert_int_equal(sum, 0);
    assert_true(clock_seconds() - start < 20.0); /* 0.1 s; hours if it were quadratic */
    json_free(json);
    str_free(&text);
}

/* ---- faults ----------------------------------------------------------------------------- */

static void parse_and_write(void *context, Error *err)
{
    Json *json = json_parse(context, (Index)strlen(context), "t.json", err);
    if (json == NULL) return;
    Str out = {0};
    json_add_node(&out, json_root(json));
    if (str_ok(&out, err)) assert_true(out.len > 10);
    str_free(&out);
    json_free(json);
}

static void documents_survive_every_failed_allocation(void **state)
{
    (void)state;
    char text[] = "{\"a\":[1,2.5,\"text\",{\"b\":null}],\"k1\":1,\"k2\":2,\"k3\":3,\"k4\":4,"
                  "\"k5\":5,\"k6\":6,\"k7\":7,\"k8\":8,\"k9\":[[[[1]]]],\"big\":"
                  "1000000000000000019884624838656}";
    assert_true(torture(parse_and_write, text) > 40);
}

static void documents_of_several_threads_do_not_meet(void *context, Index task, int worker)
{
    (void)worker;
    Error err = {0};
    char  text[64];
    int   n = snprintf(text, sizeof text, "{\"task\": %d}", (int)task);
    for (int i = 0; i < 50; i++) {
        Json *json = json_parse(text, n, "thread", &err);
        if (json == NULL || json_integer(json_get(json_root(json), "task")) != task) {
            *(_Atomic int *)context = 1;
        }
        json_free(json);
    }
}

static void threads_parse_side_by_side(void **state)
{
    (void)state;
    Error       err = {0};
    _Atomic int wrong = 0;
    Pool       *pool = pool_create(4, &err);
    pool_run(pool, 64, documents_of_several_threads_do_not_meet, &wrong);
    pool_free(pool);
    assert_int_equal(wrong, 0);
}

TEST_GROUP(json, cmocka_unit_test(values_have_their_types),
           cmocka_unit_test(what_is_not_there_is_harmless),
           cmocka_unit_test(members_keep_the_order_of_the_file),
           cmocka_unit_test(bad_json_is_refused_with_line_and_column),
           cmocka_unit_test(a_complaint_holds_no_control_characters),
           cmocka_unit_test(deep_nesting_is_refused),
           cmocka_unit_test(integers_beyond_64_bits_are_reals),
           cmocka_unit_test(big_objects_take_linear_time),
           cmocka_unit_test(documents_survive_every_failed_allocation),
           cmocka_unit_test(threads_parse_side_by_side));
