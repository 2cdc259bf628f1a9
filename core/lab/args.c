/*
 * Typed arguments: each value is checked against its row of the command table when it is set,
 * so a command reads numbers that are in range and choices that exist.
 */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/lab/command.h"

typedef struct Slot {
    const ArgSpec *spec;
    char          *text;  /* as given, or the default; NULL: none */
    bool           given;
    int64_t        integer;
    double         number;
    char         **items; /* ARG_LIST */
    Index          count;
} Slot;

struct Args {
    const Command *command;
    Slot          *slots;
    Index          slot_count;
    char         **operands;
    Index          operand_count;
};

/* ---- values ---- */

static bool refuse(const Slot *slot, const char *value, Error *err, const char *wanted)
{
    return error_set(err, ERR_INPUT, "--%s is \"%.80s\", but must be %s", slot->spec->name, value,
                     wanted);
}

static bool in_range(Slot *slot, const char *value, double number, Error *err)
{
    const ArgSpec *spec = slot->spec;
    if (number >= spec->min && number <= spec->max) return true;
    return error_set(err, ERR_INPUT, "--%s is %.80s, but must lie in %g..%g%s%s", spec->name, value,
                     spec->min, spec->max, spec->unit != NULL ? " " : "",
                     spec->unit != NULL ? spec->unit : "");
}

static bool parse_int(Slot *slot, const char *value, Error *err)
{
    char *end;
    errno = 0;
    long long n = strtoll(value, &end, 10);
    if (end == value || *end != '\0' || errno != 0) {
        return refuse(slot, value, err, "a whole number");
    }
    slot->integer = n;
    slot->number = (double)n;
    return in_range(slot, value, slot->number, err);
}

static bool parse_float(Slot *slot, const char *value, Error *err)
{
    char  *end;
    double x = strtod(value, &end);
    if (end == value || *end != '\0' || !isfinite(x)) {
        return refuse(slot, value, err, "a finite number");
    }
    slot->number = x;
    return in_range(slot, value, x, err);
}

static bool parse_bool(Slot *slot, const char *value, Error *err)
{
    if (strcmp(value, "true") == 0 || strcmp(value, "1") == 0) {
        slot->integer = 1;
    } else if (strcmp(value, "false") == 0 || strcmp(value, "0") == 0) {
        slot->integer = 0;
    } else {
        return refuse(slot, value, err, "true or false");
    }
    return true;
}

static bool parse_choice(Slot *slot, const char *value, Error *err)
{
    Str names = {0};
    for (const char *const *c = slot->spec->choices; *c != NULL; c++) {
        if (strcmp(*c, value) == 0) {
            slot->integer = c - slot->spec->choices;
            str_free(&names);
            return true;
        }
        str_addf(&names, "%s%s", names.len > 0 ? ", " : "", *c);
    }
    refuse(slot, value, err, "one of the known names");
    error_hint(err, "known: %s", str_text(&names));
    str_free(&names);
    return false;
}

static void free_items(Slot *slot)
{
    for (Index i = 0; i < slot->count; i++) mem_free(slot->items[i]);
    mem_free(slot->items);
    slot->items = NULL;
    slot->count = 0;
}

/* "q_proj, v_proj" -> two names; blanks around them are dropped, an empty one is an error. */
static bool parse_list(Slot *slot, const char *value, Error *err)
{
    free_items(slot);
    while (true) {
        value += strspn(value, " ");
        size_t n = strcspn(value, ",");
        Index  keep = (Index)n;
        while (keep > 0 && value[keep - 1] == ' ') keep--;
        if (keep == 0) return refuse(slot, value, err, "names separated by commas");

        Str item = {0};
        str_add_bytes(&item, value, keep);
        char **larger = mem_resize(slot->items, mem_program(), MEM_TEXT, slot->count + 1,
                                   sizeof *larger, err);
        char *name = larger != NULL ? str_take(&item, err) : NULL;
        if (larger != NULL) slot->items = larger;
        if (name == NULL) {
            str_free(&item);
            return false;
        }
        slot->items[slot->count++] = name;
        if (value[n] == '\0') return true;
        value += n + 1;
    }
}

static bool parse_map(Slot *slot, const char *value, Error *err)
{
    Json *json = json_parse(value, (Index)strlen(value), slot->spec->name, NULL);
    bool  ok = json != NULL && json_is_object(json_root(json));
    json_free(json);
    return ok || refuse(slot, value, err, "a JSON object, as {\"k_proj\": 4}");
}

