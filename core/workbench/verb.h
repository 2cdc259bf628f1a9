#ifndef CORE_WORKBENCH_VERB_H
#define CORE_WORKBENCH_VERB_H

/*
 * The verbs of the bench: the closed vocabulary of lessons and of the in-app prompt. A verb is a
 * row of the same kind as the program's commands (names, types, ranges, defaults, units, help),
 * acts on a Bench in memory, and returns a Datum. No verb runs a program or takes a path.
 *
 *   matrices   matrix rank svd truncate matmul compare
 *   models     train eval generate adapter merge unmerge switch params gradients memory spectrum
 *              time plan tokenize
 *
 * A line is   [NAME =] VERB operand... key=value... +flag...
 * with "..." around what holds blanks, and {expression} anywhere in a value. Besides its own keys
 * every verb takes seed=N. An operand that its verb's table calls MATRIX is an expression. Before
 * a ':' it may say   sweep KEY=V1,V2,... [KEY=...] [seeds=N] :   then the verb runs once for each
 * combination (seeds=N: seeds seed, seed+1 ...) and the result is a table.
 */

#include "core/lab/command.h"
#include "core/workbench/bench.h"
#include "core/workbench/expr.h"

typedef struct FieldSpec {
    const char *name; /* member of the result, "before.loss" for nested ones */
    DatumKind   kind;
    const char *unit;
    bool        timed;
    const char *help;
} FieldSpec;

typedef struct VerbCall {
    Bench        *bench;
    BenchWorker  *worker; /* backend and model to compute with */
    const Args   *args;
    const Scope  *scope; /* values by name: operands are expressions over it */
    uint64_t      seed;
    const Sink   *sink;
    const Cancel *cancel;
    Learned      *learned; /* out: an adapter that the result's name will stand for, or NULL */
} VerbCall;
typedef Datum *VerbFn(VerbCall *call, Error *err); /* NULL with err */

typedef struct Verb {
    Command          command; /* .run is NULL */
    const FieldSpec *fields;  /* of the record it returns, ends with name NULL */
    VerbFn          *run;
    bool             changes; /* acts on the bench beyond its result: cannot be swept */
} Verb;

const Verb *const *verb_table(void); /* all of them, ends with NULL */
const Verb        *verb_find(const char *name);
const char        *verb_nearest(const char *name); /* or NULL */
/* A record with all declared members, blank, for checking references. */
NODISCARD Datum *verb_blank(const Verb *verb, Error *err);

/* ---- help, made from the table ---------------------------------------------------------- */

void help_verbs(Str *out); /* all, a line or two each, and how a line is written */
void help_verb(Str *out, const Verb *verb);

/* ---- a line, parsed but not run --------------------------------------------------------- */

#define VERB_AXES_MAX 4

typedef struct SweepAxis {
    char *name;
    char *values; /* comma list as written, may hold {expressions} and "a,b" for one value */
    Index at;
} SweepAxis;

typedef struct VerbWord {
    char *key;   /* NULL: an operand */
    char *value; /* without its quotes, may hold {expressions}; NULL: +flag */
    Index at;    /* bytes from the line's start, for messages */
    Index value_at;
} VerbWord;

typedef struct VerbLine {
    char       *name; /* result's name, NULL: none */
    const Verb *verb;
    Index       verb_at;
    SweepAxis  *axes;
    Index       axis_count;
    Index       seeds; /* 0: not swept */
    VerbWord   *words;
    Index       count;
} VerbLine;

/* Names, keys, counts of operands and, where no braces are in the way, types and ranges are
 * checked here. */
NODISCARD VerbLine *verb_line_parse(const char *text, Index n, ExprFault *fault, Error *err);
void                verb_line_free(VerbLine *line);
/* What the line's result looks like: verb_blank, or a blank table with the line's axes. */
NODISCARD Datum *verb_line_blank(const VerbLine *line, Error *err);
/* The values of axis i with their braces filled, each checked against its key. Free each and the
 * array with mem_free (verb_words_free). */
NODISCARD bool verb_line_values(const VerbLine *line, Index i, const Scope *scope, char ***values,
                                Index *count, ExprFault *fault, Error *err);
void           verb_words_free(char **words, Index count);
/* The arguments with their braces filled, checked. picks: one value for each axis (NULL where
 * there is none); a seed is set by the caller. */
NODISCARD Args *verb_line_args(const VerbLine *line, const char *const *picks, const Scope *scope,
                               ExprFault *fault, Error *err);
/* The line written out as it will run, with the scope's values in its braces. */
NODISCARD bool verb_line_show(Str *out, const VerbLine *line, const Scope *scope, Error *err);

/*
 * Run it and give its result a name on the bench (a line without a name is "it"). The result is
 * borrowed from the bench; on failure the bench is as it was, but for what it has drawn.
 *
 * A sweep's runs go side by side, one run a worker, with the very bytes of runs made one by one;
 * the result is a table, without adapters. Its events come one at a time but from several threads:
 * text is the run ("r=4 seed=43"), before what text the event has ("r=4 seed=43: ..."); pieces of
 * generated text are left out; EVENT_PROGRESS tells each run that is complete, step of steps. A
 * run that fails stops the others and is named in the message; a cancel stops all.
 */
NODISCARD const Datum *bench_run_line(Bench *bench, const VerbLine *line, const Sink *sink,
                                      const Cancel *cancel, ExprFault *fault, Error *err);

#endif
