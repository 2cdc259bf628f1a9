/*
 * `switch`, `merge`, `unmerge`: which adapter is on, and how. What is on is remembered by name;
 * each command that computes makes its own copies of the changed weights, so the base's bytes are
 * never touched and an undone merge leaves nothing behind.
 */

#include <math.h>
#include <string.h>

#include "core/workbench/answer.h"
#include "core/workbench/attach.h"
#include "core/workbench/study_rows.h"
#include "core/workbench/verbs.h"

/* clang-format off: a row is a row */
static const ArgSpec no_rows[] = {{.name = NULL}};

static const ArgSpec unmerge_rows[] = {
    {.name = "how",
     .type = ARG_CHOICE,
     .choices = SETTING_CHOICES("exact", "subtract"),
     .fallback = "exact",
     .group = "Merge",
     .help = "exact: drop the copies; subtract: W - scale B A in the copy, as PEFT does"},
    {.name = NULL},
};

static const FieldSpec switch_fields[] = {
    {"active", DATUM_TEXT, NULL, false, "adapter that is on now; base: none"},
    {"seconds", DATUM_NUMBER, "s", true, "to put its numbers in place and attach it"},
    {.name = NULL},
};

static const FieldSpec merge_fields[] = {
    {"active", DATUM_TEXT, NULL, false, "adapter whose change is in the weights now"},
    {"changed", DATUM_NUMBER, NULL, false, "matrices that were changed"},
    {"copied_bytes", DATUM_NUMBER, "bytes", false, "private copies of the changed weights"},
    {"seconds", DATUM_NUMBER, "s", true, "to compute them"},
    {.name = NULL},
};

static const FieldSpec unmerge_fields[] = {
    {"active", DATUM_TEXT, NULL, false, "adapter that is on, beside the weights again"},
    {"drift", DATUM_NUMBER, NULL, false, "largest difference to the base after undoing"},
    {"exact", DATUM_YES, NULL, false, "the undone weights are the base's, bit for bit"},
    {"seconds", DATUM_NUMBER, "s", true, "to undo"},
    {.name = NULL},
};
/* clang-format on */

/* ---- switch ----------------------------------------------------------------------------- */

static Datum *run_switch(VerbCall *call, Error *err)
{
    const char *name = args_operand(call->args, 0);
    bool        base = strcmp(name, "base") == 0 && bench_learned(call->bench, name) == NULL;
    Learned    *learned = base ? NULL : learned_by_name(call->bench, name, err);
    Attached    a;
    if (!base && learned == NULL) return NULL;

    if (!attached_open(&a, call->worker, NULL, false, err)) {
        attached_close(&a);
        return NULL;
    }
    double start = clock_seconds();
    bool   ok = true;
    if (learned != NULL) {
        a.method = learned_method(learned, call->worker->model, false, a.account, err);
        ok = a.method != NULL && a.method->attach(a.method, a.net, err);
    }
    double seconds = clock_seconds() - start;
    attached_close(&a);
    if (!ok) return NULL;

    Answer answer = answer_begin(err);
    answer_text(&answer, "active", name);
    answer_timed(&answer, "seconds", seconds, "s");
    Datum *record = answer_end(&answer);
    if (record != NULL && bench_set_active(call->bench, base ? NULL : name, false, err)) {
        return record;
    }
    datum_drop(record);
    return NULL;
}

/* ---- merge ------------------------------------------------------------------------------ */

static Index changed_matrices(const Net *net)
{
    Index count = 0;
    for (Index i = 0; i < net->model->module_count; i++) count += net->merged[i].data != NULL;
    return count;
}

static Datum *run_merge(VerbCall *call, Error *err)
{
    const char *name = args_operand(call->args, 0);
    Learned    *learned = learned_by_name(call->bench, name, err);
    MemSpace    space = call->worker->be->space;
    Datum      *record = NULL;
    Attached    a;
    if (learned == NULL) return NULL;

    if (attached_open(&a, call->worker, learned, false, err)) {
        double start = clock_seconds();
        a.merge = merge_apply(a.net, a.method, a.account, err);
        double seconds = clock_seconds() - start;
        if (a.merge != NULL) {
            int64_t bytes = mem_use(a.account, space, MEM_WEIGHTS).in_use;
            Answer  answer = answer_begin(err);
            answer_text(&answer, "active", name);
            answer_number(&answer, "changed", (double)changed_matrices(a.net), NULL);
            answer_number(&answer, "copied_bytes", (double)bytes, "bytes");
            answer_timed(&answer, "seconds", seconds, "s");
            record = answer_end(&answer);
        }
    }
    attached_close(&a);
    if (record != NULL && bench_set_active(call->bench, name, true, err)) return record;
    datum_drop(record);
    return NULL;
}

/* ---- unmerge ---------------------------------------------------------------------------- */

typedef struct Undone {
    double drift, seconds;
    bool   exact;
} Undone;

static bool undo(Attached *a, bool subtract, Undone *undone, Error *err)
{
    uint64_t base, now;
    double   start = clock_seconds();
    if (subtract) {
        if (!merge_undo_subtract(a->merge, &undone->drift, err)) return false;
    } else {
        merge_free(a->merge);
        a->merge = NULL;
    }
    undone->seconds = clock_seconds() - start;
    if (!values_hash(a->net->model, NULL, &base, err) ||
        !values_hash(a->net->model, a->net, &now, err)) {
        return false;
    }
    undone->exact = base == now;
    return true;
}

static Datum *run_unmerge(VerbCall *call, Error *err)
{
    const char *active = bench_active(call->bench);
    bool        subtract = strcmp(args_text(call->args, "how"), "subtract") == 0;
    Undone      undone = {0};
    Datum      *record = NULL;
    Attached    a;
    if (!bench_merged(call->bench)) {
        error_set(err, ERR_INPUT, "no adapter is merged");
        error_hint(err, "merge NAME does it");
        return NULL;
    }
    if (attached_open(&a, call->worker, bench_learned(call->bench, active), true, err) &&
        undo(&a, subtract, &undone, err)) {
        Answer answer = answer_begin(err);
        answer_text(&answer, "active", active);
        answer_number(&answer, "drift", undone.drift, NULL);
        answer_yes(&answer, "exact", undone.exact);
        answer_timed(&answer, "seconds", undone.seconds, "s");
        record = answer_end(&answer);
    }
    attached_close(&a);
    if (record != NULL && bench_set_active(call->bench, active, false, err)) return record;
    datum_drop(record);
    return NULL;
}

const Verb verb_switch = {.command = {.name = "switch",
                                      .operands = "NAME|base",
                                      .min_operands = 1,
                                      .max_operands = 1,
                                      .args = no_rows,
                                      .summary = "choose the adapter that eval and generate use",
                                      .example = "switch a"},
                          .fields = switch_fields,
                          .run = run_switch,
                          .changes = true};

const Verb verb_merge = {
    .command = {.name = "merge",
                .operands = "NAME",
                .min_operands = 1,
                .max_operands = 1,
                .args = no_rows,
                .summary = "add an adapter's change to copies of the base's weights and use those",
                .example = "m = merge a"},
    .fields = merge_fields,
    .run = run_merge,
    .changes = true};

const Verb verb_unmerge = {
    .command = {.name = "unmerge",
                .operands = "",
                .args = unmerge_rows,
                .summary = "undo the merge; the adapter stays on, beside the weights",
                .example = "u = unmerge how=subtract"},
    .fields = unmerge_fields,
    .run = run_unmerge,
    .changes = true};
