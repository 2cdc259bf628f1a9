#ifndef APP_VIEW_VIEW_LESSON_H
#define APP_VIEW_VIEW_LESSON_H

/*
 * A lesson: the text at the left, what was computed at the right, one sentence below that says
 * what waits. Where there is no room for both, one of them at a time. On a projector one thing at
 * a time: a part of the text, large, or one figure.
 */

#include "app/view/page.h"

typedef enum PartKind {
    PART_PROSE,    /* text: Markdown */
    PART_PREDICT,  /* text: the question; once answered, said and reason */
    PART_QUIZ,     /* the same, with feedback for the choices that were tried */
    PART_COMPARE,  /* said, measured, verdict: a prediction when it was measured */
    PART_SENTENCE, /* text */
    PART_COMMAND,  /* text: the command; measured: its result in words, NULL: under way */
    PART_FIGURE,   /* figure; text: it in a sentence */
    PART_ASSERT    /* text, reason, measured (its figures), verdict */
} PartKind;

typedef enum AnswerKind { ANSWER_CHOICE, ANSWER_NUMBER, ANSWER_ORDER, ANSWER_CURVE } AnswerKind;

enum { LESSON_VOTES = 9 }; /* choices that can be voted for */

/* A piece of a step. Strings are owned by who made it; values in them that were measured stand
 * between MEASURED_BEGIN and MEASURED_END, `measured` is measured as a whole. */
typedef struct LessonPart {
    PartKind kind;
    bool     played; /* of free play, not of the lesson */
    char    *id;
    char    *text, *said, *reason, *measured;
    int      verdict; /* 1: right, holds; -1: wrong; 0: none */
    Figure  *figure;
    /* questions */
    AnswerKind answer;
    bool       answered; /* nothing is asked any more */
    bool       several;  /* more than one choice is right */
    char     **choices;
    char     **feedback; /* [choice_count] of those that were tried; NULL: not tried */
    int       *tried;    /* [choice_count] as verdict */
    /* quiz: a step that is looked back at starts blank; what is asked again is revealed */
    bool   *right, *revealed; /* [choice_count] */
    Index   choice_count;
    char   *unit;
    double *at; /* curve: the given x */
    Index   at_count;
    char   *hints; /* given so far, a line each; NULL */
    char   *reply; /* the last sentence on an answer; NULL */
} LessonPart;

typedef enum StepState { STEP_AHEAD, STEP_HERE, STEP_DONE } StepState;

typedef struct LessonStepRow {
    const char *title;
    StepState   state;
    bool        seen;               /* it can be looked at */
    int         predictions, right; /* answered, borne out */
} LessonStepRow;

typedef enum LessonPane { PANE_TEXT, PANE_RESULT } LessonPane;

/* The question that is open. */
typedef struct LessonAsk {
    Index       part;   /* -1: none is open */
    int         choice; /* selected, from 0; choice_count (1 without choices): the reason */
    const bool *picked; /* [choice_count] of several */
    const char *field, *reason;
    int         field_column, reason_column; /* of the cursors */
    bool        typing;
} LessonAsk;

typedef struct LessonView {
    const LessonPart *parts; /* of the step that is looked at */
    Index             count;
    Index             fresh;   /* what follows was not there before */
    bool              follow;  /* show what is new; else top stays */
    bool              answers; /* with follow: show the open question rather */
    bool              past;    /* a step that is over is looked back at */
    LessonAsk         ask;
    LessonPane        pane;       /* which one the keys move */
    int               top[2];     /* first row of each pane's page */
    Index             figure;     /* the part whose figure is looked at; -1: none */
    const Figure     *live;       /* of a training under way; NULL */
    const char       *live_text;  /* "step 143 of 200, loss ..."; NULL */
    const char       *foot;       /* what waits: "End of step 2. Space goes on." */
    bool              foot_waits; /* it is the learner's turn */
    const char       *repeat;     /* the line that repeats this in a shell; NULL */
    int               found_row;  /* of the text page, shown in reverse; -1 */
    /* the list of steps over everything */
    bool                 contents;
    const LessonStepRow *steps;
    int                  step_count, step_selected;
    Index                card; /* projector: the part that is shown */
    /* a class's votes for the choices of a part; NULL: none were given */
    const int *votes; /* [LESSON_VOTES] */
    Index      voted; /* the part */
} LessonView;

/* What drawing found out. */
typedef struct LessonDrawn {
    int  row, col;        /* of the cursor; row -1: hidden */
    int  top[2], rows[2]; /* of the pages, as shown */
    int  room[2];         /* rows that a pane shows at once; 0: it is not shown */
    Rect result;          /* where the form of values may be drawn */
    bool more;            /* text below what is shown */
    bool hides;           /* an open question that is not seen whole yet: no key answers it */
} LessonDrawn;

enum { LESSON_TILES = 4, LESSON_SPLIT_COLS = 100 };

typedef struct LessonLayout {
    bool split;              /* both panes */
    Rect text, result, foot; /* panes that are not shown have 0 rows */
    int  divider;            /* its column; -1 */
    Rect tile[LESSON_TILES]; /* figures, the one looked at last */
    int  tiles;
    Rect list; /* below them */
} LessonLayout;

/* figures: how many there are; list_rows: that the list would like. */
LessonLayout lesson_layout(Rect body, LessonPane pane, Index figures, int list_rows);
LessonDrawn  view_lesson_draw(const LessonView *view, const Look *look, Grid *grid, Rect body);

/* ---- its parts: view_lesson_text.c, view_lesson_result.c, view_lesson_cards.c ---- */

/* Where in the page a part begins; the item of a choice is its number from 1, those of the field
 * and the reason follow. */
typedef struct LessonPages {
    Page text, result;
    int  fresh_row;               /* of the text page: where the fresh part begins */
    int  cursor_item;             /* item of the line with the cursor; 0: none */
    int  cursor_col;              /* in that line */
    int  vote_rows[LESSON_VOTES]; /* rows of the text page where votes stand; 0: none, from 1 */
} LessonPages;

void lesson_text_page(LessonPages *pages, const LessonView *view, const Look *look, int cols,
                      bool split);
void lesson_result_page(Page *page, const LessonView *view, const Look *look, int cols);
void lesson_part_text(LessonPages *pages, const LessonView *view, Index i, const Look *look,
                      int cols);
/* The votes of a choice whose line was drawn on this row of the area. */
void        lesson_votes_draw(const LessonPages *pages, const LessonView *view, int page_row,
                              const Look *look, Grid *grid, Rect row);
LessonDrawn lesson_cards_draw(const LessonView *view, const Look *look, Grid *grid, Rect body);
void        lesson_contents_draw(const LessonView *view, const Look *look, Grid *grid, Rect area,
                                 LessonDrawn *drawn);
/* Figures that may be shown, newest last: their parts into `list`; how many. */
Index lesson_figures(const LessonView *view, Index *list, Index most);
/* A curve being typed: the guess so far as a figure of its own; NULL. figure_free it. */
Figure *lesson_guess_figure(const LessonPart *part, const char *typed);
/* How many cards, and is this part one: for the projector. */
bool lesson_is_card(const LessonPart *part);

#endif
