#ifndef APP_GNUPLOT_INTERNAL_H
#define APP_GNUPLOT_INTERNAL_H

/* The parts of the pipe to gnuplot: finding it, its process, its pictures. */

#include <sys/types.h>

#include "app/gnuplot/gnuplot.h"

#define GNUPLOT_PATH_BYTES 256
#define GNUPLOT_SILENT_SECONDS 2.0 /* then it is said */
#define GNUPLOT_KILL_SECONDS 5.0   /* then it is ended */
#define GNUPLOT_DEATHS_MAX 3

/* ---- gnuplot_child.c: one process behind two pipes ---- */

typedef struct Child {
    pid_t pid;        /* 0: none */
    int   in, words;  /* write end of its stdin, read end of its stderr; -1 closed */
    int   wait_state; /* as waitpid left it, once it has ended */
} Child;

/* The first gnuplot on PATH, symbolic links resolved; false when there is none. */
bool gnuplot_find(char path[GNUPLOT_PATH_BYTES]);
/* "file", "window", "strict": how a cage is called on the helper's command line. */
const char    *gnuplot_cage_word(GnuplotCage kind);
NODISCARD bool child_start(Child *child, GnuplotCage kind, const char *folder, Error *err);
/* True once it has ended and was waited for. Never blocks; its last words can still be read. */
bool child_ended(Child *child);
void child_close(Child *child);
void child_signal(const Child *child, int number); /* to its whole process group */
/* Close its input, give it a moment, then less and less politely: half a second at most. */
void child_stop(Child *child);
/* End what it started and did not end itself: whatever has the private folder as its own. */
void child_sweep(const char *folder);
void child_remove_folder(const char *folder);

/* ---- gnuplot_folder.c ---- */

/* Made under TMPDIR; its name without symbolic links, as the system tells it of those who stand in
 * it. *held: to be closed when it is removed. Also removes those that killed programs left. */
NODISCARD char *gnuplot_folder(int *held, Error *err);

/* ---- gnuplot_offer.c ---- */

/* There is something to open a window on: $DISPLAY or $WAYLAND_DISPLAY. */
bool gnuplot_has_display(void);

/* ---- gnuplot.c, gnuplot_turn.c ---- */

typedef struct Frame Frame;
struct Frame {
    Frame *next;
    long   serial;
    char  *path; /* where its file goes; NULL: a window, or no picture */
    Str    script;
};

struct Gnuplot {
    GnuplotCage kind;
    char        terminal[16];
    bool        strict, window;
    char       *folder;
    int         held; /* the folder, while it is used; -1 */
    Child       child;
    char        word[20]; /* random: what others print is no ack */

    Frame *first;  /* in flight if `sent` > 0, else the next to go; NULL: nothing to do */
    Index  sent;   /* bytes of its script */
    bool   flying; /* it has been begun, and no ack has come */
    double since;  /* when it was begun */
    long   serial; /* of the last picture */
    int    deaths;
    double silent;  /* when "not answering" was said; 0: it was not */
    double stopped; /* when SIGTERM was sent; 0: it was not */

    /* Of stderr: the unfinished line, and the lines since the last picture. Fixed, so that an ack
     * arrives when memory has run out. */
    char  line[1280], words[2560];
    Index line_length, words_length;
    char  news[256];
    bool  has_news;
    Error failed; /* the first picture that did not come */
};

void frame_free(Frame *frame); /* NULL-safe */
/* How a picture's file is called in the private folder. */
void frame_file(char *name, size_t size, long serial);
void gnuplot_drop_frames(Gnuplot *g);

/* A process without pictures yet, and with an ack word of its own. The offer starts from it too.
 */
NODISCARD Gnuplot *gnuplot_open(GnuplotCage kind, const char *terminal, bool strict, Error *err);
/* Commands of our own as if they were a picture without a file. */
void gnuplot_say(Gnuplot *gnuplot, const char *commands);
/* What it wrote to stderr since the last picture, bounded, not made safe. */
const char *gnuplot_words(const Gnuplot *gnuplot);

#endif
