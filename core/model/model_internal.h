#ifndef CORE_MODEL_MODEL_INTERNAL_H
#define CORE_MODEL_MODEL_INTERNAL_H

/*
 * The inside of a Model: the list of its stored tensors ("parts") in module order, weight or
 * gain before bias, and the one block of the backend's memory in which they all lie. Loading,
 * drawing at random, hashing and saving are loops over that list.
 */

#include "core/base/hash.h"
#include "core/model/model.h"
#include "core/model/safetensors_internal.h"

typedef struct Part {
    char    name[112]; /* on disk: the module's name and ".weight" or ".bias" */
    Module *module;
    char    which; /* 'w' matrix, 'g' gain, 'b' bias */
    int     rank;
    int64_t shape[2];
    Index   elements;
    DType   dtype; /* in memory: F32 for vectors, as stored for matrices */
    void   *data;  /* in the block */
} Part;

typedef struct ModelOwner {
    Model     model; /* first: a Model pointer is a pointer to this */
    Part     *parts;
    Index     part_count;
    NameTable part_names; /* name -> part */
    void     *block;
    int64_t   block_in_use, block_reserved; /* counted on the account */
    int64_t   rope_bytes;
    float    *nothing; /* of an outline: zeros that stand for its vectors */
    bool      is_view; /* everything but this struct belongs to another model */
} ModelOwner;

ModelOwner *model_owner(const Model *model);
/* Modules and parts of these sizes, without data. account may be NULL when be is. */
NODISCARD ModelOwner *model_create(const ModelConfig *config, Backend *be, MemAccount *account,
                                   Error *err);
Part                 *model_part(const ModelOwner *owner, const char *name); /* NULL: none */

/* The parts' dtypes are final: take the block, count it, point parts and modules into it. */
NODISCARD bool model_place(ModelOwner *owner, Error *err);

/* Elements first .. first+n-1 of a part go to the backend (host, in the part's dtype) and into
 * the hash; parts in order. */
void model_put(ModelOwner *owner, Hasher *hasher, const Part *part, Index first, const void *host,
               Index n);
/* A hasher that has seen the sizes. */
NODISCARD Hasher *model_hasher(const ModelConfig *config, Error *err);

/* model_check.c: match the file's tensors with the parts (setting the matrices' dtypes) and
 * refuse the file, by names, when they differ. */
NODISCARD bool model_check_tensors(ModelOwner *owner, const TensorFile *file, Error *err);
/* A tensor that belongs to no part and may be there all the same. */
bool model_ignores(const ModelConfig *config, const char *name);

/* model_save_files.c: what a model folder holds beside the weights. */
NODISCARD bool model_save_config(const Model *model, const char *folder, bool untie, Error *err);
NODISCARD bool model_copy_files(const Model *model, const char *folder, Error *err);

#endif
