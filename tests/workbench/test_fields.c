/* What a verb declares is what it returns: names, kinds, units, and what a clock measured. */

#include <stdio.h>
#include <string.h>

#include "tests/test.h"
#include "tests/workbench/bench_rig.h"

/* Lines that set up what the last one needs; the last one is held against its verb's fields. */
static const char *const lines[][4] = {
    {"a = " QUICK_TRAIN},
    {"a = " QUICK_TRAIN "eval_steps=2 sample_steps=2"},
    {"a = train data=sql-lite examples=16 eval=none max_steps=2 method=full"},
    {"a = " QUICK_TRAIN, "b = train continue=a " QUICK_KEYS "max_steps=1"},
    {"e = eval data=sql-lite examples=4"},
    {"e = eval data=base-other examples=4"},
    {"g = generate prompt=x max_new_tokens=2"},
    {"g = generate max_new_tokens=2 temperature=1"},
    {"t = tokenize \"two words\""},
    {"t = tokenize \"\""},
    {"a = " QUICK_TRAIN, "f = adapter a"},
    {"a = train data=sql-lite examples=16 eval=none max_steps=1 method=full", "f = adapter a"},
    {"a = " QUICK_TRAIN, "s = switch a"},
    {"s = switch base"},
    {"a = " QUICK_TRAIN, "m = merge a"},
    {"a = " QUICK_TRAIN, "m = merge a", "u = unmerge"},
    {"a = " QUICK_TRAIN, "m = merge a", "u = unmerge how=subtract"},
};

static const FieldSpec *field_of(const Verb *verb, const char *name)
{
    for (const FieldSpec *f = verb->fields; f->name != NULL; f++) {
        if (strcmp(f->name, name) == 0) return f;
    }
    return NULL;
}

static bool same_unit(const char *a, const char *b)
{
    if (a == NULL || b == NULL) return a == b;
    return strcmp(a, b) == 0;
}

/* Every member that came is declared. Returns how many there were. */
static Index hold_against(const Verb *verb, const Datum *record, const char *prefix)
{
    Index count = 0;
    for (Index i = 0; i < record->count; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s%s", prefix, record->keys[i]);
        const Datum     *member = record->items[i];
        const FieldSpec *field = field_of(verb, name);
        if (field == NULL) fail_msg("%s returns \"%s\" undeclared", verb->command.name, name);
        if (field->kind != member->kind || field->timed != member->timed ||
            (member->kind != DATUM_RECORD && !same_unit(field->unit, member->unit))) {
            fail_msg("%s: \"%s\" is not what was declared", verb->command.name, name);
        }
        count++;
        if (member->kind != DATUM_RECORD) continue;
        snprintf(name, sizeof name, "%s%s.", prefix, record->keys[i]);
        count += hold_against(verb, member, name);
    }
    return count;
}

static void verbs_return_what_they_declare(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        BenchRig     rig;
        const Datum *result = NULL;
        const char  *last = NULL;
        bench_rig_open(&rig, 1);
        for (int k = 0; k < 4 && lines[i][k] != NULL; k++) {
            last = lines[i][k];
            result = bench_must(&rig, last);
        }
        Error     err = {0};
        VerbLine *line = verb_line_parse(last, (Index)strlen(last), NULL, &err);
        assert_ok(&err);
        Index declared = 0;
        while (line->verb->fields[declared].name != NULL) declared++;
        assert_int_equal(result->kind, DATUM_RECORD);
        if (hold_against(line->verb, result, "") != declared) {
            fail_msg("\"%s\" leaves out a declared member", last);
        }
        verb_line_free(line);
        bench_rig_close(&rig);
    }
}

/* Each of these verbs is in some line above. */
static void no_verb_is_forgotten(void **state)
{
    static const char *const verbs[] = {"train", "eval",    "generate", "adapter",
                                        "merge", "unmerge", "switch",   "tokenize"};
    (void)state;
    for (size_t v = 0; v < sizeof verbs / sizeof *verbs; v++) {
        bool found = false;
        for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
            for (int k = 0; k < 4 && lines[i][k] != NULL; k++) {
                const char *after = strstr(lines[i][k], "= ");
                found = found || strncmp(after + 2, verbs[v], strlen(verbs[v])) == 0;
            }
        }
        if (!found) fail_msg("no line has %s", verbs[v]);
        assert_non_null(verb_find(verbs[v]));
    }
}

TEST_GROUP(fields, cmocka_unit_test(verbs_return_what_they_declare),
           cmocka_unit_test(no_verb_is_forgotten));
