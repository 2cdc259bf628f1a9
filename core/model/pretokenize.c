/*
 * The steps and PCRE2. Every match runs under limits that grow with the text: honest patterns
 * need a few backtracks a character, (a+)+$ needs 2^n.
 */

#include "core/model/pretokenize.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

#include "core/base/mem.h"

const char pretokenize_gpt2[] =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
const char pretokenize_qwen2[] = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
                                 "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
                                 "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/* Anchored at the place of the search. The circled letters are alphabetic without being \p{L}. */
static const char word_pattern[] =
    "\\G[\\p{L}\\p{M}\\p{Nd}\\p{Nl}\\p{Pc}\\x{200c}\\x{200d}\\x{24b6}-\\x{24e9}"
    "\\x{1f130}-\\x{1f149}\\x{1f150}-\\x{1f169}\\x{1f170}-\\x{1f189}]";

enum {
    STEPS_MAX = 16,
    PATTERN_MAX_BYTES = 16384,
    MATCH_LIMIT = 1000000, /* backtracks of one match, and as many again for each ... */
    MATCH_LIMIT_PER_BYTE = 4,
    DEPTH_LIMIT = 250000,  /* nested backtracks, without JIT */
    HEAP_LIMIT_KB = 65536, /* their memory */
    JIT_STACK_MIN = 32 * 1024,
    JIT_STACK_MAX = 1024 * 1024,
};

typedef struct Step {
    pcre2_code *code; /* NULL: no cut */
    bool        space;
} Step;

/* PCRE2 allocates through this, so that its memory is counted and can be made to fail. */
typedef struct Lender {
    bool failed;
} Lender;

struct PreTokenizer {
    Lender                 lender;
    pcre2_general_context *memory;
    pcre2_compile_context *compile;
    pcre2_code            *word;
    Step                   step[STEPS_MAX];
    int                    count;
};

struct PreTokenizerRun {
    const PreTokenizer    *pre;
    Lender                 lender;
    pcre2_general_context *memory;
    pcre2_match_context   *limits;
    pcre2_match_data      *match;
    pcre2_jit_stack       *stack;
    Str                    spaced; /* the piece with a space before it */
    PieceTask             *task;
    void                  *context;
};

static void *lend(size_t n, void *lender)
{
    void *block = mem_alloc_raw(mem_program(), MEM_TEXT, (Index)n, 1, NULL);
    if (block == NULL) ((Lender *)lender)->failed = true;
    return block;
}

static void take_back(void *block, void *lender)
{
    (void)lender;
    mem_free(block);
}

static bool out_of_memory(Error *err)
{
    return error_set(err, ERR_MEMORY, "out of memory for a regular expression");
}

/* ---- compiling -------------------------------------------------------------------------- */

PreTokenizer *pretokenizer_create(Error *err)
{
    PreTokenizer *pre = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *pre, err);
    if (pre == NULL) return NULL;

    pre->memory = pcre2_general_context_create(lend, take_back, &pre->lender);
    if (pre->memory != NULL) pre->compile = pcre2_compile_context_create(pre->memory);
    if (pre->compile == NULL) {
        out_of_memory(err);
        goto fail;
    }
    pcre2_set_newline(pre->compile, PCRE2_NEWLINE_LF);
    pcre2_set_max_pattern_length(pre->compile, PATTERN_MAX_BYTES);
    return pre;

fail:
    pretokenizer_free(pre);
    return NULL;
}

void pretokenizer_free(PreTokenizer *pre)
{
    if (pre == NULL) return;

    for (int i = 0; i < pre->count; i++) pcre2_code_free(pre->step[i].code);
    pcre2_code_free(pre->word);
    pcre2_compile_context_free(pre->compile);
    pcre2_general_context_free(pre->memory);
    mem_free(pre);
}

