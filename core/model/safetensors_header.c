/*
 * The header of a safetensors file: JSON that says where each tensor lies. It comes from
 * strangers, so every number is looked at before it is used. Tensors must follow each other from
 * the first byte of data to the last, without hole or overlap: that also keeps a small file from
 * claiming much memory, and two formats from sharing one file.
 *
 * Stricter than the reference reader: an entry has its three fields and no others, and a rank
 * of at most SAFETENSORS_MAX_RANK.
 */

#include "core/model/safetensors_internal.h"

#include <stdlib.h>
#include <string.h>

typedef struct StoredType {
    const char *name;
    int         bits;
    bool        readable;
    DType       dtype;
} StoredType;

static const StoredType stored_types[] = {
    {.name = "F32", .bits = 32, .readable = true, .dtype = DTYPE_F32},
    {.name = "F16", .bits = 16, .readable = true, .dtype = DTYPE_F16},
    {.name = "BF16", .bits = 16, .readable = true, .dtype = DTYPE_BF16},
    {.name = "F64", .bits = 64},
    {.name = "I64", .bits = 64},
    {.name = "I32", .bits = 32},
    {.name = "I16", .bits = 16},
    {.name = "I8", .bits = 8},
    {.name = "U64", .bits = 64},
    {.name = "U32", .bits = 32},
    {.name = "U16", .bits = 16},
    {.name = "U8", .bits = 8},
    {.name = "BOOL", .bits = 8},
    {.name = "C64", .bits = 64},
    {.name = "F8_E4M3", .bits = 8},
    {.name = "F8_E5M2", .bits = 8},
    {.name = "F8_E8M0", .bits = 8},
    {.name = "F8_E4M3FNUZ", .bits = 8},
    {.name = "F8_E5M2FNUZ", .bits = 8},
    {.name = "F6_E2M3", .bits = 6},
    {.name = "F6_E3M2", .bits = 6},
    {.name = "F4", .bits = 4},
};

/* What the parts of one parse share. */
typedef struct HeaderReader {
    const char *path;
    int64_t     data_bytes;
    const char *name; /* of the tensor at hand */
    char       *text; /* where the next string goes */
    Error      *err;
} HeaderReader;

/* Say to which file, tensor and field a failure just set belongs. Returns false. */
static bool failed_at(const HeaderReader *r, const char *field)
{
    return error_prefix(r->err, "%s: tensor \"%.120s\": field \"%s\"", r->path, r->name, field);
}

static const char *keep_string(HeaderReader *r, const char *string)
{
    char  *kept = r->text;
    size_t bytes = strlen(string) + 1;
    memcpy(kept, string, bytes);
    r->text += bytes;
    return kept;
}

/* An integer from 0 to limit; `what` names it. */
static bool read_size(HeaderReader *r, const JsonNode *node, int64_t limit, const char *what,
                      int64_t *out)
{
    if (!json_is_integer(node)) {
        return error_set(r->err, ERR_INPUT, "%s is not an integer", what);
    }
    *out = json_integer(node);
    if (*out < 0) {
        return error_set(r->err, ERR_INPUT, "%s is negative: %lld", what, (long long)*out);
    }
    if (*out > limit) {
        return error_set(r->err, ERR_INPUT, "%s is %lld, more than %lld", what, (long long)*out,
                         (long long)limit);
    }
    return true;
}

static bool read_dtype(HeaderReader *r, const JsonNode *entry, TensorInfo *info, int *bits)
{
    const char *text = json_string(json_get(entry, "dtype"), NULL);
    if (text == NULL) {
        (void)error_set(r->err, ERR_INPUT, "must be a string");
        return failed_at(r, "dtype");
    }
    for (size_t i = 0; i < sizeof stored_types / sizeof *stored_types; i++) {
        const StoredType *type = &stored_types[i];
        if (strcmp(type->name, text) != 0) continue;
        memcpy(info->dtype_text, type->name, strlen(type->name) + 1);
        info->readable = type->readable;
        info->dtype = type->dtype;
        *bits = type->bits;
        return true;
    }
    (void)error_set(r->err, ERR_INPUT, "unknown type \"%.40s\"", text);
    return failed_at(r, "dtype");
}

/* The shape, and the bytes that it and the type ask for. A zero anywhere makes the product zero,
 * but must not hide another pair of sizes that overflows. */
