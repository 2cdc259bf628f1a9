/* Which examples make which batch: all of an epoch, once each, from the seed and the number. */

#include <string.h>

#include "core/train/batch.h"
#include "tests/test.h"
#include "tests/train/data_rig.h"

enum { COUNT = 23, EPOCHS = 4, BATCHES = 200 };

/* 23 examples of 2 .. 10 tokens. */
static Dataset *make(DataRig *rig)
{
    Error    err = {0};
    Dataset *data = dataset_create(&err);
    for (int i = 0; i < COUNT; i++) {
        int32_t ids[10];
        for (int t = 0; t < 10; t++) ids[t] = 100 + i;
        assert_true(dataset_add_ids(data, ids, 2 + i % 9, &rig->spec, &err));
    }
    assert_ok(&err);
    return data;
}

typedef struct Plan {
    Index    count[BATCHES], example[BATCHES][COUNT];
    uint64_t serial[BATCHES];
    double   epoch[BATCHES];
} Plan;

static void ask(Order *order, Index b, Plan *plan)
{
    Error        err = {0};
    const Index *examples;
    assert_true(
        order_batch(order, b, &examples, &plan->count[b], &plan->serial[b], &plan->epoch[b], &err));
    memcpy(plan->example[b], examples, (size_t)plan->count[b] * sizeof(Index));
}

static Order *open_order(const Dataset *data, bool shuffle, bool packing, uint64_t seed)
{
    Error     err = {0};
    OrderSpec spec = {
        .seed = seed, .shuffle = shuffle, .packing = packing, .batch = 4, .max_length = 20};
    Order *order = order_create(data, spec, &err);
    assert_ok(&err);
    return order;
}

/* Every example once an epoch; serial numbers without a gap; rows within their length. */
static void check_epochs(const Dataset *data, bool shuffle, bool packing)
{
    static Plan plan;
    Order      *order = open_order(data, shuffle, packing, 5);
    uint64_t    serial = 0;
    Index       b = 0;
    for (int e = 0; e < EPOCHS; e++) {
        int seen[COUNT] = {0};
        for (Index n = 0; n < COUNT; b++) {
            ask(order, b, &plan);
            assert_int_equal(plan.serial[b], serial);
            serial += (uint64_t)plan.count[b];
            n += plan.count[b];
            assert_close(plan.epoch[b], e + (double)n / COUNT, 1e-12);
            for (Index i = 0; i < plan.count[b]; i++) seen[plan.example[b][i]]++;
            if (!packing) assert_int_equal(plan.count[b], n == COUNT ? COUNT % 4 : 4);
        }
        for (int i = 0; i < COUNT; i++) assert_int_equal(seen[i], 1);
    }
    order_free(order);
}

static void every_example_comes_once_an_epoch(void **state)
{
    (void)state;
    DataRig rig;
    data_rig_open(&rig, "qwen2");
    Dataset *data = make(&rig);
    for (int i = 0; i < 4; i++) check_epochs(data, i % 2 != 0, i / 2 != 0);
    dataset_free(data);
    data_rig_close(&rig);
}

static void any_batch_may_be_asked_for_at_any_time(void **state)
{
    (void)state;
    static Plan forth, back;
    DataRig     rig;
    data_rig_open(&rig, "qwen2");
    Dataset *data = make(&rig);
    for (int packing = 0; packing < 2; packing++) {
        Order *order = open_order(data, true, packing != 0, 9);
        memset(&forth, 0, sizeof forth);
        memset(&back, 0, sizeof back);
        for (Index b = 0; b < 40; b++) ask(order, b, &forth);
        for (Index b = 39; b >= 0; b--) ask(order, b, &back);
        assert_memory_equal(&forth, &back, sizeof forth);
        order_free(order);
        order = open_order(data, true, packing != 0, 9); /* and by somebody else */
        memset(&back, 0, sizeof back);
        for (Index b = 0; b < 40; b++) ask(order, b * 7 % 40, &back);
        assert_memory_equal(&forth, &back, sizeof forth);
        order_free(order);
    }
    dataset_free(data);
    data_rig_close(&rig);
}

static void epochs_and_seeds_have_orders_of_their_own_and_file_order_is_kept(void **state)
{
    (void)state;
    static Plan a, b;
    DataRig     rig;
    data_rig_open(&rig, "qwen2");
    Dataset *data = make(&rig);
    Order   *order = open_order(data, true, false, 5), *other = open_order(data, true, false, 6);
    ask(order, 0, &a);
    ask(order, 6, &a); /* the second epoch's first */
    ask(other, 0, &b);
    assert_memory_not_equal(a.example[0], a.example[6], 4 * sizeof(Index));
    assert_memory_not_equal(a.example[0], b.example[0], 4 * sizeof(Index));
    order_free(order);
    order_free(other);
    order = open_order(data, false, false, 5);
    for (Index k = 0; k < 12; k++) {
        ask(order, k, &a);
        for (Index i = 0; i < a.count[k]; i++) assert_int_equal(a.example[k][i], k % 6 * 4 + i);
    }
    assert_int_equal(order_batches_per_epoch(order), 6);
    order_free(order);
    dataset_free(data);
    data_rig_close(&rig);
}

static void a_far_batch_is_found_at_once(void **state)
{
    (void)state;
    static Plan plan;
    DataRig     rig;
    Error       err = {0};
    data_rig_open(&rig, "qwen2");
    Dataset *data = make(&rig);
    Order   *order = open_order(data, true, false, 5);
    double   begin = clock_seconds();
    for (int i = 0; i < 1000; i++) { /* accumulation across an epoch's end goes forth and back */
        const Index *examples;
        Index        b = 6000000000 - 1 + i % 2;
        assert_true(order_batch(order, b, &examples, &plan.count[0], &plan.serial[0],
                                &plan.epoch[0], &err));
    }
    assert_true(clock_seconds() - begin < 1);
    order_free(order);
    dataset_free(data);
    data_rig_close(&rig);
}

static void packed_rows_never_exceed_the_length(void **state)
{
    (void)state;
    static Plan plan;
    DataRig     rig;
    data_rig_open(&rig, "qwen2");
    Dataset  *data = make(&rig);
    Error     err = {0};
    OrderSpec spec = {.seed = 1, .shuffle = true, .packing = true, .batch = 1, .max_length = 20};
    Order    *order = order_create(data, spec, &err);
    int       several = 0;
    for (Index b = 0; b < 40; b++) {
        Index tokens = 0;
        ask(order, b, &plan);
        for (Index i = 0; i < plan.count[b]; i++) {
            tokens += data->examples[plan.example[b][i]].count;
        }
        assert_in_range(tokens, 1, 20);
        several += plan.count[b] > 1;
    }
    assert_true(several > 20);
    order_free(order);
    dataset_free(data);
    data_rig_close(&rig);
}

TEST_GROUP(order, cmocka_unit_test(every_example_comes_once_an_epoch),
           cmocka_unit_test(any_batch_may_be_asked_for_at_any_time),
           cmocka_unit_test(epochs_and_seeds_have_orders_of_their_own_and_file_order_is_kept),
           cmocka_unit_test(a_far_batch_is_found_at_once),
           cmocka_unit_test(packed_rows_never_exceed_the_length));
