#ifndef APP_ROOMS_RUNS_RUNS_SHELF_H
#define APP_ROOMS_RUNS_RUNS_SHELF_H

/* The runs room's state and what keys do to it, without a screen or a thread. */

#include "app/rooms/runs/runs_job.h"
#include "app/rooms/runs/runs_overlay.h"
#include "app/rooms/runs/runs_watch.h"
#include "app/screen/keymap.h"
#include "app/view/view_runs.h"

typedef struct ShelfRun {
    double changed; /* seconds since 1970 */
    bool   marked;
} ShelfRun;

typedef struct RunShelf {
    Lab      *lab;
    RunSet    runs;  /* newest first */
    ShelfRun *about; /* [runs.count] */
    bool      read;  /* the folder was looked through */
    int       selected;
    RunsPane  pane;
    int       what;   /* number in the cycle */
    int       smooth; /* steps; 0: as it is */
    bool      log_y;
    /* made again after a change */
    bool    stale;
    Figure *figure;
    RunRow *rows;
    char  **settings; /* [runs.count] */
    char  **table;    /* texts of the table: names, runs, cells */
    int     table_settings, table_runs;
    Str     how;
    char   *wanted; /* a run to select as soon as it is read */
} RunShelf;

void shelf_open(RunShelf *shelf, Lab *lab);
void shelf_close(RunShelf *shelf);
/* Takes the news over. */
NODISCARD bool shelf_take(RunShelf *shelf, RunNews *news, Error *err);
bool           shelf_select(RunShelf *shelf, const char *name); /* and mark it */
bool           shelf_act(RunShelf *shelf, Action action);
bool           shelf_can(const RunShelf *shelf, Action action);
void           shelf_view(RunShelf *shelf, RunsView *view, double now);
const Figure  *shelf_figure(RunShelf *shelf);      /* NULL: nothing is drawn */
Figure        *shelf_give_figure(RunShelf *shelf); /* the caller's now; drawn anew for the shelf */
const char    *shelf_what(const RunShelf *shelf);  /* as `plot --what` calls it */
/* The runs that are drawn: marked ones, or the selected one. Parts are borrowed; mem_free .list. */
NODISCARD bool shelf_drawn(const RunShelf *shelf, RunSet *drawn, Error *err);

/* runs_table.c: rows, settings that differ, the table */
void shelf_make_rows(RunShelf *shelf, double now);
void shelf_make_table(RunShelf *shelf);
void shelf_free_rows(RunShelf *shelf);

/* ---- runs_export.c ---- */

/* What is to be written there, by the name's ending: .svg, .csv, .md, and .png or .pdf through
 * gnuplot. Nothing is written yet (export_write, or a job). */
NODISCARD bool shelf_export(RunShelf *shelf, const char *path, Export *what, Error *err);
/* The line that draws the same in a shell. */
void shelf_repeat(const RunShelf *shelf, Str *out);
/* The Markdown report. */
void shelf_report(RunShelf *shelf, Str *out);

#endif
