#ifndef TESTS_LAB_LAB_RIG_H
#define TESTS_LAB_LAB_RIG_H

/* Commands without a program around them: a Lab, typed arguments, what comes back. */

#include "core/lab/lab.h"

typedef struct LabRig {
    Lab        *lab;
    Result      result; /* of the last command */
    Error       err;
    Str         json;   /* result.root as JSON */
    Str         events; /* "start eval step step ... end" of the last command */
    Cancel      cancel;
    const char *input; /* lines for commands that read them */
} LabRig;

/* Data in $LORALAB_DATA or data/; runs without --out go to the test's folder. */
void lab_rig_open(LabRig *rig);
void lab_rig_close(LabRig *rig);

/* Run a command line, words separated by blanks ('...' keeps blanks inside). `%s` stands for
 * the test's folder. */
bool lab_run(LabRig *rig, const char *line);
/* The same, which must succeed. */
void lab_must(LabRig *rig, const char *line);
/* ... and which must fail with this code and these words in its message. */
void lab_fails(LabRig *rig, const char *line, ErrorCode code, const char *words);

double lab_number(const LabRig *rig, const char *path);
/* The names of an object's members in order: "loss tokens perplexity". */
void lab_keys(const LabRig *rig, const char *path, Str *keys);
#define assert_keys(rig, path, want) lab_assert_keys(rig, path, want)
void lab_assert_keys(const LabRig *rig, const char *path, const char *want);

/* Parse a line for a command without running it; NULL with the error in err. */
Args *lab_parse(const char *line, Error *err);

#endif
