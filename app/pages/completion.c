/* Completions for bash, zsh and fish: commands, their options, and choices where there are some. */

#include <string.h>

#include "app/pages/pages.h"
#include "core/lab/lab.h"
#include "core/workbench/verb.h"

static void add_choices(Str *out, const ArgSpec *arg, const char *between)
{
    for (const char *const *c = arg->choices; *c != NULL; c++) {
        str_addf(out, "%s%s", c != arg->choices ? between : "", *c);
    }
}

static bool takes_value(const ArgSpec *arg)
{
    return arg->type != ARG_FLAG;
}

/* In single quotes for a shell: a quote in the text leaves and comes back. */
static void add_quoted(Str *out, const char *text)
{
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

/* ---- operands ---- */

/* Lines of a shell that print what an operand may be; the program is asked, for lessons, tasks and
 * runs come and go. */
static const struct {
    const char *word; /* as the table of commands has it */
    const char *ask;
} asked[] = {{"LESSON",
              "loralab lessons --json 2>/dev/null | grep -o \"\\\"id\\\": *\\\"[^\\\"]*\" | "
              "cut -d \"\\\"\" -f 4"},
             {"TASK", "loralab data 2>/dev/null | cut -d \" \" -f 1"},
             {"RUN", "loralab runs --json 2>/dev/null | grep -o \"\\\"name\\\": *\\\"[^\\\"]*\" | "
                     "cut -d \"\\\"\" -f 4"}};
enum { ASKED = sizeof asked / sizeof *asked };

/* "LESSON" in "[LESSON | ROOM]", not "RUN" in "RUNS". */
static bool has_operand(const Command *command, const char *word)
{
    const char *at = strstr(command->operands, word);
    size_t      n = strlen(word);
    return at != NULL && (at[n] < 'A' || at[n] > 'Z');
}

/* Words that are always the same. */
static void add_fixed(Str *out, const Command *command)
{
    if (has_operand(command, "ROOM")) str_add(out, "home workbench matrix runs model help ");
    if (!has_operand(command, "COMMAND")) return;
    for (const Command *c = command_table(); c->name != NULL; c++) str_addf(out, "%s ", c->name);
    str_add(out, "verbs man bash zsh fish ");
}

/* What prints all of a command's operands: "a; b"; nothing where they are files. */
static void add_asking(Str *out, const Command *command)
{
    Str         fixed = {0};
    const char *between = "";
    add_fixed(&fixed, command);
    if (fixed.len > 0) {
        str_addf(out, "printf \"%%s\\n\" %s", str_text(&fixed));
        between = "; ";
    }
    for (int i = 0; i < ASKED; i++) {
        if (!has_operand(command, asked[i].word)) continue;
        str_addf(out, "%s%s", between, asked[i].ask);
        between = "; ";
    }
    out->failed = out->failed || fixed.failed;
    str_free(&fixed);
}

static bool asks(const Command *command)
{
    Str  text = {0};
    bool some;
    add_asking(&text, command);
    some = text.len > 0;
    str_free(&text);
    return some;
}

/* --data and --eval_data take a task's name, or a file. */
static bool takes_task(const ArgSpec *arg)
{
    return strcmp(arg->name, "data") == 0 || strcmp(arg->name, "eval_data") == 0;
}

/* ---- bash ---- */

static void add_bash_values(Str *out, const ArgSpec *args, const char *indent)
{
    for (; args->name != NULL; args++) {
        if (args->type == ARG_CHOICE || args->type == ARG_BOOL) {
            str_addf(out, "%s--%s) words='", indent, args->name);
            if (args->type == ARG_BOOL) {
                str_add(out, "true false");
            } else {
                add_choices(out, args, " ");
            }
            str_add(out, "' ;;\n");
        } else if (args->type == ARG_PATH) {
            str_addf(out, "%s--%s) files=1 ;;\n", indent, args->name);
        } else if (takes_task(args)) {
            str_addf(out, "%s--%s) words=$(%s) files=1 ;;\n", indent, args->name, asked[1].ask);
        }
    }
}

static void add_option_words(Str *out, const ArgSpec *args)
{
    for (; args->name != NULL; args++) str_addf(out, " --%s", args->name);
}

static void add_bash_command(Str *out, const Command *command)
{
    str_addf(out, "    %s)\n        options='", command->name);
    add_option_words(out, command->args);
    add_option_words(out, command_common_args());
    str_add(out, "'\n        case $before in\n");
    add_bash_values(out, command->args, "        ");
    if (asks(command)) {
        str_add(out, "        -*) ;;\n        *) [ \"${word#-}\" != \"$word\" ] || words=$(");
        add_asking(out, command);
        str_add(out, ") ;;\n");
    }
    str_add(out, "        esac ;;\n");
}

void page_bash(Str *out)
{
    str_add(out, "# loralab: completion for bash, made from the program's own tables.\n"
                 "_loralab() {\n"
                 "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
                 "    local words='' options='' files=''\n"
                 "    # bash takes --method=lora for three words\n"
                 "    if [ \"$word\" = = ]; then\n        word=''\n"
                 "    elif [ \"$before\" = = ]; then\n"
                 "        before=${COMP_WORDS[COMP_CWORD - 2]}\n    fi\n"
                 "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                 "        COMPREPLY=($(compgen -W '");
    for (const Command *c = command_table(); c->name != NULL; c++) str_addf(out, "%s ", c->name);
    str_add(out, "--help --version' -- \"$word\"))\n        return\n    fi\n"
                 "    case ${COMP_WORDS[1]} in\n");
    for (const Command *c = command_table(); c->name != NULL; c++) add_bash_command(out, c);
    str_add(out, "    esac\n    case $before in\n");
    add_bash_values(out, command_common_args(), "    ");
    str_add(out, "    esac\n"
                 "    if [ -n \"$words\" ]; then\n"
                 "        COMPREPLY=($(compgen -W \"$words\" ${files:+-f} -- \"$word\"))\n"
                 "    elif [ -z \"$files\" ] && [ \"${word#-}\" != \"$word\" ]; then\n"
                 "        COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
                 "    else\n"
                 "        COMPREPLY=($(compgen -f -- \"$word\"))\n"
                 "    fi\n"
                 "}\n"
                 "complete -o filenames -F _loralab loralab\n");
}

/* ---- zsh ---- */

/* '--r=[width of the branch]:N:' ; brackets and colons of the text are escaped. */
static void add_zsh_option(Str *out, const ArgSpec *arg)
{
    Str spec = {0};
    str_addf(&spec, "--%s%s[", arg->name, takes_value(arg) ? "=" : "");
    for (const char *at = tr(arg->help); *at != '\0'; at++) {
        if (strchr("[]:\\", *at) != NULL) str_add(&spec, "\\");
        str_add_bytes(&spec, at, 1);
    }
    str_add(&spec, "]");
    if (arg->type == ARG_CHOICE) {
        str_add(&spec, ":value:(");
        add_choices(&spec, arg, " ");
        str_add(&spec, ")");
    } else if (arg->type == ARG_BOOL) {
        str_add(&spec, ":value:(true false)");
    } else if (arg->type == ARG_PATH) {
        str_add(&spec, ":file:_files");
    } else if (takes_value(arg)) {
        str_add(&spec, ":value: ");
    }
    str_add(out, " \\\n            ");
    add_quoted(out, str_text(&spec));
    out->failed = out->failed || spec.failed;
    str_free(&spec);
}

static void add_zsh_command(Str *out, const Command *command)
{
    str_addf(out, "    %s)\n        _arguments", command->name);
    for (const ArgSpec *arg = command->args; arg->name != NULL; arg++) add_zsh_option(out, arg);
    for (const ArgSpec *arg = command_common_args(); arg->name != NULL; arg++) {
        add_zsh_option(out, arg);
    }
    if (asks(command)) {
        Str ask = {0};
        add_asking(&ask, command);
        str_addf(out, " \\\n            '*:operand:{compadd -- $(%s); _files}' ;;\n",
                 str_text(&ask));
        out->failed = out->failed || ask.failed;
        str_free(&ask);
        return;
    }
    str_add(out, " \\\n            '*:file:_files' ;;\n");
}

void page_zsh(Str *out)
{
    str_add(out, "#compdef loralab\n"
                 "# loralab: completion for zsh, made from the program's own tables.\n"
                 "_loralab() {\n    local -a commands\n    commands=(\n");
    for (const Command *c = command_table(); c->name != NULL; c++) {
        Str row = {0};
        str_addf(&row, "%s:%s", c->name, tr(c->summary));
        str_add(out, "        ");
        add_quoted(out, str_text(&row));
        str_add(out, "\n");
        out->failed = out->failed || row.failed;
        str_free(&row);
    }
    str_add(out, "    )\n"
                 "    if ((CURRENT == 2)); then\n"
                 "        _describe command commands\n        return\n    fi\n"
                 "    local command=${words[2]}\n"
                 "    shift words\n    ((CURRENT--))\n"
                 "    case $command in\n");
    for (const Command *c = command_table(); c->name != NULL; c++) add_zsh_command(out, c);
    str_add(out, "    esac\n}\n_loralab \"$@\"\n");
}

/* ---- fish ---- */

static void add_fish_option(Str *out, const char *condition, const ArgSpec *arg)
{
    str_addf(out, "complete -c loralab %s -l %s -d ", condition, arg->name);
    add_quoted(out, tr(arg->help));
    if (arg->type == ARG_PATH) {
        str_add(out, " -r -F");
    } else if (arg->type == ARG_CHOICE || arg->type == ARG_BOOL) {
        str_add(out, " -x -a '");
        if (arg->type == ARG_BOOL) {
            str_add(out, "true false");
        } else {
            add_choices(out, arg, " ");
        }
        str_add(out, "'");
    } else if (takes_value(arg)) {
        str_add(out, " -x");
    }
    str_add(out, "\n");
}

void page_fish(Str *out)
{
    str_add(out, "# loralab: completion for fish, made from the program's own tables.\n");
    for (const Command *c = command_table(); c->name != NULL; c++) {
        Str condition = {0};
        str_addf(out, "complete -c loralab -n __fish_use_subcommand -f -a %s -d ", c->name);
        add_quoted(out, tr(c->summary));
        str_add(out, "\n");
        str_addf(&condition, "-n '__fish_seen_subcommand_from %s'", c->name);
        if (asks(c)) {
            str_addf(out, "complete -c loralab %s -a '(", str_text(&condition));
            add_asking(out, c);
            str_add(out, ")'\n");
        }
        for (const ArgSpec *arg = c->args; arg->name != NULL; arg++) {
            add_fish_option(out, str_text(&condition), arg);
        }
        out->failed = out->failed || condition.failed;
        str_free(&condition);
    }
    for (const ArgSpec *arg = command_common_args(); arg->name != NULL; arg++) {
        add_fish_option(out, "", arg);
    }
}

bool page_write(Str *out, const char *name)
{
    static const struct {
        const char *name;
        void (*write)(Str *out);
    } pages[] = {{"man", page_man}, {"bash", page_bash}, {"zsh", page_zsh}, {"fish", page_fish}};

    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        if (strcmp(pages[i].name, name) != 0) continue;
        pages[i].write(out);
        return true;
    }
    return false;
}