static bool compile(PreTokenizer *pre, const char *pattern, Index n, pcre2_code **code, Error *err)
{
    const uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C |
                             PCRE2_NO_UTF_CHECK | PCRE2_NO_AUTO_CAPTURE;
    int        number;
    PCRE2_SIZE at;

    pre->lender.failed = false;
    *code = pcre2_compile((PCRE2_SPTR)pattern, (size_t)n, options, &number, &at, pre->compile);
    if (*code != NULL) pcre2_jit_compile(*code, PCRE2_JIT_COMPLETE); /* without it, slower */
    if (pre->lender.failed) return out_of_memory(err);
    if (*code != NULL) return true;

    PCRE2_UCHAR text[160] = "";
    pcre2_get_error_message(number, text, sizeof text);
    return error_set(err, ERR_INPUT, "the pattern is no regular expression: %s (near byte %zu)",
                     (const char *)text, (size_t)at);
}

static bool compile_foreign(PreTokenizer *pre, const char *pattern, Index n, pcre2_code **code,
                            Error *err)
{
    if (n > PATTERN_MAX_BYTES) {
        return error_set(err, ERR_INPUT, "the pattern has %td bytes, at most %d are allowed", n,
                         PATTERN_MAX_BYTES);
    }
    Str  ours = {0};
    bool ok = pretokenize_translate(&ours, pattern, n, err) &&
              compile(pre, str_text(&ours), ours.len, code, err);
    str_free(&ours);
    return ok;
}

bool pretokenizer_add(PreTokenizer *pre, bool space, const char *pattern, Index n, Error *err)
{
    if (pre->count == STEPS_MAX) {
        return error_set(err, ERR_INPUT, "more than %d steps before the merges", STEPS_MAX);
    }
    for (int i = 0; i < pre->count; i++) CHECK(!space || !pre->step[i].space);

    Step *step = &pre->step[pre->count++];
    step->space = space;
    return pattern == NULL || compile_foreign(pre, pattern, n, &step->code, err);
}

/* The pattern of a word is compiled only where a token asks for it. */
bool pretokenizer_add_word(PreTokenizer *pre, Error *err)
{
    return pre->word != NULL ||
           compile(pre, word_pattern, sizeof word_pattern - 1, &pre->word, err);
}

/* ---- running ---------------------------------------------------------------------------- */

PreTokenizerRun *pretokenizer_run_create(const PreTokenizer *pre, Error *err)
{
    PreTokenizerRun *run = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *run, err);
    if (run == NULL) return NULL;

    run->pre = pre;
    run->memory = pcre2_general_context_create(lend, take_back, &run->lender);
    if (run->memory != NULL) {
        run->limits = pcre2_match_context_create(run->memory);
        run->match = pcre2_match_data_create(1, run->memory);
        run->stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, run->memory);
    }
    if (run->limits == NULL || run->match == NULL || run->lender.failed) {
        out_of_memory(err);
        pretokenizer_run_free(run);
        return NULL;
    }
    pcre2_set_depth_limit(run->limits, DEPTH_LIMIT);
    pcre2_set_heap_limit(run->limits, HEAP_LIMIT_KB);
    if (run->stack != NULL) pcre2_jit_stack_assign(run->limits, NULL, run->stack);
    return run;
}

void pretokenizer_run_free(PreTokenizerRun *run)
{
    if (run == NULL) return;

    pcre2_jit_stack_free(run->stack);
    pcre2_match_data_free(run->match);
    pcre2_match_context_free(run->limits);
    pcre2_general_context_free(run->memory);
    str_free(&run->spaced);
    mem_free(run);
}

static bool match_failed(int rc, Index from, Error *err)
{
    if (rc == PCRE2_ERROR_NOMEMORY) return out_of_memory(err);
    if (rc != PCRE2_ERROR_MATCHLIMIT && rc != PCRE2_ERROR_DEPTHLIMIT &&
        rc != PCRE2_ERROR_HEAPLIMIT && rc != PCRE2_ERROR_JIT_STACKLIMIT) {
        return error_set(err, ERR_INPUT, "the pattern of the tokenizer fails with code %d", rc);
    }
    error_set(err, ERR_INPUT,
              "the tokenizer's pattern backtracks without end near byte %td of the text", from);
    return error_hint(err, "patterns like (a+)+$ do that; use another tokenizer.json");
}

