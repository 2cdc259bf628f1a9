/*
 * Names become slots, definitions and fields, once, so that drawing needs no look-up and can
 * only fail on numbers.
 *
 * Every slot has a type: plain text, or the fields of one record, list or rule. An argument has
 * the type of the first call that the check meets; later calls must agree. The check therefore
 * walks from the main rule along the calls, then looks at what was not reached.
 */

#include "core/train/grammar_parts.h"

#include <string.h>

typedef struct Check {
    Grammar *g;
    Error   *err;
    Case    *at;
    int      visible; /* slots that may be named */
    Place    place;
} Check;

static bool check_rule(Grammar *g, Def *rule, Error *err);
static bool check_nodes(Check *check, Node *node);

Def *grammar_find(const Grammar *g, const char *name)
{
    for (int i = 0; i < g->def_count; i++) {
        if (strcmp(g->defs[i]->name, name) == 0) return g->defs[i];
    }
    return NULL;
}

int grammar_field(const Def *def, const char *field)
{
    for (int i = 0; i < def->field_count; i++) {
        if (strcmp(def->fields[i], field) == 0) return i;
    }
    return -1;
}

static bool same_fields(const Def *a, const Def *b)
{
    if (a == b) return true;
    if (a == NULL || b == NULL || a->field_count != b->field_count) return false;
    for (int i = 0; i < a->field_count; i++) {
        if (strcmp(a->fields[i], b->fields[i]) != 0) return false;
    }
    return true;
}

/* A field that holds not text but where to draw. */
static bool is_source_field(const Def *def, int field)
{
    return def != NULL && def->kind == DEF_SET && field >= 0 && def->cells[field].text == NULL;
}

/* ---- names ---------------------------------------------------------------------------------- */

static bool unknown_name(Check *check, const char *name)
{
    grammar_wrong(check->err, check->place, "nothing is called `%s` here", name);
    const char *nearest = NULL;
    int         best = 3;
    for (int i = 0; i < check->visible + check->g->def_count; i++) {
        const char *other = i < check->visible ? check->at->slots[i].name
                                               : check->g->defs[i - check->visible]->name;
        int         distance = str_distance(name, other);
        if (distance < best && other[0] != '\0') {
            best = distance;
            nearest = other;
        }
    }
    if (nearest != NULL) error_hint(check->err, "did you mean `%s`?", nearest);
    return false;
}

static bool no_field(Check *check, const Ref *ref, const Def *def)
{
    Str fields = {0};
    for (int i = 0; i < def->field_count; i++) {
        str_addf(&fields, "%s%s", i == 0 ? "" : ", ", def->fields[i]);
    }
    if (ref->field == NULL) {
        grammar_wrong(check->err, check->place, "say which part of `%s`: %.200s", ref->name,
                      str_text(&fields));
    } else {
        grammar_wrong(check->err, check->place, "`%s` has no field `%s`, only %.200s", ref->name,
                      ref->field, str_text(&fields));
    }
    str_free(&fields);
    return false;
}

/* Which field a name without one means: -1 when that is open. */
static int default_field(const Def *def)
{
    if (def->kind == DEF_SET || def->field_count == 1) return 0;
    return grammar_field(def, "text");
}

/* What the name is: a slot, or a definition. *type receives its type. */
static bool find_name(Check *check, Ref *ref, Type *type)
{
    ref->slot = -1;
    for (int i = check->visible - 1; i >= 0; i--) {
        if (strcmp(check->at->slots[i].name, ref->name) != 0) continue;
        ref->slot = i;
        *type = check->at->slots[i].type;
        return true;
    }
    ref->def = grammar_find(check->g, ref->name);
    if (ref->def == NULL) return unknown_name(check, ref->name);
    *type = (Type){.def = ref->def, .known = true};
    if (ref->def->kind != DEF_RULE) return true;
    if (ref->def->arg_count > 0) {
        return grammar_wrong(check->err, check->place,
                             "rule `%s` needs %d arguments: write slot = %s(...) first", ref->name,
                             ref->def->arg_count, ref->name);
    }
    return check_rule(check->g, ref->def, check->err);
}

/* Resolve slot or definition and field; *type is the type of what stands before the dot. */
static bool check_ref(Check *check, Ref *ref, Type *type)
{
    if (!find_name(check, ref, type)) return false;
    if (type->list && ref->field != NULL && strcmp(ref->field, "count") == 0) {
        ref->index = FIELD_COUNT;
        return true;
    }
    if (type->def == NULL) {
        ref->index = FIELD_NONE;
        if (ref->field == NULL) return true;
        return grammar_wrong(check->err, check->place, "`%s` is plain text and has no field `%s`",
                             ref->name, ref->field);
    }
    ref->index =
        ref->field == NULL ? default_field(type->def) : grammar_field(type->def, ref->field);
    return ref->index >= 0 || no_field(check, ref, type->def);
}

