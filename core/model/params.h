#ifndef CORE_MODEL_PARAMS_H
#define CORE_MODEL_PARAMS_H

/*
 * The trainable parameters of a run, flat: all values in one block, all gradients in another,
 * in the order of params_add. The optimizer, clipping, checkpoints and (later) summing over
 * several ranks are one call each. Values count as MEM_ADAPTER, gradients as MEM_GRADIENTS.
 */

#include "core/math/tape.h"

typedef struct Param {
    char   name[128];  /* as on disk, without the adapter file's prefix */
    Tensor tensor;     /* data and grad point into the blocks */
    Index  offset;     /* in floats */
    float  rate;       /* multiplies the learning rate (LoRA+); 1 */
    bool   decay;      /* weight decay applies (not to biases and norms) */
    int    module;     /* index in model->modules, -1 none */
    char   part;       /* 'A', 'B', 'w' weight, 'g' gain, 'b' bias, 'm' other */
} Param;

typedef struct ParamSet {
    Backend    *be;
    MemAccount *account;
    Param     **list; /* stable addresses */
    Index       count;
    Index       total; /* floats */
    float      *values, *grads; /* [total] in the backend's space; NULL until params_build */
} ParamSet;

NODISCARD ParamSet *params_create(Backend *be, MemAccount *account, Error *err);
void                params_free(ParamSet *set);
/* Declare one; its tensor's data appears with params_build. NULL with err on failure. */
NODISCARD Param *params_add(ParamSet *set, const char *name, Index rows, Index cols, Error *err);
/* Reserve both blocks (zeroed). No params_add afterwards. trainable = false: no gradients. */
NODISCARD bool params_build(ParamSet *set, bool trainable, Error *err);
Param *params_find(const ParamSet *set, const char *name);
void   params_zero_grads(ParamSet *set); /* start of an accumulated batch */
/* Host copies, in either direction. */
void param_get(const ParamSet *set, const Param *param, float *host);
void param_put(ParamSet *set, Param *param, const float *host);

#endif
