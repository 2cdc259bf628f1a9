#ifndef CORE_FIGURE_FIGURE_H
#define CORE_FIGURE_FIGURE_H

/*
 * One description of a figure, and its writers. Writers are pure and deterministic: the same
 * figure gives the same bytes. gnuplot's windows, PNG and PDF come from the script that
 * figure_gnuplot writes.
 *
 * Building never fails visibly: an allocation that fails is sticky, ask figure_ok once.
 */

#include "core/base/str.h"
#include "core/figure/grid.h"

typedef enum FigureKind {
    FIGURE_LINE, /* series of points, joined */
    FIGURE_BAR,  /* series of values over named categories */
    FIGURE_HEAT, /* a matrix of values */
    FIGURE_STACK /* series stacked over a common x: bytes by purpose over time */
} FigureKind;

typedef struct FigureAxis {
    char  *title; /* "step", or NULL */
    char  *unit;  /* "nats/token", "bytes" (shown as KB, MB), or NULL */
    bool   log;
    bool   fixed; /* lo and hi are given; else from the data */
    double lo, hi;
} FigureAxis;

typedef struct FigureSeries {
    char   *label;
    double *x, *y;      /* [n]; y may be NaN: missing, the line is broken there */
    double *low, *high; /* [n], a band around y; NULL: none */
    Index   n;
    bool    points; /* markers only, not joined */
    bool    guess;  /* a prediction: drawn dashed, INK_GUESS */
    bool    front;  /* drawn after the others, over them */
} FigureSeries;

typedef struct Figure {
    FigureKind    kind;
    char         *title;
    FigureAxis    x, y;
    FigureSeries *series;
    Index         count;
    char        **category; /* FIGURE_BAR: names of x = 0, 1, 2 ...; also tick labels of a LINE */
    Index         categories;
    double       *heat; /* FIGURE_HEAT: [rows, cols], NaN: missing */
    Index         rows, cols;
    bool          failed;
} Figure;

NODISCARD Figure *figure_create(FigureKind kind, const char *title, Error *err);
void              figure_free(Figure *figure); /* NULL-safe */
NODISCARD bool    figure_ok(const Figure *figure, Error *err);
void              figure_axis(Figure *figure, char which, const char *title, const char *unit,
                              bool log); /* which: 'x' or 'y' */
/* Copies. x NULL: 0, 1, 2 ... Returns the series' number (to add a band), -1 on failure. */
Index figure_series(Figure *figure, const char *label, const double *x, const double *y, Index n);
void  figure_band(Figure *figure, Index series, const double *low, const double *high);
void  figure_category(Figure *figure, const char *name);
void  figure_heat(Figure *figure, const double *values, Index rows, Index cols);
/* At most `buckets` * 2 points a series, the extremes of each bucket of x kept, first and last
 * point always; a missing value stays a gap. Bands go with their points. */
NODISCARD bool figure_thin(Figure *figure, Index buckets, Error *err);

/* ---- writers ---- */

/*
 * Onto cells. Line: y axis with ticks at the left, x axis below, series told apart by a marker
 * each (o x + * # @ % &) and labelled at their right end (labels moved apart, never over one
 * another); the prediction dashed. Bands are shaded with ':' (a light shade outside ASCII) in their
 * series' ink; a log axis says so, is linear where no value is positive, and ends where a value is
 * so far below the highest (eight powers of ten) that it stands for zero, which it says, too. Bars
 * lie with their number at the end while they are few, stand when they are many, and are joined to
 * a line beyond one a column. A matrix that is larger than its area shows in each cell the value
 * farthest from zero of those it stands for, and says so. A stack's names carry their values at the
 * highest total. Falls back to its sentence where the area is below 20 x 5. Fewer points than
 * columns, one point, constant values, all missing, huge and negative values are all fine.
 */
void figure_draw(const Figure *figure, Grid *grid, Rect area, Charset charset);
/* The same as lines of text. */
NODISCARD bool figure_text(Str *out, const Figure *figure, int rows, int cols, Charset charset,
                           Error *err);
/* One or two sentences for who cannot see it: "loss fell from 4.10 to 0.31 over 200 steps;
 * lowest at the end: r = 8 (0.31)". No newline. */
void figure_sentence(Str *out, const Figure *figure);
/* A self-contained <svg> element; colours by CSS custom properties with fallbacks, so that a page
 * may darken them; text is text; all strings escaped. */
void figure_svg(Str *out, const Figure *figure, int width, int height);
/* For a file of its own: the same on white, so that it can be read wherever it is opened. */
void figure_svg_alone(Str *out, const Figure *figure, int width, int height);
/* Header line, then rows; numbers with all digits; missing: empty. Strings quoted by RFC 4180;
 * what a spreadsheet would take for a formula gets an apostrophe in front. */
void figure_csv(Str *out, const Figure *figure);

/* ---- gnuplot ---- */

typedef struct GnuplotTarget {
    const char *terminal;      /* "pngcairo", "pdfcairo", "svg", "dumb", "qt", "x11", "wxt" */
    const char *file;          /* our own name inside gnuplot's folder; NULL for windows */
    int         width, height; /* pixels; pdf: hundredths of an inch; dumb: columns, rows */
    bool        strict;        /* text cut to letters, digits, blanks and . , = / - */
} GnuplotTarget;
/*
 * A whole script for one frame, for gnuplot 5.4 and 6: terminal, output, labels, one datablock a
 * series, one plot command. Nothing of the figure's text is ever outside single quotes; quoted
 * text is valid UTF-8 without C0, C1, DEL, bidi and U+2028/9, cut at 120 columns, with ' turned
 * into U+2019 (never doubled), always noenhanced. Data are numbers only ("%.9g", NaN), the
 * datablocks' end word is given by the caller (random letters).
 */
void figure_gnuplot(Str *out, const Figure *figure, const GnuplotTarget *target,
                    const char *end_word);

#endif
