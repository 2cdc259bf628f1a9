/*
 * `gradients`: the first step's gradients of A and B for an init, measured, and predicted from
 * the gradient of the whole weight. With y = x (W + s B A)^T, G = dL/dy:
 *
 *   dL/dW = G^T x
 *   dL/dB = s G^T (x A^T) = s (dL/dW) A^T
 *   dL/dA = s (G B)^T x   = s B^T (dL/dW)
 *
 * so B = 0 leaves A without a gradient, A = 0 leaves B without one, and both zero leave nothing.
 * dL/dW is measured in a second pass, in which A and B are frozen and the same weights train whole,
 * as full fine-tuning trains them. Both passes go forward through the same branch and the same
 * float32 copies of the weights, so with the same bits: otherwise the rounding of a start far from
 * the base grows from layer to layer until two ways of adding the same numbers differ by a per
 * cent. An embedding's table is [V, D], the transpose of B A.
 */

#include <math.h>

#include "core/workbench/answer.h"
#include "core/workbench/study.h"
#include "core/workbench/study_rows.h"
#include "core/workbench/verbs.h"

static const ArgSpec rows[] = {
    LORA_SETTING_ROWS,
    STUDY_DATA_ROWS,
    {.name = NULL},
};

static const FieldSpec fields[] = {
    {"norm_A", DATUM_NUMBER, NULL, false, "norm of the gradient of all A, measured"},
    {"norm_B", DATUM_NUMBER, NULL, false, "norm of the gradient of all B, measured"},
    {"zero_A", DATUM_YES, NULL, false, "every number of A's gradient is zero"},
    {"zero_B", DATUM_YES, NULL, false, "every number of B's gradient is zero"},
    {"predicted_A", DATUM_NUMBER, NULL, false, "norm of s B^T (dL/dW)"},
    {"predicted_B", DATUM_NUMBER, NULL, false, "norm of s (dL/dW) A^T"},
    {"error_A", DATUM_NUMBER, NULL, false, "norm of measured - predicted, relative to predicted"},
    {"error_B", DATUM_NUMBER, NULL, false, "norm of measured - predicted, relative to predicted"},
    {"loss", DATUM_NUMBER, "nats/token", false, "with the adapter as it starts"},
    {"base_loss", DATUM_NUMBER, "nats/token", false, "of the base alone on the same batch"},
    {"start_shift", DATUM_NUMBER, "nats/token", false, "loss - base_loss: 0 when B A is zero"},
    {"full_norm", DATUM_NUMBER, NULL, false, "norm of dL/dW over the same modules"},
    {"rms_A", DATUM_NUMBER, NULL, false, "root of the mean square of all A as they start"},
    {"rms_B", DATUM_NUMBER, NULL, false, "root of the mean square of all B as they start"},
    {"modules", DATUM_TABLE, NULL, false,
     "by module: norm_A, norm_B, predicted_A, predicted_B, full_norm, r, scale"},
    {.name = NULL},
};

/* Squares of norms; start_A, start_B are those of the values, count_A, count_B their numbers. */
typedef struct Squares {
    double A, B, predicted_A, predicted_B, off_A, off_B, full;
    double start_A, start_B, count_A, count_B;
} Squares;

/* ---- the dense pass --------------------------------------------------------------------- */

/* Copies of the targets' weights, in the order of the targets. */
static bool declare(ParamSet *dense, const Model *model, const LoraTarget *targets, Index count,
                    Error *err)
{
    for (Index i = 0; i < count; i++) {
        const Module *module = &model->modules[targets[i].module];
        Mat           w = module->weight;
        Param        *param = params_add(dense, module->name, w.rows, w.cols, err);
        if (param == NULL) return false;
        param->module = targets[i].module;
        param->part = 'w';
    }
    return params_build(dense, true, err);
}

static bool fill_copy(ParamSet *dense, Param *param, const Model *model, Error *err)
{
    float *host = study_weight(model->be, model->modules[param->module].weight, err);
    if (host != NULL) param_put(dense, param, host);
    mem_free(host);
    return host != NULL;
}

static ParamSet *dense_create(const Study *study, Error *err)
{
    const LoraTarget *targets;
    Index             count = lora_targets(study->method, &targets);
    ParamSet         *dense = params_create(study->model->be, study->account, err);
    bool              ok = dense != NULL && declare(dense, study->model, targets, count, err);
    for (Index i = 0; ok && i < count; i++) {
        ok = fill_copy(dense, dense->list[i], study->model, err);
    }
    if (ok) return dense;
    params_free(dense);
    return NULL;
}

static void train_only(const ParamSet *set, const ParamSet *frozen)
{
    for (Index i = 0; i < set->count; i++) set->list[i]->tensor.needs_grad = true;
    for (Index i = 0; i < frozen->count; i++) frozen->list[i]->tensor.needs_grad = false;
}

