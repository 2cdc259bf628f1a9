#ifndef APP_ROOMS_MATRIX_MATRIX_SOURCE_H
#define APP_ROOMS_MATRIX_MATRIX_SOURCE_H

/* Where matrices come from: those of the lessons, a drawing, a weight of the base, what a recorded
 * run learned of one. */

#include "core/lab/lab.h"
#include "core/workbench/datum.h"

typedef enum SourceKind {
    SOURCE_HEADING, /* a title in the list */
    SOURCE_LINES,   /* text: lines of the vocabulary, the last one makes it */
    SOURCE_WEIGHT,  /* module */
    SOURCE_LEARNED, /* folder (an adapter's), module; module NULL: the list of its modules */
    SOURCE_WEIGHTS  /* the list of the base's weights */
} SourceKind;

typedef struct MatrixSource {
    SourceKind kind;
    char      *label, *detail; /* for the list; detail may be NULL */
    char      *text, *folder, *module;
} MatrixSource;

typedef struct SourceList {
    MatrixSource *list;
    Index         count;
} SourceList;

/* The first list. A run without an adapter, or one that cannot be read, is not in it. */
NODISCARD bool sources_first(SourceList *sources, const Lab *lab, Error *err);
/* The list behind a SOURCE_WEIGHTS, or a SOURCE_LEARNED without a module. */
NODISCARD bool sources_behind(SourceList *sources, const Lab *lab, const MatrixSource *source,
                              Error *err);
void           sources_free(SourceList *sources);
NODISCARD bool source_copy(MatrixSource *to, const MatrixSource *from, Error *err);
void           source_free(MatrixSource *source);

/* The numbers. Loads the base where it is needed and the Lab has none yet, so it may take a while;
 * *single: they were float32. NULL with err. */
NODISCARD Datum *source_fetch(const MatrixSource *source, Lab *lab, bool *single, Error *err);

#endif
