/*
 * Side by side: all combinations of the axes' values and seeds, one run a worker. Each worker has
 * a backend of one thread and its own view of the base, so a run computes what it would compute
 * alone; the rows stand in the order of the combinations, whoever was done first.
 *
 *     sweep r=1,2 seeds=2 : train ...    ->    r=1 seed=42, r=1 seed=43, r=2 seed=42, r=2 seed=43
 *
 * The first run that fails stops the others.
 */

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/workbench/bench_internal.h"

#define SWEEP_MAX_RUNS 1000

typedef struct SweepRun {
    struct Sweep *sweep;
    const char  **picks; /* [axis_count], of the axes' values */
    uint64_t      seed_offset, seed;
    Datum       **local; /* [axis_count], what the axes' names stand for in braces */
    Str           name;  /* "r=4 seed=43" */
    Datum        *result;
    ExprFault     fault;
    Error         err;
} SweepRun;

typedef struct SweepValues {
    char **words;
    Index  count;
} SweepValues;

typedef struct Sweep {
    Bench          *bench;
    const VerbLine *line;
    SweepValues    *axes; /* [axis_count] */
    SweepRun       *runs;
    Index           run_count, run_room;
    BenchWorker    *workers;
    int             worker_count;
    Pool           *pool;
    Scope           outer;
    Cancel          stop; /* of all runs; its outer is the caller's */
    const Sink     *sink;
    pthread_mutex_t mutex; /* one event at a time */
    Index           finished;
} Sweep;

/* ---- names of axes in braces ------------------------------------------------------------ */

static const Datum *find_local(void *context, const char *name)
{
    const SweepRun *run = context;
    const VerbLine *line = run->sweep->line;
    for (Index i = 0; i < line->axis_count; i++) {
        if (strcmp(line->axes[i].name, name) == 0) return run->local[i];
    }
    return run->sweep->outer.find(run->sweep->outer.context, name);
}

static const char *nearest_local(void *context, const char *name)
{
    const SweepRun *run = context;
    return run->sweep->outer.nearest(run->sweep->outer.context, name);
}

static Scope run_scope(SweepRun *run)
{
    return (Scope){.context = run, .find = find_local, .nearest = nearest_local};
}

static Datum *datum_of_word(const char *word, Error *err)
{
    char  *end;
    double number = strtod(word, &end);
    if (end != word && *end == '\0') return datum_number(number, NULL, err);
    return datum_text(word, (Index)strlen(word), err);
}

/* ---- combinations ----------------------------------------------------------------------- */

static bool read_values(Sweep *sweep, ExprFault *fault, Error *err)
{
    const VerbLine *line = sweep->line;
    Index           runs = line->seeds > 0 ? line->seeds : 1;
    sweep->axes = mem_alloc(mem_program(), MEM_TEXT, line->axis_count, sizeof *sweep->axes, err);
    if (sweep->axes == NULL) return false;
    for (Index i = 0; i < line->axis_count && runs <= SWEEP_MAX_RUNS; i++) {
        SweepValues values;
        if (!verb_line_values(line, i, &sweep->outer, &values.words, &values.count, fault, err)) {
            return false;
        }
        sweep->axes[i] = values;
        runs *= values.count;
    }
    if (runs > SWEEP_MAX_RUNS) {
        return error_set(err, ERR_INPUT, "the sweep has more than %d runs", SWEEP_MAX_RUNS);
    }
    sweep->run_room = runs;
    return true;
}

/* Combination k: seeds turn fastest, then the last axis. */
static bool fill_run(Sweep *sweep, SweepRun *run, Index k, Error *err)
{
    const VerbLine *line = sweep->line;
    Index           n = line->axis_count, seeds = line->seeds > 0 ? line->seeds : 1;
    run->sweep = sweep;
    run->picks = mem_alloc(mem_program(), MEM_TEXT, n, sizeof *run->picks, err);
    run->local = mem_alloc(mem_program(), MEM_TEXT, n, sizeof *run->local, err);
    if (run->picks == NULL || run->local == NULL) return false;
    run->seed_offset = (uint64_t)(k % seeds);
    k /= seeds;
    for (Index i = n - 1; i >= 0; i--) {
        run->picks[i] = sweep->axes[i].words[k % sweep->axes[i].count];
        k /= sweep->axes[i].count;
        run->local[i] = datum_of_word(run->picks[i], err);
        if (run->local[i] == NULL) return false;
    }
    return true;
}

