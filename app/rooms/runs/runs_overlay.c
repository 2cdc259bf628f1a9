/* From marked runs to one figure. */

#include "app/rooms/runs/runs_overlay.h"

#include <math.h>
#include <string.h>

enum { SETTINGS_MOST = 16, LABEL_SETTINGS = 3 };

/* ---- groups ----------------------------------------------------------------------------- */

/* -1: no memory to tell. */
static int differ_by_seed_only(const Run *a, const Run *b)
{
    Run         list[] = {*a, *b};
    RunSet      pair = {.list = list, .count = 2};
    const char *names[SETTINGS_MOST];
    Index       count = runs_differing(&pair, names, SETTINGS_MOST);
    if (count != 1) return count < 0 ? -1 : 0;
    return strcmp(names[0], "seed") == 0;
}

Index overlay_groups(const RunSet *runs, int *group, int most)
{
    Index count = 0;
    for (Index i = 0; i < runs->count && i < most; i++) {
        group[i] = -1;
        for (Index k = 0; k < i && group[i] < 0; k++) {
            int same = differ_by_seed_only(&runs->list[k], &runs->list[i]);
            if (same < 0) return -1;
            if (same > 0) group[i] = group[k];
        }
        if (group[i] < 0) group[i] = (int)count++;
    }
    return count;
}

/* ---- one run ---------------------------------------------------------------------------- */

Figure *single_figure(const Run *run, const RunFigureSpec *spec, Error *err)
{
    Run        list[] = {*run};
    RunSet     one = {.list = list, .count = 1};
    RunFigures figures = {0};
    Figure    *figure = NULL;
    if (run_figures(&figures, &one, spec, err) && figures.count > 0) {
        figure = figures.list[0];
        figures.list[0] = NULL; /* the caller's */
        for (Index i = 1; i < figures.count; i++) figure_free(figures.list[i]);
        figures.count = 0;
    }
    run_figures_free(&figures);
    return figure;
}

/* ---- the mean of a group ---------------------------------------------------------------- */

typedef struct Curves {
    Figure *of[OVERLAY_MOST * 4]; /* a figure with one series each, or NULL */
    int     count;
} Curves;

/* The value of a curve at this very step; NaN: none. Steps rise, so the search goes on from *at. */
static double value_at(const FigureSeries *series, double x, Index *at)
{
    while (*at < series->n && series->x[*at] < x) ++*at;
    return *at < series->n && series->x[*at] == x ? series->y[*at] : (double)NAN;
}

typedef struct Mean {
    double *x, *y, *low, *high;
    Index   n;
} Mean;

static bool mean_init(Mean *mean, Index n, Error *err)
{
    *mean = (Mean){.x = mem_alloc(mem_program(), MEM_TEXT, 4 * n + 1, sizeof(double), err)};
    mean->y = mean->x + n;
    mean->low = mean->y + n;
    mean->high = mean->low + n;
    return mean->x != NULL;
}

/* At the steps that all of them have. */
static void take_mean(Mean *mean, const Curves *curves)
{
    const FigureSeries *first = &curves->of[0]->series[0];
    Index               at[OVERLAY_MOST * 4] = {0};
    for (Index i = 0; i < first->n; i++) {
        double sum = 0, low = (double)INFINITY, high = -(double)INFINITY, x = first->x[i];
        for (int k = 0; k < curves->count; k++) {
            double y = value_at(&curves->of[k]->series[0], x, &at[k]);
            sum += y;
            low = fmin(low, y);
            high = fmax(high, y);
        }
        if (isnan(sum)) continue;
        mean->x[mean->n] = x;
        mean->y[mean->n] = sum / curves->count;
        mean->low[mean->n] = low;
        mean->high[mean->n++] = high;
    }
}

static bool add_mean(Figure *figure, const Curves *curves, const char *label, Error *err)
{
    Mean mean;
    if (!mean_init(&mean, curves->of[0]->series[0].n, err)) return false;
    take_mean(&mean, curves);
    if (mean.n > 0) {
        Index series = figure_series(figure, label, mean.x, mean.y, mean.n);
        if (series >= 0 && curves->count > 1) figure_band(figure, series, mean.low, mean.high);
    }
    mem_free(mean.x);
    return true;
}

/* ---- all of them ------------------------------------------------------------------------ */

/* The first run of each group; its label must tell it from the other groups. */
static Index firsts(const RunSet *runs, const int *group, Index groups, Run *list)
{
    for (Index g = 0, i = 0; g < groups; g++) {
        while (group[i] != (int)g) i++;
        list[g] = runs->list[i];
    }
    return groups;
}

/* What people ask for first; its seed and how long a run was tell least. */
static int weight_of(const char *name)
{
    static const char *const first[] = {
        "data",           "method",           "r", "lora_alpha", "learning_rate",
        "target_modules", "init_lora_weights"};
    for (int i = 0; i < (int)(sizeof first / sizeof *first); i++) {
        if (strcmp(name, first[i]) == 0) return i;
    }
    if (strcmp(name, "seed") == 0) return 98;
    return strcmp(name, "max_steps") == 0 || strcmp(name, "num_train_epochs") == 0 ? 99 : 50;
}

