/* The settings in which the marked runs differ: a row for each run, or for each setting. */

#include <string.h>

#include "app/view/look_parts.h"
#include "app/view/view_runs.h"
#include "core/base/text.h"

static int at_most(int a, int b)
{
    return a < b ? a : b;
}

/* ---- shape ------------------------------------------------------------------------------- */

static int columns_of(const char *text)
{
    return text_columns(text, (Index)strlen(text));
}

/* Of a setting's name and all its values, and two blanks. */
static int setting_cols(const RunsTable *t, int setting)
{
    int wide = columns_of(t->settings[setting]);
    for (int r = 0; r < t->run_count; r++) {
        int cell = columns_of(t->cells[setting * t->run_count + r]);
        if (cell > wide) wide = cell;
    }
    return wide + 2;
}

static int name_cols(const RunsTable *t, const char *head)
{
    int wide = columns_of(head);
    for (int r = 0; r < t->run_count; r++) {
        if (columns_of(t->runs[r]) > wide) wide = columns_of(t->runs[r]);
    }
    return wide + 2;
}

/* A row for each run has its whole name, where the settings find room beside it. */
bool runs_by_run(const RunsTable *t, int cols)
{
    int wide = name_cols(t, tr("differ in"));
    for (int s = 0; s < t->setting_count && wide <= cols + 2; s++) wide += setting_cols(t, s);
    return t->run_count > 0 && wide <= cols + 2;
}

int runs_table_rows(const RunsTable *t, int cols)
{
    if (t->setting_count == 0) return 0;
    return (runs_by_run(t, cols) ? t->run_count : t->setting_count) + 2;
}

/* ---- names ------------------------------------------------------------------------------ */

/* The front third and the back of what is shown of `name`, `cols` columns with dots between. */
static void cut_in_the_middle(const Look *look, Str *out, const char *name, int cols)
{
    const char *dots = look_plain_signs(look) ? ".." : "…";
    Str         shown = {0};
    look_clean(look, &shown, name); /* columns of what is hidden count as they are spelled out */
    const char *text = str_text(&shown);
    Index       n = shown.len, front = 0, back = 0;
    int         room = cols - look_columns(look, dots);
    while (front < n && text_columns(text, front + 1) <= room / 3) front++;
    while (front > 0 && ((unsigned char)text[front] & 0xc0) == 0x80) front--;
    while (back < n && text_columns(text + back, n - back) > room - room / 3) back++;
    while (back < n && ((unsigned char)text[back] & 0xc0) == 0x80) back++;
    str_add_bytes(out, text, front);
    str_addf(out, "%s%s", dots, text + back);
    out->failed = out->failed || shown.failed;
    str_free(&shown);
}

void runs_draw_name(const Look *look, Grid *grid, int row, int col, int cols, Ink ink,
                    const char *name)
{
    Str cut = {0};
    if (look_columns(look, name) <= cols || cols < 4) {
        look_text(look, grid, row, col, cols, ink, name);
        return;
    }
    cut_in_the_middle(look, &cut, name, cols);
    look_text(look, grid, row, col, cols, ink, str_text(&cut));
    grid->failed = grid->failed || cut.failed;
    str_free(&cut);
}

/* ---- the table -------------------------------------------------------------------------- */

static void draw_more(const Look *look, Grid *grid, int row, int col, int cols, int left_out)
{
    if (left_out > 0) look_textf(look, grid, row, col, cols, INK_DIM, tr("+%d more"), left_out);
}

/* A row for each run. */
static void draw_by_run(const RunsTable *t, const Look *look, Grid *grid, Rect area)
{
    int name = name_cols(t, tr("differ in")), col = area.col + name, end = area.col + area.cols;
    int shown = at_most(t->run_count, area.rows - 1);
    if (shown < t->run_count && shown > 0) shown--; /* the last row says how many there are */
    look_text(look, grid, area.row, area.col, name - 2, INK_STRONG, tr("differ in"));
    for (int r = 0; r < shown; r++) {
        look_text(look, grid, area.row + 1 + r, area.col, name - 2, INK_PLAIN, t->runs[r]);
    }
    for (int s = 0; s < t->setting_count; s++) {
        int wide = setting_cols(t, s);
        look_text(look, grid, area.row, col, at_most(wide, end - col), INK_STRONG, t->settings[s]);
        for (int r = 0; r < shown; r++) {
            look_text(look, grid, area.row + 1 + r, col, at_most(wide, end - col), INK_PLAIN,
                      t->cells[s * t->run_count + r]);
        }
        col += wide;
    }
    if (area.rows > 1) {
        draw_more(look, grid, area.row + 1 + shown, area.col, area.cols, t->run_count - shown);
    }
}

typedef struct Places {
    int label, wide,
        shown; /* columns of a setting's name and of a run, runs that there is room for */
} Places;

static Places places_for(const RunsTable *t, int cols)
{
    Places p = {.label = columns_of(tr("differ in")) + 2};
    for (int s = 0; s < t->setting_count; s++) {
        int wide = columns_of(t->settings[s]) + 2;
        if (wide > p.label) p.label = wide;
    }
    p.label = at_most(p.label, cols / 3);
    p.wide = at_most((cols - p.label) / t->run_count, 24);
    if (p.wide < 7) p.wide = 7;
    p.shown = at_most((cols - p.label) / p.wide, t->run_count);
    if (p.shown < t->run_count && p.shown > 0) p.shown--;
    return p;
}

/* A row for each setting. */
static void draw_by_setting(const RunsTable *t, const Look *look, Grid *grid, Rect area)
{
    Places p = places_for(t, area.cols);
    int    first = area.col + p.label, end = area.col + area.cols;
    look_text(look, grid, area.row, area.col, p.label - 1, INK_STRONG, tr("differ in"));
    for (int r = 0; r < p.shown; r++) {
        runs_draw_name(look, grid, area.row, first + r * p.wide, p.wide - 1, INK_STRONG,
                       t->runs[r]);
    }
    int after = first + p.shown * p.wide;
    draw_more(look, grid, area.row, after, end - after, t->run_count - p.shown);
    for (int s = 0; s < t->setting_count && s + 1 < area.rows; s++) {
        int row = area.row + 1 + s;
        look_text(look, grid, row, area.col, p.label - 1, INK_PLAIN, t->settings[s]);
        for (int r = 0; r < p.shown; r++) {
            look_text(look, grid, row, first + r * p.wide, p.wide - 1, INK_PLAIN,
                      t->cells[s * t->run_count + r]);
        }
    }
}

void runs_draw_table(const RunsView *view, const Look *look, Grid *grid, const RunsLayout *at)
{
    Rect             area = at->table;
    const RunsTable *t = &view->table;
    if (area.rows <= 0) return;
    if (t->setting_count == 0) {
        look_text(look, grid, area.row, area.col, area.cols, INK_PLAIN,
                  view->marked < 2 ? tr("x marks runs; here stands what two or more differ in")
                                   : tr("the marked runs have the same settings"));
    } else if (at->by_run) {
        draw_by_run(t, look, grid, area);
    } else {
        draw_by_setting(t, look, grid, area);
    }
}
