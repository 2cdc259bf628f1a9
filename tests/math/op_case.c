/* Carrying one call of an op to a backend and back; see op_case.h. */

#include "tests/math/op_case.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/random.h"
#include "core/math/convert.h"
#include "tests/test.h"

enum { GUARD_BYTES = 64, GUARD = 0xff }; /* 0xffff and 0xffffffff are NaNs in every type */

/* ---- building ---------------------------------------------------------------------------- */

float entropy(uint64_t stream, Index i)
{
    RandomBlock bits = random_bits(20260821, stream, (uint64_t)i);
    float       k = (float)(bits.word[0] % 111411u); /* 1.7 * 2^16 steps */
    float       magnitude = 0.3f + 0x1p-16f * k;
    magnitude = floorf(magnitude * 0x1p16f) * 0x1p-16f + 0x1p-17f;
    return bits.word[1] & 1u ? magnitude : -magnitude;
}

Index entropy_below(uint64_t stream, Index i, Index bound)
{
    return (Index)random_below(20260822, stream, (uint64_t)i, (uint64_t)bound);
}

static void *get(Index count, Index size)
{
    Error err = {0};
    void *block = mem_alloc(mem_program(), MEM_SCRATCH, count, size, &err);
    assert_ok(&err);
    return block;
}

Index case_count(const CaseTensor *t)
{
    return t->rows * t->cols;
}

CaseTensor *case_tensor(OpCase *c, const char *name, Role role, Index rows, Index cols)
{
    assert_true(c->tensors < CASE_TENSORS);
    CaseTensor *t = &c->tensor[c->tensors];
    Index       n = rows * cols;
    *t = (CaseTensor){.name = name, .role = role, .rows = rows, .cols = cols, .stride = cols};
    t->nan_at[0] = n > 0 ? 0 : -1;
    t->nan_at[1] = n > 0 ? n / 2 : -1;
    t->nan_at[2] = n - 1;
    if (rows > 0 || cols > 0) t->value = get(n, sizeof *t->value);
    uint64_t stream = (uint64_t)c->tensors + 100 * (uint64_t)c->op->slot;
    for (Index i = 0; i < n; i++) t->value[i] = role == ROLE_OUT ? NAN : entropy(stream, i);
    c->tensors++;
    return t;
}

void case_store_as(CaseTensor *t, DType dtype)
{
    t->dtype = dtype;
    for (Index i = 0; i < case_count(t); i++) {
        uint32_t bits; /* room for one element of any type */
        convert_from_f32(&bits, dtype, &t->value[i], 1);
        convert_to_f32(&t->value[i], &bits, dtype, 1);
    }
}

void case_nan_at(CaseTensor *t, Index at)
{
    for (int i = 0; i < CASE_NANS; i++) t->nan_at[i] = at;
}

void *case_array(OpCase *c, Index count, Index size)
{
    CHECK(c->arrays < (int)(sizeof c->array / sizeof c->array[0]));
    c->array[c->arrays] = get(count, size);
    return c->array[c->arrays++];
}

double *case_host(OpCase *c, Index n, double tol)
{
    CHECK(c->hosts < CASE_HOST);
    c->host[c->hosts].value = get(n, sizeof(double));
    c->host[c->hosts].n = n;
    c->host[c->hosts].tol = tol;
    return c->host[c->hosts++].value;
}

void op_case_init(OpCase *c, const Op *op, const Index size[CASE_SIZES])
{
    *c = (OpCase){.op = op, .tol = 2e-6};
    memcpy(c->size, size, sizeof c->size);
    op->build(c);
}

void op_case_free(OpCase *c)
{
    for (int i = 0; i < c->tensors; i++) mem_free(c->tensor[i].value);
    for (int i = 0; i < c->hosts; i++) mem_free(c->host[i].value);
    for (int i = 0; i < c->arrays; i++) mem_free(c->array[i]);
}

const char *op_case_name(const OpCase *c)
{
    static char text[200];
    int         at = snprintf(text, sizeof text, "%s(", c->op->name);
    for (int i = 0; i < CASE_SIZES; i++) {
        at += snprintf(text + at, sizeof text - (size_t)at, "%s%td", i > 0 ? ", " : "", c->size[i]);
    }
    snprintf(text + at, sizeof text - (size_t)at, ")");
    return text;
}

/* ---- carrying ---------------------------------------------------------------------------- */

static Index image_bytes(const CaseTensor *t)
{
    return 2 * GUARD_BYTES + t->rows * t->stride * dtype_bytes(t->dtype);
}

static Index offset_of(const CaseTensor *t, Index row)
{
    return GUARD_BYTES + row * t->stride * dtype_bytes(t->dtype);
}