static bool check_expr(Check *check, Expr *expr)
{
    check->place = expr->place;
    for (int i = 0; i < expr->count; i++) {
        Term *term = &expr->terms[i];
        Type  type;
        if (term->kind == TERM_TEXT && (expr->count > 1 || term->sign < 0)) {
            return grammar_wrong(check->err, expr->place, "the text '%.40s' is not a number",
                                 term->text);
        }
        if (term->kind != TERM_REF) continue;
        if (!check_ref(check, &term->ref, &type)) return false;
        if (is_source_field(type.def, term->ref.index)) {
            return grammar_wrong(check->err, expr->place,
                                 "`%s.%s` is where to draw, not a text: write slot = %s.%s first",
                                 term->ref.name, term->ref.field, term->ref.name, term->ref.field);
        }
    }
    return true;
}

/* ---- templates ------------------------------------------------------------------------------ */

static bool check_nodes(Check *check, Node *node)
{
    for (; node != NULL; node = node->next) {
        if (node->kind == NODE_VALUE && !check_expr(check, &node->expr)) return false;
        if (node->kind == NODE_IF &&
            (!check_expr(check, &node->cond.left) || !check_expr(check, &node->cond.right))) {
            return false;
        }
        for (int i = 0; i < node->branch_count; i++) {
            if (!check_nodes(check, node->branches[i])) return false;
        }
    }
    return true;
}

/* ---- sources -------------------------------------------------------------------------------- */

static bool check_call(Check *check, Source *source)
{
    Def *def = source->def;
    if (def->kind == DEF_SET && source->arg_count > 0) {
        return grammar_wrong(check->err, check->place, "`%s` is no rule and takes no arguments",
                             def->name);
    }
    if (source->arg_count != def->arg_count) {
        return grammar_wrong(check->err, check->place, "rule `%s` takes %d arguments, not %d",
                             def->name, def->arg_count, source->arg_count);
    }
    for (int i = 0; i < def->arg_count; i++) {
        Ref  ref = {.name = source->arg_names[i]};
        Type given;
        if (!find_name(check, &ref, &given)) return false;
        if (ref.slot < 0) {
            return grammar_wrong(check->err, check->place, "argument `%s` of `%s` is no slot",
                                 ref.name, def->name);
        }
        source->args[i] = ref.slot;
        Type *expected = &def->args[i].type;
        if (!expected->known) *expected = given;
        if (expected->list != given.list || !same_fields(expected->def, given.def)) {
            return grammar_wrong(check->err, check->place,
                                 "argument `%s` of `%s` has other fields than in an earlier call",
                                 ref.name, def->name);
        }
    }
    return def->kind == DEF_SET || check_rule(check->g, def, check->err);
}

/* t.column: the columns of all tables have the same fields, so those of the first stand for all.
 * c.value is plain text, wherever it is drawn. */
static Type field_source_type(const Def *set, int field)
{
    bool table = strcmp(set->name, "table") == 0;
    return (Type){.def = table ? set->cells[field].def : NULL, .known = true};
}

/* One value: a name that is drawn from, a copy of a slot, a text or a sum. */
static bool check_value(Check *check, Source *source, Type *type)
{
    Term *only = &source->low.terms[0];
    *type = (Type){.known = true};
    if (source->low.count > 1 || only->kind != TERM_REF || only->sign < 0) {
        return check_expr(check, &source->low);
    }
    Type of;
    if (only->ref.field == NULL) {
        if (!find_name(check, &only->ref, &of)) return false;
        *type = of;
        source->ref = only->ref;
        if (only->ref.slot < 0) {
            source->kind = FROM_DEF;
            source->def = only->ref.def;
        }
        return true;
    }
    if (!check_ref(check, &only->ref, &of)) return false;
    source->ref = only->ref;
    if (!is_source_field(of.def, only->ref.index)) return true;
    if (only->ref.slot < 0 || of.list) {
        return grammar_wrong(check->err, check->place, "bind `%s` to a slot first", only->ref.name);
    }
    source->kind = FROM_FIELD;
    *type = field_source_type(of.def, only->ref.index);
    return true;
}

static bool check_source(Check *check, Source *source, Type *type);

