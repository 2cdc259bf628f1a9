/* `plot`: curves of recorded runs, as text, SVG or CSV; the rest is handed to the program. */

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/lab/plot_job.h"

#define CHART_ROWS 20
#define CHART_COLUMNS 80
#define BUCKETS 500 /* of x: twice so many points are more than a window has columns */

static const char *const formats[] = {"text", "window", "svg", "png", "pdf", "csv"};

const char *plot_format_name(PlotFormat format)
{
    return formats[format];
}

Charset plot_charset(const char *name)
{
    if (strcmp(name, "braille") == 0) return CHARSET_BRAILLE;
    if (strcmp(name, "block") == 0) return CHARSET_BLOCK;
    if (strcmp(name, "ascii") == 0) return CHARSET_ASCII;
    setlocale(LC_CTYPE, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0) return CHARSET_ASCII;
    /* The console of the kernel has blocks in its font, and no braille. */
    const char *term = getenv("TERM");
    return term != NULL && strcmp(term, "linux") == 0 ? CHARSET_BLOCK : CHARSET_BRAILLE;
}

/* ---- arguments ---- */

static bool format_by_name(const char *name, PlotFormat *format)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (strcmp(name, formats[i]) == 0) {
            *format = (PlotFormat)i;
            return true;
        }
    }
    return false;
}

/* --format, or else what the ending of --out says. */
static bool choose_format(PlotJob *job, Error *err)
{
    const char *ending = job->out != NULL ? strrchr(path_base(job->out), '.') : NULL;
    bool        given = args_given(job->args, "format");

    CHECK(format_by_name(args_text(job->args, "format"), &job->format));
    if (!given && ending != NULL && strcmp(ending, ".txt") != 0 &&
        !format_by_name(ending + 1, &job->format)) {
        error_set(err, ERR_INPUT, "--out %s: no format is called \"%.20s\"", job->out, ending + 1);
        return error_hint(err, "give --format text, svg, png, pdf or csv");
    }
    if (job->follow && job->format != PLOT_TEXT && job->format != PLOT_WINDOW) {
        return error_set(err, ERR_INPUT, "--follow goes with --format text or window, not %s",
                         plot_format_name(job->format));
    }
    bool picture = job->format == PLOT_PNG || job->format == PLOT_PDF;
    if (picture && job->out == NULL) {
        return error_set(err, ERR_INPUT, "--format %s needs --out FILE",
                         plot_format_name(job->format));
    }
    if (job->out != NULL && (job->follow || job->format == PLOT_WINDOW)) {
        return error_set(err, ERR_INPUT, "--out does not go with %s",
                         job->follow ? "--follow" : "--format window");
    }
    return true;
}

static bool choose_what(PlotJob *job, Error *err)
{
    const char *name;
    for (Index i = 0; (name = args_item(job->args, "what", i)) != NULL; i++) {
        unsigned bit = run_what_of(name);
        job->spec.what |= bit;
        if (bit != 0) continue;
        error_set(err, ERR_INPUT, "--what %.60s: nothing of that name is recorded", name);
        return error_hint(err, "choose among loss, eval, lr, grad_norm, modules, memory");
    }
    return job->spec.what != 0 || error_set(err, ERR_INPUT, "--what names nothing");
}

static bool job_init(PlotJob *job, const Lab *lab, Error *err)
{
    const Args *args = job->args;

    job->out = args_text(args, "out");
    job->follow = args_flag(args, "follow");
    job->spec.log_y = args_flag(args, "log_y");
    job->spec.smooth = (Index)args_int(args, "smooth");
    job->spec.buckets = BUCKETS;
    job->charset = plot_charset(args_text(args, "charset"));
    job->rows = CHART_ROWS;
    job->cols = lab->columns > 0 && lab->columns < 200 ? lab->columns : CHART_COLUMNS;
    if (!choose_format(job, err) || !choose_what(job, err)) return false;
    for (Index i = 0; i < args_operands(args); i++) {
        if (!runs_add(&job->runs, lab, args_operand(args, i), err)) return false;
    }
    return true;
}

/* ---- figures ---- */

bool plot_figures(const PlotJob *job, RunFigures *figures, Error *err)
{
    if (!run_figures(figures, &job->runs, &job->spec, err)) return false;
    if (figures->count > 0) return true;
    error_set(err, ERR_INPUT, "%s: nothing of what --what names is recorded%s",
              job->runs.list[0].log, job->runs.count > 1 ? " there or in the others" : "");
    return error_hint(err, "loss and lr are recorded at each step, modules every 10 steps, "
                           "memory every 50");
}

