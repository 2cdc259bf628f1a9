/*
 * Evaluation in file order, as many examples to a forward pass as fit EVAL_ROWS tokens. Loss,
 * log probabilities and exact match all come from one pass over the targets.
 */

#include "core/train/evaluate.h"

#include <math.h>

#define EVAL_ROWS 2048 /* tokens in a pass; one example may be longer */

typedef struct Evaluation {
    Net           *net;
    Tape          *tape;
    const Dataset *data;
    EvalRow       *row;
    void          *context;
    const Cancel  *cancel;
    Batch          batch;
    Index         *examples; /* [limit] numbers of the pass under way */
    double        *row_loss; /* [targets of a pass] */
    int32_t       *best;
    double        *logprobs;
    Index          cap_targets, longest;
    double         loss_sum;
    Index          exact;
} Evaluation;

static bool make_room(Evaluation *e, Index targets, Error *err)
{
    if (targets <= e->cap_targets) return true;
    MemAccount *program = mem_program();

    double *row_loss = mem_resize(e->row_loss, program, MEM_SCRATCH, targets, sizeof(double), err);
    if (row_loss == NULL) return false;
    e->row_loss = row_loss;
    double *logprobs = mem_resize(e->logprobs, program, MEM_SCRATCH, targets, sizeof(double), err);
    if (logprobs == NULL) return false;
    e->logprobs = logprobs;
    int32_t *best = mem_resize(e->best, program, MEM_SCRATCH, targets, sizeof(int32_t), err);
    if (best == NULL) return false;
    e->best = best;
    e->cap_targets = targets;
    return true;
}

/* The examples [from, end) of the next pass. */
static Index pass_end(const Dataset *data, Index from, Index limit)
{
    Index tokens = data->examples[from].count, end = from + 1;
    while (end < limit && tokens + data->examples[end].count <= EVAL_ROWS) {
        tokens += data->examples[end++].count;
    }
    return end;
}

static bool forward_pass(Evaluation *e, Error *err)
{
    Batch *b = &e->batch;

    if (b->longest > e->longest) {
        if (!net_reserve(e->net, b->longest, err)) return false;
        e->longest = b->longest;
    }
    if (!make_room(e, b->rows.M, err)) return false;
    tape_begin(e->tape, false, e->cancel);
    Tensor  *hidden = net_forward(e->net, e->tape, &b->rows);
    LossSpec spec = {
        .labels = b->labels, .loss_sum = &e->loss_sum, .row_loss = e->row_loss, .best = e->best};
    net_loss(e->net, e->tape, hidden, spec);
    tape_done(e->tape, hidden);
    bool ok = tape_finish(e->tape, err);
    tape_reset(e->tape);
    return ok;
}

/* Deal the targets of a pass back to its examples, which lie in order. */
static bool tell_examples(Evaluation *e, Index from, Index end, Error *err)
{
    Index m = 0;
    for (Index i = from; i < end; i++) {
        Index  n = e->data->examples[i].targets;
        bool   exact = true;
        double loss = 0;
        for (Index t = 0; t < n; t++) {
            loss += e->row_loss[m + t];
            e->logprobs[t] = -e->row_loss[m + t];
            exact = exact && e->best[m + t] == e->batch.labels[m + t];
        }
        m += n;
        e->exact += exact;
        if (e->row == NULL) continue;
        double mean = n > 0 ? loss / (double)n : 0;
        if (!e->row(e->context, i, mean, n, e->logprobs, exact, err)) return false;
    }
    CHECK(m == e->batch.targets);
    return true;
}

/* A loss that is not finite is an event like in training, never a number to be shown. */
static bool check_finite(const Evaluation *e, Error *err)
{
    if (isfinite(e->loss_sum)) return true;
    error_set(err, ERR_NUMERIC, "the loss on %td examples is %g", e->data->count, e->loss_sum);
    return error_hint(err, "the model's weights or the adapter's values are damaged or too large");
}

static bool run(Evaluation *e, Index limit, EvalResult *result, Error *err)
{
    for (Index from = 0; from < limit;) {
        Index end = pass_end(e->data, from, limit);
        for (Index i = from; i < end; i++) e->examples[i - from] = i;
        if (!batch_fill(&e->batch, e->data, e->examples, end - from, 0, err)) return false;
        if (e->batch.targets > 0 && !forward_pass(e, err)) return false;
        if (!tell_examples(e, from, end, err)) return false;
        result->tokens += e->batch.targets;
        from = end;
    }
    return true;
}

bool evaluate(Net *net, Tape *tape, const Dataset *data, Index limit, EvalRow *row, void *context,
              const Cancel *cancel, EvalResult *result, Error *err)
{
    Evaluation e = {
        .net = net, .tape = tape, .data = data, .row = row, .context = context, .cancel = cancel};
    e.batch.row_bucket = net->model->be->row_bucket;
    if (limit <= 0 || limit > data->count) limit = data->count;
    double start = clock_seconds();
    bool   was_training = net->training;

    *result = (EvalResult){.examples = limit};
    net->training = false;
    e.examples = mem_alloc(mem_program(), MEM_SCRATCH, limit, sizeof(Index), err);
    bool ok = e.examples != NULL && run(&e, limit, result, err) && check_finite(&e, err);
    net->training = was_training;

    result->loss = result->tokens > 0 ? e.loss_sum / (double)result->tokens : 0;
    result->exact_match = data->has_completions ? (double)e.exact / (double)limit : -1;
    result->seconds = clock_seconds() - start;
    batch_free(&e.batch);
    mem_free(e.examples);
    mem_free(e.row_loss);
    mem_free(e.logprobs);
    mem_free(e.best);
    return ok;
}
