/* Help pages, made from the tables, at most 80 columns wide. */

#include <string.h>

#include "core/lab/lab.h"

#define WIDTH 79
#define LARGE 1e5 /* limits from here on only keep numbers sane */

void help_wrapped(Str *out, const char *text, int indent, int column)
{
    bool fresh = true; /* nothing stands on this line yet behind the indent */
    while (*text != '\0') {
        int n = (int)strcspn(text, " ");
        if (!fresh && column + 1 + n > WIDTH) {
            str_addf(out, "\n%*s", indent, "");
            column = indent;
            fresh = true;
        }
        str_addf(out, "%s%.*s", fresh ? "" : " ", n, text);
        column += n + (fresh ? 0 : 1);
        fresh = false;
        text += n + (text[n] == ' ');
    }
    str_add(out, "\n");
}

void help_overview(Str *out)
{
    str_addf(out, "loralab %s: %s\n\n", LORALAB_VERSION,
             tr("a laboratory that teaches LoRA fine-tuning by doing it"));
    for (const Command *c = command_table(); c->name != NULL; c++) {
        str_addf(out, "  loralab %-9s ", c->name);
        help_wrapped(out, tr(c->summary), 20, 20);
    }
    str_add(out, "\n");
    help_wrapped(out,
                 tr("loralab COMMAND --help tells all about a command. Results go to standard "
                    "output, progress to standard error; --json gives one JSON object."),
                 0, 0);
    str_addf(out, "\n%s: loralab train --data sql\n", tr("A first try"));
}

const char *help_value_word(const ArgSpec *arg)
{
    switch (arg->type) {
    case ARG_FLAG:
        return "";
    case ARG_BOOL:
        return " true|false";
    case ARG_INT:
        return " N";
    case ARG_FLOAT:
        return " X";
    case ARG_TEXT:
    case ARG_MANY:
        return " TEXT";
    case ARG_PATH:
        return " PATH";
    case ARG_CHOICE:
        return " NAME";
    case ARG_LIST:
        return " A,B";
    case ARG_MAP:
        return " JSON";
    }
    return "";
}

void help_range(Str *text, const ArgSpec *arg)
{
    if (arg->type == ARG_CHOICE) {
        str_add(text, " [");
        for (const char *const *c = arg->choices; *c != NULL; c++) {
            str_addf(text, "%s%s", c != arg->choices ? " | " : "", *c);
        }
        str_add(text, "]");
    }
    if (arg->type == ARG_INT || arg->type == ARG_FLOAT) {
        str_addf(text, " [%g%s", arg->min, arg->max < LARGE ? ".." : " or more");
        if (arg->max < LARGE) str_addf(text, "%.10g", arg->max);
        str_addf(text, "%s%s]", arg->unit != NULL ? " " : "", arg->unit != NULL ? arg->unit : "");
    }
    if (arg->fallback != NULL && arg->type != ARG_FLAG) {
        str_addf(text, " (default %s)", arg->fallback);
    }
}

static void add_argument(Str *out, const ArgSpec *arg)
{
    Str text = {0}, head = {0};

    str_addf(&head, "  --%s%s", arg->name, help_value_word(arg));
    str_add(&text, tr(arg->help));
    help_range(&text, arg);
    str_add(out, str_text(&head));
    if (head.len > 26) {
        str_addf(out, "\n%*s", 28, "");
    } else {
        str_addf(out, "%*s", 28 - (int)head.len, "");
    }
    help_wrapped(out, str_text(&text), 28, 28);
    out->failed = out->failed || text.failed || head.failed;
    str_free(&text);
    str_free(&head);
}

static void add_arguments(Str *out, const ArgSpec *args)
{
    const char *group = "";
    for (; args->name != NULL; args++) {
        if (strcmp(args->group, group) != 0) str_addf(out, "\n%s\n", tr(args->group));
        group = args->group;
        add_argument(out, args);
    }
}

void help_command(Str *out, const Command *command)
{
    str_addf(out, "loralab %s%s%s%s\n\n", command->name, command->operands[0] != '\0' ? " " : "",
             command->operands, command->args->name != NULL ? " [--option value ...]" : "");
    help_wrapped(out, tr(command->summary), 0, 0);
    if (command->details != NULL) help_wrapped(out, tr(command->details), 0, 0);
    str_addf(out, "\n%s: %s\n", tr("Example"), command->example);
    add_arguments(out, command->args);
    add_arguments(out, command_common_args());
}
