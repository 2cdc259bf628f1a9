/* Subscripts: rows of a table by key, elements and rows by position. */

#include <math.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/workbench/expr_internal.h"

static const Node *node_of(const Eval *eval, int i)
{
    return &eval->expr->nodes[i];
}

bool whole_number(Eval *eval, const Node *node, const Datum *value, double lo, double hi,
                  const char *what, Index *out)
{
    if (value->kind != DATUM_NUMBER) {
        return blame_at(&eval->blame, node->at, tr("%s must be a number, not a %s"), what,
                        datum_kind_name(value->kind));
    }
    *out = (Index)lo;
    if (value->blank) return true;
    double x = value->number;
    if (!(x >= lo && x <= hi) || x != floor(x)) {
        return blame_at(&eval->blame, node->at,
                        tr("%s is %g, but must be a whole number in %g..%g"), what, x, lo, hi);
    }
    *out = (Index)x;
    return true;
}

/* ---- by key ---- */

typedef struct Selection {
    const Datum *base;
    bool        *without; /* [axis_count] axes that are fixed */
    Index       *rows;    /* [count] that fit */
    Index        count;
} Selection;

static Index row_count(const Datum *base)
{
    return base->kind == DATUM_VECTOR ? base->rows : base->count;
}

static bool no_axis(Eval *eval, const Node *key, const Datum *base)
{
    Nearest nearest = nearest_to(key->word);
    Str     known = {0};
    for (Index i = 0; i < base->axis_count; i++) {
        nearest_offer(&nearest, base->axes[i].name);
        str_addf(&known, "%s%s", i > 0 ? ", " : "", base->axes[i].name);
    }
    blame_at(&eval->blame, key->mark, tr("there is no axis \"%.40s\" here"), key->word);
    if (nearest.best != NULL) {
        blame_hint(&eval->blame, tr("did you mean %s?"), nearest.best);
    } else if (known.len > 0) {
        blame_hint(&eval->blame, tr("the axes are %s"), str_text(&known));
    } else {
        blame_hint(&eval->blame, tr("this does not come from a sweep"));
    }
    str_free(&known);
    return false;
}

static bool no_row(Eval *eval, const Node *key, const DatumAxis *axis, Index n)
{
    Str known = {0};
    for (Index i = 0; i < n && known.len < 100; i++) {
        bool old = false;
        for (Index j = 0; j < i && !old; j++) old = strcmp(axis->word[i], axis->word[j]) == 0;
        if (!old) str_addf(&known, "%s%s", i > 0 ? ", " : "", axis->word[i]);
    }
    Piece piece = piece_of(eval->expr, key);
    if (str_ok(&known, eval->blame.err)) {
        blame_at(&eval->blame, key->at, tr("nothing was measured at %s"), piece.text);
        blame_hint(&eval->blame, tr("%s is one of %s"), axis->name, str_text(&known));
    }
    str_free(&known);
    return false;
}

static bool word_exists(const DatumAxis *axis, const char *word, Index n)
{
    for (Index i = 0; i < n; i++) {
        if (strcmp(axis->word[i], word) == 0) return true;
    }
    return false;
}

static bool fits(const DatumAxis *axis, Index i, const char *word, double number)
{
    if (word != NULL) return strcmp(axis->word[i], word) == 0;
    return fabs(axis->number[i] - number) <= 1e-12 * fabs(number);
}

/* Can a bare word that is none of the axis' words be meant as an expression? */
static bool may_be_value(Eval *eval, const Node *node, const DatumAxis *axis, Index n)
{
    if (node->kind == NODE_NAME) {
        return eval->scope->find(eval->scope->context, node->word) != NULL;
    }
    bool words = false;
    for (Index i = 0; i < n; i++) words = words || isnan(axis->number[i]);
    return !words && node->kind != NODE_YES;
}

/* What a key asks for: a word of the axis as it is written, else the value of the expression. */
static bool key_value(Eval *eval, const Node *key, const DatumAxis *axis, Index n, Datum **value)
{
    if (key->raw != NULL && word_exists(axis, key->raw, n)) {
        *value = datum_text(key->raw, (Index)strlen(key->raw), eval->blame.err);
        return *value != NULL;
    }
    const Node *node = node_of(eval, key->left);
    if (key->raw != NULL && !may_be_value(eval, node, axis, n)) return no_row(eval, key, axis, n);
    *value = eval_node(eval, key->left);
    if (*value == NULL) return false;
    DatumKind kind = (*value)->kind;
    if (kind == DATUM_NUMBER || kind == DATUM_TEXT) return true;
    return blame_at(&eval->blame, node->at, tr("%s= takes a number or a word, not a %s"),
                    axis->name, datum_kind_name(kind));
}

