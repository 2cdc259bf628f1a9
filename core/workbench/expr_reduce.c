/* Many numbers to one, or to one for each value of an axis; and where the least is. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/workbench/expr_internal.h"

/* ---- many numbers to one ---- */

static int by_size(const void *a, const void *b)
{
    double x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static double sum_of(const double *v, Index n)
{
    double sum = 0;
    for (Index i = 0; i < n; i++) sum += v[i];
    return sum;
}

/* About the mean, so that values far from zero lose no digits; of a sample, n - 1. */
static double std_of(const double *v, Index n)
{
    double mean = sum_of(v, n) / (double)n, sum = 0;
    for (Index i = 0; i < n; i++) sum += (v[i] - mean) * (v[i] - mean);
    return sqrt(sum / (double)(n - 1));
}

/* Scaled by a power of two near the largest, which costs no digit, so that no square overflows or
 * vanishes. */
static double norm_of(const double *v, Index n)
{
    double most = 0, sum = 0;
    int    e;
    for (Index i = 0; i < n; i++) most = fmax(most, fabs(v[i]));
    if (most == 0 || isinf(most)) return most;
    frexp(most, &e);
    for (Index i = 0; i < n; i++) sum += ldexp(v[i], -e) * ldexp(v[i], -e);
    return ldexp(sqrt(sum), e);
}

static double extreme_of(const double *v, Index n, bool least)
{
    double best = v[0];
    for (Index i = 1; i < n; i++) {
        if (least ? v[i] < best : v[i] > best) best = v[i];
    }
    return best;
}

/* v is put in order. */
static double median_of(double *v, Index n)
{
    qsort(v, (size_t)n, sizeof *v, by_size);
    return n % 2 == 1 ? v[n / 2] : v[n / 2 - 1] / 2 + v[n / 2] / 2;
}

static bool any_nan(const double *v, Index n)
{
    for (Index i = 0; i < n; i++) {
        if (isnan(v[i])) return true;
    }
    return false;
}

static double reduce(FunctionId id, double *v, Index n)
{
    if (id == FN_COUNT) return (double)n;
    if (any_nan(v, n)) return (double)NAN;
    switch (id) {
    case FN_MIN:
    case FN_ALL:
        return extreme_of(v, n, true);
    case FN_MAX:
    case FN_ANY:
        return extreme_of(v, n, false);
    case FN_MEAN:
        return sum_of(v, n) / (double)n;
    case FN_STD:
        return std_of(v, n);
    case FN_MEDIAN:
        return median_of(v, n);
    case FN_NORM:
        return norm_of(v, n);
    default:
        CHECK(id == FN_SUM);
        return sum_of(v, n);
    }
}

/* ---- which numbers ---- */

/* What all arguments hold, one after another. */
typedef struct Pool {
    double     *v; /* mem_free */
    Index       n;
    const char *unit;
    bool        yes, timed, blank;
} Pool;

static bool refuse(Eval *eval, const Node *node, const Datum *datum)
{
    blame_at(&eval->blame, node->mark, tr("%s takes numbers, not a %s"),
             expr_function(node->op)->name, datum_kind_name(datum->kind));
    if (datum->kind == DATUM_LIST) {
        return blame_hint(&eval->blame, tr("take a number of each first, as .last or .min"));
    }
    if (datum->kind == DATUM_RECORD || datum->kind == DATUM_TABLE) {
        return blame_hint(&eval->blame, tr("name a member of it"));
    }
    return false;
}

/* How many numbers an argument holds; count() takes lists and tables, too. */
static bool count_numbers(Eval *eval, const Node *node, const Datum *arg, Index *n)
{
    *n = element_count(arg);
    if (*n >= 0) return true;
    bool rows = arg->kind == DATUM_LIST || arg->kind == DATUM_TABLE;
    *n = rows ? arg->count : 0;
    return (rows && (node->op == FN_COUNT || arg->blank)) || refuse(eval, node, arg);
}

static bool check_yes(Eval *eval, const Node *node, const Datum *arg)
{
    bool wants = node->op == FN_ALL || node->op == FN_ANY;
    if (!wants || is_yes(arg) || element_count(arg) < 0) return true;
    return blame_at(&eval->blame, node->mark, tr("%s joins conditions, and this is a number"),
                    expr_function(node->op)->name);
}

static bool fill_pool(Eval *eval, const Node *node, Pool *pool, const Datum *const *args, int count)
{
    Index total = 0;
    pool->unit = args[0]->unit;
    for (int i = 0; i < count; i++) {
        Index n;
        if (!count_numbers(eval, node, args[i], &n) || !check_yes(eval, node, args[i]))
            return false;
        total += n;
        pool->timed = pool->timed || args[i]->timed;
        pool->blank = pool->blank || args[i]->blank;
        pool->yes = pool->yes || is_yes(args[i]);
        if (!same_unit(args[i]->unit, pool->unit)) pool->unit = NULL;
    }
    if (pool->yes) pool->unit = NULL;
    if (!eval_spend(eval, node, total)) return false;
    pool->v = mem_alloc(mem_program(), MEM_SCRATCH, total, sizeof *pool->v, eval->blame.err);
    if (pool->v == NULL) return false;
    for (int i = 0; i < count; i++) {
        Index n = element_count(args[i]);
        if (n > 0) memcpy(pool->v + pool->n, element_values(args[i]), (size_t)n * sizeof(double));
        pool->n += n >= 0 ? n : args[i]->count;
    }
    return true;
}

static bool check_size(Eval *eval, const Node *node, Index n)
{
    const char *name = expr_function(node->op)->name;
    if (node->op == FN_COUNT || node->op == FN_SUM) return true;
    if (n == 0) return blame_at(&eval->blame, node->mark, tr("%s of no values"), name);
    if (node->op != FN_STD || n > 1) return true;
    return blame_at(&eval->blame, node->mark, tr("%s needs at least two values"), name);
}

static bool gives_yes(const Node *node)
{
    return node->op == FN_ALL || node->op == FN_ANY;
}

static Datum *reduce_all(Eval *eval, const Node *node, const Pool *pool)
{
    Error *err = eval->blame.err;
    bool   yes = gives_yes(node);
    if (pool->blank) return blank_of(yes ? DATUM_YES : DATUM_NUMBER, NULL, err);
    if (!check_size(eval, node, pool->n)) return NULL;
    double value = reduce((FunctionId)node->op, pool->v, pool->n);
    if (yes) return datum_yes(value != 0, err);
    return datum_number(value, node->op == FN_COUNT ? NULL : pool->unit, err);
}

/* ---- by the values of an axis ---- */

/* Which element belongs to which group; groups in the order of their first element. */
typedef struct Groups {
    Index *of;    /* [n] */
    Index *first; /* [n], used [count]: the element whose words the group has */
    Index  count;
} Groups;

static bool find_groups(Eval *eval, const Node *node, Groups *groups, const DatumAxis *axis,
                        Index n)
{
    Error *err = eval->blame.err;
    groups->of = mem_alloc(mem_program(), MEM_SCRATCH, n, sizeof(Index), err);
    groups->first = mem_alloc(mem_program(), MEM_SCRATCH, n, sizeof(Index), err);
    if (groups->of == NULL || groups->first == NULL) return false;
    for (Index i = 0; i < n; i++) {
        Index g = 0;
        while (g < groups->count && strcmp(axis->word[groups->first[g]], axis->word[i]) != 0) g++;
        if (g == groups->count) groups->first[groups->count++] = i;
        groups->of[i] = g;
        if (!eval_spend(eval, node, groups->count)) return false;
    }
    return true;
}

static bool reduce_groups(Eval *eval, const Node *node, const Pool *pool, const Groups *groups,
                          double *out)
{
    double *some = mem_alloc(mem_program(), MEM_SCRATCH, pool->n, sizeof *some, eval->blame.err);
    bool    ok = some != NULL;
    for (Index g = 0; ok && g < groups->count; g++) {
        Index n = 0;
        for (Index i = 0; i < pool->n; i++) {
            if (groups->of[i] == g) some[n++] = pool->v[i];
        }
        ok = eval_spend(eval, node, pool->n) && check_size(eval, node, n);
        if (ok) out[g] = reduce((FunctionId)node->op, some, n);
    }
    mem_free(some);
    return ok;
}

/* A vector over this one axis of from. */
static Datum *over_axis(const Datum *from, const DatumAxis *axis, const Groups *groups,
                        const char *unit, Error *err)
{
    bool  *without = mem_alloc(mem_program(), MEM_SCRATCH, from->axis_count, sizeof *without, err);
    Datum *out = without != NULL ? datum_vector(NULL, groups->count, unit, err) : NULL;
    for (Index i = 0; out != NULL && i < from->axis_count; i++) {
        without[i] = &from->axes[i] != axis;
    }
    if (out != NULL && !datum_copy_axes(out, from, groups->first, groups->count, without, err)) {
        datum_drop(out);
        out = NULL;
    }
    mem_free(without);
    return out;
}

static Datum *reduce_by(Eval *eval, const Node *node, const Pool *pool, const Datum *from,
                        const DatumAxis *axis)
{
    Groups      groups = {0};
    Datum      *out = NULL;
    const char *unit = gives_yes(node) ? DATUM_YES_UNIT : node->op == FN_COUNT ? NULL : pool->unit;
    if (find_groups(eval, node, &groups, axis, pool->blank ? 0 : pool->n)) {
        out = over_axis(from, axis, &groups, unit, eval->blame.err);
    }
    if (out != NULL && !pool->blank && !reduce_groups(eval, node, pool, &groups, out->values)) {
        datum_drop(out);
        out = NULL;
    }
    if (out != NULL) out->blank = pool->blank;
    mem_free(groups.of);
    mem_free(groups.first);
    return out;
}

Datum *eval_reduce(Eval *eval, const Node *node, const Datum *const *args, int count,
                   const DatumAxis *axis)
{
    Pool   pool = {0};
    Datum *out = NULL;
    if (fill_pool(eval, node, &pool, args, count)) {
        out = axis != NULL ? reduce_by(eval, node, &pool, args[0], axis)
                           : reduce_all(eval, node, &pool);
    }
    if (out != NULL) out->timed = pool.timed;
    mem_free(pool.v);
    return out;
}

/* ---- argmin, argmax ---- */

static Datum *where_on_axis(const DatumAxis *axis, Index i, Error *err)
{
    if (!isnan(axis->number[i])) return datum_number(axis->number[i], NULL, err);
    return datum_text(axis->word[i], (Index)strlen(axis->word[i]), err);
}

static Datum *where_at(const Datum *value, const DatumAxis *axis, Index i, Error *err)
{
    if (axis != NULL) return where_on_axis(axis, i, err);
    if (value->kind == DATUM_SERIES) return datum_number(value->x[i], NULL, err);
    bool one = value->axis_count == 1 && !isnan(value->axes[0].number[i]);
    return one ? where_on_axis(&value->axes[0], i, err) : datum_number((double)(i + 1), NULL, err);
}

Datum *eval_where(Eval *eval, const Node *node, const Datum *value, const DatumAxis *axis)
{
    Error        *err = eval->blame.err;
    Index         n = element_count(value), best = 0;
    const double *v = element_values(value);
    if (value->blank) return blank_of(DATUM_NUMBER, NULL, err);
    if (n < 0 || value->kind == DATUM_MATRIX || is_yes(value)) {
        refuse(eval, node, value);
        return NULL;
    }
    if (!check_size(eval, node, n) || !eval_spend(eval, node, n)) return NULL;
    for (Index i = 0; i < n; i++) {
        if (isnan(v[i])) {
            blame_at(&eval->blame, node->mark, tr("%s of values of which one is NaN"),
                     expr_function(node->op)->name);
            return NULL;
        }
        if (node->op == FN_ARGMIN ? v[i] < v[best] : v[i] > v[best]) best = i;
    }
    Datum *out = where_at(value, axis, best, err);
    if (out != NULL) out->timed = value->timed;
    return out;
}
