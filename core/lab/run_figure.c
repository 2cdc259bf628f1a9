/* From the numbers of run logs to figures. */

#include "core/lab/run_figure.h"

#include <math.h>
#include <string.h>

typedef struct What {
    const char *name;
    unsigned    bit;
} What;

static const What whats[] = {{"loss", RUN_LOSS},       {"eval", RUN_EVAL},
                             {"lr", RUN_RATE},         {"grad_norm", RUN_GRAD_NORM},
                             {"modules", RUN_MODULES}, {"memory", RUN_MEMORY}};

/* Points on their way into a figure. */
typedef struct Points {
    double *x, *y;
    Index   count, cap;
} Points;

unsigned run_what_of(const char *name)
{
    for (size_t i = 0; i < sizeof whats / sizeof *whats; i++) {
        if (str_same_name(whats[i].name, name)) return whats[i].bit;
    }
    return 0;
}

/* ---- points ---- */

static bool points_init(Points *points, Index cap, Error *err)
{
    points->count = 0;
    points->cap = cap;
    points->x = mem_alloc_raw(mem_program(), MEM_TEXT, cap, sizeof(double), err);
    points->y = mem_alloc_raw(mem_program(), MEM_TEXT, cap, sizeof(double), err);
    return points->x != NULL && points->y != NULL;
}

static void points_free(Points *points)
{
    mem_free(points->x);
    mem_free(points->y);
}

static void add_point(Points *points, Index step, double value)
{
    points->x[points->count] = (double)step;
    points->y[points->count++] = value;
}

/* The mean of the last `window` values. From the end backwards, so that each place still finds
 * the values before it; a mean with a missing value in it is missing. */
static void smooth(Points *points, Index window)
{
    for (Index i = points->count - 1; window > 1 && i >= 0; i--) {
        Index  first = i - window + 1 > 0 ? i - window + 1 : 0;
        double sum = 0;
        for (Index k = first; k <= i; k++) sum += points->y[k];
        points->y[i] = sum / (double)(i - first + 1);
    }
}

/* ---- one series of one run ---- */

static bool take_steps(Points *points, const RunData *data, unsigned what, Error *err)
{
    if (!points_init(points, data->step_count, err)) return false;
    for (Index i = 0; i < data->step_count; i++) {
        const RunStep *s = &data->steps[i];
        double         value = what == RUN_LOSS   ? s->loss
                               : what == RUN_RATE ? s->learning_rate
                                                  : s->grad_norm;
        add_point(points, s->step, value);
    }
    return true;
}

static bool take_evals(Points *points, const RunData *data, Error *err)
{
    if (!points_init(points, data->eval_count, err)) return false;
    for (Index i = 0; i < data->eval_count; i++) {
        add_point(points, data->evals[i].step, data->evals[i].loss);
    }
    return true;
}

static bool add_series(Figure *figure, const RunSet *runs, Index run, unsigned what,
                       const char *prefix, const RunFigureSpec *spec, Error *err)
{
    const RunData *data = runs->list[run].data;
    Points         points = {0};
    Str            label = {0};
    bool           ok =
        what == RUN_EVAL ? take_evals(&points, data, err) : take_steps(&points, data, what, err);

    if (prefix != NULL) str_add(&label, prefix);
    if (prefix != NULL && runs->count > 1) str_add(&label, ", ");
    if (prefix == NULL || runs->count > 1) runs_label(&label, runs, run);
    ok = ok && str_ok(&label, err);
    if (ok && points.count > 0) {
        if (what != RUN_EVAL) smooth(&points, spec->smooth);
        figure_series(figure, str_text(&label), points.x, points.y, points.count);
    }
    points_free(&points);
    str_free(&label);
    return ok;
}

/* ---- a list of figures ---- */

static Figure *add_figure(RunFigures *figures, FigureKind kind, const char *title, const char *what,
                          Error *err)
{
    if (figures->count == (Index)(sizeof figures->what / sizeof *figures->what)) {
        error_set(err, ERR_INPUT, "more than %td figures at once", figures->count);
        return NULL;
    }
    Figure **larger =
        mem_resize(figures->list, mem_program(), MEM_TEXT, figures->count + 1, sizeof *larger, err);
    if (larger == NULL) return NULL;
    figures->list = larger;
    Figure *figure = figure_create(kind, title, err);
    if (figure == NULL) return NULL;
    figures->what[figures->count] = what;
    figures->list[figures->count++] = figure;
    return figure;
}

