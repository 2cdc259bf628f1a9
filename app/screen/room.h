#ifndef APP_SCREEN_ROOM_H
#define APP_SCREEN_ROOM_H

/*
 * A room of the screen: home, a lesson, the workbench ... Each is one RoomOps and a state of its
 * own. All of it runs on the main thread; work that takes longer than a tenth of a second has a
 * thread of its own, which calls screen_wake when there is something to look at, and hands over
 * what it measured under a lock of its own, never blocking the work.
 */

#include "app/notes/notes.h"
#include "app/screen/keymap.h"
#include "app/view/look.h"
#include "core/lab/lab.h"

typedef struct Screen Screen;

typedef struct RoomOps {
    RoomId id;
    /* Made at the first visit, kept until the end. NULL with err. */
    void *(*create)(Screen *screen, Error *err);
    void (*free)(void *room); /* stops its work and waits; NULL-safe */
    /* Come in. argument: what to open ("rank", a run's name), or NULL: as it was left. */
    bool (*enter)(void *room, const char *argument, Error *err);
    /* The body. Also keeps what drawing found out (rows of a page, for scrolling). */
    void (*draw)(void *room, Grid *grid, Rect body, const Look *look);
    /* Title row: where one is, at the left; how far, at the right. */
    void (*title)(void *room, Str *left, Str *right);
    /* An action that the table gives this room. false: it does nothing here now. */
    bool (*act)(void *room, Action action, Key key);
    /* Does it do something now? For the hint row. */
    bool (*can)(void *room, Action action);
    bool (*typing)(void *room);                     /* a field has the keys */
    void (*cursor)(void *room, int *row, int *col); /* of the selected item, as drawn last */
    void (*turn)(void *room);                       /* after a wake */
    bool (*busy)(void *room);                       /* work is running: q asks */
    void (*stop)(void *room);                       /* first Ctrl-C: give up the step, save */
    void (*pause)(void *room);                      /* another room is about to compute */
    /* The line that repeats in a shell what is on the screen; "" where there is none. */
    void (*repeat)(void *room, Str *out);
    /* A line of the ':' prompt that is none of the screen's own words; false: not this room's.
     * Words that may begin one are appended to `words`, divided by blanks, for completion. */
    bool (*command)(void *room, const char *line);
    void (*words)(void *room, Str *words);
    /* What a presenter sees in the second terminal; `notes` is empty but for its votes. A question
     * that differs from the last one counts `asks` up and clears the votes. */
    void (*notes)(void *room, Notes *notes);
    /* The figure that is looked at, for gnuplot; borrowed until the next call; NULL: none. */
    const Figure *(*figure)(void *room);
} RoomOps; /* members but create, free, draw, title and act may be NULL */

extern const RoomOps room_home, room_lesson, room_workbench, room_matrix, room_runs, room_model,
    room_help;

/* ---- what rooms may ask of the screen ---------------------------------------------------- */

Lab *screen_lab(Screen *screen);
/* From any thread: look at the rooms soon. */
void screen_wake(Screen *screen);
void screen_wake_context(void *screen); /* the same, as a callback */
/* Draw again. */
void screen_dirty(Screen *screen);
void screen_go(Screen *screen, RoomId room, const char *argument);
void screen_back(Screen *screen);
/* A sentence in the status row until the next key. */
void screen_say(Screen *screen, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A question that y or n answers; then `yes` is called, or nothing. */
void screen_ask(Screen *screen, const char *question, void (*yes)(void *context), void *context);
/* One line of text from the user in the status row, beginning with `text`; `done` gets it, or is
 * not called. */
void screen_prompt(Screen *screen, const char *label, const char *text,
                   void (*done)(void *context, const char *text), void *context);
/* Before a room computes: the others' work is paused, for one machine measures one thing. */
void screen_alone(Screen *screen, const void *room);
/* Seconds, as the look has them. */
double      screen_now(const Screen *screen);
const Look *screen_look(const Screen *screen);
/* Votes of a class for the choices of the question that stands [NOTES_CHOICES]. */
const int *screen_votes(const Screen *screen);
/* To the clipboard, where the terminal allows it; false: it was not even asked. */
bool screen_copy(Screen *screen, const char *text);
/* Options of the session: --threads, --seed as given, 0 and 42 unless said. */
int         screen_threads(const Screen *screen);
uint64_t    screen_seed(const Screen *screen);
bool        screen_seeded(const Screen *screen); /* it was given: lessons take it for their own */
bool        screen_quick(const Screen *screen);
const char *screen_lang(const Screen *screen); /* of lessons; "": as they are written */

#endif
