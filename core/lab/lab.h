#ifndef CORE_LAB_LAB_H
#define CORE_LAB_LAB_H

/*
 * The learner's bench: the backend, loaded bases (shared, immutable, each loaded once) and
 * where data lies. Commands act on it; it prints nothing.
 */

#include "core/lab/command.h"
#include "core/model/model.h"
#include "core/model/tokenizer.h"

#define LORALAB_VERSION "0.1.0"

struct PlotJob;
struct Lab {
    Backend *be;           /* made at first need, by lab_backend */
    char    *data_folder;  /* $LORALAB_DATA, beside the binary, or PREFIX/share/loralab */
    char    *state_folder; /* $XDG_STATE_HOME/loralab or ~/.local/state/loralab */
    double   started;      /* clock_seconds at creation */
    /* the base loaded last */
    Model     *model;
    Tokenizer *tok; /* NULL when the folder has none */
    char      *model_folder;
    /* Lines of standard input, for commands that read them: *more false at the end. */
    void *input;
    bool (*read_line)(void *input, Str *line, bool *more, Error *err);
    /* What only the program around can do; NULL and 0 where there is none. */
    int columns; /* of the terminal that results go to; 0: they go elsewhere */
    bool (*show_plot)(struct PlotJob *job, Error *err);  /* windows, png, pdf, --follow */
    void (*gnuplot)(bool *fine, Str *what, Str *advice); /* for doctor */
};

/* program_path: argv[0] resolved (/proc/self/exe), to find data beside the binary. */
NODISCARD Lab *lab_create(const char *program_path, Error *err);
void           lab_free(Lab *lab);

/* The backend by --backend, --dtype, --threads, $LORALAB_BACKEND. One a process: asked for another
 * one, the base that was loaded goes, and where that one is not to be had the old one stays. */
NODISCARD Backend *lab_backend(Lab *lab, const Args *args, Error *err);
/* The base of --base (default: the shipped tiny model), with its tokenizer where it has one. */
NODISCARD Model *lab_base(Lab *lab, const Args *args, Error *err);
/* DATA/tasks/NAME.grammar, or NULL with the names that exist. mem_free it. */
NODISCARD char *lab_task_path(const Lab *lab, const char *name, Error *err);
/* All task names, separated by ", ". */
NODISCARD bool lab_task_names(const Lab *lab, Str *names, Error *err);
/* A path inside the data folder, e.g. "base/tiny". mem_free it. */
NODISCARD char *lab_data_path(const Lab *lab, const char *name, Error *err);

/* The commands, one file each (cmd_train.c ...). */
CommandFn cmd_train, cmd_eval, cmd_generate, cmd_merge, cmd_inspect, cmd_tokenize, cmd_data,
    cmd_plan, cmd_plot, cmd_runs, cmd_pretrain, cmd_doctor, cmd_help;

#endif