static bool parse_value(Slot *slot, const char *value, Error *err)
{
    switch (slot->spec->type) {
    case ARG_FLAG:
    case ARG_BOOL: return parse_bool(slot, value, err);
    case ARG_INT: return parse_int(slot, value, err);
    case ARG_FLOAT: return parse_float(slot, value, err);
    case ARG_CHOICE: return parse_choice(slot, value, err);
    case ARG_LIST: return parse_list(slot, value, err);
    case ARG_MAP: return parse_map(slot, value, err);
    case ARG_TEXT:
    case ARG_PATH: break;
    }
    return true;
}

static bool store(Slot *slot, const char *value, Error *err)
{
    if (!parse_value(slot, value, err)) return false;
    char *copy = mem_strdup(value, err);
    if (copy == NULL) return false;
    mem_free(slot->text);
    slot->text = copy;
    return true;
}

/* ---- life ---- */

static Index count_specs(const ArgSpec *specs)
{
    Index n = 0;
    while (specs[n].name != NULL) n++;
    return n;
}

static bool fill_slots(Args *args, const ArgSpec *specs, Error *err)
{
    for (; specs->name != NULL; specs++) {
        Slot *slot = &args->slots[args->slot_count++];
        slot->spec = specs;
        if (specs->fallback != NULL && !store(slot, specs->fallback, err)) return false;
    }
    return true;
}

Args *args_create(const Command *command, Error *err)
{
    Args *args = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *args, err);
    if (args == NULL) return NULL;
    args->command = command;
    Index n = count_specs(command->args) + count_specs(command_common_args());
    args->slots = mem_alloc(mem_program(), MEM_TEXT, n, sizeof(Slot), err);
    if (args->slots == NULL || !fill_slots(args, command->args, err) ||
        !fill_slots(args, command_common_args(), err)) {
        args_free(args);
        return NULL;
    }
    return args;
}

void args_free(Args *args)
{
    if (args == NULL) return;
    for (Index i = 0; i < args->slot_count; i++) {
        free_items(&args->slots[i]);
        mem_free(args->slots[i].text);
    }
    for (Index i = 0; i < args->operand_count; i++) mem_free(args->operands[i]);
    mem_free(args->operands);
    mem_free(args->slots);
    mem_free(args);
}

/* ---- setting ---- */

static Slot *find_slot(const Args *args, const char *name)
{
    for (Index i = 0; i < args->slot_count; i++) {
        if (str_same_name(args->slots[i].spec->name, name)) return &args->slots[i];
    }
    return NULL;
}

static bool unknown_option(const Args *args, const char *name, Error *err)
{
    const char *best = NULL;
    int         best_distance = 4;
    for (Index i = 0; i < args->slot_count; i++) {
        int d = str_distance(name, args->slots[i].spec->name);
        if (d < best_distance) {
            best_distance = d;
            best = args->slots[i].spec->name;
        }
    }
    error_set(err, ERR_INPUT, "loralab %s has no option --%.60s", args->command->name, name);
    if (best != NULL) return error_hint(err, "did you mean --%s?", best);
    return error_hint(err, "loralab %s --help lists them", args->command->name);
}

bool args_set(Args *args, const char *name, const char *value, Error *err)
{
    Slot *slot = find_slot(args, name);
    if (slot == NULL) return unknown_option(args, name, err);
    if (value == NULL && slot->spec->type != ARG_FLAG) {
        return error_set(err, ERR_INPUT, "--%s needs a value", slot->spec->name);
    }
    if (!store(slot, value != NULL ? value : "true", err)) return false;
    slot->given = true;
    return true;
}

bool args_add_operand(Args *args, const char *operand, Error *err)
{
    char **larger = mem_resize(args->operands, mem_program(), MEM_TEXT, args->operand_count + 1,
                               sizeof *larger, err);
    if (larger == NULL) return false;
    args->operands = larger;
    larger[args->operand_count] = mem_strdup(operand, err);
    if (larger[args->operand_count] == NULL) return false;
    args->operand_count++;
    return true;
}

bool args_finish(Args *args, Error *err)
{
    const Command *c = args->command;
    if (args->operand_count < c->min_operands) {
        error_set(err, ERR_INPUT, "loralab %s needs %s", c->name, c->operands);
        return error_hint(err, "for example: %s", c->example);
    }
    if (args->operand_count > c->max_operands) {
        error_set(err, ERR_INPUT, "loralab %s does not know what to do with \"%.80s\"", c->name,
                  args->operands[c->max_operands]);
        return error_hint(err, "for example: %s", c->example);
    }
    return true;
}

