#ifndef APP_ROOMS_WORKBENCH_WORKBENCH_H
#define APP_ROOMS_WORKBENCH_WORKBENCH_H

/*
 * The workbench's state, shared by room_workbench.c and workbench_*.c.
 *
 *   room_workbench.c     keys, drawing, what the screen asks of a room
 *   workbench_act.c      what the keys do
 *   workbench_form.c     the form, generated from the command table
 *   workbench_plan.c     what the settings in the form come to
 *   workbench_runs.c     sessions: begun anew, older ones kept as curves, recorded ones compared
 *   workbench_figures.c  from curves to figures
 */

#include "app/rooms/workbench/session.h"
#include "app/screen/room.h"
#include "app/view/view_workbench.h"
#include "core/lab/runs.h"

enum { BENCH_FIELDS = 64, BENCH_OLDER = 6, BENCH_SETTINGS_MAX = 48 };

/* A row of the form. */
typedef struct BenchField {
    const ArgSpec *spec; /* NULL: a heading */
    char           value[120], range[200];
} BenchField;

typedef struct BenchCurve {
    Index  count;
    double x[RECORD_STEPS], y[RECORD_STEPS];
} BenchCurve;

/* A run drawn under the present one. */
typedef struct OlderRun {
    Args      *args;     /* of one that was made here; NULL: recorded */
    RunSet     recorded; /* one run */
    char       name[64];
    char       label[120];
    BenchCurve loss;
} OlderRun;

typedef struct Workbench {
    Screen    *screen;
    const Lab *from; /* the screen's: where data lies and runs are recorded */
    Args      *args; /* as the form has them */
    Model     *outline;
    char      *outline_of; /* folder of the base that outline is of */

    BenchField fields[BENCH_FIELDS];
    FormRow    rows[BENCH_FIELDS];
    int        field_count;
    Form       form;

    Lab          *lab;         /* the sessions' own */
    int           lab_threads; /* of its backend, as a session told; 0: not known */
    TrainSession *session;
    TrainSession *leaving; /* the next session's thread ends it */
    bool          goes_on; /* the session was told to run before it was prepared */
    SessionLook   look;
    BatchShape    shape; /* as the last session told it; N 0: none has yet */
    DType         stored;
    int64_t       serial;
    OlderRun     *older[BENCH_OLDER]; /* oldest first */
    int           older_count;
    char          label[120]; /* of the present run, where there are others */

    BenchPane   pane;
    int         slot; /* what Left and Right choose among: see slot_chart */
    int         module_top;
    bool        linear, smooth, repeat_open, adapter_off;
    Str         repeat, sentence;
    Error       error; /* of the form or of a key, until the next one */
    BenchPlan   plan;
    int64_t     measured[MEM_PURPOSE_COUNT];
    BenchModule modules[RECORD_MODULES];
    Figure     *figures[BENCH_CHARTS];
    bool        figures_old;
    int         cursor_row, cursor_col, cols; /* as drawn last */
} Workbench;

/* room_workbench.c: what the session has to show since it was looked at last */
void workbench_look(Workbench *bench);
/* workbench_act.c */
bool workbench_act(void *room, Action action, Key key);

/* ---- workbench_form.c ---- */

NODISCARD Args *workbench_args(Screen *screen, Error *err); /* as the room begins */
NODISCARD Args *args_clone(const Args *args, const char *without, Error *err);
void            workbench_form_make(Workbench *bench);
void            workbench_form_fill(Workbench *bench);   /* values from args */
const ArgSpec  *workbench_field(const Workbench *bench); /* the selected one; NULL */
/* The choice `by` places on from the present one, or the other of yes and no; NULL: a field. */
const char *workbench_choice(const Workbench *bench, const ArgSpec *spec, int by);
/* What transformers, TRL or PEFT call it: "LoraConfig.r"; NULL: it is loralab's own. */
const char *workbench_known_as(const char *name);

/* ---- workbench_plan.c ---- */

/* Counts for these arguments; what is wrong with them goes into plan->error. */
void workbench_plan(Workbench *bench, const Args *args);

/* ---- workbench_runs.c ---- */

/* Take over these arguments: the present run becomes an older one, a new session is prepared. */
NODISCARD bool workbench_take(Workbench *bench, Args *args, Error *err);
NODISCARD bool workbench_session(Workbench *bench, Error *err);  /* made when there is none */
void           workbench_compare(void *bench, const char *name); /* a recorded run, drawn too */
void           workbench_forget(Workbench *bench);
void           workbench_labels(Workbench *bench);

/* ---- workbench_figures.c ---- */

typedef struct SlotChoice {
    BenchChart chart;
    RecordNorm norm;
    bool       table;
} SlotChoice;
enum { BENCH_SLOTS = 8 };
SlotChoice workbench_slot(int slot);
/* All charts from what is heard; made again only after something changed. */
void workbench_figures(Workbench *bench);
/* The modules' numbers under short names; returns how many. */
int  workbench_modules(Workbench *bench);
void workbench_figures_free(Workbench *bench);

#endif
