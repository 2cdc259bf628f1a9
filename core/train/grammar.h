#ifndef CORE_TRAIN_GRAMMAR_H
#define CORE_TRAIN_GRAMMAR_H

/*
 * Text grammars: the files from which the base corpus and the tasks are generated.
 *
 * A grammar file is data that a teacher copies and edits; data/README.md and the comments at
 * the top of data/tasks/label.grammar explain the language. One derivation writes several texts
 * at once (the prompt and its completion), which is what makes a grammar a task.
 *
 * Example i of (seed, split) is a pure function of the file's content and those numbers, so
 * nothing needs to be stored, and any thread may ask for any example: a Grammar is only read.
 * Every cost is bounded: file size, nesting, the steps and the bytes of one example.
 */

#include "core/base/str.h"

typedef struct Grammar Grammar;

typedef enum GrammarSplit {
    GRAMMAR_TRAIN,   /* prompts whose hash is not divisible by 10, no reserved combination */
    GRAMMAR_HELDOUT, /* prompts whose hash is divisible by 10, no reserved combination */
    GRAMMAR_COMBOS,  /* prompts that hold a reserved combination, whatever their hash */
    GRAMMAR_SPLIT_COUNT
} GrammarSplit;

/* What the recogniser found. FORM: every word and their order fit, but a value contradicts another
 * mention, a range or a sum (as a wrong answer does). UNSURE: a budget ran out first. */
typedef enum GrammarVerdict {
    GRAMMAR_REJECTED,
    GRAMMAR_ACCEPTED,
    GRAMMAR_UNSURE,
    GRAMMAR_FORM
} GrammarVerdict;

/*
 * Read, check and link a grammar with the files it includes. An included name is a plain file
 * name, looked for in the folder of `path` and then in the folder `base` beside that folder;
 * no other path can be reached. Complaints read `FILE:LINE: what is wrong, with the text`.
 * ERR_INPUT for a wrong file, ERR_DISK or ERR_MEMORY as they come. Free with grammar_free.
 */
NODISCARD Grammar *grammar_load(const char *path, Error *err);
/* The same from memory, for tests: `name` is what errors call it; nothing can be included. */
NODISCARD Grammar *grammar_parse(const char *text, Index len, const char *name, Error *err);
void               grammar_free(Grammar *g); /* NULL-safe */

/* True when the main rule has a `text`; false when it has a `prompt` and a `completion`. */
bool grammar_is_document(const Grammar *g);
/* What the file says of itself; "" where it says nothing. They live as long as g. */
const char *grammar_title(const Grammar *g);
const char *grammar_description(const Grammar *g);
const char *grammar_sample(const Grammar *g);     /* a prompt to show what a model makes of it */
bool        grammar_has_combos(const Grammar *g); /* some combination is reserved */

/*
 * Example i >= 0 of a split. Both strings are cleared first; for a document `prompt` receives
 * the text and `completion` stays empty. Draws again, a bounded number of times, until the
 * hash and the reserved combinations fit the split.
 * ERR_INPUT with the file's line when the grammar cannot produce such an example.
 */
NODISCARD bool grammar_example(const Grammar *g, uint64_t seed, GrammarSplit split, Index i,
                               Str *prompt, Str *completion, Error *err);

/*
 * Give the cases `case N RULE` of the main rule together the share of all draws, 0 <= share < 1,
 * as a curriculum does; the other cases keep their proportions. rule == NULL restores the
 * file's weights. ERR_INPUT when the main rule has no such case. Not while others draw from g.
 */
NODISCARD bool grammar_boost(Grammar *g, const char *rule, double share, Error *err);

/* The rules named by `case N RULE` lines of the main rule, 0 <= i < grammar_family_count. */
Index       grammar_family_count(const Grammar *g);
const char *grammar_family(const Grammar *g, Index i);

/*
 * Could the grammar have written this text (prompt and completion together, for a task)?
 *
 * What is checked: words, order, and that a slot has the same value wherever it appears, in
 * every channel; that slots of one line and `different` items differ; and, once the whole text
 * is read, ranges, sums, comparisons, counts and `require` as far as the text shows the values
 * that they name. What the text does not show may have been anything.
 * Never wrong about a text the grammar wrote, up to a fixed budget of steps (then UNSURE).
 */
NODISCARD bool grammar_accepts(const Grammar *g, const char *text, Index n, GrammarVerdict *verdict,
                               Error *err);
/* The same for one rule of the grammar that has a `text`, as for one family of a corpus. */
NODISCARD bool grammar_rule_accepts(const Grammar *g, const char *rule, const char *text, Index n,
                                    GrammarVerdict *verdict, Error *err);

#endif
