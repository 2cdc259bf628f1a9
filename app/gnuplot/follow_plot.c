/*
 * `plot --follow`: read the logs again as they grow, by whomever, until each has its last line.
 *
 *     a window        the newest figure, whenever gnuplot is ready for one
 *     a terminal      a chart drawn over the one before
 *     anything else   a line every so many steps, and the chart once at the end
 *
 * Whatever happens to gnuplot, the following goes on as text.
 */

#define _DEFAULT_SOURCE /* flock */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/gnuplot/gnuplot.h"
#include "app/gnuplot/show_plot.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#define LOOK_MILLISECONDS 200
#define SHARE 4.0         /* reading and drawing take at most one part in so many of the time */
#define STILL_SECONDS 5.0 /* without a new line: is anybody writing? */
#define LINES_A_RUN 20    /* on a pipe */

/* What of a run's log has been seen. */
typedef struct Seen {
    off_t  size;
    double changed; /* when it grew last */
    Index  step, eval_step;
    bool   left; /* nobody writes it, and it has no end */
} Seen;

typedef struct Follow {
    PlotJob *job;
    Seen    *seen; /* [runs] */
    Gnuplot *gnuplot;
    bool     terminal;  /* redraw in place */
    int      drawn;     /* lines of the chart on the terminal */
    double   not_until; /* when it may be read again */
} Follow;

/* ---- the logs ---- */

static bool has_ended(const Follow *f, Index i)
{
    return f->job->runs.list[i].data->end[0] != '\0' || f->seen[i].left;
}

static bool all_ended(const Follow *f)
{
    for (Index i = 0; i < f->job->runs.count; i++) {
        if (!has_ended(f, i)) return false;
    }
    return true;
}

