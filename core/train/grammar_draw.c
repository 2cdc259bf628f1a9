/*
 * One derivation, drawn at random. A rule's slots are drawn in the order of their lines, then all
 * its channels are written; so {c.en} is the same wherever it stands, and what is drawn in vain
 * can be dropped, because nothing outside refers to it.
 */

#include "core/train/grammar_text.h"

#include "core/base/mem.h"

#include <string.h>

Draw *draw_create(const Grammar *g, uint64_t seed, uint64_t stream, Error *err)
{
    Draw *draw = mem_alloc_raw(mem_program(), MEM_SCRATCH, 1, sizeof *draw, err);
    if (draw == NULL) return NULL;
    memset(draw, 0, offsetof(Draw, room));
    draw->g = g;
    draw->seed = seed;
    draw->stream = stream;
    return draw;
}

void draw_free(Draw *draw)
{
    mem_free(draw);
}

static Value *draw_values(Draw *draw, int count)
{
    Value *values = draw_room(draw, count * (Index)sizeof(Value));
    if (values != NULL) memset(values, 0, (size_t)count * sizeof(Value));
    return values;
}

/* ---- values --------------------------------------------------------------------------------- */

static DrawResult same_text(Draw *draw, const Value *a, const Value *b, int field, bool *same)
{
    Value      left, right;
    DrawResult got = draw_render(draw, a, field, &left);
    if (got == DRAW_OK) got = draw_render(draw, b, field, &right);
    if (got != DRAW_OK) return got;
    *same = left.len == right.len && memcmp(left.text, right.text, (size_t)left.len) == 0;
    return DRAW_OK;
}

/* What a bare value means: see default_field in grammar_check.c. */
static int bare_field(const Value *value)
{
    if (value->kind != VALUE_RULE || value->rule->rule->field_count == 1) return 0;
    return grammar_field(value->rule->rule, "text");
}

/* Is the last of count + 1 values the same as one before it, in one of the fields? */
static DrawResult is_repeated(Draw *draw, Value *values, int count, const Source *unlike,
                              bool *same)
{
    int named = unlike != NULL ? unlike->unlike_count : 0;
    *same = false;
    for (int i = 0; i < count && !*same; i++) {
        for (int k = 0; k < (named > 0 ? named : 1) && !*same; k++) {
            int        field = named > 0 ? unlike->unlike_index[k] : bare_field(&values[count]);
            DrawResult got = same_text(draw, &values[i], &values[count], field, same);
            if (got != DRAW_OK) return got;
        }
    }
    return DRAW_OK;
}

/* Draw values[count], other than the `count` values before it. */
static DrawResult draw_different(Draw *draw, const Source *source, Instance *at, Value *values,
                                 int count, const Source *unlike)
{
    for (int retry = 0; retry < DRAW_RETRIES && draw->steps <= DRAW_STEPS; retry++) {
        Index      used = draw->used;
        Instance  *instances = draw->instances;
        bool       same = false;
        DrawResult got = draw_source(draw, source, at, &values[count]);
        if (got == DRAW_OK) got = is_repeated(draw, values, count, unlike, &same);
        if (got != DRAW_OK || !same) return got;
        draw->used = used;
        draw->instances = instances;
    }
    return draw_again(draw, source->place);
}

static DrawResult draw_range(Draw *draw, const Source *source, Instance *at, int64_t *number)
{
    int64_t    low, high;
    DrawResult got = draw_sum(draw, &source->low, at, &low);
    if (got == DRAW_OK) got = draw_sum(draw, &source->high, at, &high);
    if (got != DRAW_OK) return got;
    if (low > high) return draw_again(draw, source->place);
    *number = low + draw_below(draw, (uint32_t)(high - low + 1));
    return DRAW_OK;
}

