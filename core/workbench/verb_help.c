/* Help on the verbs, made from their table, at most 80 columns wide. */

#include <string.h>

#include "core/workbench/verb.h"

enum { NAME_COLUMN = 14, KEY_COLUMN = 28 };

/* A word at the left, its explanation from `indent` on. */
static void add_entry(Str *out, const char *word, const char *text, int indent)
{
    int n = (int)strlen(word);
    str_addf(out, "  %s", word);
    if (n + 3 > indent) {
        str_addf(out, "\n%*s", indent, "");
    } else {
        str_addf(out, "%*s", indent - n - 2, "");
    }
    help_wrapped(out, text, indent, indent);
}

/* ---- the list ---- */

static void add_members(Str *out, const FieldSpec *fields)
{
    for (const FieldSpec *field = fields; field->name != NULL; field++) {
        str_addf(out, "%s%s", field != fields ? " " : "", field->name);
    }
}

void help_verbs(Str *out)
{
    str_add(out, "[NAME =] [sweep KEY=A,B,... [seeds=N] :] COMMAND operand key=value +flag\n\n");
    help_wrapped(out,
                 tr("Commands of lessons and of free play. A result gets the name before \"=\", "
                    "or else \"it\"; NAME.member is a part of it. {expressions} may stand in any "
                    "value. A sweep runs a command for each combination and gives a table."),
                 0, 0);
    str_add(out, "\n");
    for (const Verb *const *verb = verb_table(); *verb != NULL; verb++) {
        const Command *command = &(*verb)->command;
        Str            text = {0};
        str_addf(&text, "%s: ", tr(command->summary));
        add_members(&text, (*verb)->fields);
        add_entry(out, command->name, str_text(&text), NAME_COLUMN);
        out->failed = out->failed || text.failed;
        str_free(&text);
    }
}

/* ---- one verb ---- */

static const char *value_word(const ArgSpec *arg)
{
    switch (arg->type) {
    case ARG_FLAG:
        return "";
    case ARG_BOOL:
        return "=true|false";
    case ARG_INT:
        return "=N";
    case ARG_FLOAT:
        return "=X";
    case ARG_CHOICE:
        return "=NAME";
    case ARG_LIST:
        return "=A,B";
    case ARG_MAP:
        return "=JSON";
    case ARG_TEXT:
    case ARG_MANY:
    case ARG_PATH:
        break;
    }
    return "=TEXT";
}

static void add_key(Str *out, const ArgSpec *arg)
{
    Str head = {0}, text = {0};
    str_addf(&head, "%s%s%s", arg->type == ARG_FLAG ? "+" : "", arg->name, value_word(arg));
    str_add(&text, tr(arg->help));
    help_range(&text, arg);
    add_entry(out, str_text(&head), str_text(&text), KEY_COLUMN);
    out->failed = out->failed || head.failed || text.failed;
    str_free(&head);
    str_free(&text);
}

static void add_field(Str *out, const FieldSpec *field)
{
    Str text = {0};
    str_add(&text, tr(field->help));
    if (field->unit != NULL) str_addf(&text, " [%s]", field->unit);
    str_addf(&text, " (%s%s)", tr(datum_kind_name(field->kind)), field->timed ? tr(", timed") : "");
    add_entry(out, field->name, str_text(&text), KEY_COLUMN);
    out->failed = out->failed || text.failed;
    str_free(&text);
}

void help_verb(Str *out, const Verb *verb)
{
    const Command *command = &verb->command;
    const char    *group = "";
    str_addf(out, "%s%s%s%s\n\n", command->name, command->operands[0] != '\0' ? " " : "",
             command->operands, command->args->name != NULL ? " [key=value ...]" : "");
    help_wrapped(out, tr(command->summary), 0, 0);
    if (command->details != NULL) help_wrapped(out, tr(command->details), 0, 0);
    if (verb->changes) help_wrapped(out, tr("It changes the bench, so it is in no sweep."), 0, 0);
    str_addf(out, "\n%s: %s\n", tr("Example"), command->example);
    for (const ArgSpec *arg = command->args; arg->name != NULL; arg++) {
        if (strcmp(arg->group, group) != 0) str_addf(out, "\n%s\n", tr(arg->group));
        group = arg->group;
        add_key(out, arg);
    }
    str_addf(out, "\n%s\n", tr("Gives"));
    for (const FieldSpec *field = verb->fields; field->name != NULL; field++) {
        add_field(out, field);
    }
}
