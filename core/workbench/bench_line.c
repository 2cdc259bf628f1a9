/* One line of the vocabulary: arguments filled in, the verb run, its result named. */

#include <string.h>

#include "core/workbench/bench_internal.h"

void fault_from_error(ExprFault *fault, Index at, const Error *err)
{
    if (fault == NULL || err == NULL || fault->message[0] != '\0') return;
    Index n = (Index)strlen(err->message), h = (Index)strlen(err->hint);
    Index room = (Index)sizeof fault->message - 1, hint_room = (Index)sizeof fault->hint - 1;
    *fault = (ExprFault){.at = at};
    memcpy(fault->message, err->message, (size_t)(n < room ? n : room));
    memcpy(fault->hint, err->hint, (size_t)(h < hint_room ? h : hint_room));
}

static bool set_seed(Args *args, uint64_t seed, Error *err)
{
    Str text = {0};
    str_addf(&text, "%llu", (unsigned long long)seed);
    bool ok = str_ok(&text, err) && args_set(args, "seed", str_text(&text), err);
    str_free(&text);
    return ok;
}

uint64_t first_seed(const Bench *bench, const Args *args)
{
    return args_given(args, "seed") ? (uint64_t)args_int(args, "seed") : bench_seed(bench);
}

Datum *run_verb(Bench *bench, const RunSpec *spec, Learned **learned, ExprFault *fault, Error *err)
{
    const Verb *verb = spec->line->verb;
    Datum      *result = NULL;
    Args       *args = verb_line_args(spec->line, spec->picks, spec->scope, fault, err);
    VerbCall    call = {.bench = bench,
                        .worker = spec->worker,
                        .args = args,
                        .scope = spec->scope,
                        .seed = spec->seed,
                        .sink = spec->sink,
                        .cancel = spec->cancel};
    if (args != NULL && spec->picks == NULL) call.seed = first_seed(bench, args);
    if (args != NULL && set_seed(args, call.seed, err)) result = verb->run(&call, err);
    args_free(args);
    if (result == NULL) {
        fault_from_error(fault, spec->line->verb_at, err);
        learned_drop(call.learned);
        return NULL;
    }
    *learned = call.learned;
    return result;
}

static Datum *run_once(Bench *bench, const VerbLine *line, Learned **learned, const Sink *sink,
                       const Cancel *cancel, ExprFault *fault, Error *err)
{
    Scope   scope = bench_scope(bench);
    RunSpec spec = {.line = line,
                    .worker = bench_worker(bench, err),
                    .scope = &scope,
                    .sink = sink,
                    .cancel = cancel};
    if (spec.worker == NULL) {
        fault_from_error(fault, line->verb_at, err);
        return NULL;
    }
    return run_verb(bench, &spec, learned, fault, err);
}

const Datum *bench_run_line(Bench *bench, const VerbLine *line, const Sink *sink,
                            const Cancel *cancel, ExprFault *fault, Error *err)
{
    ExprFault   mine;
    Error       why = {0};
    Learned    *learned = NULL;
    const char *name = line->name != NULL ? line->name : "it";
    bool        swept = line->axis_count > 0 || line->seeds > 0;

    if (fault == NULL) fault = &mine;
    *fault = (ExprFault){0};
    Datum *value = swept ? run_sweep(bench, line, sink, cancel, fault, &why)
                         : run_once(bench, line, &learned, sink, cancel, fault, &why);
    if (value != NULL && bench_put(bench, name, value, learned, &why)) return value;
    fault_from_error(fault, line->verb_at, &why);
    error_set(err, why.code, "%s", why.message);
    if (why.hint[0] != '\0') error_hint(err, "%s", why.hint);
    return NULL;
}
