#ifndef CORE_MODEL_GENERATE_H
#define CORE_MODEL_GENERATE_H

/*
 * Text generation with a key/value cache. temperature 0 is greedy (first largest logit).
 * Otherwise: logits / temperature, keep the top_k largest (0: all), keep the smallest set whose
 * probability reaches top_p (Holtzman et al. 2020), draw with a counter-based number from
 * (seed, position): the same text for any thread count.
 */

#include "core/model/net.h"
#include "core/model/tokenizer.h"

typedef struct GenerateSpec {
    Index    max_new_tokens;
    double   temperature, top_p;
    Index    top_k;
    uint64_t seed;
    Index    id_limit;   /* choose ids below this; 0: all. An embedding may have more rows than
                            the tokenizer has tokens */
    bool     ignore_end; /* go on after an end token (benches) */
} GenerateSpec;

typedef enum StopReason { STOP_LENGTH, STOP_END } StopReason;

/* Called for each new id; false ends the generation (as STOP_LENGTH). May be NULL. */
typedef bool GenerateSink(void *context, int32_t id);

/* Continue prompt[n] (n >= 1); new ids, without the end token, are appended to out. Refused
 * when prompt and new tokens exceed max_position. */
NODISCARD bool generate(Net *net, Tape *tape, const int32_t *prompt, Index n, GenerateSpec spec,
                        GenerateSink *sink, void *context, const Cancel *cancel, Ids *out,
                        StopReason *stop, Error *err);

#endif
