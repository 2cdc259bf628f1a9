#ifndef CORE_WORKBENCH_STUDY_H
#define CORE_WORKBENCH_STUDY_H

/*
 * What the study verbs share: a way of adapting the base and one batch, on a network of their
 * own; nothing of it outlives the verb. Dropout never acts outside a Trainer's steps.
 */

#include "core/study/plan.h"
#include "core/workbench/verb.h"

typedef enum StudyKind { STUDY_BASE, STUDY_LORA, STUDY_FULL } StudyKind;

typedef struct Study {
    const VerbCall *call;
    StudyKind       kind;
    Model          *model;
    MemAccount     *account; /* the method's and the tape's */
    LoraConfig      config;  /* STUDY_LORA */
    Method         *method;  /* NULL: the base alone */
    Net            *net;     /* the method is attached to it */
    Tape           *tape;
    const Dataset  *data; /* the batch is all of it */
    Batch           batch;
} Study;

/* A new adapter from the arguments of STUDY_LORA_ROWS, all weights, or none. Close in any case. */
NODISCARD bool study_open(Study *study, const VerbCall *call, StudyKind kind, Error *err);
/* The same with an adapter that was learned. */
NODISCARD bool study_open_learned(Study *study, const VerbCall *call, const Learned *learned,
                                  Error *err);
void           study_close(Study *study);
/* The batch of STUDY_DATA_ROWS: the first examples of a task, end to end. */
NODISCARD bool study_load_batch(Study *study, Error *err);

/* Forward and mean loss in nats, ready for tape_backward when it records (gradients of the mean
 * loss add up in their parameters). tape_reset afterwards. */
NODISCARD bool study_forward(const Study *study, Net *net, bool record, double *loss, Error *err);

/* transformers' defaults with the batch, optim and gradient_checkpointing of the arguments. */
TrainSettings study_settings(const Args *args);
/* Costs of a step on the study's batch; `lora` NULL: full fine-tuning. */
NODISCARD bool study_plan(const Study *study, const LoraConfig *lora, const TrainSettings *settings,
                          Plan *plan, Error *err);
/* The trainable A or B ('A', 'B') of a module, NULL: it has none. */
Param *study_param(const Method *method, int module, char part);
/* A frozen matrix as float32 on the host (mem_free), NULL on failure. */
NODISCARD float *study_weight(Backend *be, Mat weight, Error *err);

/* Modules and shapes of DATA/shapes/NAME/config.json without weights (model_free). A name that is
 * none is refused with those that exist. */
NODISCARD Model *shape_outline(const Lab *lab, const char *name, Error *err);

#endif
