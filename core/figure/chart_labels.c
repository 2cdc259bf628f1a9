/* Names of series: their markers, and where they stand beside the plot. */

#include <math.h>
#include <string.h>

#include "core/base/text.h"
#include "core/figure/chart.h"

char chart_marker(Index i)
{
    return "ox+*#@%&"[i % MARKERS];
}

Ink chart_ink(const FigureSeries *series, Index i)
{
    return series->guess ? INK_GUESS : (Ink)(INK_SERIES_1 + i % MARKERS);
}

bool has_band(const FigureSeries *series)
{
    return series->low != NULL && series->high != NULL;
}

Index series_end(const FigureSeries *series, bool log_x, bool log_y)
{
    Index last = series->n - 1;
    while (last >= 0 && !point_shown(series, last, log_x, log_y)) last--;
    return last;
}

/*
 * With z = place - i * gap the task is: move z as little as possible (squares) so that it does
 * not fall. Runs that would fall become their mean; the ends are cut to the room there is.
 */
void spread(double *place, int n, double gap, double lo, double hi)
{
    double mean[LABELS_MAX];
    int    count[LABELS_MAX], runs = 0;
    CHECK(n <= LABELS_MAX);
    if (n < 1) return;
    if ((n - 1) * gap > hi - lo) gap = n > 1 ? (hi - lo) / (n - 1) : 0;
    for (int i = 0; i < n; i++) {
        mean[runs] = place[i] - i * gap;
        count[runs++] = 1;
        for (; runs > 1 && mean[runs - 1] < mean[runs - 2]; runs--) {
            int both = count[runs - 1] + count[runs - 2];
            mean[runs - 2] =
                (mean[runs - 2] * count[runs - 2] + mean[runs - 1] * count[runs - 1]) / both;
            count[runs - 2] = both;
        }
    }
    int i = 0;
    for (int run = 0; run < runs; run++) {
        double base = fmin(fmax(mean[run], lo), hi - (n - 1) * gap);
        for (int k = 0; k < count[run]; k++, i++) place[i] = base + i * gap;
    }
}

int chart_label_columns(const Chart *chart)
{
    const Figure *figure = chart->figure;
    int           longest = 0;
    for (Index i = 0; i < figure->count; i++) {
        const char *label = figure->series[i].label;
        if (figure->count == 1 && strcmp(label, figure->title) == 0) return 0;
        int wide = text_columns(label, (Index)strlen(label));
        if (wide > longest) longest = wide;
    }
    if (longest == 0 && figure->count < 2) return 0;
    /* Where not all fit there must be room to say how many are left out. */
    if (figure->count > chart->area.rows - 4 && longest < 8) longest = 8;
    int most = chart->area.cols * 2 / 5 - 4;
    if (longest > most) longest = most;
    return longest + 3; /* a blank, the marker, a blank */
}

typedef struct EndLabel {
    Index  series;
    double row;
} EndLabel;

/* The ends of the first series that have one, as rows below the top of the plot, sorted. */
static int find_ends(const Chart *chart, EndLabel ends[LABELS_MAX], int most, Index *left_out)
{
    int n = 0;
    *left_out = 0;
    for (Index i = 0; i < chart->figure->count; i++) {
        const FigureSeries *series = &chart->figure->series[i];
        Index               last = series_end(series, chart->x.log, chart->y.log);
        if (last < 0) continue;
        if (n == most) {
            ++*left_out;
            continue;
        }
        double height = fmin(fmax(scale_at(&chart->y, series->y[last]), 0), 1);
        double row = (1 - height) * (chart->plot.rows - 1);
        int    at = n++;
        for (; at > 0 && ends[at - 1].row > row; at--) ends[at] = ends[at - 1];
        ends[at] = (EndLabel){i, row};
    }
    return n;
}

void chart_end_labels(Chart *chart)
{
    EndLabel ends[LABELS_MAX];
    double   rows[LABELS_MAX];
    Rect     plot = chart->plot;
    Index    left_out;
    int      col = plot.col + plot.cols + 1, room = chart->area.col + chart->area.cols - col;
    if (room < 1) return;
    int most = plot.rows < LABELS_MAX ? plot.rows : LABELS_MAX;
    int n = find_ends(chart, ends, most, &left_out);
    if (left_out > 0) n = find_ends(chart, ends, most - 1, &left_out);
    for (int i = 0; i < n; i++) rows[i] = ends[i].row;
    spread(rows, n, 1, 0, plot.rows - 1 - (left_out > 0));
    for (int i = 0; i < n; i++) {
        const FigureSeries *series = &chart->figure->series[ends[i].series];
        Ink                 ink = chart_ink(series, ends[i].series);
        int                 row = plot.row + (int)floor(rows[i] + 0.5);
        grid_put(chart->grid, row, col, (uint32_t)chart_marker(ends[i].series), ink);
        grid_text(chart->grid, row, col + 2, room - 2, ink, series->label);
    }
    if (left_out > 0) {
        Str more = {0};
        str_addf(&more, tr("+%td more"), left_out);
        grid_text(chart->grid, plot.row + plot.rows - 1, col, room, INK_DIM, str_text(&more));
        chart->grid->failed = chart->grid->failed || more.failed;
        str_free(&more);
    }
}
