#ifndef CORE_WORKBENCH_MATRIX_PICTURE_H
#define CORE_WORKBENCH_MATRIX_PICTURE_H

/* Drawings for lessons: matrices whose low-rank versions an eye can judge. */

#include "core/base/error.h"

extern const char *const matrix_pictures[]; /* names, ends with NULL */

/* out [size, size], shades from 0 (dark) to 1 (light); name is one of them. A pure function. */
void matrix_picture(double *out, Index size, const char *name);

#endif
