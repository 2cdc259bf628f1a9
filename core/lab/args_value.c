/* An argument's text becomes a value that fits its row of the command table, or is refused. */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/lab/args_internal.h"

static bool refuse(const Slot *slot, const char *value, const char *wanted, Error *err)
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
        return refuse(slot, value, "a whole number", err);
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
        return refuse(slot, value, "a finite number", err);
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
        return refuse(slot, value, "true or false", err);
    }
    return true;
}

static bool parse_choice(Slot *slot, const char *value, Error *err)
{
    const char *const *choices = slot->spec->choices;
    for (const char *const *c = choices; *c != NULL; c++) {
        if (strcmp(*c, value) != 0) continue;
        slot->integer = c - choices;
        return true;
    }
    Str names = {0};
    for (const char *const *c = choices; *c != NULL; c++) {
        str_addf(&names, "%s%s", c != choices ? ", " : "", *c);
    }
    refuse(slot, value, "one of the known names", err);
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

static bool add_item(Slot *slot, const char *value, Index n, Error *err)
{
    Str item = {0};
    str_add_bytes(&item, value, n);
    char **larger =
        mem_resize(slot->items, mem_program(), MEM_TEXT, slot->count + 1, sizeof *larger, err);
    char *name = larger != NULL ? str_take(&item, err) : NULL;
    if (larger != NULL) slot->items = larger;
    str_free(&item);
    if (name == NULL) return false;
    slot->items[slot->count++] = name;
    return true;
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
        if (keep == 0) return refuse(slot, value, "names separated by commas", err);

        if (!add_item(slot, value, keep, err)) return false;
        if (value[n] == '\0') return true;
        value += n + 1;
    }
}

static bool parse_map(Slot *slot, const char *value, Error *err)
{
    Error why = {0};
    Json *json = json_parse(value, (Index)strlen(value), slot->spec->name, &why);
    bool  ok = json != NULL && json_is_object(json_root(json));
    json_free(json);
    if (why.code == ERR_MEMORY) return error_set(err, why.code, "%s", why.message);
    return ok || refuse(slot, value, "a JSON object, as {\"k_proj\": 4}", err);
}

static bool parse_value(Slot *slot, const char *value, Error *err)
{
    switch (slot->spec->type) {
    case ARG_FLAG:
    case ARG_BOOL:
        return parse_bool(slot, value, err);
    case ARG_INT:
        return parse_int(slot, value, err);
    case ARG_FLOAT:
        return parse_float(slot, value, err);
    case ARG_CHOICE:
        return parse_choice(slot, value, err);
    case ARG_LIST:
        return parse_list(slot, value, err);
    case ARG_MAP:
        return parse_map(slot, value, err);
    case ARG_MANY:
        return add_item(slot, value, (Index)strlen(value), err);
    case ARG_TEXT:
    case ARG_PATH:
        break;
    }
    return true;
}

bool slot_store(Slot *slot, const char *value, Error *err)
{
    if (!parse_value(slot, value, err)) return false;
    char *copy = mem_strdup(value, err);
    if (copy == NULL) return false;
    mem_free(slot->text);
    slot->text = copy;
    return true;
}

void slot_reset(Slot *slot)
{
    free_items(slot);
    mem_free(slot->text);
    slot->text = NULL;
}
