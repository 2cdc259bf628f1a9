/* From what was heard to figures. */

#include <math.h>
#include <string.h>

#include "app/rooms/workbench/workbench.h"
#include "core/lab/train_settings.h"

enum { SMOOTH_STEPS = 10, BUCKETS = 120 };

SlotChoice workbench_slot(int slot)
{
    static const SlotChoice choices[BENCH_SLOTS] = {
        {CHART_NORM, NORM_BA, false},   {CHART_NORM, NORM_B, false},
        {CHART_NORM, NORM_A, false},    {CHART_GRADIENT, NORM_BA, false},
        {CHART_TOTAL, NORM_BA, false},  {CHART_RATE, NORM_BA, false},
        {CHART_MEMORY, NORM_BA, false}, {CHART_NORM, NORM_BA, true}};
    return choices[slot % BENCH_SLOTS];
}

/* ---- loss ---- */

/* The mean of the last so many points; the figure's words say so. */
static void smooth(double *y, Index n, Index window)
{
    for (Index i = n - 1; i >= 0; i--) {
        Index  first = i - window + 1 > 0 ? i - window + 1 : 0;
        double sum = 0;
        for (Index k = first; k <= i; k++) sum += y[k];
        y[i] = sum / (double)(i - first + 1);
    }
}

static void add_curve(const Workbench *bench, Figure *figure, const char *label, const double *x,
                      const double *y, Index n)
{
    double copy[RECORD_STEPS];
    memcpy(copy, y, (size_t)n * sizeof *copy);
    if (bench->smooth) smooth(copy, n, SMOOTH_STEPS);
    if (n > 0) figure_series(figure, label, x, copy, n);
}

/* The present run comes first, so that its marks stay the same, and lies over the older ones. */
static void bring_to_front(Figure *figure)
{
    for (Index i = 0; i < figure->count; i++) figure->series[i].front = true;
}

/* The axis has the run's length from the beginning, so that a curve grows towards its end. */
static void whole_run(const Workbench *bench, Figure *figure)
{
    double last = (double)bench->look.record.total;
    for (int i = 0; i < bench->older_count; i++) {
        const BenchCurve *curve = &bench->older[i]->loss;
        if (curve->count > 0) last = fmax(last, curve->x[curve->count - 1]);
    }
    if (last <= 0) return;
    figure->x.fixed = true;
    figure->x.lo = 0;
    figure->x.hi = last;
}

static Figure *loss_figure(const Workbench *bench)
{
    const RecordSteps *s = &bench->look.record.steps;
    const RecordEvals *e = &bench->look.record.evals;
    bool               others = bench->older_count > 0;
    Str                title = {0}, label = {0};

    str_add(&title, tr("loss"));
    if (bench->smooth && s->stride > 1) {
        str_addf(&title, tr(": training as the mean of %td steps"), SMOOTH_STEPS * s->stride);
    } else if (bench->smooth || s->stride > 1) {
        Index steps = bench->smooth ? SMOOTH_STEPS : s->stride;
        str_addf(&title, tr(": training as the mean of %td steps"), steps);
    }
    Figure *figure = figure_create(FIGURE_LINE, str_text(&title), NULL);
    str_free(&title);
    if (figure == NULL) return NULL;
    figure_axis(figure, 'x', tr("step"), NULL, false);
    figure_axis(figure, 'y', NULL, tr("nats/token"), !bench->linear);
    whole_run(bench, figure);
    str_addf(&label, "%s%s%s", tr("train"), others ? " " : "", others ? bench->label : "");
    add_curve(bench, figure, str_text(&label), s->x, s->loss, s->count);
    if (e->count > 0) figure_series(figure, tr("held out"), e->x, e->loss, e->count);
    bring_to_front(figure);
    for (int i = 0; i < bench->older_count; i++) {
        const OlderRun *run = bench->older[i];
        add_curve(bench, figure, run->label, run->loss.x, run->loss.y, run->loss.count);
    }
    str_free(&label);
    return figure;
}

/* ---- one curve; several by kind of module ---- */

