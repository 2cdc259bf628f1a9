/* A form on the grid: its rows, and below them what the selected one means. */

#include <string.h>

#include "app/view/form.h"
#include "app/view/look_parts.h"
#include "app/view/page.h"
#include "core/base/text.h"

enum { SIGN_COLS = 2, MARK_COLS = 2, FIELD_LEAST = 8, HELP_ROWS = 4 };

/* ---- where things are ------------------------------------------------------------------- */

FormLayout form_layout(Rect area, int lines)
{
    FormLayout layout = {.list = area};
    int        help = area.rows < 7 ? 0 : area.rows < 12 ? 2 : area.cols < 60 ? HELP_ROWS : 3;
    if (help == 0) return layout;
    int rows = area.rows - help - 1;
    if (rows > lines) rows = lines;
    layout.list = rect_rows(area, 0, rows);
    layout.rule = rect_rows(area, rows, 1);
    layout.help = rect_rows(area, rows + 1, area.rows - rows - 1);
    if (layout.help.rows > 2 * HELP_ROWS) layout.help.rows = 2 * HELP_ROWS;
    return layout;
}

/* Headings have a blank line above them where everything fits so. */
typedef struct Lines {
    const Form *form;
    bool        loose;
} Lines;

static int line_of(const Lines *lines, int at)
{
    int line = at;
    for (int i = 1; lines->loose && i <= at; i++) line += lines->form->rows[i].heading;
    return line;
}

static int line_count(const Lines *lines)
{
    return lines->form->count == 0 ? 0 : line_of(lines, lines->form->count - 1) + 1;
}

static int top_of(const Lines *lines, int rows)
{
    const Form *form = lines->form;
    int         total = line_count(lines), line = line_of(lines, form->selected), top = form->top;
    int         head = form->selected > 0 && form->rows[form->selected - 1].heading ? 1 : 0;
    if (top > line - head) top = line - head;
    if (top <= line - rows) top = line - rows + 1;
    if (top > total - rows) top = total - rows;
    return top < 0 ? 0 : top;
}

/* ---- rows ------------------------------------------------------------------------------- */

typedef struct Pen {
    const Form *form;
    const Look *look;
    Grid       *grid;
    Rect        list;
    int         value_at;   /* column of values, from the list's first */
    int         value_cols; /* of the widest one, for the units */
} Pen;

static int clamp(int value, int lo, int hi)
{
    return value > hi ? hi : value < lo ? lo : value;
}

static void measure(Pen *pen)
{
    int labels = 0, values = 0, cols = pen->list.cols;
    for (int i = 0; i < pen->form->count; i++) {
        const FormRow *row = &pen->form->rows[i];
        if (row->heading) continue;
        int label = look_columns(pen->look, row->label);
        int value = look_columns(pen->look, row->value == NULL ? "" : row->value);
        if (label > labels) labels = label;
        if (value > values) values = value;
    }
    int most = cols - SIGN_COLS - MARK_COLS - FIELD_LEAST;
    if (most > cols * 3 / 5) most = cols * 3 / 5;
    pen->value_at = SIGN_COLS + clamp(labels, 0, most < 0 ? 0 : most) + 1 + MARK_COLS;
    pen->value_cols = clamp(values, 0, 24);
}

/* At a column of the list, within it. */
static int write_at(const Pen *pen, int line, int at, int cols, Ink ink, const char *text)
{
    if (cols > pen->list.cols - at) cols = pen->list.cols - at;
    if (cols <= 0) return 0;
    return look_text(pen->look, pen->grid, line, pen->list.col + at, cols, ink, text);
}

static int draw_value(const Pen *pen, const FormRow *row, int line)
{
    const char *value = row->value == NULL ? "" : row->value;
    Ink         ink = row->fixed ? INK_DIM : INK_PLAIN;
    int         used = write_at(pen, line, pen->value_at, pen->list.cols, ink, value);
    Rect        cells = {line, pen->list.col + pen->value_at, 1, used};
    if (row->changed) grid_bold(pen->grid, cells);
    if (row->measured) grid_measured(pen->grid, cells);
    return used > pen->value_cols ? used : pen->value_cols;
}

/* Behind the values, where there is room for all of it. */
static void draw_unit(const Pen *pen, const FormRow *row, int line, int at)
{
    const char *unit = row->fixed ? tr("fixed now") : row->unit;
    if (unit == NULL || pen->list.cols - at - 1 < look_columns(pen->look, unit)) return;
    write_at(pen, line, at, pen->list.cols, INK_DIM, unit);
}

static void draw_field_row(const Pen *pen, int at, int line)
{
    const FormRow *row = &pen->form->rows[at];
    bool           here = at == pen->form->selected;
    int            label_cols = pen->value_at - SIGN_COLS - MARK_COLS;
    if (here) write_at(pen, line, 0, 1, INK_STRONG, look_sign(pen->look, SIGN_HERE));
    write_at(pen, line, SIGN_COLS, label_cols, row->fixed ? INK_DIM : INK_PLAIN, row->label);
    if (row->changed) write_at(pen, line, pen->value_at - MARK_COLS, 1, INK_STRONG, "*");
    if (!(here && pen->form->typing)) {
        int used = draw_value(pen, row, line);
        draw_unit(pen, row, line, pen->value_at + used + 2);
    }
    if (here)
        grid_bold(pen->grid, rect_cols((Rect){line, pen->list.col, 1, pen->list.cols}, 0,
                                       pen->value_at - MARK_COLS));
}

