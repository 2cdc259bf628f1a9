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

/* ---- going on ------------------------------------------------------------------------------- */

bool match_rest(Match *match, Index pos, const Frame *frame)
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

bool match_starts(const Match *match, Index pos, const char *text, Index len)
{
    return len <= match->n - pos && memcmp(match->text + pos, text, (size_t)len) == 0;
}

/* The text as it is, or as a zero padded number. */
bool match_literal(Match *match, const char *text, Index len, int width, Index pos,
                   const Frame *next)
{
    char    padded[32];
    int64_t number;
    if (width > 0 && grammar_number(text, len, &number)) {
        len = snprintf(padded, sizeof padded, "%0*lld", width, (long long)number);
        text = padded;
    }
    return match_starts(match, pos, text, len) && match_rest(match, pos + len, next);
}

/* Any number, which becomes the text of `value`. */
bool match_number(Match *match, Value *value, int width, Index pos, const Frame *next)
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

bool match_any(Match *match, Value *value, Want want, Index pos, const Frame *next)
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

bool match_nodes(Match *match, const Node *node, Instance *at, Index pos, const Frame *next)
{
    for (; node != NULL && node->kind == NODE_TEXT; node = node->next) {
        if (!match_budget(match) || !match_starts(match, pos, node->text, node->len)) return false;
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

/* The channels of the rule, one right after the other. */
static bool match_whole(Match *match, Def *def)
{
    Source   source = {.kind = FROM_DEF, .def = def};
    Instance whole = {.slots = NULL};
    Value    root = {.kind = VALUE_NONE, .number = -1, .rule = &whole, .source = &source};
    Term     second = {.kind = TERM_REF, .sign = 1, .ref = {.name = "main", .index = 1}};
    Node     tail = {.kind = NODE_VALUE, .expr = {.terms = &second, .count = 1}};
    Frame    rest = {.kind = FRAME_NODES, .node = &tail, .at = &whole};
    Want     first = {0, 0};
    whole.slots = &root;
    return match_any(match, &root, first, 0, def->field_count > 1 ? &rest : NULL);
}

/* First as it should be; then, where that fails, by its form alone. */
static bool accepts(Def *def, const char *text, Index n, GrammarVerdict *verdict, Error *err)
{
    *verdict = GRAMMAR_UNSURE;
    if (n > MATCH_TEXT_BYTES) return true;
    char *room = mem_alloc_raw(mem_program(), MEM_SCRATCH, MATCH_ROOM_BYTES, 1, err);
    if (room == NULL) return false;
    bool spent = false, found = false;
    for (int form = 0; form < 2 && !found; form++) {
        Match match = {.text = text, .n = n, .room = room, .form_only = form == 1};
        found = match_whole(&match, def);
        spent = match.spent || spent;
        if (found) *verdict = form == 1 ? GRAMMAR_FORM : GRAMMAR_ACCEPTED;
    }
    if (!found && !spent) *verdict = GRAMMAR_REJECTED;
    mem_free(room);
    return true;
}

bool grammar_accepts(const Grammar *g, const char *text, Index n, GrammarVerdict *verdict,
                     Error *err)
{
    return accepts(g->main, text, n, verdict, err);
}

bool grammar_rule_accepts(const Grammar *g, const char *rule, const char *text, Index n,
                          GrammarVerdict *verdict, Error *err)
{
    Def *def = grammar_find(g, rule);
    if (def == NULL || def->kind != DEF_RULE || def->arg_count > 0 || def->field_count > 2) {
        return error_set(err, ERR_INPUT, "the grammar has no rule `%.60s` without arguments", rule);
    }
    return accepts(def, text, n, verdict, err);
}
