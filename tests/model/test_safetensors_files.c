/*
 * Safetensors files as files: things that are no files, files that change, shards and their
 * index, values that are not finite, and writing.
 */

#define _DEFAULT_SOURCE /* truncate, symlink, mkfifo */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/pool.h"
#include "core/base/str.h"
#include "core/math/convert.h"
#include "core/model/safetensors.h"
#include "tests/model/tensor_files.h"

#define ENTRY(name, size, begin, end) \
    "\"" name "\":{\"dtype\":\"U8\",\"shape\":[" size "],\"data_offsets\":[" begin "," end "]}"

/* ---- not files -------------------------------------------------------------------------- */

static void what_is_not_a_regular_file_is_refused_at_once(void **state)
{
    (void)state;
    expect_refused(test_path("absent.safetensors"), ERR_INPUT, "No such file");
    assert_int_equal(mkfifo(test_path("pipe.safetensors"), 0666), 0);
    expect_refused(test_path("pipe.safetensors"), ERR_INPUT, "is a pipe");
    assert_int_equal(mkdir(test_path("folder.safetensors"), 0777), 0);
    expect_refused(test_path("folder.safetensors"), ERR_INPUT, "is a folder");
    assert_int_equal(symlink("/dev/zero", test_path("zero.safetensors")), 0);
    expect_refused(test_path("zero.safetensors"), ERR_INPUT, "is a device");
    assert_int_equal(symlink("loop.safetensors", test_path("loop.safetensors")), 0);
    expect_refused(test_path("loop.safetensors"), ERR_INPUT, "symbolic links");
    assert_int_equal(symlink("nowhere", test_path("dangling.safetensors")), 0);
    expect_refused(test_path("dangling.safetensors"), ERR_INPUT, "No such file");
    assert_int_equal(symlink("absent/x", test_path("file")), 0);
    expect_refused(test_path("file/x.safetensors"), ERR_INPUT, "No such file");
}

static void a_symbolic_link_to_a_good_file_is_followed(void **state)
{
    (void)state;
    put_tensor_file(test_path("blob"), "{" ENTRY("t", "4", "0", "4") "}", NULL, 4);
    assert_int_equal(symlink("blob", test_path("link.safetensors")), 0);
    expect_accepted(test_path("link.safetensors"), 1);
}

static void a_file_that_shrinks_after_opening_is_an_error(void **state)
{
    (void)state;
    float       values[4];
    Error       err = {0};
    const char *path = test_path("shrink.safetensors");
    put_tensor_file(path, "{\"t\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", NULL,
                    16);
    TensorFile *file = tensors_open(path, &err);
    assert_ok(&err);
    const TensorInfo *info = tensors_find(file, "t");
    assert_true(tensors_read(file, info, values, &err)); /* the control */
    assert_int_equal(truncate(path, info->begin + 5), 0);
    assert_false(tensors_read(file, info, values, &err));
    assert_error(&err, ERR_INPUT, "shrink.safetensors: ends too early: 16 bytes");
    tensors_close(file);
}

/* ---- values ----------------------------------------------------------------------------- */

typedef struct BadValue {
    const char *dtype;
    int         width;
    uint32_t    bits;
    const char *words;
} BadValue;

static const BadValue bad_values[] = {
    {"F32", 4, 0x7f800000u, "element 2 of 5 is inf"},
    {"F32", 4, 0xff800000u, "is -inf"},
    {"F32", 4, 0x7fc00000u, "is nan"},
    {"F32", 4, 0x7f800001u, "element 2 of 5"},
    {"F16", 2, 0x7c00u, "is inf"},
    {"F16", 2, 0xfc00u, "is -inf"},
    {"F16", 2, 0x7c01u, "element 2 of 5"},
    {"BF16", 2, 0x7f80u, "is inf"},
    {"BF16", 2, 0xff80u, "is -inf"},
    {"BF16", 2, 0x7fc0u, "is nan"},
};

static TensorFile *open_five(const char *dtype, int width, uint32_t third)
{
    char  header[128], data[20] = {0};
    Error err = {0};
    snprintf(header, sizeof header,
             "{\"the.t\":{\"dtype\":\"%s\",\"shape\":[5],\"data_offsets\":[0,%d]}}", dtype,
             5 * width);
    memcpy(data + 2 * width, &third, (size_t)width);
    put_tensor_file(test_path("values.safetensors"), header, data, 5 * width);
    TensorFile *file = tensors_open(test_path("values.safetensors"), &err);
    assert_ok(&err);
    return file;
}

