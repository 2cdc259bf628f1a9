/*
 * Typed arguments: each value is checked against its row of the command table when it is set,
 * so a command reads numbers that are in range and choices that exist.
 */

#include <string.h>

#include "core/lab/args_internal.h"

struct Args {
    const Command *command;
    Slot          *slots;
    Index          slot_count;
    char         **operands;
    Index          operand_count;
};

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
        if (specs->fallback != NULL && !slot_store(slot, specs->fallback, err)) return false;
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
    for (Index i = 0; i < args->slot_count; i++) slot_reset(&args->slots[i]);
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
    if (!slot_store(slot, value != NULL ? value : "true", err)) return false;
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

bool args_given(const Args *args, const char *name)
{
    return slot_of(args, name)->given;
}

int64_t args_int(const Args *args, const char *name)
{
    return slot_of(args, name)->integer;
}

double args_float(const Args *args, const char *name)
{
    return slot_of(args, name)->number;
}

bool args_flag(const Args *args, const char *name)
{
    return slot_of(args, name)->integer != 0;
}

const char *args_text(const Args *args, const char *name)
{
    return slot_of(args, name)->text;
}

const char *args_item(const Args *args, const char *name, Index i)
{
    const Slot *slot = slot_of(args, name);
    return i < slot->count ? slot->items[i] : NULL;
}

Index args_operands(const Args *args)
{
    return args->operand_count;
}

const char *args_operand(const Args *args, Index i)
{
    return args->operands[i];
}

const Command *args_command(const Args *args)
{
    return args->command;
}

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
        bool many = slot->spec->type == ARG_MANY;
        if (slot->spec->type == ARG_FLAG) {
            str_addf(out, " --%s%s", args_flag(args, slot->spec->name) ? "" : "no-",
                     slot->spec->name);
            continue;
        }
        for (Index k = 0; k < (many ? slot->count : 1); k++) {
            str_addf(out, " --%s ", slot->spec->name);
            add_quoted(out, many ? slot->items[k] : slot->text);
        }
    }
}
