/*
 * The header of safetensors files: files that must be refused, each for its own reason, and odd
 * ones that must not be.
 */

#define _DEFAULT_SOURCE /* truncate */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/str.h"
#include "core/model/safetensors_internal.h"
#include "tests/model/tensor_files.h"

/* ---- refused ---------------------------------------------------------------------------- */

typedef struct BadLength {
    uint64_t    n;
    int         after; /* bytes that follow the length */
    const char *words;
} BadLength;

static const BadLength bad_lengths[] = {
    {0, 0, "does not begin with '{'"},
    {0, 16, "does not begin with '{'"},
    {1, 0, "header length 1 is beyond the file's 8 bytes"},
    {9, 8, "header length 9 is beyond the file's 16 bytes"},
    {99999999, 8, "header length 99999999 is beyond"},
    {100000000, 8, "header length 100000000 is beyond"},
    {100000001, 8, "header length 100000001 is more than 100000000"},
    {1ull << 31, 8, "header length 2147483648 is more"},
    {1ull << 32, 8, "header length 4294967296 is more"},
    {(1ull << 63) - 1, 8, "header length 9223372036854775807 is more"},
    {~0ull, 8, "header length 18446744073709551615 is more"},
    {~0ull - 7, 8, "header length 18446744073709551608 is more"},
};

static void wrong_header_lengths_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_lengths / sizeof *bad_lengths; i++) {
        char bytes[64] = {0};
        memcpy(bytes, &bad_lengths[i].n, 8);
        const char *path = test_path("length.safetensors");
        put_file(path, bytes, 8 + bad_lengths[i].after);
        expect_refused(path, ERR_INPUT, bad_lengths[i].words);
    }
}

static void files_without_room_for_a_length_are_refused(void **state)
{
    (void)state;
    for (int n = 0; n < 8; n++) {
        char        words[64];
        const char *path = test_path("short.safetensors");
        put_file(path, "\2\0\0\0\0\0\0", n);
        snprintf(words, sizeof words, "%d bytes are too few", n);
        expect_refused(path, ERR_INPUT, words);
    }
}

typedef struct BadHeader {
    const char *json;
    int         data; /* bytes of data after it */
    const char *words;
} BadHeader;

/* A tensor "t" with these three values. */
#define T(dtype, shape, offsets) \
    "{\"t\":{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}}"
/* Two tensors "a" and "b" of F32. */
#define AB(shape_a, offsets_a, shape_b, offsets_b)                                     \
    "{\"a\":{\"dtype\":\"F32\",\"shape\":" shape_a ",\"data_offsets\":" offsets_a "}," \
    "\"b\":{\"dtype\":\"F32\",\"shape\":" shape_b ",\"data_offsets\":" offsets_b "}}"
#define F32 "\"F32\""

