#ifndef APP_VIEW_VIEW_WORKBENCH_H
#define APP_VIEW_VIEW_WORKBENCH_H

/*
 * The workbench: settings, curves, modules and memory, text. All at once where there is room
 * (116 x 28), the settings beside one other part from 100 columns on, else one part at a time. A
 * projector has few words and one chart.
 */

#include "app/view/form.h"
#include "core/base/mem.h"

typedef enum BenchPane {
    BENCH_SETTINGS,
    BENCH_CURVES,
    BENCH_MODULES,
    BENCH_TEXT,
    BENCH_PANES
} BenchPane;

enum { BENCH_KINDS = 16, BENCH_CHARTS = 6 };

/* Kinds that are one line where there is no room for each. */
typedef enum BenchGroup {
    GROUP_ATTENTION,
    GROUP_MLP,
    GROUP_EMBED,
    GROUP_NORM,
    GROUP_COUNT
} BenchGroup;

/* All modules of one kind together. */
typedef struct BenchKind {
    char    name[32]; /* "q_proj" */
    int     group;    /* BenchGroup */
    int     count;    /* modules */
    int64_t r;        /* 0: no pair; -1: different ones */
    int64_t trained, frozen;
} BenchKind;

/* What the settings in the form come to, before anything is trained. */
typedef struct BenchPlan {
    bool      known;
    bool      has_bytes; /* the shape of a batch is known */
    bool      about;     /* ... of other data or batches than these */
    int64_t   trainable, all;
    double    percent;
    int       targets; /* modules with a pair */
    int64_t   bytes[MEM_PURPOSE_COUNT], total;
    BenchKind kinds[BENCH_KINDS];
    int       kind_count;
    char      error[300]; /* why it is not known; "" */
} BenchPlan;

typedef enum BenchChart {
    CHART_LOSS,
    CHART_RATE,
    CHART_GRADIENT, /* its norm by kind of module */
    CHART_TOTAL,    /* ... all of it */
    CHART_NORM,     /* of A, B or B A, by kind */
    CHART_MEMORY    /* bytes by purpose, within one step */
} BenchChart;

/* Norms of one module as they were measured last. */
typedef struct BenchModule {
    char   name[40]; /* "0 q_proj" */
    double gradient, a, b, change;
} BenchModule;

typedef struct WorkbenchView {
    BenchPane          pane;     /* has the keys */
    Form              *form;     /* borrowed; scrolls */
    const char        *sentence; /* what went wrong or was found; NULL */
    bool               bad;
    const BenchPlan   *plan;
    const int64_t     *measured; /* bytes by purpose of this run, base included; NULL: not yet */
    const Figure      *chart[BENCH_CHARTS]; /* NULL: nothing to draw yet */
    const BenchModule *modules;
    int                module_count, module_top;
    bool               table; /* the modules' numbers instead of a chart of them */
    BenchChart         slot;  /* what shares a place with others where that is small */
    const char        *prompt, *text_before, *text_now, *text_off;
    Index              text_step; /* of text_now; -1: none */
    bool               adapter_off;
    double             exact;       /* held out; below 0: unknown */
    double             eval_loss;   /* NaN: unknown */
    const char        *repeat;      /* the line for a shell */
    bool               repeat_open; /* it was asked for: whole, in reverse */
} WorkbenchView;

/* Parts that are not there have no rows. */
typedef struct WorkbenchLayout {
    bool all;                /* everything at once */
    Rect tabs;               /* names of the parts, where only one or two are there */
    Rect sentence;           /* no rows where there is nothing to say */
    Rect form, plan, memory; /* the settings' column, with what they come to */
    Rect form_help;          /* no rows: the help is inside the form's */
    Rect divider;
    Rect chart[BENCH_CHARTS];
    Rect table;
    Rect kinds; /* the modules by kind, with bars */
    Rect text;
    Rect repeat;
} WorkbenchLayout;

/* From so many columns on the loss is beside the settings. */
enum { BENCH_NEEDS_ROWS = 8, BENCH_NEEDS_COLS = 36, BENCH_TWO_COLS = 100 };

typedef struct WorkbenchShape {
    Rect       body;
    BenchPane  pane;
    BenchChart slot;
    bool       table;
    int        sentence_rows, repeat_rows; /* 0 to 2, 0 to 4 */
    int        kinds;                      /* of modules */
    int        plan_cols;                  /* of why a value is refused; 0: none is */
    bool       projector;
} WorkbenchShape;

void workbench_layout(const WorkbenchShape *shape, WorkbenchLayout *layout);
/* *row, *col: the cursor; row -1: none. */
void workbench_draw(const WorkbenchView *view, const Look *look, Grid *grid, Rect body, int *row,
                    int *col);

/* view_workbench_parts.c */
void workbench_draw_plan(const WorkbenchView *view, const Look *look, Grid *grid, Rect area);
void workbench_draw_memory(const WorkbenchView *view, const Look *look, Grid *grid, Rect area);
void workbench_draw_kinds(const WorkbenchView *view, const Look *look, Grid *grid, Rect area);
void workbench_draw_table(const WorkbenchView *view, const Look *look, Grid *grid, Rect area);
void workbench_draw_text(const WorkbenchView *view, const Look *look, Grid *grid, Rect area);

#endif
