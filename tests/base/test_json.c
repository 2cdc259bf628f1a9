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
        "",          " ",           "{",           "[1,]",       "{\"a\":1,}",     "[01]",
        "[0x10]",    "[1.]",        "[.5]",        "[NaN]",      "[Infinity]",     "[1] x",
        "['a']",     "// c\n[1]",   "\"\\ud800\"", "\"\\x\"",    "\"a",            "{1:2}",
        "\xef\xbb\xbf[1]", "\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "[+1]", "nul",
        "\"a\nb\"",  "{\"a\" 1}",   "[1 2]",       "[1e999]",    "[--1]",          "[1e]",
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
    Json *json = parse("{\"model_max_length\": 1000000000000000019884624838656, \"b\": "
                       "9223372036854775807, \"c\": 9223372036854775808, \"d\": -9, "
                       "\"99999999999999999999\": \"\\\"99999999999999999999\", "
                       "\"e\": 0.12345678901234567890123, \"f\": 12345678901234567890e3}");
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

/* ---- fields ----------------------------------------------------------------------------- */

static const char fields[] = "{\"r\": 8, \"zero\": 0, \"half\": 0.5, \"name\": \"q_proj\", "
                             "\"on\": true, \"none\": null, \"list\": [1], \"nul\": \"a\\u0000\"}";

static void fields_are_read_within_their_range(void **state)
{
    (void)state;
    Error           err = {0};
    Json           *json = parse(fields);
    const JsonNode *root = json_root(json);
    int64_t         r = 1, kept = 77;
    double          half = 0, eight = 0;
    bool            on = false;
    const char     *name = "default", *absent = "default";
    assert_true(json_field_int(json, root, "r", true, 1, 8, &r, &err));
    assert_true(json_field_int(json, root, "none", false, 1, 8, &kept, &err));
    assert_true(json_field_double(json, root, "half", true, 0.0, 0.5, &half, &err));
    assert_true(json_field_double(json, root, "r", true, 0.0, 10.0, &eight, &err));
    assert_true(json_field_bool(json, root, "on", &on, &err));
    assert_true(json_field_string(json, root, "name", true, &name, &err));
    assert_true(json_field_string(json, root, "absent", false, &absent, &err));
    assert_int_equal(r, 8);
    assert_int_equal(kept, 77);
    assert_close(half, 0.5, 0.0);
    assert_close(eight, 8.0, 0.0);
    assert_true(on);
    assert_string_equal(name, "q_proj");
    assert_string_equal(absent, "default");
    json_free(json);
}

static void wrong_fields_are_named(void **state)
{
    (void)state;
    Json           *json = parse(fields);
    const JsonNode *root = json_root(json);
    int64_t         i = 5;
    double          d = 5;
    bool            b = true;
    const char     *s = "kept";
    struct {
        bool        ok;
        const char *words;
    } cases[20];
    Error  errs[20] = {{0}};
    size_t n = 0;
#define REFUSES(call, text) cases[n].ok = call, cases[n].words = text, n++
    REFUSES(json_field_int(json, root, "zero", true, 1, 64, &i, &errs[n]),
            "t.json: field \"zero\": must be an integer from 1 to 64, not 0");
    REFUSES(json_field_int(json, root, "half", true, 1, INT64_MAX, &i, &errs[n]),
            "must be an integer of at least 1, not 0.5");
    REFUSES(json_field_int(json, root, "name", false, INT64_MIN, INT64_MAX, &i, &errs[n]),
            "must be an integer, not \"q_proj\"");
    REFUSES(json_field_int(json, root, "absent", true, 1, 2, &i, &errs[n]), "is missing");
    REFUSES(json_field_int(json, root, "none", true, 1, 2, &i, &errs[n]), "is missing");
    REFUSES(json_field_double(json, root, "half", true, 0.6, 1.0, &d, &errs[n]),
            "must be a number from 0.6 to 1, not 0.5");
    REFUSES(json_field_double(json, root, "list", true, 0.0, 1.0, &d, &errs[n]), "not a list");
    REFUSES(json_field_bool(json, root, "r", &b, &errs[n]), "true or false, not 8");
    REFUSES(json_field_string(json, root, "r", false, &s, &errs[n]), "must be a string, not 8");
    REFUSES(json_field_string(json, root, "nul", true, &s, &errs[n]), "without NUL");
    REFUSES(json_field_int(json, json_get(root, "list"), "x", false, 0, 1, &i, &errs[n]),
            "an object with the field \"x\"");
#undef REFUSES
    for (size_t k = 0; k < n; k++) {
        assert_false(cases[k].ok);
        assert_error(&errs[k], ERR_INPUT, cases[k].words);
    }
    assert_int_equal(i, 5);
    assert_close(d, 5.0, 0.0);
    assert_true(b);
    assert_string_equal(s, "kept");
    json_free(json);
}