static bool read_shape(HeaderReader *r, const JsonNode *entry, int bits, TensorInfo *info)
{
    const JsonNode *shape = json_get(entry, "shape");
    if (!json_is_array(shape)) {
        (void)error_set(r->err, ERR_INPUT, "must be a list of integers");
        return failed_at(r, "shape");
    }
    if (json_count(shape) > SAFETENSORS_MAX_RANK) {
        (void)error_set(r->err, ERR_INPUT, "has %lld sizes, more than %d",
                        (long long)json_count(shape), SAFETENSORS_MAX_RANK);
        return failed_at(r, "shape");
    }
    info->rank = (int)json_count(shape);

    int64_t elements = 1, nonzero = bits;
    for (int i = 0; i < info->rank; i++) {
        int64_t size = 0;
        if (!read_size(r, json_at(shape, i), INT64_MAX, "a size", &size)) {
            return failed_at(r, "shape");
        }
        info->shape[i] = size;
        if (__builtin_mul_overflow(nonzero, size == 0 ? 1 : size, &nonzero)) {
            (void)error_set(r->err, ERR_INPUT, "the product of its sizes is too large");
            return failed_at(r, "shape");
        }
        elements = size == 0 ? 0 : elements * size;
    }
    int64_t total_bits = elements == 0 ? 0 : nonzero;
    if (total_bits % 8 != 0) {
        (void)error_set(r->err, ERR_INPUT, "%lld elements of %d bits do not fill whole bytes",
                        (long long)elements, bits);
        return failed_at(r, "shape");
    }
    info->bytes = total_bits / 8;
    return true;
}

static bool read_offsets(HeaderReader *r, const JsonNode *entry, TensorInfo *info)
{
    const JsonNode *offsets = json_get(entry, "data_offsets");
    int64_t         begin = 0, end = 0;
    if (!json_is_array(offsets) || json_count(offsets) != 2) {
        (void)error_set(r->err, ERR_INPUT, "must be two integers");
        return failed_at(r, "data_offsets");
    }
    if (!read_size(r, json_at(offsets, 0), INT64_MAX, "begin", &begin) ||
        !read_size(r, json_at(offsets, 1), INT64_MAX, "end", &end)) {
        return failed_at(r, "data_offsets");
    }
    if (end > r->data_bytes) {
        (void)error_set(r->err, ERR_INPUT, "end %lld is beyond the file's %lld bytes of data",
                        (long long)end, (long long)r->data_bytes);
        return failed_at(r, "data_offsets");
    }
    if (end < begin) {
        (void)error_set(r->err, ERR_INPUT, "end %lld is before begin %lld", (long long)end,
                        (long long)begin);
        return failed_at(r, "data_offsets");
    }
    if (end - begin != info->bytes) {
        (void)error_set(r->err, ERR_INPUT, "spans %lld bytes where shape and type need %lld",
                        (long long)(end - begin), (long long)info->bytes);
        return failed_at(r, "data_offsets");
    }
    info->begin = begin;
    return true;
}

static bool read_entry(HeaderReader *r, const char *name, const JsonNode *entry, TensorInfo *info)
{
    int bits = 0;
    r->name = name;
    if (!json_is_object(entry)) {
        return error_set(r->err, ERR_INPUT, "%s: tensor \"%.120s\": must be an object", r->path,
                         name);
    }
    if (!read_dtype(r, entry, info, &bits) || !read_shape(r, entry, bits, info) ||
        !read_offsets(r, entry, info)) {
        return false;
    }
    if (json_count(entry) != 3) {
        return error_set(r->err, ERR_INPUT,
                         "%s: tensor \"%.120s\": has %lld fields where dtype, shape and "
                         "data_offsets belong",
                         r->path, name, (long long)json_count(entry));
    }
    info->name = keep_string(r, name);
    return true;
}

static bool read_metadata(HeaderReader *r, const JsonNode *node, Header *header)
{
    if (!json_is_object(node)) {
        return error_set(r->err, ERR_INPUT, "%s: field \"__metadata__\": must be an object",
                         r->path);
    }
    if (header->metadata != NULL) {
        return error_set(r->err, ERR_INPUT, "%s: field \"__metadata__\": occurs twice", r->path);
    }
    Index pairs = json_count(node);
    header->metadata =
        mem_alloc(mem_program(), MEM_TEXT, 2 * pairs, sizeof *header->metadata, r->err);
    if (header->metadata == NULL) return false;

    for (Index i = 0; i < pairs; i++) {
        const JsonNode *value;
        const char     *key = json_member(node, i, &value);
        if (!json_is_string(value)) {
            return error_set(r->err, ERR_INPUT,
                             "%s: field \"__metadata__\": \"%.120s\" must be a string", r->path,
                             key);
        }
        header->metadata[2 * i] = keep_string(r, key);
        header->metadata[2 * i + 1] = keep_string(r, json_string(value, NULL));
    }
    header->metadata_pairs = pairs;
    return true;
}

