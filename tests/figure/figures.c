#include "tests/figure/figures.h"

#include <math.h>

Figure *figure_of_losses(Error *err)
{
    static const char *const labels[] = {"1", "8", "32", "256"};
    static const double      ends[] = {0.5, 0.1, 0.06, 2.3}, rates[] = {0.008, 0.018, 0.03, 0.2};

    Figure *figure = figure_create(FIGURE_LINE, "training loss, sql, r = 8", err);
    if (figure == NULL) return NULL;
    figure_axis(figure, 'x', "step", NULL, false);
    figure_axis(figure, 'y', "loss", "nats/token", true);
    for (int s = 0; s < 4; s++) {
        double y[201];
        for (int i = 0; i <= 200; i++) y[i] = ends[s] + (4 - ends[s]) * exp(-i * rates[s]);
        figure_series(figure, labels[s], NULL, y, 201);
    }
    return figure;
}

Figure *figure_of_ranks(Error *err)
{
    static const double r[] = {1, 2, 4, 8, 16, 32, 64};
    static const double loss[] = {0.9, 0.55, 0.31, 0.22, 0.2, 0.19, 0.19};
    static const double low[] = {0.8, 0.5, 0.28, 0.2, 0.18, 0.17, 0.175};
    static const double high[] = {1.05, 0.62, 0.36, 0.25, 0.23, 0.22, 0.21};
    static const double said[] = {0.8, 0.4, 0.2, 0.1, 0.05, 0.03, 0.02};

    Figure *figure = figure_create(FIGURE_LINE, "How much rank is enough", err);
    if (figure == NULL) return NULL;
    figure_axis(figure, 'x', "r", NULL, true);
    figure_axis(figure, 'y', "held-out loss", "nats/token", false);
    Index measured = figure_series(figure, "measured", r, loss, 7);
    if (measured >= 0) figure_band(figure, measured, low, high);
    Index guess = figure_series(figure, "you said", r, said, 7);
    if (guess >= 0) figure->series[guess].guess = true;
    return figure;
}

Figure *figure_of_times(Error *err)
{
    static const double full[] = {31.2, 65.1, 12.4}, lora[] = {33.1, 40.5, 0.4};

    Figure *figure = figure_create(FIGURE_BAR, "time per step", err);
    if (figure == NULL) return NULL;
    figure_axis(figure, 'y', "time", "ms", false);
    figure_category(figure, "forward");
    figure_category(figure, "backward");
    figure_category(figure, "optimizer");
    figure_series(figure, "full", NULL, full, 3);
    figure_series(figure, "LoRA r = 8", NULL, lora, 3);
    return figure;
}

Figure *figure_of_matrix(Error *err)
{
    double  w[100];
    Figure *figure = figure_create(FIGURE_HEAT, "W = B A, rank 2", err);
    if (figure == NULL) return NULL;
    figure_axis(figure, 'x', "column", NULL, false);
    figure_axis(figure, 'y', "row", NULL, false);
    for (int i = 0; i < 100; i++) {
        int row = i / 10, col = i % 10;
        w[i] = 2 * sin(row * 0.7) * cos(col * 0.5) + 0.3 * cos(row) * sin(col);
    }
    w[12] = (double)NAN;
    figure_heat(figure, w, 10, 10);
    return figure;
}

Figure *figure_of_bytes(Error *err)
{
    static const char *const names[] = {"weights", "adapter", "optimizer", "gradients",
                                        "activations"};

    Figure *figure = figure_create(FIGURE_STACK, "bytes in use over one step", err);
    if (figure == NULL) return NULL;
    figure_axis(figure, 'x', "op", NULL, false);
    figure_axis(figure, 'y', NULL, "bytes", false);
    double bytes[5][101];
    for (int i = 0; i <= 100; i++) {
        bytes[0][i] = 3.7e6;
        bytes[1][i] = 0.3e6;
        bytes[2][i] = 1.2e6;
        bytes[3][i] = i > 50 ? 12e3 * (i - 50) : 0;
        bytes[4][i] = i < 50 ? 188e3 * i : i < 90 ? 235e3 * (90 - i) : 0;
    }
    for (int s = 0; s < 5; s++) figure_series(figure, names[s], NULL, bytes[s], 101);
    return figure;
}

Figure *figure_of_values(const double *y, Index n, Error *err)
{
    Figure *figure = figure_create(FIGURE_LINE, "values", err);
    if (figure != NULL) figure_series(figure, "v", NULL, y, n);
    return figure;
}

Figure *figure_with_text(FigureKind kind, const char *text, Error *err)
{
    static const double y[] = {3, 1, 2}, x[] = {0, 1, 2};

    Figure *figure = figure_create(kind, text, err);
    if (figure == NULL) return NULL;
    figure_axis(figure, 'x', text, text, false);
    figure_axis(figure, 'y', text, text, false);
    if (kind == FIGURE_HEAT) {
        figure_heat(figure, y, 1, 3);
        return figure;
    }
    for (int i = 0; i < 3; i++) figure_category(figure, text);
    figure_series(figure, text, x, y, 3);
    figure_series(figure, text, x, y, 3);
    return figure;
}
