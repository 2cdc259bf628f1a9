#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/test.h"

static void assert_text(Str *s, const char *want)
{
    assert_string_equal(str_text(s), want);
    str_free(s);
}

static void text_grows_and_stays_terminated(void **state)
{
    (void)state;
    Str s = {0};
    assert_string_equal(str_text(&s), "");
    for (int i = 0; i < 1000; i++) {
        str_add(&s, "abc");
        assert_int_equal(strlen(str_text(&s)), 3 * (i + 1));
    }
    str_clear(&s);
    str_addf(&s, "%d %s", 7, "seven");
    str_add_bytes(&s, "\0x", 2);
    assert_int_equal(s.len, 9);
    assert_text(&s, "7 seven");
}

static void an_empty_text_can_be_taken(void **state)
{
    (void)state;
    Error err = {0};
    Str   s = {0};
    char *text = str_take(&s, &err);
    assert_string_equal(text, "");
    assert_null(s.data);
    mem_free(text);
}

static void build(void *context, Error *err)
{
    (void)context;
    Str s = {0};
    for (int i = 0; i < 300; i++) str_addf(&s, "%d,", i);
    mem_free(str_take(&s, err));
}

static void build_and_ask(void *context, Error *err)
{
    (void)context;
    Str s = {0};
    for (int i = 0; i < 300; i++) str_add(&s, "0123456789");
    if (str_ok(&s, err)) assert_int_equal(s.len, 3000);
    str_free(&s);
}

static void a_failed_append_is_reported_once_at_the_end(void **state)
{
    (void)state;
    assert_true(torture(build, NULL) > 3);
    assert_true(torture(build_and_ask, NULL) > 3);
}

static void clearing_forgets_a_failure(void **state)
{
    (void)state;
    Error err = {0};
    Str   s = {0};
    mem_fail_after(0, false);
    str_add(&s, "x");
    mem_fail_off();
    assert_true(s.failed);
    assert_string_equal(str_text(&s), "");
    str_clear(&s);
    str_add(&s, "y");
    assert_true(str_ok(&s, &err));
    assert_text(&s, "y");
}

static void assert_grouped(int64_t number, const char *want)
{
    Str s = {0};
    str_add_grouped(&s, number);
    assert_text(&s, want);
}

static void thousands_are_grouped(void **state)
{
    (void)state;
    assert_grouped(0, "0");
    assert_grouped(-7, "-7");
    assert_grouped(999, "999");
    assert_grouped(-999, "-999");
    assert_grouped(1000, "1,000");
    assert_grouped(-1234567, "-1,234,567");
    assert_grouped(INT64_MIN, "-9,223,372,036,854,775,808");
}

static void assert_bytes(int64_t bytes, const char *want)
{
    Str s = {0};
    str_add_bytes_count(&s, bytes);
    assert_text(&s, want);
}

static void byte_counts_have_three_digits(void **state)
{
    (void)state;
    assert_bytes(0, "0 bytes");
    assert_bytes(1, "1 byte");
    assert_bytes(512, "512 bytes");
    assert_bytes(999, "999 bytes");
    assert_bytes(1000, "1.0 KB");
    assert_bytes(14312, "14.3 KB");
    assert_bytes(99949, "99.9 KB");
    assert_bytes(99960, "100 KB");
    assert_bytes(999400, "999 KB");
    assert_bytes(999960, "1.0 MB");
    assert_bytes(2100000, "2.1 MB");
    assert_bytes(3000000000, "3.0 GB");
    assert_bytes(-14312, "-14.3 KB");
    assert_bytes(INT64_MAX, "9.2 EB");
}

static void doubles_read_back_to_the_same_bits(void **state)
{
    (void)state;
    const double values[] = {0.1, 1.0 / 3, 1e-300, 5e-324, 1.7976931348623157e308, -0.0, 123456.0};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        Str s = {0};
        str_add_double(&s, values[i]);
        double back = strtod(str_text(&s), NULL);
        assert_memory_equal(&back, &values[i], sizeof back);
        str_free(&s);
    }
    Str s = {0};
    str_add_double(&s, 0.1);
    str_add(&s, " ");
    str_add_double(&s, 3.0);
    str_add(&s, " ");
    str_add_double(&s, (double)NAN);
    str_add(&s, " ");
    str_add_double(&s, (double)-INFINITY);
    assert_text(&s, "0.1 3 NaN -Infinity");
}

static void names_are_compared_folded(void **state)
{
    (void)state;
    assert_true(str_same_name("lora-alpha", "LORA_Alpha"));
    assert_true(str_same_name("", ""));
    assert_false(str_same_name("r", "rs"));
    assert_false(str_same_name("rs", "r"));
    assert_false(str_same_name("lora.alpha", "lora_alpha"));
}

static void distances_are_edit_distances(void **state)
{
    (void)state;
    assert_int_equal(str_distance("kitten", "sitting"), 3);
    assert_int_equal(str_distance("", "abc"), 3);
    assert_int_equal(str_distance("Max-Steps", "max_steps"), 0);
    assert_int_equal(str_distance("lora_aplha", "lora_alpha"), 2);
    char longer[200];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(str_distance(longer, "a"), 99);
    longer[99] = '\0';
    assert_int_equal(str_distance(longer, ""), 99);
    assert_int_equal(str_distance(longer, longer), 0);
}

TEST_GROUP(str, cmocka_unit_test(text_grows_and_stays_terminated),
           cmocka_unit_test(an_empty_text_can_be_taken),
           cmocka_unit_test(a_failed_append_is_reported_once_at_the_end),
           cmocka_unit_test(clearing_forgets_a_failure), cmocka_unit_test(thousands_are_grouped),
           cmocka_unit_test(byte_counts_have_three_digits),
           cmocka_unit_test(doubles_read_back_to_the_same_bits),
           cmocka_unit_test(names_are_compared_folded),
           cmocka_unit_test(distances_are_edit_distances));
