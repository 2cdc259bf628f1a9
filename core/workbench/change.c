/* What was learned of one module, and the comparisons of the paper's sections 7.2 and 7.3. */

#include "core/workbench/change.h"

#include <math.h>
#include <string.h>

#include "core/math/linalg.h"
#include "core/workbench/study.h"

/* ---- the change ------------------------------------------------------------------------- */

void change_free(Change *change)
{
    mem_free(change->dW);
    mem_free(change->A);
    mem_free(change->B);
    *change = (Change){0};
}

static float *param_values(const Method *method, const Param *param, Error *err)
{
    Index  n = param->tensor.rows * param->tensor.cols;
    float *host = mem_alloc_raw(mem_program(), MEM_SCRATCH, n, sizeof *host, err);
    if (host != NULL) param_get(method->params, param, host);
    return host;
}

static bool full_change(Change *change, const Method *method, const Module *module, Error *err)
{
    const Model *model = method->model;
    int          index = (int)(module - model->modules);
    bool         tied = module->role == ROLE_HEAD && model->config.tied; /* the embedding's copy */
    if (tied) index = (int)(model_module(model, ROLE_EMBED, -1) - model->modules);
    const Param *copy = study_param(method, index, 'w');
    CHECK(copy != NULL);
    change->dW = param_values(method, copy, err);
    float *base = change->dW != NULL ? study_weight(model->be, module->weight, err) : NULL;
    if (base == NULL) return false;
    for (Index i = 0; i < change->rows * change->cols; i++) change->dW[i] -= base[i];
    mem_free(base);
    return true;
}

static bool refuse(const Method *method, const Module *module, Error *err)
{
    const LoraTarget *targets;
    Index             count = lora_targets(method, &targets);
    error_set(err, ERR_INPUT, "the adapter has nothing at %s", module->name);
    return error_hint(err, "it has %td modules, the first is %s", count,
                      method->model->modules[targets[0].module].name);
}

static bool lora_change(Change *change, const Method *method, const Module *module, Error *err)
{
    const LoraTarget *targets;
    Index             count = lora_targets(method, &targets), t = 0;
    int               index = (int)(module - method->model->modules);
    bool              changed;
    while (t < count && targets[t].module != index) t++;
    if (t == count) return refuse(method, module, err);

    const Param *A = study_param(method, index, 'A'), *B = study_param(method, index, 'B');
    change->r = targets[t].r;
    change->scale = targets[t].scale;
    change->in = A->tensor.cols;
    change->out = B->tensor.rows;
    change->A = param_values(method, A, err);
    change->B = change->A != NULL ? param_values(method, B, err) : NULL;
    if (change->B == NULL) return false;
    change->dW =
        mem_alloc(mem_program(), MEM_SCRATCH, change->rows * change->cols, sizeof *change->dW, err);
    return change->dW != NULL && method->add_delta(method, module, 1.0, change->dW, &changed, err);
}

bool change_of(Change *change, const BenchWorker *worker, const Learned *learned,
               const Module *module, Error *err)
{
    *change = (Change){.rows = module->weight.rows, .cols = module->weight.cols};
    MemAccount *account = mem_account_create("change", err);
    if (account == NULL) return false;
    Method *method = learned_method(learned, worker->model, false, account, err);
    bool    ok = method != NULL && (learned->full ? full_change(change, method, module, err)
                                                  : lora_change(change, method, module, err));
    method_free(method);
    mem_account_free(account);
    return ok;
}

/* ---- singular vectors ------------------------------------------------------------------- */

typedef struct Vectors {
    double *s;
    float  *U, *Vt; /* [rows, count], [count, cols] */
    Index   rows, cols, count;
} Vectors;

static void vectors_free(Vectors *v)
{
    mem_free(v->s);
    mem_free(v->U);
    mem_free(v->Vt);
    *v = (Vectors){0};
}

