#ifndef CORE_MODEL_SAMPLE_H
#define CORE_MODEL_SAMPLE_H

/* Choosing the next token from a row of logits. */

#include "core/model/generate.h"

/* A workspace for rows of V logits. */
typedef struct Sampler Sampler;
NODISCARD Sampler *sampler_create(Index V, Error *err);
void               sampler_free(Sampler *sampler);
/* logits [V], host. position names the counter-based number. ERR_NUMERIC when the logits are
 * not finite. */
NODISCARD bool sampler_choose(Sampler *sampler, const float *logits, const GenerateSpec *spec,
                              Index position, int32_t *id, Error *err);

#endif
