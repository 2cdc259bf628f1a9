#ifndef CORE_TRAIN_EVALUATE_H
#define CORE_TRAIN_EVALUATE_H

/*
 * Loss and exact match of a model on a dataset. Exact match needs no generation: greedy output
 * equals the completion when every target (the end token included) is the arg-max given the
 * true tokens before it, so one forward pass a batch tells.
 */

#include "core/train/batch.h"
#include "core/train/event.h"

typedef struct EvalResult {
    double loss;        /* mean over targets, nats */
    Index  tokens;      /* targets */
    double exact_match; /* share of examples, -1 where the data has no completions */
    Index  examples;
    double seconds;
} EvalResult;

/* Called per example when wanted: its mean loss, targets, and log p of each target. */
typedef bool EvalRow(void *context, Index example, double loss, Index targets,
                     const double *logprobs, bool exact, Error *err);

NODISCARD bool evaluate(Net *net, Tape *tape, const Dataset *data, Index limit, EvalRow *row,
                        void *context, const Cancel *cancel, EvalResult *result, Error *err);

#endif
