#ifndef CORE_STUDY_PLAN_H
#define CORE_STUDY_PLAN_H

/*
 * What a training costs, from shapes alone: parameters, bytes by purpose at the peak, and
 * multiplications. Formulas term by term; tests hold the bytes against the counted memory of
 * real runs on random settings.
 */

#include "core/adapt/lora_config.h"
#include "core/train/trainer.h"

typedef struct PlanInput {
    const Model      *outline;  /* modules and shapes; weights not needed */
    const LoraConfig *lora;     /* NULL: full fine-tuning */
    DType             stored;   /* type of the base's matrices in memory */
    const TrainSettings *settings;
    /* Shapes of the largest micro-batch: tokens, longest segment, targets, segments. The
     * bytes do not depend on how the tokens fall into segments, nor on the threads. */
    Index N, longest, targets, segments;
    int   threads;
} PlanInput;

typedef struct Plan {
    int64_t trainable, all;       /* PEFT's two numbers (all includes the adapter) */
    double  percent;
    /* Of the base's weights and the run's account, each at the moment of the highest total. */
    int64_t bytes[MEM_PURPOSE_COUNT];
    int64_t bytes_total;
    double  flops_forward, flops_backward; /* of one micro-batch: 2 per multiply-add */
    double  flops_per_token;               /* both, per token */
    double  extra_forward_percent;         /* LoRA's products, of the base's forward ones */
} Plan;

/* ERR_INPUT as lora_match and lora_create would say it, or for more positions than the model
 * has. */
NODISCARD bool plan_make(const PlanInput *input, Plan *plan, Error *err);

#endif
