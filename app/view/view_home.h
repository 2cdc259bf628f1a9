#ifndef APP_VIEW_HOME_H
#define APP_VIEW_HOME_H

/*
 * Home: the lessons and how far each is, the other rooms, what this machine offers. One list: the
 * lessons, then the entries; beside it, where there is room, what is selected in more words.
 *
 * All texts are borrowed for the call, and may be hostile.
 */

#include "app/view/look.h"

typedef enum HomeState { HOME_NEW, HOME_BEGUN, HOME_DONE } HomeState;

typedef struct HomeLesson {
    int         number; /* on the shelf, from 1; 0: none */
    const char *title, *summary;
    const char *lacks;   /* "a CUDA device": why it cannot be run here; NULL: it can */
    Index       minutes; /* to read */
    double      seconds; /* that it computes, on two cores */
    HomeState   state;
    Index       step, steps;        /* completed, of */
    Index       predictions, right; /* answered, borne out */
} HomeLesson;

/* Another room. */
typedef struct HomeEntry {
    const char *key;     /* "w" */
    const char *name;    /* "Workbench" */
    const char *now;     /* "train with your own settings", "14 recorded, last: sql r=8" */
    const char *more;    /* a few sentences for beside the list; NULL */
    bool        differs; /* now is of this machine or this user: saved screens leave it out */
} HomeEntry;

typedef struct HomeView {
    const HomeLesson *lessons;
    int               lesson_count;
    const HomeEntry  *entries;
    int               entry_count;
    int               selected; /* a lesson, or lesson_count + an entry */
    int               resume;   /* the lesson to go on with; -1: none was begun, or all are done */
    int               top;      /* first line of the list that was shown, as HomeDrawn had it */
    const char       *machine[3]; /* lines, NULL after the last; measured */
    const char       *trouble;    /* a sentence, "the lessons were not found"; NULL */
} HomeView;

typedef struct HomeDrawn {
    int top;      /* for the next HomeView */
    int page;     /* items that a page up or down moves by, 1 at least */
    int row, col; /* of the selected item; row -1: there is none */
} HomeDrawn;

/* Parts have 0 rows where there is no room for them. */
typedef struct HomeLayout {
    Rect headline; /* where one was, or what to do first; without a detail: what is selected */
    Rect list;
    Rect divider; /* one column; 0 rows: everything is in one column */
    Rect detail;  /* the selected item in more words */
    Rect machine; /* with its heading where there is a divider */
} HomeLayout;

HomeLayout home_layout(Rect body, int list_lines, int machine_lines);
HomeDrawn  view_home_draw(const HomeView *view, const Look *look, Grid *grid, Rect body);

#endif
