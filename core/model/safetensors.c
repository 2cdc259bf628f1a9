/*
 * Opening safetensors files and reading tensors from them. Data goes through pread in pieces, and
 * each piece is looked at for values that are not finite while it is still in the cache.
 */

#include "core/model/safetensors_internal.h"

#include <string.h>

#include "core/math/convert.h"

static bool header_length(File *file, Index *length, Error *err)
{
    int64_t size = file_size(file);
    if (size < 8) {
        return error_set(err, ERR_INPUT, "%s: %lld bytes are too few for a safetensors file",
                         file_path(file), (long long)size);
    }
    uint64_t n;
    if (!file_read_at(file, &n, sizeof n, 0, err)) return false;
    if (n > SAFETENSORS_MAX_HEADER) {
        return error_set(err, ERR_INPUT, "%s: header length %llu is more than %d", file_path(file),
                         (unsigned long long)n, SAFETENSORS_MAX_HEADER);
    }
    if ((int64_t)n > size - 8) {
        return error_set(err, ERR_INPUT, "%s: header length %llu is beyond the file's %lld bytes",
                         file_path(file), (unsigned long long)n, (long long)size);
    }
    *length = (Index)n;
    return true;
}

static bool read_header(Header *header, File *file, Error *err)
{
    Index length = 0;
    if (!header_length(file, &length, err)) return false;
    char *text = mem_alloc_raw(mem_program(), MEM_TEXT, length, 1, err);
    if (text == NULL) return false;

    int64_t data = 8 + (int64_t)length;
    bool    good = file_read_at(file, text, length, 8, err) &&
                header_parse(header, text, length, file_size(file) - data, file_path(file), err);
    mem_free(text);
    if (!good) return false;
    for (Index i = 0; i < header->count; i++) header->infos[i].begin += data;
    return true;
}

bool shard_open(Shard *shard, const char *path, Error *err)
{
    *shard = (Shard){0};
    shard->name = mem_strdup(path_base(path), err);
    if (shard->name == NULL) return false;
    shard->file = file_open(path, err);
    if (shard->file != NULL && read_header(&shard->header, shard->file, err)) return true;

    if (shard->file != NULL) file_close(shard->file);
    mem_free(shard->name);
    *shard = (Shard){0};
    return false;
}

TensorFile *tensors_open(const char *path, Error *err)
{
    TensorFile *file = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *file, err);
    if (file == NULL) return NULL;
    file->shards = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *file->shards, err);
    if (file->shards == NULL || !shard_open(file->shards, path, err)) goto fail;
    file->shard_count = 1;
    if (!tensors_index(file, err)) goto fail;
    return file;

fail:
    tensors_close(file);
    return NULL;
}

bool tensors_index(TensorFile *file, Error *err)
{
    Index count = 0;
    for (Index s = 0; s < file->shard_count; s++) count += file->shards[s].header.count;
    file->infos = mem_alloc_raw(mem_program(), MEM_TEXT, count, sizeof *file->infos, err);
    if (file->infos == NULL || !names_init(&file->table, count, err)) return false;

    for (Index s = 0; s < file->shard_count; s++) {
        Shard *shard = &file->shards[s];
        shard->first = file->count;
        for (Index i = 0; i < shard->header.count; i++) {
            TensorInfo *info = &file->infos[file->count];
            *info = shard->header.infos[i];
            if (!names_add(&file->table, info->name, file->count)) {
                return error_set(err, ERR_INPUT, "%s: duplicate tensor \"%.120s\", also in %s",
                                 file_path(shard->file), info->name,
                                 tensors_path(file, tensors_find(file, info->name)));
            }
            file->count++;
        }
        mem_free(shard->header.infos);
        shard->header.infos = NULL;
    }
    return true;
}

void tensors_close(TensorFile *file)
{
    if (file == NULL) return;
    for (Index s = 0; s < file->shard_count; s++) {
        Shard *shard = &file->shards[s];
        if (shard->file != NULL) file_close(shard->file);
        header_reset(&shard->header);
        mem_free(shard->name);
    }
    names_reset(&file->table);
    mem_free(file->infos);
    mem_free(file->shards);
    mem_free(file);
}

Index tensors_count(const TensorFile *file)
{
    return file->count;
}

const TensorInfo *tensors_at(const TensorFile *file, Index i)
{
    CHECK(i >= 0 && i < file->count);
    return &file->infos[i];
}

const TensorInfo *tensors_find(const TensorFile *file, const char *name)
{
    Index i = names_find(&file->table, name);
    return i < 0 ? NULL : &file->infos[i];
}

Index tensors_shards(const TensorFile *file)
{
    return file->shard_count;
}

const char *tensors_shard_name(const TensorFile *file, Index shard)
{
    CHECK(shard >= 0 && shard < file->shard_count);
    return file->shards[shard].name;
}

