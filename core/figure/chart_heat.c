/* A matrix of values as shades, with their range below. */

#include <math.h>
#include <string.h>

#include "core/base/text.h"
#include "core/figure/chart.h"

typedef struct Heat {
    Reach reach;
    int   rows, cols;     /* shown: as many as the matrix has, or as fit */
    int   high, wide;     /* cells of each */
    bool  missing, thick; /* some value is missing; some cell stands for several values */
} Heat;

enum { LEVELS_MOST = 10 };

static int levels(Charset charset)
{
    return charset == CHARSET_ASCII ? 10 : 5;
}

static uint32_t shade(Charset charset, int level)
{
    static const uint16_t blocks[] = {' ', 0x2591, 0x2592, 0x2593, 0x2588};
    return charset == CHARSET_ASCII ? (uint32_t) " .:-=+*#%@"[level] : blocks[level];
}

static int level_of(const Heat *heat, Charset charset, double value)
{
    int    count = levels(charset);
    double span = heat->reach.hi / 2 - heat->reach.lo / 2;
    double part = span > 0 ? (value / 2 - heat->reach.lo / 2) / span : 0.5;
    int    level = (int)(part * count);
    return level < 0 ? 0 : level >= count ? count - 1 : level;
}

double heat_value(const Figure *figure, Index rows, Index cols, Index row, Index col)
{
    double found = (double)NAN;
    Index  top = row * figure->rows / rows, bottom = (row + 1) * figure->rows / rows;
    Index  left = col * figure->cols / cols, right = (col + 1) * figure->cols / cols;
    for (Index r = top; r < bottom; r++) {
        for (Index c = left; c < right; c++) {
            double value = figure->heat[r * figure->cols + c];
            if (isfinite(value) && !(fabs(value) <= fabs(found))) found = value;
        }
    }
    return found;
}

static int at_most(Index count, int room)
{
    return count < room ? (int)count : room;
}

/* Nearly square: a character is about twice as high as it is wide. */
static Heat measure(const Chart *chart)
{
    const Figure *figure = chart->figure;
    Heat          heat = {.reach = figure_reach(figure, 'y', false)};
    heat.rows = at_most(figure->rows, chart->plot.rows);
    heat.cols = at_most(figure->cols, chart->plot.cols);
    heat.thick = heat.rows < figure->rows || heat.cols < figure->cols;
    int high = chart->plot.rows / heat.rows, wide = chart->plot.cols / heat.cols;
    if (wide > 3 * high) wide = 3 * high;
    if (high > wide / 2) high = wide / 2 > 0 ? wide / 2 : 1;
    heat.high = high;
    heat.wide = wide;
    for (Index i = 0; i < figure->rows * figure->cols; i++) {
        heat.missing = heat.missing || !isfinite(figure->heat[i]);
    }
    return heat;
}

static void draw_cells(Chart *chart, const Heat *heat)
{
    for (int row = 0; row < heat->rows * heat->high; row++) {
        for (int col = 0; col < heat->cols * heat->wide; col++) {
            double value = heat_value(chart->figure, heat->rows, heat->cols, row / heat->high,
                                      col / heat->wide);
            int    at_row = chart->plot.row + row, at_col = chart->plot.col + col;
            if (!isfinite(value)) {
                grid_put(chart->grid, at_row, at_col, '?', INK_DIM);
                continue;
            }
            Ink ink = value < 0 ? (Ink)(INK_SERIES_1 + 1) : INK_SERIES_1;
            grid_put(chart->grid, at_row, at_col,
                     shade(chart->charset, level_of(heat, chart->charset, value)), ink);
        }
    }
}

/* ---- around it -------------------------------------------------------------------------- */

static void draw_frame(Chart *chart, const Heat *heat)
{
    bool ascii = chart->charset == CHARSET_ASCII;
    int  rows = heat->rows * heat->high, cols = heat->cols * heat->wide;
    int  left = chart->plot.col - 1, bottom = chart->plot.row + rows;
    for (int i = 0; i < rows; i++) {
        grid_put(chart->grid, chart->plot.row + i, left, ascii ? '|' : 0x2502, INK_DIM);
    }
    grid_put(chart->grid, bottom, left, ascii ? '+' : 0x2514, INK_DIM);
    for (int i = 0; i < cols; i++) {
        grid_put(chart->grid, bottom, chart->plot.col + i, ascii ? '-' : 0x2500, INK_DIM);
    }
}

static int number_columns(Index number)
{
    int digits = 1;
    for (; number >= 10; number /= 10) digits++;
    return digits;
}

Index heat_step(double each, double apart, Index count)
{
    Index step = 1;
    while (step < count && (double)(step > 2 ? step - 1 : step) * each < apart) {
        Index lead = step;
        while (lead >= 10) lead /= 10;
        step = lead == 2 ? step / 2 * 5 : step * 2; /* 1 2 5 10 20 50 */
    }
    return step;
}