bool plot_text(Str *out, const PlotJob *job, const Figure *figure, Error *err)
{
    Str sentence = {0};
    if (!figure_text(out, figure, job->rows, job->cols, job->charset, err)) return false;
    figure_sentence(&sentence, figure);
    safe_text(out, str_text(&sentence), sentence.len, false, 0);
    str_add(out, "\n");
    bool ok = str_ok(&sentence, err) && str_ok(out, err);
    str_free(&sentence);
    return ok;
}

/* ---- what comes out ---- */

static void series_values(Value *list, const FigureSeries *series)
{
    Value *object = value_object(list, NULL);
    value_text(object, "label", series->label, (Index)strlen(series->label));
    Value *x = value_list(object, "x"), *y = value_list(object, "y");
    for (Index i = 0; i < series->n; i++) {
        value_number(x, NULL, series->x[i], NULL);
        value_number(y, NULL, series->y[i], NULL);
    }
}

static void figure_values(Result *result, const RunFigures *figures)
{
    Value *list = value_list(result->root, "figures");
    for (Index i = 0; i < figures->count; i++) {
        const Figure *figure = figures->list[i];
        Value        *object = value_object(list, NULL);
        Str           sentence = {0};

        figure_sentence(&sentence, figure);
        value_text(object, "what", figures->what[i], (Index)strlen(figures->what[i]));
        value_text(object, "title", figure->title, (Index)strlen(figure->title));
        value_text(object, "sentence", str_text(&sentence), sentence.len);
        Value *series = value_list(object, "series");
        for (Index s = 0; s < figure->count; s++) series_values(series, &figure->series[s]);
        result_used(result, &sentence);
    }
}

static bool write_figures(Str *text, const PlotJob *job, const RunFigures *figures, Error *err)
{
    if (job->format != PLOT_TEXT && figures->count != 1) {
        error_set(err, ERR_INPUT, "these are %td figures, and %s holds one", figures->count,
                  plot_format_name(job->format));
        return error_hint(err, "choose one with --what");
    }
    for (Index i = 0; i < figures->count; i++) {
        const Figure *figure = figures->list[i];
        if (job->format == PLOT_SVG) figure_svg_alone(text, figure, PLOT_WIDTH, PLOT_HEIGHT);
        if (job->format == PLOT_CSV) figure_csv(text, figure);
        if (job->format != PLOT_TEXT) continue;
        if (i > 0) str_add(text, "\n");
        if (!plot_text(text, job, figure, err)) return false;
    }
    return str_ok(text, err);
}

static void tell_written(Result *result, const PlotJob *job)
{
    Str safe = {0};
    safe_name(&safe, job->out);
    value_text(result->root, "written", job->out, (Index)strlen(job->out));
    result_line(result, "written: %s", str_text(&safe));
    result_used(result, &safe);
}

static bool here(const PlotJob *job, const RunFigures *figures, Result *result, Error *err)
{
    Str  text = {0};
    bool ok = write_figures(&text, job, figures, err);

    if (ok && job->out != NULL) {
        ok = file_write_all(job->out, text.data, text.len, err);
        if (ok) tell_written(result, job);
    } else if (ok) {
        str_add_bytes(&result->text, str_text(&text), text.len);
        result->raw = job->format != PLOT_TEXT;
    }
    str_free(&text);
    return ok;
}

static bool plot(PlotJob *job, Lab *lab, Result *result, Error *err)
{
    bool drawn_here = !job->follow && (job->format == PLOT_TEXT || job->format == PLOT_SVG ||
                                       job->format == PLOT_CSV);
    if (!drawn_here) {
        if (lab->show_plot == NULL) {
            return error_set(err, ERR_DEVICE, "%s needs the program, which is not around here",
                             job->follow ? "--follow" : plot_format_name(job->format));
        }
        if (!lab->show_plot(job, err)) return false;
        if (job->out != NULL) tell_written(result, job);
    }
    RunFigures figures = {0};
    bool       ok = plot_figures(job, &figures, err);
    if (ok && args_flag(job->args, "json")) figure_values(result, &figures);
    if (ok && drawn_here) ok = here(job, &figures, result, err);
    run_figures_free(&figures);
    return ok && result_ok(result, err);
}

bool cmd_plot(Lab *lab, const Args *args, const Sink *sink, const Cancel *cancel, Result *result,
              Error *err)
{
    PlotJob job = {.args = args, .cancel = cancel};
    (void)sink;
    bool ok = job_init(&job, lab, err) && plot(&job, lab, result, err);
    runs_free(&job.runs);
    return ok;
}