static void drop_last(RunFigures *figures)
{
    figure_free(figures->list[--figures->count]);
}

void run_figures_free(RunFigures *figures)
{
    while (figures->count > 0) drop_last(figures);
    mem_free(figures->list);
    figures->list = NULL;
}

static bool finish(RunFigures *figures, Figure *figure, const RunFigureSpec *spec, Error *err)
{
    if (!figure_ok(figure, err)) return false;
    if (figure->count == 0) {
        drop_last(figures);
        return true;
    }
    return spec->buckets <= 0 || figure_thin(figure, spec->buckets, err);
}

static void name_title(Str *title, const char *quantity, const RunSet *runs)
{
    str_add(title, quantity);
    if (runs->count == 1) str_addf(title, tr(" of %s"), runs->list[0].name);
}

/* ---- the kinds ---- */

static bool losses(RunFigures *figures, const RunSet *runs, const RunFigureSpec *spec, Error *err)
{
    bool both = (spec->what & RUN_LOSS) != 0 && (spec->what & RUN_EVAL) != 0;
    Str  title = {0};

    name_title(&title, (spec->what & RUN_LOSS) != 0 ? tr("loss") : tr("loss on held-out data"),
               runs);
    Figure *figure = str_ok(&title, err)
                         ? add_figure(figures, FIGURE_LINE, str_text(&title), "loss", err)
                         : NULL;
    str_free(&title);
    if (figure == NULL) return false;
    figure_axis(figure, 'x', tr("step"), NULL, false);
    figure_axis(figure, 'y', tr("loss"), tr("nats/token"), spec->log_y);
    for (Index i = 0; i < runs->count; i++) {
        const char *train = both ? tr("train") : NULL, *held = both ? tr("held out") : NULL;
        if ((spec->what & RUN_LOSS) != 0 &&
            !add_series(figure, runs, i, RUN_LOSS, train, spec, err)) {
            return false;
        }
        if ((spec->what & RUN_EVAL) != 0 &&
            !add_series(figure, runs, i, RUN_EVAL, held, spec, err)) {
            return false;
        }
    }
    return finish(figures, figure, spec, err);
}

static bool one_a_step(RunFigures *figures, const RunSet *runs, unsigned what,
                       const RunFigureSpec *spec, Error *err)
{
    const char *quantity = what == RUN_RATE ? tr("learning rate") : tr("norm of the gradient");
    Str         title = {0};

    name_title(&title, quantity, runs);
    Figure *figure = str_ok(&title, err) ? add_figure(figures, FIGURE_LINE, str_text(&title),
                                                      what == RUN_RATE ? "lr" : "grad_norm", err)
                                         : NULL;
    str_free(&title);
    if (figure == NULL) return false;
    figure_axis(figure, 'x', tr("step"), NULL, false);
    figure_axis(figure, 'y', quantity, NULL, spec->log_y);
    for (Index i = 0; i < runs->count; i++) {
        if (!add_series(figure, runs, i, what, NULL, spec, err)) return false;
    }
    return finish(figures, figure, spec, err);
}

/* A series of one kind of module: its element in every "modules" line. */
static bool add_kind(Figure *figure, const RunData *data, const char *kind, Error *err)
{
    Points points = {0};
    bool   ok = points_init(&points, data->norm_count, err);
    for (Index i = 0; ok && i < data->norm_count; i++) {
        const RunNorm *norm = &data->norms[i];
        if (strcmp(norm->name, kind) == 0) add_point(&points, norm->step, norm->change);
    }
    if (ok) figure_series(figure, kind, points.x, points.y, points.count);
    points_free(&points);
    return ok;
}

static Figure *figure_of_run(RunFigures *figures, FigureKind kind, const char *quantity,
                             const char *what, const Run *run, Error *err)
{
    Str title = {0};
    str_addf(&title, tr("%s of %s"), quantity, run->name);
    Figure *figure =
        str_ok(&title, err) ? add_figure(figures, kind, str_text(&title), what, err) : NULL;
    str_free(&title);
    if (figure != NULL) figure_axis(figure, 'x', tr("step"), NULL, false);
    return figure;
}