static void values_that_are_not_finite_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_values / sizeof *bad_values; i++) {
        const BadValue *bad = &bad_values[i];
        TensorFile     *file = open_five(bad->dtype, bad->width, bad->bits);
        char            raw[20];
        float           wide[5];
        Error           err = {0}, again = {0};
        assert_false(tensors_read(file, tensors_at(file, 0), raw, &err));
        assert_error(&err, ERR_NUMERIC, bad->words);
        assert_error(&err, ERR_NUMERIC, "values.safetensors: tensor \"the.t\"");
        assert_false(tensors_read_f32(file, tensors_at(file, 0), wide, &again));
        assert_error(&again, ERR_NUMERIC, bad->words);
        tensors_close(file);
    }
}

static void the_largest_and_smallest_finite_values_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *dtype;
        int         width;
        uint32_t    bits;
        double      value;
    } rows[] = {
        {"F32", 4, 0x7f7fffffu, 3.4028234663852886e38},
        {"F32", 4, 1u, 1.401298464324817e-45},
        {"F16", 2, 0x7bffu, 65504.0},
        {"F16", 2, 1u, 5.960464477539063e-08},
        {"BF16", 2, 0x7f7fu, 3.3895313892515355e38},
        {"BF16", 2, 0xbf80u, -1.0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        TensorFile *file = open_five(rows[i].dtype, rows[i].width, rows[i].bits);
        float       wide[5];
        Error       err = {0};
        assert_true(tensors_read_f32(file, tensors_at(file, 0), wide, &err));
        assert_true((double)wide[2] == rows[i].value);
        assert_true(wide[0] == 0.0f && wide[4] == 0.0f);
        tensors_close(file);
    }
}

static void types_that_cannot_be_read_are_listed_and_refused(void **state)
{
    (void)state;
    TensorFile *file = open_five("I32", 4, 7);
    float       wide[5];
    Error       err = {0};
    assert_string_equal(tensors_at(file, 0)->dtype_text, "I32");
    assert_false(tensors_at(file, 0)->readable);
    assert_false(tensors_read_f32(file, tensors_at(file, 0), wide, &err));
    assert_error(&err, ERR_INPUT, "tensor \"the.t\": field \"dtype\": I32 cannot be read");
    tensors_close(file);
}

/* ---- shards ----------------------------------------------------------------------------- */

typedef struct BadIndex {
    const char *index;
    const char *words;
} BadIndex;

#define MAP(pairs) "{\"metadata\":{\"total_size\":8},\"weight_map\":{" pairs "}}"

static const BadIndex bad_indices[] = {
    {"", "line 1"},
    {"[]", "field \"weight_map\": must be an object"},
    {"{}", "field \"weight_map\": must be an object"},
    {"{\"weight_map\":[]}", "field \"weight_map\": must be an object"},
    {MAP(""), "field \"weight_map\": is empty"},
    {MAP("\"a\":1,\"b\":\"two\""), "\"a\" must be a string"},
    {MAP("\"a\":null,\"b\":\"two\""), "\"a\" must be a string"},
    {MAP("\"a\":\"one\",\"a\":\"two\""), "duplicate"},
    {MAP("\"a\":\"/etc/passwd\",\"b\":\"two\""), "\"/etc/passwd\", which is not a plain file name"},
    {MAP("\"a\":\"../one\",\"b\":\"two\""), "\"../one\", which is not a plain"},
    {MAP("\"a\":\"sub/one\",\"b\":\"two\""), "\"sub/one\", which is not a plain"},
    {MAP("\"a\":\"..\",\"b\":\"two\""), "\"..\", which is not a plain"},
    {MAP("\"a\":\".\",\"b\":\"two\""), "\".\", which is not a plain"},
    {MAP("\"a\":\"\",\"b\":\"two\""), "\"\", which is not a plain"},
    {MAP("\"a\":\"one\\u0000\",\"b\":\"two\""), "which is not a plain"},
    {MAP("\"a\":\"..\\\\one\",\"b\":\"two\""), "which is not a plain"},
    {MAP("\"a\":\"three\",\"b\":\"two\""), "three: cannot be read: No such file"},
    {MAP("\"a\":\"folder\",\"b\":\"two\""), "folder: is a folder"},
    {MAP("\"a\":\"two\",\"b\":\"one\""), "\"a\" is in one, not in two"},
    {MAP("\"a\":\"one\""), "tensor \"a2\" is not listed in"},
    {MAP("\"a\":\"one\",\"a2\":\"one\",\"b\":\"two\",\"c\":\"two\""), "\"c\" is not in two"},
    {MAP("\"a\":\"one\",\"a2\":\"one\",\"b\":\"one\""), "\"b\" is not in one"},
    {MAP("\"a\":\"one\",\"a2\":\"one\",\"b\":\"twin\""), "duplicate tensor \"a\""},
    {MAP("\"a\":\"one\",\"a2\":\"one\",\"b\":\"bad\""), "bad: 3 bytes are too few"},
};