Index heat_next(Index number, Index step)
{
    return number == 1 && step > 2 ? step : number + step;
}

static void draw_numbers(Chart *chart, const Heat *heat)
{
    const Figure *figure = chart->figure;
    int           wide = number_columns(figure->cols), under = chart->plot.row + 1;
    char          text[NUMBER_BYTES];
    /* Where a row of cells stands for several, neighbours' labels would lie unevenly. */
    int    apart = heat->rows < figure->rows ? 4 : heat->high > 1 ? 2 : 1;
    double each = (double)heat->rows / (double)figure->rows * heat->high;
    Index  step = heat_step(each, apart, figure->rows);
    for (Index r = 1; r <= figure->rows; r = heat_next(r, step)) {
        int row = chart->plot.row + (int)((r - 1) * heat->rows / figure->rows) * heat->high;
        number_text(text, (double)r, false);
        int n = (int)strlen(text);
        grid_text(chart->grid, row + (heat->high - 1) / 2, chart->plot.col - 1 - n, n, INK_DIM,
                  text);
    }
    under += heat->rows * heat->high;
    each = (double)heat->cols / (double)figure->cols * heat->wide;
    step = heat_step(each, wide + 1, figure->cols);
    for (Index c = 1; c <= figure->cols; c = heat_next(c, step)) {
        int col = chart->plot.col + (int)((c - 1) * heat->cols / figure->cols) * heat->wide;
        number_text(text, (double)c, false);
        chart_tick_label(chart, under, col + (heat->wide - 1) / 2, chart->area.cols, text);
    }
}

/* What a cell stands for, as long as fits: a note that is cut says nothing. */
static void draw_thickness(Chart *chart, const Heat *heat, int row, int col)
{
    const Figure *figure = chart->figure;
    Index         high = (figure->rows + heat->rows - 1) / heat->rows;
    Index         wide = (figure->cols + heat->cols - 1) / heat->cols;
    int           room = chart->area.col + chart->area.cols - col;
    Str           note = {0};
    str_addf(&note, tr("1 cell: max |v| of %td x %td"), high, wide);
    if (text_columns(str_text(&note), note.len) > room) {
        str_clear(&note);
        str_addf(&note, tr("max of %td x %td"), high, wide);
    }
    if (text_columns(str_text(&note), note.len) <= room) {
        grid_text(chart->grid, row, col, room, INK_DIM, str_text(&note));
    }
    chart->grid->failed = chart->grid->failed || note.failed;
    str_free(&note);
}

/* "-0.31 .:-=+*#%@ 0.82   ? missing   1 cell: max |v| of 4 x 2" */
static void draw_legend(Chart *chart, const Heat *heat, int row)
{
    char lo[NUMBER_BYTES], hi[NUMBER_BYTES];
    int  col = chart->plot.col, end = chart->area.col + chart->area.cols;
    number_text(lo, heat->reach.lo, axis_bytes(&chart->figure->y));
    number_text(hi, heat->reach.hi, axis_bytes(&chart->figure->y));
    col += grid_text(chart->grid, row, col, end - col, INK_PLAIN, lo) + 1;
    int each = chart->area.cols < 32 ? 1 : 2;
    for (int i = 0; i < levels(chart->charset) * each; i++, col++) {
        if (col < end)
            grid_put(chart->grid, row, col, shade(chart->charset, i / each), INK_SERIES_1);
    }
    col += grid_text(chart->grid, row, col + 1, end - col - 1, INK_PLAIN, hi) + 1;
    if (heat->missing && end - col > 3) {
        col += grid_text(chart->grid, row, col + 3, end - col - 3, INK_DIM, tr("? missing")) + 3;
    }
    if (heat->thick) draw_thickness(chart, heat, row, col + 3);
}

void chart_heat(Chart *chart)
{
    const Figure *figure = chart->figure;
    chart_heading(chart);
    bool titled = figure->x.title != NULL && *figure->x.title != '\0' && chart->area.rows >= 7;
    chart->plot = chart->area;
    chart->plot.rows -= titled ? 4 : 3;
    int left = number_columns(figure->rows) + 1;
    chart->plot.col += left;
    chart->plot.cols -= left;
    if (figure->heat == NULL || figure->rows == 0 || figure->cols == 0 || chart->plot.rows < 1) {
        chart->plot = chart->area;
        chart_no_data(chart);
        return;
    }
    Heat heat = measure(chart);
    draw_frame(chart, &heat);
    draw_cells(chart, &heat);
    draw_numbers(chart, &heat);
    int below = chart->plot.row + heat.rows * heat.high + 2;
    chart->plot.cols = heat.cols * heat.wide;
    if (titled) chart_x_title(chart, below++);
    if (heat.reach.any) draw_legend(chart, &heat, below);
    if (!heat.reach.any) chart_no_data(chart);
}
