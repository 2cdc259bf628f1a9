/* loralab(1). A text of ours becomes roff by escaping what roff would read as its own. */

#include <string.h>

#include "app/pages/pages.h"
#include "app/screen/keymap.h"
#include "core/lab/lab.h"

/* Backslashes and hyphens escaped; a dot or quote that begins a line is made harmless. */
static void add_escaped(Str *out, const char *text)
{
    bool fresh = out->len == 0 || out->data[out->len - 1] == '\n';
    for (; *text != '\0'; text++) {
        if (fresh && (*text == '.' || *text == '\'')) str_add(out, "\\&");
        if (*text == '\\') {
            str_add(out, "\\e");
        } else if (*text == '-') {
            str_add(out, "\\-");
        } else {
            str_add_bytes(out, text, 1);
        }
        fresh = *text == '\n';
    }
}

static void add_paragraph(Str *out, const char *text)
{
    str_add(out, ".PP\n");
    add_escaped(out, text);
    str_add(out, "\n");
}

static void add_section(Str *out, const char *title)
{
    str_addf(out, ".SH %s\n", title);
}

/* ---- commands ---- */

static void add_option(Str *out, const ArgSpec *arg)
{
    Str text = {0};
    str_addf(&text, "--%s", arg->name);
    str_add(out, ".TP\n.B ");
    add_escaped(out, str_text(&text));
    add_escaped(out, help_value_word(arg));
    str_add(out, "\n");
    str_clear(&text);
    str_add(&text, tr(arg->help));
    help_range(&text, arg);
    add_escaped(out, str_text(&text));
    str_add(out, "\n");
    out->failed = out->failed || text.failed;
    str_free(&text);
}

static void add_command(Str *out, const Command *command)
{
    Str head = {0};
    str_addf(&head, "loralab %s %s", command->name, command->operands);
    str_add(out, ".SS ");
    add_escaped(out, str_text(&head));
    str_add(out, "\n");
    add_escaped(out, tr(command->summary));
    str_add(out, "\n");
    if (command->details != NULL) add_paragraph(out, tr(command->details));
    str_add(out, ".PP\n");
    add_escaped(out, tr("Example:"));
    str_add(out, "\n.EX\n");
    add_escaped(out, command->example);
    str_add(out, "\n.EE\n");
    for (const ArgSpec *arg = command->args; arg->name != NULL; arg++) add_option(out, arg);
    out->failed = out->failed || head.failed;
    str_free(&head);
}

static void add_commands(Str *out)
{
    add_section(out, "COMMANDS");
    for (const Command *c = command_table(); c->name != NULL; c++) add_command(out, c);
    add_section(out, "COMMON OPTIONS");
    for (const ArgSpec *arg = command_common_args(); arg->name != NULL; arg++) add_option(out, arg);
}

/* ---- the rest ---- */

static void add_rooms(Str *out, unsigned rooms)
{
    const char *between = "";
    if (rooms == EVERYWHERE) {
        add_escaped(out, tr("everywhere"));
        return;
    }
    for (RoomId id = 0; id < ROOM_COUNT; id++) {
        if (!(rooms & IN(id))) continue;
        str_add(out, between);
        add_escaped(out, id == ROOM_HOME ? tr("Home") : room_title(id));
        between = ", ";
    }
}

static void add_keys(Str *out)
{
    add_section(out, "KEYS OF THE LAB");
    for (const KeyRow *row = keymap(); row->action != ACT_NONE; row++) {
        str_add(out, ".TP\n.B ");
        add_escaped(out, row->keys);
        str_add(out, "\n");
        add_escaped(out, tr(row->help));
        str_add(out, " (");
        add_rooms(out, row->rooms);
        str_add(out, ")\n");
    }
}

typedef struct Entry {
    const char *name, *text;
} Entry;

static void add_entries(Str *out, const char *title, const Entry *entries)
{
    add_section(out, title);
    for (; entries->name != NULL; entries++) {
        str_add(out, ".TP\n.B ");
        add_escaped(out, entries->name);
        str_add(out, "\n");
        add_escaped(out, entries->text);
        str_add(out, "\n");
    }
}

static void add_surroundings(Str *out)
{
    const Entry environment[] = {
        {"LORALAB_DATA", tr("the folder that holds tasks, the base model and the lessons")},
        {"LORALAB_BACKEND", tr("what --backend is unless it is given")},
        {"XDG_STATE_HOME", tr("recorded runs and progress lie in its loralab/")},
        {"NO_COLOR", tr("no colour when it is not empty")},
        {"TERM, LC_ALL", tr("what the terminal can do and show; dumb means plain text")},
        {NULL, NULL}};
    const Entry statuses[] = {{"0", tr("fine")},
                              {"1", tr("an assert of a lesson failed")},
                              {"2", tr("bad input or usage")},
                              {"3", tr("no usable terminal or device")},
                              {"4", tr("the folder is locked by another run")},
                              {"5", tr("reading or writing failed")},
                              {"6", tr("out of memory")},
                              {"7", tr("a number is not finite")},
                              {"8", tr("does not match what is being resumed")},
                              {"130, 143", tr("stopped by a signal")},
                              {NULL, NULL}};
    add_entries(out, "ENVIRONMENT", environment);
    add_entries(out, "EXIT STATUS", statuses);
}

void page_man(Str *out)
{
    str_addf(out, ".TH LORALAB 1 \"\" \"loralab %s\" \"User Commands\"\n", LORALAB_VERSION);
    add_section(out, "NAME");
    str_add(out, "loralab \\- ");
    add_escaped(out, tr("a laboratory that teaches LoRA fine-tuning by doing it"));
    str_add(out, "\n");
    add_section(out, "SYNOPSIS");
    str_add(out, ".B loralab\n.RI [ command \" \" [ option ...]]\n");
    add_section(out, "DESCRIPTION");
    add_escaped(out, tr("In a terminal, loralab alone opens the lab: lessons that ask for a "
                        "prediction before they measure, a workbench to train in, views of "
                        "matrices, recorded runs and the model. With a command it does one thing "
                        "and prints the result: results go to standard output, progress and "
                        "messages to standard error. Option names are those of PEFT and "
                        "transformers; - and _ are the same letter in them."));
    str_add(out, "\n");
    add_commands(out);
    add_keys(out);
    add_surroundings(out);
}
