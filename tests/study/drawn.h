#ifndef TESTS_STUDY_DRAWN_H
#define TESTS_STUDY_DRAWN_H

/* Random models, configurations, settings and data for the planner's test. */

#include "core/adapt/lora_config.h"
#include "core/train/trainer.h"

typedef struct Draw {
    uint64_t state;
} Draw;

bool          one_in(Draw *draw, Index n);
ModelConfig   draw_model(Draw *draw);
void          draw_lora(Draw *draw, LoraConfig *config, const ModelConfig *model);
TrainSettings draw_settings(Draw *draw);
/* Twelve examples; in half of the sets with prompts that are no targets. */
Dataset *draw_dataset(Draw *draw, const ModelConfig *config, Index max_length);

#endif