static bool check_list(Check *check, Source *list, Type *type)
{
    if (!check_expr(check, &list->low) || !check_expr(check, &list->high)) return false;
    if (!check_source(check, list->item, type)) return false;
    check->place = list->place;
    if (type->list) {
        return grammar_wrong(check->err, list->place, "a list of lists is not possible");
    }
    type->list = true;
    for (int i = 0; i < list->unlike_count; i++) {
        Ref ref = {.name = "the item", .field = list->unlike[i]};
        int at = type->def == NULL ? -1 : grammar_field(type->def, ref.field);
        if (type->def == NULL) {
            return grammar_wrong(check->err, list->place, "the items have no field `%s`",
                                 ref.field);
        }
        if (at < 0) return no_field(check, &ref, type->def);
        if (is_source_field(type->def, at)) {
            return grammar_wrong(check->err, list->place, "`%s` is where to draw, not a text",
                                 ref.field);
        }
        list->unlike_index[i] = at;
    }
    if (list->different && list->unlike_count == 0 && type->def != NULL &&
        default_field(type->def) < 0) {
        return grammar_wrong(check->err, list->place, "say in which fields the items differ");
    }
    return true;
}

static bool check_source(Check *check, Source *source, Type *type)
{
    check->place = source->place;
    *type = (Type){.known = true};
    switch (source->kind) {
    case FROM_VALUE:
        return check_value(check, source, type);
    case FROM_RANGE:
        return check_expr(check, &source->low) && check_expr(check, &source->high);
    case FROM_TEMPLATE:
        return check_nodes(check, source->text);
    case FROM_LIST:
        return check_list(check, source, type);
    case FROM_FIELD: {
        Type of;
        if (!check_ref(check, &source->ref, &of)) return false;
        *type = field_source_type(of.def, source->ref.index);
        return true;
    }
    case FROM_DEF:
        source->def = grammar_find(check->g, source->ref.name);
        if (source->def == NULL) return unknown_name(check, source->ref.name);
        *type = (Type){.def = source->def, .known = true};
        return check_call(check, source);
    case FROM_ITEM:
        if (!find_name(check, &source->ref, type)) return false;
        if (source->ref.slot < 0 || !type->list) {
            return grammar_wrong(check->err, source->place, "`%s` is no slot with several items",
                                 source->ref.name);
        }
        type->list = false;
        return check_expr(check, &source->low);
    }
    return false;
}

/* ---- rules ---------------------------------------------------------------------------------- */

static bool check_slots(Check *check)
{
    Case *one = check->at;
    for (int i = 0; i < one->slot_count; i++) {
        Slot *slot = &one->slots[i];
        if (slot->source == NULL) continue;
        check->visible = slot->group;
        if (!check_source(check, slot->source, &slot->type)) return false;
        const Def *def = slot->type.def;
        if (slot->source->kind == FROM_DEF && def->kind == DEF_SET &&
            def->row_count <= i - slot->group) {
            return grammar_wrong(check->err, slot->place, "`%s` has only %d different items",
                                 def->name, def->row_count);
        }
        if (slot->group < i && def != NULL && default_field(def) < 0) {
            return grammar_wrong(check->err, slot->place,
                                 "slots of one line must differ, but `%s` has no one text",
                                 def->name);
        }
    }
    return true;
}

static bool check_case(Grammar *g, const Def *rule, Case *one, Error *err)
{
    Check check = {.g = g, .err = err, .at = one, .place = one->place};
    for (int i = 0; i < rule->arg_count; i++) one->slots[i].type = rule->args[i].type;
    if (!check_slots(&check)) return false;
    for (int i = 0; i < one->require_count; i++) {
        Cond *cond = &one->require[i];
        check.visible = cond->limit > 0 ? cond->limit - 1 : one->slot_count;
        if (!check_expr(&check, &cond->left) || !check_expr(&check, &cond->right)) return false;
    }
    if (one->delegate) {
        const Slot *last = &one->slots[one->slot_count - 1];
        if (last->source->kind == FROM_DEF && same_fields(last->type.def, rule)) return true;
        return grammar_wrong(err, one->place, "this case of rule `%s` has not the same channels",
                             rule->name);
    }
    for (int i = 0; i < one->channel_count; i++) {
        Channel *channel = &one->channels[i];
        check.visible = channel->limit > 0 ? channel->limit - 1 : one->slot_count;
        check.place = channel->place;
        if (!check_nodes(&check, channel->text)) return false;
    }
    return true;
}

static bool check_rule(Grammar *g, Def *rule, Error *err)
{
    if (rule->state != CHECK_NOT) return true; /* a rule may use itself */
    rule->state = CHECK_BUSY;
    for (int i = 0; i < rule->case_count; i++) {
        if (!check_case(g, rule, &rule->cases[i], err)) return false;
    }
    rule->state = CHECK_DONE;
    return true;
}

