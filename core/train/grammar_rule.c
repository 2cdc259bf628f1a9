/*
 * The lines of a rule:
 *
 *   rule condition(t)              arguments: slots that the caller fills
 *     o = comparison               a slot: drawn once, used by its name in every text
 *     case 3                       an alternative and its weight; lines above the first `case`
 *       c = t.number               belong to all of them
 *       require v > 2              draw the slots again until this holds
 *       en  "{c} {o.en} {v}"       a channel: one of the texts that the rule writes at once
 *     case 2 other_rule            an alternative that is another rule
 *
 * While a rule is read its case 0 holds the common lines; rule_end drops it when others follow.
 */

#include "core/train/grammar_scan.h"

#include <string.h>

static bool read_source(Scan *scan, Source *source, int nesting);

static Slot *add_slot(Scan *scan, Case *into, const Slot *slot)
{
    for (int i = 0; i < into->slot_count; i++) {
        if (slot->name[0] != '\0' && strcmp(into->slots[i].name, slot->name) == 0) {
            grammar_wrong(scan->err, scan->place, "slot `%s` is bound twice", slot->name);
            return NULL;
        }
    }
    if (into->slot_count >= GRAMMAR_MAX_SLOTS) {
        grammar_wrong(scan->err, scan->place, "a case has more than %d slots",
                      (int)GRAMMAR_MAX_SLOTS);
        return NULL;
    }
    into->slots = grammar_grow(scan->g, into->slots, into->slot_count, sizeof(Slot), scan->err);
    if (into->slots == NULL) return NULL;
    into->slots[into->slot_count] = *slot;
    return &into->slots[into->slot_count++];
}

static bool read_args(Scan *scan, Source *source)
{
    while (source->arg_count < GRAMMAR_MAX_ARGS) {
        char *name = scan_name(scan, "the parenthesis");
        if (name == NULL) return false;
        source->arg_names[source->arg_count++] = name;
        if (!scan_accept(scan, ",")) return scan_expect(scan, ")", "the arguments");
    }
    return grammar_wrong(scan->err, scan->place, "more than %d arguments", (int)GRAMMAR_MAX_ARGS);
}

/* A text that stands for itself, as a separator does. */
static bool read_separator(Scan *scan, const char **out, const char *after)
{
    Token token = scan_peek(scan);
    if (token.kind != TOKEN_TEXT) return scan_expect(scan, "\"", after);
    if (!scan_token(scan, &token)) return false;
    *out = scan_plain(scan, token.text, token.len);
    return *out != NULL;
}

/* The fields after `different`; none: the items as they are. */
static bool read_unlike(Scan *scan, Source *list)
{
    list->different = true;
    Token next = scan_peek(scan);
    if (next.kind != TOKEN_NAME || token_is(&next, "last") || token_is(&next, "joined"))
        return true;
    do {
        if (list->unlike_count == GRAMMAR_MAX_FIELDS) {
            return grammar_wrong(scan->err, scan->place, "more than %d fields",
                                 (int)GRAMMAR_MAX_FIELDS);
        }
        char *field = scan_name(scan, "different");
        if (field == NULL) return false;
        list->unlike[list->unlike_count++] = field;
    } while (scan_accept(scan, ","));
    return true;
}

/* What may follow `of ITEM`, in any order. */
static bool read_list_options(Scan *scan, Source *list)
{
    for (;;) {
        if (scan_accept(scan, "joined")) {
            if (!read_separator(scan, &list->joined, "joined")) return false;
        } else if (scan_accept(scan, "last")) {
            if (!read_separator(scan, &list->last, "last")) return false;
        } else if (scan_accept(scan, "different")) {
            if (!read_unlike(scan, list)) return false;
        } else {
            return true;
        }
    }
}

static bool read_list(Scan *scan, Source *list, int nesting)
{
    list->kind = FROM_LIST;
    list->joined = " ";
    list->item = grammar_room(scan->g, 1, sizeof(Source), scan->err);
    if (list->item == NULL || !read_source(scan, list->item, nesting + 1)) return false;
    return read_list_options(scan, list);
}

static bool read_template(Scan *scan, Source *source)
{
    Token token;
    source->kind = FROM_TEMPLATE;
    return scan_token(scan, &token) && scan_template(scan, token.text, token.len, &source->text);
}