/* The first match at or after `from`: 1 and its place, 0 if there is none, -1 on failure. */
static int find(PreTokenizerRun *run, const pcre2_code *code, const char *text, Index n, Index from,
                Index place[2], Error *err)
{
    int64_t limit = MATCH_LIMIT + MATCH_LIMIT_PER_BYTE * (int64_t)n;
    pcre2_set_match_limit(run->limits, limit < INT32_MAX ? (uint32_t)limit : INT32_MAX);

    uint32_t options = PCRE2_NO_UTF_CHECK;
    int      rc = PCRE2_ERROR_JIT_STACKLIMIT;
    while (rc == PCRE2_ERROR_JIT_STACKLIMIT) {
        rc = pcre2_match(code, (PCRE2_SPTR)text, (size_t)n, (size_t)from, options, run->match,
                         run->limits);
        if (options & PCRE2_NO_JIT) break;
        options |= PCRE2_NO_JIT; /* its stack grows on the heap */
    }
    if (rc == PCRE2_ERROR_NOMATCH) return 0;
    if (rc < 0) return match_failed(rc, from, err) ? 1 : -1;

    const PCRE2_SIZE *found = pcre2_get_ovector_pointer(run->match);
    place[0] = (Index)found[0];
    place[1] = (Index)found[1];
    return 1;
}

static bool run_step(PreTokenizerRun *run, int level, const char *text, Index n, Error *err);

/* An empty match cuts, but not again where a match just ended. */
static bool run_cuts(PreTokenizerRun *run, int level, const char *text, Index n, Error *err)
{
    Index done = 0, from = 0, last_end = -1, m[2] = {0, 0};
    while (from <= n) {
        int found = find(run, run->pre->step[level].code, text, n, from, m, err);
        if (found < 0) return false;
        if (found == 0) break;
        if (m[0] < done || m[1] < m[0]) {
            return error_set(err, ERR_INPUT, "the tokenizer's pattern matches backwards");
        }
        if (m[0] == m[1] && m[1] == last_end) {
            do from++;
            while (from < n && ((unsigned char)text[from] & 0xC0) == 0x80);
            continue;
        }
        if (!run_step(run, level + 1, text + done, m[0] - done, err)) return false;
        if (!run_step(run, level + 1, text + m[0], m[1] - m[0], err)) return false;
        done = from = last_end = m[1];
    }
    return run_step(run, level + 1, text + done, n - done, err);
}

/* The depth of this recursion is the number of steps. */
static bool run_step(PreTokenizerRun *run, int level, const char *text, Index n, Error *err)
{
    if (n == 0) return true;
    if (level == run->pre->count) return run->task(run->context, text, n, err);

    const Step *step = &run->pre->step[level];
    if (step->space && text[0] != ' ') {
        str_clear(&run->spaced);
        str_add(&run->spaced, " ");
        str_add_bytes(&run->spaced, text, n);
        if (!str_ok(&run->spaced, err)) return false;
        text = run->spaced.data;
        n = run->spaced.len;
    }
    if (step->code == NULL) return run_step(run, level + 1, text, n, err);
    return run_cuts(run, level, text, n, err);
}

bool pretokenizer_run(PreTokenizerRun *run, const char *text, Index n, PieceTask *task,
                      void *context, Error *err)
{
    run->task = task;
    run->context = context;
    return run_step(run, 0, text, n, err);
}

bool pretokenize_word_at(PreTokenizerRun *run, const char *text, Index n, Index at)
{
    CHECK(run->pre->word != NULL);
    Index place[2];
    return at < n && find(run, run->pre->word, text, n, at, place, NULL) == 1;
}