static bool backward(const Study *study, double *loss, Error *err)
{
    bool ok = study_forward(study, study->net, true, loss, err) && tape_backward(study->tape, err);
    tape_reset(study->tape);
    return ok;
}

/* With the copies in place: A and B, then the copies, then the network without the branch. */
static bool run_passes(Study *study, const ParamSet *dense, double *loss, double *base, Error *err)
{
    double          again;
    const ParamSet *pairs = study->method->params;
    for (Index i = 0; i < dense->count; i++) {
        Param *param = dense->list[i];
        study->net->weight[param->module] = &param->tensor;
    }
    train_only(pairs, dense);
    if (!backward(study, loss, err)) return false;
    train_only(dense, pairs);
    if (!backward(study, &again, err)) return false;
    study->method->detach(study->method, study->net);
    bool ok = study_forward(study, study->net, false, base, err);
    tape_reset(study->tape);
    return ok;
}

/* ---- measured against predicted --------------------------------------------------------- */

/* One target on the host. in, out are those of B A; element (o, i) of dL/dW is
 * W[o * step_o + i * step_i]. */
typedef struct Pair {
    const LoraTarget *target;
    Index             r, in, out, step_o, step_i;
    const float      *A, *B, *dA, *dB, *W;
} Pair;

static void compare(double got, double want, double *measured, double *predicted, double *off)
{
    *measured += got * got;
    *predicted += want * want;
    *off += (got - want) * (got - want);
}

static void compare_B(const Pair *p, Squares *sum)
{
    for (Index o = 0; o < p->out; o++) {
        for (Index k = 0; k < p->r; k++) {
            double want = 0;
            for (Index i = 0; i < p->in; i++) {
                want += (double)p->W[o * p->step_o + i * p->step_i] * (double)p->A[k * p->in + i];
            }
            compare((double)p->dB[o * p->r + k], p->target->scale * want, &sum->B,
                    &sum->predicted_B, &sum->off_B);
        }
    }
}

/* row [in] collects the sum over o, so that W is read in order. */
static void compare_A(const Pair *p, double *row, Squares *sum)
{
    for (Index k = 0; k < p->r; k++) {
        for (Index i = 0; i < p->in; i++) row[i] = 0;
        for (Index o = 0; o < p->out; o++) {
            double b = (double)p->B[o * p->r + k];
            if (b == 0) continue;
            for (Index i = 0; i < p->in; i++) {
                row[i] += b * (double)p->W[o * p->step_o + i * p->step_i];
            }
        }
        for (Index i = 0; i < p->in; i++) {
            compare((double)p->dA[k * p->in + i], p->target->scale * row[i], &sum->A,
                    &sum->predicted_A, &sum->off_A);
        }
    }
}

