/*
 * What is known of a derivation that is being found, and whether it is consistent.
 */

#include "core/train/grammar_match.h"

#include <string.h>

Value *match_value(Value *value)
{
    while (value->kind == VALUE_ALIAS) value = value->alias;
    return value;
}

bool match_text(Value *value, int field, const char **text, Index *len)
{
    int at = field < 0 ? 0 : field;
    value  = match_value(value);
    if (value->kind == VALUE_ROW) {
        const Cell *cell = &value->def->cells[value->number * value->def->field_count + at];
        *text            = cell->text;
        *len             = cell->len;
        return cell->text != NULL;
    }
    if (value->kind == VALUE_RULE) {
        Instance *rule = value->rule;
        if (rule->choice->delegate) {
            return match_text(&rule->slots[rule->choice->slot_count - 1], at, text, len);
        }
        value = &rule->memo[at];
    } else if (value->kind == VALUE_LIST) {
        value = &value->memo[at];
    }
    if (value->kind != VALUE_TEXT) return false;
    *text = value->text;
    *len  = value->len;
    return true;
}

/* ---- sums and comparisons ------------------------------------------------------------------- */

static bool term_text(const Term *term, const Instance *at, const char **text, Index *len)
{
    if (term->kind == TERM_TEXT) {
        *text = term->text;
        *len  = (Index)strlen(term->text);
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
        *number           = list->number;
        return list->kind == VALUE_LIST && list->number >= 0;
    }
    return term_text(term, at, &text, &len) && grammar_number(text, len, number);
}

const Term *match_unknown(const Expr *expr, const Instance *at, int64_t *others)
{
    const Term *unknown = NULL;
    *others             = 0;
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
    *holds    = same == (cond->op == COND_EQ);
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
    const Instance *at   = before->rule;
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

/* ---- the whole ------------------------------------------------------------------------------ */

static bool within(const Source *source, const Instance *at, int64_t number)
{
    int64_t low, high;
    if (match_sum(&source->low, at, &low) && number < low) return false;
    return !match_sum(&source->high, at, &high) || number <= high;
}

static bool slot_holds(const Slot *slot, Value *value, const Instance *at)
{
    const Source *source = slot->source;
    const char   *text;
    Index         len;
    int64_t       number, sum;
    if (source == NULL || value->kind == VALUE_NONE) return true;
    if (source->kind == FROM_LIST && value->kind == VALUE_LIST) {
        return within(source, at, value->number);
    }
    if (source->kind != FROM_RANGE && source->kind != FROM_VALUE) return true;
    if (!match_text(value, FIELD_NONE, &text, &len) || !grammar_number(text, len, &number)) {
        return true;
    }
    if (source->kind == FROM_RANGE) return within(source, at, number);
    return !match_sum(&source->low, at, &sum) || sum == number;
}

bool match_holds(const Match *match)
{
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
