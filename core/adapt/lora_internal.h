#ifndef CORE_ADAPT_LORA_INTERNAL_H
#define CORE_ADAPT_LORA_INTERNAL_H

/* The inside of the LoRA method, shared by the files lora*.c. */

#include "core/adapt/method_internal.h"

/* The pair of one module: A [r, in], B [out, r]. An embedding maps token ids, so its in is V
 * and its out is D. */
typedef struct LoraPair {
    LoraTarget target;
    Param     *A, *B;
    Param     *bias; /* lora_B.bias, added with the same scale; NULL: none */
} LoraPair;

typedef struct Lora {
    Method      method; /* first: a Method pointer of this kind is a pointer to this */
    LoraConfig  config;
    LoraTarget *targets; /* as lora_targets shows them */
    LoraPair   *pairs;   /* [count], in model order */
    Index       count;
    int        *pair_of; /* [module_count], -1: not adapted */
    Hooks       hooks;
    Net        *net; /* attached to; NULL: not */
    uint64_t    seed;
    Index       step;
} Lora;

Lora           *lora_self(const Method *method);
const LoraPair *lora_pair(const Lora *lora, const Module *module); /* NULL: not adapted */

/* Everything but values: targets, parameters (zeroed), hooks. Takes config over. */
NODISCARD Lora *lora_build(Model *model, LoraConfig *config, bool trainable, MemAccount *account,
                           Error *err);

/* lora_hooks.c */
void lora_fill_hooks(Lora *lora);
/* lora_init.c */
NODISCARD bool lora_draw(Lora *lora, uint64_t seed, Error *err);
/* lora_file.c, lora_read.c */
extern const char lora_prefix[]; /* before every name in the file */
bool              lora_save(const Method *method, const char *folder, Error *err);
NODISCARD bool    lora_read_values(Lora *lora, const char *folder, Error *err);
/* lora_delta.c */
bool lora_add_delta(const Method *method, const Module *module, double sign, float *W,
                    bool *changed, Error *err);
bool lora_add_bias_delta(const Method *method, const Module *module, double sign, float *b,
                         bool *changed, Error *err);

#endif
