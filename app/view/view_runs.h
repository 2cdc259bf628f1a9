#ifndef APP_VIEW_VIEW_RUNS_H
#define APP_VIEW_VIEW_RUNS_H

/* Recorded runs as a list, the curves of those that are marked, and the settings in which they
 * differ. */

#include "app/view/look.h"

typedef enum RunsPane { RUNS_LIST, RUNS_CHART, RUNS_TABLE, RUNS_PANES } RunsPane;

typedef struct RunRow {
    const char *name, *data, *method;
    const char *settings;       /* "r=8 seed=2", those that differ among all runs */
    Index       steps, planned; /* planned 0: not known */
    double      before, after;  /* losses; NaN: none */
    bool        held_out;       /* the losses are of held-out data */
    bool        ended, growing;
    bool        marked;
    double      age; /* seconds; negative: not known */
} RunRow;

/* What the marked runs differ in: cell [setting * runs + run]. */
typedef struct RunsTable {
    const char *const *settings;
    const char *const *runs;
    const char *const *cells;
    int                setting_count, run_count;
} RunsTable;

typedef struct RunsView {
    const RunRow *rows;
    int           count, selected, marked;
    bool          reading; /* the folder is being read for the first time */
    RunsPane      pane;
    const char   *what;   /* "loss": what is drawn */
    const char   *how;    /* "log axis, mean of 5 steps", "": as it is */
    const Figure *figure; /* titled; NULL: nothing recorded */
    RunsTable     table;
    const char   *folder; /* where runs are, for who has none */
    /* out */
    int top, cursor_row, cursor_col;
} RunsView;

typedef struct RunsLayout {
    bool beside;
    int  need_rows, need_cols;
    Rect list, chart, table; /* rows 0: not shown */
    bool by_run;             /* the table has a row for each run, else one for each setting */
} RunsLayout;

RunsLayout runs_layout(const RunsView *view, Rect area);
void       view_runs(RunsView *view, const Look *look, Grid *grid, Rect area);

/* view_runs_table.c: rows that the table needs where there are so many columns, a blank one below;
 * does a row for each run, with its whole name, find room; and the table. */
int  runs_table_rows(const RunsTable *table, int cols);
bool runs_by_run(const RunsTable *table, int cols);
void runs_draw_table(const RunsView *view, const Look *look, Grid *grid, const RunsLayout *at);
/* Names of runs differ at their ends: one that is too long is cut near its front. */
void runs_draw_name(const Look *look, Grid *grid, int row, int col, int cols, Ink ink,
                    const char *name);

/* "12 s ago", "3 min ago", "5 d ago". */
void runs_age(char out[32], double seconds);

#endif
