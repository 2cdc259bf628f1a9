#ifndef TESTS_STUDY_PLANNED_H
#define TESTS_STUDY_PLANNED_H

/* Asking the planner, where it must not fail. */

#include "core/study/plan.h"

Plan   plan_of(const PlanInput *input);
Model *outline_of(const ModelConfig *config); /* model_free it */
/* `config` made anew with this rank; names separated by spaces, or "all-linear"; saved: the
 * modules_to_save, or NULL. */
void lora_target(LoraConfig *config, Index r, const char *targets, const char *saved);

#endif
