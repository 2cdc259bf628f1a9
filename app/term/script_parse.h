#ifndef APP_TERM_SCRIPT_PARSE_H
#define APP_TERM_SCRIPT_PARSE_H

/* The lines of a script as commands. */

#include "app/term/key.h"

typedef enum ScriptVerb {
    VERB_SIZE,
    VERB_KEY,
    VERB_WAIT,
    VERB_GONE,
    VERB_SEE,
    VERB_SAVE,
    VERB_FRAME,
    VERB_FILM
} ScriptVerb;

typedef struct ScriptStep {
    ScriptVerb verb; /* `key A B` and `type ab` are one VERB_KEY for each key */
    int        line;
    int        rows, cols; /* VERB_SIZE */
    double     seconds;    /* VERB_FRAME */
    Key        key;        /* VERB_KEY */
    char      *text;       /* of the others; inside Script.bytes */
} ScriptStep;

typedef struct Script {
    char       *bytes; /* of the file */
    ScriptStep *steps;
    Index       count, room;
} Script;

enum { SCRIPT_SIZE_MAX = 1000 };

/* ERR_INPUT with file and line. may_save: `save` is known. */
NODISCARD bool script_parse(Script *script, const char *path, bool may_save, Error *err);
void           script_free(Script *script);

#endif
