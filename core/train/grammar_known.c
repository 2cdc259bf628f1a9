/*
 * What is known of a derivation that is being found, and whether it is consistent; how a value
 * becomes known and is forgotten again; the budgets.
 */

#include "core/train/grammar_match.h"

#include <string.h>

enum {
    MATCH_STEPS = 2000000,
    MATCH_DEPTH = 4000, /* calls in calls: about 1 MB of stack */
};

Mark match_mark(const Match *match)
{
    return (Mark){match->trail, match->instances, match->pending, match->used};
}

bool match_back(Match *match, Mark mark)
{
    for (; match->trail != mark.trail; match->trail = match->trail->next) {
        *match->trail->where = match->trail->before;
    }
    match->instances = mark.instances;
    match->pending = mark.pending;
    match->used = mark.used;
    return false;
}

void *match_room(Match *match, Index bytes)
{
    bytes = (bytes + 15) / 16 * 16;
    if (bytes > MATCH_ROOM_BYTES - match->used) {
        match->spent = true;
        return NULL;
    }
    void *room = memset(match->room + match->used, 0, (size_t)bytes);
    match->used += bytes;
    return room;
}

/* Make a value known; false when there is no room or when it must differ and does not. */
bool match_bind(Match *match, Value *value, Value known)
{
    /* Form alone: every mention of a text stands for itself. */
    if (match->form_only && (known.kind == VALUE_TEXT || known.kind == VALUE_ROW)) return true;
    Value  before = *value;
    Trail *entry = match_room(match, sizeof *entry);
    if (entry == NULL) return false;
    *entry = (Trail){.where = value, .before = before, .next = match->trail};
    match->trail = entry;
    *value = known;
    return match->form_only || before.kind != VALUE_NONE || before.rule == NULL ||
           match_differs(value, &before);
}

Value match_known(const char *text, Index len)
{
    return (Value){.kind = VALUE_TEXT, .text = text, .len = len};
}

Pending *match_pending(Match *match, const Instance *at)
{
    Pending *later = match_room(match, sizeof *later);
    if (later == NULL) return NULL;
    *later = (Pending){.at = at, .next = match->pending};
    match->pending = later;
    return later;
}

bool match_budget(Match *match)
{
    if (++match->steps > MATCH_STEPS || match->depth > MATCH_DEPTH) match->spent = true;
    return !match->spent;
}

/* ---- what is known -------------------------------------------------------------------------- */

Value *match_value(Value *value)
{
    while (value->kind == VALUE_ALIAS) value = value->alias;
    return value;
}

/* The slot that a channel shows and nothing else, as `key "{p}"` does; NULL for other channels. */
static const Ref *only_ref(const Instance *rule, int channel)
{
    const Node *node = rule->choice->channels[channel].text;
    if (node == NULL || node->next != NULL || node->kind != NODE_VALUE || node->width > 0 ||
        node->expr.count > 1) {
        return NULL;
    }
    const Term *term = &node->expr.terms[0];
    bool        slot = term->kind == TERM_REF && term->sign > 0 && term->ref.slot >= 0;
    return slot && term->ref.index != FIELD_COUNT ? &term->ref : NULL;
}

bool match_text(Value *value, int field, const char **text, Index *len)
{
    int at = field < 0 ? 0 : field;
    value = match_value(value);
    if (value->kind == VALUE_ROW) {
        const Cell *cell = &value->def->cells[value->number * value->def->field_count + at];
        *text = cell->text;
        *len = cell->len;
        return cell->text != NULL;
    }
    if (value->kind == VALUE_RULE) {
        Instance *rule = value->rule;
        if (rule->choice->delegate) {
            return match_text(&rule->slots[rule->choice->slot_count - 1], at, text, len);
        }
        value = &rule->memo[at];
        const Ref *same = value->kind == VALUE_NONE ? only_ref(rule, at) : NULL;
        if (same != NULL) return match_text(&rule->slots[same->slot], same->index, text, len);
    } else if (value->kind == VALUE_LIST) {
        value = &value->memo[at];
    }
    if (value->kind != VALUE_TEXT) return false;
    *text = value->text;
    *len = value->len;
    return true;
}

/* ---- sums and comparisons ------------------------------------------------------------------- */

