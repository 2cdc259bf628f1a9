/* One line of the matrix verbs. */

#include "app/rooms/matrix/matrix_line.h"

#include <string.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/workbench/verb.h"

void matrix_line_free(MatrixLine *state)
{
    matrix_job_free(state->job);
    verb_line_free(state->computed);
    bench_free(state->bench);
    *state = (MatrixLine){.wake = state->wake, .context = state->context};
}

const char *matrix_line_words(void)
{
    return "matrix rank svd truncate matmul compare spectrum ";
}

/* Those of the verbs that need no base. */
static bool is_matrix_verb(const char *name)
{
    return strcmp(name, "spectrum") != 0 && strstr(matrix_line_words(), name) != NULL;
}

static void say_error(Str *said, const Error *err)
{
    str_addf(said, "%s%s%s", err->message, err->hint[0] != '\0' ? "; " : "", err->hint);
}

/* ---- looking at a weight ---------------------------------------------------------------- */

/* The whole name of a module, from the end of it. */
static char *whole_name(const char *name, Error *err)
{
    Str  text = {0};
    bool given = strncmp(name, "model.", 6) == 0 || strncmp(name, "lm_head", 7) == 0;
    str_addf(&text, "%s%s", given ? "" : "model.", name);
    return str_take(&text, err);
}

static bool fill_source(MatrixSource *source, const MatrixDesk *desk, const Args *args, Error *err)
{
    const char *weight = args_text(args, "weight"), *of = args_text(args, "of");
    const char *module = weight != NULL ? weight : args_text(args, "module");
    Str         label = {0};
    if (module == NULL) {
        error_set(err, ERR_INPUT, tr("spectrum needs weight=, or of= and module="));
        return false;
    }
    source->kind = weight != NULL ? SOURCE_WEIGHT : SOURCE_LEARNED;
    source->module = whole_name(module, err);
    const char *brief = strncmp(module, "model.", 6) == 0 ? module + 6 : module;
    str_addf(&label, weight != NULL ? "%s" : tr("%s in %s"), brief, of);
    source->label = str_take(&label, err);
    if (weight != NULL) return source->module != NULL && source->label != NULL;
    char *runs = path_join(desk->lab->state_folder, "runs", err);
    if (of == NULL || strchr(of, '/') != NULL || of[0] == '.') {
        error_set(err, ERR_INPUT, tr("of= names a recorded run"));
    } else if (runs != NULL) {
        source->folder = path_join(runs, of, err);
    }
    mem_free(runs);
    return source->module != NULL && source->label != NULL && source->folder != NULL;
}

/* Names of modules and runs are words, not expressions. */
static const Datum *find_nothing(void *context, const char *name)
{
    (void)context;
    (void)name;
    return NULL;
}

static void look_at(MatrixDesk *desk, const VerbLine *line, Str *said)
{
    Error        err = {0};
    MatrixSource source = {0};
    Scope        nothing = {.find = find_nothing};
    Args        *args = verb_line_args(line, NULL, &nothing, NULL, &err);
    if (args != NULL && fill_source(&source, desk, args, &err)) {
        desk_choose(desk, &source);
    } else {
        say_error(said, &err);
    }
    source_free(&source);
    args_free(args);
}

/* ---- computing -------------------------------------------------------------------------- */

static bool open_bench(MatrixLine *state, MatrixDesk *desk, Error *err)
{
    BenchSpec spec = {.lab = desk->lab, .threads = 1, .seed = 0};
    if (state->bench == NULL) state->bench = bench_create(&spec, err);
    return state->bench != NULL &&
           bench_put(state->bench, "M", datum_hold(desk->now.matrix), NULL, err);
}

static Datum *run_verb(Bench *bench, const VerbLine *line, Error *err)
{
    Scope    scope = bench_scope(bench);
    Args    *args = verb_line_args(line, NULL, &scope, NULL, err);
    VerbCall call = {.bench = bench, .args = args, .scope = &scope, .seed = bench_seed(bench)};
    Datum   *value = args != NULL ? line->verb->run(&call, err) : NULL;
    args_free(args);
    return value;
}