/* Put the channels of a case in the order of the rule's fields. */
static bool order_channels(const Def *rule, Case *one, Error *err)
{
    for (int i = 0; i < rule->field_count; i++) {
        int k = i;
        while (k < one->channel_count && strcmp(one->channels[k].name, rule->fields[i]) != 0) k++;
        if (k == one->channel_count) {
            return grammar_wrong(err, one->place, "this case of rule `%s` has no channel `%s`",
                                 rule->name, rule->fields[i]);
        }
        Channel found = one->channels[k];
        one->channels[k] = one->channels[i];
        one->channels[i] = found;
    }
    if (one->channel_count == rule->field_count) return true;
    return grammar_wrong(err, one->channels[rule->field_count].place,
                         "channel `%s` is not in every case of rule `%s`",
                         one->channels[rule->field_count].name, rule->name);
}

/* The channels of a rule are those of its first case, or of the rule which that case names. */
static bool find_fields(Grammar *g, Def *rule, Error *err)
{
    if (rule->kind == DEF_SET || rule->fields_state == CHECK_DONE) return true;
    if (rule->fields_state == CHECK_BUSY) {
        return grammar_wrong(err, rule->place, "rule `%s` is only itself", rule->name);
    }
    rule->fields_state = CHECK_BUSY;
    const Case *first = &rule->cases[0];
    if (first->delegate) {
        const char *name = first->slots[first->slot_count - 1].source->ref.name;
        Def        *of = name == NULL ? NULL : grammar_find(g, name);
        if (of == NULL) {
            return grammar_wrong(err, first->place, "`case` needs a rule, found `%s`",
                                 name == NULL ? "a sum" : name);
        }
        if (!find_fields(g, of, err)) return false;
        rule->field_count = of->field_count;
        for (int i = 0; i < of->field_count; i++) rule->fields[i] = of->fields[i];
    }
    for (int i = 0; !first->delegate && i < first->channel_count; i++) {
        rule->fields[rule->field_count++] = first->channels[i].name;
    }
    for (int i = 0; i < rule->case_count; i++) {
        Case *one = &rule->cases[i];
        if (!one->delegate && !order_channels(rule, one, err)) return false;
    }
    rule->fields_state = CHECK_DONE;
    return true;
}

static bool check_reserve(const Grammar *g, const Reserve *reserve, Error *err)
{
    for (int d = 0; d < g->def_count; d++) {
        for (int c = 0; c < g->defs[d]->case_count; c++) {
            const Case *one = &g->defs[d]->cases[c];
            int         found = 0;
            for (int k = 0; k < reserve->count; k++) {
                for (int s = 0; s < one->slot_count; s++) {
                    found += strcmp(one->slots[s].name, reserve->slots[k]) == 0;
                }
            }
            if (found == reserve->count) return true;
        }
    }
    return grammar_wrong(err, reserve->place, "no rule has all the slots of this reserve (`%s`...)",
                         reserve->slots[0]);
}

/* Text columns name their lists. */
static bool link_cells(Grammar *g, Def *set, Error *err)
{
    for (int i = 0; set->kind == DEF_SET && i < set->row_count * set->field_count; i++) {
        Cell *cell = &set->cells[i];
        if (cell->def_name == NULL || cell->def != NULL) continue;
        cell->def = grammar_find(g, cell->def_name);
        if (cell->def == NULL || cell->def->kind != DEF_SET || is_source_field(cell->def, 0)) {
            return grammar_wrong(err, set->place, "column `%s` needs a list, found `%s`",
                                 set->cells[i - 1].text, cell->def_name);
        }
    }
    return true;
}

bool grammar_check(Grammar *g, Error *err)
{
    Place start = {g->files[0], 1};
    for (int i = 0; i < g->def_count; i++) {
        if (!link_cells(g, g->defs[i], err) || !find_fields(g, g->defs[i], err)) return false;
    }
    g->main = grammar_find(g, "main");
    if (g->main == NULL || g->main->kind != DEF_RULE || g->main->arg_count > 0) {
        return grammar_wrong(err, start, "the file has no rule `main` without arguments");
    }
    if (!check_rule(g, g->main, err)) return false;
    for (int i = 0; i < g->def_count; i++) {
        Def *def = g->defs[i];
        if (def->kind == DEF_RULE && def->arg_count == 0 && !check_rule(g, def, err)) return false;
    }
    Def *m = g->main;
    bool document = m->field_count == 1 && strcmp(m->fields[0], "text") == 0;
    bool task = m->field_count == 2 && strcmp(m->fields[0], "prompt") == 0 &&
                strcmp(m->fields[1], "completion") == 0;
    if (!document && !task) {
        return grammar_wrong(err, m->place,
                             "rule `main` has either a text, or a prompt and then a completion");
    }
    for (int i = 0; i < g->reserve_count; i++) {
        if (!check_reserve(g, &g->reserves[i], err)) return false;
    }
    return true;
}
