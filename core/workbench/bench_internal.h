#ifndef CORE_WORKBENCH_BENCH_INTERNAL_H
#define CORE_WORKBENCH_BENCH_INTERNAL_H

/* The inside of a Bench, shared by the files bench*.c. */

#include <pthread.h>

#include "core/workbench/bench.h"
#include "core/workbench/verb.h"

typedef struct BenchEntry {
    char    *name;
    Datum   *value;   /* one reference */
    Learned *learned; /* one reference, or NULL */
} BenchEntry;

/* What a snapshot keeps: references and small things, never weights of the base. */
typedef struct BenchCore {
    BenchEntry *entries; /* in the order of their first naming */
    Index       count, cap;
    char       *active; /* NULL: the base */
    bool        merged;
    TorchRng    rng;
} BenchCore;

typedef struct BenchData BenchData; /* bench_data.c: datasets by request, with their lock */

struct Bench {
    Lab        *lab;
    int         threads;
    uint64_t    seed;
    int64_t     memory; /* limit beyond the base; 0: none */
    bool        limited, rests;
    int64_t     limit, left; /* in mem_live_bytes; what was left of it when it went to rest */
    BenchWorker worker;      /* model NULL until the base is needed */
    BenchCore   core;
    BenchData  *data;
    char       *workspace;
};

void           bench_core_reset(BenchCore *core);
NODISCARD bool bench_core_copy(BenchCore *to, const BenchCore *from, Error *err);

NODISCARD BenchData *bench_data_create(Error *err);
void                 bench_data_destroy(BenchData *data);

/* ---- bench_line.c and sweep.c ----------------------------------------------------------- */

/* One run of a line: arguments from its words with the scope's values, then the verb. */
typedef struct RunSpec {
    const VerbLine    *line;
    const char *const *picks; /* the axes' values; NULL: not swept */
    uint64_t           seed;  /* of a swept run; else the line's own or the bench's */
    BenchWorker       *worker;
    const Scope       *scope;
    const Sink        *sink;
    const Cancel      *cancel;
} RunSpec;
/* *learned: the caller's reference, or NULL. */
NODISCARD Datum *run_verb(Bench *bench, const RunSpec *spec, Learned **learned, ExprFault *fault,
                          Error *err);
/* The line's seed, or without one the bench's. */
uint64_t first_seed(const Bench *bench, const Args *args);
/* Fill in what is still empty: where on the line, and the error's own words. */
void fault_from_error(ExprFault *fault, Index at, const Error *err);

NODISCARD Datum *run_sweep(Bench *bench, const VerbLine *line, const Sink *sink,
                           const Cancel *cancel, ExprFault *fault, Error *err);

#endif
