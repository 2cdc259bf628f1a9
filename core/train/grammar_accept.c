/*
 * Could the grammar have written this text? A search with backtracking.
 *
 * What remains to be matched is a chain of frames. Every function takes a position and such a
 * chain, and returns true when the rest of the text can be matched along it; a value that
 * becomes known on the way is noted on a trail and put back when the way proves wrong. So a
 * slot is found where it is first named and must agree wherever it is named again.
 *
 * Steps, depth of the search and memory have budgets: no text and no grammar can hold it up.
 */

#include "core/train/grammar_match.h"

#include "core/base/mem.h"

#include <stdio.h>
#include <string.h>

typedef struct Frame Frame;
struct Frame {
    enum { FRAME_NODES, FRAME_TAKE, FRAME_ITEMS } kind;
    const Node  *node; /* NODES: these pieces, of this instance */
    Instance    *at;
    Value       *value; /* TAKE: what was matched since `start` is its text; ITEMS: the list */
    Index        start;
    int          item, field, least, most; /* ITEMS: the next item; how many there may be */
    bool         open, final;              /* ITEMS: their number is not known; nothing follows */
    const Frame *next;
};

typedef struct Want {
    int field, width;
} Want; /* which text of a value, zero padded how far */

static bool match_nodes(Match *match, const Node *node, Instance *at, Index pos, const Frame *next);
static bool match_any(Match *match, Value *value, Want want, Index pos, const Frame *next);
static bool match_items(Match *match, const Frame *frame, Index pos);

/* ---- going on ------------------------------------------------------------------------------- */

static bool match_rest(Match *match, Index pos, const Frame *frame)
{
    bool ok;
    if (!match_budget(match)) return false;
    if (frame == NULL) return pos == match->n && match_holds(match);
    match->depth++;
    if (frame->kind == FRAME_NODES) {
        ok = match_nodes(match, frame->node, frame->at, pos, frame->next);
    } else if (frame->kind == FRAME_TAKE) {
        Mark mark = match_mark(match);
        ok = match_bind(match, frame->value,
                        match_known(match->text + frame->start, pos - frame->start));
        ok = (ok && match_rest(match, pos, frame->next)) || match_back(match, mark);
    } else {
        ok = match_items(match, frame, pos);
    }
    match->depth--;
    return ok;
}

static bool starts_with(const Match *match, Index pos, const char *text, Index len)
{
    return len <= match->n - pos && memcmp(match->text + pos, text, (size_t)len) == 0;
}

/* The text as it is, or as a zero padded number. */
static bool match_literal(Match *match, const char *text, Index len, int width, Index pos,
                          const Frame *next)
{
    char    padded[32];
    int64_t number;
    if (width > 0 && grammar_number(text, len, &number)) {
        len = snprintf(padded, sizeof padded, "%0*lld", width, (long long)number);
        text = padded;
    }
    return starts_with(match, pos, text, len) && match_rest(match, pos + len, next);
}

/* Any number, which becomes the text of `value`. */
static bool match_number(Match *match, Value *value, int width, Index pos, const Frame *next)
{
    Index stop = pos < match->n && match->text[pos] == '-' ? pos + 1 : pos;
    while (stop < match->n && stop - pos < 11 && match->text[stop] >= '0' &&
           match->text[stop] <= '9') {
        stop++;
    }
    for (; stop > pos; stop--) {
        char    form[32];
        int64_t number;
        if (!grammar_number(match->text + pos, stop - pos, &number)) continue;
        int len = snprintf(form, sizeof form, "%0*lld", width, (long long)number);
        if (len != stop - pos || memcmp(form, match->text + pos, (size_t)len) != 0) continue;
        Mark  mark = match_mark(match);
        char *text = match_room(match, sizeof form);
        if (text == NULL) return false;
        len = snprintf(text, sizeof form, "%lld", (long long)number);
        if (match_bind(match, value, match_known(text, len)) && match_rest(match, stop, next)) {
            return true;
        }
        match_back(match, mark);
    }
    return false;
}

/* ---- lists ---------------------------------------------------------------------------------- */

