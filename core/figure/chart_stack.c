/* Series on top of one another: a time line of bytes by purpose. */

#include <math.h>
#include <string.h>

#include "core/base/text.h"
#include "core/figure/chart.h"

/* The x where the total is highest between two columns' edges; a peak must not fall between. */
static double column_x(const Chart *chart, int col, Index *next)
{
    const FigureSeries *first = chart->figure->series;
    int                 cols = chart->plot.cols > 1 ? chart->plot.cols - 1 : 1;
    double              best = scale_value(&chart->x, (double)col / cols), most = -1;
    double              end = ((double)col + 0.5) / cols;
    for (; *next < first->n; ++*next) {
        double x = first->x[*next], at = scale_at(&chart->x, x);
        if (!(at <= end)) break;
        double total = stack_total(chart->figure, x);
        if (at > (col - 0.5) / cols && total > most) {
            most = total;
            best = x;
        }
    }
    return best;
}

static void draw_column(Chart *chart, int col, double x)
{
    const Figure *figure = chart->figure;
    Rect          plot = chart->plot;
    int           row = 0; /* from the bottom */
    double        sum = 0;
    for (Index i = 0; i < figure->count; i++) {
        sum += stack_part(&figure->series[i], x);
        double top = scale_at(&chart->y, fmin(sum, 1e308)) * plot.rows;
        for (; row < plot.rows && row + 0.5 <= top; row++) {
            grid_put(chart->grid, plot.row + plot.rows - 1 - row, plot.col + col,
                     chart_fill(chart->charset, stack_rank(figure, i)),
                     chart_ink(&figure->series[i], stack_rank(figure, i)));
        }
    }
}

/* ---- the legend ------------------------------------------------------------------------- */

typedef struct Legend {
    double x;                    /* its numbers are those of the highest total */
    int    name_cols, part_cols; /* of the longest name and number; -1: no room for numbers */
    int    cols;
} Legend;

static Legend measure_legend(const Chart *chart)
{
    Legend legend = {.x = stack_peak(chart->figure)};
    char   part[NUMBER_BYTES];
    for (Index i = 0; i < chart->figure->count; i++) {
        const FigureSeries *series = &chart->figure->series[i];
        number_text(part, stack_part(series, legend.x), axis_bytes(&chart->figure->y));
        int name = text_columns(series->label, (Index)strlen(series->label));
        int digits = (int)strlen(part);
        if (name > legend.name_cols) legend.name_cols = name;
        if (digits > legend.part_cols) legend.part_cols = digits;
    }
    if (legend.name_cols + legend.part_cols + 5 > chart->area.cols / 2) {
        if (chart->area.cols < 40) legend.part_cols = -1;
    }
    int most = chart->area.cols / 2 - 5 - legend.part_cols;
    if (legend.name_cols > most) legend.name_cols = most;
    legend.cols = chart->figure->count == 0 ? 0 : legend.name_cols + legend.part_cols + 5;
    return legend;
}

static void draw_legend(Chart *chart, const Legend *legend)
{
    const Figure *figure = chart->figure;
    Rect          plot = chart->plot;
    int           col = plot.col + plot.cols + 1, row = plot.row;
    char          part[NUMBER_BYTES];
    if (plot.rows > figure->count && legend->part_cols >= 0) {
        grid_text(chart->grid, row++, col, legend->cols - 1, INK_DIM, tr("at the peak"));
    }
    for (Index i = figure->count - 1; i >= 0; i--, row++) {
        const FigureSeries *series = &figure->series[i];
        Ink                 ink = chart_ink(series, stack_rank(figure, i));
        if (row == plot.row + plot.rows - 1 && i > 0) {
            Str more = {0};
            str_addf(&more, tr("+%td more"), i + 1);
            grid_text(chart->grid, row, col, legend->cols - 1, INK_DIM, str_text(&more));
            chart->grid->failed = chart->grid->failed || more.failed;
            str_free(&more);
            return;
        }
        grid_put(chart->grid, row, col, chart_fill(chart->charset, stack_rank(figure, i)), ink);
        grid_text(chart->grid, row, col + 2, legend->name_cols, ink, series->label);
        if (legend->part_cols < 0) continue;
        number_text(part, stack_part(series, legend->x), axis_bytes(&figure->y));
        int wide = (int)strlen(part);
        grid_text(chart->grid, row, col + legend->cols - 1 - wide, wide, INK_PLAIN, part);
    }
}

void chart_stack(Chart *chart)
{
    Legend legend = measure_legend(chart);
    chart_heading(chart);
    chart_layout(chart, legend.cols);
    bool empty = !figure_reach(chart->figure, 'y', chart->y.log).any;
    if (empty) chart->x.count = chart->y.count = 0; /* an axis of nothing has no numbers */
    chart_axes(chart);
    if (empty) {
        chart_no_data(chart);
        return;
    }
    Index next = 0;
    for (int col = 0; col < chart->plot.cols; col++) {
        draw_column(chart, col, column_x(chart, col, &next));
    }
    draw_legend(chart, &legend);
}
