#ifndef TESTS_FIGURE_FIGURES_H
#define TESTS_FIGURE_FIGURES_H

/* Figures that several tests draw. Each creates with err NULL-safe building; free with
 * figure_free. NULL only where memory fails. */

#include "core/figure/figure.h"

Figure *figure_of_losses(Error *err); /* four lines on a log axis */
Figure *figure_of_ranks(Error *err);  /* measured with a band, and a prediction */
Figure *figure_of_times(Error *err);  /* two series over three categories */
Figure *figure_of_matrix(Error *err); /* 10 x 10, both signs, one missing */
Figure *figure_of_bytes(Error *err);  /* a stack of five */
/* A line of these values. */
Figure *figure_of_values(const double *y, Index n, Error *err);

/* Every text of it is `text`: title, axes, labels, categories. */
Figure *figure_with_text(FigureKind kind, const char *text, Error *err);

#endif