/* All combinations are checked, and named, before the first one runs. */
static bool check_run(SweepRun *run, ExprFault *fault, Error *err)
{
    const VerbLine *line = run->sweep->line;
    Scope           scope = run_scope(run);
    Args           *args = verb_line_args(line, run->picks, &scope, fault, err);
    if (args == NULL) return false;
    run->seed = first_seed(run->sweep->bench, args) + run->seed_offset;
    args_free(args);
    for (Index i = 0; i < line->axis_count; i++) {
        str_addf(&run->name, "%s%s=%s", i > 0 ? " " : "", line->axes[i].name, run->picks[i]);
    }
    if (line->seeds > 0) {
        str_addf(&run->name, "%sseed=%llu", line->axis_count > 0 ? " " : "",
                 (unsigned long long)run->seed);
    }
    return str_ok(&run->name, err);
}

static bool make_runs(Sweep *sweep, ExprFault *fault, Error *err)
{
    Index n = sweep->run_room;
    sweep->runs = mem_alloc(mem_program(), MEM_TEXT, n, sizeof *sweep->runs, err);
    if (sweep->runs == NULL) return false;
    for (Index k = 0; k < n; k++) {
        sweep->run_count++;
        SweepRun *run = &sweep->runs[k];
        if (!fill_run(sweep, run, k, err) || !check_run(run, fault, err)) return false;
    }
    return true;
}

/* ---- workers ---------------------------------------------------------------------------- */

static bool make_workers(Sweep *sweep, Error *err)
{
    BenchWorker *base = bench_worker(sweep->bench, err);
    if (base == NULL) return false;
    int threads = bench_threads(sweep->bench);
    if (threads > sweep->run_count) threads = (int)sweep->run_count;
    /* Each worker has a workspace of its own on a device, whose memory is not for us alone. */
    if (base->be->space == MEM_DEVICE && threads > 4) threads = 4;
    sweep->workers = mem_alloc(mem_program(), MEM_TEXT, threads, sizeof *sweep->workers, err);
    if (sweep->workers == NULL) return false;
    for (int i = 0; i < threads; i++) {
        BenchWorker *worker = &sweep->workers[sweep->worker_count++];
        worker->be = backend_like(base->be, 1, err);
        if (worker->be == NULL) return false;
        worker->model = model_view(base->model, worker->be, err);
        if (worker->model == NULL) return false;
    }
    sweep->pool = pool_create(threads, err);
    return sweep->pool != NULL;
}

static void sweep_free(Sweep *sweep)
{
    pool_free(sweep->pool);
    for (int i = 0; i < sweep->worker_count; i++) {
        model_free(sweep->workers[i].model);
        if (sweep->workers[i].be != NULL) sweep->workers[i].be->free(sweep->workers[i].be);
    }
    mem_free(sweep->workers);
    for (Index k = 0; k < sweep->run_count; k++) {
        SweepRun *run = &sweep->runs[k];
        for (Index i = 0; run->local != NULL && i < sweep->line->axis_count; i++) {
            datum_drop(run->local[i]);
        }
        mem_free(run->local);
        mem_free(run->picks);
        str_free(&run->name);
        datum_drop(run->result);
    }
    mem_free(sweep->runs);
    for (Index i = 0; sweep->axes != NULL && i < sweep->line->axis_count; i++) {
        verb_words_free(sweep->axes[i].words, sweep->axes[i].count);
    }
    mem_free(sweep->axes);
    pthread_mutex_destroy(&sweep->mutex);
}

/* ---- running ---------------------------------------------------------------------------- */

/* See bench_run_line in verb.h for what becomes of a run's events. */
static void forward(void *context, const Event *event)
{
    SweepRun *run = context;
    Sweep    *sweep = run->sweep;
    Event     named = *event;
    Str       text = {0};
    if (event->type == EVENT_TEXT) return;
    named.text = str_text(&run->name);
    if (event->text != NULL) {
        str_addf(&text, "%s: %s", str_text(&run->name), event->text);
        named.text = str_text(&text);
    }
    pthread_mutex_lock(&sweep->mutex);
    sink_send(sweep->sink, &named);
    pthread_mutex_unlock(&sweep->mutex);
    str_free(&text);
}

static void tell_finished(SweepRun *run)
{
    Sweep *sweep = run->sweep;
    pthread_mutex_lock(&sweep->mutex);
    sweep->finished++;
    Event event = {.type = EVENT_PROGRESS,
                   .step = sweep->finished,
                   .steps = sweep->run_count,
                   .text = str_text(&run->name)};
    sink_send(sweep->sink, &event);
    pthread_mutex_unlock(&sweep->mutex);
}

