#ifndef APP_GNUPLOT_H
#define APP_GNUPLOT_H

/*
 * gnuplot as a child behind a pipe, in a cage.
 *
 * File and text terminals run under seccomp: no new processes, no sockets, no signals to others,
 * and Landlock to its folder where the kernel has it, CPU, memory and file-size limits. A window
 * terminal starts gnuplot's own helper, so there execution is allowed only under gnuplot's own
 * folder (Landlock); where the kernel lacks that, text is cut to harmless letters (strict).
 * Where no cage can be set there is no gnuplot. The cage is set by this program started again as
 * `loralab --gnuplot-cage KIND FOLDER`, which becomes gnuplot -d.
 *
 * The pipe never blocks: one frame in flight, the latest one wins, each acknowledged on stderr.
 * A gnuplot that does not answer for 2 s is said so, after 5 s it is killed; after three deaths
 * there are no more. SIGPIPE must be ignored by the program.
 */

#include "core/figure/figure.h"

typedef struct Gnuplot Gnuplot;

typedef enum GnuplotCage { CAGE_NONE, CAGE_FILE, CAGE_WINDOW, CAGE_WINDOW_STRICT } GnuplotCage;

/* What this machine offers, asked once: the program's path or NULL, its version and terminals, the
 * cages that can be set. One sentence each in words for doctor. */
typedef struct GnuplotOffer {
    char        path[256], version[32];
    bool        found, caged;
    char        terminals[1024]; /* " png svg ..." between blanks */
    GnuplotCage window;          /* how a window would be caged; CAGE_NONE: it cannot */
    char        sentence[256];   /* what there is and what to do: "gnuplot 5.4: svg png pdf, no
                                    window (install gnuplot-qt)" */
} GnuplotOffer;
void gnuplot_offer(GnuplotOffer *offer);

/* terminal: "window" (the best there is for $DISPLAY), "qt", "x11", "wxt", "png", "svg", "pdf",
 * "dumb". ERR_DEVICE in one sentence when it cannot be had. out_folder: where files go (opened
 * by us; gnuplot writes into a private folder and results are moved there), NULL for windows. */
NODISCARD Gnuplot *gnuplot_start(const char *terminal, Error *err);
/* Hand over the newest picture; never blocks. path: for files, where the result goes. */
void gnuplot_show(Gnuplot *gnuplot, const Figure *figure, int width, int height, const char *path);
/* Descriptors to poll (read, write or -1), and what to do when they are ready or 100 ms passed. */
void gnuplot_poll_fds(const Gnuplot *gnuplot, int *read_fd, int *write_fd);
void gnuplot_turn(Gnuplot *gnuplot);
/* A sentence once, when something happened ("gnuplot is not answering"); NULL otherwise. */
const char *gnuplot_news(Gnuplot *gnuplot);
bool        gnuplot_alive(const Gnuplot *gnuplot);
/* Nothing that was handed over is still under way; gnuplot_finish tells at once how it went. */
bool gnuplot_idle(const Gnuplot *gnuplot);
/* Wait for what was handed over, at most this long; false with ERR_DEVICE and gnuplot's own
 * words when no picture came. */
NODISCARD bool gnuplot_finish(Gnuplot *gnuplot, double seconds, Error *err);
void           gnuplot_stop(Gnuplot *gnuplot); /* at most half a second; NULL-safe */

/* The program that is started as the cage; NULL: this one (/proc/self/exe). For tests, which are
 * a program of their own. */
void gnuplot_set_program(const char *path);

/* main's part: becomes gnuplot in its cage; returns only when that failed (exit status). */
int gnuplot_cage_main(int argc, char **argv);

#endif