/* The right side of `slot = ...`. */
static bool read_source(Scan *scan, Source *source, int nesting)
{
    source->place = scan->place;
    if (nesting > 1) {
        return grammar_wrong(scan->err, scan->place, "a list of lists is not possible");
    }
    if (scan_peek(scan).kind == TOKEN_TEXT) return read_template(scan, source);
    if (!scan_expr(scan, &source->low)) return false;
    source->high = source->low;

    const Term *only = &source->low.terms[0];
    bool        name = source->low.count == 1 && only->kind == TERM_REF && only->sign > 0;
    if (name) source->ref = only->ref;
    if (name && only->ref.field == NULL && scan_accept(scan, "(")) {
        source->kind = FROM_DEF;
        return read_args(scan, source);
    }
    if (name && only->ref.field == NULL && scan_accept(scan, "[")) {
        source->kind = FROM_ITEM;
        return scan_expr(scan, &source->low) && scan_expect(scan, "]", "the number of the item");
    }
    source->kind = FROM_VALUE;
    if (scan_accept(scan, "..")) {
        source->kind = FROM_RANGE;
        if (!scan_expr(scan, &source->high)) return false;
    }
    if (scan_accept(scan, "of")) return read_list(scan, source, nesting);
    return true;
}

/* `a, b = SOURCE`, the first name being read already. */
static bool read_slots(Scan *scan, Case *into, char *first)
{
    char *names[GRAMMAR_MAX_ARGS] = {first};
    int   count = 1;
    while (scan_accept(scan, ",")) {
        if (count == GRAMMAR_MAX_ARGS) {
            return grammar_wrong(scan->err, scan->place, "more than %d slots on one line",
                                 (int)GRAMMAR_MAX_ARGS);
        }
        names[count] = scan_name(scan, "the comma");
        if (names[count++] == NULL) return false;
    }
    if (!scan_expect(scan, "=", "the slot's name")) return false;
    Source *source = grammar_room(scan->g, 1, sizeof *source, scan->err);
    if (source == NULL || !read_source(scan, source, 0)) return false;

    int group = into->slot_count;
    for (int i = 0; i < count; i++) {
        Slot slot = {.name = names[i], .source = source, .group = group, .place = scan->place};
        if (add_slot(scan, into, &slot) == NULL) return false;
    }
    return scan_done(scan);
}

/* Append the text that is next to the channel's template. */
static bool read_channel_text(Scan *scan, Channel *channel)
{
    Token  token;
    Node **tail = &channel->text;
    if (!scan_token(scan, &token)) return false;
    while (*tail != NULL) tail = &(*tail)->next;
    return scan_template(scan, token.text, token.len, tail) && scan_done(scan);
}

static bool read_channel(Scan *scan, Case *into, char *name)
{
    for (int i = 0; i < into->channel_count; i++) {
        if (strcmp(into->channels[i].name, name) == 0) {
            return grammar_wrong(scan->err, scan->place, "channel `%s` is written twice", name);
        }
    }
    if (into->channel_count == GRAMMAR_MAX_FIELDS) {
        return grammar_wrong(scan->err, scan->place, "more than %d channels",
                             (int)GRAMMAR_MAX_FIELDS);
    }
    into->channels =
        grammar_grow(scan->g, into->channels, into->channel_count, sizeof(Channel), scan->err);
    if (into->channels == NULL) return false;
    Channel *channel = &into->channels[into->channel_count++];
    *channel = (Channel){.name = name, .place = scan->place};
    return read_channel_text(scan, channel);
}

static Case *add_case(Scan *scan, Def *def)
{
    if (def->case_count > GRAMMAR_MAX_CASES) {
        grammar_wrong(scan->err, scan->place, "rule `%s` has more than %d cases", def->name,
                      (int)GRAMMAR_MAX_CASES);
        return NULL;
    }
    def->cases = grammar_grow(scan->g, def->cases, def->case_count, sizeof(Case), scan->err);
    if (def->cases == NULL) return NULL;
    Case *fresh = &def->cases[def->case_count++];
    *fresh = (Case){.weight = 1.0, .file_weight = 1.0, .place = scan->place};
    return fresh;
}