static void run_task(void *context, Index k, int worker)
{
    Sweep    *sweep = context;
    SweepRun *run = &sweep->runs[k];
    Learned  *learned = NULL;
    Scope     scope = run_scope(run);
    Sink      sink = {.context = run, .event = forward};
    RunSpec   spec = {.line = sweep->line,
                      .picks = run->picks,
                      .seed = run->seed,
                      .worker = &sweep->workers[worker],
                      .scope = &scope,
                      .sink = sweep->sink != NULL ? &sink : NULL,
                      .cancel = &sweep->stop};
    if (cancel_requested(&sweep->stop)) {
        error_set(&run->err, ERR_CANCELLED, "stopped before this run began");
        return;
    }
    run->result = run_verb(sweep->bench, &spec, &learned, &run->fault, &run->err);
    learned_drop(learned); /* a table has no adapter: train alone for that */
    if (run->result == NULL) {
        cancel_request(&sweep->stop);
    } else {
        tell_finished(run);
    }
}

/* The run to blame: the first that failed by itself, not for being stopped. */
static const SweepRun *failed_run(const Sweep *sweep)
{
    const SweepRun *stopped = NULL;
    for (Index k = 0; k < sweep->run_count; k++) {
        const SweepRun *run = &sweep->runs[k];
        if (run->result != NULL) continue;
        if (run->err.code != ERR_CANCELLED) return run;
        if (stopped == NULL) stopped = run;
    }
    return stopped;
}

static bool tell_failure(const SweepRun *run, ExprFault *fault, Error *err)
{
    if (run->err.code == ERR_CANCELLED) {
        error_set(err, ERR_CANCELLED, "the sweep was stopped");
    } else {
        error_set(err, run->err.code, "%s: %s", str_text(&run->name), run->err.message);
        if (run->err.hint[0] != '\0') error_hint(err, "%s", run->err.hint);
    }
    Error named = *err;
    *fault = (ExprFault){0};
    fault_from_error(fault, run->fault.at, &named);
    return false;
}

/* ---- the table -------------------------------------------------------------------------- */

static bool add_row(Datum *table, SweepRun *run, Error *err)
{
    const VerbLine *line = run->sweep->line;
    Index           n = line->axis_count;
    Str             seed = {0};
    const char    **words = mem_alloc(mem_program(), MEM_TEXT, n + 1, sizeof *words, err);
    str_addf(&seed, "%llu", (unsigned long long)run->seed);
    bool ok = words != NULL && str_ok(&seed, err);
    for (Index i = 0; ok && i < n; i++) words[i] = run->picks[i];
    if (ok) words[n] = str_text(&seed);
    ok = ok && datum_add_row(table, words, datum_hold(run->result), err);
    mem_free(words);
    str_free(&seed);
    return ok;
}

static Datum *make_table(Sweep *sweep, Error *err)
{
    const VerbLine *line = sweep->line;
    Datum          *table = datum_rows(sweep->runs[0].result->kind == DATUM_RECORD, err);
    bool            ok = table != NULL;
    for (Index i = 0; ok && i < line->axis_count; i++) {
        ok = datum_add_axis(table, line->axes[i].name, err);
    }
    if (ok && line->seeds > 0) ok = datum_add_axis(table, "seed", err);
    for (Index k = 0; ok && k < sweep->run_count; k++) ok = add_row(table, &sweep->runs[k], err);
    if (ok) return table;
    datum_drop(table);
    return NULL;
}

Datum *run_sweep(Bench *bench, const VerbLine *line, const Sink *sink, const Cancel *cancel,
                 ExprFault *fault, Error *err)
{
    Sweep  sweep = {.bench = bench,
                    .line = line,
                    .outer = bench_scope(bench),
                    .stop = {.outer = cancel},
                    .sink = sink};
    Datum *table = NULL;

    if (line->verb->changes) {
        error_set(err, ERR_INPUT, "%s cannot be swept", line->verb->command.name);
        return NULL;
    }
    CHECK(pthread_mutex_init(&sweep.mutex, NULL) == 0);
    if (read_values(&sweep, fault, err) && make_runs(&sweep, fault, err) &&
        make_workers(&sweep, err)) {
        pool_run(sweep.pool, sweep.run_count, run_task, &sweep);
        const SweepRun *failed = failed_run(&sweep);
        if (failed == NULL || tell_failure(failed, fault, err)) table = make_table(&sweep, err);
    }
    sweep_free(&sweep);
    return table;
}
