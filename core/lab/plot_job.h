#ifndef CORE_LAB_PLOT_JOB_H
#define CORE_LAB_PLOT_JOB_H

/*
 * One `plot`, from its arguments to figures. Text, SVG and CSV are written here; what needs a
 * screen, gnuplot or time (window, png, pdf, --follow) is the program's, by Lab.show_plot.
 */

#include "core/lab/run_figure.h"

typedef enum PlotFormat {
    PLOT_TEXT,
    PLOT_WINDOW,
    PLOT_SVG,
    PLOT_PNG,
    PLOT_PDF,
    PLOT_CSV
} PlotFormat;

enum { PLOT_WIDTH = 900, PLOT_HEIGHT = 540 }; /* pixels of a picture */

typedef struct PlotJob {
    const Args   *args;
    const Cancel *cancel;
    RunSet        runs;
    RunFigureSpec spec;
    PlotFormat    format;
    const char   *out; /* NULL: the terminal */
    Charset       charset;
    int           rows, cols; /* of a chart in text */
    bool          follow;
} PlotJob;

const char *plot_format_name(PlotFormat format); /* "text", "window" ... */
/* "auto": what the locale can show, as nl_langinfo tells; else by name. */
Charset plot_charset(const char *name);
/* The figures of what has been recorded until now; ERR_INPUT when that is nothing. */
NODISCARD bool plot_figures(const PlotJob *job, RunFigures *figures, Error *err);
/* A chart in text and its sentence, ready for a terminal. */
NODISCARD bool plot_text(Str *out, const PlotJob *job, const Figure *figure, Error *err);

#endif
