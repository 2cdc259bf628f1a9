/* Values: references, showing, JSON, arguments. */

#include <math.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/workbench/datum.h"
#include "tests/test.h"

/* ---- numbers as people read them ---- */

static void numbers_are_shown_with_few_digits_and_units(void **state)
{
    (void)state;
    static const struct {
        double      number;
        const char *unit, *shown;
    } rows[] = {
        {0, NULL, "0"},
        {-0.0, NULL, "0"},
        {3, NULL, "3"},
        {9999, NULL, "9999"},
        {10000, NULL, "10,000"},
        {-1234567, NULL, "-1,234,567"},
        {12345.67, NULL, "12,346"},
        {0.11449, "nats/token", "0.114 nats/token"},
        {4.0959, "nats/token", "4.096 nats/token"},
        {123.456, NULL, "123.5"},
        {0.00012345, NULL, "0.000123"},
        {1e-14, NULL, "1e-14"},
        {1e20, NULL, "1e+20"},
        {0.03125, "%", "3.1 %"},
        {0.5, "%", "50 %"},
        {1, "%", "100 %"},
        {0.99987, "%", "99.9870 %"},
        {0.00012, "%", "0.012 %"},
        {12345, "bytes", "12.3 KB"},
        {1, "bytes", "1 byte"},
        {1e30, "bytes", "1e+30 bytes"},
        {2.5, "s", "2.5 s"},
        {0.0123, "s", "12.3 ms"},
        {0, "s", "0 s"},
        {(double)NAN, "s", "NaN s"},
        {(double)INFINITY, NULL, "Infinity"},
        {-(double)INFINITY, "bytes", "-Infinity"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Error  err = {0};
        Str    out = {0};
        Datum *datum = datum_number(rows[i].number, rows[i].unit, &err);
        datum_show(&out, datum, 0, -1, false);
        assert_string_equal(str_text(&out), rows[i].shown);
        datum_drop(datum);
        str_free(&out);
    }
}

static void formats_are_obeyed_and_leave_the_unit_out(void **state)
{
    (void)state;
    static const struct {
        double      number;
        char        format;
        int         digits;
        const char *shown;
    } rows[] = {
        {1.0 / 3, 'f', 3, "0.333"},  {1.0 / 3, 'f', -1, "0.333333"},    {12345, 'e', 2, "1.23e+04"},
        {1.0 / 3, 'g', 4, "0.3333"}, {0.0314, '%', 1, "3.1 %"},         {0.0314, '%', -1, "3.1 %"},
        {0.0314, '%', 0, "3 %"},     {1234567.4, 'd', -1, "1,234,567"}, {2048, 'b', -1, "2.0 KB"},
        {1e300, 'd', -1, "1e+300"},  {(double)NAN, 'f', 2, "NaN"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Error  err = {0};
        Str    out = {0};
        Datum *datum = datum_number(rows[i].number, "s", &err);
        datum_show(&out, datum, rows[i].format, rows[i].digits, true);
        assert_string_equal(str_text(&out), rows[i].shown);
        datum_drop(datum);
        str_free(&out);
    }
}

/* ---- everything else ---- */

static Datum *sample_table(Error *err)
{
    static const char *const words[][2] = {{"1", "true"}, {"8", "gauss"}};
    Datum                   *table = datum_rows(true, err);
    bool                     ok =
        table != NULL && datum_add_axis(table, "r", err) && datum_add_axis(table, "init", err);
    for (int i = 0; ok && i < 2; i++) {
        Datum *row = datum_record(err);
        bool   made = row != NULL && datum_add(row, "end", datum_number(i, "s", err), err) &&
                    datum_add(row, "ok", datum_yes(i == 1, err), err);
        if (!made) {
            datum_drop(row);
            row = NULL;
        }
        ok = datum_add_row(table, words[i], row, err);
    }
    if (ok) return table;
    datum_drop(table);
    return NULL;
}

static Datum *sample_record(Error *err)
{
    static const double v[] = {1, 2.5, 3}, x[] = {1, 2}, y[] = {4, 0.5};
    Datum              *record = datum_record(err);
    bool ok = record != NULL && datum_add(record, "n", datum_number(2, NULL, err), err) &&
              datum_add(record, "time", datum_timed(1.5, "s", err), err) &&
              datum_add(record, "yes", datum_yes(true, err), err) &&
              datum_add(record, "text", datum_text("a\"b\n", 4, err), err) &&
              datum_add(record, "v", datum_vector(v, 3, NULL, err), err) &&
              datum_add(record, "u", datum_vector(v, 1, "s", err), err) &&
              datum_add(record, "m", datum_matrix(v, 3, 1, err), err) &&
              datum_add(record, "m2", datum_matrix(y, 1, 2, err), err) &&
              datum_add(record, "s", datum_series(x, y, 2, "step", "nats", err), err) &&
              datum_add(record, "nan", datum_number((double)NAN, NULL, err), err) &&
              datum_add(record, "t", sample_table(err), err);
    if (ok) return record;
    datum_drop(record);
    return NULL;
}

static void every_kind_is_shown(void **state)
{
    (void)state;
    static const struct {
        const char *key, *shown;
    } rows[] = {{"yes", "yes"},
                {"text", "a\"b\n"},
                {"time", "1.5 s (timed)"},
                {"v", "[1, 2.5, 3]"},
                {"u", "[1] s"},
                {"m", "[1, 2.5, 3]"},
                {"m2", "[4, 0.5]"},
                {"s", "a series of 2 points from 4 to 0.5 nats"},
                {"t", "a table of 2 rows by r, init"}};
    Error  err = {0};
    Datum *record = sample_record(&err);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Str out = {0};
        datum_show(&out, datum_member(record, rows[i].key), 0, -1, true);
        assert_string_equal(str_text(&out), rows[i].shown);
        str_free(&out);
    }
    Str out = {0};
    datum_show(&out, datum_member(record, "t")->items[1], 0, -1, false);
    assert_string_equal(str_text(&out), "end 1 s, ok yes");
    str_free(&out);
    datum_drop(record);
}

static void long_ones_are_cut(void **state)
{
    (void)state;
    Error  err = {0};
    Str    out = {0};
    Datum *vector = datum_vector(NULL, 13, "s", &err), *matrix = datum_matrix(NULL, 7, 2, &err);
    datum_show(&out, vector, 0, -1, false);
    assert_string_equal(str_text(&out), "[0, 0, 0, 0, 0, 0, 0, 0, ... (13 in all)] s");
    str_clear(&out);
    datum_show(&out, matrix, 0, -1, false);
    assert_string_equal(str_text(&out), "a matrix of 7 x 2");
    str_free(&out);
    datum_drop(matrix);
    datum_drop(vector);
}

static void json_is_json_and_keeps_units_axes_and_clocks(void **state)
{
    (void)state;
    static const char want[] =
        "{\"n\": 2, \"time\": {\"value\": 1.5, \"unit\": \"s\", \"timed\": true}, \"yes\": true, "
        "\"text\": \"a\\\"b\\n\", \"v\": [1, 2.5, 3], \"u\": {\"value\": [1], \"unit\": \"s\"}, "
        "\"m\": [[1], [2.5], [3]], \"m2\": [[4, 0.5]], \"s\": {\"x_name\": \"step\", "
        "\"x\": [1, 2], \"y\": [4, 0.5], \"unit\": \"nats\"}, \"nan\": null, "
        "\"t\": {\"axes\": {\"r\": [\"1\", \"8\"], \"init\": [\"true\", \"gauss\"]}, "
        "\"rows\": [{\"end\": {\"value\": 0, \"unit\": \"s\"}, \"ok\": false}, "
        "{\"end\": {\"value\": 1, \"unit\": \"s\"}, \"ok\": true}]}}";
    Error  err = {0};
    Str    out = {0};
    Datum *record = sample_record(&err);
    datum_json(&out, record);
    assert_string_equal(str_text(&out), want);
    Json *json = json_parse(str_text(&out), out.len, "datum", &err);
    assert_ok(&err);
    json_free(json);
    str_free(&out);
    datum_drop(record);
}

static void arguments_have_all_digits(void **state)
{
    (void)state;
    Error  err = {0};
    Str    out = {0};
    double v[] = {0.1, 1.0 / 3, 16};
    Datum *vector = datum_vector(v, 3, "s", &err), *none = datum_vector(NULL, 0, NULL, &err);
    assert_true(datum_exact(&out, vector));
    assert_string_equal(str_text(&out), "0.1,0.3333333333333333,16");
    assert_false(datum_exact(&out, none)); /* nothing is no value */
    str_free(&out);
    datum_drop(none);
    datum_drop(vector);
    Datum *record = sample_record(&err);
    assert_false(datum_exact(&out, record));
    str_free(&out);
    datum_drop(record);
}

static void axes_tell_numbers_from_words(void **state)
{
    (void)state;
    Error            err = {0};
    Datum           *table = sample_table(&err);
    const DatumAxis *r = datum_axis(table, "r"), *init = datum_axis(table, "init");
    assert_true(r->number[0] == 1 && r->number[1] == 8);
    assert_true(isnan(init->number[0]) && isnan(init->number[1]));
    assert_string_equal(init->word[1], "gauss");
    assert_null(datum_axis(table, "seed"));
    datum_drop(table);

    static const char *const odd[] = {"nan", "inf", "0x10", "1e5", "-.5", "1.2.3", "", "e"};
    Datum                   *list = datum_rows(false, &err);
    assert_true(datum_add_axis(list, "a", &err));
    for (int i = 0; i < 8; i++) {
        assert_true(datum_add_row(list, &odd[i], datum_yes(true, &err), &err));
    }
    for (int i = 0; i < 8; i++) {
        assert_true(isnan(list->axes[0].number[i]) == !(i == 3 || i == 4));
    }
    datum_drop(list);
}

static void a_value_lives_as_long_as_it_is_held(void **state)
{
    (void)state;
    Error   err = {0};
    int64_t before = mem_live_blocks();
    Datum  *record = sample_record(&err);
    Datum  *part = datum_hold(datum_member(record, "v"));
    datum_drop(record);
    assert_true(part->values[1] == 2.5);
    assert_true(mem_live_blocks() > before);
    datum_drop(part);
    assert_true(mem_live_blocks() == before);
    datum_drop(NULL);
    assert_null(datum_hold(NULL));
}

static void build_all(void *context, Error *err)
{
    (void)context;
    Datum *record = sample_record(err), *copy = NULL;
    Index  pick[] = {1, 0};
    bool   without[] = {true, false};
    if (record != NULL) copy = datum_vector(NULL, 2, NULL, err);
    if (copy != NULL && datum_copy_axes(copy, datum_member(record, "t"), pick, 2, without, err)) {
        CHECK(copy->axis_count == 1 && strcmp(copy->axes[0].word[0], "gauss") == 0);
    }
    datum_drop(copy);
    datum_drop(record);
}

static void values_survive_every_failed_allocation(void **state)
{
    (void)state;
    assert_true(torture(build_all, NULL) > 50);
}

TEST_GROUP(datum, cmocka_unit_test(numbers_are_shown_with_few_digits_and_units),
           cmocka_unit_test(formats_are_obeyed_and_leave_the_unit_out),
           cmocka_unit_test(every_kind_is_shown), cmocka_unit_test(long_ones_are_cut),
           cmocka_unit_test(json_is_json_and_keeps_units_axes_and_clocks),
           cmocka_unit_test(arguments_have_all_digits),
           cmocka_unit_test(axes_tell_numbers_from_words),
           cmocka_unit_test(a_value_lives_as_long_as_it_is_held),
           cmocka_unit_test(values_survive_every_failed_allocation));