static const BadHeader bad_headers[] = {
    /* structure */
    {"[]", 0, "does not begin with '{'"},
    {" {}", 0, "does not begin with '{'"},
    {"\xef\xbb\xbf{}", 0, "does not begin with '{'"},
    {"null", 0, "does not begin with '{'"},
    {"{", 0, "line 1"},
    {"{}x", 0, "line 1"},
    {"{}{}", 0, "line 1"},
    {"{/* note */}", 0, "line 1"},
    {"{'t':1}", 0, "line 1"},
    {"{\"t\":", 0, "line 1"},
    {"{\"t", 0, "line 1"},
    {"{\"t\":1,}", 0, "line 1"},
    {"{\"\xff\":1}", 0, "decode byte 0xff"},
    {"{\"\xc0\xaf\":1}", 0, "decode byte 0xc0"},
    {"{\"\xed\xa0\x80\":1}", 0, "decode byte 0xed"},
    {"{\"\\ud800\":1}", 0, "line 1"},
    {"{\"a\\u0000b\":1}", 0, "NUL"},
    {"{\"t\":1}", 0, "tensor \"t\": must be an object"},
    {"{\"t\":[]}", 0, "tensor \"t\": must be an object"},
    {"{\"t\":null}", 0, "tensor \"t\": must be an object"},
    {"{\"t\":{}}", 0, "tensor \"t\": field \"dtype\": must be a string"},
    {"{\"t\":{\"dtype\":\"F32\"}}", 0, "field \"shape\": must be a list"},
    {"{\"t\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "field \"data_offsets\": must be two"},
    {"{\"t\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0],\"x\":1}}", 0, "4 fields"},
    {AB("[1]", "[0,4]", "[1]", "[0,4]"), 4, "tensor \"b\": field \"data_offsets\": overlap"},
    {"{\"t\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},"
     "\"t\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}",
     0, "duplicate"},
    {"{\"t\":{\"dtype\":\"F32\",\"dtype\":\"F16\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0,
     "duplicate"},
    {"{\"__metadata__\":[]}", 0, "field \"__metadata__\": must be an object"},
    {"{\"__metadata__\":\"pt\"}", 0, "field \"__metadata__\": must be an object"},
    {"{\"__metadata__\":{\"format\":1}}", 0, "\"format\" must be a string"},
    {"{\"__metadata__\":{\"a\":{\"b\":\"c\"}}}", 0, "\"a\" must be a string"},
    /* types */
    {T("1", "[1]", "[0,4]"), 4, "field \"dtype\": must be a string"},
    {T("\"F33\"", "[1]", "[0,4]"), 4, "unknown type \"F33\""},
    {T("\"f32\"", "[1]", "[0,4]"), 4, "unknown type \"f32\""},
    {T("\"\"", "[1]", "[0,4]"), 4, "unknown type \"\""},
    {T("\"F32 \"", "[1]", "[0,4]"), 4, "unknown type \"F32 \""},
    {T("\"F4\"", "[1]", "[0,1]"), 1, "1 elements of 4 bits do not fill whole bytes"},
    {T("\"F6_E2M3\"", "[2]", "[0,2]"), 2, "2 elements of 6 bits do not fill whole bytes"},
    /* numbers */
    {T(F32, "[-1]", "[0,4]"), 4, "field \"shape\": a size is negative: -1"},
    {T(F32, "[-0]", "[0,0]"), 0, "minus sign"},
    {T(F32, "[0]", "[-0,0]"), 0, "minus sign"},
    {T(F32, "[1.0]", "[0,4]"), 4, "field \"shape\": a size is not an integer"},
    {T(F32, "[1e0]", "[0,4]"), 4, "field \"shape\": a size is not an integer"},
    {T(F32, "[\"1\"]", "[0,4]"), 4, "field \"shape\": a size is not an integer"},
    {T(F32, "[true]", "[0,4]"), 4, "field \"shape\": a size is not an integer"},
    {T(F32, "[null]", "[0,4]"), 4, "field \"shape\": a size is not an integer"},
    {T(F32, "[01]", "[0,4]"), 4, "line 1"},
    {T(F32, "[0x1]", "[0,4]"), 4, "line 1"},
    {T(F32, "[+1]", "[0,4]"), 4, "line 1"},
    {T(F32, "[NaN]", "[0,4]"), 4, "line 1"},
    {T(F32, "[1e999]", "[0,4]"), 4, "overflow"},
    {T(F32, "[9223372036854775808]", "[0,4]"), 4, "field \"shape\": a size is not an integer"},
    {T(F32, "[18446744073709551616]", "[0,4]"), 4, "a size is not an integer"},
    {T(F32, "[1234567890123456789012345678901234567890]", "[0,4]"), 4, "not an integer"},
    {T(F32, "[1]", "[0,9223372036854775808]"), 4, "end is not an integer"},
    {T(F32, "[1]", "[18446744073709551612,0]"), 4, "begin is not an integer"},
    {T(F32, "[1]", "[-4,0]"), 4, "field \"data_offsets\": begin is negative: -4"},
    {T(F32, "[1]", "[0.0,4]"), 4, "begin is not an integer"},
    /* geometry */
    {T(F32, "{}", "[0,4]"), 4, "field \"shape\": must be a list"},
    {T(F32, "4", "[0,4]"), 4, "field \"shape\": must be a list"},
    {T(F32, "[1]", "[]"), 4, "must be two integers"},
    {T(F32, "[1]", "[0]"), 4, "must be two integers"},
    {T(F32, "[1]", "[0,4,4]"), 4, "must be two integers"},
    {T(F32, "[1]", "{\"begin\":0,\"end\":4}"), 4, "must be two integers"},
    {T(F32, "[1]", "[4,0]"), 4, "end 0 is before begin 4"},
    {T(F32, "[1]", "[0,8]"), 4, "end 8 is beyond the file's 4 bytes"},
    {T(F32, "[1]", "[0,4]"), 0, "end 4 is beyond the file's 0 bytes"},
    {T(F32, "[1]", "[0,4]"), 3, "end 4 is beyond the file's 3 bytes"},
    {T(F32, "[1]", "[0,4]"), 5, "tensors fill 4 bytes of data but the file has 5"},
    {T(F32, "[2]", "[0,4]"), 4, "spans 4 bytes where shape and type need 8"},
    {T(F32, "[]", "[0,8]"), 8, "spans 8 bytes where shape and type need 4"},
    {T(F32, "[0]", "[0,4]"), 4, "spans 4 bytes where shape and type need 0"},
    {T(F32, "[1]", "[1,5]"), 5, "hole: begins at 1 where 0 bytes are taken"},
    {T(F32, "[9223372036854775807]", "[0,4]"), 4, "product of its sizes is too large"},
    {T(F32, "[4294967296,4294967296]", "[0,0]"), 0, "product of its sizes is too large"},
    {T(F32, "[2147483648,2147483648,4]", "[0,0]"), 0, "product of its sizes is too large"},
    {T(F32, "[4611686018427387905]", "[0,4]"), 4, "product of its sizes is too large"},
    {T(F32, "[0,4294967296,4294967296]", "[0,0]"), 0, "product of its sizes is too large"},
    {T(F32, "[1,1,1,1,1,1,1,1,1]", "[0,4]"), 4, "has 9 sizes, more than 8"},
    {AB("[1]", "[0,4]", "[1]", "[8,12]"), 12, "tensor \"b\": field \"data_offsets\": hole"},
    {AB("[2]", "[0,8]", "[1]", "[4,8]"), 8, "overlap: begins at 4 where 8 bytes are taken"},
    {AB("[1]", "[4,8]", "[1]", "[4,8]"), 8, "hole: begins at 4 where 0 bytes"},
    {"{}", 1, "tensors fill 0 bytes of data but the file has 1"},
};