static DrawResult draw_list(Draw *draw, const Source *source, Instance *at, Value *out)
{
    int64_t    count;
    DrawResult got = draw_range(draw, source, at, &count);
    if (got != DRAW_OK) return got;
    if (count < 0 || count > GRAMMAR_MAX_ITEMS) {
        grammar_wrong(draw->err, source->place, "%lld items; 0 to %d are possible",
                      (long long)count, (int)GRAMMAR_MAX_ITEMS);
        return DRAW_ERROR;
    }
    Value *items = draw_values(draw, (int)count);
    if (items == NULL) return draw_again(draw, source->place);
    for (int i = 0; i < count; i++) {
        got = source->different ? draw_different(draw, source->item, at, items, i, source)
                                : draw_source(draw, source->item, at, &items[i]);
        if (got != DRAW_OK) return got;
    }
    *out = (Value){.kind = VALUE_LIST, .number = (int)count, .items = items, .source = source};
    return DRAW_OK;
}

static DrawResult draw_item(Draw *draw, const Source *source, Instance *at, Value *out)
{
    const Value *list = &at->slots[source->ref.slot];
    int64_t      which;
    DrawResult   got = draw_sum(draw, &source->low, at, &which);
    if (got != DRAW_OK) return got;
    if (which < 1 || which > list->number) return draw_again(draw, source->place);
    *out = list->items[which - 1];
    return DRAW_OK;
}

/* Draw the slots of a chosen case, in the order of their lines, then look at `require`. */
static DrawResult draw_slots(Draw *draw, Instance *rule, bool *holds)
{
    const Case *choice = rule->choice;
    for (int i = rule->rule->arg_count; i < choice->slot_count; i++) {
        const Slot *slot = &choice->slots[i];
        Value      *group = &rule->slots[slot->group];
        DrawResult  got = draw_different(draw, slot->source, rule, group, i - slot->group, NULL);
        if (got != DRAW_OK) return got;
    }
    *holds = true;
    for (int i = 0; i < choice->require_count && *holds; i++) {
        DrawResult got = draw_cond(draw, &choice->require[i], rule, holds);
        if (got != DRAW_OK) return got;
    }
    return DRAW_OK;
}

static const Case *choose_case(Draw *draw, const Def *rule)
{
    double total = 0.0;
    for (int i = 0; i < rule->case_count; i++) total += rule->cases[i].weight;
    double at = total * (double)draw_below(draw, UINT32_MAX) / (double)UINT32_MAX;
    for (int i = 0; i < rule->case_count; i++) {
        at -= rule->cases[i].weight;
        if (at < 0.0) return &rule->cases[i];
    }
    return &rule->cases[0];
}

static DrawResult draw_rule(Draw *draw, const Def *rule, const Source *call, Instance *caller,
                            Value *out)
{
    const Case *choice = choose_case(draw, rule);
    Index       mark = draw->used;
    Instance   *before = draw->instances;
    bool        holds = false;
    for (int retry = 0; retry < DRAW_RETRIES && !holds; retry++) {
        draw->used = mark;
        draw->instances = before;
        Instance *one = draw_room(draw, sizeof *one);
        if (one == NULL || ++draw->steps > DRAW_STEPS) return draw_again(draw, choice->place);
        *one = (Instance){.rule = rule, .choice = choice, .next = before};
        one->slots = draw_values(draw, choice->slot_count);
        one->memo = draw_values(draw, rule->field_count);
        if (one->slots == NULL || one->memo == NULL) return draw_again(draw, choice->place);
        for (int i = 0; i < rule->arg_count; i++) one->slots[i] = caller->slots[call->args[i]];
        draw->instances = one;
        DrawResult got = draw_slots(draw, one, &holds);
        for (int i = 0; i < rule->field_count && holds && got == DRAW_OK; i++) {
            got = draw_channel(draw, one, i);
        }
        if (got != DRAW_OK) return got;
        *out = (Value){.kind = VALUE_RULE, .rule = one};
    }
    return holds ? DRAW_OK : draw_again(draw, choice->place);
}

static DrawResult draw_def(Draw *draw, const Source *source, const Def *def, Instance *at,
                           Value *out)
{
    if (def->kind == DEF_RULE) {
        if (draw->depth >= GRAMMAR_MAX_DEPTH) return draw_again(draw, def->place);
        draw->depth++;
        DrawResult got = draw_rule(draw, def, source, at, out);
        draw->depth--;
        return got;
    }
    int row = (int)draw_below(draw, (uint32_t)def->row_count);
    *out = (Value){.kind = VALUE_ROW, .def = def, .number = row};
    return DRAW_OK;
}

