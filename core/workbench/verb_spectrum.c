/*
 * `spectrum`: the singular values of one of the base's weights, or of what an adapter learned of
 * it (scale B A, or trained less base), and with it the measurements of the paper's section 7:
 *
 *   overlap        phi(i, j) between two learned changes (7.2)
 *   amplification  ||dW||_F / ||U^T W V^T||_F, U and V the first k singular vectors of dW: how much
 *                  stronger the learned directions became than they were in W (7.3, table 7)
 *
 * What a call did not ask for is NaN in its answer.
 */

#include <math.h>
#include <string.h>

#include "core/study/spectrum.h"
#include "core/workbench/answer.h"
#include "core/workbench/attach.h"
#include "core/workbench/change.h"
#include "core/workbench/study.h"
#include "core/workbench/study_rows.h"
#include "core/workbench/verbs.h"

static const ArgSpec rows[] = {
    {.name = "weight",
     .type = ARG_TEXT,
     .group = "What",
     .help = "a module of the base, as layers.2.self_attn.v_proj"},
    {.name = "of", .type = ARG_TEXT, .group = "What", .help = "an adapter: what it learned"},
    {.name = "module", .type = ARG_TEXT, .group = "What", .help = "... of this module"},
    {.name = "overlap",
     .type = ARG_TEXT,
     .group = "Compare",
     .help = "another adapter, compared with the first at the same module"},
    {.name = "side",
     .type = ARG_CHOICE,
     .choices = SETTING_CHOICES("right", "left"),
     .fallback = "right",
     .group = "Compare",
     .help = "which singular vectors: right of A, left of B"},
    {.name = "matrix",
     .type = ARG_CHOICE,
     .choices = SETTING_CHOICES("factor", "change"),
     .fallback = "factor",
     .group = "Compare",
     .help = "of A or B as in the paper, or of the whole change (full training: always)"},
    {.name = "i",
     .type = ARG_INT,
     .min = 1,
     .max = 1e5,
     .group = "Compare",
     .help = "vectors of the first; all (at most 64) when not given"},
    {.name = "j",
     .type = ARG_INT,
     .min = 1,
     .max = 1e5,
     .group = "Compare",
     .help = "vectors of the second; all (at most 64) when not given"},
    {.name = "k",
     .type = ARG_INT,
     .min = 1,
     .max = 1e5,
     .group = "Compare",
     .help = "directions of the amplification; the change's rank when not given"},
    {.name = NULL},
};

static const FieldSpec fields[] = {
    {"module", DATUM_TEXT, NULL, false, "full name"},
    {"singular", DATUM_VECTOR, NULL, false, "singular values, largest first"},
    {"energy", DATUM_VECTOR, NULL, false, "share of the squared norm in the first 1, 2, 3 ..."},
    {"rank", DATUM_NUMBER, NULL, false, "singular values above the rounding of float32"},
    {"effective_rank", DATUM_NUMBER, NULL, false, "exp of the entropy of their shares"},
    {"k90", DATUM_NUMBER, NULL, false, "how many hold 90 % of the squared norm"},
    {"frobenius", DATUM_NUMBER, NULL, false, "root of the sum of squares"},
    {"spectral", DATUM_NUMBER, NULL, false, "the largest"},
    {"full", DATUM_NUMBER, NULL, false, "min(in, out): how many there could be"},
    {"overlap", DATUM_NUMBER, NULL, false, "phi(i, j) with overlap=, else NaN"},
    {"phi", DATUM_MATRIX, NULL, false, "phi(1..i, 1..j) with overlap=, else NaN"},
    {"k", DATUM_NUMBER, NULL, false, "directions of the amplification, with of="},
    {"amplification", DATUM_NUMBER, NULL, false, "frobenius / projected, with of="},
    {"projected", DATUM_NUMBER, NULL, false, "norm of W in the learned directions, with of="},
    {"projected_own", DATUM_NUMBER, NULL, false, "norm of W in its own first k, with of="},
    {"projected_random", DATUM_NUMBER, NULL, false, "norm of W in k random ones, with of="},
    {"base_norm", DATUM_NUMBER, NULL, false, "norm of W"},
    {.name = NULL},
};

