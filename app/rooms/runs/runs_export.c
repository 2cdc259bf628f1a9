/* What is drawn, written to a file: a picture, numbers, or a report to hand in; and the line
 * that draws it again. */

#include <math.h>
#include <string.h>

#include "app/rooms/runs/runs_shelf.h"
#include "core/base/file.h"
#include "core/base/text.h"

enum { WIDTH = 960, HEIGHT = 600, CHART_ROWS = 20, CHART_COLS = 78 };

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

static bool refuse(const char *path, Error *err)
{
    Str safe = {0};
    safe_name(&safe, path);
    error_set(err, ERR_INPUT, tr("the name must end in .svg, .csv, .md, .png or .pdf: %s"),
              str_text(&safe));
    str_free(&safe);
    return false;
}

static void write_text(RunShelf *shelf, const char *ending, const Figure *figure, Str *out)
{
    if (strcmp(ending, ".md") == 0) {
        shelf_report(shelf, out);
    } else if (strcmp(ending, ".svg") == 0) {
        figure_svg_alone(out, figure, WIDTH, HEIGHT);
    } else {
        figure_csv(out, figure);
    }
}

static bool is_text(const char *ending)
{
    return strcmp(ending, ".md") == 0 || strcmp(ending, ".svg") == 0 || strcmp(ending, ".csv") == 0;
}

bool shelf_export(RunShelf *shelf, const char *path, Export *what, Error *err)
{
    const char   *name = path_base(path), *dot = strrchr(name, '.');
    const Figure *figure = shelf_figure(shelf);

    *what = (Export){0};
    bool drawn = dot != NULL && (strcmp(dot, ".png") == 0 || strcmp(dot, ".pdf") == 0);
    if (dot == NULL || dot == name || !(drawn || is_text(dot))) return refuse(path, err);
    if (figure == NULL && strcmp(dot, ".md") != 0) {
        return error_set(err, ERR_INPUT, tr("nothing of it is recorded, so there is no figure"));
    }
    what->path = mem_strdup(path, err);
    if (what->path == NULL) return false;
    if (drawn) {
        what->terminal = strcmp(dot, ".png") == 0 ? "png" : "pdf";
        what->figure = shelf_give_figure(shelf);
        return true;
    }
    write_text(shelf, dot, figure, &what->text);
    if (str_ok(&what->text, err)) return true;
    export_free(what);
    return false;
}
