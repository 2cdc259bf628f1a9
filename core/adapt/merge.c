/*
 * Merging in memory. The base is shared and never written to: what changes is a private copy in
 * the Net, and undoing is to drop it. A copy of a matrix has the base's storage type, so merging
 * into bfloat16 rounds as it would on disk; vectors are float32 here as they are in the base.
 */

#include <math.h>
#include <string.h>

#include "core/adapt/merge_internal.h"
#include "core/base/mem.h"
#include "core/math/convert.h"

/* One changed parameter. */
typedef struct Change {
    const Module *module;
    char          which;
    void         *data; /* in the backend's space */
    Index         bytes;
    Mat           before;        /* 'w': what net->merged held */
    Tensor       *vector_before; /* 'g', 'b' */
    Tensor        vector;
    bool          replaced; /* a copy took the base's place: nothing to subtract */
} Change;

struct Merge {
    Net          *net;
    const Method *method;
    MemAccount   *account;
    Change       *changes;
    Index         count;
};

/* ---- places in the Net ------------------------------------------------------------------ */

static Mat *matrix_place(Net *net, const Module *module)
{
    return &net->merged[module - net->model->modules];
}

static Tensor **vector_place(Net *net, const Change *change)
{
    return &(change->which == 'b' ? net->bias : net->weight)[change->module - net->model->modules];
}

/* The matrix that computes now: an earlier merge's, or the base's. */
static Mat current_matrix(Net *net, const Module *module)
{
    Mat merged = *matrix_place(net, module);
    return merged.data != NULL ? merged : module->weight;
}

static const float *current_vector(Net *net, const Change *change)
{
    const Tensor *t = *vector_place(net, change);
    if (t != NULL) return t->data;
    return change->which == 'b' ? change->module->bias : change->module->gain;
}

static void put_in_place(Net *net, Change *change)
{
    const Module *m = change->module;
    if (change->which == 'w') {
        Mat *place = matrix_place(net, m), now = current_matrix(net, m);
        change->before = *place;
        *place = (Mat){change->data, now.dtype, now.rows, now.cols};
        return;
    }
    Tensor **place = vector_place(net, change);
    change->vector_before = *place;
    change->vector = (Tensor){.data = change->data, .rows = 1, .cols = m->out, .is_param = true};
    *place = &change->vector;
}

static void drop(Merge *merge, Change *change)
{
    Backend *be = merge->net->model->be;
    if (change->data == NULL) return;
    if (change->which == 'w') {
        Mat *place = matrix_place(merge->net, change->module);
        CHECK(place->data == change->data); /* else: a later merge is still there */
        *place = change->before;
    } else {
        Tensor **place = vector_place(merge->net, change);
        CHECK(*place == &change->vector);
        *place = change->vector_before;
    }
    be->release(be, change->data);
    mem_count(merge->account, be->space, MEM_WEIGHTS, -change->bytes, -change->bytes);
    change->data = NULL;
}

/* ---- values ----------------------------------------------------------------------------- */

/* The values before, on the host. */
static bool get_before(Net *net, const Change *change, float *host, Error *err)
{
    Backend *be = net->model->be;
    if (change->which == 'w') {
        return merge_get_matrix(be, current_matrix(net, change->module), host, err);
    }
    be->get(be, host, current_vector(net, change), change->module->out * (Index)sizeof(float));
    return true;
}

static DType storage(Net *net, const Change *change)
{
    return change->which == 'w' ? current_matrix(net, change->module).dtype : DTYPE_F32;
}

/* Convert host[n] to the storage type and send it to data; host becomes what was stored. A value
 * too large for the type is refused. */
static bool store(Net *net, const Change *change, float *host, Index n, Error *err)
{
    Backend *be = net->model->be;
    DType    dtype = storage(net, change);
    void    *raw = mem_alloc_raw(mem_program(), MEM_SCRATCH, n, dtype_bytes(dtype), err);
    if (raw == NULL) return false;
    convert_from_f32(raw, dtype, host, n);
    convert_to_f32(host, raw, dtype, n);
    be->put(be, change->data, raw, n * dtype_bytes(dtype));
    mem_free(raw);
    for (Index i = 0; i < n; i++) {
        if (isfinite(host[i])) continue;
        return error_set(err, ERR_NUMERIC,
                         "%s: value %td does not fit the base's type %s after "
                         "merging",
                         change->module->name, i, dtype_name(dtype));
    }
    return true;
}

static bool reserve(Merge *merge, Change *change, Index n, Error *err)
{
    Backend *be = merge->net->model->be;
    change->bytes = n * dtype_bytes(storage(merge->net, change));
    change->data = be->alloc(be, change->bytes, err);
    if (change->data == NULL) return false;
    mem_count(merge->account, be->space, MEM_WEIGHTS, change->bytes, change->bytes);
    return true;
}

