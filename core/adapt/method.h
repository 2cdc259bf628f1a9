#ifndef CORE_ADAPT_METHOD_H
#define CORE_ADAPT_METHOD_H

/*
 * A way of adapting a frozen model. One file here per way; each fills this interface and acts
 * on the network only through a Net's hooks and private copies (core/model/net.h).
 */

#include "core/adapt/lora_config.h"
#include "core/model/net.h"
#include "core/model/params.h"

/* What reading an adapter's file found. */
typedef struct LoadCount {
    Index matched, missing, unexpected;
} LoadCount;

typedef struct Method Method;
struct Method {
    const char *name;   /* "lora", "full" */
    ParamSet   *params; /* trainable (or loaded) values; owned */
    Model      *model;  /* not owned */
    LoadCount   loaded; /* zeros unless read from disk */
    int64_t     added;  /* how many of the values the base has no counterpart of */
    bool        whole;  /* saves a whole model folder: merging has nothing to add */
    void       *self;

    void (*free)(Method *method);
    /* Act on a Net, or stop acting: switching adapters is detach and attach, no reloading. */
    bool (*attach)(Method *method, Net *net, Error *err);
    void (*detach)(Method *method, Net *net); /* nothing happens when it is not attached to it */
    /* The step that dropout numbers are drawn for. Rows without a row_key drop nothing. */
    void (*at_step)(Method *method, uint64_t seed, Index step);
    /* Write for users: an adapter folder in PEFT layout, or a whole model folder. The folder
     * exists; files appear durably. */
    bool (*save)(const Method *method, const char *folder, Error *err);
    /* Names of the files that save writes, for sums and sizes (NULL-terminated). */
    const char *const *files;
    /* The change of one module's weight, scale * B A, added to W [out,in] on the host times
     * `sign`; false in *changed when the module is not touched. */
    bool (*add_delta)(const Method *method, const Module *module, double sign, float *W,
                      bool *changed, Error *err);
    /* The same for its bias [out] (lora_bias). ERR_INPUT when the base has none to add to. */
    bool (*add_bias_delta)(const Method *method, const Module *module, double sign, float *b,
                           bool *changed, Error *err);
    /* Other changes are Params of part w, g or b that take the place of the base's values. */
};

/* NULL-safe. A Net to which it is still attached must not run any more. */
void method_free(Method *method);
/* Values of trainable parameters, and of the base's: PEFT's "all params" counts both (full
 * fine-tuning: the same values, counted once). */
int64_t method_trainable(const Method *method);
int64_t method_all(const Method *method);

/* New adapter: A and B drawn from torch's generator with `seed` in PEFT's very order, so that
 * init "true" and "gaussian" equal PEFT's after torch.manual_seed(seed). trainable = false
 * reserves no gradients. config is copied. */
NODISCARD Method *lora_create(Model *model, const LoraConfig *config, uint64_t seed, bool trainable,
                              MemAccount *account, Error *err);
/* From a PEFT folder. Matched, missing and unexpected tensors are counted; a missing one is
 * refused, shapes and non-finite values too. */
NODISCARD Method *lora_load(Model *model, const char *folder, bool trainable, MemAccount *account,
                            Error *err);
const LoraConfig *lora_config(const Method *method); /* NULL: another method */
Index             lora_targets(const Method *method, const LoraTarget **targets);
/* Norms for the run log: Frobenius norms of A, B and scale * B A of target i (BA through its
 * r x r Gram matrices, never materialised). */
NODISCARD bool lora_norms(const Method *method, Index i, double *a, double *b, double *ba,
                          Error *err);

/* All weights trainable: float32 copies of every parameter of the base take its place. */
NODISCARD Method *full_create(Model *model, MemAccount *account, Error *err);

/* ---- merging ---------------------------------------------------------------------------- */

/*
 * Merge: private copies W + scale*B A of just the changed weights, in the base's storage type,
 * take the base's place in the Net (biases and saved modules too), and the method is detached.
 * Undo is `exact` (drop the copies: bit-equal to before) or `subtract` (W - scale*B A in the
 * copy, as PEFT does; *drift is the largest |difference| to the base afterwards; biases and
 * saved modules go back exactly). A second merge starts from the first; free the last first.
 */
typedef struct Merge Merge;
NODISCARD Merge     *merge_apply(Net *net, Method *method, MemAccount *account, Error *err);
NODISCARD bool       merge_undo_subtract(Merge *merge, double *drift, Error *err);
void                 merge_free(Merge *merge); /* exact: what was there before is in place again */
/* Write base + adapter as a plain model folder. Tied base with an adapted embedding or head:
 * written untied, said in *note (static text or NULL). */
NODISCARD bool merge_save(const Method *method, const char *folder, const char **note, Error *err);

#endif
