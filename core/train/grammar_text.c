/*
 * Texts of a derivation: numbers, sums, comparisons and the pieces of templates.
 */

#include "core/train/grammar_text.h"

#include <stdio.h>
#include <string.h>

uint32_t draw_below(Draw *draw, uint32_t bound)
{
    if (draw->bits_left == 0) {
        draw->bits = random_bits(draw->seed, draw->stream, draw->counter++);
        draw->bits_left = 4;
    }
    return (uint32_t)((uint64_t)draw->bits.word[--draw->bits_left] * bound >> 32);
}

DrawResult draw_again(Draw *draw, Place place)
{
    draw->trouble = place;
    return DRAW_AGAIN;
}

static DrawResult wrong(Draw *draw, Place place, const char *text, Index len)
{
    grammar_wrong(draw->err, place, "`%.*s` is not a number up to %d", (int)(len < 40 ? len : 40),
                  text, (int)GRAMMAR_MAX_NUMBER);
    return DRAW_ERROR;
}

/* Uninitialised room in the derivation; NULL when it is full. */
void *draw_room(Draw *draw, Index bytes)
{
    bytes = (bytes + 15) / 16 * 16;
    if (bytes > DRAW_ROOM_BYTES - draw->used) return NULL;
    void *room = draw->room + draw->used;
    draw->used += bytes;
    return room;
}

static bool push(Draw *draw, const char *text, Index len)
{
    if (len > DRAW_STACK_BYTES - draw->stack_used) return false;
    memcpy(draw->stack + draw->stack_used, text, (size_t)len);
    draw->stack_used += len;
    return true;
}

/* Move what stands on the stack above `mark` into the derivation. */
DrawResult draw_pop(Draw *draw, Index mark, Place place, Value *text)
{
    Index len = draw->stack_used - mark;
    char *room = draw_room(draw, len + 1);
    draw->stack_used = mark;
    if (room == NULL) return draw_again(draw, place);
    memcpy(room, draw->stack + mark, (size_t)len);
    room[len] = '\0';
    *text = (Value){.kind = VALUE_TEXT, .text = room, .len = len};
    return DRAW_OK;
}

DrawResult draw_number(Draw *draw, int64_t number, int width, Place place, Value *text)
{
    Index mark = draw->stack_used;
    char  digits[32];
    int   len = snprintf(digits, sizeof digits, "%0*lld", width, (long long)number);
    if (!push(draw, digits, len)) return draw_again(draw, place);
    return draw_pop(draw, mark, place, text);
}

bool grammar_number(const char *text, Index len, int64_t *number)
{
    bool  negative = len > 0 && text[0] == '-';
    Index i = negative ? 1 : 0;
    if (i == len || len - i > 10) return false;
    *number = 0;
    for (; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        *number = *number * 10 + (text[i] - '0');
    }
    if (*number > GRAMMAR_MAX_NUMBER) return false;
    if (negative) *number = -*number;
    return true;
}

bool grammar_compare(CondOp op, int64_t left, int64_t right)
{
    switch (op) {
    case COND_EQ:
        return left == right;
    case COND_NE:
        return left != right;
    case COND_LT:
        return left < right;
    case COND_GT:
        return left > right;
    case COND_LE:
        return left <= right;
    case COND_GE:
        return left >= right;
    case COND_COUNT:
        break;
    }
    return false;
}

/* ---- expressions ---------------------------------------------------------------------------- */

static DrawResult draw_ref(Draw *draw, const Ref *ref, Instance *at, Place place, Value *text)
{
    if (ref->slot >= 0 && ref->index == FIELD_COUNT) {
        return draw_number(draw, at->slots[ref->slot].number, 0, place, text);
    }
    if (ref->slot >= 0) return draw_render(draw, &at->slots[ref->slot], ref->index, text);
    Value      fresh;
    Source     source = {.kind = FROM_DEF, .place = place, .def = ref->def};
    DrawResult drawn = draw_source(draw, &source, at, &fresh);
    return drawn == DRAW_OK ? draw_render(draw, &fresh, ref->index, text) : drawn;
}

static DrawResult term_text(Draw *draw, const Term *term, Instance *at, Place place, Value *text)
{
    if (term->kind == TERM_REF) return draw_ref(draw, &term->ref, at, place, text);
    if (term->kind == TERM_NUMBER) return draw_number(draw, term->number, 0, place, text);
    *text = (Value){.kind = VALUE_TEXT, .text = term->text, .len = (Index)strlen(term->text)};
    return DRAW_OK;
}

DrawResult draw_sum(Draw *draw, const Expr *expr, Instance *at, int64_t *number)
{
    *number = 0;
    for (int i = 0; i < expr->count; i++) {
        const Term *term = &expr->terms[i];
        int64_t     value = term->number;
        if (term->kind == TERM_REF) {
            Value      text;
            DrawResult got = draw_ref(draw, &term->ref, at, expr->place, &text);
            if (got != DRAW_OK) return got;
            if (!grammar_number(text.text, text.len, &value)) {
                return wrong(draw, expr->place, text.text, text.len);
            }
        }
        *number += term->sign * value;
    }
    if (*number > GRAMMAR_MAX_NUMBER || *number < -GRAMMAR_MAX_NUMBER) {
        return wrong(draw, expr->place, "the sum", 7);
    }
    return DRAW_OK;
}

