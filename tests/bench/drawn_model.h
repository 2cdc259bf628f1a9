#ifndef TESTS_BENCH_DRAWN_MODEL_H
#define TESTS_BENCH_DRAWN_MODEL_H

#include "core/model/model.h"

/*
 * model_random for billions of numbers in seconds: they are a function of their place, drawn by
 * all threads, uniform with about the same variance. Not PyTorch's numbers; every draw is the
 * same. Matrices are stored as config->dtype.
 */
NODISCARD Model *drawn_model(const ModelConfig *config, Backend *be, MemAccount *account,
                             Error *err);

/* n numbers in (-spread, spread) as `dtype`; `first` is the place of out[0]. */
void drawn_values(void *out, DType dtype, Index n, float spread, uint64_t first);

#endif
