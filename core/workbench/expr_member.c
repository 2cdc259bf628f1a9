/* Members: of records, of each row of a table, and the ends and means of series. */

#include <math.h>
#include <string.h>

#include "core/workbench/expr_internal.h"

Piece piece_of(const Expr *expr, const Node *node)
{
    Piece piece = {{0}};
    Index n = node->end - node->at, room = (Index)sizeof piece.text - 4;
    Index shown = n > room ? room : n;
    /* Not within a character. */
    while (shown < n && shown > 0 && ((unsigned char)expr->text[node->at + shown] & 0xc0) == 0x80) {
        shown--;
    }
    memcpy(piece.text, expr->text + node->at, (size_t)shown);
    if (shown < n) memcpy(piece.text + shown, "...", 3);
    for (char *c = piece.text; *c != '\0'; c++) {
        if (*c == '\n' || *c == '\t') *c = ' ';
    }
    return piece;
}

/* ---- blanks ---- */

static Datum *new_blank(DatumKind kind, const char *unit, Error *err)
{
    switch (kind) {
    case DATUM_NUMBER:
        return datum_number((double)NAN, unit, err);
    case DATUM_YES:
        return datum_yes(false, err);
    case DATUM_TEXT:
        return datum_text("", 0, err);
    case DATUM_VECTOR:
        return datum_vector(NULL, 0, unit, err);
    case DATUM_MATRIX:
        return datum_matrix(NULL, 0, 0, err);
    case DATUM_SERIES:
        return datum_series(NULL, NULL, 0, NULL, unit, err);
    case DATUM_RECORD:
        return datum_record(err);
    case DATUM_TABLE:
    case DATUM_LIST:
        break;
    }
    return datum_rows(kind == DATUM_TABLE, err);
}

Datum *blank_of(DatumKind kind, const Datum *from, Error *err)
{
    bool   scalar = kind == DATUM_YES || kind == DATUM_TEXT || kind == DATUM_RECORD;
    Datum *blank = new_blank(kind, from != NULL && !scalar ? from->unit : NULL, err);
    if (blank == NULL) return NULL;
    blank->blank = true;
    if (from == NULL) return blank;
    blank->timed = from->timed;
    if (kind == DATUM_SERIES) blank->x_name = from->x_name;
    if (kind == DATUM_VECTOR && !datum_copy_axes(blank, from, NULL, 0, NULL, err)) {
        datum_drop(blank);
        return NULL;
    }
    return blank;
}

/* ---- collecting ---- */

typedef enum Gather { GATHER_VECTOR, GATHER_TABLE, GATHER_LIST } Gather;

static Gather gather_of(Datum *const *items, Index n)
{
    bool numbers = n > 0, records = n > 0;
    for (Index i = 0; i < n; i++) {
        DatumKind kind = items[i]->kind;
        numbers = numbers && (kind == DATUM_NUMBER || kind == DATUM_YES) && kind == items[0]->kind;
        records = records && kind == DATUM_RECORD;
    }
    return numbers ? GATHER_VECTOR : records ? GATHER_TABLE : GATHER_LIST;
}

static const char *common_unit(Datum *const *items, Index n)
{
    for (Index i = 1; i < n; i++) {
        if (!same_unit(items[i]->unit, items[0]->unit)) return NULL;
    }
    return items[0]->kind == DATUM_YES ? DATUM_YES_UNIT : items[0]->unit;
}

static Datum *gather_vector(Datum **items, Index n, bool blank, const Datum *from, Error *err)
{
    /* Of one row that stands for unknown many, no element is known. */
    Datum *out = datum_vector(NULL, blank ? 0 : n, common_unit(items, n), err);
    if (out == NULL) return NULL;
    for (Index i = 0; i < out->rows; i++) out->values[i] = items[i]->number;
    if (datum_copy_axes(out, from, NULL, out->rows, NULL, err)) return out;
    datum_drop(out);
    return NULL;
}

static Datum *gather_rows(Datum **items, Index n, bool table, const Datum *from, Error *err)
{
    Datum *out = datum_rows(table, err);
    for (Index i = 0; out != NULL && i < n; i++) {
        if (datum_add_row(out, NULL, datum_hold(items[i]), err)) continue;
        datum_drop(out);
        return NULL;
    }
    if (out == NULL || datum_copy_axes(out, from, NULL, n, NULL, err)) return out;
    datum_drop(out);
    return NULL;
}

