#ifndef CORE_MODEL_SAFETENSORS_INTERNAL_H
#define CORE_MODEL_SAFETENSORS_INTERNAL_H

/*
 * What the files of safetensors share: a table of names, the parser of a header that works on
 * memory (and is fuzzed there), and reading and writing in pieces.
 */

#include "core/base/json.h"
#include "core/base/str.h"
#include "core/model/safetensors.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensor bytes are little-endian");

#define SAFETENSORS_MAX_HEADER 100000000 /* bytes, as the reference reader has it */
#define SAFETENSORS_PIECE (1 << 20)      /* bytes read and looked at in one go */
#define SAFETENSORS_BATCH (1 << 16)      /* bytes of header parsed in one go */

/* ---- names: an open-addressing table, at most half full ---------------------------------- */

typedef struct NameSlot {
    const char *name; /* NULL: free; not owned */
    Index       value;
} NameSlot;

typedef struct NameTable {
    NameSlot *slots;
    Index     capacity; /* a power of two, or 0 */
} NameTable;

/* Room for `count` names. */
NODISCARD bool names_init(NameTable *table, Index count, Error *err);
void           names_reset(NameTable *table);
/* False when the name is there already (its value stays). */
NODISCARD bool names_add(NameTable *table, const char *name, Index value);
Index          names_find(const NameTable *table, const char *name); /* -1: absent */

/* ---- one header ------------------------------------------------------------------------- */

typedef struct Header {
    TensorInfo  *infos; /* by offset */
    Index        count, capacity;
    const char **metadata; /* key, value, key, value ... */
    Index        metadata_pairs;
    char        *text; /* the bytes of all those strings */
} Header;

/* Parse text[0..len), the JSON of a file whose tensor data takes data_bytes. `path` is what
 * errors call it. On failure nothing is left to free. */
NODISCARD bool header_parse(Header *header, const char *text, Index len, int64_t data_bytes,
                            const char *path, Error *err);
/* The same in batches of about so many bytes. A name in two batches passes here; tensors_index
 * finds it. */
NODISCARD bool header_parse_batches(Header *header, const char *text, Index len, int64_t data_bytes,
                                    Index batch_bytes, const char *path, Error *err);
void           header_reset(Header *header);

/* A header's members, some at a time: document after document until none is left. */
typedef struct Members {
    const char *text;
    Index       len;
    Index      *cuts; /* batch i lies between cuts i and i+1; cut 0 is the opening brace */
    Index       batches, next;
    bool        minus; /* a minus sign outside strings */
    Str         piece;
} Members;

NODISCARD bool  members_init(Members *members, const char *text, Index len, Index batch_bytes,
                             Error *err);
bool            members_left(const Members *members);
NODISCARD Json *members_next(Members *members, const char *path, Error *err);
void            members_reset(Members *members);

/* ---- open files ------------------------------------------------------------------------- */

typedef struct Shard {
    char  *name; /* plain file name */
    File  *file;
    Header header; /* infos moved to the TensorFile */
    Index  first;  /* its first tensor there */
} Shard;

struct TensorFile {
    Shard      *shards;
    Index       shard_count;
    TensorInfo *infos; /* shard by shard, each by offset */
    Index       count;
    NameTable   table; /* name -> position in infos */
};

/* Open one shard and read its header; on failure nothing is left to free. */
NODISCARD bool shard_open(Shard *shard, const char *path, Error *err);
/* Gather the shards' tensors and index their names; a name that two shards have is refused. */
NODISCARD bool tensors_index(TensorFile *file, Error *err);

/* Elements first .. first+n-1 of a readable tensor as stored; ERR_NUMERIC when one is not
 * finite. */
NODISCARD bool tensors_read_part(TensorFile *file, const TensorInfo *info, int64_t first, Index n,
                                 void *buffer, Error *err);
int64_t        tensors_elements(const TensorInfo *info);

/* ---- writing ---------------------------------------------------------------------------- */

int64_t tensors_out_elements(const TensorOut *tensor);
/* Length and JSON of these tensors in this order; their data must follow in the same. */
NODISCARD bool tensors_write_header(FileWriter *writer, const TensorOut *tensors, Index count,
                                    const char *const *metadata, Error *err);

#endif