static void bad_headers_are_refused(void **state)
{
    (void)state;
    const size_t count = sizeof bad_headers / sizeof *bad_headers;
    assert_true(count >= 60);
    for (size_t i = 0; i < count; i++) {
        const char *path = test_path("bad.safetensors");
        put_tensor_file(path, bad_headers[i].json, NULL, bad_headers[i].data);
        expect_refused(path, ERR_INPUT, bad_headers[i].words);
    }
}

static void a_nul_byte_in_the_header_is_refused(void **state)
{
    (void)state;
    static const char header[] = "{}\0     ";
    char              bytes[16] = {8};
    memcpy(bytes + 8, header, 8);
    put_file(test_path("nul.safetensors"), bytes, 16);
    expect_refused(test_path("nul.safetensors"), ERR_INPUT, "line 1");
}

static void deep_nesting_is_refused(void **state)
{
    (void)state;
    static const char *const opens[] = {"[", "{\"a\":"};
    for (size_t i = 0; i < 2; i++) {
        Str text = {0};
        str_add(&text, "{\"t\":");
        for (int k = 0; k < 100000; k++) str_add(&text, opens[i]);
        put_tensor_file(test_path("deep.safetensors"), str_text(&text), NULL, 0);
        str_free(&text);
        expect_refused(test_path("deep.safetensors"), ERR_INPUT, "depth");
    }
}