static bool match_gap(Match *match, const Frame *frame, const char *gap, bool final, Index pos)
{
    Frame after = *frame;
    Index len = frame->item == 0 ? 0 : (Index)strlen(gap);
    after.item++;
    after.final = final;
    if (!starts_with(match, pos, gap, len)) return false;
    Want want = {frame->field, 0};
    return match_any(match, &frame->value->items[frame->item], want, pos + len, &after);
}

/* Items frame->item, +1, ... and then what follows the list. */
static bool match_items(Match *match, const Frame *frame, Index pos)
{
    Value        *list = frame->value;
    const Source *source = list->source;
    int           done = frame->item;
    if (done > 0 && !match_items_differ(list, done - 1)) return false;

    if (frame->open ? !frame->final && done < frame->most : done < frame->most) {
        bool last = source->last != NULL && done > 0;
        if (frame->open || !last || done + 1 < frame->most) {
            if (match_gap(match, frame, source->joined, false, pos)) return true;
        }
        if (last && (frame->open || done + 1 == frame->most)) {
            if (match_gap(match, frame, source->last, true, pos)) return true;
        }
    }
    if (done < frame->least) return false;
    if (frame->open && source->last != NULL && done > 1 && !frame->final) return false;
    Mark  mark = match_mark(match);
    Value whole = *list;
    whole.number = done;
    bool ok = match_bind(match, list, whole) &&
              match_bind(match, &list->memo[frame->field < 0 ? 0 : frame->field],
                         match_known(match->text + frame->start, pos - frame->start)) &&
              match_rest(match, pos, frame->next);
    return ok || match_back(match, mark);
}

static Frame items_frame(Value *list, Want want, Index pos, const Frame *next)
{
    return (Frame){FRAME_ITEMS, .value = list, .start = pos, .field = want.field, .next = next};
}

static bool match_list(Match *match, Value *list, Want want, Index pos, const Frame *next)
{
    Frame items = items_frame(list, want, pos, next);
    items.least = items.most = list->number;
    return list->number >= 0 && match_items(match, &items, pos);
}

/* A list that is not known yet, of a slot of `at`. */
static bool match_new_list(Match *match, Value *value, const Source *source, Want want, Index pos,
                           const Frame *next)
{
    Value   list;
    int64_t least, most;
    if (!match_bounds(source, value->rule, &least, &most) ||
        !match_new_items(match, &list, source, value->rule, most)) {
        return false;
    }
    list.number = -1; /* until its end is found */
    Frame items = items_frame(value, want, pos, next);
    items.least = (int)least;
    items.most = (int)most;
    items.open = true;
    return match_bind(match, value, list) && match_items(match, &items, pos);
}

/* ---- rules and sets ------------------------------------------------------------------------- */

static bool match_channel(Match *match, Instance *rule, Want want, Index pos, const Frame *next)
{
    int         field = want.field < 0 ? 0 : want.field;
    const char *text;
    Index       len;
    Value       self = {.kind = VALUE_RULE, .rule = rule};
    if (match_text(&self, field, &text, &len)) {
        return match_literal(match, text, len, want.width, pos, next);
    }
    if (rule->choice->delegate) {
        return match_any(match, &rule->slots[rule->choice->slot_count - 1], want, pos, next);
    }
    Frame take = {.kind = FRAME_TAKE, .value = &rule->memo[field], .start = pos, .next = next};
    return match_nodes(match, rule->choice->channels[field].text, rule, pos, &take);
}

static bool match_rule(Match *match, Value *value, const Def *def, const Source *source, Want want,
                       Index pos, const Frame *next)
{
    Instance *caller = value->rule;
    for (int i = 0; i < def->case_count; i++) {
        Mark      mark = match_mark(match);
        Instance *one = match_new_instance(match, def, &def->cases[i], source, caller);
        if (one == NULL) return match_back(match, mark);
        Value rule = {.kind = VALUE_RULE, .rule = one};
        if (match_bind(match, value, rule) && match_channel(match, one, want, pos, next))
            return true;
        match_back(match, mark);
    }
    return false;
}

