/* The bench of test_tape_rig.h. Host backends only: values are read where they lie. */

#include "tests/math/test_tape_rig.h"

#include <string.h>

#include "core/base/random.h"

Rig *rig_create(bool ref, Error *err)
{
    Rig *rig = mem_alloc(mem_program(), MEM_SCRATCH, 1, sizeof *rig, err);
    if (rig == NULL) return NULL;
    rig->be = ref ? backend_ref_create(err) : backend_cpu_create(2, err);
    if (rig->be != NULL) rig->account = mem_account_create("rig", err);
    if (rig->account != NULL) rig->tape = tape_create(rig->be, rig->account, err);
    if (rig->tape != NULL) return rig;
    rig_free(rig);
    return NULL;
}

static void leaves_free(Rig *rig)
{
    for (int i = 0; i < RIG_LEAVES; i++) {
        mem_free(rig->leaf[i].value);
        mem_free(rig->leaf[i].grad);
        rig->leaf[i] = (RigLeaf){.value = NULL};
    }
}

void rig_free(Rig *rig)
{
    if (rig == NULL) return;
    leaves_free(rig);
    tape_free(rig->tape);
    mem_account_free(rig->account);
    if (rig->be != NULL) rig->be->free(rig->be);
    mem_free(rig);
}

bool rig_leaves(Rig *rig, const RigShape *shapes, Error *err)
{
    leaves_free(rig);
    for (rig->leaves = 0; rig->leaves < RIG_LEAVES; rig->leaves++) {
        RigShape shape = shapes[rig->leaves];
        if (shape.cols == 0) break;
        RigLeaf *leaf = &rig->leaf[rig->leaves];
        Index    n = shape.rows * shape.cols;
        leaf->shape = shape;
        leaf->value = mem_alloc(mem_program(), MEM_SCRATCH, n, sizeof(float), err);
        leaf->grad = mem_alloc(mem_program(), MEM_SCRATCH, n, sizeof(float), err);
        if (leaf->value == NULL || leaf->grad == NULL) return false;
        for (Index j = 0; j < n; j++) {
            uint64_t stream = (uint64_t)rig->leaves;
            leaf->value[j] = 2.0f * random_unit(71, stream, (uint64_t)j) - 1.0f;
        }
    }
    return true;
}

Tensor *rig_input(Rig *rig, int i)
{
    RigLeaf *leaf = &rig->leaf[i];
    CHECK(i < rig->leaves);
    Tensor *t = tape_tensor(rig->tape, leaf->shape.rows, leaf->shape.cols);
    if (tape_ok(rig->tape, NULL)) {
        rig->be->put(rig->be, t->data, leaf->value, t->rows * t->cols * (Index)sizeof(float));
        t->needs_grad = (rig->frozen >> i & 1u) == 0;
    }
    leaf->tensor = t;
    return t;
}

void rig_begin(Rig *rig, bool record)
{
    tape_begin(rig->tape, record, NULL);
    for (int i = 0; i < rig->leaves; i++) rig->leaf[i].tensor = NULL;
}

Tensor *rig_leaf(Rig *rig, int i)
{
    if (rig->leaf[i].tensor != NULL) return rig->leaf[i].tensor;
    if (!rig->as_params) return rig_input(rig, i);
    RigLeaf *leaf = &rig->leaf[i];
    leaf->param = (Tensor){.data = leaf->value,
                           .grad = leaf->grad,
                           .rows = leaf->shape.rows,
                           .cols = leaf->shape.cols,
                           .needs_grad = (rig->frozen >> i & 1u) == 0,
                           .is_param = true,
                           .has_grad = rig->keep_gradients};
    leaf->tensor = &leaf->param;
    return leaf->tensor;
}

WeightRef rig_weight(Rig *rig, int i)
{
    return (WeightRef){.trained = rig_leaf(rig, i)};
}

VectorRef rig_vector(Rig *rig, int i)
{
    return (VectorRef){.trained = rig_leaf(rig, i)};
}