/* A new case starts with the common lines. */
static bool copy_common(Scan *scan, Case *into, const Case *common)
{
    for (int i = 0; i < common->slot_count; i++) {
        if (add_slot(scan, into, &common->slots[i]) == NULL) return false;
    }
    for (int i = 0; i < common->channel_count; i++) {
        into->channels = grammar_grow(scan->g, into->channels, i, sizeof(Channel), scan->err);
        if (into->channels == NULL) return false;
        into->channels[into->channel_count] = common->channels[i];
        into->channels[into->channel_count++].limit = common->slot_count + 1;
    }
    for (int i = 0; i < common->require_count; i++) {
        into->require = grammar_grow(scan->g, into->require, i, sizeof(Cond), scan->err);
        if (into->require == NULL) return false;
        into->require[into->require_count] = common->require[i];
        into->require[into->require_count++].limit = common->slot_count + 1;
    }
    return true;
}

/* What follows `case`: a weight, a rule that is the case, both or nothing. */
static bool read_case(Scan *scan, Def *def)
{
    Case *fresh = add_case(scan, def);
    if (fresh == NULL || !copy_common(scan, fresh, &def->cases[0])) return false;
    Token next = scan_peek(scan);
    if (next.kind == TOKEN_NUMBER) {
        if (!scan_token(scan, &next)) return false;
        if (next.number < 1) {
            return grammar_wrong(scan->err, scan->place, "a case's weight is 1 at least");
        }
        fresh->weight = fresh->file_weight = (double)next.number;
        next = scan_peek(scan);
    }
    if (next.kind == TOKEN_NAME) {
        Source *source = grammar_room(scan->g, 1, sizeof *source, scan->err);
        if (source == NULL || !read_source(scan, source, 0)) return false;
        Slot slot = {
            .name = "", .source = source, .group = fresh->slot_count, .place = scan->place};
        if (fresh->channel_count > 0) {
            return grammar_wrong(scan->err, scan->place,
                                 "a case that is a rule has no texts of its own");
        }
        fresh->delegate = true;
        if (add_slot(scan, fresh, &slot) == NULL) return false;
    }
    return scan_done(scan);
}

static bool read_require(Scan *scan, Case *into)
{
    into->require =
        grammar_grow(scan->g, into->require, into->require_count, sizeof(Cond), scan->err);
    if (into->require == NULL) return false;
    return scan_cond(scan, &into->require[into->require_count++]) && scan_done(scan);
}

bool rule_begin(Scan *scan, Def *def)
{
    Case *common = add_case(scan, def);
    if (common == NULL) return false;
    if (scan_accept(scan, "(")) {
        Source args = {.arg_count = 0};
        if (!read_args(scan, &args)) return false;
        for (int i = 0; i < args.arg_count; i++) {
            Slot slot = {.name = args.arg_names[i], .group = i, .place = scan->place};
            if (add_slot(scan, common, &slot) == NULL) return false;
            def->args[def->arg_count++] = slot;
        }
    }
    return scan_done(scan);
}

bool rule_line(Scan *scan, Def *def)
{
    Case *last = &def->cases[def->case_count - 1];
    Token first = scan_peek(scan);
    if (first.kind == TOKEN_TEXT) {
        if (last->channel_count == 0) {
            return grammar_wrong(scan->err, scan->place,
                                 "a text needs the name of its channel before it");
        }
        return read_channel_text(scan, &last->channels[last->channel_count - 1]);
    }
    if (scan_accept(scan, "case")) return read_case(scan, def);
    if (last->delegate) {
        return grammar_wrong(scan->err, scan->place, "a case that is a rule has no lines below it");
    }
    if (scan_accept(scan, "require")) return read_require(scan, last);
    char *name = scan_name(scan, "the indentation");
    if (name == NULL) return false;
    if (scan_peek(scan).kind == TOKEN_TEXT) return read_channel(scan, last, name);
    return read_slots(scan, last, name);
}

bool rule_end(Def *def, Error *err)
{
    if (def->case_count > 1) {
        def->cases++; /* the common lines are in every case now */
        def->case_count--;
    }
    for (int i = 0; i < def->case_count; i++) {
        const Case *one = &def->cases[i];
        if (one->channel_count == 0 && !one->delegate) {
            return grammar_wrong(err, one->place, "a case of rule `%s` writes no text", def->name);
        }
    }
    return true;
}