static void every_truncation_of_a_good_file_is_refused(void **state)
{
    (void)state;
    char        bytes[256];
    const char *header = T(F32, "[2]", "[0,8]");
    uint64_t    n = strlen(header);
    memcpy(bytes, &n, 8);
    memcpy(bytes + 8, header, n);
    memset(bytes + 8 + n, 0, 8);
    int whole = (int)(8 + n + 8);

    for (int length = 0; length < whole; length++) {
        put_file(test_path("cut.safetensors"), bytes, length);
        expect_refused(test_path("cut.safetensors"), ERR_INPUT, NULL);
    }
    put_file(test_path("cut.safetensors"), bytes, whole);
    expect_accepted(test_path("cut.safetensors"), 1); /* the control */
}

static void every_flipped_bit_of_a_header_is_survived(void **state)
{
    (void)state;
    const char *header = T(F32, "[2,3]", "[0,24]");
    int         length = (int)strlen(header);
    int         refused = 0;
    for (int bit = 0; bit < 8 * length; bit++) {
        char  flipped[256];
        Error err = {0};
        memcpy(flipped, header, (size_t)length);
        flipped[bit / 8] = (char)(flipped[bit / 8] ^ (1 << bit % 8));
        Header parsed;
        if (header_parse(&parsed, flipped, length, 24, "flipped", &err)) {
            header_reset(&parsed);
        } else {
            assert_error(&err, ERR_INPUT, "flipped");
            refused++;
        }
    }
    assert_true(refused > 6 * length); /* most: only bits of the tensor's name may pass */
}

/* ---- scale ------------------------------------------------------------------------------ */

static void add_many(Str *header, int count, bool same_place)
{
    str_add(header, "{");
    for (int i = 0; i < count; i++) {
        long long at = same_place ? 0 : i;
        str_addf(header, "%s\"t%d\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[%lld,%lld]}",
                 i > 0 ? "," : "", i, at, at + 1);
    }
    str_add(header, "}");
}

/* Of this process, so that what else runs on the machine does not count. */
static double processor_seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static double seconds_to_parse(const Str *header, int64_t data, Index *count)
{
    Header parsed;
    Error  err = {0};
    double start = processor_seconds();
    bool   good = header_parse(&parsed, header->data, header->len, data, "many", &err);
    double seconds = processor_seconds() - start;
    *count = good ? parsed.count : -1;
    if (good) header_reset(&parsed);
    return seconds;
}

static void a_million_tensors_take_no_quadratic_time(void **state)
{
    (void)state;
    Str   quarter = {0}, whole = {0};
    Index count;
    add_many(&quarter, 250000, false);
    add_many(&whole, 1000000, false);
    double quarter_seconds = seconds_to_parse(&quarter, 250000, &count);
    assert_int_equal(count, 250000);
    double seconds = seconds_to_parse(&whole, 1000000, &count);
    assert_int_equal(count, 1000000);
    print_message("%.2f s and %.2f s\n", quarter_seconds, seconds);
    assert_true(seconds < 8.0 * quarter_seconds + 0.1);
    str_free(&quarter);
    str_free(&whole);
}

static void many_tensors_on_the_same_bytes_are_refused(void **state)
{
    (void)state;
    Str header = {0};
    add_many(&header, 100000, true);
    put_tensor_file(test_path("same.safetensors"), str_text(&header), NULL, 1);
    expect_refused(test_path("same.safetensors"), ERR_INPUT, "overlap");
    str_free(&header);
}

static void a_header_of_100_megabytes_is_refused_in_time(void **state)
{
    (void)state;
    uint64_t    length = SAFETENSORS_MAX_HEADER;
    const char *path = test_path("huge.safetensors");
    for (int brace = 0; brace < 2; brace++) {
        char start[9] = {0};
        memcpy(start, &length, 8);
        start[8] = brace ? '{' : 0;
        put_file(path, start, 9);
        assert_int_equal(truncate(path, 8 + SAFETENSORS_MAX_HEADER), 0); /* zeros, not on disk */
        expect_refused(path, ERR_INPUT, brace ? "line 1" : "does not begin with '{'");
    }
}

