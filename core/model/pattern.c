/*
 * A whole match, asked of the pre-tokenizer, which is the one owner of PCRE2 and of the limits
 * under which foreign patterns run. It cuts a text into its matches and what lies between, so
 *
 *   \A(?=(?:REGEX)\z).
 *
 * cuts the first character off exactly when REGEX matches the whole text: two pieces then, one
 * otherwise.
 */

#include "core/model/pattern.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/model/pretokenize.h"

struct Pattern {
    PreTokenizer    *pre;
    PreTokenizerRun *run;
    Str              shown; /* the expression as errors quote it */
};

static bool count_piece(void *context, const char *piece, Index n, Error *err)
{
    (void)piece, (void)n, (void)err;
    ++*(int *)context;
    return true;
}

/* Another failure than the world's memory, in words about this expression. */
static bool reworded(const Pattern *pattern, const Error *cause, const char *what, Error *err)
{
    if (cause->code == ERR_MEMORY) return error_set(err, ERR_MEMORY, "%s", cause->message);
    return error_set(err, ERR_INPUT, "the regular expression \"%s\" %s", str_text(&pattern->shown),
                     what);
}

/* By itself first: "a)(b" would be well-formed inside of our brackets only. */
static bool compile_alone(const char *regex, Error *err)
{
    PreTokenizer *pre = pretokenizer_create(err);
    bool ok = pre != NULL && pretokenizer_add(pre, false, regex, (Index)strlen(regex), err);
    pretokenizer_free(pre);
    return ok;
}

static bool compile_whole(Pattern *pattern, const char *regex, Error *err)
{
    Str whole = {0};
    str_addf(&whole, "\\A(?=(?:%s)\\z).", regex);
    bool ok = str_ok(&whole, err);
    if (ok) pattern->pre = pretokenizer_create(err);
    ok = ok && pattern->pre != NULL &&
         pretokenizer_add(pattern->pre, false, whole.data, whole.len, err);
    str_free(&whole);
    return ok;
}

Pattern *pattern_compile(const char *regex, Error *err)
{
    Pattern *pattern = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *pattern, err);
    if (pattern == NULL) return NULL;
    safe_name(&pattern->shown, regex);
    if (!str_ok(&pattern->shown, err)) goto fail;

    Error cause = {0};
    if (!utf8_valid(regex, (Index)strlen(regex))) {
        (void)error_set(err, ERR_INPUT, "the regular expression \"%s\" is not UTF-8",
                        str_text(&pattern->shown));
        goto fail;
    }
    if (!compile_alone(regex, &cause) || !compile_whole(pattern, regex, &cause)) {
        (void)reworded(pattern, &cause, "cannot be understood", err);
        (void)error_hint(err, "%s", cause.message);
        goto fail;
    }
    pattern->run = pretokenizer_run_create(pattern->pre, err);
    if (pattern->run == NULL) goto fail;
    return pattern;

fail:
    pattern_free(pattern);
    return NULL;
}

void pattern_free(Pattern *pattern)
{
    if (pattern == NULL) return;
    pretokenizer_run_free(pattern->run);
    pretokenizer_free(pattern->pre);
    str_free(&pattern->shown);
    mem_free(pattern);
}

bool pattern_matches_whole(const Pattern *pattern, const char *text, bool *yes, Error *err)
{
    Error cause = {0};
    int   pieces = 0;
    if (!pretokenizer_run(pattern->run, text, (Index)strlen(text), count_piece, &pieces, &cause)) {
        (void)reworded(pattern, &cause, "backtracks without end", err);
        return error_hint(err, "nested repeats like (a+)+ do that; write them as one");
    }
    *yes = pieces == 2;
    return true;
}