/* Keep the rows that this key fits. */
static bool apply_key(Eval *eval, const Node *key, Selection *chosen)
{
    const Datum     *base = chosen->base;
    const DatumAxis *axis = datum_axis(base, key->word);
    Datum           *value = NULL;
    if (axis == NULL) return no_axis(eval, key, base);
    if (node_of(eval, key->left)->kind == NODE_ALL) return true;
    if (chosen->without[axis - base->axes]) {
        return blame_at(&eval->blame, key->at, tr("%s is given twice"), axis->name);
    }
    chosen->without[axis - base->axes] = true;
    if (base->blank) return true;

    bool  ok = key_value(eval, key, axis, row_count(base), &value);
    Index kept = 0;
    for (Index i = 0; ok && i < chosen->count; i++) {
        const char *word = value->kind == DATUM_TEXT ? value->text : NULL;
        bool        any = value->blank || fits(axis, chosen->rows[i], word, value->number);
        if (any) chosen->rows[kept++] = chosen->rows[i];
    }
    chosen->count = ok ? kept : 0;
    datum_drop(value);
    return ok && (kept > 0 || no_row(eval, key, axis, row_count(base)));
}

Datum *eval_element(Eval *eval, const Datum *base, Index i)
{
    Error *err = eval->blame.err;
    if (base->kind != DATUM_VECTOR && base->kind != DATUM_SERIES && base->kind != DATUM_MATRIX) {
        bool known = base->count > 0;
        return known ? datum_hold(base->items[i]) : blank_of(DATUM_RECORD, NULL, err);
    }
    double value = base->blank ? (double)NAN : base->values[i];
    Datum *out = is_yes(base) ? datum_yes(value > 0, err) : datum_number(value, base->unit, err);
    if (out == NULL) return NULL;
    out->blank = base->blank;
    out->timed = base->timed;
    return out;
}

/* The chosen elements or rows of a vector, list or table, under the axes that are left. */
static Datum *take_rows(Eval *eval, const Datum *base, const Index *rows, Index n,
                        const bool *without)
{
    Error *err = eval->blame.err;
    bool   vector = base->kind == DATUM_VECTOR;
    Index  kept = vector && base->blank ? 0 : n;
    Datum *out = vector ? datum_vector(NULL, kept, base->unit, err)
                        : datum_rows(base->kind == DATUM_TABLE, err);
    for (Index i = 0; out != NULL && i < kept; i++) {
        if (vector) {
            out->values[i] = base->values[rows[i]];
        } else if (!datum_add_row(out, NULL, datum_hold(base->items[rows[i]]), err)) {
            datum_drop(out);
            return NULL;
        }
    }
    if (out == NULL || !datum_copy_axes(out, base, rows, kept, without, err)) {
        datum_drop(out);
        return NULL;
    }
    out->blank = base->blank;
    out->timed = base->timed;
    return out;
}

static Datum *finish_selection(Eval *eval, const Node *node, const Selection *chosen)
{
    const Datum *base = chosen->base;
    bool         left = false;
    for (Index i = 0; i < base->axis_count; i++) left = left || !chosen->without[i];
    if (left) return take_rows(eval, base, chosen->rows, chosen->count, chosen->without);
    if (chosen->count > 1) {
        blame_at(&eval->blame, node->mark, tr("%td rows fit here, not one"), chosen->count);
        return NULL;
    }
    return eval_element(eval, base, base->blank ? 0 : chosen->rows[0]);
}

static Datum *by_key(Eval *eval, const Node *node, const Datum *base)
{
    if (base->kind != DATUM_TABLE && base->kind != DATUM_LIST && base->kind != DATUM_VECTOR) {
        blame_at(&eval->blame, node->mark, tr("a %s has no rows to choose by key"),
                 datum_kind_name(base->kind));
        return NULL;
    }
    Error *err = eval->blame.err;
    if (base->blank && base->axis_count == 0) return eval_element(eval, base, 0);
    Selection chosen = {.base = base, .count = row_count(base)};
    Datum    *out = NULL;
    chosen.without = mem_alloc(mem_program(), MEM_SCRATCH, base->axis_count, sizeof(bool), err);
    chosen.rows = mem_alloc(mem_program(), MEM_SCRATCH, chosen.count, sizeof(Index), err);
    bool ok = chosen.without != NULL && chosen.rows != NULL;
    for (Index i = 0; ok && i < chosen.count; i++) chosen.rows[i] = i;
    ok = ok && eval_spend(eval, node, chosen.count);
    for (int key = node->right; ok && key != NO_NODE; key = node_of(eval, key)->next) {
        ok = apply_key(eval, node_of(eval, key), &chosen);
    }
    if (ok) out = finish_selection(eval, node, &chosen);
    mem_free(chosen.rows);
    mem_free(chosen.without);
    return out;
}

/* ---- by position ---- */

typedef struct Span {
    Index from, n;
    bool  one; /* a single position: its dimension goes */
} Span;

static bool position(Eval *eval, int i, Index n, bool blank, Index *out)
{
    const Node *node = node_of(eval, i);
    Datum      *value = eval_node(eval, i);
    if (value == NULL) return false;
    bool ok;
    if (n == 0 && !blank && value->kind == DATUM_NUMBER) {
        ok = blame_at(&eval->blame, node->at, tr("it is empty and has no position"));
    } else {
        ok = whole_number(eval, node, value, 1, blank ? 1e9 : (double)n, tr("the position"), out);
    }
    datum_drop(value);
    return ok;
}

