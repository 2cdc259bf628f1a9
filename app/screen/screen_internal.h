#ifndef APP_SCREEN_SCREEN_INTERNAL_H
#define APP_SCREEN_SCREEN_INTERNAL_H

/* What the files of the screen share: one struct, and who draws and handles which part of it. */

#include "app/gnuplot/gnuplot.h"
#include "app/screen/line_edit.h"
#include "app/screen/screen.h"

enum { VISITS_MAX = 16, HISTORY_MAX = 50 };

typedef enum AskMode { ASK_NOTHING, ASK_YES_NO, ASK_LINE, ASK_COMMAND } AskMode;

struct Screen {
    const ScreenSpec *spec;
    Look              look;
    Theme             theme;
    Grid              grid;
    Rect              body; /* as drawn last */
    int               wake[2];

    void  *rooms[ROOM_COUNT]; /* NULL: never visited */
    RoomId here;
    RoomId visits[VISITS_MAX]; /* where one came from */
    int    visit_count;
    RoomId wanted; /* by screen_go, done after the action */
    char  *wanted_argument;
    bool   goes, returns;

    Str    said; /* the status row's sentence */
    bool   dirty, left, redraw;
    int    stops; /* Ctrl-C in a row */
    double drawn; /* when */

    /* what is asked in the status row */
    AskMode  asks;
    Str      label;
    LineEdit edit;
    void (*yes)(void *context);
    void (*done)(void *context, const char *text);
    void *ask_context;
    char *history[HISTORY_MAX];
    int   history_count, history_at;

    NotesServer *server; /* NULL: no second terminal */
    Notes        notes;

    Gnuplot *gnuplot;
    double   plotted;
    char    *plot_path; /* it writes this file; NULL: it has a window */
};

const RoomOps *screen_ops(RoomId id);
void          *screen_room(const Screen *screen); /* the one that is here */
bool           screen_typing(const Screen *screen);
bool           screen_can(const Screen *screen, const KeyRow *row);

/* screen_draw.c */
NODISCARD bool screen_draw(Screen *screen, Error *err);

/* screen_act.c: one key */
void screen_key(Screen *screen, Key key);
bool screen_busy(const Screen *screen);

/* screen_ask.c: the status row as a field */
void screen_ask_act(Screen *screen, Action action, Key key);
void screen_ask_end(Screen *screen);
void screen_ask_command(Screen *screen);

/* screen_command.c: what a line of the ':' prompt does, and how it is completed */
void screen_command(Screen *screen, const char *line);
void screen_complete(Screen *screen);

/* screen_plot.c: gnuplot */
void screen_plot(Screen *screen);
void screen_plot_turn(Screen *screen);
void screen_plot_end(Screen *screen);

#endif