/* The bytes as they go to the backend: guards everywhere but where the rows stand. */
static unsigned char *image_of(const CaseTensor *t)
{
    unsigned char *image = get(image_bytes(t), 1);
    memset(image, GUARD, (size_t)image_bytes(t));
    for (Index r = 0; r < t->rows; r++) {
        convert_from_f32(image + offset_of(t, r), t->dtype, t->value + r * t->cols, t->cols);
    }
    return image;
}

/* Read the rows out and put `before`'s back, so that what remains must be all as it was. */
static void read_rows(const CaseTensor *t, unsigned char *image, const unsigned char *before,
                      float *value)
{
    size_t row_bytes = (size_t)(t->cols * dtype_bytes(t->dtype));
    for (Index r = 0; r < t->rows; r++) {
        Index at = offset_of(t, r);
        convert_to_f32(value + r * t->cols, image + at, t->dtype, t->cols);
        if (t->role != ROLE_IN) memcpy(image + at, before + at, row_bytes);
    }
}

typedef struct Carried {
    unsigned char *before, *block; /* the image on the host; in the backend */
} Carried;

static Carried carry_there(Backend *be, const CaseTensor *t)
{
    Error   err = {0};
    Carried x = {.before = image_of(t)};
    x.block = be->alloc(be, image_bytes(t), &err);
    assert_ok(&err);
    be->put(be, x.block, x.before, image_bytes(t));
    return x;
}

static float *carry_back(Backend *be, const OpCase *c, const CaseTensor *t, Carried x)
{
    unsigned char *after = get(image_bytes(t), 1);
    float         *value = get(case_count(t), sizeof *value);
    be->get(be, after, x.block, image_bytes(t));
    read_rows(t, after, x.before, value);
    if (memcmp(after, x.before, (size_t)image_bytes(t)) != 0) {
        fail_msg("%s: %s: writes beside or into %s", be->name, op_case_name(c), t->name);
    }
    mem_free(after);
    mem_free(x.before);
    be->release(be, x.block);
    return value;
}

static void reserve(Backend *be, const OpCase *c)
{
    Error err = {0};
    Index bytes = 0;
    if (c->attention_keys > 0) {
        bytes = be->attention_workspace(c->attention_keys, c->attention_width);
    }
    if (c->mat_cols > 0) {
        Index mat = be->mat_workspace(c->mat_dtype, c->mat_cols);
        if (mat > bytes) bytes = mat;
    }
    bool ok = be->reserve(be, bytes, &err);
    assert_ok(&err);
    assert_true(ok);
}

void case_run(Backend *be, OpCase *c, unsigned absent, int times, CaseResult *r)
{
    Carried x[CASE_TENSORS] = {{0}};
    float  *p[CASE_TENSORS] = {0};
    *r = (CaseResult){0};
    reserve(be, c);

    for (int i = 0; i < c->tensors; i++) {
        if (c->tensor[i].value == NULL || absent >> i & 1u) continue;
        x[i] = carry_there(be, &c->tensor[i]);
        p[i] = (float *)(void *)(x[i].block + GUARD_BYTES);
    }
    for (int i = 0; i < times; i++) c->op->call(be, c, p);
    for (int i = 0; i < c->tensors; i++) {
        if (p[i] != NULL) r->value[i] = carry_back(be, c, &c->tensor[i], x[i]);
    }
    for (int i = 0; i < c->hosts; i++) {
        r->host[i] = get(c->host[i].n, sizeof(double));
        memcpy(r->host[i], c->host[i].value, (size_t)c->host[i].n * sizeof(double));
    }
}

void case_result_free(CaseResult *r)
{
    for (int i = 0; i < CASE_TENSORS; i++) mem_free(r->value[i]);
    for (int i = 0; i < CASE_HOST; i++) mem_free(r->host[i]);
    *r = (CaseResult){0};
}

bool case_is_result(const OpCase *c, int tensor)
{
    return c->tensor[tensor].role != ROLE_IN && c->tensor[tensor].value != NULL;
}

/* ---- comparing --------------------------------------------------------------------------- */

double case_error(const double *got, const double *want, Index n)
{
    double off = 0.0, norm = 0.0;
    for (Index i = 0; i < n; i++) {
        if (isinf(want[i]) && got[i] == want[i]) continue;
        double d = got[i] - want[i];
        off += d * d;
        norm += want[i] * want[i];
    }
    return norm > 0.0 ? sqrt(off / norm) : sqrt(off + norm);
}

double case_error_f32(const float *got, const float *want, Index n)
{
    double off = 0.0, norm = 0.0;
    for (Index i = 0; i < n; i++) {
        if (isinf(want[i]) && got[i] == want[i]) continue;
        double d = (double)got[i] - (double)want[i];
        off += d * d;
        norm += (double)want[i] * (double)want[i];
    }
    return norm > 0.0 ? sqrt(off / norm) : sqrt(off + norm);
}