static bool vectors_of(Vectors *v, const float *X, Index rows, Index cols, Error *err)
{
    MemAccount *program = mem_program();
    *v = (Vectors){.rows = rows, .cols = cols, .count = rows < cols ? rows : cols};
    v->s = mem_alloc(program, MEM_SCRATCH, v->count, sizeof *v->s, err);
    if (v->s == NULL) return false;
    v->U = mem_alloc(program, MEM_SCRATCH, rows * v->count, sizeof *v->U, err);
    if (v->U == NULL) return false;
    v->Vt = mem_alloc(program, MEM_SCRATCH, v->count * cols, sizeof *v->Vt, err);
    return v->Vt != NULL && linalg_svd(v->s, v->U, v->Vt, X, rows, cols, err);
}

/* Element t of singular vector i. */
static double element(const Vectors *v, bool right, Index i, Index t)
{
    return right ? (double)v->Vt[i * v->cols + t] : (double)v->U[t * v->count + i];
}

/* ---- overlap of subspaces --------------------------------------------------------------- */

/* The squares of all inner products first, then their sums over growing corners. */
static void fill_overlap(double *phi, Index i_max, Index j_max, const Vectors *one,
                         const Vectors *two, bool right)
{
    Index n = right ? one->cols : one->rows;
    for (Index i = 0; i < i_max; i++) {
        double in_row = 0;
        for (Index j = 0; j < j_max; j++) {
            double dot = 0;
            for (Index t = 0; t < n; t++) {
                dot += element(one, right, i, t) * element(two, right, j, t);
            }
            in_row += dot * dot;
            phi[i * j_max + j] = in_row + (i > 0 ? phi[(i - 1) * j_max + j] : 0);
        }
    }
    for (Index i = 0; i < i_max; i++) {
        for (Index j = 0; j < j_max; j++) phi[i * j_max + j] /= (double)((i < j ? i : j) + 1);
    }
}

bool subspace_overlap(double *phi, Index i_max, Index j_max, const float *X1, const Index shape1[2],
                      const float *X2, const Index shape2[2], bool right, Error *err)
{
    Vectors one, two = {0};
    bool    ok = vectors_of(&one, X1, shape1[0], shape1[1], err) &&
              vectors_of(&two, X2, shape2[0], shape2[1], err);
    if (ok) {
        CHECK(right ? one.cols == two.cols : one.rows == two.rows);
        CHECK(i_max <= one.count && j_max <= two.count);
        fill_overlap(phi, i_max, j_max, &one, &two, right);
    }
    vectors_free(&two);
    vectors_free(&one);
    return ok;
}

/* ---- amplification ---------------------------------------------------------------------- */

/* u_i^T W v_j by way of y = W v_j. */
static double projected_squares(const float *W, const Vectors *v, Index k, double *y)
{
    double sum = 0;
    for (Index j = 0; j < k; j++) {
        for (Index a = 0; a < v->rows; a++) {
            y[a] = 0;
            for (Index b = 0; b < v->cols; b++) {
                y[a] += (double)W[a * v->cols + b] * (double)v->Vt[j * v->cols + b];
            }
        }
        for (Index i = 0; i < k; i++) {
            double dot = 0;
            for (Index a = 0; a < v->rows; a++) dot += (double)v->U[a * v->count + i] * y[a];
            sum += dot * dot;
        }
    }
    return sum;
}

bool projected_norm(double *norm, const float *W, const float *X, Index rows, Index cols, Index k,
                    Error *err)
{
    Vectors v;
    bool    ok = vectors_of(&v, X, rows, cols, err);
    double *y = ok ? mem_alloc(mem_program(), MEM_SCRATCH, rows, sizeof *y, err) : NULL;
    if (y != NULL) {
        CHECK(k <= v.count);
        *norm = sqrt(projected_squares(W, &v, k, y));
    }
    mem_free(y);
    vectors_free(&v);
    return y != NULL;
}
