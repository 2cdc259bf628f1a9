/*
 * Two ways of adapting that the program does not have, each a few lines on top of Hooks: proof
 * that a new method needs no change in the network or the trainer. Their gradients are compared
 * with finite differences on the oracle.
 */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/random.h"
#include "tests/model/net_rig.h"

enum { LAYERS = 2, PARAMS_MAX = 2 * 2 * LAYERS };

typedef struct Toy {
    ParamSet *params;
    Param    *first[LAYERS][2], *second[LAYERS][2]; /* what they are: see each method */
    Hooks     hooks;
} Toy;

static Param *toy_param(Toy *toy, const char *what, int layer, int which, Index rows, Index cols)
{
    Error err = {0};
    char  name[64];
    snprintf(name, sizeof name, "layer %d %s %d", layer, what, which);
    Param *param = params_add(toy->params, name, rows, cols, &err);
    assert_ok(&err);
    return param;
}

static void toy_open(Toy *toy, NetRig *rig)
{
    Error err = {0};
    *toy = (Toy){.params = params_create(rig->be, rig->account, &err)};
    assert_ok(&err);
    assert_int_equal(rig->model->config.L, LAYERS);
}

/* Reserve, draw all values from N(0, std^2), act. */
static void toy_start(Toy *toy, NetRig *rig, double std)
{
    Error    err = {0};
    TorchRng rng;
    float    host[4096];
    assert_true(params_build(toy->params, true, &err));
    torch_seed(&rng, 5);
    for (Index i = 0; i < toy->params->count; i++) {
        Param *param = toy->params->list[i];
        Index  n = param->tensor.rows * param->tensor.cols;
        assert_true(n <= (Index)(sizeof host / sizeof *host));
        torch_normal(&rng, host, n, 0.0, std);
        param_put(toy->params, param, host);
    }
    toy->hooks.self = toy;
    assert_true(net_add_hooks(rig->net, &toy->hooks, &err));
    assert_true(net_reserve(rig->net, NET_BATCH_ROWS, &err));
}

static void toy_close(Toy *toy, NetRig *rig)
{
    net_remove_hooks(rig->net, &toy->hooks);
    params_free(toy->params);
}

/* ---- a bottleneck after each sub-layer (Houlsby et al. 2019): y + gelu(y Down^T) Up^T ------ */

static Tensor *bottleneck(void *self, Tape *tape, int layer, SubLayer which, Tensor *y)
{
    Toy      *toy = self;
    WeightRef down = {.trained = &toy->first[layer][which]->tensor};
    WeightRef up = {.trained = &toy->second[layer][which]->tensor};
    VectorRef none = {.frozen = NULL};

    Tensor *narrow = tape_linear(tape, y, down, none);
    Tensor *bent = tape_activation(tape, ACT_GELU, narrow);
    tape_done(tape, narrow);
    Tensor *wide = tape_linear(tape, bent, up, none);
    tape_done(tape, bent);
    wide = tape_add(tape, wide, y);
    tape_done(tape, y);
    return wide;
}

static void bottleneck_open(Toy *toy, NetRig *rig)
{
    Index D = rig->model->config.D;
    toy_open(toy, rig);
    for (int l = 0; l < LAYERS; l++) {
        for (int which = 0; which < 2; which++) {
            toy->first[l][which] = toy_param(toy, "down", l, which, 5, D);
            toy->second[l][which] = toy_param(toy, "up", l, which, D, 5);
        }
    }
    toy->hooks.sublayer = bottleneck;
    toy_start(toy, rig, 0.3);
}

/* ---- learned keys and values before all tokens (Li, Liang 2021) ---------------------------- */

static bool prefix(void *self, Tape *tape, int layer, Tensor **k, Tensor **v)
{
    (void)tape;
    Toy *toy = self;
    *k = &toy->first[layer][0]->tensor;
    *v = &toy->second[layer][0]->tensor;
    return true;
}

static void prefix_open(Toy *toy, NetRig *rig)
{
    Index width = rig->model->config.G * rig->model->config.K;
    toy_open(toy, rig);
    for (int l = 0; l < LAYERS; l++) {
        toy->first[l][0] = toy_param(toy, "keys", l, 0, 3, width);
        toy->second[l][0] = toy_param(toy, "values", l, 0, 3, width);
    }
    toy->hooks.prefix = prefix;
    toy->hooks.prefix_rows = 3;
    toy_start(toy, rig, 1.0);
}

/* ---- gradients -------------------------------------------------------------------------- */

typedef void ToyOpen(Toy *toy, NetRig *rig);

static void toy_batch(NetBatch *batch)
{
    static const int32_t a[] = {5, 9, 57, 31, 8, 8, 60, 2}, b[] = {60, 2, 41, 1, 1};
    *batch = (NetBatch){.rows = {0}};
    net_batch_add(batch, a, NULL, 8, 0);
    net_batch_add(batch, b, NULL, 5, 1);
}

/* The loss with w + at * direction in place of the parameter's values w. */
static double loss_at(NetRig *rig, const NetBatch *batch, Toy *toy, Param *param, const float *w,
                      const double *direction, double at)
{
    float moved[4096];
    Index n = param->tensor.rows * param->tensor.cols;
    for (Index i = 0; i < n; i++) moved[i] = (float)((double)w[i] + at * direction[i]);
    param_put(toy->params, param, moved);
    double loss = net_rig_loss(rig, batch);
    param_put(toy->params, param, w);
    return loss;
}