static void forget(Merge *merge, Change *change)
{
    Backend *be = merge->net->model->be;
    be->release(be, change->data);
    mem_count(merge->account, be->space, MEM_WEIGHTS, -change->bytes, -change->bytes);
    change->data = NULL;
}

/* host: room for two copies of the values. */
static bool apply_change(Merge *merge, Change *change, float *host, Index n, Error *err)
{
    const Module *m = change->module;
    bool          changed;
    if (!get_before(merge->net, change, host, err)) return false;
    if (!merge_values(merge->method, m, change->which, host, host + n, &changed, err)) return false;
    CHECK(changed);
    change->replaced = method_find_copy(merge->method, m, change->which) != NULL;
    if (!reserve(merge, change, n, err)) return false;
    if (!store(merge->net, change, host + n, n, err)) {
        forget(merge, change);
        return false;
    }
    put_in_place(merge->net, change);
    return true;
}

static bool apply_one(Merge *merge, const Module *module, char which, Error *err)
{
    Index n = merge_count(module, which);
    if (!merge_changes(merge->method, module, which)) return true;
    Index  room = n > 0 ? n : module->out; /* a bias that the base lacks is refused below */
    float *host = mem_alloc_raw(mem_program(), MEM_SCRATCH, 2 * room, sizeof *host, err);
    if (host == NULL) return false;
    Change *change = &merge->changes[merge->count];
    *change = (Change){.module = module, .which = which};
    bool added, ok;
    if (n == 0) {
        ok = merge->method->add_bias_delta(merge->method, module, 1.0, host, &added, err);
        CHECK(!ok);
    } else {
        ok = apply_change(merge, change, host, n, err);
    }
    mem_free(host);
    if (ok) merge->count++;
    return ok;
}

/* ---- the three verbs -------------------------------------------------------------------- */

static bool apply_all(Merge *merge, Error *err)
{
    const Model *model = merge->net->model;
    for (Index i = 0; i < model->module_count; i++) {
        const Module *module = &model->modules[i];
        for (const char *which = "wgb"; *which != '\0'; which++) {
            if (!apply_one(merge, module, *which, err)) return false;
        }
    }
    return true;
}

Merge *merge_apply(Net *net, Method *method, MemAccount *account, Error *err)
{
    CHECK(net->model == method->model);
    method->detach(method, net); /* its copies would hide the base's values */
    Merge *merge = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *merge, err);
    if (merge == NULL) return NULL;
    *merge = (Merge){.net = net, .method = method, .account = account};
    /* At most a weight or gain and a bias each; the array must not move (see vector). */
    merge->changes = mem_alloc(mem_program(), MEM_TEXT, 2 * net->model->module_count,
                               sizeof *merge->changes, err);
    if (merge->changes == NULL || !apply_all(merge, err)) {
        merge_free(merge);
        return NULL;
    }
    return merge;
}

void merge_free(Merge *merge)
{
    if (merge == NULL) return;
    while (merge->count > 0) drop(merge, &merge->changes[--merge->count]);
    mem_free(merge->changes);
    mem_free(merge);
}

/* W - scale B A in the copy, rounded to the storage type; *drift grows to the difference. */
static bool subtract_one(Merge *merge, const Change *change, float *host, Index n, double *drift,
                         Error *err)
{
    const Module *m = change->module;
    Backend      *be = merge->net->model->be;
    float        *before = host + n;
    bool          changed, matrix = change->which == 'w';
    if (!get_before(merge->net, change, host, err)) return false;
    bool ok = matrix ? merge->method->add_delta(merge->method, m, -1.0, host, &changed, err)
                     : merge->method->add_bias_delta(merge->method, m, -1.0, host, &changed, err);
    if (!ok || !store(merge->net, change, host, n, err)) return false;

    if (matrix) {
        Mat was = change->before.data != NULL ? change->before : m->weight;
        if (!merge_get_matrix(be, was, before, err)) return false;
    } else {
        const Tensor *was = change->vector_before;
        be->get(be, before, was != NULL ? was->data : m->bias, n * (Index)sizeof(float));
    }
    for (Index i = 0; i < n; i++) {
        double off = fabs((double)host[i] - (double)before[i]);
        if (off > *drift) *drift = off;
    }
    return true;
}

bool merge_undo_subtract(Merge *merge, double *drift, Error *err)
{
    *drift = 0.0;
    for (Index i = merge->count - 1; i >= 0; i--) {
        Change *change = &merge->changes[i];
        if (change->replaced) {
            drop(merge, change);
            continue;
        }
        if (change->data == NULL) continue;
        Index  n = merge_count(change->module, change->which);
        float *host = mem_alloc_raw(mem_program(), MEM_SCRATCH, 2 * n, sizeof *host, err);
        bool   ok = host != NULL && subtract_one(merge, change, host, n, drift, err);
        mem_free(host);
        if (!ok) return false;
    }
    return true;
}
