#ifndef CORE_LAB_TRAIN_SETTINGS_H
#define CORE_LAB_TRAIN_SETTINGS_H

/* From typed arguments to the settings of core/adapt and core/train. */

#include "core/lab/lab.h"
#include "core/train/trainer.h"

NODISCARD bool train_settings_from(const Args *args, TrainSettings *settings, Error *err);
/* The LoRA rows, of train or plan. config is initialised here; lora_config_free it. */
NODISCARD bool lora_config_from(const Args *args, LoraConfig *config, Error *err);
/* All settings that a resumed run must share, as the members of a JSON object; their hash is
 * the run's identity. config NULL: full fine-tuning. */
void settings_describe(Str *json, const TrainSettings *settings, const LoraConfig *config);

#endif
