#ifndef CORE_LAB_RUN_FIGURE_H
#define CORE_LAB_RUN_FIGURE_H

/* Figures of recorded runs: several runs on shared axes, labelled by what differs. */

#include "core/figure/figure.h"
#include "core/lab/runs.h"

typedef enum RunWhat {
    RUN_LOSS = 1,      /* of each step's batch */
    RUN_EVAL = 2,      /* on held-out data; on the same axes as RUN_LOSS */
    RUN_RATE = 4,      /* learning rate */
    RUN_GRAD_NORM = 8, /* before clipping */
    RUN_MODULES = 16,  /* size of the change BA by kind of module; a figure for each run */
    RUN_MEMORY = 32    /* bytes by purpose; a figure for each run */
} RunWhat;

typedef struct RunFigureSpec {
    unsigned what;   /* RunWhats together */
    Index    smooth; /* mean over the last so many steps; below 2: as it is */
    bool     log_y;
    Index    buckets; /* at most about twice so many points a series */
} RunFigureSpec;

typedef struct RunFigures {
    Figure    **list;
    const char *what[64]; /* static names, beside the list */
    Index       count;
} RunFigures;

/* "loss", "eval", "lr", "grad_norm", "modules", "memory"; 0 for another word. */
unsigned run_what_of(const char *name);
/* In the order above; what no run has recorded gives no figure. Free in any case. */
NODISCARD bool run_figures(RunFigures *figures, const RunSet *runs, const RunFigureSpec *spec,
                           Error *err);
void           run_figures_free(RunFigures *figures);

/* Trained and frozen values by kind of module, from a start line; NULL without an error when it
 * does not say. */
NODISCARD Figure *run_parameters_figure(const JsonNode *start, Error *err);

#endif