static DrawResult draw_field(Draw *draw, const Source *source, Instance *at, Value *out)
{
    const Value *row = &at->slots[source->ref.slot];
    const Cell  *cell = &row->def->cells[row->number * row->def->field_count + source->ref.index];
    if (cell->def != NULL) return draw_def(draw, source, cell->def, at, out);
    int64_t number = cell->low + draw_below(draw, (uint32_t)(cell->high - cell->low + 1));
    return draw_number(draw, number, 0, source->place, out);
}

DrawResult draw_source(Draw *draw, const Source *source, Instance *at, Value *out)
{
    int64_t number = 0;
    Index   mark = draw->stack_used;
    if (++draw->steps > DRAW_STEPS) return draw_again(draw, source->place);
    switch (source->kind) {
    case FROM_DEF:
        return draw_def(draw, source, source->def, at, out);
    case FROM_FIELD:
        return draw_field(draw, source, at, out);
    case FROM_LIST:
        return draw_list(draw, source, at, out);
    case FROM_ITEM:
        return draw_item(draw, source, at, out);
    case FROM_RANGE: {
        DrawResult got = draw_range(draw, source, at, &number);
        return got == DRAW_OK ? draw_number(draw, number, 0, source->place, out) : got;
    }
    case FROM_TEMPLATE: {
        DrawResult got = draw_nodes(draw, source->text, at);
        return got == DRAW_OK ? draw_pop(draw, mark, source->place, out) : got;
    }
    case FROM_VALUE:
        break;
    }
    const Term *only = &source->low.terms[0];
    if (source->low.count == 1 && only->sign > 0 && only->kind == TERM_REF && only->ref.slot >= 0 &&
        only->ref.field == NULL) {
        *out = at->slots[only->ref.slot];
        return DRAW_OK;
    }
    return draw_expr(draw, &source->low, at, out);
}

/* ---- the main rule -------------------------------------------------------------------------- */

DrawResult draw_main(Draw *draw, Error *err)
{
    draw->all_steps += draw->steps + 1;
    draw->used = draw->stack_used = draw->steps = 0;
    draw->depth = 0;
    draw->instances = NULL;
    draw->err = err;
    return draw_rule(draw, draw->g->main, NULL, NULL, &draw->main);
}

const char *draw_text(const Draw *draw, int channel, Index *len)
{
    const Value *text = &draw->main.rule->memo[channel];
    *len = text->len;
    return text->text;
}

bool draw_is_spent(const Draw *draw)
{
    return draw->all_steps > DRAW_ALL_STEPS;
}

Place draw_trouble(const Draw *draw)
{
    return draw->trouble;
}

static bool slot_has(const Value *value, const char *const *texts, int count)
{
    const char *text = value->kind == VALUE_TEXT ? value->text : NULL;
    if (value->kind == VALUE_ROW) {
        text = value->def->cells[value->number * value->def->field_count].text;
    }
    for (int i = 0; i < count && text != NULL; i++) {
        if (strcmp(text, texts[i]) == 0) return true;
    }
    return false;
}

static bool instance_matches(const Instance *one, const Reserve *reserve)
{
    for (int k = 0; k < reserve->count; k++) {
        bool found = false;
        for (int i = 0; i < one->choice->slot_count && !found; i++) {
            found = strcmp(one->choice->slots[i].name, reserve->slots[k]) == 0 &&
                    slot_has(&one->slots[i], reserve->values[k], reserve->value_counts[k]);
        }
        if (!found) return false;
    }
    return true;
}

bool draw_is_reserved(const Draw *draw)
{
    for (const Instance *one = draw->instances; one != NULL; one = one->next) {
        for (int i = 0; i < draw->g->reserve_count; i++) {
            if (instance_matches(one, &draw->g->reserves[i])) return true;
        }
    }
    return false;
}