/* One of the subscript's items over a dimension of n. */
static bool span_of(Eval *eval, int item, Index n, bool blank, Span *span)
{
    const Node *node = node_of(eval, item);
    *span = (Span){.n = n};
    if (node->kind == NODE_ALL) return true;
    Index from = 1, to = 1;
    if (node->kind != NODE_RANGE) {
        span->one = true;
        if (!position(eval, item, n, blank, &from)) return false;
        to = from;
    } else {
        if (!position(eval, node->left, n, blank, &from)) return false;
        if (!position(eval, node->right, n, blank, &to)) return false;
        if (to < from && !blank) {
            return blame_at(&eval->blame, node->mark, tr("a range from %td down to %td"), from, to);
        }
    }
    span->from = from - 1;
    span->n = to - from + 1;
    return true;
}

static Datum *take_series(Eval *eval, const Datum *base, Span span)
{
    Datum *out = datum_series(base->x + span.from, base->values + span.from, span.n, base->x_name,
                              base->unit, eval->blame.err);
    if (out != NULL) out->timed = base->timed;
    return out;
}

static Datum *take_span(Eval *eval, const Datum *base, Span span)
{
    Error *err = eval->blame.err;
    if (span.one) return eval_element(eval, base, base->blank ? 0 : span.from);
    if (base->blank) {
        if (base->kind == DATUM_VECTOR || base->kind == DATUM_SERIES) {
            return blank_of(base->kind, base, err);
        }
        return datum_hold(base);
    }
    if (base->kind == DATUM_SERIES) return take_series(eval, base, span);
    Index *rows = mem_alloc(mem_program(), MEM_SCRATCH, span.n, sizeof *rows, err);
    if (rows == NULL) return NULL;
    for (Index i = 0; i < span.n; i++) rows[i] = span.from + i;
    Datum *out = take_rows(eval, base, rows, span.n, NULL);
    mem_free(rows);
    return out;
}

static Datum *take_block(Eval *eval, const Datum *m, Span rows, Span cols)
{
    Error *err = eval->blame.err;
    if (rows.one && cols.one) return eval_element(eval, m, rows.from * m->cols + cols.from);
    bool flat = rows.one || cols.one;
    if (m->blank) return blank_of(flat ? DATUM_VECTOR : DATUM_MATRIX, m, err);
    Datum *out = flat ? datum_vector(NULL, rows.n * cols.n, m->unit, err)
                      : datum_matrix(NULL, rows.n, cols.n, err);
    if (out == NULL) return NULL;
    out->timed = m->timed;
    out->unit = m->unit;
    for (Index i = 0; i < rows.n; i++) {
        memcpy(out->values + i * cols.n, m->values + (rows.from + i) * m->cols + cols.from,
               (size_t)cols.n * sizeof *out->values);
    }
    return out;
}

static Datum *by_position_in_matrix(Eval *eval, const Node *node, const Datum *m)
{
    int  second = node_of(eval, node->right)->next;
    Span rows, cols;
    if (second == NO_NODE) { /* a matrix of one row or column is counted through */
        bool row = m->rows == 1;
        if (!m->blank && !row && m->cols != 1) {
            blame_at(&eval->blame, node->mark, tr("a matrix takes two positions"));
            blame_hint(&eval->blame, tr("as m[1,2], or m[1,*] for a row"));
            return NULL;
        }
        if (!span_of(eval, node->right, row ? m->cols : m->rows, m->blank, row ? &cols : &rows)) {
            return NULL;
        }
        *(row ? &rows : &cols) = (Span){.n = 1, .one = (row ? cols : rows).one};
        return take_block(eval, m, rows, cols);
    }
    if (!span_of(eval, node->right, m->rows, m->blank, &rows)) return NULL;
    if (!span_of(eval, second, m->cols, m->blank, &cols)) return NULL;
    return take_block(eval, m, rows, cols);
}

static Datum *by_position(Eval *eval, const Node *node, const Datum *base)
{
    if (base->kind == DATUM_MATRIX) return by_position_in_matrix(eval, node, base);
    Index n = base->kind == DATUM_SERIES ? base->rows : row_count(base);
    Span  span;
    bool  rows = base->kind == DATUM_VECTOR || base->kind == DATUM_SERIES ||
                base->kind == DATUM_TABLE || base->kind == DATUM_LIST;
    if (!rows) {
        Piece piece = piece_of(eval->expr, node_of(eval, node->left));
        blame_at(&eval->blame, node->mark, tr("%s is a %s and has no positions"), piece.text,
                 datum_kind_name(base->kind));
        return NULL;
    }
    if (node_of(eval, node->right)->next != NO_NODE) {
        blame_at(&eval->blame, node->mark, tr("two positions are for a matrix, and this is a %s"),
                 datum_kind_name(base->kind));
        return NULL;
    }
    return span_of(eval, node->right, n, base->blank, &span) ? take_span(eval, base, span) : NULL;
}

Datum *eval_index(Eval *eval, const Node *node, const Datum *base)
{
    base = numeric_view(base);
    bool key = node_of(eval, node->right)->kind == NODE_KEY;
    return key ? by_key(eval, node, base) : by_position(eval, node, base);
}
