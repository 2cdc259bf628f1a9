/*
 * Any bytes as a line of the vocabulary: refused with a place inside the line and a sentence, or
 * taken apart into what can be shown, filled in and blanked, with nothing left behind.
 */

#include <string.h>

#include "core/base/mem.h"
#include "core/workbench/verb.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const Datum *find(void *context, const char *name)
{
    const Datum *values = context;
    return datum_member(values, name);
}

static Datum *make_values(void)
{
    const double numbers[] = {1, 2, 4};
    Datum       *values = datum_record(NULL);
    CHECK(values != NULL && datum_add(values, "n", datum_number(3, NULL, NULL), NULL));
    CHECK(datum_add(values, "v", datum_vector(numbers, 3, NULL, NULL), NULL));
    CHECK(datum_add(values, "w", datum_text("a \"b\" {c}, \\", 12, NULL), NULL));
    return values;
}

static void check_told(bool ok, const Error *err, const ExprFault *fault, Index n)
{
    CHECK(ok == (err->code == ERR_NONE));
    CHECK(ok || (err->code == ERR_INPUT && err->message[0] != '\0'));
    CHECK(ok || (fault->message[0] != '\0' && fault->at >= 0 && fault->at <= n));
}

/* The first value of each axis is what the arguments are made with. */
static void check_arguments(const VerbLine *line, const Scope *scope, Index n)
{
    char **values[VERB_AXES_MAX] = {0};
    Index  counts[VERB_AXES_MAX] = {0};
    char  *picks[VERB_AXES_MAX] = {0};
    bool   ok = true;
    for (Index i = 0; ok && i < line->axis_count; i++) {
        Error     err = {0};
        ExprFault fault = {0};
        ok = verb_line_values(line, i, scope, &values[i], &counts[i], &fault, &err);
        check_told(ok, &err, &fault, n);
        CHECK(!ok || counts[i] > 0);
        if (ok) picks[i] = values[i][0];
    }
    if (ok) {
        Error             err = {0};
        ExprFault         fault = {0};
        const char *const chosen[] = {picks[0], picks[1], picks[2], picks[3]};
        Args             *args = verb_line_args(line, chosen, scope, &fault, &err);
        check_told(args != NULL, &err, &fault, n);
        args_free(args);
    }
    for (Index i = 0; i < line->axis_count; i++) {
        if (picks[i] != NULL) verb_words_free(values[i], counts[i]);
    }
}

static void check_line(const VerbLine *line, const Scope *scope, Index n)
{
    Error  err[2] = {{0}};
    Str    out = {0};
    Datum *blank = verb_line_blank(line, &err[0]);
    CHECK(blank != NULL && line->verb != NULL && line->verb_at >= 0 && line->verb_at < n);
    CHECK(line->axis_count <= VERB_AXES_MAX && line->seeds >= 0 && line->seeds <= 100);
    for (Index i = 0; i < line->count; i++) {
        const VerbWord *word = &line->words[i];
        CHECK(word->at >= 0 && word->at < n && word->value_at <= n);
        CHECK(word->key != NULL || word->value != NULL);
    }
    bool shown = verb_line_show(&out, line, scope, &err[1]);
    CHECK(shown == (err[1].code == ERR_NONE));
    check_arguments(line, scope, n);
    datum_drop(blank);
    str_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    int64_t   live = mem_live_blocks();
    Error     err = {0};
    ExprFault fault = {0};
    Datum    *values = make_values();
    Scope     scope = {.context = values, .find = find};
    char     *text = mem_alloc_raw(mem_program(), MEM_TEXT, (Index)n, 1, NULL);
    CHECK(text != NULL);
    if (n > 0) memcpy(text, bytes, n);
    VerbLine *line = verb_line_parse(text, (Index)n, &fault, &err);
    mem_free(text);
    check_told(line != NULL, &err, &fault, (Index)n);
    if (line != NULL) check_line(line, &scope, (Index)n);
    verb_line_free(line);
    datum_drop(values);
    CHECK(mem_live_blocks() == live);
    return 0;
}