static bool modules(RunFigures *figures, const Run *run, const RunFigureSpec *spec, Error *err)
{
    const RunData *data = run->data;
    Figure        *figure =
        figure_of_run(figures, FIGURE_LINE, tr("size of the change BA"), "modules", run, err);

    if (figure == NULL) return false;
    figure_axis(figure, 'y', tr("norm"), NULL, spec->log_y);
    for (Index i = 0; i < data->norm_count; i++) {
        bool seen = false;
        for (Index s = 0; s < figure->count; s++) {
            seen = seen || strcmp(figure->series[s].label, data->norms[i].name) == 0;
        }
        if (!seen && !add_kind(figure, data, data->norms[i].name, err)) return false;
        if (figure->failed) break;
    }
    return finish(figures, figure, spec, err);
}

static bool add_purpose(Figure *figure, const RunData *data, MemPurpose purpose, Error *err)
{
    Points  points = {0};
    int64_t most = 0;
    bool    ok = points_init(&points, data->memory_count, err);

    for (Index i = 0; ok && i < data->memory_count; i++) {
        int64_t bytes = data->memory[i].bytes[purpose];
        if (bytes > most) most = bytes;
        add_point(&points, data->memory[i].step, (double)bytes);
    }
    if (ok && most > 0) {
        figure_series(figure, mem_purpose_name(purpose), points.x, points.y, points.count);
    }
    points_free(&points);
    return ok;
}

static bool memory(RunFigures *figures, const Run *run, const RunFigureSpec *spec, Error *err)
{
    Figure *figure = figure_of_run(figures, FIGURE_STACK, tr("memory"), "memory", run, err);
    if (figure == NULL) return false;
    figure_axis(figure, 'y', tr("memory"), "bytes", false);
    for (int p = 0; p < MEM_PURPOSE_COUNT; p++) {
        if (!add_purpose(figure, run->data, (MemPurpose)p, err)) return false;
    }
    return finish(figures, figure, spec, err);
}

bool run_figures(RunFigures *figures, const RunSet *runs, const RunFigureSpec *spec, Error *err)
{
    unsigned what = spec->what;
    bool     ok = true;

    figures->list = NULL;
    figures->count = 0;
    if ((what & (RUN_LOSS | RUN_EVAL)) != 0) ok = losses(figures, runs, spec, err);
    if ((what & RUN_RATE) != 0) ok = ok && one_a_step(figures, runs, RUN_RATE, spec, err);
    if ((what & RUN_GRAD_NORM) != 0) ok = ok && one_a_step(figures, runs, RUN_GRAD_NORM, spec, err);
    for (Index i = 0; i < runs->count; i++) {
        if ((what & RUN_MODULES) != 0) ok = ok && modules(figures, &runs->list[i], spec, err);
        if ((what & RUN_MEMORY) != 0) ok = ok && memory(figures, &runs->list[i], spec, err);
    }
    return ok;
}

/* ---- parameters ---- */

Figure *run_parameters_figure(const JsonNode *start, Error *err)
{
    const JsonNode *list = json_get(start, "parameters");
    Index           count = json_count(list);
    Points          counts = {0}; /* x: trained, y: frozen */

    if (count == 0 || count > 1000) return NULL;
    Figure *figure = figure_create(FIGURE_BAR, tr("trained and frozen parameters"), err);
    bool    ok = figure != NULL && points_init(&counts, count, err);
    for (Index i = 0; ok && i < count; i++) {
        const JsonNode *kind = json_at(list, i);
        const char     *name = json_string(json_get(kind, "name"), NULL);
        figure_category(figure, name != NULL ? name : "");
        counts.x[i] = json_number(json_get(kind, "trained"));
        counts.y[i] = json_number(json_get(kind, "frozen"));
    }
    if (ok) {
        figure_axis(figure, 'y', tr("parameters"), NULL, false);
        figure_series(figure, tr("trained"), NULL, counts.x, count);
        figure_series(figure, tr("frozen"), NULL, counts.y, count);
    }
    points_free(&counts);
    if (ok && figure_ok(figure, err)) return figure;
    figure_free(figure);
    return NULL;
}
