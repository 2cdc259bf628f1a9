/* Losses as they come, to a window or to a chart at the end. */

#include "app/gnuplot/live_plot.h"

#include <stdio.h>
#include <unistd.h>

#include "app/gnuplot/gnuplot_internal.h"
#include "app/gnuplot/show_plot.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#define RENEW_SECONDS 0.2
#define SHARE 50.0 /* making pictures takes at most one part in so many of the time */
#define BUCKETS 500

typedef struct Curve {
    double *x, *y;
    Index   count, cap;
} Curve;

struct LivePlot {
    const Sink *next;
    Curve       train, held_out;
    Gnuplot    *losses, *parameters; /* windows; NULL: none */
    Figure     *counts;              /* of parameters */
    double      not_until;           /* of the next picture */
    Error       failed;              /* memory: the picture is no reason to stop a training */
};

LivePlot *live_plot_create(const Sink *next, Error *err)
{
    LivePlot *live = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *live, err);
    if (live != NULL) live->next = next;
    return live;
}

/* ---- collecting ---- */

static void add_point(LivePlot *live, Curve *curve, Index step, double value)
{
    if (curve->count == curve->cap) {
        Index   cap = curve->cap == 0 ? 256 : 2 * curve->cap;
        double *x = mem_resize(curve->x, mem_program(), MEM_TEXT, cap, sizeof *x, &live->failed);
        if (x != NULL) curve->x = x;
        double *y =
            x != NULL ? mem_resize(curve->y, mem_program(), MEM_TEXT, cap, sizeof *y, &live->failed)
                      : NULL;
        if (y == NULL) return;
        curve->y = y;
        curve->cap = cap;
    }
    curve->x[curve->count] = (double)step;
    curve->y[curve->count++] = value;
}

static Figure *make_figure(LivePlot *live)
{
    Error  *err = &live->failed;
    Figure *figure = figure_create(FIGURE_LINE, tr("loss"), err);
    if (figure == NULL) return NULL;
    figure_axis(figure, 'x', tr("step"), NULL, false);
    figure_axis(figure, 'y', tr("loss"), tr("nats/token"), false);
    figure_series(figure, tr("train"), live->train.x, live->train.y, live->train.count);
    if (live->held_out.count > 0) {
        figure_series(figure, tr("held out"), live->held_out.x, live->held_out.y,
                      live->held_out.count);
    }
    if (figure_ok(figure, err) && figure_thin(figure, BUCKETS, err)) return figure;
    figure_free(figure);
    return NULL;
}

/* ---- windows ---- */

static void close_windows(LivePlot *live)
{
    gnuplot_stop(live->losses);
    gnuplot_stop(live->parameters);
    live->losses = live->parameters = NULL;
}

static Figure *read_counts(const Event *event, Error *err)
{
    Str     text = {0};
    Figure *figure = NULL;

    str_addf(&text, "{%s}", event->json);
    Json *json = str_ok(&text, err) ? json_parse(text.data, text.len, "start", err) : NULL;
    if (json != NULL) figure = run_parameters_figure(json_root(json), err);
    json_free(json);
    str_free(&text);
    return figure;
}

static void open_windows(LivePlot *live)
{
    Error why = {0};
    if (!gnuplot_has_display()) {
        sink_note(live->next, "no window: DISPLAY is not set; the loss is drawn at the end");
        return;
    }
    live->losses = gnuplot_start("window", &why);
    if (live->losses == NULL) {
        sink_note(live->next, "%s; the loss is drawn at the end", why.message);
        return;
    }
    if (live->counts == NULL) return;
    live->parameters = gnuplot_start("window", &why);
    if (live->parameters != NULL) {
        gnuplot_show(live->parameters, live->counts, PLOT_WIDTH, PLOT_HEIGHT, NULL);
    }
}

static void turn(LivePlot *live)
{
    if (live->parameters != NULL) {
        gnuplot_turn(live->parameters);
        if (!gnuplot_alive(live->parameters)) {
            gnuplot_stop(live->parameters);
            live->parameters = NULL;
        }
    }
    if (live->losses == NULL) return;
    gnuplot_turn(live->losses);
    const char *news = gnuplot_news(live->losses);
    bool        alive = gnuplot_alive(live->losses);
    if (news != NULL && alive) sink_note(live->next, "%s", news);
    if (alive) return;
    sink_note(live->next, "%s; the loss is drawn at the end",
              news != NULL ? news : "gnuplot ended");
    close_windows(live);
}

static void renew(LivePlot *live)
{
    double begin = clock_seconds();
    if (live->losses == NULL || begin < live->not_until) return;
    Figure *figure = make_figure(live);
    if (figure != NULL) gnuplot_show(live->losses, figure, PLOT_WIDTH, PLOT_HEIGHT, NULL);
    figure_free(figure);
    double now = clock_seconds(), pause = (SHARE - 1) * (now - begin);
    live->not_until = now + (pause > RENEW_SECONDS ? pause : RENEW_SECONDS);
}

void live_plot_event(void *context, const Event *event)
{
    LivePlot *live = context;

    sink_send(live->next, event);
    if (event->type == EVENT_START && event->json != NULL) {
        live->counts = read_counts(event, &live->failed);
        open_windows(live);
    }
    if (event->type == EVENT_STEP) add_point(live, &live->train, event->step, event->loss);
    if (event->type == EVENT_EVAL) add_point(live, &live->held_out, event->step, event->loss);
    renew(live);
    turn(live);
}

/* ---- the end ---- */

static void draw(const Figure *figure, Charset charset, int cols, Error *err)
{
    Str     text = {0};
    PlotJob job = {.rows = 20, .cols = cols, .charset = charset};
    if (figure != NULL && plot_text(&text, &job, figure, err)) {
        fprintf(stderr, "%s\n", str_text(&text));
    }
    str_free(&text);
}

void live_plot_end(LivePlot *live)
{
    if (live == NULL) return;
    int cols = show_columns(STDERR_FILENO);
    close_windows(live);
    if (live->train.count > 0) {
        Charset charset = plot_charset("auto");
        Figure *figure = make_figure(live);
        if (cols < 20 || cols > 200) cols = 80;
        draw(figure, charset, cols, &live->failed);
        draw(live->counts, charset, cols, &live->failed);
        figure_free(figure);
    }
    if (live->failed.code != ERR_NONE) fprintf(stderr, "--plot: %s\n", live->failed.message);
    figure_free(live->counts);
    mem_free(live->train.x);
    mem_free(live->train.y);
    mem_free(live->held_out.x);
    mem_free(live->held_out.y);
    mem_free(live);
}
