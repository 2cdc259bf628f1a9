/* The network against transformers: logits, losses, greedy continuations, and itself. */

#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/model/generate.h"
#include "tests/model/net_rig.h"

static const char *const models[] = {"qwen2-tied", "qwen2-untied-bf16-sharded", "llama-rope3",
                                     "llama-linear"};
enum { MODELS = sizeof models / sizeof *models };

static Json *expected_json(const char *model)
{
    char name[128];
    snprintf(name, sizeof name, "models/%s.expected.json", model);
    return fixture_json(name);
}

static TensorFile *expected_tensors(const char *model)
{
    char name[128];
    snprintf(name, sizeof name, "models/%s.expected.safetensors", model);
    return fixture_tensors(name);
}

/* ---- logits and losses ------------------------------------------------------------------ */

static void compare_sequence(NetRig *rig, const JsonNode *root, TensorFile *want, int which)
{
    int32_t  ids[NET_BATCH_ROWS];
    NetBatch batch = {.rows = {0}};
    char     name[16];
    Index    n, values;
    n = fixture_ids(json_at(json_get(root, "input_ids"), which), ids);
    net_batch_add(&batch, ids, NULL, n, 0);
    snprintf(name, sizeof name, "logits.%d", which);

    float *expected = fixture_tensor(want, name, &values);
    float *logits = net_rig_logits(rig, &batch);
    assert_int_equal(values, n * rig->model->config.V);
    assert_close(largest_difference(logits, expected, values), 0.0, 1e-4);
    double loss = json_number(json_at(json_get(root, "losses"), which));
    assert_close(net_rig_loss(rig, &batch), loss, 2e-5);
    mem_free(expected);
    mem_free(logits);
}

static void compare_model(bool ref, const char *model)
{
    NetRig rig;
    net_rig_open(&rig, ref, model);
    Json       *json = expected_json(model);
    TensorFile *want = expected_tensors(model);
    for (int which = 0; which < 2; which++) compare_sequence(&rig, json_root(json), want, which);
    tensors_close(want);
    json_free(json);
    net_rig_close(&rig);
}

static void logits_and_losses_are_those_of_transformers_on_ref(void **state)
{
    (void)state;
    for (int i = 0; i < MODELS; i++) compare_model(true, models[i]);
}

static void logits_and_losses_are_those_of_transformers_on_cpu(void **state)
{
    (void)state;
    for (int i = 0; i < MODELS; i++) compare_model(false, models[i]);
}

/* ---- generation ------------------------------------------------------------------------- */

static void compare_greedy(bool ref, const char *model)
{
    NetRig rig;
    net_rig_open(&rig, ref, model);
    Json        *json = expected_json(model);
    int32_t      prompt[NET_BATCH_ROWS], want[NET_BATCH_ROWS];
    Index        n = fixture_ids(json_get(json_root(json), "prompt"), prompt);
    Index        wanted = fixture_ids(json_get(json_root(json), "greedy_12"), want);
    GenerateSpec spec = {.max_new_tokens = 12};
    Ids          out = {0};
    StopReason   stop;
    Error        err = {0};
    assert_true(generate(rig.net, rig.tape, prompt, n, spec, NULL, NULL, NULL, &out, &stop, &err));
    assert_int_equal(out.count, wanted);
    assert_memory_equal(out.data, want, (size_t)wanted * sizeof *want);
    assert_int_equal(stop, STOP_LENGTH);

    out.count = 0;
    n = fixture_ids(json_get(json_root(json), "stop_prompt"), prompt);
    wanted = fixture_ids(json_get(json_root(json), "stop_greedy_with_end_token"), want);
    spec.max_new_tokens = 40;
    assert_true(generate(rig.net, rig.tape, prompt, n, spec, NULL, NULL, NULL, &out, &stop, &err));
    assert_int_equal(out.count, wanted - 1); /* without the end token */
    assert_memory_equal(out.data, want, (size_t)(wanted - 1) * sizeof *want);
    assert_int_equal(stop, STOP_END);
    ids_free(&out);
    json_free(json);
    net_rig_close(&rig);
}

static void greedy_continuations_are_those_of_transformers(void **state)
{
    (void)state;
    for (int i = 0; i < MODELS; i++) compare_greedy(false, models[i]);
    compare_greedy(true, models[0]);
    compare_greedy(true, models[2]);
}

/* ---- itself ----------------------------------------------------------------------------- */