static bool term_text(const Term *term, const Instance *at, const char **text, Index *len)
{
    if (term->kind == TERM_TEXT) {
        *text = term->text;
        *len = (Index)strlen(term->text);
        return true;
    }
    return term->kind == TERM_REF && term->ref.slot >= 0 && term->ref.index != FIELD_COUNT &&
           match_text(&at->slots[term->ref.slot], term->ref.index, text, len);
}

static bool term_number(const Term *term, const Instance *at, int64_t *number)
{
    const char *text;
    Index       len;
    *number = term->number;
    if (term->kind == TERM_NUMBER) return true;
    if (term->kind == TERM_REF && term->ref.index == FIELD_COUNT && term->ref.slot >= 0) {
        const Value *list = match_value(&at->slots[term->ref.slot]);
        *number = list->number;
        return list->kind == VALUE_LIST && list->number >= 0;
    }
    return term_text(term, at, &text, &len) && grammar_number(text, len, number);
}

const Term *match_unknown(const Expr *expr, const Instance *at, int64_t *others)
{
    const Term *unknown = NULL;
    *others = 0;
    for (int i = 0; i < expr->count; i++) {
        int64_t number;
        if (term_number(&expr->terms[i], at, &number)) {
            *others += expr->terms[i].sign * number;
        } else if (unknown == NULL) {
            unknown = &expr->terms[i];
        } else {
            return NULL;
        }
    }
    return unknown;
}

bool match_sum(const Expr *expr, const Instance *at, int64_t *number)
{
    *number = 0;
    for (int i = 0; i < expr->count; i++) {
        int64_t value;
        if (!term_number(&expr->terms[i], at, &value)) return false;
        *number += expr->terms[i].sign * value;
    }
    return true;
}

bool match_cond(const Cond *cond, const Instance *at, bool *holds)
{
    int64_t     a, b;
    const char *left, *right;
    Index       left_len, right_len;
    if (match_sum(&cond->left, at, &a) && match_sum(&cond->right, at, &b)) {
        *holds = grammar_compare(cond->op, a, b);
        return true;
    }
    if (cond->left.count > 1 || cond->right.count > 1 ||
        !term_text(&cond->left.terms[0], at, &left, &left_len) ||
        !term_text(&cond->right.terms[0], at, &right, &right_len)) {
        return false;
    }
    bool same = left_len == right_len && memcmp(left, right, (size_t)left_len) == 0;
    *holds = same == (cond->op == COND_EQ);
    return true;
}

/* ---- differences ---------------------------------------------------------------------------- */

static int bare_field(Value *value)
{
    value = match_value(value);
    if (value->kind != VALUE_RULE || value->rule->rule->field_count == 1) return 0;
    return grammar_field(value->rule->rule, "text");
}

static bool same_text(Value *a, Value *b, int field)
{
    const char *left, *right;
    Index       left_len, right_len;
    return match_text(a, field, &left, &left_len) && match_text(b, field, &right, &right_len) &&
           left_len == right_len && memcmp(left, right, (size_t)left_len) == 0;
}

bool match_differs(const Value *value, const Value *before)
{
    if (before->number < 0) return true; /* an item: see match_items_differ */
    const Instance *at = before->rule;
    const Slot     *slot = &at->choice->slots[before->number];
    for (int i = slot->group; i < at->choice->slot_count; i++) {
        Value *other = &at->slots[i];
        if (at->choice->slots[i].group != slot->group) break;
        if (other == value || match_value(other)->kind == VALUE_NONE) continue;
        if (same_text(&at->slots[before->number], other, bare_field(other))) return false;
    }
    return true;
}

bool match_items_differ(const Value *list, int item)
{
    const Source *source = list->source;
    for (int i = 0; source->different && i < item; i++) {
        int fields = source->unlike_count;
        for (int k = 0; k < (fields > 0 ? fields : 1); k++) {
            int field = fields > 0 ? source->unlike_index[k] : bare_field(&list->items[item]);
            if (same_text(&list->items[i], &list->items[item], field)) return false;
        }
    }
    return true;
}

/* ---- rules and lists of which nothing is known
 * ---------------------------------------------------------------------------------- */

