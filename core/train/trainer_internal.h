#ifndef CORE_TRAIN_TRAINER_INTERNAL_H
#define CORE_TRAIN_TRAINER_INTERNAL_H

/* What trainer.c, trainer_run.c, snapshot.c and checkpoint.c share. */

#include "core/train/trainer.h"

#define TRAINER_LOSSES 2048 /* even */

struct Trainer {
    TrainerSpec spec;
    Order      *order;
    Optim      *optim;
    Batch       batch;
    Index       total_steps, warmup;
    Index       step, micro; /* made so far */
    int64_t     tokens;
    Index       longest;    /* reserved so far */
    Index       last_saved; /* step of the newest checkpoint, -1 none */
    /* for the diagnosis: means over `stride` steps each, of this process. When the array is
     * full, neighbours are joined, so that a run of any length needs no more. */
    float *losses; /* [TRAINER_LOSSES], loss_count of them so far */
    Index  loss_count, stride, steps_seen;
    double pending; /* sum of the losses that are no mean yet */
    double first_grad_norm, last_grad_norm, max_grad_norm;
};

/* checkpoint_list.c: OUT/checkpoint-STEP (mem_free it), and removing what save_total_limit does
 * not keep, with what a killed save has left behind. */
NODISCARD char *checkpoint_folder(const char *out, Index step, Error *err);
NODISCARD bool  checkpoints_prune(const Trainer *trainer, Error *err);

#endif