void runs_sort_settings(const char **names, Index count)
{
    for (Index i = 1; i < count; i++) {
        const char *name = names[i];
        Index       k = i;
        for (; k > 0 && weight_of(names[k - 1]) > weight_of(name); k--) names[k] = names[k - 1];
        names[k] = name;
    }
}

/* Curves of several seeds: their seed tells nothing. */
static Index drop_seed(const char **names, Index count)
{
    Index kept = 0;
    for (Index k = 0; k < count; k++) {
        if (strcmp(names[k], "seed") != 0) names[kept++] = names[k];
    }
    return kept;
}

static void describe(Str *out, const Run *run, const char *const *names, Index count)
{
    Str value = {0};
    for (Index k = 0; k < count; k++) {
        str_clear(&value);
        run_setting(&value, run, names[k]);
        if (value.len == 0) continue;
        str_addf(out, "%s%s=%s", out->len > 0 ? " " : "", names[k], str_text(&value));
    }
    out->failed = out->failed || value.failed;
    str_free(&value);
}

static bool is_only(const RunSet *reps, Index g, const char *const *names, Index used)
{
    Str  mine = {0}, other = {0};
    bool only = true;
    describe(&mine, &reps->list[g], names, used);
    for (Index i = 0; i < reps->count && only; i++) {
        if (i == g) continue;
        str_clear(&other);
        describe(&other, &reps->list[i], names, used);
        only = strcmp(str_text(&mine), str_text(&other)) != 0;
    }
    str_free(&mine);
    str_free(&other);
    return only;
}

/* "r=8", "r=4, 3 seeds": as few settings as tell this one from the others, so that what sets one
 * run apart does not lengthen the labels of all. A run that no setting tells apart has its name. */
static void add_label(Str *out, const RunSet *reps, Index g, int seeds, bool pooled)
{
    const char *names[SETTINGS_MOST];
    Index       count = runs_differing(reps, names, SETTINGS_MOST), used = 1;
    if (pooled) count = drop_seed(names, count);
    runs_sort_settings(names, count);
    if (count > LABEL_SETTINGS) count = LABEL_SETTINGS;
    while (used < count && !is_only(reps, g, names, used)) used++;
    if (used > count) used = count > 0 ? count : 0;
    describe(out, &reps->list[g], names, used);
    bool named = out->len == 0 || (reps->count > 1 && !is_only(reps, g, names, used));
    if (named && seeds <= 1) {
        str_addf(out, "%s%s", out->len > 0 ? ", " : "", reps->list[g].name);
    }
    if (seeds > 1) str_addf(out, tr("%s%d seeds"), out->len > 0 ? ", " : "", seeds);
}

static bool add_group(Figure **all, const RunSet *runs, const int *group, const RunSet *reps,
                      Index g, const RunFigureSpec *spec, Error *err)
{
    Curves curves = {0};
    Str    label = {0};
    bool   ok = true;
    for (Index i = 0; i < runs->count && ok; i++) {
        if (group[i] != (int)g || curves.count == OVERLAY_MOST * 4) continue;
        Error   why = {0};
        Figure *figure = single_figure(&runs->list[i], spec, &why);
        if (figure != NULL) curves.of[curves.count++] = figure;
        ok = why.code == ERR_NONE || error_set(err, why.code, "%s", why.message);
    }
    if (ok && curves.count > 0 && *all == NULL) {
        const Figure *like = curves.of[0];
        *all = figure_create(FIGURE_LINE, NULL, err);
        ok = *all != NULL;
        if (ok) figure_axis(*all, 'x', like->x.title, like->x.unit, false);
        if (ok) figure_axis(*all, 'y', like->y.title, like->y.unit, spec->log_y);
    }
    add_label(&label, reps, g, curves.count, reps->count < runs->count);
    ok = ok && str_ok(&label, err) &&
         (curves.count == 0 || add_mean(*all, &curves, str_text(&label), err));
    for (int k = 0; k < curves.count; k++) figure_free(curves.of[k]);
    str_free(&label);
    return ok;
}

Figure *overlay_figure(const RunSet *runs, const RunFigureSpec *spec, Error *err)
{
    int           group[OVERLAY_MOST * 4];
    Run           list[OVERLAY_MOST * 4];
    RunSet        some = {.list = runs->list, .count = runs->count};
    RunFigureSpec whole = *spec;
    Figure       *figure = NULL;

    if (some.count > OVERLAY_MOST * 4) some.count = OVERLAY_MOST * 4;
    whole.buckets = 0; /* thinned after the mean, so that steps still meet */
    Index groups = overlay_groups(&some, group, OVERLAY_MOST * 4);
    if (groups < 0) {
        error_set(err, ERR_MEMORY, tr("out of memory while comparing runs"));
        return NULL;
    }
    RunSet reps = {.list = list, .count = firsts(&some, group, groups, list)};
    bool   ok = true;
    for (Index g = 0; ok && g < groups; g++) {
        ok = add_group(&figure, &some, group, &reps, g, &whole, err);
    }
    ok = ok && figure != NULL && figure_ok(figure, err) &&
         (spec->buckets <= 0 || figure_thin(figure, spec->buckets, err));
    if (ok) return figure;
    figure_free(figure);
    return NULL;
}