/* From 0 to the rate that was asked for, so that the first steps of a warm-up lie at its foot. */
static Figure *rate_figure(const Workbench *bench)
{
    const TrainRecord *record = &bench->look.record;
    TrainSettings      settings;
    Error              err = {0};
    Figure            *figure = figure_create(FIGURE_LINE, tr("learning rate"), NULL);
    if (figure == NULL) return NULL;
    figure_axis(figure, 'x', tr("step"), NULL, false);
    figure_series(figure, tr("learning rate"), record->steps.x, record->steps.rate,
                  record->steps.count);
    whole_run(bench, figure);
    for (Index i = 0; i < record->steps.count; i++) {
        figure->y.hi = fmax(figure->y.hi, record->steps.rate[i]);
    }
    if (train_settings_from(bench->args, &settings, &err)) {
        figure->y.hi = fmax(figure->y.hi, settings.learning_rate);
    }
    figure->y.fixed = figure->y.hi > 0;
    return figure;
}

static Figure *total_figure(const Workbench *bench, const TrainRecord *record, bool log)
{
    Str title = {0};
    str_add(&title, tr("gradient norm before clipping"));
    if (bench->smooth) {
        str_addf(&title, tr(", mean of %td steps"), SMOOTH_STEPS * record->steps.stride);
    }
    Figure *figure = figure_create(FIGURE_LINE, str_text(&title), NULL);
    str_free(&title);
    if (figure == NULL) return NULL;
    figure_axis(figure, 'x', tr("step"), NULL, false);
    figure_axis(figure, 'y', NULL, NULL, log);
    whole_run(bench, figure);
    add_curve(bench, figure, figure->title, record->steps.x, record->steps.gradient,
              record->steps.count);
    return figure;
}

/* Seven gradients as they are, one over the other, are a tangle in which nothing can be followed:
 * always the mean of some points, of more with S. The title says of how many steps. */
static Index norm_window(const Workbench *bench, RecordNorm norm)
{
    if (norm != NORM_GRADIENT) return 1;
    return bench->smooth ? 2 * SMOOTH_STEPS : SMOOTH_STEPS / 2;
}

static void norm_title(Str *out, const TrainRecord *record, RecordNorm norm, Index window)
{
    const char *const titles[NORM_COUNT] = {[NORM_GRADIENT] = tr("gradient norm by kind of module"),
                                            [NORM_A] = tr("norm of A"),
                                            [NORM_B] = tr("norm of B"),
                                            [NORM_BA] = tr("norm of the change, scale × B A")};
    double            last = record->norm_count > 1 ? record->norm_x[record->norm_count - 1] : 0;
    if (window > 1 && last > 0) {
        double apart = (last - record->norm_x[0]) / (double)(record->norm_count - 1);
        str_addf(out, tr("gradient norm by kind, mean of %.0f steps"), (double)window * apart);
    } else {
        str_add(out, titles[norm]);
    }
}

static Figure *norm_figure(const Workbench *bench, RecordNorm norm, bool log)
{
    const TrainRecord *record = &bench->look.record;
    Index              window = norm_window(bench, norm);
    double             y[RECORD_NORMS];
    Str                title = {0};
    if (record->norm_count == 0) return NULL;
    norm_title(&title, record, norm, window);
    Figure *figure = figure_create(FIGURE_LINE, str_text(&title), NULL);
    str_free(&title);
    if (figure == NULL) return NULL;
    figure_axis(figure, 'x', tr("step"), NULL, false);
    figure_axis(figure, 'y', NULL, NULL, log);
    for (Index k = 0; k < record->kind_count && k < 8; k++) {
        const RecordKind *kind = &record->kinds[k];
        memcpy(y, kind->norm[norm], (size_t)record->norm_count * sizeof *y);
        smooth(y, record->norm_count, window);
        figure_series(figure, kind->name, record->norm_x, y, record->norm_count);
    }
    return figure;
}

/* ---- memory within one step ---- */

enum { SEEN_PER_MILLE = 5 }; /* what has less of the peak is not seen beside the others */

static double bytes_at(const SessionLook *look, Index moment, int purpose)
{
    double base = purpose == MEM_WEIGHTS ? (double)look->weights : 0;
    return (double)look->record.moments[moment].bytes[purpose] + base;
}

static double most_bytes(const SessionLook *look, int purpose)
{
    double most = 0;
    for (Index i = 0; i < look->record.moment_count; i++) {
        most = fmax(most, bytes_at(look, i, purpose));
    }
    return most;
}