static bool make_room(HeaderReader *r, Header *header, Index more)
{
    if (header->count + more <= header->capacity) return true;
    Index       capacity = header->count + more + header->capacity;
    TensorInfo *infos =
        mem_resize(header->infos, mem_program(), MEM_TEXT, capacity, sizeof *header->infos, r->err);
    if (infos == NULL) return false;
    header->infos = infos;
    header->capacity = capacity;
    return true;
}

static bool read_members(HeaderReader *r, const JsonNode *root, Header *header)
{
    if (!make_room(r, header, json_count(root))) return false;
    for (Index i = 0; i < json_count(root); i++) {
        const JsonNode *value;
        const char     *key = json_member(root, i, &value);
        bool            good = strcmp(key, "__metadata__") == 0
                                   ? read_metadata(r, value, header)
                                   : read_entry(r, key, value, &header->infos[header->count++]);
        if (!good) return false;
    }
    return true;
}

static int by_offset(const void *left, const void *right)
{
    const TensorInfo *a = left, *b = right;
    if (a->begin != b->begin) return a->begin < b->begin ? -1 : 1;
    if (a->bytes != b->bytes) return a->bytes < b->bytes ? -1 : 1;
    /* Only tensors of no bytes can share a place; their names give them an order. */
    return strcmp(a->name, b->name);
}

/* Each begins where the one before ends, from 0 to the last byte. */
static bool check_contiguous(HeaderReader *r, Header *header)
{
    int64_t end = 0;
    if (header->count > 1) {
        qsort(header->infos, (size_t)header->count, sizeof *header->infos, by_offset);
    }
    for (Index i = 0; i < header->count; i++) {
        const TensorInfo *info = &header->infos[i];
        r->name = info->name;
        if (info->begin != end) {
            (void)error_set(r->err, ERR_INPUT, "%s: begins at %lld where %lld bytes are taken",
                            info->begin < end ? "overlap" : "hole", (long long)info->begin,
                            (long long)end);
            return failed_at(r, "data_offsets");
        }
        end += info->bytes;
    }
    if (end != r->data_bytes) {
        return error_set(r->err, ERR_INPUT,
                         "%s: tensors fill %lld bytes of data but the file has %lld", r->path,
                         (long long)end, (long long)r->data_bytes);
    }
    return true;
}

static bool read_batches(HeaderReader *r, Members *members, Header *header)
{
    while (members_left(members)) {
        Json *json = members_next(members, r->path, r->err);
        bool  good = json != NULL && read_members(r, json_root(json), header);
        json_free(json);
        if (!good) return false;
    }
    /* No number here may have a sign, not even the -0 that a JSON reader takes for 0. */
    if (!members->minus) return true;
    return error_set(r->err, ERR_INPUT, "%s: a number in the header has a minus sign", r->path);
}

bool header_parse_batches(Header *header, const char *text, Index len, int64_t data_bytes,
                          Index batch_bytes, const char *path, Error *err)
{
    HeaderReader r = {.path = path, .data_bytes = data_bytes, .err = err};
    Members      members;
    *header = (Header){0};
    if (len < 1 || text[0] != '{') {
        return error_set(err, ERR_INPUT, "%s: the header does not begin with '{'", path);
    }
    if (!members_init(&members, text, len, batch_bytes, err)) return false;

    /* The strings' decoded bytes are at most those of the header: two quotes pay for each NUL. */
    r.text = header->text = mem_alloc_raw(mem_program(), MEM_TEXT, len, 1, err);
    bool good =
        header->text != NULL && read_batches(&r, &members, header) && check_contiguous(&r, header);
    members_reset(&members);
    if (!good) header_reset(header);
    return good;
}

bool header_parse(Header *header, const char *text, Index len, int64_t data_bytes, const char *path,
                  Error *err)
{
    return header_parse_batches(header, text, len, data_bytes, SAFETENSORS_BATCH, path, err);
}

void header_reset(Header *header)
{
    mem_free(header->infos);
    mem_free(header->metadata);
    mem_free(header->text);
    *header = (Header){0};
}
