/* Running lines for tests. */

#include "tests/workbench/bench_rig.h"

#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

void bench_rig_limited(BenchRig *rig, int threads, int64_t memory)
{
    *rig = (BenchRig){0};
    setenv("XDG_STATE_HOME", test_folder(), 1);
    if (getenv("LORALAB_DATA") == NULL) setenv("LORALAB_DATA", "data", 1);
    unsetenv("LORALAB_BACKEND");
    rig->lab = lab_create(NULL, &rig->err);
    assert_ok(&rig->err);
    BenchSpec spec = {.lab = rig->lab, .threads = threads, .seed = 42, .memory = memory};
    rig->bench = bench_create(&spec, &rig->err);
    assert_ok(&rig->err);
}

void bench_rig_open(BenchRig *rig, int threads)
{
    bench_rig_limited(rig, threads, 0);
}

void bench_rig_close(BenchRig *rig)
{
    bench_free(rig->bench);
    lab_free(rig->lab);
}

const Datum *bench_try(BenchRig *rig, const char *text)
{
    rig->err = (Error){0};
    rig->fault = (ExprFault){0};
    VerbLine *line = verb_line_parse(text, (Index)strlen(text), &rig->fault, &rig->err);
    if (line == NULL) return NULL;
    const Datum *value =
        bench_run_line(rig->bench, line, &rig->sink, &rig->cancel, &rig->fault, &rig->err);
    verb_line_free(line);
    assert_true((value == NULL) == (rig->err.code != ERR_NONE));
    return value;
}

const Datum *bench_must(BenchRig *rig, const char *text)
{
    const Datum *value = bench_try(rig, text);
    assert_ok(&rig->err);
    return value;
}

void bench_refuses(BenchRig *rig, const char *text, ErrorCode code, const char *words)
{
    if (bench_try(rig, text) != NULL) fail_msg("\"%s\" succeeds", text);
    assert_error(&rig->err, code, words);
    assert_true(rig->fault.message[0] != '\0');
}

double bench_number(BenchRig *rig, const char *text)
{
    Error  err = {0};
    Scope  scope = bench_scope(rig->bench);
    Expr  *expr = expr_parse(text, (Index)strlen(text), NULL, &err);
    Datum *value = expr != NULL ? expr_eval(expr, &scope, NULL, &err) : NULL;
    assert_ok(&err);
    double number = value->number;
    if (value->kind != DATUM_NUMBER && value->kind != DATUM_YES) fail_msg("%s: no number", text);
    datum_drop(value);
    expr_free(expr);
    return number;
}

const char *bench_word(const Datum *record, const char *key)
{
    const Datum *member = datum_member(record, key);
    if (member == NULL || member->kind != DATUM_TEXT) fail_msg("there is no text \"%s\"", key);
    return member->text;
}

static bool same_block(const double *a, const double *b, Index n)
{
    if (a == NULL || b == NULL) return a == b;
    return memcmp(a, b, (size_t)n * sizeof *a) == 0;
}

static bool same_axis(const DatumAxis *a, const DatumAxis *b, Index n)
{
    if (strcmp(a->name, b->name) != 0 || !same_block(a->number, b->number, n)) return false;
    for (Index i = 0; i < n; i++) {
        if (strcmp(a->word[i], b->word[i]) != 0) return false;
    }
    return true;
}

bool datum_same(const Datum *a, const Datum *b)
{
    if (a->kind != b->kind || a->timed != b->timed || a->count != b->count) return false;
    if (a->timed) return true;
    if (memcmp(&a->number, &b->number, sizeof a->number) != 0 || a->rows != b->rows ||
        a->cols != b->cols || a->axis_count != b->axis_count) {
        return false;
    }
    Index n = a->kind == DATUM_SERIES ? a->rows : a->rows * a->cols;
    if (!same_block(a->values, b->values, n) || !same_block(a->x, b->x, a->rows)) return false;
    if (a->kind == DATUM_TEXT && strcmp(a->text, b->text) != 0) return false;
    for (Index i = 0; i < a->axis_count; i++) {
        Index length = a->kind == DATUM_VECTOR ? a->rows : a->count;
        if (!same_axis(&a->axes[i], &b->axes[i], length)) return false;
    }
    for (Index i = 0; i < a->count; i++) {
        if (a->keys != NULL && strcmp(a->keys[i], b->keys[i]) != 0) return false;
        if (!datum_same(a->items[i], b->items[i])) return false;
    }
    return true;
}