/* Along the gradient and a random direction together: its length and its signs are seen. */
static void check_param(NetRig *rig, const NetBatch *batch, Toy *toy, Param *param,
                        const float *grad)
{
    float  w[4096];
    double direction[4096], norm = 0.0, want = 0.0;
    Index  n = param->tensor.rows * param->tensor.cols;
    for (Index i = 0; i < n; i++) norm += (double)grad[i] * (double)grad[i];
    norm = sqrt(norm);
    assert_true(norm > 0.0);
    for (Index i = 0; i < n; i++) {
        double random = (double)random_unit(1, 2, (uint64_t)i) - 0.5;
        direction[i] = (double)grad[i] / norm + random / sqrt((double)n);
        want += direction[i] * (double)grad[i];
    }
    param_get(toy->params, param, w);
    double h = 0.03, near, far;
    near = loss_at(rig, batch, toy, param, w, direction, h) -
           loss_at(rig, batch, toy, param, w, direction, -h);
    far = loss_at(rig, batch, toy, param, w, direction, 2.0 * h) -
          loss_at(rig, batch, toy, param, w, direction, -2.0 * h);
    double slope = (8.0 * near - far) / (12.0 * h);
    if (!(fabs(slope - want) <= 2e-3 * fabs(want) + 1e-5)) {
        fail_msg("%s: slope %g, gradient %g", param->name, slope, want);
    }
}

static void check_gradients(ToyOpen *open)
{
    NetRig   rig;
    Toy      toy;
    NetBatch batch;
    float   *grads[PARAMS_MAX];
    net_rig_open(&rig, true, "qwen2-tied");
    toy_batch(&batch);
    double plain = net_rig_loss(&rig, &batch);
    open(&toy, &rig);
    double loss = net_rig_gradients(&rig, &batch, toy.params);
    assert_true(fabs(loss - plain) > 1e-3);
    for (Index i = 0; i < toy.params->count; i++) {
        grads[i] = net_rig_gradient(toy.params, toy.params->list[i]);
    }
    for (Index i = 0; i < toy.params->count; i++) {
        check_param(&rig, &batch, &toy, toy.params->list[i], grads[i]);
        mem_free(grads[i]);
    }
    toy_close(&toy, &rig);
    assert_true(net_rig_loss(&rig, &batch) == plain);
    net_rig_close(&rig);
}

static void a_bottleneck_has_the_gradient_of_its_differences(void **state)
{
    (void)state;
    check_gradients(bottleneck_open);
}

static void a_prefix_has_the_gradient_of_its_differences(void **state)
{
    (void)state;
    check_gradients(prefix_open);
}

static void checkpointing_gives_a_new_method_the_same_bits(void **state)
{
    (void)state;
    static ToyOpen *const opens[] = {bottleneck_open, prefix_open};
    for (int i = 0; i < 2; i++) {
        NetRig   rig;
        Toy      toy;
        NetBatch batch;
        float    grads[2][8192];
        net_rig_open(&rig, false, "qwen2-tied");
        toy_batch(&batch);
        opens[i](&toy, &rig);
        assert_true(toy.params->total <= 8192);
        size_t bytes = (size_t)toy.params->total * sizeof(float);
        for (int on = 0; on < 2; on++) {
            rig.net->checkpointing = on == 1;
            (void)net_rig_gradients(&rig, &batch, toy.params);
            memcpy(grads[on], toy.params->grads, bytes);
        }
        assert_memory_equal(grads[0], grads[1], bytes);
        toy_close(&toy, &rig);
        net_rig_close(&rig);
    }
}

/* Real tokens begin at position P, in one pass and with a cache alike. */
static void a_prefix_is_seen_by_tokens_that_come_one_by_one(void **state)
{
    (void)state;
    NetRig   rig;
    Toy      toy;
    NetBatch batch;
    Error    err = {0};
    net_rig_open(&rig, false, "qwen2-tied");
    toy_batch(&batch);
    prefix_open(&toy, &rig);
    float   *want = net_rig_logits(&rig, &batch);
    KvCache *cache = kvcache_create(rig.model, 8, rig.account, &err);
    assert_ok(&err);
    Index V = rig.model->config.V;
    for (Index t = 0; t < 8; t++) {
        NetBatch one = {.rows = {0}};
        net_batch_add(&one, batch.ids + t, NULL, 1, 0);
        one.position[0] = (int32_t)t;
        one.rows.cache = cache;
        float *got = net_rig_logits(&rig, &one);
        assert_close(largest_difference(got, want + t * V, V), 0.0, 1e-5);
        mem_free(got);
    }
    kvcache_free(cache);
    mem_free(want);
    toy_close(&toy, &rig);
    net_rig_close(&rig);
}

static void more_hooks_than_there_is_room_for_are_refused(void **state)
{
    (void)state;
    NetRig             rig;
    Error              err = {0};
    static const Hooks nothing;
    net_rig_open(&rig, true, "qwen2-tied");
    for (int i = 0; i < NET_MAX_HOOKS; i++) assert_true(net_add_hooks(rig.net, &nothing, &err));
    assert_false(net_add_hooks(rig.net, &nothing, &err));
    assert_error(&err, ERR_INPUT, "at most");
    net_remove_hooks(rig.net, &nothing);
    assert_int_equal(rig.net->hook_count, 0);
    net_rig_close(&rig);
}

TEST_GROUP(hooks, cmocka_unit_test(a_bottleneck_has_the_gradient_of_its_differences),
           cmocka_unit_test(a_prefix_has_the_gradient_of_its_differences),
           cmocka_unit_test(checkpointing_gives_a_new_method_the_same_bits),
           cmocka_unit_test(a_prefix_is_seen_by_tokens_that_come_one_by_one),
           cmocka_unit_test(more_hooks_than_there_is_room_for_are_refused));