Datum *eval_collect(Eval *eval, Datum **items, Index n, const Datum *from)
{
    bool blank = from->blank, timed = from->timed;
    for (Index i = 0; i < n; i++) {
        blank = blank || items[i]->blank;
        timed = timed || items[i]->timed;
    }
    Gather gather = gather_of(items, n);
    Error *err = eval->blame.err;
    Datum *out = gather == GATHER_VECTOR ? gather_vector(items, n, blank, from, err)
                                         : gather_rows(items, n, gather == GATHER_TABLE, from, err);
    if (out == NULL) return NULL;
    out->blank = blank;
    out->timed = timed;
    return out;
}

/* What a function makes of each item, collected. */
typedef Datum *ItemFn(Eval *eval, const Node *node, const Datum *item, double x);

static Datum *map_items(Eval *eval, const Node *node, const Datum *base, ItemFn *fn, double x)
{
    Error *err = eval->blame.err;
    Datum *out = datum_rows(false, err); /* holds the items until they are collected */
    if (out == NULL || !eval_spend(eval, node, base->count)) goto failed;
    for (Index i = 0; i < base->count; i++) {
        if (!datum_add_row(out, NULL, fn(eval, node, base->items[i], x), err)) goto failed;
    }
    Datum *collected = eval_collect(eval, out->items, out->count, base);
    datum_drop(out);
    return collected;

failed:
    datum_drop(out);
    return NULL;
}

/* ---- members ---- */

static Datum *no_member(Eval *eval, const Node *node, const Datum *base)
{
    Piece   piece = piece_of(eval->expr, &eval->expr->nodes[node->left]);
    Nearest nearest = nearest_to(node->word);
    Str     known = {0};
    for (Index i = 0; i < base->count; i++) {
        nearest_offer(&nearest, base->keys[i]);
        str_addf(&known, "%s%s", i > 0 ? ", " : "", base->keys[i]);
    }
    blame_at(&eval->blame, node->mark, tr("%s has no member \"%.40s\""), piece.text, node->word);
    if (nearest.best != NULL) {
        blame_hint(&eval->blame, tr("did you mean .%s?"), nearest.best);
    } else if (known.len > 0) {
        blame_hint(&eval->blame, tr("it has %s"), str_text(&known));
    }
    str_free(&known);
    return NULL;
}

static Datum *refuse_member(Eval *eval, const Node *node, const Datum *base, const char *known)
{
    Piece piece = piece_of(eval->expr, &eval->expr->nodes[node->left]);
    blame_at(&eval->blame, node->mark, tr("%s is a %s and has no member \"%.40s\""), piece.text,
             datum_kind_name(base->kind), node->word);
    if (known != NULL) blame_hint(&eval->blame, tr("it has %s"), known);
    return NULL;
}

static double extreme(const Datum *base, bool least)
{
    double best = base->values[0];
    for (Index i = 1; i < element_count(base); i++) {
        double v = base->values[i];
        if (isnan(v) || (least ? v < best : v > best)) best = v;
        if (isnan(best)) break;
    }
    return best;
}

static double mean_of(const Datum *base)
{
    double sum = 0;
    Index  n = element_count(base);
    for (Index i = 0; i < n; i++) sum += base->values[i];
    return sum / (double)n;
}

/* .count .rows .cols .x .y: true when the word is one of them, whatever came of it. */
static bool part_of_array(Eval *eval, const Node *node, const Datum *base, Datum **out)
{
    const char *word = node->word;
    Error      *err = eval->blame.err;
    bool        series = base->kind == DATUM_SERIES, matrix = base->kind == DATUM_MATRIX;
    if (strcmp(word, "count") == 0) {
        *out = datum_number((double)element_count(base), NULL, err);
    } else if (matrix && strcmp(word, "rows") == 0) {
        *out = datum_number((double)base->rows, NULL, err);
    } else if (matrix && strcmp(word, "cols") == 0) {
        *out = datum_number((double)base->cols, NULL, err);
    } else if (series && strcmp(word, "x") == 0) {
        *out = datum_vector(base->x, base->rows, NULL, err);
    } else if (series && strcmp(word, "y") == 0) {
        *out = datum_vector(base->values, base->rows, base->unit, err);
    } else {
        return false;
    }
    return true;
}