/* Purposes that can be seen, the largest first; returns how many. The rest are `*rest` of them. */
static int rank_purposes(const SessionLook *look, int order[MEM_PURPOSE_COUNT], int *rest)
{
    double most[MEM_PURPOSE_COUNT], all = 0;
    int    count = 0, seen = 0;
    for (int p = 0; p < MEM_PURPOSE_COUNT; p++) {
        most[p] = most_bytes(look, p);
        all += most[p];
        if (!(most[p] > 0)) continue;
        int at = count++;
        for (; at > 0 && most[order[at - 1]] < most[p]; at--) order[at] = order[at - 1];
        order[at] = p;
    }
    while (seen < count && most[order[seen]] * 1000 >= all * SEEN_PER_MILLE) seen++;
    *rest = count - seen;
    return seen;
}

/* The bytes of these purposes together. */
static void add_purposes(Figure *figure, const SessionLook *look, const char *name,
                         const int *purposes, int count)
{
    double y[RECORD_MOMENTS];
    Index  n = look->record.moment_count;
    for (Index i = 0; i < n; i++) {
        y[i] = 0;
        for (int k = 0; k < count; k++) y[i] += bytes_at(look, i, purposes[k]);
    }
    figure_series(figure, name, NULL, y, n);
}

/* The largest on top, where the names begin. */
static Figure *memory_figure(const SessionLook *look)
{
    const TrainRecord *r = &look->record;
    int                order[MEM_PURPOSE_COUNT], rest;
    Str                title = {0};

    if (r->moment_count == 0) return NULL;
    str_addf(&title, tr("bytes in use within step %td"), r->moment_step);
    Figure *figure = figure_create(FIGURE_STACK, str_text(&title), NULL);
    str_free(&title);
    if (figure == NULL) return NULL;
    figure_axis(figure, 'x', tr("moment: forward, backward, optimizer"), NULL, false);
    figure_axis(figure, 'y', NULL, "bytes", false);
    int seen = rank_purposes(look, order, &rest);
    if (rest > 0) add_purposes(figure, look, tr("other"), order + seen, rest);
    for (int k = seen - 1; k >= 0; k--) {
        add_purposes(figure, look, mem_purpose_name((MemPurpose)order[k]), &order[k], 1);
    }
    return figure;
}

/* ---- all ---- */

void workbench_figures_free(Workbench *bench)
{
    for (int c = 0; c < BENCH_CHARTS; c++) {
        figure_free(bench->figures[c]);
        bench->figures[c] = NULL;
    }
}

void workbench_figures(Workbench *bench)
{
    const TrainRecord *record = &bench->look.record;
    bool               any = record->steps.count > 0;

    if (!bench->figures_old) return;
    bench->figures_old = false;
    workbench_figures_free(bench);
    if (any || bench->older_count > 0) bench->figures[CHART_LOSS] = loss_figure(bench);
    if (any) bench->figures[CHART_RATE] = rate_figure(bench);
    if (any) bench->figures[CHART_TOTAL] = total_figure(bench, record, !bench->linear);
    bench->figures[CHART_GRADIENT] = norm_figure(bench, NORM_GRADIENT, !bench->linear);
    bench->figures[CHART_NORM] = norm_figure(bench, workbench_slot(bench->slot).norm, false);
    bench->figures[CHART_MEMORY] = memory_figure(&bench->look);
    for (int c = 0; c < BENCH_CHARTS; c++) {
        Figure *figure = bench->figures[c];
        if (figure == NULL) continue;
        if (!figure_ok(figure, NULL) || !figure_thin(figure, BUCKETS, NULL)) {
            figure_free(figure);
            bench->figures[c] = NULL;
        }
    }
}

/* ---- numbers of every module ---- */

/* "model.layers.0.self_attn.q_proj" -> "0 q_proj": what tells it from the others. */
static void short_name(char *to, Index size, const char *name)
{
    const char *layers = strstr(name, "layers."), *dot = strrchr(name, '.');
    Str         text = {0};
    if (layers != NULL) {
        layers += strlen("layers.");
        str_add_bytes(&text, layers, (Index)strspn(layers, "0123456789"));
        str_add(&text, " ");
    }
    str_add(&text, dot != NULL ? dot + 1 : name);
    record_text(to, size, str_text(&text));
    str_free(&text);
}

int workbench_modules(Workbench *bench)
{
    const TrainRecord *record = &bench->look.record;
    for (Index i = 0; i < record->module_count; i++) {
        const RecordModule *from = &record->modules[i];
        BenchModule        *to = &bench->modules[i];
        short_name(to->name, sizeof to->name, from->name);
        to->gradient = from->norm[NORM_GRADIENT];
        to->a = from->norm[NORM_A];
        to->b = from->norm[NORM_B];
        to->change = from->norm[NORM_BA];
    }
    return (int)record->module_count;
}
