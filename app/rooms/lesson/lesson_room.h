#ifndef APP_ROOMS_LESSON_LESSON_ROOM_H
#define APP_ROOMS_LESSON_LESSON_ROOM_H

/*
 * What the files of the lesson's room share: one struct, all of it on the screen's thread.
 *
 *   lesson_open.c    which lesson, from which step; its job begins and ends
 *   lesson_story.c   what is told becomes parts of steps
 *   lesson_ask.c     the open question, and lines that wait to be answers
 *   lesson_values.c  the form of the lesson's values
 *   lesson_walk.c    moving: on, back, in panes, between figures, searching
 *   lesson_show.c    the state as the view wants it
 *   lesson_command.c lines of the prompt, reports, the line that repeats this
 *   lesson_notes.c   the presenter's terminal, and the votes that come from there
 *   room_lesson.c    actions
 */

#include "app/rooms/lesson/lesson_queue.h"
#include "app/screen/line_edit.h"
#include "app/view/form.h"

typedef enum LessonState {
    LESSON_NONE,
    LESSON_WORKS,   /* the job computes, or tells */
    LESSON_ASKS,    /* it waits for an answer */
    LESSON_STOPPED, /* given up; it can be taken up again */
    LESSON_FAILED,  /* the same, and why is in `why` */
    LESSON_COMPLETE
} LessonState;

/* A step as far as it was told. */
typedef struct LessonStory {
    LessonPart *parts;
    Index       count;
    bool        seen, done;
    Str         notes; /* the presenter's */
} LessonStory;

/* A line that waits until the job asks. */
typedef enum LineKind {
    LINE_ANSWER, /* ends what was played */
    LINE_PLAY,
    LINE_QUIET /* play of which nothing but results is shown */
} LineKind;

typedef struct LessonLine {
    char    *text;
    LineKind kind;
} LessonLine;

typedef struct LessonRoom {
    Screen *screen;

    /* the lesson and its job */
    char          *name; /* as it was opened */
    Lesson        *lesson;
    LessonAnswers *answers;
    bool           shelf; /* one of those that come along */
    bool           keeps; /* its progress, on the disk */
    int            number;
    double         opened; /* when, by screen_now */
    LessonQueue    queue;
    LessonJob     *job;
    LessonState    state;
    Error          why;

    /* what was told */
    LessonStory *steps; /* [lesson->count] */
    Index        at;    /* where the job is */
    bool         skips; /* what is told is there already */
    bool         past_budget;
    AskKind      asks;
    bool         pause;   /* it waits at a pause, not at the end of a step */
    bool         hurried; /* Space was pressed while it computed */
    Index        predictions, right, asserts, failed;

    /* answers */
    LessonLine *lines;
    Index       line_count;
    LineKind    sent_kind; /* of the line under way */
    Str         sent;
    Index       open; /* the question's part in steps[at]; -1 */
    int         choice;
    bool       *picked;
    LineEdit    field, reason;
    bool        focus; /* the field has the keys */
    Str         voted; /* the question that votes are for: "STEP ID" */

    /* free play */
    char   **values; /* [lesson->value_count] as they were set */
    bool     played, editing;
    Form     form;
    FormRow *rows;
    Str     *ranges; /* [lesson->value_count] */

    /* what is looked at */
    Index       shown;
    LessonPane  pane, from; /* from: before values were edited */
    int         top[2];
    bool        follow, answering; /* what is new is shown; then the question rather */
    Index       fresh, figure, card;
    bool        contents;
    int         step_selected;
    Str         search;
    int         found_row;
    LessonDrawn drawn;
    int         text_cols; /* of the page that was drawn last */
    Look        look;      /* as drawn last */

    LessonLive live;
    Figure    *live_figure;
    Str        live_text, foot;
    bool       foot_waits; /* it says that it is the learner's turn */
} LessonRoom;

/* ---- lesson_open.c ---- */

/* Another lesson, or the one that is open: from where its progress says. */
NODISCARD bool lesson_open(LessonRoom *room, const char *name, Error *err);
/* From a step on; with the answers given so far, or none. */
NODISCARD bool lesson_begin(LessonRoom *room, Index from, bool answers, Error *err);
/* Take it up where it was stopped; says why where that fails. */
void lesson_take_up(LessonRoom *room);
void lesson_again(LessonRoom *room); /* from the first step, nothing answered */
void lesson_close(LessonRoom *room); /* the job has ended when this returns */
/* The job has told its last. */
void lesson_ended(LessonRoom *room);
bool lesson_busy(const LessonRoom *room);