VectorRef rig_no_vector(void)
{
    return (VectorRef){.frozen = NULL};
}

const float *rig_random(Index n, uint64_t stream)
{
    static float numbers[4][4096];
    static int   next;
    float       *x = numbers[next++ % 4];
    CHECK(n <= 4096);
    for (Index i = 0; i < n; i++) x[i] = 2.0f * random_unit(72, stream, (uint64_t)i) - 1.0f;
    return x;
}

/* sum(c * y), and c into y's gradient where one is wanted. */
static bool functional(Rig *rig, Tensor *y)
{
    Index        n = y->rows * y->cols;
    const float *c = rig_random(n, 1000);
    for (Index i = 0; i < n; i++) rig->loss += (double)c[i] * (double)y->data[i];
    if (!rig->tape->recording || !y->needs_grad) return true;
    bool add;
    if (!tape_grad_write(rig->tape, y, &add)) return false;
    CHECK(!add);
    rig->be->put(rig->be, y->grad, c, n * (Index)sizeof(float));
    return true;
}

/* NaN into free memory: into small holes, and into the large one behind all pieces. */
static void poison(Rig *rig)
{
    enum { HOLES = 128, HOLE = 64, REST = 1 << 17 };
    void *piece[HOLES + 1];
    for (int i = 0; i <= HOLES; i++) {
        Index bytes = i < HOLES ? HOLE : REST;
        piece[i] = arena_get(rig->tape->arena, MEM_SCRATCH, bytes, NULL);
        if (piece[i] != NULL) memset(piece[i], 0xff, (size_t)bytes);
    }
    for (int i = 0; i <= HOLES; i++) arena_put(rig->tape->arena, piece[i]);
}

/* The caller has done with every leaf that is the tape's; in place, y may be one of them. */
static void leaves_done(Rig *rig, const Tensor *y)
{
    for (int i = 0; i < rig->leaves; i++) {
        Tensor *t = rig->leaf[i].tensor;
        if (t != NULL && t != y && t->data_refs > t->kept) tape_done(rig->tape, t);
    }
}

static bool run(Rig *rig, RigForward *forward, bool record)
{
    rig->loss = 0.0;
    rig_begin(rig, record);
    if (record && rig->poison) poison(rig);
    Tensor *y = forward(rig);
    if (!tape_ok(rig->tape, NULL)) return false;
    if (y != NULL && !functional(rig, y)) return false;
    leaves_done(rig, y);
    if (y != NULL) tape_done(rig->tape, y);
    if (record && rig->poison) poison(rig);
    if (record) tape_walk_back(rig->tape, 0);
    return tape_finish(rig->tape, NULL);
}

bool rig_value(Rig *rig, RigForward *forward, double *value, Error *err)
{
    if (!run(rig, forward, false)) (void)tape_ok(rig->tape, err);
    tape_reset(rig->tape);
    *value = rig->loss;
    return tape_ok(rig->tape, NULL);
}

bool rig_gradients(Rig *rig, RigForward *forward, double *value, Error *err)
{
    for (int i = 0; i < rig->leaves; i++) {
        RigLeaf *leaf = &rig->leaf[i];
        size_t   bytes = (size_t)(leaf->shape.rows * leaf->shape.cols) * sizeof(float);
        if (!rig->keep_gradients) memset(leaf->grad, 0xff, bytes); /* NaN */
    }
    bool ok = run(rig, forward, true);
    if (!ok) (void)tape_ok(rig->tape, err);
    for (int i = 0; ok && i < rig->leaves; i++) {
        RigLeaf *leaf = &rig->leaf[i];
        Tensor  *t = leaf->tensor;
        size_t   bytes = (size_t)(leaf->shape.rows * leaf->shape.cols) * sizeof(float);
        if (t == NULL || !t->has_grad) {
            memset(leaf->grad, 0, bytes);
        } else if (!t->is_param) {
            rig->be->get(rig->be, leaf->grad, t->grad, (Index)bytes);
        }
    }
    tape_reset(rig->tape);
    *value = rig->loss;
    return ok;
}