static void much_metadata_is_kept(void **state)
{
    (void)state;
    Str   header = {0};
    Error err = {0};
    str_add(&header, "{\"__metadata__\":{");
    for (int i = 0; i < 100000; i++) str_addf(&header, "%s\"k%d\":\"v%d\"", i ? "," : "", i, i);
    str_add(&header, "}}");
    put_tensor_file(test_path("metadata.safetensors"), str_text(&header), NULL, 0);
    TensorFile *file = tensors_open(test_path("metadata.safetensors"), &err);
    assert_ok(&err);
    assert_string_equal(tensors_metadata(file, "k99999"), "v99999");
    tensors_close(file);
    str_free(&header);
}

/* Large headers are parsed in batches: what is wrong between two of them must be seen too. */
static void headers_larger_than_a_batch_are_as_strict(void **state)
{
    (void)state;
    static const struct {
        const char *ending, *words;
    } rows[] = {
        {",}", "line 1"},
        {",,\"x\":1}", "line 1"},
        {"]", "line 1"},
        {"", "line 1"},
        {"}}", "line 1"},
        {"}]", "line 1"},
        {",\"__metadata__\":{\"a\":\"b\"}}", "occurs twice"},
        {",\"t0\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[3000,3001]}}", "duplicate"},
        {",\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[-0,1]}}", "minus"},
        {",\"x\":{\"dtype\":\"U8\",\"shape\":[0,-0],\"data_offsets\":[0,0]}}", "minus"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Str header = {0};
        add_many(&header, 3000, false);
        assert_true(header.len > 2 << 16);
        header.len--; /* without the brace at the end */
        header.data[0] = ' ';
        Str whole = {0};
        str_addf(&whole, "{\"__metadata__\":{\"k\":\"v\"},%.*s%s", (int)header.len, header.data,
                 rows[i].ending);
        bool more = strncmp(rows[i].ending, ",\"t0", 4) == 0;
        put_tensor_file(test_path("batch.safetensors"), str_text(&whole), NULL, more ? 3001 : 3000);
        expect_refused(test_path("batch.safetensors"), ERR_INPUT, rows[i].words);
        str_free(&whole);
        str_free(&header);
    }
}

static void a_name_of_a_megabyte_is_found(void **state)
{
    (void)state;
    Str name = {0}, header = {0};
    for (int i = 0; i < 1 << 20; i++) str_add(&name, "n");
    str_addf(&header, "{\"%s\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}",
             name.data);
    put_tensor_file(test_path("name.safetensors"), header.data, NULL, 4);
    Error       err = {0};
    TensorFile *file = tensors_open(test_path("name.safetensors"), &err);
    assert_ok(&err);
    assert_non_null(tensors_find(file, name.data));
    tensors_close(file);
    str_free(&name);
    str_free(&header);
}

/* ---- accepted --------------------------------------------------------------------------- */

typedef struct GoodHeader {
    const char *json;
    int         data, count;
} GoodHeader;

static const GoodHeader good_headers[] = {
    {"{}", 0, 0},
    {"{}      ", 0, 0},
    {"{} \n\t ", 0, 0},
    {"{\"__metadata__\":{}}", 0, 0},
    {"{\"__metadata__\":{\"format\":\"pt\",\"\":\"\"}}", 0, 0},
    {T(F32, "[]", "[0,4]"), 4, 1},
    {T(F32, "[0]", "[0,0]"), 0, 1},
    {T(F32, "[0,7]", "[0,0]"), 0, 1},
    {T(F32, "[7,0,4294967296]", "[0,0]"), 0, 1},
    {T(F32, "[1,1,1,1,1,1,1,1]", "[0,4]"), 4, 1},
    {T("\"F16\"", "[3]", "[0,6]"), 6, 1},
    {T("\"BF16\"", "[3]", "[0,6]"), 6, 1},
    {T("\"I64\"", "[2]", "[0,16]"), 16, 1},
    {T("\"BOOL\"", "[3]", "[0,3]"), 3, 1},
    {T("\"F8_E4M3\"", "[3]", "[0,3]"), 3, 1},
    {T("\"F8_E5M2FNUZ\"", "[3]", "[0,3]"), 3, 1},
    {T("\"F4\"", "[4]", "[0,2]"), 2, 1},
    {T("\"F6_E3M2\"", "[4]", "[0,3]"), 3, 1},
    {T("\"C64\"", "[1]", "[0,8]"), 8, 1},
    {AB("[1]", "[4,8]", "[1]", "[0,4]"), 8, 2}, /* not in the order of the data */
    {AB("[0]", "[4,4]", "[1]", "[0,4]"), 4, 2}, /* nothing at the end */
    {AB("[1]", "[0,4]", "[0]", "[0,0]"), 4, 2}, /* nothing at the beginning */
    {AB("[0]", "[0,0]", "[0]", "[0,0]"), 0, 2}, /* nothing twice */
    {"{\"t\":{\"data_offsets\":[0,4],\"shape\":[1],\"dtype\":\"F32\"}}", 4, 1},
    {"{ \"t\" : { \"dtype\" : \"F32\" , \"shape\" : [ 1 ] , \"data_offsets\" : [ 0 , 4 ] } } ", 4,
     1},
    {"{\"\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, 1},
    {"{\"a-\\\"-\\\\\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, 1},
    {"{\"\xe5\xb1\x82\\u5c42\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, 1},
};

static void odd_but_good_headers_are_accepted(void **state)
{
    (void)state;
    const size_t count = sizeof good_headers / sizeof *good_headers;
    assert_true(count >= 15);
    for (size_t i = 0; i < count; i++) {
        put_tensor_file(test_path("good.safetensors"), good_headers[i].json, NULL,
                        good_headers[i].data);
        expect_accepted(test_path("good.safetensors"), good_headers[i].count);
    }
}

static void tensors_come_in_the_order_of_their_data(void **state)
{
    (void)state;
    Error err = {0};
    put_tensor_file(test_path("order.safetensors"), AB("[1]", "[4,8]", "[1]", "[0,4]"), NULL, 8);
    TensorFile *file = tensors_open(test_path("order.safetensors"), &err);
    assert_ok(&err);
    assert_string_equal(tensors_at(file, 0)->name, "b");
    assert_string_equal(tensors_at(file, 1)->name, "a");
    assert_ptr_equal(tensors_find(file, "a"), tensors_at(file, 1));
    assert_null(tensors_find(file, "c"));
    assert_int_equal(tensors_shards(file), 1);
    assert_string_equal(tensors_shard_name(file, 0), "order.safetensors");
    assert_string_equal(tensors_path(file, tensors_at(file, 0)), test_path("order.safetensors"));
    tensors_close(file);
}

TEST_GROUP(safetensors_header, cmocka_unit_test(wrong_header_lengths_are_refused),
           cmocka_unit_test(files_without_room_for_a_length_are_refused),
           cmocka_unit_test(bad_headers_are_refused),
           cmocka_unit_test(a_nul_byte_in_the_header_is_refused),
           cmocka_unit_test(deep_nesting_is_refused),
           cmocka_unit_test(every_truncation_of_a_good_file_is_refused),
           cmocka_unit_test(every_flipped_bit_of_a_header_is_survived),
           cmocka_unit_test(a_million_tensors_take_no_quadratic_time),
           cmocka_unit_test(many_tensors_on_the_same_bytes_are_refused),
           cmocka_unit_test(a_header_of_100_megabytes_is_refused_in_time),
           cmocka_unit_test(much_metadata_is_kept),
           cmocka_unit_test(headers_larger_than_a_batch_are_as_strict),
           cmocka_unit_test(a_name_of_a_megabyte_is_found),
           cmocka_unit_test(odd_but_good_headers_are_accepted),
           cmocka_unit_test(tensors_come_in_the_order_of_their_data));