/* Logits of ids 0..n-1 fed to a cache in pieces equal those of one pass. */
static void a_cache_fed_in_pieces_gives_the_logits_of_one_pass(void **state)
{
    (void)state;
    static const Index pieces[] = {5, 1, 1, 7, 3};
    NetRig             rig;
    net_rig_open(&rig, false, "llama-rope3");
    Json    *json = expected_json("llama-rope3");
    int32_t  ids[NET_BATCH_ROWS];
    Index    n = fixture_ids(json_at(json_get(json_root(json), "input_ids"), 0), ids), at = 0;
    NetBatch whole = {.rows = {0}};
    Error    err = {0};
    net_batch_add(&whole, ids, NULL, n, 0);
    float   *want = net_rig_logits(&rig, &whole);
    KvCache *cache = kvcache_create(rig.model, n, rig.account, &err);
    assert_ok(&err);
    for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
        NetBatch piece = {.rows = {0}};
        net_batch_add(&piece, ids + at, NULL, pieces[p], 0);
        for (Index i = 0; i < pieces[p]; i++) piece.position[i] = (int32_t)(at + i);
        piece.rows.cache = cache;
        float *got = net_rig_logits(&rig, &piece);
        Index  V = rig.model->config.V;
        assert_close(largest_difference(got, want + at * V, pieces[p] * V), 0.0, 1e-5);
        mem_free(got);
        at += pieces[p];
    }
    assert_int_equal(at, n);
    assert_int_equal(kvcache_length(cache), n);
    kvcache_free(cache);
    mem_free(want);
    json_free(json);
    net_rig_close(&rig);
}

/* Rows that nobody asks for change nothing in those that somebody does. */
static void picked_rows_have_the_loss_of_all_rows(void **state)
{
    (void)state;
    NetRig rig;
    net_rig_open(&rig, true, "qwen2-tied");
    int32_t ids[] = {5, 9, 77, 31, 8, 8, 60, 2, 41}, labels[] = {-1, -1, -1, 31, -1, 8, -1, -1, 41};
    NetBatch few = {.rows = {0}};
    net_batch_add(&few, ids, labels, 9, 0);
    assert_int_equal(few.rows.M, 3);
    float *logits = net_rig_logits(&rig, &few);
    double loss = 0.0;
    for (Index m = 0; m < 3; m++) {
        double one;
        Index  V = rig.model->config.V;
        rig.be->cross_entropy(rig.be, logits + few.pick[m] * V, &one, NULL, &few.labels[m], 1, V,
                              0.0f);
        loss += one / 3.0;
    }
    assert_close(net_rig_loss(&rig, &few), loss, 1e-6);
    mem_free(logits);
    net_rig_close(&rig);
}

static void a_packed_segment_has_the_logits_it_has_alone(void **state)
{
    (void)state;
    NetRig rig;
    net_rig_open(&rig, false, "qwen2-tied");
    int32_t  a[] = {5, 9, 77, 31}, b[] = {60, 2, 41, 1, 1, 90, 12};
    Index    V = rig.model->config.V;
    NetBatch both = {.rows = {0}}, alone = {.rows = {0}};
    net_batch_add(&both, a, NULL, 4, 0);
    net_batch_add(&both, b, NULL, 7, 1);
    net_batch_add(&alone, b, NULL, 7, 1);
    float *packed = net_rig_logits(&rig, &both), *single = net_rig_logits(&rig, &alone);
    assert_close(largest_difference(packed + 4 * V, single, 7 * V), 0.0, 1e-5);
    mem_free(packed);
    mem_free(single);
    net_rig_close(&rig);
}

static void create_net(void *context, Error *err)
{
    net_free(net_create(context, err));
}

static void net_create_survives_every_failed_allocation(void **state)
{
    (void)state;
    NetRig rig;
    net_rig_open(&rig, true, "qwen2-tied");
    torture(create_net, rig.model);
    net_rig_close(&rig);
}

TEST_GROUP(net, cmocka_unit_test(logits_and_losses_are_those_of_transformers_on_ref),
           cmocka_unit_test(logits_and_losses_are_those_of_transformers_on_cpu),
           cmocka_unit_test(greedy_continuations_are_those_of_transformers),
           cmocka_unit_test(a_cache_fed_in_pieces_gives_the_logits_of_one_pass),
           cmocka_unit_test(picked_rows_have_the_loss_of_all_rows),
           cmocka_unit_test(a_packed_segment_has_the_logits_it_has_alone),
           cmocka_unit_test(net_create_survives_every_failed_allocation));