/* Its numbers in a sentence: "rank 2 · exact 2 · tolerance 1.2e-14". */
static void say_numbers(Str *said, const Datum *value)
{
    for (Index i = 0; i < value->count; i++) {
        const Datum *member = value->items[i];
        if (member->kind != DATUM_NUMBER && member->kind != DATUM_YES) continue;
        str_addf(said, "%s%s ", said->len > 0 ? " · " : "", value->keys[i]);
        datum_show(said, member, 0, -1, false);
    }
}

static void show_result(MatrixLine *state, MatrixDesk *desk, const char *name, const Datum *value,
                        Str *said)
{
    Error        err = {0};
    const Datum *matrix = datum_member(value, "matrix");
    say_numbers(said, value);
    if (matrix == NULL || matrix->kind != DATUM_MATRIX) return;
    state->large = state->large || matrix_takes_long(matrix);
    if (!desk_put(desk, name, datum_hold(matrix), false, &err)) say_error(said, &err);
}

/* value is dropped; NULL: err says why. */
static void take_result(MatrixLine *state, MatrixDesk *desk, const VerbLine *line, Datum *value,
                        Error *err, Str *said)
{
    const char *name = line->name != NULL ? line->name : line->verb->command.name;
    if (value != NULL && bench_put(state->bench, name, datum_hold(value), NULL, err)) {
        show_result(state, desk, name, value, said);
    } else {
        say_error(said, err);
    }
    datum_drop(value);
}

static Datum *on_the_thread(void *self, const Cancel *cancel, Error *err)
{
    MatrixLine *state = self;
    (void)cancel; /* the verbs take a few seconds at most, and look at nothing */
    return run_verb(state->bench, state->computed, err);
}

/* Takes the line over. */
static void compute_apart(MatrixLine *state, const MatrixDesk *desk, VerbLine *line, Str *said)
{
    Error err = {0};
    if (state->job == NULL) {
        state->job = matrix_job_create(desk->lab, state->wake, state->context, &err);
    }
    state->computed = line;
    if (state->job != NULL && matrix_job_call(state->job, on_the_thread, state, &err)) return;
    verb_line_free(state->computed);
    state->computed = NULL;
    say_error(said, &err);
}

/* Takes the line over. */
static void compute(MatrixLine *state, MatrixDesk *desk, VerbLine *line, Str *said)
{
    Error err = {0};
    bool  ready = open_bench(state, desk, &err);
    state->large = state->large || matrix_takes_long(desk->now.matrix);
    if (ready && state->large) {
        compute_apart(state, desk, line, said);
        return;
    }
    Datum *value = ready ? run_verb(state->bench, line, &err) : NULL;
    take_result(state, desk, line, value, &err, said);
    verb_line_free(line);
}

bool matrix_line_busy(const MatrixLine *state)
{
    return state->computed != NULL;
}

const char *matrix_line_verb(const MatrixLine *state)
{
    return state->computed != NULL ? state->computed->verb->command.name : "";
}

bool matrix_line_turn(MatrixLine *state, MatrixDesk *desk, Str *said)
{
    MatrixDone done;
    if (state->job == NULL || !matrix_job_take(state->job, &done)) return false;
    take_result(state, desk, state->computed, done.matrix, &done.err, said);
    done.matrix = NULL;
    verb_line_free(state->computed);
    state->computed = NULL;
    matrix_done_free(&done);
    return true;
}

bool matrix_line_run(MatrixLine *state, MatrixDesk *desk, const char *text, Str *said)
{
    Error     err = {0};
    VerbLine *line = verb_line_parse(text, (Index)strlen(text), NULL, &err);
    if (line == NULL) {
        say_error(said, &err);
        return true;
    }
    bool looks = strcmp(line->verb->command.name, "spectrum") == 0;
    bool swept = line->axis_count > 0 || line->seeds > 0;
    bool mine = (looks || is_matrix_verb(line->verb->command.name)) && !swept;
    if (mine && !looks && matrix_line_busy(state)) {
        str_addf(said, tr("%s is still being computed"), matrix_line_verb(state));
    } else if (mine && !looks) {
        compute(state, desk, line, said);
        return true;
    } else if (mine) {
        look_at(desk, line, said);
    }
    verb_line_free(line);
    return mine;
}