/* Each row of the set whose text is next. */
static bool match_set(Match *match, Value *value, const Def *def, Want want, Index pos,
                      const Frame *next)
{
    for (int row = 0; row < def->row_count; row++) {
        const Cell *cell = &def->cells[row * def->field_count + (want.field < 0 ? 0 : want.field)];
        Value       known = {.kind = VALUE_ROW, .def = def, .number = row};
        if (want.width == 0 && !starts_with(match, pos, cell->text, cell->len)) continue;
        Mark mark = match_mark(match);
        if (match_bind(match, value, known) &&
            match_literal(match, cell->text, cell->len, want.width, pos, next)) {
            return true;
        }
        match_back(match, mark);
        if (!match_budget(match)) return false;
    }
    return false;
}

/* t.column: where t is not known yet, each of its rows is tried. */
static bool match_field(Match *match, Value *value, const Source *source, Want want, Index pos,
                        const Frame *next)
{
    Value *row = match_value(&value->rule->slots[source->ref.slot]);
    if (row->kind == VALUE_ROW) {
        const Cell *cell =
            &row->def->cells[row->number * row->def->field_count + source->ref.index];
        if (cell->def != NULL) return match_set(match, value, cell->def, want, pos, next);
        return match_number(match, value, want.width, pos, next);
    }
    if (row->kind != VALUE_NONE || row->source == NULL) return false;
    const Source *of = row->source;
    const Def    *def = of->kind == FROM_DEF ? of->def : NULL;
    if (of->kind == FROM_FIELD) {
        const Value *outer = match_value(&row->rule->slots[of->ref.slot]);
        if (outer->kind == VALUE_ROW) {
            def = outer->def->cells[outer->number * outer->def->field_count + of->ref.index].def;
        }
    }
    for (int i = 0; def != NULL && def->kind == DEF_SET && i < def->row_count; i++) {
        Mark  mark = match_mark(match);
        Value known = {.kind = VALUE_ROW, .def = def, .number = i};
        if (match_bind(match, row, known) && match_any(match, value, want, pos, next)) return true;
        match_back(match, mark);
    }
    return false;
}

/* xs[i] where xs itself was not read yet: every number of items is tried. */
static bool match_item_first(Match *match, Value *value, Value *list, Want want, Index pos,
                             const Frame *next)
{
    const Source *source = list->source;
    Instance     *at = list->rule;
    int64_t       least, most;
    if (source == NULL || source->kind != FROM_LIST || !match_bounds(source, at, &least, &most)) {
        return false;
    }
    for (int64_t count = least; count <= most; count++) {
        Mark  mark = match_mark(match);
        Value items;
        if (match_new_items(match, &items, source, at, count) && match_bind(match, list, items) &&
            match_any(match, value, want, pos, next)) {
            return true;
        }
        match_back(match, mark);
    }
    return false;
}

/* xs[i]: where i is not known yet, each item is tried. */
static bool match_item(Match *match, Value *value, const Source *source, Want want, Index pos,
                       const Frame *next)
{
    Instance *at = value->rule;
    Value    *list = match_value(&at->slots[source->ref.slot]);
    int64_t   which = 0, others;
    if (list->kind == VALUE_NONE) return match_item_first(match, value, list, want, pos, next);
    if (list->kind != VALUE_LIST || list->number < 0) return false;
    bool        known = match_sum(&source->low, at, &which);
    const Term *unknown = known ? NULL : match_unknown(&source->low, at, &others);
    if (!known && (unknown == NULL || unknown->kind != TERM_REF || unknown->ref.slot < 0)) {
        return false;
    }
    for (int i = 0; i < list->number; i++) {
        Mark  mark = match_mark(match);
        bool  ok = known ? which == i + 1 : true;
        Value item = {.kind = VALUE_ALIAS, .alias = &list->items[i]};
        if (ok && !known) {
            char *digits = match_room(match, 32);
            if (digits == NULL) return match_back(match, mark);
            int len = snprintf(digits, 32, "%lld", (long long)(unknown->sign * (i + 1 - others)));
            Value *index = match_value(&at->slots[unknown->ref.slot]);
            ok = index->kind == VALUE_NONE && match_bind(match, index, match_known(digits, len));
        }
        if (ok && match_bind(match, value, item) && match_any(match, value, want, pos, next))
            return true;
        match_back(match, mark);
    }
    return false;
}