enum { PHI_MOST = 64 };

/* What the answer is made of. */
typedef struct Found {
    const Module *module;
    Spectrum      spectrum;
    double       *phi; /* [i, j]; NULL: not asked */
    Index         i, j;
    double        k, projected, own, random, base_norm;
} Found;

/* ---- finding ---------------------------------------------------------------------------- */

static bool ends_with_part(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);
    return n > m && name[n - m - 1] == '.' && strcmp(name + n - m, end) == 0;
}

/* By its full name, or the end of it behind a dot where only one module has it. */
static const Module *find_module(const Model *model, const char *name, Error *err)
{
    const Module *found = NULL;
    Index         fits = 0;
    for (Index i = 0; i < model->module_count; i++) {
        const Module *m = &model->modules[i];
        bool          whole = strcmp(m->name, name) == 0;
        if (m->gain != NULL || (!whole && !ends_with_part(m->name, name))) continue;
        if (fits++ == 0 || whole) found = m;
        if (whole) return found;
    }
    if (fits == 1) return found;
    if (fits > 1) {
        error_set(err, ERR_INPUT, "\"%.60s\" may be %td modules, %s is the first", name, fits,
                  found->name);
        error_hint(err, "give more of the name, as layers.0.self_attn.v_proj");
        return NULL;
    }
    error_set(err, ERR_INPUT, "the base has no matrix called \"%.60s\"", name);
    error_hint(err, "names look like %s", model->modules[0].name);
    return NULL;
}

/* ---- the parts -------------------------------------------------------------------------- */

