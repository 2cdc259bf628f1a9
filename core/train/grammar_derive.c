/*
 * The part of the recogniser that knows how values come about: lists, rules, rows of sets, columns
 * of tables, items of lists. See grammar_accept.c for the search.
 */

#include "core/train/grammar_match.h"

#include <stdio.h>
#include <string.h>

/* ---- lists ---------------------------------------------------------------------------------- */

static bool match_gap(Match *match, const Frame *frame, const char *gap, bool final, Index pos)
{
    Frame after = *frame;
    Index len = frame->item == 0 ? 0 : (Index)strlen(gap);
    after.item++;
    after.final = final;
    if (!match_starts(match, pos, gap, len)) return false;
    Want want = {frame->field, 0};
    return match_any(match, &frame->value->items[frame->item], want, pos + len, &after);
}

/* Items frame->item, +1, ... and then what follows the list. */
bool match_items(Match *match, const Frame *frame, Index pos)
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

bool match_list(Match *match, Value *list, Want want, Index pos, const Frame *next)
{
    Frame items = items_frame(list, want, pos, next);
    items.least = items.most = list->number;
    return list->number >= 0 && match_items(match, &items, pos);
}

/* A list that is not known yet, of a slot of `at`. */
bool match_new_list(Match *match, Value *value, const Source *source, Want want, Index pos,
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

bool match_channel(Match *match, Instance *rule, Want want, Index pos, const Frame *next)
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

bool match_rule(Match *match, Value *value, const Def *def, const Source *source, Want want,
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

/*
 * By form alone a value is not kept, so how far it reaches is all that counts: each length is
 * gone on with once, however many rows have it. `tried` holds the lengths below
 * 63, and in its last bit that numbers were.
 */
static bool go_on(Match *match, uint64_t *tried, Index len, Index pos, const Frame *next)
{
    if (len < 63 && (*tried >> len & 1) != 0) return false;
    if (len < 63) *tried |= (uint64_t)1 << len;
    return match_rest(match, pos + len, next);
}

static bool form_set(Match *match, const Def *def, int field, uint64_t *tried, Index pos,
                     const Frame *next)
{
    for (int row = 0; row < def->row_count; row++) {
        const Cell *cell = &def->cells[row * def->field_count + (field < 0 ? 0 : field)];
        if (cell->text != NULL && match_starts(match, pos, cell->text, cell->len) &&
            go_on(match, tried, cell->len, pos, next)) {
            return true;
        }
    }
    return false;
}

/* All that the field of any row of the set may give: a row of a set, or a number. */
static bool form_cells(Match *match, const Def *def, int field, Want want, uint64_t *tried,
                       Index pos, const Frame *next)
{
    bool number = false;
    for (int row = 0; row < def->row_count; row++) {
        const Cell *cell = &def->cells[row * def->field_count + field];
        if (cell->def == NULL) {
            number = true;
        } else if (form_set(match, cell->def, want.field, tried, pos, next)) {
            return true;
        }
    }
    Value    any = {.kind = VALUE_NONE};
    uint64_t numbers = (uint64_t)1 << 63;
    if (!number || (*tried & numbers) != 0) return false;
    *tried |= numbers;
    return match_number(match, &any, want.width, pos, next);
}

/* t.column, or c.value where c = t.column, by form alone. */
static bool form_field(Match *match, Value *value, const Source *source, Want want, Index pos,
                       const Frame *next)
{
    uint64_t      tried = 0;
    Value        *row = match_value(&value->rule->slots[source->ref.slot]);
    const Source *of = row->kind == VALUE_NONE ? row->source : NULL;
    if (of == NULL) return false;
    if (of->kind == FROM_DEF) {
        return form_cells(match, of->def, source->ref.index, want, &tried, pos, next);
    }
    Value *outer = of->kind == FROM_FIELD ? match_value(&row->rule->slots[of->ref.slot]) : NULL;
    if (outer == NULL || outer->kind != VALUE_NONE || outer->source == NULL ||
        outer->source->kind != FROM_DEF) {
        return false;
    }
    const Def *tables = outer->source->def;
    for (int i = 0; i < tables->row_count; i++) {
        const Def *set = tables->cells[i * tables->field_count + of->ref.index].def;
        if (set != NULL && form_cells(match, set, source->ref.index, want, &tried, pos, next)) {
            return true;
        }
    }
    return false;
}

/* Each row of the set whose text is next. */
bool match_set(Match *match, Value *value, const Def *def, Want want, Index pos, const Frame *next)
{
    uint64_t tried = 0;
    if (match->form_only && want.width == 0) {
        return form_set(match, def, want.field, &tried, pos, next);
    }
    for (int row = 0; row < def->row_count; row++) {
        const Cell *cell = &def->cells[row * def->field_count + (want.field < 0 ? 0 : want.field)];
        Value       known = {.kind = VALUE_ROW, .def = def, .number = row};
        if (want.width == 0 && !match_starts(match, pos, cell->text, cell->len)) continue;
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

/* t.column for a row of t. */
static bool match_cell(Match *match, Value *value, const Cell *cell, Want want, Index pos,
                       const Frame *next)
{
    if (cell->def != NULL) return match_set(match, value, cell->def, want, pos, next);
    return match_number(match, value, want.width, pos, next);
}

/* ... where the row is not known but its set is: each is tried. */
static bool match_each_row(Match *match, Value *value, Value *row, const Def *def, Want want,
                           Index pos, const Frame *next)
{
    int field = value->source->ref.index;
    for (int i = 0; def != NULL && def->kind == DEF_SET && i < def->row_count; i++) {
        Mark  mark = match_mark(match);
        Value known = {.kind = VALUE_ROW, .def = def, .number = i};
        if (match_bind(match, row, known) &&
            match_cell(match, value, &def->cells[i * def->field_count + field], want, pos, next)) {
            return true;
        }
        match_back(match, mark);
    }
    return false;
}

bool match_field(Match *match, Value *value, const Source *source, Want want, Index pos,
                 const Frame *next)
{
    if (match->form_only) return form_field(match, value, source, want, pos, next);
    Value *row = match_value(&value->rule->slots[source->ref.slot]);
    if (row->kind == VALUE_ROW) {
        int at = row->number * row->def->field_count + source->ref.index;
        return match_cell(match, value, &row->def->cells[at], want, pos, next);
    }
    if (row->kind != VALUE_NONE || row->source == NULL) return false;
    const Source *of = row->source;
    if (of->kind == FROM_DEF) return match_each_row(match, value, row, of->def, want, pos, next);
    if (of->kind != FROM_FIELD) return false;

    /* The row is itself drawn from a field: c.value, where c = t.column. */
    Value        *outer = match_value(&row->rule->slots[of->ref.slot]);
    bool          known = outer->kind == VALUE_ROW;
    const Source *from = known ? NULL : outer->source;
    const Def    *tables = known ? outer->def : from != NULL ? from->def : NULL;
    for (int i = 0; tables != NULL && tables->kind == DEF_SET && i < tables->row_count; i++) {
        Mark  mark = match_mark(match);
        Value table = {.kind = VALUE_ROW, .def = tables, .number = i};
        if (known && i != outer->number) continue;
        const Def *def = tables->cells[i * tables->field_count + of->ref.index].def;
        if ((known || match_bind(match, outer, table)) &&
            match_each_row(match, value, row, def, want, pos, next)) {
            return true;
        }
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
bool match_item(Match *match, Value *value, const Source *source, Want want, Index pos,
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
