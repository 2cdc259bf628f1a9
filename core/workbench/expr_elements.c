/* Arithmetic, comparison and functions element by element. */

#include <string.h>

#include "core/workbench/expr_elements.h"

/* ---- kinds ---- */

const Datum *numeric_view(const Datum *datum)
{
    const Datum *matrix = datum_member(datum, "matrix");
    return matrix != NULL ? matrix : datum;
}

bool is_yes(const Datum *datum)
{
    return datum->kind == DATUM_YES || datum->unit == DATUM_YES_UNIT;
}

Index element_count(const Datum *datum)
{
    switch (datum->kind) {
    case DATUM_NUMBER:
    case DATUM_YES:
        return 1;
    case DATUM_VECTOR:
    case DATUM_MATRIX:
    case DATUM_SERIES:
        return datum->rows * datum->cols;
    default:
        return -1;
    }
}

const double *element_values(const Datum *datum)
{
    return datum->values != NULL ? datum->values : &datum->number;
}

static bool is_scalar(const Datum *datum)
{
    return datum->kind == DATUM_NUMBER || datum->kind == DATUM_YES;
}

bool same_unit(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool eval_spend(Eval *eval, const Node *node, Index elements)
{
    const int64_t most = 100 * 1000 * 1000;
    eval->work += elements;
    if (eval->work <= most) return true;
    return blame_at(&eval->blame, node->mark, tr("the expression takes more than %lld operations"),
                    (long long)most);
}

/* ---- refusing ---- */

static bool refuse_kind(Eval *eval, const Node *node, const Element *element, const Datum *datum)
{
    blame_at(&eval->blame, node->mark, tr("%s cannot take a %s"), element->name,
             datum_kind_name(datum->kind));
    if (datum->kind == DATUM_RECORD && datum->count > 0) {
        return blame_hint(&eval->blame, tr("name one of its members, as .%s"), datum->keys[0]);
    }
    if (datum->kind == DATUM_TABLE) {
        return blame_hint(&eval->blame, tr("name a member of its rows"));
    }
    return false;
}

static bool check_kind(Eval *eval, const Node *node, const Element *element, const Datum *datum)
{
    if (element_count(datum) < 0) return refuse_kind(eval, node, element, datum);
    bool yes = is_yes(datum), wants = element->kind == TAKES_YES;
    if (element->kind == COMPARES || yes == wants) return true;
    blame_at(&eval->blame, node->mark,
             wants ? tr("%s joins conditions, and this is a number")
                   : tr("%s takes numbers, and this is a yes or no"),
             element->name);
    if (!wants) blame_hint(&eval->blame, tr("sum(...) counts how many are yes"));
    return false;
}

/* == and != take yes/no on both sides; the others only numbers. */
static bool check_pair(Eval *eval, const Node *node, int op, const Datum *const *in, int count)
{
    const Element *element = element_row(op);
    if (element->kind != COMPARES) return true;
    for (int i = 0; i < count; i++) {
        bool equal = op == OP_EQUAL || op == OP_UNEQUAL;
        if (is_yes(in[i]) == is_yes(in[0]) && (equal || !is_yes(in[i]))) continue;
        return blame_at(&eval->blame, node->mark,
                        tr("%s compares numbers, and one side is a yes or no"), element->name);
    }
    return true;
}

/* The input that gives the result its shape: the first that is not a single number. */
static const Datum *shape_of(const Datum *const *in, int count)
{
    const Datum *shape = in[0];
    for (int i = count - 1; i >= 0; i--) {
        if (!is_scalar(in[i])) shape = in[i];
    }
    return shape;
}

static bool same_words(const Datum *a, const Datum *b, const char **differs)
{
    for (Index i = 0; i < a->axis_count; i++) {
        const DatumAxis *axis = &a->axes[i], *other = datum_axis(b, axis->name);
        for (Index j = 0; other != NULL && j < a->rows; j++) {
            if (strcmp(axis->word[j], other->word[j]) == 0) continue;
            *differs = axis->name;
            return false;
        }
    }
    return true;
}

static bool check_fit(Eval *eval, const Node *node, const Datum *shape, const Datum *other)
{
    const char *name = NULL;
    Index       n = element_count(shape), m = element_count(other);
    if (is_scalar(other) || shape->blank || other->blank) return true;
    bool flat = shape->rows == n || shape->cols == n;
    bool fits =
        n == m && (shape->rows == other->rows || (flat && (other->rows == m || other->cols == m)));
    if (!fits && shape->cols == 1 && other->cols == 1) {
        return blame_at(&eval->blame, node->mark, tr("%td numbers do not go with %td"), n, m);
    }
    if (!fits) {
        return blame_at(&eval->blame, node->mark, tr("%td x %td numbers do not go with %td x %td"),
                        shape->rows, shape->cols, other->rows, other->cols);
    }
    if (shape->kind == DATUM_SERIES && other->kind == DATUM_SERIES &&
        memcmp(shape->x, other->x, (size_t)n * sizeof *shape->x) != 0) {
        return blame_at(&eval->blame, node->mark, tr("two series with points at different x"));
    }
    if (shape->kind == DATUM_VECTOR && other->kind == DATUM_VECTOR &&
        !same_words(shape, other, &name)) {
        return blame_at(&eval->blame, node->mark,
                        tr("the two sides were measured at different values of %s"), name);
    }
    return true;
}

/* ---- all elements ---- */

static Datum *new_like(const Datum *shape, const char *unit, Error *err)
{
    Index  n = shape->rows;
    Datum *out = NULL;
    switch (shape->kind) {
    case DATUM_VECTOR:
        out = datum_vector(NULL, n, unit, err);
        break;
    case DATUM_MATRIX:
        out = datum_matrix(NULL, n, shape->cols, err);
        break;
    default:
        CHECK(shape->kind == DATUM_SERIES);
        out = datum_series(shape->x, NULL, n, shape->x_name, unit, err);
    }
    if (out == NULL) return NULL;
    out->unit = unit;
    if (out->kind == DATUM_VECTOR && !datum_copy_axes(out, shape, NULL, n, NULL, err)) {
        datum_drop(out);
        return NULL;
    }
    return out;
}

static bool fill_elements(Eval *eval, const Node *node, int op, const Datum *const *in, int count,
                          double *out, Index n)
{
    if (!eval_spend(eval, node, n)) return false;
    for (Index i = 0; i < n; i++) {
        double v[ELEMENT_INPUTS] = {0};
        for (int j = 0; j < count; j++) v[j] = element_values(in[j])[is_scalar(in[j]) ? 0 : i];
        if (!element_allowed(eval, node, op, v, count)) return false;
        out[i] = element_row(op)->apply(v);
    }
    return true;
}

static Datum *scalar_result(Eval *eval, const Node *node, int op, const Datum *const *in, int count,
                            const char *unit)
{
    double value;
    if (!fill_elements(eval, node, op, in, count, &value, 1)) return NULL;
    bool numbers = element_row(op)->kind == TAKES_NUMBERS;
    return numbers ? datum_number(value, unit, eval->blame.err)
                   : datum_yes(value != 0, eval->blame.err);
}

static Datum *array_result(Eval *eval, const Node *node, int op, const Datum *const *in, int count,
                           const char *unit)
{
    const Datum *shape = shape_of(in, count);
    for (int i = 0; i < count; i++) {
        if (!check_fit(eval, node, shape, in[i])) return NULL;
    }
    Datum *out = new_like(shape, element_row(op)->kind == TAKES_NUMBERS ? unit : DATUM_YES_UNIT,
                          eval->blame.err);
    if (out != NULL && !fill_elements(eval, node, op, in, count, out->values, element_count(out))) {
        datum_drop(out);
        return NULL;
    }
    return out;
}

/* An item of a list that there is none of yet may well be one. */
static bool may_be_text(const Datum *datum)
{
    bool unknown = datum->kind == DATUM_RECORD && datum->blank && datum->count == 0;
    return datum->kind == DATUM_TEXT || unknown;
}

/* Two texts are equal or not; nothing else can be done with a text. */
static Datum *compare_texts(Eval *eval, const Node *node, int op, const Datum *const *in)
{
    bool equal = op == OP_EQUAL, pair = may_be_text(in[0]) && may_be_text(in[1]);
    if (!pair || (!equal && op != OP_UNEQUAL)) {
        blame_at(&eval->blame, node->mark, tr("%s cannot take a %s and a %s"),
                 element_row(op)->name, datum_kind_name(in[0]->kind), datum_kind_name(in[1]->kind));
        return NULL;
    }
    if (in[0]->blank || in[1]->blank) return blank_of(DATUM_YES, NULL, eval->blame.err);
    return datum_yes((strcmp(in[0]->text, in[1]->text) == 0) == equal, eval->blame.err);
}

/* The list whose rows the result has; of several blanks, the shortest. */
static const Datum *list_of(Eval *eval, const Node *node, const Datum *const *in, int count)
{
    const Datum *list = NULL;
    for (int i = 0; i < count; i++) {
        if (in[i]->kind != DATUM_LIST) continue;
        if (list != NULL && in[i]->count != list->count && !in[i]->blank && !list->blank) {
            blame_at(&eval->blame, node->mark, tr("%td values do not go with %td"), list->count,
                     in[i]->count);
            return NULL;
        }
        if (list == NULL || in[i]->count < list->count) list = in[i];
    }
    return list;
}

/* Item by item, when at least one input is a list. */
static Datum *map_list(Eval *eval, const Node *node, int op, const Datum *const *in, int count)
{
    Error       *err = eval->blame.err;
    const Datum *list = list_of(eval, node, in, count);
    if (list == NULL) return NULL;
    Datum *out = datum_rows(false, err); /* only to hold the items until they are collected */
    for (Index k = 0; out != NULL && k < list->count; k++) {
        const Datum *at[ELEMENT_INPUTS];
        for (int i = 0; i < count; i++) at[i] = in[i]->kind == DATUM_LIST ? in[i]->items[k] : in[i];
        if (!datum_add_row(out, NULL, eval_elements(eval, node, op, at, count), err)) {
            datum_drop(out);
            return NULL;
        }
    }
    Datum *collected = out != NULL ? eval_collect(eval, out->items, out->count, list) : NULL;
    datum_drop(out);
    return collected;
}

static Datum *blank_result(Eval *eval, int op, const Datum *const *in, int count, const char *unit)
{
    const Datum *shape = shape_of(in, count);
    bool         numbers = element_row(op)->kind == TAKES_NUMBERS;
    DatumKind    kind = is_scalar(shape) ? numbers ? DATUM_NUMBER : DATUM_YES : shape->kind;
    Datum       *out = blank_of(kind, shape, eval->blame.err);
    if (out != NULL) out->unit = numbers ? unit : is_scalar(shape) ? NULL : DATUM_YES_UNIT;
    return out;
}

Datum *eval_elements(Eval *eval, const Node *node, int op, const Datum *const *inputs, int count)
{
    const Datum *in[ELEMENT_INPUTS] = {0};
    bool         list = false, text = false, blank = false, timed = false, array = false;
    for (int i = 0; i < count; i++) {
        in[i] = numeric_view(inputs[i]);
        list = list || in[i]->kind == DATUM_LIST;
        text = text || may_be_text(in[i]);
        blank = blank || in[i]->blank;
        timed = timed || in[i]->timed;
        array = array || !is_scalar(in[i]);
    }
    Datum *out = NULL;
    if (list) {
        out = map_list(eval, node, op, in, count);
    } else if (text && count == 2) {
        out = compare_texts(eval, node, op, in);
    } else {
        for (int i = 0; i < count; i++) {
            if (!check_kind(eval, node, element_row(op), in[i])) return NULL;
        }
        if (!check_pair(eval, node, op, in, count)) return NULL;
        const char *unit = element_unit(op, in[0], count > 1 ? in[1] : NULL);
        out = blank   ? blank_result(eval, op, in, count, unit)
              : array ? array_result(eval, node, op, in, count, unit)
                      : scalar_result(eval, node, op, in, count, unit);
    }
    if (out != NULL && timed) out->timed = true;
    return out;
}