static double sum_squares(const float *x, Index n)
{
    double sum = 0;
    for (Index i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
    return sum;
}

static Index size_of(const Param *param)
{
    return param->tensor.rows * param->tensor.cols;
}

static float *fetch(const ParamSet *set, const float *from, Index n, float **at)
{
    float *to = *at;
    set->be->get(set->be, to, from, n * (Index)sizeof(float));
    *at += n;
    return to;
}

static bool measure_target(const Study *study, const LoraTarget *target, const Param *dense,
                           const ParamSet *dense_set, Squares *sum, Error *err)
{
    const Method *method = study->method;
    const Param  *A = study_param(method, target->module, 'A');
    const Param  *B = study_param(method, target->module, 'B');
    Index         nA = size_of(A), nB = size_of(B), nW = size_of(dense);
    bool          table = study->model->modules[target->module].role == ROLE_EMBED;
    MemAccount   *program = mem_program();
    float  *host = mem_alloc_raw(program, MEM_SCRATCH, 2 * nA + 2 * nB + nW, sizeof *host, err);
    double *row =
        host != NULL ? mem_alloc_raw(program, MEM_SCRATCH, A->tensor.cols, sizeof *row, err) : NULL;
    if (row != NULL) {
        float *at = host;
        Pair   pair = {.target = target,
                       .r = A->tensor.rows,
                       .in = A->tensor.cols,
                       .out = B->tensor.rows,
                       .step_o = table ? 1 : dense->tensor.cols,
                       .step_i = table ? dense->tensor.cols : 1,
                       .A = fetch(method->params, A->tensor.data, nA, &at),
                       .dA = fetch(method->params, A->tensor.grad, nA, &at),
                       .B = fetch(method->params, B->tensor.data, nB, &at),
                       .dB = fetch(method->params, B->tensor.grad, nB, &at),
                       .W = fetch(dense_set, dense->tensor.grad, nW, &at)};
        compare_A(&pair, row, sum);
        compare_B(&pair, sum);
        sum->full += sum_squares(pair.W, nW);
        sum->start_A += sum_squares(pair.A, nA);
        sum->start_B += sum_squares(pair.B, nB);
        sum->count_A += (double)nA;
        sum->count_B += (double)nB;
    }
    mem_free(row);
    mem_free(host);
    return row != NULL;
}

/* ---- the answer ------------------------------------------------------------------------- */

static void add_norms(Answer *answer, const Squares *sum)
{
    answer_number(answer, "norm_A", sqrt(sum->A), NULL);
    answer_number(answer, "norm_B", sqrt(sum->B), NULL);
    answer_number(answer, "predicted_A", sqrt(sum->predicted_A), NULL);
    answer_number(answer, "predicted_B", sqrt(sum->predicted_B), NULL);
    answer_number(answer, "full_norm", sqrt(sum->full), NULL);
}

static void add_module(Answer *modules, const Module *module, const LoraTarget *target,
                       const Squares *sum)
{
    Answer row = answer_begin(modules->err);
    add_norms(&row, sum);
    answer_number(&row, "r", (double)target->r, NULL);
    answer_number(&row, "scale", target->scale, NULL);
    answer_row(modules, module->name, answer_end(&row));
}

/* Where nothing was predicted, anything that is there is wrong altogether. */
static double relative(double off, double predicted)
{
    if (predicted > 0) return sqrt(off / predicted);
    return off > 0 ? 1.0 : 0.0;
}

static void add_up(Squares *to, const Squares *from)
{
    to->A += from->A;
    to->B += from->B;
    to->predicted_A += from->predicted_A;
    to->predicted_B += from->predicted_B;
    to->off_A += from->off_A;
    to->off_B += from->off_B;
    to->full += from->full;
    to->start_A += from->start_A;
    to->start_B += from->start_B;
    to->count_A += from->count_A;
    to->count_B += from->count_B;
}

static Datum *answer_of(const Squares *sum, double loss, double base_loss, Answer *modules)
{
    Answer a = answer_begin(modules->err);
    add_norms(&a, sum);
    answer_yes(&a, "zero_A", sum->A == 0);
    answer_yes(&a, "zero_B", sum->B == 0);
    answer_number(&a, "error_A", relative(sum->off_A, sum->predicted_A), NULL);
    answer_number(&a, "error_B", relative(sum->off_B, sum->predicted_B), NULL);
    answer_number(&a, "loss", loss, "nats/token");
    answer_number(&a, "base_loss", base_loss, "nats/token");
    answer_number(&a, "start_shift", loss - base_loss, "nats/token");
    answer_number(&a, "rms_A", sqrt(sum->start_A / sum->count_A), NULL);
    answer_number(&a, "rms_B", sqrt(sum->start_B / sum->count_B), NULL);
    answer_add(&a, "modules", answer_end(modules));
    return answer_end(&a);
}

static bool compare_all(const Study *study, const ParamSet *dense, Squares *all, Answer *modules,
                        Error *err)
{
    const LoraTarget *targets;
    Index             count = lora_targets(study->method, &targets);
    for (Index i = 0; i < count; i++) {
        Squares one = {0};
        if (!measure_target(study, &targets[i], dense->list[i], dense, &one, err)) {
            return false;
        }
        if (!isfinite(one.A + one.B + one.full)) {
            return error_set(err, ERR_NUMERIC, "the gradient at %s is not finite",
                             study->model->modules[targets[i].module].name);
        }
        add_module(modules, &study->model->modules[targets[i].module], &targets[i], &one);
        add_up(all, &one);
    }
    return true;
}

static Datum *compare_with(Study *study, const ParamSet *dense, Error *err)
{
    double  loss, base;
    Squares all = {0};
    if (!run_passes(study, dense, &loss, &base, err)) return NULL;
    Answer modules = answer_rows(true, "module", err);
    if (compare_all(study, dense, &all, &modules, err)) {
        return answer_of(&all, loss, base, &modules);
    }
    datum_drop(answer_end(&modules));
    return NULL;
}

static Datum *run(VerbCall *call, Error *err)
{
    Study     study = {0};
    ParamSet *dense = NULL;
    Datum    *answer = NULL;
    if (args_float(call->args, "lora_dropout") > 0) {
        error_set(err, ERR_INPUT, "gradients: lora_dropout must be 0, for the formulas have none");
        return NULL;
    }
    if (study_open(&study, call, STUDY_LORA, err) && study_load_batch(&study, err)) {
        dense = dense_create(&study, err);
        if (dense != NULL) answer = compare_with(&study, dense, err);
    }
    params_free(dense);
    study_close(&study);
    return answer;
}

const Verb verb_gradients = {
    .command = {.name = "gradients",
                .operands = "",
                .summary = "first gradients of A and B on one batch: measured, and by formula",
                .example = "g = gradients init_lora_weights=true r=8 data=sql-lite",
                .args = rows},
    .fields = fields,
    .run = run,
};