static double norm_of(const float *x, Index n)
{
    double sum = 0;
    for (Index i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
    return sqrt(sum);
}

/* Of a product its factors tell all, so B A needs no large decomposition. */
static bool change_spectrum(Spectrum *out, const Change *c, Error *err)
{
    if (c->A == NULL) return spectrum_of(out, c->dW, c->rows, c->cols, err);
    Index most = c->in < c->out ? c->in : c->out;
    if (!spectrum_of_product(out, c->B, c->A, c->out, c->in, c->r, err)) return false;
    for (Index i = 0; i < out->count; i++) out->s[i] *= fabs(c->scale);
    if (out->count > most) out->count = most; /* r above it: the rest is zero */
    return true;
}

/* W in k random directions: the control without which the other numbers say nothing. */
static bool random_projection(double *norm, const float *W, Index m, Index n, Index k,
                              uint64_t seed, Error *err)
{
    float   *G = mem_alloc_raw(mem_program(), MEM_SCRATCH, m * n, sizeof *G, err);
    TorchRng rng;
    if (G == NULL) return false;
    torch_seed(&rng, seed);
    torch_normal(&rng, G, m * n, 0, 1);
    bool ok = projected_norm(norm, W, G, m, n, k, err);
    mem_free(G);
    return ok;
}

static bool check_k(const VerbCall *call, const Found *found, const Change *c, Index *k, Error *err)
{
    Index most = c->rows < c->cols ? c->rows : c->cols;
    Index rank = spectrum_rank(&found->spectrum, 0);
    *k = args_given(call->args, "k") ? (Index)args_int(call->args, "k") : rank;
    if (*k <= most) return true;
    return error_set(err, ERR_INPUT, "spectrum: k is %td, but %s has %td directions", *k,
                     found->module->name, most);
}

static bool amplify(const VerbCall *call, Found *found, const Change *c, Error *err)
{
    Index k, m = c->rows, n = c->cols;
    if (!check_k(call, found, c, &k, err)) return false;
    float *W = study_weight(call->worker->model->be, found->module->weight, err);
    if (W == NULL) return false;
    found->k = (double)k;
    found->base_norm = norm_of(W, m * n);
    bool ok = projected_norm(&found->projected, W, c->dW, m, n, k, err) &&
              projected_norm(&found->own, W, W, m, n, k, err) &&
              random_projection(&found->random, W, m, n, k, call->seed, err);
    mem_free(W);
    return ok;
}

/* ---- overlap ---------------------------------------------------------------------------- */

typedef struct Side {
    const float *X;
    Index        shape[2];
} Side;

/* In the weight's layout a linear map's A is on the right, an embedding's on the left. */
static Side side_of(const Change *c, bool right, bool factor)
{
    if (!factor) return (Side){c->dW, {c->rows, c->cols}};
    return right ? (Side){c->A, {c->r, c->in}} : (Side){c->B, {c->out, c->r}};
}

static bool choose_count(const VerbCall *call, const char *key, const Side *side, Index *count,
                         Error *err)
{
    Index most = side->shape[0] < side->shape[1] ? side->shape[0] : side->shape[1];
    *count = most < PHI_MOST ? most : PHI_MOST;
    if (args_given(call->args, key)) *count = (Index)args_int(call->args, key);
    if (*count <= most) return true;
    return error_set(err, ERR_INPUT, "spectrum: %s is %td, but there are %td singular vectors", key,
                     *count, most);
}

/* Factors against a whole change: only a linear map has both in one layout. */
static bool check_layout(const Found *found, bool mixed, Error *err)
{
    if (!mixed || found->module->role != ROLE_EMBED) return true;
    return error_set(err, ERR_INPUT, "spectrum: %s trained whole has no A or B; use matrix=change",
                     found->module->name);
}

static bool compare(const VerbCall *call, Found *found, const Change *one, const Change *two,
                    Error *err)
{
    bool right = strcmp(args_text(call->args, "side"), "right") == 0;
    bool factor = strcmp(args_text(call->args, "matrix"), "factor") == 0;
    bool mixed = factor && (one->A != NULL) != (two->A != NULL);
    if (!check_layout(found, mixed, err)) return false;
    /* A full change beside a LoRA: its right vectors live where A's do. */
    Side a = side_of(one, right, factor && one->A != NULL);
    Side b = side_of(two, right, factor && two->A != NULL);
    if (!choose_count(call, "i", &a, &found->i, err)) return false;
    if (!choose_count(call, "j", &b, &found->j, err)) return false;
    found->phi = mem_alloc(mem_program(), MEM_SCRATCH, found->i * found->j, sizeof(double), err);
    return found->phi != NULL &&
           subspace_overlap(found->phi, found->i, found->j, a.X, a.shape, b.X, b.shape, right, err);
}

static bool compare_with(const VerbCall *call, Found *found, const Change *one, Error *err)
{
    const char *name = args_text(call->args, "overlap");
    if (name == NULL) return true;
    const Learned *other = learned_by_name(call->bench, name, err);
    if (other == NULL) return false;
    Change two;
    bool   ok = change_of(&two, call->worker, other, found->module, err) &&
              compare(call, found, one, &two, err);
    change_free(&two);
    return ok;
}

/* ---- the answer ------------------------------------------------------------------------- */

static double frobenius_of(const Spectrum *spectrum)
{
    double squares = 0;
    for (Index k = 0; k < spectrum->count; k++) squares += spectrum->s[k] * spectrum->s[k];
    return sqrt(squares);
}

static void add_values(Answer *a, const Spectrum *spectrum)
{
    Index   n = spectrum->count, k90 = 0;
    double *energy = mem_alloc(mem_program(), MEM_SCRATCH, n, sizeof *energy, a->err);
    if (energy == NULL) {
        answer_add(a, "energy", NULL);
        return;
    }
    for (Index k = 0; k < n; k++) energy[k] = spectrum_energy(spectrum, k + 1);
    while (k90 < n && spectrum_energy(spectrum, k90) < 0.9) k90++;
    answer_vector(a, "singular", spectrum->s, n);
    answer_vector(a, "energy", energy, n);
    answer_number(a, "rank", (double)spectrum_rank(spectrum, 0), NULL);
    answer_number(a, "effective_rank", spectrum_effective_rank(spectrum), NULL);
    answer_number(a, "k90", (double)k90, NULL);
    answer_number(a, "frobenius", frobenius_of(spectrum), NULL);
    answer_number(a, "spectral", spectrum->s[0], NULL);
    answer_number(a, "full",
                  (double)(spectrum->rows < spectrum->cols ? spectrum->rows : spectrum->cols),
                  NULL);
    mem_free(energy);
}

static Datum *answer_of(const Found *f, Error *err)
{
    const double nothing = (double)NAN;
    bool         asked = f->phi != NULL;
    Answer       a = answer_begin(err);
    answer_text(&a, "module", f->module->name);
    add_values(&a, &f->spectrum);
    answer_number(&a, "overlap", asked ? f->phi[f->i * f->j - 1] : nothing, NULL);
    answer_add(&a, "phi",
               asked ? datum_matrix(f->phi, f->i, f->j, err) : datum_matrix(&nothing, 1, 1, err));
    answer_number(&a, "k", f->k, NULL);
    answer_number(&a, "amplification", frobenius_of(&f->spectrum) / f->projected, NULL);
    answer_number(&a, "projected", f->projected, NULL);
    answer_number(&a, "projected_own", f->own, NULL);
    answer_number(&a, "projected_random", f->random, NULL);
    answer_number(&a, "base_norm", f->base_norm, NULL);
    return answer_end(&a);
}

static bool look_at_weight(const VerbCall *call, Found *found, Error *err)
{
    Model *model = call->worker->model;
    found->module = find_module(model, args_text(call->args, "weight"), err);
    if (found->module == NULL) return false;
    Mat    w = found->module->weight;
    float *host = study_weight(model->be, w, err);
    if (host == NULL) return false;
    found->base_norm = norm_of(host, w.rows * w.cols);
    bool ok = spectrum_of(&found->spectrum, host, w.rows, w.cols, err);
    mem_free(host);
    return ok;
}

static bool look_at_change(const VerbCall *call, Found *found, Error *err)
{
    const Learned *learned = learned_by_name(call->bench, args_text(call->args, "of"), err);
    if (learned == NULL) return false;
    found->module = find_module(call->worker->model, args_text(call->args, "module"), err);
    if (found->module == NULL) return false;
    Change change;
    bool   ok = change_of(&change, call->worker, learned, found->module, err) &&
              change_spectrum(&found->spectrum, &change, err) &&
              amplify(call, found, &change, err) && compare_with(call, found, &change, err);
    change_free(&change);
    return ok;
}

static bool check_keys(const Args *args, Error *err)
{
    bool weight = args_text(args, "weight") != NULL, of = args_text(args, "of") != NULL;
    if (weight == of) return error_set(err, ERR_INPUT, "spectrum needs either weight= or of=");
    if (of != (args_text(args, "module") != NULL)) {
        return error_set(err, ERR_INPUT, "spectrum: of= and module= go together");
    }
    if (of || args_text(args, "overlap") == NULL) return true;
    return error_set(err, ERR_INPUT, "spectrum: overlap= compares adapters and needs of=");
}

static Datum *run(VerbCall *call, Error *err)
{
    const double nothing = (double)NAN;
    Found        found = {.k = nothing,
                          .projected = nothing,
                          .own = nothing,
                          .random = nothing,
                          .base_norm = nothing};
    Datum       *answer = NULL;
    if (!check_keys(call->args, err)) return NULL;
    bool weight = args_text(call->args, "weight") != NULL;
    if (weight ? look_at_weight(call, &found, err) : look_at_change(call, &found, err)) {
        answer = answer_of(&found, err);
    }
    spectrum_free(&found.spectrum);
    mem_free(found.phi);
    return answer;
}

const Verb verb_spectrum = {
    .command = {.name = "spectrum",
                .operands = "",
                .summary = "singular values of a base weight, or of what an adapter learned",
                .details = "With overlap: how much the subspaces of two learned changes share "
                           "(section 7.2 of the LoRA paper). With of: how much a learned direction "
                           "was amplified (table 7).",
                .example = "s = spectrum of=a module=layers.2.self_attn.v_proj",
                .args = rows},
    .fields = fields,
    .run = run,
};