/* ---- values --------------------------------------------------------------------------------- */

static bool match_ref(Match *match, const Ref *ref, int width, Instance *at, Index pos,
                      const Frame *next)
{
    Want want = {ref->index, width};
    if (ref->slot >= 0) {
        return match_any(match, &at->slots[ref->slot], want, pos, next);
    }
    Value  *fresh = match_room(match, sizeof *fresh);
    Source *source = fresh == NULL ? NULL : match_room(match, sizeof *source);
    if (source == NULL) return false;
    *source = (Source){.kind = FROM_DEF, .def = ref->def};
    *fresh = (Value){.number = -1, .rule = at, .source = source};
    return match_any(match, fresh, want, pos, next);
}

/* A text or a sum; `value` becomes known by it unless it is NULL. */
static bool match_expr(Match *match, Value *value, const Expr *expr, int width, Instance *at,
                       Index pos, const Frame *next)
{
    const Term *only = &expr->terms[0];
    int64_t     number;
    Frame       take = {.kind = FRAME_TAKE, .value = value, .start = pos, .next = next};
    if (value != NULL) next = &take;
    if (expr->count == 1 && only->sign > 0 && only->kind == TERM_REF &&
        only->ref.index != FIELD_COUNT) {
        return match_ref(match, &only->ref, width, at, pos, next);
    }
    if (expr->count == 1 && only->kind == TERM_TEXT) {
        return match_literal(match, only->text, (Index)strlen(only->text), width, pos, next);
    }
    if (match_sum(expr, at, &number)) {
        char form[32];
        int  len = snprintf(form, sizeof form, "%0*lld", width, (long long)number);
        return match_literal(match, form, len, 0, pos, next);
    }
    if (value != NULL) return match_number(match, value, width, pos, take.next);
    Pending *later = match_pending(match, at);
    if (later == NULL) return false;
    later->expr = expr;
    return match_number(match, &later->number, width, pos, next);
}

static bool match_unbound(Match *match, Value *value, Want want, Index pos, const Frame *next)
{
    const Source *source = value->source;
    Instance     *at = value->rule;
    if (source == NULL) return false;
    switch (source->kind) {
    case FROM_DEF:
        if (source->def->kind == DEF_SET) {
            return match_set(match, value, source->def, want, pos, next);
        }
        return match_rule(match, value, source->def, source, want, pos, next);
    case FROM_RANGE:
        return match_number(match, value, want.width, pos, next);
    case FROM_FIELD:
        return match_field(match, value, source, want, pos, next);
    case FROM_LIST:
        return match_new_list(match, value, source, want, pos, next);
    case FROM_ITEM:
        return match_item(match, value, source, want, pos, next);
    case FROM_TEMPLATE: {
        Frame take = {.kind = FRAME_TAKE, .value = value, .start = pos, .next = next};
        return match_nodes(match, source->text, at, pos, &take);
    }
    case FROM_VALUE:
        break;
    }
    const Term *only = &source->low.terms[0];
    if (source->low.count == 1 && only->sign > 0 && only->kind == TERM_REF && only->ref.slot >= 0 &&
        only->ref.field == NULL) {
        Value same = {.kind = VALUE_ALIAS, .alias = &at->slots[only->ref.slot]};
        return match_bind(match, value, same) && match_any(match, value, want, pos, next);
    }
    return match_expr(match, value, &source->low, want.width, at, pos, next);
}

static bool match_any(Match *match, Value *value, Want want, Index pos, const Frame *next)
{
    if (!match_budget(match)) return false;
    match->depth++;
    Mark        mark = match_mark(match);
    bool        ok;
    const char *text;
    Index       len;
    value = match_value(value);
    if (value->kind == VALUE_NONE) {
        ok = match_unbound(match, value, want, pos, next);
    } else if (match_text(value, want.field, &text, &len)) {
        ok = match_literal(match, text, len, want.width, pos, next);
    } else if (value->kind == VALUE_RULE) {
        ok = match_channel(match, value->rule, want, pos, next);
    } else {
        ok = value->kind == VALUE_LIST && match_list(match, value, want, pos, next);
    }
    match->depth--;
    return ok || match_back(match, mark);
}