static bool number_of_array(const Datum *base, const char *word, bool empty, double *number)
{
    bool ends = base->kind != DATUM_MATRIX;
    if (ends && strcmp(word, "first") == 0) {
        *number = empty ? 0 : base->values[0];
    } else if (ends && strcmp(word, "last") == 0) {
        *number = empty ? 0 : base->values[base->rows - 1];
    } else if (strcmp(word, "min") == 0 || strcmp(word, "max") == 0) {
        *number = empty ? 0 : extreme(base, word[1] == 'i');
    } else if (strcmp(word, "mean") == 0) {
        *number = empty ? 0 : mean_of(base);
    } else {
        return false;
    }
    return true;
}

static Datum *array_member(Eval *eval, const Node *node, const Datum *base)
{
    static const char *const known[] = {[DATUM_VECTOR] = "first, last, min, max, mean, count",
                                        [DATUM_MATRIX] = "rows, cols, min, max, mean, count",
                                        [DATUM_SERIES] =
                                            "first, last, min, max, mean, at(x), x, y, count"};
    bool                     empty = element_count(base) == 0;
    double                   number = 0;
    Datum                   *out = NULL;
    if (!part_of_array(eval, node, base, &out)) {
        if (!number_of_array(base, node->word, empty, &number)) {
            return refuse_member(eval, node, base, known[base->kind]);
        }
        if (empty && !base->blank) {
            Piece piece = piece_of(eval->expr, &eval->expr->nodes[node->left]);
            blame_at(&eval->blame, node->mark, tr("%s is empty, so it has no %s"), piece.text,
                     node->word);
            return NULL;
        }
        bool yes = is_yes(base) && strcmp(node->word, "mean") != 0;
        out = yes ? datum_yes(number != 0, eval->blame.err)
                  : datum_number(number, is_yes(base) ? NULL : base->unit, eval->blame.err);
    }
    if (out == NULL) return NULL;
    out->timed = base->timed;
    out->blank = base->blank;
    return out;
}

static Datum *member_of(Eval *eval, const Node *node, const Datum *base, double x)
{
    (void)x;
    const Datum *member;
    switch (base->kind) {
    case DATUM_RECORD:
        if (base->blank && base->count == 0) return blank_of(DATUM_NUMBER, NULL, eval->blame.err);
        member = datum_member(base, node->word);
        return member != NULL ? datum_hold(member) : no_member(eval, node, base);
    case DATUM_TABLE:
    case DATUM_LIST:
        return map_items(eval, node, base, member_of, 0);
    case DATUM_VECTOR:
    case DATUM_MATRIX:
    case DATUM_SERIES:
        return array_member(eval, node, base);
    default:
        return refuse_member(eval, node, base, NULL);
    }
}

Datum *eval_member(Eval *eval, const Node *node, const Datum *base)
{
    return member_of(eval, node, base, 0);
}

/* ---- .at(x) ---- */

static Datum *point_of(Eval *eval, const Node *node, const Datum *base, double x)
{
    if (base->kind == DATUM_LIST) return map_items(eval, node, base, point_of, x);
    if (base->kind != DATUM_SERIES) {
        blame_at(&eval->blame, node->mark, tr(".at(x) is of a series, and this is a %s"),
                 datum_kind_name(base->kind));
        return NULL;
    }
    if (base->blank || isnan(x)) return blank_of(DATUM_NUMBER, base, eval->blame.err);
    Index last = base->rows - 1, i = last;
    while (i >= 0 && base->x[i] > x) i--;
    if (i < 0 || x > base->x[last]) {
        const char *name = base->x_name != NULL ? base->x_name : "x";
        blame_at(&eval->blame, node->mark, tr("there is no point at %s %g"), name, x);
        if (last >= 0) {
            blame_hint(&eval->blame, tr("its points go from %g to %g"), base->x[0], base->x[last]);
        }
        return NULL;
    }
    Datum *out = datum_number(base->values[i], base->unit, eval->blame.err);
    if (out != NULL) out->timed = base->timed;
    return out;
}

Datum *eval_point(Eval *eval, const Node *node, const Datum *base, double x)
{
    return point_of(eval, node, base, x);
}
