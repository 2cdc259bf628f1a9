#ifndef CORE_MODEL_PRETOKENIZE_H
#define CORE_MODEL_PRETOKENIZE_H

/*
 * Cutting text into pieces before merging: a sequence of steps, each of which may put a space
 * before its piece and cuts it by a regular expression. A match is a piece, and so is what lies
 * between two matches (Hugging Face's "Isolated"); nothing is dropped.
 *
 * Patterns come from files that somebody else wrote. They are compiled without the escapes that
 * break UTF-8 and run under limits, so that one that backtracks without end is an ERR_INPUT
 * after bounded time. Only pretokenize.c knows PCRE2.
 */

#include "core/base/str.h"

/* Steps, read-only once built: threads may share them. */
typedef struct PreTokenizer PreTokenizer;

extern const char pretokenize_gpt2[];  /* the pattern built into ByteLevel(use_regex) */
extern const char pretokenize_qwen2[]; /* GPT-4's, with digits one by one */

NODISCARD PreTokenizer *pretokenizer_create(Error *err);
void                    pretokenizer_free(PreTokenizer *pre); /* NULL-safe */
/* Add a step, at most 16. `pattern` (n bytes of UTF-8) may be NULL: no cut. `space`: a piece that
 * does not begin with a space gets one first; at most one step may ask for it. */
NODISCARD bool pretokenizer_add(PreTokenizer *pre, bool space, const char *pattern, Index n,
                                Error *err);

/* Make pretokenize_word_at possible. */
NODISCARD bool pretokenizer_add_word(PreTokenizer *pre, Error *err);

/* The working memory of one caller. */
typedef struct PreTokenizerRun PreTokenizerRun;
NODISCARD PreTokenizerRun     *pretokenizer_run_create(const PreTokenizer *pre, Error *err);
void                           pretokenizer_run_free(PreTokenizerRun *run); /* NULL-safe */

/* Called with every piece in order, never empty; it does not live longer than the call. */
typedef bool PieceTask(void *context, const char *piece, Index n, Error *err);
/* Cut valid UTF-8. False when a pattern hits its limits or the task returns false. */
NODISCARD bool pretokenizer_run(PreTokenizerRun *run, const char *text, Index n, PieceTask *task,
                                void *context, Error *err);

/* Whether the character at text[at] is part of a word (\w of Unicode's TR 18: alphabetic, mark,
 * decimal digit, connector, joiner). False at the end of the text. */
bool pretokenize_word_at(PreTokenizerRun *run, const char *text, Index n, Index at);

/* In pretokenize_pattern.c: what differs between Oniguruma, for which these patterns are
 * written, and PCRE2. Appends the pattern as PCRE2 shall see it, or refuses it. */
NODISCARD bool pretokenize_translate(Str *out, const char *pattern, Index n, Error *err);

#endif
