#ifndef CORE_TRAIN_OPTIM_H
#define CORE_TRAIN_OPTIM_H

/*
 * Optimizers over a flat ParamSet, clipping by global norm, and learning-rate schedules with
 * transformers' numbers: the rate of step k (counted from 0) is base * factor(k), and with
 * warm-up of w steps factor(k) = k/w for k < w (so step 0 of a warm-up uses 0).
 */

#include "core/model/params.h"

typedef enum OptimKind { OPTIM_ADAMW, OPTIM_SGD } OptimKind;
typedef enum ScheduleKind {
    SCHEDULE_CONSTANT, SCHEDULE_CONSTANT_WITH_WARMUP, SCHEDULE_LINEAR, SCHEDULE_COSINE
} ScheduleKind;

typedef struct OptimSpec {
    OptimKind kind;
    double    beta1, beta2, epsilon, weight_decay, momentum;
} OptimSpec;

/* m and v (AdamW), or the momentum buffer in m (SGD): flat, MEM_OPTIMIZER, from the start. */
typedef struct Optim {
    OptimSpec spec;
    ParamSet *params; /* not owned */
    float    *m, *v;  /* [total] in the backend's space; v NULL for SGD, m too without momentum */
    int64_t   t;      /* steps made */
} Optim;
NODISCARD Optim *optim_create(ParamSet *params, OptimSpec spec, Error *err);
void             optim_free(Optim *optim);
/* One step at this rate; the gradient is multiplied by grad_scale first. */
void optim_step(Optim *optim, double learning_rate, double grad_scale);

/* Euclidean norm over all gradients (double); not finite when any is not. */
double params_grad_norm(const ParamSet *params);
/* What clipping multiplies by: min(1, max_norm / (norm + 1e-6)); 1 when max_norm <= 0. */
double clip_scale(double norm, double max_norm);

double schedule_factor(ScheduleKind kind, Index step, Index warmup, Index total);

#endif
