#ifndef CORE_LAB_COMMAND_H
#define CORE_LAB_COMMAND_H

/*
 * The command table: the one place where commands and their arguments are described. The
 * command line, --help, lesson blocks, completion and the man page are made from it. Argument
 * names are PEFT's and transformers' own; '-' and '_' are the same letter in them.
 */

#include "core/base/pool.h"
#include "core/lab/result.h"
#include "core/train/event.h"

typedef enum ArgType {
    ARG_FLAG, /* true when given; --flag true|false also accepted */
    ARG_BOOL, /* true|false */
    ARG_INT,
    ARG_FLOAT,
    ARG_TEXT,
    ARG_PATH,
    ARG_CHOICE,
    ARG_LIST, /* names separated by commas */
    ARG_MAP,  /* JSON object of name: number, {"k_proj": 4} */
    ARG_MANY  /* text; given several times, all of them count: args_item */
} ArgType;

typedef struct ArgSpec {
    const char        *name;
    ArgType            type;
    double             min, max; /* numbers */
    const char        *unit;     /* "steps", "tokens" ... or NULL */
    const char        *fallback; /* default as text; NULL: none (not given) */
    const char *const *choices;  /* ARG_CHOICE: NULL-terminated */
    const char        *help;     /* one line */
    const char        *group;    /* heading in the help: "LoRA", "Optimizer" ... */
} ArgSpec;

typedef struct Lab     Lab;
typedef struct Args    Args;
typedef struct Command Command;

typedef bool CommandFn(Lab *lab, const Args *args, const Sink *sink, const Cancel *cancel,
                       Result *result, Error *err);

struct Command {
    const char    *name;     /* "train" */
    const char    *operands; /* "[PATH]" or "" */
    int            min_operands, max_operands;
    const char    *summary; /* one line */
    const char    *details; /* a paragraph for --help, or NULL */
    const char    *example; /* one command line that works */
    const ArgSpec *args;    /* ends with name == NULL; common options are added to all */
    CommandFn     *run; /* NULL: app/ has it (app/commands.h) */
};

/* All commands, ending with name == NULL, in the order of the help page. */
const Command *command_table(void);
const Command *command_find(const char *name); /* NULL when unknown */
/* The nearest known name for a wrong one, or NULL when none is near. */
const char    *command_nearest(const char *name);
const ArgSpec *command_common_args(void); /* --backend --threads --seed --json ... */

/* ---- typed arguments -------------------------------------------------------------------- */

NODISCARD Args *args_create(const Command *command, Error *err);
void            args_free(Args *args);
/* Set by name; the text is checked against type and range (ERR_INPUT names option, value and
 * range; an unknown option names the nearest). value NULL: a flag given without one. */
NODISCARD bool args_set(Args *args, const char *name, const char *value, Error *err);
NODISCARD bool args_add_operand(Args *args, const char *operand, Error *err);
/* After the last one: operand count. */
NODISCARD bool args_finish(Args *args, Error *err);
/* Whole argv after the command's name: --name value, --name=value, --no-name for flags, --. */
NODISCARD bool args_parse(Args *args, int argc, char *const *argv, Error *err);

bool        args_given(const Args *args, const char *name); /* by the user, not a default */
int64_t     args_int(const Args *args, const char *name);
double      args_float(const Args *args, const char *name);
bool        args_flag(const Args *args, const char *name);
const char *args_text(const Args *args, const char *name); /* NULL when absent */
/* Element i of a list, NULL past its end. */
const char    *args_item(const Args *args, const char *name, Index i);
Index          args_operands(const Args *args);
const char    *args_operand(const Args *args, Index i);
const Command *args_command(const Args *args);
/* The line that repeats this command in a shell, quoted where needed: only what was given. */
void args_repeat_line(Str *out, const Args *args);

/* Help pages as text, from the tables. */
void help_overview(Str *out);
void help_command(Str *out, const Command *command);
/* Their parts, for the manual: " N", "" of a flag; " [1..64 steps] (default 8)". */
const char *help_value_word(const ArgSpec *arg);
void        help_range(Str *out, const ArgSpec *arg);
/* Text wrapped at 79 columns and ended; the cursor stands at `column`, further lines begin at
 * `indent`. */
void help_wrapped(Str *out, const char *text, int indent, int column);

#endif