static void nothing_is_null_false_and_empty(void **state)
{
    (void)state;
    Json *json = parse("[null, false, \"\", [], {}, 0, true, \"x\", [0], {\"a\": null}]");
    for (Index i = 0; i < 10; i++) {
        assert_int_equal(json_is_nothing(json_at(json_root(json), i)), i < 5);
    }
    assert_true(json_is_nothing(NULL));
    json_free(json);
}

/* ---- writing ---------------------------------------------------------------------------- */

static void assert_written(const char *text, Index n, const char *want)
{
    Str out = {0};
    json_add_string(&out, text, n);
    assert_string_equal(str_text(&out), want);
    str_free(&out);
}

static void strings_are_escaped_for_readers_and_terminals(void **state)
{
    (void)state;
    assert_written("", 0, "\"\"");
    assert_written("a\"b\\c/", 6, "\"a\\\"b\\\\c/\"");
    assert_written("\n\t\r\b\0\x7f", 6, "\"\\n\\t\\r\\u0008\\u0000\\u007f\"");
    assert_written("é日😀", 9, "\"é日😀\"");
    assert_written("a\xff\xf0\x9fz", 5, "\"a\ufffd\ufffdz\"");
    assert_written("\u202e\u2028\U000e0041", 10, "\"\\u202e\\u2028\\udb40\\udc41\"");
}

static void documents_are_written_as_they_were_read(void **state)
{
    (void)state;
    const char *text = "{\"b\":[1,-2,0.5,16.0,1e+300,true,false,null],\"a\":{\"z\":\"\\u0001\","
                       "\"y\":[]},\"c\":{}}";
    Json       *json = parse(text);
    Str         out = {0};
    json_add_node(&out, json_root(json));
    assert_string_equal(str_text(&out), text);
    str_clear(&out);
    json_add_number(&out, (double)NAN);
    json_add_number(&out, 0.1);
    assert_string_equal(str_text(&out), "null0.1");
    str_free(&out);
    json_free(json);
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

static void refuse_field(void *context, Error *err)
{
    Error inner = {0};
    bool  on;
    bool  ok = json_field_bool(context, json_root(context), "r", &on, &inner);
    assert_false(ok);
    if (inner.code != ERR_INPUT) *err = inner;
}

static void complaints_survive_every_failed_allocation(void **state)
{
    (void)state;
    Json *json = parse(fields);
    assert_int_equal(torture(refuse_field, json), 2);
    json_free(json);
}

static void documents_of_several_threads_do_not_meet(void *context, Index task, int worker)
{
    (void)worker;
    Error  err = {0};
    char   text[64];
    int    n = snprintf(text, sizeof text, "{\"task\": %d}", (int)task);
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
           cmocka_unit_test(fields_are_read_within_their_range),
           cmocka_unit_test(wrong_fields_are_named),
           cmocka_unit_test(nothing_is_null_false_and_empty),
           cmocka_unit_test(strings_are_escaped_for_readers_and_terminals),
           cmocka_unit_test(documents_are_written_as_they_were_read),
           cmocka_unit_test(documents_survive_every_failed_allocation),
           cmocka_unit_test(complaints_survive_every_failed_allocation),
           cmocka_unit_test(threads_parse_side_by_side));
