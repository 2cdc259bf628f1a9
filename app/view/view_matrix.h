#ifndef APP_VIEW_VIEW_MATRIX_H
#define APP_VIEW_VIEW_MATRIX_H

/*
 * A matrix, its singular values, and what is left of it at a lower rank. Small ones are cells with
 * numbers, larger ones a map of shades.
 */

#include "app/view/look.h"

typedef enum MatrixPane {
    MATRIX_CELLS,
    MATRIX_RANK,      /* r of the truncation; the truncated matrix is looked at */
    MATRIX_TOLERANCE, /* what the singular values are held against */
    MATRIX_PANES
} MatrixPane;

typedef struct MatrixChoice {
    const char *label, *detail;
    bool        heading; /* cannot be chosen */
    bool        opens;   /* has a list of its own behind it */
} MatrixChoice;

typedef struct MatrixView {
    const char   *name; /* "B of lesson 1" */
    const double *values;
    Index         rows, cols;
    Index         row, col; /* selected, from 0 */
    MatrixPane    pane;
    const char   *typed;   /* a number being typed in the pane; NULL: none */
    bool          working; /* the numbers below are of the matrix before, or none */
    int           percent; /* of it */
    const char   *fault;   /* a sentence; NULL: none */
    /* what is known of it; s NULL: nothing yet */
    const double *s;
    Index         count;
    Index         rank, exact; /* exact -1: not computed */
    double        tolerance, eps;
    double        rounding;      /* singular values up to this are zero to rounding */
    bool          own_tolerance; /* given by the user */
    /* cut to rank r; r 0: not */
    Index         r;
    const double *cut; /* NULL: too large to be shown */
    double        error_frobenius, error_spectral, bound_frobenius, bound_spectral, kept;
    /* for what is too large for cells and bars; borrowed, NULL: not needed */
    const Figure *heat, *heat_cut, *heat_rest, *spectrum;
    /* choosing another matrix; choices NULL: not */
    const MatrixChoice *choices;
    Index               choice_count, choice;
    const char         *choice_title;
    /* out: the cursor as drawn */
    int cursor_row, cursor_col;
} MatrixView;

typedef enum MatrixMode {
    MATRIX_BESIDE, /* the matrix at the left, its values at the right */
    MATRIX_BELOW,  /* its values below it */
    MATRIX_ALONE   /* one pane at a time */
} MatrixMode;

typedef struct MatrixLayout {
    MatrixMode mode;
    bool       cells;                              /* numbers fit; else shades */
    int        slot;                               /* columns of a cell */
    int        need_rows, need_cols;               /* when nothing fits: 0: it does */
    Rect       matrix, cut, rest, spectrum, facts; /* rows 0: not shown */
} MatrixLayout;

MatrixLayout matrix_layout(const MatrixView *view, Rect area);
void         view_matrix(MatrixView *view, const Look *look, Grid *grid, Rect area);
/* First choice that the list shows, for `rows` rows. */
Index matrix_choice_top(const MatrixView *view, int rows);

/* ---- parts, for view_matrix*.c only ---- */

void view_matrix_cells(MatrixView *view, const Look *look, Grid *grid, const MatrixLayout *layout);
void view_matrix_facts(MatrixView *view, const Look *look, Grid *grid, Rect area);
int  matrix_fact_rows(const MatrixView *view, int cols);
/* "B of lesson 1, 3 × 3" */
void matrix_heading(Str *out, const MatrixView *view);
/* The shortest text of a number with as many digits as fit. */
void matrix_number(char out[32], double value, int columns);

#endif
