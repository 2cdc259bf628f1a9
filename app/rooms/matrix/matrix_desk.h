#ifndef APP_ROOMS_MATRIX_MATRIX_DESK_H
#define APP_ROOMS_MATRIX_MATRIX_DESK_H

/*
 * The matrix view's state and what keys do to it, without a screen. A matrix is an immutable
 * Datum; an edit makes another one, so undo keeps references.
 */

#include "app/rooms/matrix/matrix_job.h"
#include "app/screen/line_edit.h"
#include "app/view/view_matrix.h"

enum { MATRIX_PAST = 100 };

typedef struct MatrixState {
    char  *name;
    Datum *matrix; /* NULL: none yet */
    bool   single; /* its numbers were float32 */
} MatrixState;

typedef struct MatrixDesk {
    Lab         *lab;
    MatrixJob   *job;
    MatrixState  now;
    MatrixState  past[MATRIX_PAST];
    int          past_count;
    Index        row, col;
    MatrixPane   pane;
    bool         typing;
    LineEdit     edit;
    Index        r;         /* 0: not cut */
    double       tolerance; /* 0: the usual one */
    MatrixFacts  facts;     /* of `now` when known, else of what was there before */
    bool         known;
    MatrixAsk    asked;   /* of the job, when it is not fetching */
    char        *awaited; /* the name of what is being fetched */
    MatrixSource next;    /* to be fetched when the job is free; label NULL: nothing */
    bool         gave_up; /* the job was stopped by the user, not for something newer */
    Str          fault;
    /* choosing */
    bool          choosing;
    SourceList    sources, behind; /* behind: the second list, empty while the first is shown */
    Index         choice, choice_behind;
    MatrixChoice *choices; /* of the list that is shown */
    /* for the view */
    Figure *heat, *heat_cut, *heat_rest, *spectrum;
    bool    drawn_anew; /* the figures are older than the facts */
} MatrixDesk;

/* With lesson 1's B on it. */
NODISCARD bool desk_open(MatrixDesk *desk, Lab *lab, void (*wake)(void *context), void *context,
                         Error *err);
void           desk_close(MatrixDesk *desk);

/* Another matrix; takes the reference over. The one before can be had back by undo. */
NODISCARD bool desk_put(MatrixDesk *desk, const char *name, Datum *matrix, bool single, Error *err);
NODISCARD bool desk_set_entry(MatrixDesk *desk, Index row, Index col, double value, Error *err);
bool           desk_undo(MatrixDesk *desk);
void           desk_cut(MatrixDesk *desk, Index r);                    /* 0: not */
void           desk_set_tolerance(MatrixDesk *desk, double tolerance); /* 0: the usual one */
/* Fetch it, on the job's thread where it needs the base; what is being fetched gives way. */
void desk_choose(MatrixDesk *desk, const MatrixSource *source);
/* What the job has done; true when something changed. */
bool desk_turn(MatrixDesk *desk);

/* Is something being worked on? It can be given up. */
bool desk_busy(const MatrixDesk *desk);
void desk_stop(MatrixDesk *desk);

bool desk_act(MatrixDesk *desk, Action action, Key key);
bool desk_can(const MatrixDesk *desk, Action action);
/* Fills the view with borrowed parts, good until the next change. */
void desk_view(MatrixDesk *desk, MatrixView *view);
/* The line of the vocabulary that makes this matrix; "" where it would be too long. */
void desk_repeat(const MatrixDesk *desk, Str *out);

/* ---- between the files of the desk ---- */

void desk_measure(MatrixDesk *desk);  /* what is there now: at once, or on the job's thread */
void desk_remember(MatrixDesk *desk); /* what is there now goes to the past */
void desk_take_facts(MatrixDesk *desk, MatrixFacts *facts);

/* ---- matrix_choose.c ---- */

NODISCARD bool desk_open_list(MatrixDesk *desk, Error *err);
bool           desk_list_act(MatrixDesk *desk, Action action);
void           desk_close_list(MatrixDesk *desk);
/* matrix_figures.c: heat maps and spectrum of what is there now. */
void desk_draw_figures(MatrixDesk *desk);
void desk_free_figures(MatrixDesk *desk);
/* Keep a sentence about what went wrong. */
void desk_fault(MatrixDesk *desk, const Error *err);

#endif