Instance *match_new_instance(Match *match, const Def *rule, const Case *choice, const Source *call,
                             Instance *caller)
{
    Instance *one = match_room(match, sizeof *one);
    if (one == NULL) return NULL;
    *one = (Instance){.rule = rule, .choice = choice, .next = match->instances};
    one->slots = match_room(match, choice->slot_count * (Index)sizeof(Value));
    one->memo = match_room(match, rule->field_count * (Index)sizeof(Value));
    if (one->slots == NULL || one->memo == NULL) return NULL;
    for (int i = 0; i < choice->slot_count; i++) {
        one->slots[i] = (Value){.number = i, .rule = one, .source = choice->slots[i].source};
    }
    for (int i = 0; i < rule->arg_count; i++) {
        one->slots[i].kind = VALUE_ALIAS;
        one->slots[i].alias = &caller->slots[call->args[i]];
    }
    match->instances = one;
    return one;
}

/* A list of so many items of which none is known yet. */
bool match_new_items(Match *match, Value *list, const Source *source, Instance *at, int64_t count)
{
    *list = (Value){.kind = VALUE_LIST, .number = (int)count, .source = source};
    list->items = match_room(match, (count + 1) * (Index)sizeof(Value));
    list->memo = match_room(match, GRAMMAR_MAX_FIELDS * (Index)sizeof(Value));
    if (list->items == NULL || list->memo == NULL) return false;
    for (int i = 0; i < count; i++) {
        list->items[i] = (Value){.number = -1 - i, .rule = at, .source = source->item};
    }
    return true;
}

/* How many items a list may have, as far as that is known. */
bool match_bounds(const Source *source, const Instance *at, int64_t *least, int64_t *most)
{
    if (!match_sum(&source->low, at, least) || *least < 0) *least = 0;
    if (!match_sum(&source->high, at, most) || *most > GRAMMAR_MAX_ITEMS) *most = GRAMMAR_MAX_ITEMS;
    return *least <= *most;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static bool within(const Source *source, const Instance *at, int64_t number)
{
    int64_t low, high;
    if (match_sum(&source->low, at, &low) && number < low) return false;
    return !match_sum(&source->high, at, &high) || number <= high;
}

/* A value of a column with a range. */
static bool in_column(const Source *source, const Instance *at, int64_t number)
{
    const Value *row = match_value(&at->slots[source->ref.slot]);
    if (row->kind != VALUE_ROW) return true;
    const Cell *cell = &row->def->cells[row->number * row->def->field_count + source->ref.index];
    return cell->def != NULL || (number >= cell->low && number <= cell->high);
}

static bool slot_holds(const Slot *slot, Value *value, const Instance *at)
{
    const Source *source = slot->source;
    const char   *text;
    Index         len;
    int64_t       number, sum;
    if (source == NULL || value->kind == VALUE_NONE) return true;
    if (source->kind == FROM_LIST && value->kind == VALUE_LIST) {
        for (int i = 1; i < value->number; i++) {
            if (!match_items_differ(value, i)) return false;
        }
        return within(source, at, value->number);
    }
    if (source->kind != FROM_RANGE && source->kind != FROM_VALUE && source->kind != FROM_FIELD) {
        return true;
    }
    if (!match_text(value, FIELD_NONE, &text, &len) || !grammar_number(text, len, &number)) {
        return true;
    }
    if (source->kind == FROM_RANGE) return within(source, at, number);
    if (source->kind == FROM_FIELD) return in_column(source, at, number);
    return !match_sum(&source->low, at, &sum) || sum == number;
}

static bool pending_holds(const Pending *later)
{
    bool    holds;
    int64_t sum, number;
    if (later->cond != NULL)
        return !match_cond(later->cond, later->at, &holds) || holds == later->holds;
    return later->number.kind != VALUE_TEXT || !match_sum(later->expr, later->at, &sum) ||
           (grammar_number(later->number.text, later->number.len, &number) && sum == number);
}

bool match_holds(const Match *match)
{
    if (match->form_only) return true;
    for (const Pending *later = match->pending; later != NULL; later = later->next) {
        if (!pending_holds(later)) return false;
    }
    for (const Instance *at = match->instances; at != NULL; at = at->next) {
        for (int i = 0; i < at->choice->slot_count; i++) {
            if (!slot_holds(&at->choice->slots[i], &at->slots[i], at)) return false;
        }
        for (int i = 0; i < at->choice->require_count; i++) {
            bool holds;
            if (match_cond(&at->choice->require[i], at, &holds) && !holds) return false;
        }
    }
    return true;
}
