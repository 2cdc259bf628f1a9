#ifndef CORE_STUDY_PLAN_INTERNAL_H
#define CORE_STUDY_PLAN_INTERNAL_H

/* What the files of the planner share: which parameters train, and where gradients must go. */

#include "core/study/plan.h"

/* What trains in one module. */
typedef struct Trained {
    Index r;         /* of its pair A [r, in], B [out, r]; 0: none */
    bool  weight;    /* matrix, table or gain */
    bool  bias;      /* the base's bias */
    bool  pair_bias; /* lora_B.bias */
} Trained;

typedef struct PlanSetup {
    const PlanInput   *input;
    const Model       *model;
    const ModelConfig *config;
    Trained           *trained; /* [module_count] */
    bool               materialized, dropout;
    Index              floats;  /* of all trainable parameters */
    Index              added;   /* those of them that the base has no counterpart of */
    Index              params;  /* how many tensors they are */
} PlanSetup;

/* Which results need a gradient: what lies behind something that trains. In the order of the
 * forward, n being the norms' results, y the two sub-layers' sums. */
typedef struct PlanNeeds {
    bool x, n1, q, k, v, o, y1, n2, gate, up, act, y2;
} PlanNeeds;

const Trained *plan_trained(const PlanSetup *setup, ModuleRole role, int layer);
bool           plan_trains(const Trained *trained); /* anything in this module */
/* A layer's, given whether its input needs one. */
PlanNeeds plan_needs(const PlanSetup *setup, int layer, bool x);
/* Rows that leave this layer: in the last one only those with a target. */
Index plan_rows(const PlanSetup *setup, int layer);

void plan_bytes(const PlanSetup *setup, Plan *plan);
void plan_flops(const PlanSetup *setup, Plan *plan);

#endif
