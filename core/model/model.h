#ifndef CORE_MODEL_MODEL_H
#define CORE_MODEL_MODEL_H

/*
 * A loaded base model: sizes, modules and weights. Immutable after loading and shared by
 * every run; what trains or merges holds private copies (net.h).
 *
 * A module is a node of the network with a Hugging Face name ("model.layers.3.self_attn.v_proj").
 * Matrices stay in the type they are stored in; vectors (norm gains, biases) are float32.
 */

#include "core/math/arena.h"
#include "core/model/config.h"

typedef enum ModuleRole {
    ROLE_Q,
    ROLE_K,
    ROLE_V,
    ROLE_O,
    ROLE_GATE,
    ROLE_UP,
    ROLE_DOWN, /* linear, per layer */
    ROLE_NORM1,
    ROLE_NORM2, /* norms, per layer */
    ROLE_EMBED,
    ROLE_FINAL_NORM,
    ROLE_HEAD, /* once; layer = -1 */
    ROLE_COUNT
} ModuleRole;

typedef struct Module {
    char         name[96]; /* without ".weight" */
    ModuleRole   role;
    int          layer;   /* -1 outside the layers */
    Index        in, out; /* linear: W [out, in]; embedding: in = V, out = D; norm: 1, D */
    Mat          weight;  /* linear [out,in]; embedding [V,D]; norm: data NULL */
    const float *gain;    /* norm [out]; NULL otherwise */
    const float *bias;    /* [out] or NULL */
} Module;

typedef struct Model Model;
struct Model {
    ModelConfig config;
    char       *path;    /* the folder */
    Backend    *be;      /* weights live in its space; not owned */
    Module     *modules; /* L * 9 + 3, layer by layer in role order, then EMBED, FINAL_NORM,
                            HEAD (present also when tied: weight = the embedding's Mat) */
    Index       module_count;
    int64_t     parameters;          /* stored values; a tied head is not counted */
    uint64_t    hash;                /* of config sizes and weight bytes, for resume */
    float      *rope_cos, *rope_sin; /* [rope_positions, K/2] in the backend's space */
    Index       rope_positions;
    float       rope_scale; /* unused by the three types here: 1 */
    MemAccount *account;
};

/* From FOLDER (config.json and safetensors). Weights are counted once as MEM_WEIGHTS of
 * `account`. Missing, unexpected and misshapen tensors are refused, by name. */
NODISCARD Model *model_load(const char *folder, Backend *be, MemAccount *account, Error *err);
/* Modules and shapes without weights (Mat.data NULL), for planning. be may be NULL. */
NODISCARD Model *model_outline(const ModelConfig *config, Error *err);
/* Random weights for a new base: linear N(0, 1/in), o and down divided by sqrt(2L), embedding
 * N(0, 0.04^2), gains 1, biases 0, from torch's generator with `seed`; matrices stored as
 * config->dtype. */
NODISCARD Model *model_random(const ModelConfig *config, uint64_t seed, Backend *be,
                              MemAccount *account, Error *err);
void             model_free(Model *model); /* NULL-safe */
/* The same weights, modules and rope tables seen through another backend of the same space, so
 * that several threads compute with one base, each through a backend of its own. The rope tables
 * are grown to all positions first (ERR_MEMORY). Frees nothing but itself: the original must
 * outlive it. */
NODISCARD Model *model_view(Model *model, Backend *be, Error *err);

Module *model_module(const Model *model, ModuleRole role, int layer);
/* By exact name; NULL when there is none. */
Module *model_find(const Model *model, const char *name);
/* Rope tables for at least this many positions (grown once, before a run, never in a step).
 * More positions than config.max_position is refused. */
NODISCARD bool model_reserve_positions(Model *model, Index positions, Error *err);

/* Bytes of all weights as they lie in memory (0 for an outline). */
int64_t model_bytes(const Model *model);
/* Values of a module's parameters: weight and bias or gain. */
int64_t module_parameters(const Module *module);
bool    module_is_linear(const Module *module); /* the 7 roles and the head */

/* Write a whole model folder: config.json, safetensors in the base's storage type and shards,
 * and copies of tokenizer.json, tokenizer_config.json, generation_config.json where the base
 * has them. replace(module, ...) may supply other values in float32 for a module's weight or
 * vector; returning NULL keeps the base's bytes. untie: write the head of its own. */
typedef struct ModelPatch {
    void *context;
    /* which: 'w' weight, 'g' gain, 'b' bias. Result: host float32, valid until the next call. */
    const float *(*values)(void *context, const Module *module, char which, Error *err);
    bool untie;
} ModelPatch;
NODISCARD bool model_save(const Model *model, const char *folder, const ModelPatch *patch,
                          Error *err);

#endif
