#ifndef CORE_MODEL_SAFETENSORS_H
#define CORE_MODEL_SAFETENSORS_H

/*
 * The safetensors format: 8 bytes little-endian header length N, N bytes of JSON
 * {"name": {"dtype", "shape", "data_offsets": [begin, end]}, ..., "__metadata__": {...}}, data.
 *
 * The reader trusts nothing: header at most 100 MB and inside the file, JSON object with unique
 * keys, offsets contiguous from 0 to the end of the file without hole or overlap, size equal to
 * shape times type, checked without overflow. Data is read with pread, so a file that shrinks
 * meanwhile is an error. Types other than F32, F16, BF16 are listed but cannot be read.
 */

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/math/ops.h"

#define SAFETENSORS_MAX_RANK 8

typedef struct TensorInfo {
    const char *name;
    char        dtype_text[12]; /* as in the file: "F32", "BF16", "I64" ... */
    bool        readable;       /* dtype below is valid */
    DType       dtype;
    int         rank;
    int64_t     shape[SAFETENSORS_MAX_RANK];
    int64_t     begin, bytes;   /* begin counts from the start of the file */
} TensorInfo;

/* One file, or all shards of a folder's model.safetensors.index.json. */
typedef struct TensorFile TensorFile;

NODISCARD TensorFile *tensors_open(const char *path, Error *err); /* one .safetensors file */
/* FOLDER/model.safetensors, or the shards named by FOLDER/model.safetensors.index.json (plain
 * file names only; every tensor where the map says, none beside it). */
NODISCARD TensorFile *tensors_open_model(const char *folder, Error *err);
void                  tensors_close(TensorFile *file);

Index             tensors_count(const TensorFile *file);
const TensorInfo *tensors_at(const TensorFile *file, Index i); /* in the file's order */
const TensorInfo *tensors_find(const TensorFile *file, const char *name); /* NULL when absent */
const char       *tensors_path(const TensorFile *file, const TensorInfo *info); /* its shard */
/* Shard i's file name (plain), 0 <= i < tensors_shards; the index of a tensor's shard. */
Index       tensors_shards(const TensorFile *file);
const char *tensors_shard_name(const TensorFile *file, Index shard);
Index       tensors_shard_of(const TensorFile *file, const TensorInfo *info);
/* The value of a __metadata__ key of the (first) file, or NULL. */
const char *tensors_metadata(const TensorFile *file, const char *key);

/* Read the bytes as stored; buffer holds info->bytes. ERR_NUMERIC (exit 7) naming tensor and
 * position when a value is not finite. */
NODISCARD bool tensors_read(TensorFile *file, const TensorInfo *info, void *buffer, Error *err);
/* Read converted to float32. */
NODISCARD bool tensors_read_f32(TensorFile *file, const TensorInfo *info, float *out, Error *err);

/* ---- writing ---------------------------------------------------------------------------- */

typedef struct TensorOut {
    const char *name;
    DType       dtype;       /* stored as */
    int         rank;
    int64_t     shape[SAFETENSORS_MAX_RANK];
    const void *data;        /* host memory, contiguous, in `dtype` */
} TensorOut;

/* Durable (core/base/file.h). Header padded to 8; tensors in the given order. metadata: pairs
 * key, value ..., NULL. {"format": "pt"} is always written. */
NODISCARD bool tensors_write(const char *path, const TensorOut *tensors, Index count,
                             const char *const *metadata, Error *err);

#endif
