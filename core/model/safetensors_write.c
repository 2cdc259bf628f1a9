/*
 * Writing a safetensors file, as the reference writer lays it out: compact JSON, "__metadata__"
 * first, spaces up to a multiple of 8 so that the data is aligned.
 */

#include "core/model/safetensors_internal.h"

#include <string.h>

int64_t tensors_out_elements(const TensorOut *tensor)
{
    int64_t elements = 1;
    CHECK(tensor->rank >= 0 && tensor->rank <= SAFETENSORS_MAX_RANK);
    for (int i = 0; i < tensor->rank; i++) {
        CHECK(tensor->shape[i] >= 0);
        CHECK(!__builtin_mul_overflow(elements, tensor->shape[i], &elements));
    }
    return elements;
}

static void add_quoted(Str *out, const char *text)
{
    json_add_string(out, text, (Index)strlen(text));
}

static void add_metadata(Str *out, const char *const *pairs)
{
    str_add(out, "{\"__metadata__\":{\"format\":\"pt\"");
    for (; pairs != NULL && *pairs != NULL; pairs += 2) {
        str_add(out, ",");
        add_quoted(out, pairs[0]);
        str_add(out, ":");
        add_quoted(out, pairs[1]);
    }
    str_add(out, "}");
}

static void add_tensor(Str *out, const TensorOut *tensor, int64_t *offset)
{
    int64_t end = *offset + tensors_out_elements(tensor) * dtype_bytes(tensor->dtype);
    str_add(out, ",");
    add_quoted(out, tensor->name);
    str_addf(out, ":{\"dtype\":\"%s\",\"shape\":[", dtype_name(tensor->dtype));
    for (int i = 0; i < tensor->rank; i++) {
        str_addf(out, "%s%lld", i > 0 ? "," : "", (long long)tensor->shape[i]);
    }
    str_addf(out, "],\"data_offsets\":[%lld,%lld]}", (long long)*offset, (long long)end);
    *offset = end;
}

bool tensors_write_header(FileWriter *writer, const TensorOut *tensors, Index count,
                          const char *const *metadata, Error *err)
{
    Str     json = {0};
    int64_t offset = 0;
    add_metadata(&json, metadata);
    for (Index i = 0; i < count; i++) add_tensor(&json, &tensors[i], &offset);
    str_add(&json, "}");
    while (json.len % 8 != 0 && !json.failed) str_add(&json, " ");

    uint64_t length = (uint64_t)json.len;
    bool     good = str_ok(&json, err) && file_write(writer, &length, sizeof length, err) &&
                file_write(writer, json.data, json.len, err);
    str_free(&json);
    return good;
}

bool tensors_write(const char *path, const TensorOut *tensors, Index count,
                   const char *const *metadata, Error *err)
{
    FileWriter *writer = file_create(path, err);
    if (writer == NULL) return false;

    bool good = tensors_write_header(writer, tensors, count, metadata, err);
    for (Index i = 0; good && i < count; i++) {
        Index bytes = tensors_out_elements(&tensors[i]) * dtype_bytes(tensors[i].dtype);
        if (bytes > 0) good = file_write(writer, tensors[i].data, bytes, err);
    }
    if (good) return file_commit(writer, err);
    file_abandon(writer);
    return false;
}