DrawResult draw_expr(Draw *draw, const Expr *expr, Instance *at, Value *text)
{
    if (expr->count == 1 && expr->terms[0].sign > 0) {
        return term_text(draw, &expr->terms[0], at, expr->place, text);
    }
    int64_t    number;
    DrawResult got = draw_sum(draw, expr, at, &number);
    return got == DRAW_OK ? draw_number(draw, number, 0, expr->place, text) : got;
}

/* Numbers compare as numbers, anything else only as equal or not. */
DrawResult draw_cond(Draw *draw, const Cond *cond, Instance *at, bool *holds)
{
    Value      left, right;
    int64_t    a = 0, b = 0;
    DrawResult got = draw_expr(draw, &cond->left, at, &left);
    if (got == DRAW_OK) got = draw_expr(draw, &cond->right, at, &right);
    if (got != DRAW_OK) return got;
    bool numbers = grammar_number(left.text, left.len, &a);
    numbers = grammar_number(right.text, right.len, &b) && numbers;
    if (!numbers) {
        if (cond->op != COND_EQ && cond->op != COND_NE) {
            return wrong(draw, cond->left.place, left.text, left.len);
        }
        a = left.len != right.len || memcmp(left.text, right.text, (size_t)left.len) != 0;
        b = 0;
    }
    *holds = grammar_compare(cond->op, a, b);
    return DRAW_OK;
}

/* ---- texts ---------------------------------------------------------------------------------- */

static DrawResult render_list(Draw *draw, const Value *list, int field, Value *text)
{
    const Source *source = list->source;
    Index         mark = draw->stack_used;
    for (int i = 0; i < list->number; i++) {
        bool        last = i == list->number - 1;
        const char *gap = last && source->last != NULL ? source->last : source->joined;
        Value       item;
        if (i > 0 && !push(draw, gap, (Index)strlen(gap))) return draw_again(draw, source->place);
        DrawResult got = draw_render(draw, &list->items[i], field, &item);
        if (got != DRAW_OK) return got;
        if (!push(draw, item.text, item.len)) return draw_again(draw, source->place);
    }
    return draw_pop(draw, mark, source->place, text);
}

DrawResult draw_channel(Draw *draw, Instance *rule, int field)
{
    const Case *choice = rule->choice;
    if (choice->delegate) {
        return draw_render(draw, &rule->slots[choice->slot_count - 1], field, &rule->memo[field]);
    }
    const Channel *channel = &choice->channels[field];
    Index          mark = draw->stack_used;
    DrawResult     got = draw_nodes(draw, channel->text, rule);
    return got == DRAW_OK ? draw_pop(draw, mark, channel->place, &rule->memo[field]) : got;
}

DrawResult draw_render(Draw *draw, const Value *value, int field, Value *text)
{
    switch (value->kind) {
    case VALUE_LIST:
        return render_list(draw, value, field, text);
    case VALUE_RULE:
        *text = value->rule->memo[field < 0 ? 0 : field];
        return DRAW_OK;
    case VALUE_ROW: {
        int         at = value->number * value->def->field_count + (field < 0 ? 0 : field);
        const Cell *cell = &value->def->cells[at];
        *text = (Value){.kind = VALUE_TEXT, .text = cell->text, .len = cell->len};
        return DRAW_OK;
    }
    case VALUE_TEXT:
        break;
    case VALUE_NONE:
    case VALUE_ALIAS:
        CHECK(false);
    }
    *text = *value;
    return DRAW_OK;
}

static DrawResult render_value(Draw *draw, const Node *node, Instance *at)
{
    Value      text;
    DrawResult got = draw_expr(draw, &node->expr, at, &text);
    if (got != DRAW_OK) return got;
    if (node->width > 0) {
        int64_t number;
        if (!grammar_number(text.text, text.len, &number)) {
            return wrong(draw, node->expr.place, text.text, text.len);
        }
        got = draw_number(draw, number, node->width, node->expr.place, &text);
        if (got != DRAW_OK) return got;
    }
    return push(draw, text.text, text.len) ? DRAW_OK : draw_again(draw, node->expr.place);
}

static DrawResult choose_branch(Draw *draw, const Node *node, Instance *at, const Node **branch)
{
    int  taken = 0;
    bool holds = false;
    if (node->kind == NODE_CHOICE) {
        taken = (int)draw_below(draw, (uint32_t)node->branch_count);
    } else if (node->kind == NODE_CHANCE) {
        taken = (int)draw_below(draw, 100) < node->percent ? 0 : 1;
    } else {
        DrawResult got = draw_cond(draw, &node->cond, at, &holds);
        if (got != DRAW_OK) return got;
        taken = holds ? 0 : 1;
    }
    *branch = taken < node->branch_count ? node->branches[taken] : NULL;
    return DRAW_OK;
}

DrawResult draw_nodes(Draw *draw, const Node *node, Instance *at)
{
    for (; node != NULL; node = node->next) {
        DrawResult got = DRAW_OK;
        if (++draw->steps > DRAW_STEPS) return draw_again(draw, at->choice->place);
        if (node->kind == NODE_TEXT) {
            if (!push(draw, node->text, node->len)) return draw_again(draw, at->choice->place);
        } else if (node->kind == NODE_VALUE) {
            got = render_value(draw, node, at);
        } else {
            const Node *branch = NULL;
            got = choose_branch(draw, node, at, &branch);
            if (got == DRAW_OK) got = draw_nodes(draw, branch, at);
        }
        if (got != DRAW_OK) return got;
    }
    return DRAW_OK;
}