/* One --option of argv; *i moves past its value. */
static bool parse_option(Args *args, int argc, char *const *argv, int *i, Error *err)
{
    const char *text = argv[*i] + 2, *equals = strchr(text, '=');
    Str         name = {0};

    str_add_bytes(&name, text, equals != NULL ? equals - text : (Index)strlen(text));
    if (!str_ok(&name, err)) return false;
    Slot       *slot = find_slot(args, str_text(&name));
    const char *value = equals != NULL ? equals + 1 : NULL;
    bool        negated = slot == NULL && value == NULL && name.len > 3 &&
                   (strncmp(name.data, "no-", 3) == 0 || strncmp(name.data, "no_", 3) == 0);
    if (negated) {
        slot = find_slot(args, name.data + 3);
        if (slot != NULL && (slot->spec->type == ARG_FLAG || slot->spec->type == ARG_BOOL)) {
            value = "false";
        } else {
            slot = NULL;
        }
    }
    bool ok = slot != NULL || unknown_option(args, str_text(&name), err);
    if (ok && value == NULL && *i + 1 < argc) {
        const char *next = argv[*i + 1];
        bool        yes_no = strcmp(next, "true") == 0 || strcmp(next, "false") == 0;
        if (slot->spec->type != ARG_FLAG || yes_no) {
            value = next;
            ++*i;
        }
    }
    ok = ok && args_set(args, slot->spec->name, value, err);
    str_free(&name);
    return ok;
}

bool args_parse(Args *args, int argc, char *const *argv, Error *err)
{
    bool options = true;
    for (int i = 0; i < argc; i++) {
        bool ok;
        if (options && strcmp(argv[i], "--") == 0) {
            options = false;
            continue;
        }
        if (options && strncmp(argv[i], "--", 2) == 0) {
            ok = parse_option(args, argc, argv, &i, err);
        } else if (options && argv[i][0] == '-' && argv[i][1] != '\0') {
            ok = error_set(err, ERR_INPUT, "\"%.40s\": options begin with two dashes", argv[i]);
        } else {
            ok = args_add_operand(args, argv[i], err);
        }
        if (!ok) return false;
    }
    return args_finish(args, err);
}

/* ---- reading: asking for a name that the table lacks is our own fault ---- */

static const Slot *slot_of(const Args *args, const char *name)
{
    const Slot *slot = find_slot(args, name);
    CHECK(slot != NULL);
    return slot;
}

bool args_given(const Args *args, const char *name) { return slot_of(args, name)->given; }

int64_t args_int(const Args *args, const char *name) { return slot_of(args, name)->integer; }

double args_float(const Args *args, const char *name) { return slot_of(args, name)->number; }

bool args_flag(const Args *args, const char *name) { return slot_of(args, name)->integer != 0; }

const char *args_text(const Args *args, const char *name) { return slot_of(args, name)->text; }

const char *args_item(const Args *args, const char *name, Index i)
{
    const Slot *slot = slot_of(args, name);
    return i < slot->count ? slot->items[i] : NULL;
}

Index args_operands(const Args *args) { return args->operand_count; }

const char *args_operand(const Args *args, Index i) { return args->operands[i]; }

const Command *args_command(const Args *args) { return args->command; }

/* Quoted for a shell where it holds anything but plain name characters. */
static void add_quoted(Str *out, const char *text)
{
    const char *plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./,:=+@%";
    if (*text != '\0' && text[strspn(text, plain)] == '\0') {
        str_add(out, text);
        return;
    }
    str_add(out, "'");
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            str_add(out, "'\\''");
        } else {
            str_add_bytes(out, text, 1);
        }
    }
    str_add(out, "'");
}

void args_repeat_line(Str *out, const Args *args)
{
    str_addf(out, "loralab %s", args->command->name);
    for (Index i = 0; i < args->operand_count; i++) {
        str_add(out, " ");
        add_quoted(out, args->operands[i]);
    }
    for (Index i = 0; i < args->slot_count; i++) {
        const Slot *slot = &args->slots[i];
        if (!slot->given) continue;
        str_addf(out, " --%s ", slot->spec->name);
        add_quoted(out, slot->text);
    }
}