static void put_shards(void)
{
    put_tensor_file(test_path("one"),
                    "{" ENTRY("a", "2", "0", "2") "," ENTRY("a2", "1", "2", "3") "}", NULL, 3);
    put_tensor_file(test_path("two"), "{" ENTRY("b", "5", "0", "5") "}", NULL, 5);
    put_tensor_file(test_path("twin"), "{" ENTRY("a", "2", "0", "2") "}", NULL, 2);
    put_text(test_path("bad"), "bad");
    assert_int_equal(mkdir(test_path("folder"), 0777), 0);
}

static void wrong_indices_of_shards_are_refused(void **state)
{
    (void)state;
    put_shards();
    for (size_t i = 0; i < sizeof bad_indices / sizeof *bad_indices; i++) {
        Error err = {0};
        put_text(test_path("model.safetensors.index.json"), bad_indices[i].index);
        TensorFile *file = tensors_open_model(test_folder(), &err);
        if (file != NULL) tensors_close(file);
        assert_error(&err, ERR_INPUT, bad_indices[i].words);
        assert_null(file);
    }
}

static void a_good_index_gives_the_tensors_of_all_shards(void **state)
{
    (void)state;
    Error err = {0};
    put_shards();
    put_text(test_path("model.safetensors.index.json"),
             MAP("\"b\":\"two\",\"a2\":\"one\",\"a\":\"one\""));
    TensorFile *file = tensors_open_model(test_folder(), &err);
    assert_ok(&err);
    assert_int_equal(tensors_count(file), 3);
    assert_int_equal(tensors_shards(file), 2);
    assert_string_equal(tensors_shard_name(file, 0), "one");
    assert_int_equal(tensors_shard_of(file, tensors_find(file, "a2")), 0);
    assert_int_equal(tensors_shard_of(file, tensors_find(file, "b")), 1);
    assert_string_equal(tensors_path(file, tensors_find(file, "b")), test_path("two"));
    tensors_close(file);

    put_tensor_file(test_path("model.safetensors"), "{}", NULL, 0); /* goes before the index */
    file = tensors_open_model(test_folder(), &err);
    assert_ok(&err);
    assert_int_equal(tensors_count(file), 0);
    tensors_close(file);
}

static void a_folder_without_weights_is_refused(void **state)
{
    (void)state;
    Error err = {0};
    assert_null(tensors_open_model(test_folder(), &err));
    assert_error(&err, ERR_INPUT, "there is neither model.safetensors nor");
    err = (Error){0};
    assert_null(tensors_open_model(test_path("absent"), &err));
    assert_error(&err, ERR_INPUT, "absent");
}

/* ---- writing ---------------------------------------------------------------------------- */

static const float    written_f32[6] = {0.71f, -1.37f, 2.11f, 0.0f, -0.0f, 1e-40f};
static const uint16_t written_half[3] = {0x3c00, 0x8001, 0x7bff};

static bool write_sample(const char *path, Error *err)
{
    static const char *const metadata[] = {"rank", "8", "quote \" here", "line\n", NULL};
    const TensorOut          tensors[] = {
                 {"a.weight", DTYPE_F32, 2, {2, 3}, written_f32},
                 {"h", DTYPE_F16, 1, {3}, written_half},
                 {"b", DTYPE_BF16, 3, {1, 3, 1}, written_half},
                 {"scalar", DTYPE_F32, 0, {0}, written_f32},
                 {"none", DTYPE_F32, 2, {0, 4}, NULL},
    };
    return tensors_write(path, tensors, 5, metadata, err);
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    Error err = {0};
    assert_true(write_sample(test_path("out.safetensors"), &err));
    TensorFile *file = tensors_open(test_path("out.safetensors"), &err);
    assert_ok(&err);
    assert_int_equal(tensors_count(file), 5);
    assert_string_equal(tensors_metadata(file, "format"), "pt");
    assert_string_equal(tensors_metadata(file, "rank"), "8");
    assert_string_equal(tensors_metadata(file, "quote \" here"), "line\n");
    assert_null(tensors_metadata(file, "absent"));

    float             read[6], one;
    uint16_t          half[3];
    const TensorInfo *a = tensors_find(file, "a.weight");
    assert_int_equal(a->begin % 8, 0);
    assert_int_equal(a->rank, 2);
    assert_int_equal(a->shape[1], 3);
    assert_true(tensors_read(file, a, read, &err));
    assert_memory_equal(read, written_f32, sizeof read);
    assert_true(tensors_read(file, tensors_find(file, "h"), half, &err));
    assert_memory_equal(half, written_half, sizeof half);
    assert_true(tensors_read_f32(file, tensors_find(file, "h"), read, &err));
    assert_true(read[0] == 1.0f && read[2] == 65504.0f);
    assert_true(tensors_read(file, tensors_find(file, "scalar"), &one, &err));
    assert_true(one == written_f32[0]);
    assert_true(tensors_read(file, tensors_find(file, "none"), NULL, &err));
    assert_ok(&err);
    tensors_close(file);
}