Index tensors_shard_of(const TensorFile *file, const TensorInfo *info)
{
    Index at = info - file->infos;
    CHECK(at >= 0 && at < file->count);
    Index shard = file->shard_count - 1;
    while (file->shards[shard].first > at) shard--;
    return shard;
}

const char *tensors_path(const TensorFile *file, const TensorInfo *info)
{
    return file_path(file->shards[tensors_shard_of(file, info)].file);
}

const char *tensors_metadata(const TensorFile *file, const char *key)
{
    const Header *header = &file->shards[0].header;
    for (Index i = 0; i < header->metadata_pairs; i++) {
        if (strcmp(header->metadata[2 * i], key) == 0) return header->metadata[2 * i + 1];
    }
    return NULL;
}

int64_t tensors_elements(const TensorInfo *info)
{
    int64_t elements = 1;
    for (int i = 0; i < info->rank; i++) elements *= info->shape[i];
    return elements;
}

/* The first element whose exponent is all ones (infinity or NaN), or -1. The loops without a
 * way out are the ones a compiler can vectorise; the search runs only when they found one. */
static Index first_not_finite(const void *data, DType dtype, Index n)
{
    const uint32_t *wide = data;
    const uint16_t *half = data;
    uint16_t        half_mask = dtype == DTYPE_F16 ? 0x7c00 : 0x7f80;
    unsigned        found = 0;
    if (dtype == DTYPE_F32) {
        for (Index i = 0; i < n; i++) found |= (wide[i] & 0x7f800000u) == 0x7f800000u;
    } else {
        for (Index i = 0; i < n; i++) found |= (half[i] & half_mask) == half_mask;
    }
    if (!found) return -1;

    for (Index i = 0; i < n; i++) {
        bool bad = dtype == DTYPE_F32 ? (wide[i] & 0x7f800000u) == 0x7f800000u
                                      : (half[i] & half_mask) == half_mask;
        if (bad) return i;
    }
    return -1;
}

/* Elements first .. first+n-1, at most a piece. */
static bool read_piece(TensorFile *file, const TensorInfo *info, int64_t first, Index n,
                       void *buffer, Error *err)
{
    Index width = dtype_bytes(info->dtype);
    File *source = file->shards[tensors_shard_of(file, info)].file;
    if (!file_read_at(source, buffer, n * width, info->begin + first * width, err)) return false;

    Index bad = first_not_finite(buffer, info->dtype, n);
    if (bad < 0) return true;
    float value;
    convert_to_f32(&value, (const char *)buffer + bad * width, info->dtype, 1);
    return error_set(err, ERR_NUMERIC, "%s: tensor \"%.120s\": element %lld of %lld is %g",
                     file_path(source), info->name, (long long)(first + bad),
                     (long long)tensors_elements(info), (double)value);
}

static bool check_readable(const TensorFile *file, const TensorInfo *info, Error *err)
{
    if (info->readable) return true;
    return error_set(err, ERR_INPUT,
                     "%s: tensor \"%.120s\": field \"dtype\": %s cannot be read, only F32, F16 "
                     "and BF16",
                     tensors_path(file, info), info->name, info->dtype_text);
}

bool tensors_read_part(TensorFile *file, const TensorInfo *info, int64_t first, Index n,
                       void *buffer, Error *err)
{
    CHECK(first >= 0 && n >= 0 && first + n <= tensors_elements(info));
    if (!check_readable(file, info, err)) return false;
    Index width = dtype_bytes(info->dtype), step = SAFETENSORS_PIECE / width;
    for (Index at = 0; at < n; at += step) {
        Index take = n - at < step ? n - at : step;
        if (!read_piece(file, info, first + at, take, (char *)buffer + at * width, err)) {
            return false;
        }
    }
    return true;
}

bool tensors_read(TensorFile *file, const TensorInfo *info, void *buffer, Error *err)
{
    return tensors_read_part(file, info, 0, tensors_elements(info), buffer, err);
}

bool tensors_read_f32(TensorFile *file, const TensorInfo *info, float *out, Error *err)
{
    if (!check_readable(file, info, err)) return false;
    if (info->dtype == DTYPE_F32) return tensors_read(file, info, out, err);

    void *piece = mem_alloc_raw(mem_program(), MEM_SCRATCH, SAFETENSORS_PIECE, 1, err);
    if (piece == NULL) return false;
    int64_t n = tensors_elements(info), step = SAFETENSORS_PIECE / dtype_bytes(info->dtype);
    bool    good = true;
    for (int64_t at = 0; good && at < n; at += step) {
        Index take = n - at < step ? n - at : step;
        good = tensors_read_part(file, info, at, take, piece, err);
        if (good) convert_to_f32(out + at, piece, info->dtype, take);
    }
    mem_free(piece);
    return good;
}
