#ifndef CORE_LAB_RUNS_H
#define CORE_LAB_RUNS_H

/*
 * Recorded runs: found by name, read from their logs, told apart by the settings that differ.
 * A RUN is a name under STATE/runs, a folder with a run.jsonl, or a log file.
 */

#include "core/base/json.h"
#include "core/lab/lab.h"
#include "core/train/runlog.h"

typedef struct Run {
    char    *name;  /* for people */
    char    *log;   /* the file */
    RunData *data;  /* what it held when it was read */
    Json    *start; /* its first line parsed; NULL while there is none */
} Run;

typedef struct RunSet {
    Run  *list;
    Index count;
} RunSet;

/* The log of a RUN; mem_free it. ERR_INPUT when there is none. */
NODISCARD char *run_log_path(const Lab *lab, const char *name, Error *err);
/* Add one, read. A set starts as {0}. */
NODISCARD bool runs_add(RunSet *runs, const Lab *lab, const char *name, Error *err);
/* Read again what may have grown. */
NODISCARD bool run_reload(Run *run, Error *err);
void           runs_free(RunSet *runs);

/* A setting's value as text, "" where the run has none: "r" is found inside "lora" too. */
void run_setting(Str *out, const Run *run, const char *setting);
/* Names of settings that two runs of the set have with different values, at most `max`; what
 * says where a run was made (version, machine, prompt) is no setting. -1: out of memory. */
Index runs_differing(const RunSet *runs, const char **names, Index max);
/* "r=8 learning_rate=0.005" where that tells run i from all others, else its name. */
void runs_label(Str *out, const RunSet *runs, Index i);

#endif
