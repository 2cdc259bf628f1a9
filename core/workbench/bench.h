#ifndef CORE_WORKBENCH_BENCH_H
#define CORE_WORKBENCH_BENCH_H

/*
 * The learner's bench: named values, named adapters, which adapter is on, the generator that
 * matrices are drawn from; everything a lesson's commands act on. It lives in memory (files only
 * in a workspace of its own, removed with it).
 *
 * The base is the Lab's: immutable, shared, never copied. Values and learned adapters are
 * immutable and counted, so saving the whole state (BenchState) copies references only, and
 * restoring a state is exact: values, adapters, optimizer, random state.
 */

#include "core/adapt/method.h"
#include "core/base/pool.h"
#include "core/base/random.h"
#include "core/lab/lab.h"
#include "core/train/trainer.h"
#include "core/workbench/datum.h"
#include "core/workbench/expr.h"

/* What a training left: enough to attach it again, to go on training, to merge. */
typedef struct Learned {
    _Atomic int   refs;
    bool          full;
    LoraConfig    config; /* not full */
    TrainSettings settings;
    TrainState   *state; /* values and moments, counters */
    char         *data;  /* task it was trained on */
    uint64_t      seed;
} Learned;
Learned *learned_hold(Learned *learned);
void     learned_drop(Learned *learned);
/* From a training at its end (or where it stopped). */
NODISCARD Learned *learned_create(const Trainer *trainer, const Method *method, const char *data,
                                  const TrainSettings *settings, Error *err);
/* A Method with these values on this model; trainable reserves gradients. */
NODISCARD Method *learned_method(const Learned *learned, Model *model, bool trainable,
                                 MemAccount *account, Error *err);

/* Who computes: a backend with its own threads and scratch, and the base seen through it. */
typedef struct BenchWorker {
    Backend *be;
    Model   *model; /* the base; a worker of a sweep has a view of it (model_view) */
} BenchWorker;

typedef struct Bench Bench;

typedef struct BenchSpec {
    Lab     *lab;
    int      threads; /* 0: one a core */
    uint64_t seed;    /* of the lesson */
    int64_t  memory;  /* bytes that may be taken once the base is loaded (mem_set_limit, so of
                         the whole process); 0: no limit */
} BenchSpec;

NODISCARD Bench *bench_create(const BenchSpec *spec, Error *err);
void             bench_free(Bench *bench);
Lab             *bench_lab(const Bench *bench);
uint64_t         bench_seed(const Bench *bench);
int              bench_threads(const Bench *bench);
TorchRng        *bench_rng(Bench *bench); /* torch.manual_seed(seed) at the start */
/* Nothing computes for a while: its limit of memory does not hold, for the process has other work.
 * bench_go_on: what was left of the limit then may be taken from now on. */
void bench_rest(Bench *bench);
void bench_go_on(Bench *bench);
/* The worker of commands that are not swept: all threads. Loads the base at first need: the one
 * that the Lab holds, or else the one that comes along. */
NODISCARD BenchWorker *bench_worker(Bench *bench, Error *err);

/* ---- values and adapters by name -------------------------------------------------------- */

/* Takes the references over; replaces an older one. learned may be NULL. */
NODISCARD bool bench_put(Bench *bench, const char *name, Datum *value, Learned *learned,
                         Error *err);
const Datum   *bench_get(const Bench *bench, const char *name);     /* borrowed, NULL: none */
Learned       *bench_learned(const Bench *bench, const char *name); /* borrowed, NULL: none */
void           bench_learned_names(const Bench *bench, Str *names); /* "a, b", for hints */
Scope          bench_scope(Bench *bench);                           /* over the values */
/* The adapter that eval and generate use unless told otherwise; NULL: the base alone. */
const char *bench_active(const Bench *bench);
/* name NULL: the base. Copies the name. */
NODISCARD bool bench_set_active(Bench *bench, const char *name, bool merged, Error *err);
bool           bench_merged(const Bench *bench); /* the active one is merged into the weights */

/*
 * Data by a task's name (letters, digits, '-'; never a path), or "base", held-out documents of the
 * base's corpus whatever the split, or "base-other", those of them that neither begin like a
 * task's prompt (Request, Review, Text, Date) nor show what tasks answer in (Code, Script, Note).
 * Drawn once and kept as long as the bench. Safe to call from a sweep's workers.
 */
typedef struct BenchDataSpec {
    const char *name;
    const char *split; /* "train", "heldout", "combos" */
    Index       count;
    Index       max_length; /* 0: the base's positions */
    uint64_t    seed;
} BenchDataSpec;
/* Borrowed, and so is *sample, the task's own prompt ("" for documents; may be NULL). */
NODISCARD const Dataset *bench_data_cut(Bench *bench, const BenchDataSpec *spec,
                                        const char **sample, Error *err);
/* The same with examples as long as the base can take. */
NODISCARD const Dataset *bench_data(Bench *bench, const char *name, const char *split, Index count,
                                    uint64_t seed, const char **sample, Error *err);
/* A private folder for files, made at first need, removed with the bench. Borrowed. */
NODISCARD const char *bench_workspace(Bench *bench, Error *err);

/* ---- state ------------------------------------------------------------------------------ */

typedef struct BenchState BenchState;
NODISCARD BenchState     *bench_save(const Bench *bench, Error *err);
NODISCARD bool            bench_restore(Bench *bench, const BenchState *state, Error *err);
void                      bench_state_free(BenchState *state);

#endif