/* The field, scrolled so that its cursor is seen; returns the cursor's column. */
static int draw_field(const Pen *pen, int line)
{
    int         col = pen->list.col + pen->value_at, cols = pen->list.cols - pen->value_at;
    int         cursor = line_edit_column(&pen->form->edit);
    const char *text = line_edit_text(&pen->form->edit);
    Str         blanks = {0};
    if (cols <= 0) return pen->list.col + pen->list.cols - 1;
    while (cursor >= cols && *text != '\0') {
        uint32_t cp;
        int      length = utf8_decode(text, (Index)strlen(text), &cp);
        if (length < 0) length = -length;
        cursor -= text_columns(text, length);
        text += length;
    }
    for (int i = 0; i < cols; i++) str_add(&blanks, " ");
    grid_text(pen->grid, line, col, cols, INK_PLAIN, str_text(&blanks));
    grid_text(pen->grid, line, col, cols, INK_PLAIN, text); /* as typed: nothing is spelled out */
    grid_reverse(pen->grid, (Rect){line, col, 1, cols});
    pen->grid->failed = pen->grid->failed || blanks.failed;
    str_free(&blanks);
    return col + clamp(cursor, 0, cols - 1);
}

static void draw_rows(const Pen *pen, const Lines *lines, int top)
{
    for (int i = 0; i < pen->form->count; i++) {
        const FormRow *row = &pen->form->rows[i];
        int            line = line_of(lines, i) - top;
        if (line < 0 || line >= pen->list.rows) continue;
        if (!row->heading) {
            draw_field_row(pen, i, pen->list.row + line);
            continue;
        }
        write_at(pen, pen->list.row + line, 1, pen->list.cols, INK_STRONG, row->label);
    }
}

/* ---- help ------------------------------------------------------------------------------- */

static void draw_help(const Form *form, const Look *look, Grid *grid, const FormLayout *layout)
{
    const FormRow *row = form_row(form);
    Rect           help = rect_inset(layout->help, 0, layout->help.cols > 2 ? 1 : 0);
    Page           page = {0};
    look_rule(look, grid, layout->rule.row, layout->rule.col,
              layout->rule.rows > 0 ? layout->rule.cols : 0);
    if (form->error.len > 0 && help.rows == 1) {
        look_text(look, grid, help.row, help.col, help.cols, INK_BAD, str_text(&form->error));
        return;
    }
    if (form->error.len > 0)
        page_mark(&page, look, INK_BAD, "! ", "  ", str_text(&form->error), help.cols);
    if (row != NULL && row->help != NULL)
        page_text(&page, look, INK_PLAIN, row->help, help.cols, 0, 0);
    if (row != NULL && row->range != NULL)
        page_text(&page, look, INK_DIM, row->range, help.cols, 0, 0);
    page_draw(&page, look, grid, help, 0, 0);
    page_clear(&page);
}

/* ---- the whole -------------------------------------------------------------------------- */

/* Where there is no room for help, what is wrong is said all the same. */
static FormLayout lay_out(const Form *form, Rect area)
{
    Lines      lines = {form, true};
    FormLayout layout = form_layout(area, line_count(&lines));
    if (line_count(&lines) > layout.list.rows) {
        lines.loose = false;
        layout = form_layout(area, line_count(&lines));
    }
    if (layout.help.rows == 0 && form->error.len > 0 && area.rows >= 2) {
        layout.list = rect_rows(area, 0, area.rows - 1);
        layout.help = rect_rows(area, area.rows - 1, 1);
    }
    return layout;
}

void form_draw_in(Form *form, const Look *look, Grid *grid, const FormLayout *layout, int *row,
                  int *col)
{
    Lines lines = {form, true};
    Pen   pen = {.form = form, .look = look, .grid = grid, .list = layout->list};
    lines.loose = line_count(&lines) <= layout->list.rows;
    *row = -1;
    *col = 0;
    measure(&pen);
    form->page = layout->list.rows;
    form->top = form->count == 0 ? 0 : top_of(&lines, layout->list.rows);
    draw_rows(&pen, &lines, form->top);
    look_scroll(look, grid, layout->list, form->top, line_count(&lines));
    if (form_row(form) != NULL) {
        *row = layout->list.row + line_of(&lines, form->selected) - form->top;
        *col = form->typing ? draw_field(&pen, *row) : layout->list.col;
    }
    draw_help(form, look, grid, layout);
}

void form_draw(Form *form, const Look *look, Grid *grid, Rect area, int *row, int *col)
{
    *row = -1;
    *col = 0;
    grid->failed = grid->failed || form->error.failed;
    if (area.rows <= 0 || area.cols <= 0) return;
    FormLayout layout = lay_out(form, area);
    form_draw_in(form, look, grid, &layout, row, col);
}
