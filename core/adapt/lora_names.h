#ifndef CORE_ADAPT_LORA_NAMES_H
#define CORE_ADAPT_LORA_NAMES_H

/* What lora_match.c and lora_names.c share: names of modules and lists of them. */

#include "core/adapt/lora_config.h"

/* The full name, or what stands behind one of its dots, is in the list. */
bool names_fit(const NameList *list, const char *name);
/* The module of this name, or one that contains it, is in modules_to_save. */
bool names_saved(const LoraConfig *config, const char *name);
/* A linear map or the embedding. */
bool names_can_adapt(const Module *module);
/* "FIELD: "NAME" matches no module; there are q_proj, ..."; norms too when `all`. */
bool names_refuse(const Model *model, const char *field, const char *name, bool all, Error *err);

#endif