/* ---- lesson_story.c ---- */

void        lesson_hear(LessonRoom *room, Told *told); /* takes the part over */
void        story_free(LessonStory *story);
LessonPart *lesson_part_of(LessonRoom *room, Index step, PartKind kind, const char *id);
/* What is told from here on is new to the eye. */
void lesson_mark_fresh(LessonRoom *room);
/* Parts that were played go. */
void lesson_forget_play(LessonRoom *room);

/* ---- lesson_ask.c ---- */

void lesson_question(LessonRoom *room, Told *told);
void lesson_question_over(LessonRoom *room);
void lesson_reply(LessonRoom *room, const Told *told);
/* A line for the job, now or when it asks. */
void lesson_send(LessonRoom *room, const char *line, LineKind kind);
void lesson_pump(LessonRoom *room);
void lesson_forget_lines(LessonRoom *room);
/* The open question, where it is looked at; NULL. */
const LessonPart *lesson_open_part(const LessonRoom *room);
bool              lesson_typing(const LessonRoom *room);
/* The same, whether or not the field is in sight. */
bool      lesson_has_field(const LessonRoom *room);
bool      lesson_ask_act(LessonRoom *room, Action action, Key key);
LineEdit *lesson_input(LessonRoom *room); /* the field or the reason */

/* Quizzes of a step that is over: blank again; a choice is looked at once more. */
void lesson_blank_quizzes(LessonStory *story);
bool lesson_once_more(LessonRoom *room, Key key);

/* ---- lesson_values.c ---- */

/* Why no value can be changed now; NULL: something has run, and the job waits. */
const char *lesson_values_refusal(const LessonRoom *room);
bool        lesson_values_open(LessonRoom *room);
void        lesson_values_close(LessonRoom *room);
bool        lesson_values_act(LessonRoom *room, Action action, Key key);
void        lesson_values_draw(LessonRoom *room, Grid *grid, Rect area, const Look *look);
/* Back to the lesson's own. */
NODISCARD bool lesson_values_reset(LessonRoom *room, Error *err);
const char    *lesson_value_own(const LessonRoom *room, Index i);
void           lesson_values_free(LessonRoom *room);

/* ---- lesson_walk.c ---- */

void  lesson_show_step(LessonRoom *room, Index step, bool at_end);
void  lesson_next(LessonRoom *room);                /* Space */
void  lesson_forward(LessonRoom *room);             /* the same without committing to anything */
bool  lesson_previous(LessonRoom *room);            /* false: there is nothing before */
void  lesson_scroll(LessonRoom *room, int by);      /* rows of the pane */
void  lesson_pages(LessonRoom *room, int by);       /* -1, 1 */
bool  lesson_next_figure(LessonRoom *room, int by); /* false: there is none */
void  lesson_search(LessonRoom *room, const char *words);
void  lesson_search_on(LessonRoom *room);
bool  lesson_contents_act(LessonRoom *room, Action action);
Index lesson_card_after(const LessonRoom *room); /* the next one of the step; -1 */
/* The card of a projector goes on to the newest part. */
void lesson_card_follow(LessonRoom *room);

/* ---- lesson_show.c ---- */

void lesson_draw(LessonRoom *room, Grid *grid, Rect body, const Look *look);
void lesson_live_turn(LessonRoom *room);
/* What waits, in one sentence. */
void         lesson_foot(LessonRoom *room);
bool         lesson_waits(const LessonRoom *room);
LessonStory *lesson_shown(const LessonRoom *room);

/* ---- lesson_notes.c: what the presenter's terminal shows, and what comes back ---- */

void lesson_notes(void *room, Notes *notes);
/* Votes for the choices of this part of the step that is looked at; NULL: none were given. */
const int *lesson_votes(const LessonRoom *room, Index part);

/* ---- lesson_command.c ---- */

bool lesson_command(void *room, const char *line);
void lesson_words(void *room, Str *words);
void lesson_export(LessonRoom *room);
void lesson_repeat(void *room, Str *out);

#endif
