/* One base seen through several backends at once. */

#include <pthread.h>
#include <string.h>

#include "core/base/mem.h"
#include "tests/model/net_rig.h"

static NetBatch small_batch(void)
{
    NetBatch batch = {.rows = {0}};
    int32_t  ids[] = {5, 6, 7, 8, 9, 10, 11};
    net_batch_add(&batch, ids, NULL, 7, 0);
    net_batch_add(&batch, ids + 2, NULL, 4, 1);
    return batch;
}

/* A rig of the same base through another backend. */
static void open_view(NetRig *view, const NetRig *rig, Backend *be)
{
    Error err = {0};
    *view = (NetRig){.be = be};
    view->account = mem_account_create("view", &err);
    view->model = model_view(rig->model, be, &err);
    assert_ok(&err);
    view->net = net_create(view->model, &err);
    view->tape = tape_create(be, view->account, &err);
    assert_ok(&err);
}

static void close_view(NetRig *view)
{
    tape_free(view->tape);
    net_free(view->net);
    model_free(view->model);
    mem_account_free(view->account);
    view->be->free(view->be);
}

static void a_view_computes_the_same_bits_without_a_copy(void **state)
{
    (void)state;
    Error    err = {0};
    NetRig   rig, view;
    NetBatch batch = small_batch();
    net_rig_open(&rig, false, "qwen2-tied");
    double  want = net_rig_loss(&rig, &batch);
    int64_t weights = mem_use(rig.model->account, MEM_HOST, MEM_WEIGHTS).in_use;

    open_view(&view, &rig, backend_cpu_create(1, &err));
    assert_ok(&err);
    assert_int_equal(rig.model->rope_positions, rig.model->config.max_position);
    assert_ptr_equal(view.model->modules, rig.model->modules);
    assert_true(view.model->hash == rig.model->hash);
    assert_true(model_bytes(view.model) == model_bytes(rig.model) && model_bytes(rig.model) > 0);
    assert_true(mem_use(rig.model->account, MEM_HOST, MEM_WEIGHTS).in_use == weights);
    assert_true(net_rig_loss(&view, &batch) == want);
    assert_true(model_reserve_positions(view.model, rig.model->config.max_position, &err));
    assert_false(model_reserve_positions(view.model, rig.model->config.max_position + 1, &err));
    assert_error(&err, ERR_INPUT, "max_position_embeddings");
    close_view(&view);
    assert_true(net_rig_loss(&rig, &batch) == want); /* the original is whole */
    net_rig_close(&rig);
}

typedef struct Reader {
    NetRig rig;
    double loss[20];
} Reader;

static void *read_base(void *context)
{
    Reader  *reader = context;
    NetBatch batch = small_batch();
    for (int i = 0; i < 20; i++) reader->loss[i] = net_rig_loss(&reader->rig, &batch);
    return NULL;
}

static void views_compute_side_by_side(void **state)
{
    (void)state;
    enum { READERS = 3 };
    Error     err = {0};
    NetRig    rig;
    NetBatch  batch = small_batch();
    Reader    readers[READERS];
    pthread_t threads[READERS];
    net_rig_open(&rig, false, "qwen2-untied-bf16-sharded");
    double want = net_rig_loss(&rig, &batch);
    for (int i = 0; i < READERS; i++) {
        open_view(&readers[i].rig, &rig, backend_cpu_create(1, &err));
        pthread_create(&threads[i], NULL, read_base, &readers[i]);
    }
    for (int i = 0; i < READERS; i++) {
        pthread_join(threads[i], NULL);
        for (int k = 0; k < 20; k++) assert_true(readers[i].loss[k] == want);
        close_view(&readers[i].rig);
    }
    net_rig_close(&rig);
}

static void view_once(void *context, Error *err)
{
    NetRig *rig = context;
    Model  *view = model_view(rig->model, rig->be, err);
    model_free(view);
}

static void views_survive_failed_allocations(void **state)
{
    (void)state;
    NetRig rig;
    net_rig_open(&rig, true, "llama-rope3");
    assert_true(torture(view_once, &rig) >= 1);
    net_rig_close(&rig);
}

TEST_GROUP(view, cmocka_unit_test(a_view_computes_the_same_bits_without_a_copy),
           cmocka_unit_test(views_compute_side_by_side),
           cmocka_unit_test(views_survive_failed_allocations));
