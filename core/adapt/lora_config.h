#ifndef CORE_ADAPT_LORA_CONFIG_H
#define CORE_ADAPT_LORA_CONFIG_H

/*
 * A LoRA configuration with PEFT's fields, names, defaults and meaning (adapter_config.json,
 * peft 0.20). Any field that this program does not implement is refused by name when it is
 * away from its default; null, false, "" , [] and {} are never a reason to refuse.
 */

#include "core/base/json.h"
#include "core/model/model.h"

#define LORA_MAX_RANK    100000
#define LORA_MAX_ALPHA   1e30
#define LORA_MAX_DROPOUT 0.99999994 /* the largest float32 below 1 */

/* init_lora_weights. A [r,in], B [out,r]; fan-in of A is in. */
typedef enum LoraInit {
    INIT_PEFT,               /* "true": A U(+-1/sqrt(in)), B 0 */
    INIT_GAUSSIAN,           /* A N(0, std 1/r), B 0 */
    INIT_KAIMING_NORMAL,     /* A N(0, 2/in), B 0 */
    INIT_XAVIER_NORMAL,      /* A N(0, 2/(in + r)), B 0 */
    INIT_VARIANCE_1,         /* A N(0, 1), B 0: whatever r and in are */
    INIT_VARIANCE_1_R,       /* A N(0, variance 1/r), B 0: the seeds' scheme 1 */
    INIT_VARIANCE_2_R,       /* A N(0, variance 2/r), B 0 */
    INIT_VARIANCE_2_RK,      /* A N(0, variance 2/(r + in)), B 0: the seeds' scheme 2 */
    INIT_BROKEN_BOTH_ZERO,   /* A 0, B 0: no gradient ever */
    INIT_BROKEN_BOTH_RANDOM, /* A and B N(0, 0.3^2): the start is not the base */
    INIT_SWAPPED,            /* A 0, B U(+-1/sqrt(r)) */
    INIT_COUNT
} LoraInit;
const char *lora_init_name(LoraInit init); /* as on the command line: "true", "gaussian", ... */
bool        lora_init_parse(const char *name, LoraInit *init);

typedef enum LoraBias { LORA_BIAS_NONE, LORA_BIAS_ALL, LORA_BIAS_LORA_ONLY } LoraBias;

typedef struct NameList {
    char **name;
    Index  count;
} NameList; /* owned, MEM_TEXT */

typedef struct PatternValue {
    char  *pattern;
    double value;
} PatternValue;
typedef struct PatternList {
    PatternValue *item;
    Index         count;
} PatternList;

typedef struct LoraConfig {
    Index       r; /* 1 .. */
    double      lora_alpha;
    double      lora_dropout;   /* [0, 1) */
    NameList    target_modules; /* suffix rule; empty with target_regex NULL: q_proj, v_proj */
    char       *target_regex;   /* full match; NULL: the list holds */
    bool        target_all_linear;
    NameList    exclude_modules; /* suffix rule */
    char       *exclude_regex;
    NameList    modules_to_save; /* suffix rule; wins over targets */
    LoraBias    bias;
    bool        lora_bias, use_rslora;
    LoraInit    init;
    PatternList rank_pattern, alpha_pattern; /* ^(.*\.)?(key)$, first hit wins */
    Index      *layers_to_transform;         /* NULL: all */
    Index       layers_count;
    char       *base_model;   /* base_model_name_or_path; may be NULL */
    bool        materialized; /* for study; never on disk */
} LoraConfig;

/* PEFT's defaults: r 8, lora_alpha 8, no dropout, bias none, init true. */
void lora_config_init(LoraConfig *config);
void lora_config_free(LoraConfig *config);
/* FOLDER/adapter_config.json. */
NODISCARD bool lora_config_read(LoraConfig *config, const char *folder, Error *err);
NODISCARD bool lora_config_parse(LoraConfig *config, const Json *json, Error *err);
/* Ranges and combinations, wherever the fields came from; lora_match asks it too. */
NODISCARD bool lora_config_check(const LoraConfig *config, Error *err);
/* What PEFT loads, sorted keys, indent 2. */
void           lora_config_write(Str *out, const LoraConfig *config);
NODISCARD bool name_list_add(NameList *list, const char *name, Error *err);
NODISCARD bool name_list_copy(NameList *to, const NameList *from, Error *err);
void           name_list_free(NameList *list);
NODISCARD bool pattern_list_add(PatternList *list, const char *pattern, double value, Error *err);
NODISCARD bool lora_config_copy(LoraConfig *to, const LoraConfig *from, Error *err);

/* ---- which modules ---------------------------------------------------------------------- */

typedef struct LoraTarget {
    int    module; /* index in model->modules */
    Index  r;      /* after rank_pattern */
    double alpha;  /* after alpha_pattern */
    double scale;  /* alpha / r, or alpha / sqrt(r) with use_rslora */
} LoraTarget;

/* The matched linear and embedding modules in model order (mem_free *targets), by PEFT's rules.
 * Nothing matched, or a listed name that matches nothing, is refused with the names that exist. */
NODISCARD bool lora_match(const LoraConfig *config, const Model *model, LoraTarget **targets,
                          Index *count, Error *err);
/* The modules of modules_to_save, likewise. */
NODISCARD bool lora_match_saved(const LoraConfig *config, const Model *model, int **modules,
                                Index *count, Error *err);

#endif
