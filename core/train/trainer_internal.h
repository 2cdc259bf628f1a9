#ifndef CORE_TRAIN_TRAINER_INTERNAL_H
#define CORE_TRAIN_TRAINER_INTERNAL_H

/* What trainer.c, trainer_run.c, snapshot.c and checkpoint.c share. */

#include "core/train/trainer.h"

struct Trainer {
    TrainerSpec spec;
    Order      *order;
    Optim      *optim;
    Batch       batch;
    Index       total_steps, warmup;
    Index       step, micro; /* made so far */
    int64_t     tokens;
    Index       longest;     /* reserved so far */
    Index       last_saved;  /* step of the newest checkpoint, -1 none */
    /* for the diagnosis */
    float *losses; /* [loss_count] one a step of this process */
    Index  loss_count, loss_cap;
    double first_grad_norm, last_grad_norm, max_grad_norm;
};

#endif
