#ifndef APP_ROOMS_RUNS_RUNS_JOB_H
#define APP_ROOMS_RUNS_RUNS_JOB_H

/*
 * Writing a file on a thread of its own, one at a time: gnuplot may take seconds for a picture, and
 * a disk for a file. What is written is the job's, so that the shelf may change meanwhile.
 */

#include "core/figure/figure.h"

/* What is to be written; {0}, export_free. */
typedef struct Export {
    char       *path;
    const char *terminal; /* gnuplot's; NULL: the text, as it is */
    Figure     *figure;   /* for gnuplot */
    Str         text;
} Export;

void export_free(Export *what);
/* Writes it and waits; durable. */
NODISCARD bool export_write(const Export *what, Error *err);

typedef struct ExportJob ExportJob;

/* wake is called on the job's thread when it is done. */
NODISCARD ExportJob *export_job_create(void (*wake)(void *context), void *context, Error *err);
void                 export_job_free(ExportJob *job); /* waits; NULL-safe */
/* The file that is being written; NULL: none. */
const char *export_job_path(const ExportJob *job);
/* Takes *what over, and empties it, also when it fails. Not while it writes. */
NODISCARD bool export_job_start(ExportJob *job, Export *what, Error *err);
/* True once, when it is done: what came of it (ERR_NONE: written), and what it was, the caller's to
 * free. */
bool export_job_take(ExportJob *job, Export *what, Error *err);

#endif
