/* The bench for whole models: see net_rig.h. */

#include "tests/model/net_rig.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"

void net_rig_open(NetRig *rig, bool ref, const char *model)
{
    Error err = {0};
    char  name[128];
    snprintf(name, sizeof name, "models/%s", model);
    *rig = (NetRig){0};
    rig->account = mem_account_create("test", &err);
    assert_ok(&err);
    rig->be = ref ? backend_ref_create(&err) : backend_cpu_create(2, &err);
    assert_ok(&err);
    rig->model = model_load(test_fixture(name), rig->be, rig->account, &err);
    assert_ok(&err);
    rig->net = net_create(rig->model, &err);
    assert_ok(&err);
    rig->tape = tape_create(rig->be, rig->account, &err);
    assert_ok(&err);
    assert_true(net_reserve(rig->net, NET_BATCH_ROWS, &err));
}

void net_rig_close(NetRig *rig)
{
    tape_free(rig->tape);
    net_free(rig->net);
    model_free(rig->model);
    rig->be->free(rig->be);
    mem_account_free(rig->account);
}

/* ---- batches ---------------------------------------------------------------------------- */

static void add_pick(NetBatch *batch, Index row, int32_t label)
{
    Rows *rows = &batch->rows;
    batch->pick[rows->M] = row;
    batch->pick_key[rows->M] = batch->key[row];
    batch->labels[rows->M] = label;
    rows->M++;
}

void net_batch_add(NetBatch *batch, const int32_t *ids, const int32_t *labels, Index n,
                   uint64_t serial)
{
    Rows *rows = &batch->rows;
    CHECK(rows->N + n <= NET_BATCH_ROWS && rows->S < NET_BATCH_SEGMENTS);
    for (Index t = 0; t < n; t++) {
        Index row = rows->N + t;
        batch->ids[row] = ids[t];
        batch->position[row] = (int32_t)t;
        batch->key[row] = serial << 32 | (uint64_t)t;
        int32_t label = t + 1 == n ? -1 : labels == NULL ? ids[t + 1] : labels[t + 1];
        if (label >= 0) add_pick(batch, row, label);
    }
    rows->N += n;
    rows->S++;
    batch->at[rows->S] = rows->N;
    rows->ids = batch->ids;
    rows->position = batch->position;
    rows->at = batch->at;
    rows->pick = batch->pick;
}

void net_batch_drop(NetBatch *batch)
{
    batch->rows.row_key = batch->key;
    batch->rows.pick_key = batch->pick_key;
}

/* ---- through the network ---------------------------------------------------------------- */

float *net_rig_logits(NetRig *rig, const NetBatch *batch)
{
    Error err = {0};
    Rows  rows = batch->rows;
    rows.pick = NULL;
    rows.pick_key = NULL;
    tape_begin(rig->tape, false, NULL);
    Tensor *hidden = net_forward(rig->net, rig->tape, &rows);
    Tensor *logits = net_logits(rig->net, rig->tape, hidden);
    tape_ok(rig->tape, &err);
    assert_ok(&err);

    Index  n = rows.N * rig->model->config.V;
    float *host = mem_alloc(mem_program(), MEM_SCRATCH, n, sizeof *host, &err);
    assert_ok(&err);
    rig->be->get(rig->be, host, logits->data, n * (Index)sizeof *host);
    tape_done(rig->tape, hidden);
    tape_done(rig->tape, logits);
    tape_reset(rig->tape);
    return host;
}

static double run_loss(NetRig *rig, const NetBatch *batch, bool record)
{
    Error    err = {0};
    double   sum = 0.0;
    LossSpec spec = {.labels = batch->labels, .loss_sum = &sum};
    spec.grad_scale = record ? 1.0f / (float)batch->rows.M : 0.0f;
    tape_begin(rig->tape, record, NULL);
    Tensor *hidden = net_forward(rig->net, rig->tape, &batch->rows);
    net_loss(rig->net, rig->tape, hidden, spec);
    tape_done(rig->tape, hidden);
    if (record) (void)!tape_backward(rig->tape, &err);
    tape_finish(rig->tape, &err);
    assert_ok(&err);
    tape_reset(rig->tape);
    return sum / (double)batch->rows.M;
}

double net_rig_loss(NetRig *rig, const NetBatch *batch)
{
    return run_loss(rig, batch, false);
}

double net_rig_gradients(NetRig *rig, const NetBatch *batch, ParamSet *set)
{
    if (set != NULL) params_zero_grads(set);
    return run_loss(rig, batch, true);
}

float *net_rig_gradient(const ParamSet *set, const Param *param)
{
    Error  err = {0};
    Index  n = param->tensor.rows * param->tensor.cols;
    float *host = mem_alloc(mem_program(), MEM_SCRATCH, n, sizeof *host, &err);
    assert_ok(&err);
    set->be->get(set->be, host, param->tensor.grad, n * (Index)sizeof *host);
    return host;
}

/* ---- fixtures --------------------------------------------------------------------------- */

Json *fixture_json(const char *name)
{
    Error err = {0};
    Json *json = json_read(test_fixture(name), 1 << 20, &err);
    assert_ok(&err);
    return json;
}

TensorFile *fixture_tensors(const char *name)
{
    Error       err = {0};
    TensorFile *file = tensors_open(test_fixture(name), &err);
    assert_ok(&err);
    return file;
}

Index fixture_ids(const JsonNode *list, int32_t out[NET_BATCH_ROWS])
{
    Index n = json_count(list);
    assert_true(json_is_array(list) && n <= NET_BATCH_ROWS);
    for (Index i = 0; i < n; i++) out[i] = (int32_t)json_integer(json_at(list, i));
    return n;
}

float *fixture_tensor(TensorFile *file, const char *name, Index *n)
{
    Error             err = {0};
    const TensorInfo *info = tensors_find(file, name);
    if (info == NULL) fail_msg("the fixture has no tensor %s", name);
    *n = 1;
    for (int i = 0; i < info->rank; i++) *n *= (Index)info->shape[i];
    float *values = mem_alloc(mem_program(), MEM_SCRATCH, *n, sizeof *values, &err);
    assert_ok(&err);
    (void)!tensors_read_f32(file, info, values, &err);
    assert_ok(&err);
    return values;
}

double largest_difference(const float *a, const float *b, Index n)
{
    double most = 0.0;
    for (Index i = 0; i < n; i++) {
        double d = fabs((double)a[i] - (double)b[i]);
        if (!(d <= most)) most = d;
        if (isnan(most)) return most;
    }
    return most;
}
