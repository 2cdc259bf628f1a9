/*
 * Tensors of the tape: where their structs live, when their data goes back, and how gradients
 * are born, shared and released.
 *
 * Sharing. Going back over y += x, the gradient of x is the gradient of y. Rather than copy
 * it, both point to one buffer and are linked in a ring (grad_next). Whoever wants to write
 * takes a copy first, unless it is the last one left. In a transformer the residual's x is
 * written to only after y's producer has gone back and left the ring, so no copy is ever made.
 */

#include "core/math/tape_internal.h"

#include <string.h>

enum { ITEMS_PER_CHUNK = 64 };

/* ---- storage ---------------------------------------------------------------------------- */

void *tape_store_at(const TapeStore *store, Index i)
{
    CHECK(i >= 0 && i < store->count);
    return store->chunk[i / ITEMS_PER_CHUNK] + i % ITEMS_PER_CHUNK * store->item_bytes;
}

/* The structs are the program's memory, not the run's: the run's bytes are a formula over
 * shapes (core/study), which knows no structs. */
static bool store_grow(TapeStore *store, Error *err)
{
    Index  bytes = (Index)sizeof *store->chunk;
    char **table =
        mem_resize(store->chunk, mem_program(), MEM_SCRATCH, store->chunks + 1, bytes, err);
    if (table == NULL) return false;
    store->chunk = table;
    char *chunk = mem_alloc(mem_program(), MEM_SCRATCH, ITEMS_PER_CHUNK, store->item_bytes, err);
    if (chunk == NULL) return false;
    store->chunk[store->chunks++] = chunk;
    return true;
}

void *tape_store_add(TapeStore *store, Error *err)
{
    if (store->count == store->chunks * ITEMS_PER_CHUNK && !store_grow(store, err)) return NULL;
    void *item = tape_store_at(store, store->count++);
    memset(item, 0, (size_t)store->item_bytes);
    return item;
}

void tape_store_free(TapeStore *store)
{
    for (Index i = 0; i < store->chunks; i++) mem_free(store->chunk[i]);
    mem_free(store->chunk);
    *store = (TapeStore){.item_bytes = store->item_bytes};
}

/* ---- data ------------------------------------------------------------------------------- */

Index tape_count(const Tensor *t)
{
    return t->rows * t->cols;
}

/* A piece for n floats, which may be 0; NULL after a failure. */
static float *floats_get(Tape *tape, MemPurpose purpose, Index n)
{
    return arena_get(tape->arena, purpose, n * (Index)sizeof(float), &tape->error);
}

static Tensor *tensor_new(Tape *tape, MemPurpose purpose, Index rows, Index cols)
{
    if (tape_failed(tape)) return &tape->dead;
    CHECK(rows >= 0 && cols >= 0);
    Tensor *t = tape_store_add(&tape->tensors, &tape->error);
    if (t == NULL) return &tape->dead;
    t->rows = rows;
    t->cols = cols;
    t->data = floats_get(tape, purpose, tape_count(t));
    if (t->data == NULL) return &tape->dead;
    t->data_refs = 1;
    return t;
}

Tensor *tape_tensor(Tape *tape, Index rows, Index cols)
{
    return tensor_new(tape, MEM_ACTIVATIONS, rows, cols);
}

Tensor *tape_scratch(Tape *tape, Index rows, Index cols)
{
    return tensor_new(tape, MEM_SCRATCH, rows, cols);
}

static void data_release(Tape *tape, Tensor *t)
{
    arena_put(tape->arena, t->data);
    t->data = NULL;
}

void tape_done(Tape *tape, Tensor *t)
{
    if (t == NULL || t == &tape->dead || t->is_param) return;
    CHECK(t->data_refs > t->kept); /* else: done more often than held */
    if (--t->data_refs == 0) data_release(tape, t);
}

void tape_hold(Tape *tape, Tensor *t)
{
    if (t == &tape->dead || t->is_param) return;
    CHECK(t->data_refs > 0);
    t->data_refs++;
}

void tape_drop_tensors(Tape *tape, Index first)
{
    for (Index i = first; i < tape->tensors.count; i++) {
        Tensor *t = tape_store_at(&tape->tensors, i);
        data_release(tape, t);
        tape_grad_release(tape, t);
    }
    tape->tensors.count = first;
}

/* ---- gradients -------------------------------------------------------------------------- */

void tape_grad_share(Tensor *to, Tensor *from)
{
    CHECK(!to->is_param && !to->has_grad && from->has_grad);
    CHECK(to->rows == from->rows && to->cols == from->cols);
    to->grad = from->grad;
    to->has_grad = true;
    to->grad_next = from->grad_next != NULL ? from->grad_next : from;
    from->grad_next = to;
}

static void ring_leave(Tensor *t)
{
    Tensor *before = t;
    while (before->grad_next != t) before = before->grad_next;
    before->grad_next = t->grad_next == before ? NULL : t->grad_next;
    t->grad_next = NULL;
}

void tape_grad_release(Tape *tape, Tensor *t)
{
    if (t->is_param) return;
    if (t->grad_next != NULL) {
        ring_leave(t);
    } else {
        arena_put(tape->arena, t->grad);
    }
    t->grad = NULL;
    t->has_grad = false;
}

/* A buffer of t's own: born if there is none, a copy if it is shared. */
static bool grad_own(Tape *tape, Tensor *t)
{
    if (t->is_param) {
        CHECK(t->grad != NULL);
        return true;
    }
    if (t->has_grad && t->grad_next == NULL) return true;
    float *own = floats_get(tape, MEM_ACTIVATIONS, tape_count(t));
    if (own == NULL) return false;
    if (t->has_grad) {
        tape->be->copy(tape->be, own, t->grad, tape_count(t) * (Index)sizeof(float));
        ring_leave(t);
    }
    t->grad = own;
    return true;
}

bool tape_grad_write(Tape *tape, Tensor *t, bool *add)
{
    CHECK(t->needs_grad);
    if (!grad_own(tape, t)) return false;
    *add = t->has_grad;
    t->has_grad = true;
    return true;
}

bool tape_grad_add(Tape *tape, Tensor *t)
{
    bool add;
    if (!tape_grad_write(tape, t, &add)) return false;
    if (!add) tape->be->zero(tape->be, t->grad, tape_count(t) * (Index)sizeof(float));
    return true;
}
