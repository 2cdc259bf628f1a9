/* What is drawn, written to a file: a picture, numbers, or a report to hand in; and the line
 * that draws it again. */

#include <math.h>
#include <string.h>

#include "app/gnuplot/gnuplot.h"
#include "app/rooms/runs/runs_shelf.h"
#include "core/base/file.h"
#include "core/base/text.h"

enum { WIDTH = 960, HEIGHT = 600, CHART_ROWS = 20, CHART_COLS = 78 };
#define DRAW_SECONDS 2.0

/* ---- the line -------------------------------------------------------------------------- */

static bool is_plain(const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return name[0] != '\0' && name[0] != '-' && name[strspn(name, plain)] == '\0';
}

/* A run with a name that a shell would take apart is left out of no line: there is none then. */
void shelf_repeat(const RunShelf *shelf, Str *out)
{
    RunSet drawn;
    Str    line = {0};
    bool   fine = shelf->runs.count > 0 && shelf_drawn(shelf, &drawn, NULL);
    if (!fine) return;
    str_add(&line, "loralab plot");
    for (Index i = 0; i < drawn.count; i++) {
        fine = fine && is_plain(drawn.list[i].name);
        str_addf(&line, " %s", drawn.list[i].name);
    }
    str_addf(&line, " --what %s", shelf_what(shelf));
    if (shelf->smooth > 1) str_addf(&line, " --smooth %d", shelf->smooth);
    if (shelf->log_y) str_add(&line, " --log_y");
    if (fine) str_add(out, str_text(&line));
    str_free(&line);
    mem_free(drawn.list);
}

/* ---- the report ------------------------------------------------------------------------- */

/* Text of a file inside a table's cell: nothing that Markdown or a terminal would act on. */
static void add_cell(Str *out, const char *text)
{
    Str safe = {0};
    safe_text(&safe, text, (Index)strlen(text), false, 0);
    for (const char *c = str_text(&safe); *c != '\0'; c++) {
        if (strchr("|`*_<>[]\\", *c) != NULL) str_add(out, "\\");
        str_add_bytes(out, c, 1);
    }
    out->failed = out->failed || safe.failed;
    str_free(&safe);
}

static void add_loss(Str *out, double loss)
{
    if (isnan(loss)) {
        str_add(out, "|");
    } else {
        str_addf(out, "| %.4f ", loss);
    }
}

static void add_run(Str *out, const RunRow *row)
{
    str_add(out, "| ");
    add_cell(out, row->name);
    str_add(out, " | ");
    add_cell(out, row->data);
    str_add(out, " | ");
    add_cell(out, row->method);
    str_addf(out, " | %td ", row->steps);
    add_loss(out, row->before);
    add_loss(out, row->after);
    str_addf(out, "| %s | ", row->held_out ? tr("held out") : tr("training"));
    add_cell(out, row->settings);
    str_add(out, " |\n");
}

static bool is_drawn(const RunShelf *shelf, const RunsView *view, Index i)
{
    return view->marked > 0 ? shelf->about[i].marked : (int)i == shelf->selected;
}

static void add_repeat_lines(Str *out, const RunShelf *shelf, const RunsView *view)
{
    str_addf(out, "\n%s\n\n", tr("The lines that repeat them:"));
    for (Index i = 0; i < shelf->runs.count; i++) {
        Str line = {0};
        if (!is_drawn(shelf, view, i)) continue;
        run_setting(&line, &shelf->runs.list[i], "repeat");
        str_add(out, "    ");
        safe_text(out, str_text(&line), line.len, false, 0);
        str_add(out, "\n");
        str_free(&line);
    }
}

static void add_chart(Str *out, const Figure *figure)
{
    Str chart = {0};
    if (figure == NULL) return;
    str_add(out, "\n");
    figure_sentence(out, figure);
    str_add(out, "\n\n```text\n");
    if (figure_text(&chart, figure, CHART_ROWS, CHART_COLS, CHARSET_BRAILLE, NULL)) {
        str_add(out, str_text(&chart));
    }
    str_add(out, "```\n");
    str_free(&chart);
}

void shelf_report(RunShelf *shelf, Str *out)
{
    RunsView view;
    shelf_view(shelf, &view, 0);
    str_addf(out, "# %s\n\n", tr("Runs compared"));
    str_addf(out, "| %s |\n|---|---|---|---:|---:|---:|---|---|\n",
             tr("run | task | method | steps | loss before | loss after | measured on | settings "
                "that differ"));
    for (int i = 0; i < view.count; i++) {
        if (is_drawn(shelf, &view, i)) add_run(out, &view.rows[i]);
    }
    str_addf(out, "\n## %s\n", view.what);
    add_chart(out, view.figure);
    add_repeat_lines(out, shelf, &view);
}

/* ---- files ------------------------------------------------------------------------------ */

static bool through_gnuplot(const Figure *figure, const char *terminal, const char *path,
                            Error *err)
{
    Gnuplot *gnuplot = gnuplot_start(terminal, err);
    if (gnuplot == NULL) return error_hint(err, tr(".svg, .csv and .md need no gnuplot"));
    gnuplot_show(gnuplot, figure, WIDTH, HEIGHT, path);
    bool ok = gnuplot_finish(gnuplot, DRAW_SECONDS, err);
    gnuplot_stop(gnuplot);
    return ok;
}

static bool refuse(const char *path, Error *err)
{
    Str safe = {0};
    safe_name(&safe, path);
    error_set(err, ERR_INPUT, tr("the name must end in .svg, .csv, .md, .png or .pdf: %s"),
              str_text(&safe));
    str_free(&safe);
    return false;
}

bool shelf_export(RunShelf *shelf, const char *path, Error *err)
{
    const char   *name = path_base(path), *dot = strrchr(name, '.');
    const Figure *figure = shelf_figure(shelf);
    Str           text = {0};

    if (dot == NULL || dot == name) return refuse(path, err);
    bool report = strcmp(dot, ".md") == 0;
    if (!report && figure == NULL) {
        return error_set(err, ERR_INPUT, tr("nothing of it is recorded, so there is no figure"));
    }
    if (strcmp(dot, ".png") == 0 || strcmp(dot, ".pdf") == 0) {
        return through_gnuplot(figure, dot + 1, path, err);
    }
    if (report) {
        shelf_report(shelf, &text);
    } else if (strcmp(dot, ".svg") == 0) {
        figure_svg(&text, figure, WIDTH, HEIGHT);
    } else if (strcmp(dot, ".csv") == 0) {
        figure_csv(&text, figure);
    } else {
        return refuse(path, err);
    }
    bool ok = str_ok(&text, err) && file_write_all(path, text.data, text.len, err);
    str_free(&text);
    return ok;
}
