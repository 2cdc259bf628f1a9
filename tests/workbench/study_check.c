/* Declared against returned, and failing allocations, for any verb. */

#include "tests/workbench/study_check.h"

#include <stdio.h>
#include <string.h>

#include "tests/test.h"

static const Datum *find(const Datum *record, const char *path)
{
    char key[64];
    for (const char *dot = strchr(path, '.'); dot != NULL; dot = strchr(path, '.')) {
        snprintf(key, sizeof key, "%.*s", (int)(dot - path), path);
        record = datum_member(record, key);
        if (record == NULL || record->kind != DATUM_RECORD) return NULL;
        path = dot + 1;
    }
    return datum_member(record, path);
}

double study_number(const Datum *record, const char *path)
{
    const Datum *member = find(record, path);
    if (member == NULL) fail_msg("there is no \"%s\"", path);
    assert_true(member->kind == DATUM_NUMBER || member->kind == DATUM_YES);
    return member->number;
}

static void check_field(const Datum *record, const FieldSpec *field)
{
    const Datum *member = find(record, field->name);
    if (member == NULL) fail_msg("\"%s\" is declared and not returned", field->name);
    bool unit = (member->unit == NULL) == (field->unit == NULL) &&
                (field->unit == NULL || strcmp(member->unit, field->unit) == 0);
    if (member->kind != field->kind || member->timed != field->timed || !unit) {
        fail_msg("\"%s\" is a %s in %s%s", field->name, datum_kind_name(member->kind),
                 member->unit != NULL ? member->unit : "nothing", member->timed ? ", timed" : "");
    }
    assert_true(field->help != NULL && field->help[0] != '\0');
}

static bool is_declared(const Verb *verb, const char *path)
{
    for (const FieldSpec *field = verb->fields; field->name != NULL; field++) {
        if (strcmp(field->name, path) == 0) return true;
    }
    return false;
}

static void check_members(const Verb *verb, const Datum *record, const char *prefix)
{
    for (Index i = 0; i < record->count; i++) {
        char path[160];
        snprintf(path, sizeof path, "%s%s", prefix, record->keys[i]);
        if (!is_declared(verb, path)) fail_msg("\"%s\" is returned and not declared", path);
        if (record->items[i]->kind != DATUM_RECORD) continue;
        snprintf(path, sizeof path, "%s%s.", prefix, record->keys[i]);
        check_members(verb, record->items[i], path);
    }
}

static VerbLine *parse(BenchRig *rig, const char *text)
{
    VerbLine *line = verb_line_parse(text, (Index)strlen(text), &rig->fault, &rig->err);
    assert_ok(&rig->err);
    return line;
}

const Datum *study_must(BenchRig *rig, const char *text)
{
    const Datum *record = bench_must(rig, text);
    VerbLine    *line = parse(rig, text);
    for (const FieldSpec *field = line->verb->fields; field->name != NULL; field++) {
        check_field(record, field);
    }
    check_members(line->verb, record, "");
    verb_line_free(line);
    return record;
}

/* ---- failing allocations ---------------------------------------------------------------- */

typedef struct Tortured {
    const Verb *verb;
    VerbCall    call;
} Tortured;

static void run_once(void *context, Error *err)
{
    Tortured *t = context;
    VerbCall  call = t->call;
    datum_drop(t->verb->run(&call, err));
}

int64_t study_torture(BenchRig *rig, const char *text)
{
    Scope     scope = bench_scope(rig->bench);
    VerbLine *line = parse(rig, text);
    Args     *args = verb_line_args(line, NULL, &scope, &rig->fault, &rig->err);
    assert_ok(&rig->err);
    Tortured t = {.verb = line->verb,
                  .call = {.bench = rig->bench,
                           .worker = bench_worker(rig->bench, &rig->err),
                           .args = args,
                           .scope = &scope,
                           .seed = 42,
                           .sink = &rig->sink,
                           .cancel = &rig->cancel}};
    run_once(&t, &rig->err); /* data is drawn and workspaces are made once */
    assert_ok(&rig->err);
    int64_t allocations = torture(run_once, &t);
    args_free(args);
    verb_line_free(line);
    return allocations;
}