/* ---- templates ------------------------------------------------------------------------------ */

static bool match_branches(Match *match, const Node *node, Instance *at, Index pos,
                           const Frame *next)
{
    Frame rest = {.kind = FRAME_NODES, .node = node->next, .at = at, .next = next};
    int   count = node->kind == NODE_CHOICE ? node->branch_count : 2;
    bool  holds, known = node->kind == NODE_IF && match_cond(&node->cond, at, &holds);
    for (int i = 0; i < count; i++) {
        if (known && holds != (i == 0)) continue;
        if (node->kind == NODE_CHANCE && node->percent == (i == 0 ? 0 : 100)) continue;
        const Node *branch = i < node->branch_count ? node->branches[i] : NULL;
        Mark        mark = match_mark(match);
        Pending    *later = node->kind == NODE_IF && !known ? match_pending(match, at) : NULL;
        if (later != NULL) {
            later->cond = &node->cond;
            later->holds = i == 0;
        }
        if (match_nodes(match, branch, at, pos, &rest)) return true;
        match_back(match, mark);
    }
    return false;
}

static bool match_nodes(Match *match, const Node *node, Instance *at, Index pos, const Frame *next)
{
    for (; node != NULL && node->kind == NODE_TEXT; node = node->next) {
        if (!match_budget(match) || !starts_with(match, pos, node->text, node->len)) return false;
        pos += node->len;
    }
    if (node == NULL) return match_rest(match, pos, next);
    if (!match_budget(match)) return false;
    match->depth++;
    bool ok;
    if (node->kind == NODE_VALUE) {
        Mark  mark = match_mark(match);
        Frame rest = {.kind = FRAME_NODES, .node = node->next, .at = at, .next = next};
        ok = match_expr(match, NULL, &node->expr, node->width, at, pos, &rest) ||
             match_back(match, mark);
    } else {
        ok = match_branches(match, node, at, pos, next);
    }
    match->depth--;
    return ok;
}

/* ---- the whole text ------------------------------------------------------------------------- */

static bool accepts(const Grammar *g, Def *def, const char *text, Index n, GrammarVerdict *verdict,
                    Error *err)
{
    Match match = {.g = g, .text = text, .n = n};
    *verdict = GRAMMAR_UNSURE;
    if (n > MATCH_TEXT_BYTES) return true;
    match.room = mem_alloc_raw(mem_program(), MEM_SCRATCH, MATCH_ROOM_BYTES, 1, err);
    if (match.room == NULL) return false;

    /* The second channel of a task stands right after the first. */
    Source   source = {.kind = FROM_DEF, .def = def};
    Instance whole = {.slots = NULL};
    Value    root = {.kind = VALUE_NONE, .number = -1, .rule = &whole, .source = &source};
    Term     second = {.kind = TERM_REF, .sign = 1, .ref = {.name = "main", .index = 1}};
    Node     tail = {.kind = NODE_VALUE, .expr = {.terms = &second, .count = 1}};
    Frame    rest = {.kind = FRAME_NODES, .node = &tail, .at = &whole};
    Want     first = {0, 0};
    whole.slots = &root;
    bool found = match_any(&match, &root, first, 0, def->field_count > 1 ? &rest : NULL);
    if (found || !match.spent) *verdict = found ? GRAMMAR_ACCEPTED : GRAMMAR_REJECTED;
    mem_free(match.room);
    return true;
}

bool grammar_accepts(const Grammar *g, const char *text, Index n, GrammarVerdict *verdict,
                     Error *err)
{
    return accepts(g, g->main, text, n, verdict, err);
}

bool grammar_rule_accepts(const Grammar *g, const char *rule, const char *text, Index n,
                          GrammarVerdict *verdict, Error *err)
{
    Def *def = grammar_find(g, rule);
    if (def == NULL || def->kind != DEF_RULE || def->arg_count > 0 || def->field_count > 2) {
        return error_set(err, ERR_INPUT, "the grammar has no rule `%.60s` without arguments", rule);
    }
    return accepts(g, def, text, n, verdict, err);
}