static void a_file_of_the_reference_writer_is_written_again_bit_for_bit(void **state)
{
    (void)state;
    Error       err = {0};
    const char *path = test_fixture("models/llama-rope3/model.safetensors");
    TensorFile *file = tensors_open(path, &err);
    assert_ok(&err);
    Index      count = tensors_count(file);
    TensorOut *out = calloc((size_t)count, sizeof *out);
    for (Index i = 0; i < count; i++) {
        const TensorInfo *info = tensors_at(file, i);
        void             *data = malloc((size_t)info->bytes + 1);
        assert_true(tensors_read(file, info, data, &err));
        out[i] = (TensorOut){.name = info->name, .dtype = info->dtype, .rank = info->rank};
        memcpy(out[i].shape, info->shape, sizeof out[i].shape);
        out[i].data = data;
    }
    assert_true(tensors_write(test_path("again.safetensors"), out, count, NULL, &err));
    for (Index i = 0; i < count; i++) free((void *)(uintptr_t)out[i].data);
    free(out);
    tensors_close(file);
    assert_true(same_bytes(path, test_path("again.safetensors")));
}

/* ---- torture ---------------------------------------------------------------------------- */

static void write_body(void *context, Error *err)
{
    if (!write_sample(context, err)) return;
}

static void read_body(void *context, Error *err)
{
    float       wide[3];
    TensorFile *file = tensors_open(context, err);
    if (file == NULL) return;
    if (tensors_read_f32(file, tensors_find(file, "h"), wide, err)) assert_true(wide[0] == 1.0f);
    tensors_close(file);
}

static void shards_body(void *context, Error *err)
{
    tensors_close(tensors_open_model(context, err));
}

static void writing_survives_every_failed_allocation(void **state)
{
    (void)state;
    char path[256];
    snprintf(path, sizeof path, "%s", test_path("torture.safetensors"));
    torture(write_body, path);
    expect_accepted(path, 5);
}

static void reading_survives_every_failed_allocation(void **state)
{
    (void)state;
    char  path[256];
    Error err = {0};
    snprintf(path, sizeof path, "%s", test_path("torture.safetensors"));
    assert_true(write_sample(path, &err));
    torture(read_body, path);
}

static void opening_shards_survives_every_failed_allocation(void **state)
{
    (void)state;
    char folder[256];
    snprintf(folder, sizeof folder, "%s", test_fixture("models/qwen2-untied-bf16-sharded"));
    torture(shards_body, folder);
}

static void writing_survives_every_failed_disk_operation(void **state)
{
    (void)state;
    char path[256];
    snprintf(path, sizeof path, "%s", test_path("torture.safetensors"));
    torture_disk(write_body, path);
    expect_accepted(path, 5);
}

TEST_GROUP(safetensors_files, cmocka_unit_test(what_is_not_a_regular_file_is_refused_at_once),
           cmocka_unit_test(a_symbolic_link_to_a_good_file_is_followed),
           cmocka_unit_test(a_file_that_shrinks_after_opening_is_an_error),
           cmocka_unit_test(values_that_are_not_finite_are_named),
           cmocka_unit_test(the_largest_and_smallest_finite_values_are_read),
           cmocka_unit_test(types_that_cannot_be_read_are_listed_and_refused),
           cmocka_unit_test(wrong_indices_of_shards_are_refused),
           cmocka_unit_test(a_good_index_gives_the_tensors_of_all_shards),
           cmocka_unit_test(a_folder_without_weights_is_refused),
           cmocka_unit_test(what_is_written_is_read_back),
           cmocka_unit_test(a_file_of_the_reference_writer_is_written_again_bit_for_bit),
           cmocka_unit_test(writing_survives_every_failed_allocation),
           cmocka_unit_test(reading_survives_every_failed_allocation),
           cmocka_unit_test(opening_shards_survives_every_failed_allocation),
           cmocka_unit_test(writing_survives_every_failed_disk_operation));
