#include <math.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "tests/test.h"

static Json *parse(const char *text)
{
    Error err = {0};
    Json *json = json_parse(text, (Index)strlen(text), "t.json", &err);
    assert_ok(&err);
    return json;
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

TEST_GROUP(json_fields, cmocka_unit_test(fields_are_read_within_their_range),
           cmocka_unit_test(wrong_fields_are_named),
           cmocka_unit_test(nothing_is_null_false_and_empty),
           cmocka_unit_test(strings_are_escaped_for_readers_and_terminals),
           cmocka_unit_test(documents_are_written_as_they_were_read),
           cmocka_unit_test(complaints_survive_every_failed_allocation));