/* A run holds the lock of its folder for as long as it lives. */
static bool is_written(const char *log)
{
    Str   path = {0};
    Index folder = (Index)(path_base(log) - log);

    str_add_bytes(&path, log, folder);
    str_add(&path, ".lock");
    int fd = path.failed ? -1 : open(path.data, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    str_free(&path);
    if (fd < 0) return true; /* it cannot be told */
    bool locked = flock(fd, LOCK_SH | LOCK_NB) != 0;
    close(fd);
    return locked;
}

static void check_writer(Follow *f, Index i)
{
    Seen *seen = &f->seen[i];
    if (clock_seconds() - seen->changed < STILL_SECONDS) return;
    seen->changed = clock_seconds();
    if (is_written(f->job->runs.list[i].log)) return;
    seen->left = true;
    Str name = {0};
    safe_name(&name, f->job->runs.list[i].name);
    fprintf(stderr, tr("%s was left without an end: nobody writes its log\n"), str_text(&name));
    str_free(&name);
}

/* Reads what grew; *news when anything did. */
static bool look(Follow *f, bool *news, Error *err)
{
    double begin = clock_seconds();
    *news = false;
    if (begin < f->not_until) return true;
    for (Index i = 0; i < f->job->runs.count; i++) {
        Run        *run = &f->job->runs.list[i];
        struct stat stat_now = {0};
        if (has_ended(f, i)) continue;
        if (stat(run->log, &stat_now) == 0 && stat_now.st_size == f->seen[i].size) {
            check_writer(f, i);
            continue;
        }
        if (!run_reload(run, err)) return false;
        f->seen[i].size = stat_now.st_size;
        f->seen[i].changed = begin;
        *news = true;
    }
    return true;
}

/* ---- text ---- */

static Index interval_of(const Run *run)
{
    const JsonNode *start = run->start != NULL ? json_root(run->start) : NULL;
    int64_t         steps = json_integer(json_get(start, "steps"));
    return steps > LINES_A_RUN ? (Index)(steps / LINES_A_RUN) : steps > 0 ? 1 : 50;
}

static void step_line(const Follow *f, const char *label, const RunStep *step)
{
    unsigned what = f->job->spec.what;
    printf("%sstep %td", label, step->step);
    if ((what & (RUN_LOSS | RUN_EVAL)) != 0) printf("  loss %.4f", step->loss);
    if ((what & RUN_RATE) != 0) printf("  learning_rate %.3g", step->learning_rate);
    if ((what & RUN_GRAD_NORM) != 0) printf("  grad_norm %.3g", step->grad_norm);
    printf("\n");
}

static void eval_line(const Follow *f, const char *label, const RunEval *eval)
{
    if ((f->job->spec.what & RUN_EVAL) == 0) return;
    printf(tr("%sstep %td  held-out loss %.4f\n"), label, eval->step, eval->loss);
}

/* What is new, in the order of steps: a measurement after the step that it follows. */
static void run_lines(Follow *f, Index i, const char *label)
{
    const Run     *run = &f->job->runs.list[i];
    const RunData *data = run->data;
    Seen          *seen = &f->seen[i];
    Index          interval = interval_of(run), s = 0, e = 0;

    while (s < data->step_count || e < data->eval_count) {
        bool eval = e < data->eval_count &&
                    (s == data->step_count || data->evals[e].step < data->steps[s].step);
        Index  step = eval ? data->evals[e].step : data->steps[s].step;
        Index *last = eval ? &seen->eval_step : &seen->step;
        bool   fresh = step > *last;
        if (fresh) *last = step;
        if (fresh && eval) eval_line(f, label, &data->evals[e]);
        if (fresh && !eval && step % interval == 0) step_line(f, label, &data->steps[s]);
        e += eval;
        s += !eval;
    }
}

static void print_lines(Follow *f)
{
    for (Index i = 0; i < f->job->runs.count; i++) {
        Str name = {0}, label = {0};
        if (f->job->runs.count > 1) {
            runs_label(&name, &f->job->runs, i);
            safe_name(&label, str_text(&name));
            str_add(&label, ": ");
        }
        run_lines(f, i, str_text(&label));
        str_free(&name);
        str_free(&label);
    }
    fflush(stdout);
}

/* Over the chart before: up by its lines, each line cleared behind what is new. */
static void print_chart(Follow *f, const Str *text, bool in_place)
{
    if (in_place && f->drawn > 0) printf("\033[%dA\r", f->drawn);
    f->drawn = 0;
    for (const char *line = str_text(text); *line != '\0';) {
        int n = (int)strcspn(line, "\n");
        printf("%.*s%s\n", n, line, in_place ? "\033[K" : "");
        f->drawn++;
        line += n + (line[n] == '\n');
    }
    fflush(stdout);
}

static bool draw_text(Follow *f, const RunFigures *figures, Error *err)
{
    Str  text = {0};
    bool ok = true;
    for (Index i = 0; ok && i < figures->count; i++) {
        if (i > 0) str_add(&text, "\n");
        ok = plot_text(&text, f->job, figures->list[i], err);
    }
    ok = ok && str_ok(&text, err);
    if (ok) print_chart(f, &text, f->terminal);
    str_free(&text);
    return ok;
}

/* ---- the window ---- */

static void say(const char *sentence)
{
    Str safe = {0};
    safe_text(&safe, sentence, (Index)strlen(sentence), false, 0);
    fprintf(stderr, "%s\n", str_text(&safe));
    str_free(&safe);
}

static void window_is_gone(Follow *f)
{
    say(tr("going on as text"));
    gnuplot_stop(f->gnuplot);
    f->gnuplot = NULL;
}

static void window_turn(Follow *f)
{
    if (f->gnuplot == NULL) return;
    gnuplot_turn(f->gnuplot);
    const char *news = gnuplot_news(f->gnuplot);
    if (news != NULL) say(news);
    if (!gnuplot_alive(f->gnuplot)) window_is_gone(f);
}

static bool window_open(Follow *f)
{
    Error why = {0};
    f->gnuplot = gnuplot_start("window", &why);
    if (f->gnuplot != NULL) return true;
    say(why.message);
    say(tr("going on as text"));
    return false;
}

/* ---- the loop ---- */

static bool show(Follow *f, bool last, Error *err)
{
    RunFigures figures = {0};
    double     begin = clock_seconds();
    bool       ok = run_figures(&figures, &f->job->runs, &f->job->spec, err);

    if (ok && figures.count > 0 && f->gnuplot != NULL) {
        gnuplot_show(f->gnuplot, figures.list[0], PLOT_WIDTH, PLOT_HEIGHT, NULL);
    }
    if (ok && f->gnuplot == NULL && !f->terminal) print_lines(f);
    bool charts = last || (f->terminal && f->gnuplot == NULL);
    if (ok && charts && figures.count > 0) ok = draw_text(f, &figures, err);
    run_figures_free(&figures);
    double now = clock_seconds();
    f->not_until = now + (SHARE - 1) * (now - begin);
    return ok;
}

static void wait_a_little(const Follow *f)
{
    struct pollfd fds[2] = {{.fd = -1, .events = POLLIN}, {.fd = -1, .events = POLLOUT}};
    if (f->gnuplot != NULL) gnuplot_poll_fds(f->gnuplot, &fds[0].fd, &fds[1].fd);
    poll(fds, 2, f->gnuplot != NULL ? LOOK_MILLISECONDS / 2 : LOOK_MILLISECONDS);
}

static bool follow(Follow *f, Error *err)
{
    bool news = true;
    if (!show(f, false, err)) return false;
    while (!all_ended(f) && !cancel_requested(f->job->cancel) && ferror(stdout) == 0) {
        wait_a_little(f);
        window_turn(f);
        if (!look(f, &news, err)) return false;
        if (news && !show(f, false, err)) return false;
    }
    /* The last picture may be on its way; the chart in text stays when the window goes. */
    Error late = {0};
    if (f->gnuplot != NULL && !gnuplot_finish(f->gnuplot, 0.3, &late)) say(late.message);
    if (!show(f, true, err)) return false;
    return ferror(stdout) == 0 || error_set(err, ERR_DISK, "writing to standard output failed");
}

bool follow_plot(PlotJob *job, Error *err)
{
    const char *term = getenv("TERM");
    Follow      f = {.job = job};

    f.terminal = isatty(STDOUT_FILENO) == 1 && term != NULL && strcmp(term, "dumb") != 0;
    f.seen = mem_alloc(mem_program(), MEM_TEXT, job->runs.count, sizeof *f.seen, err);
    if (f.seen == NULL) return false;
    for (Index i = 0; i < job->runs.count; i++) {
        f.seen[i] = (Seen){.size = -1, .changed = clock_seconds(), .eval_step = -1};
    }
    if (job->format == PLOT_WINDOW && !window_open(&f)) job->format = PLOT_TEXT;
    bool ok = follow(&f, err);
    gnuplot_stop(f.gnuplot);
    mem_free(f.seen);
    return ok;
}
