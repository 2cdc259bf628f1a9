/*
 * The figure that is looked at, in gnuplot: a window where one can be opened, else a file whose
 * name is asked for. The newest picture wins and nothing waits for it, nor for a file.
 */

#include <string.h>

#include "app/screen/screen_internal.h"
#include "core/base/mem.h"

enum { WIDTH = 960, HEIGHT = 600 };
static const double pause_seconds = 0.2; /* at most five pictures a second */
static const double write_seconds = 5;   /* a file that takes longer is given up */

static const Figure *figure_here(const Screen *screen)
{
    const RoomOps *ops = screen_ops(screen->here);
    return ops->figure != NULL ? ops->figure(screen_room(screen)) : NULL;
}

/* "png" of "curve.png"; NULL for what gnuplot does not write. */
static const char *terminal_of(const char *path)
{
    static const char *const known[] = {"png", "svg", "pdf"};
    const char              *dot = strrchr(path, '.');
    for (size_t i = 0; dot != NULL && i < sizeof known / sizeof *known; i++) {
        if (strcmp(dot + 1, known[i]) == 0) return known[i];
    }
    return NULL;
}

static void write_picture(void *context, const char *path)
{
    Screen       *screen = context;
    const Figure *figure = figure_here(screen);
    const char   *terminal = terminal_of(path);
    Error         err = {0};

    if (figure == NULL || path[0] == '\0') return;
    if (terminal == NULL) {
        screen_say(screen, "%s", tr("the name must end in .png, .svg or .pdf"));
        return;
    }
    screen->plot_path = mem_strdup(path, &err);
    screen->gnuplot = screen->plot_path != NULL ? gnuplot_start(terminal, &err) : NULL;
    if (screen->gnuplot == NULL) {
        screen_plot_end(screen);
        screen_say(screen, "%s", err.message);
        return;
    }
    gnuplot_show(screen->gnuplot, figure, WIDTH, HEIGHT, path);
    screen->plotted = clock_seconds();
    screen_say(screen, tr("writing %s"), path);
}

/* The picture came, or it did not. */
static void turn_file(Screen *screen)
{
    Error err = {0};
    bool  late = clock_seconds() - screen->plotted > write_seconds;
    bool  over = gnuplot_idle(screen->gnuplot) || !gnuplot_alive(screen->gnuplot);
    if (!over && !late) return;
    if (!over) {
        screen_say(screen, tr("gnuplot did not finish within %g s: there is no picture"),
                   write_seconds);
    } else if (gnuplot_finish(screen->gnuplot, 0, &err)) {
        screen_say(screen, tr("written: %s"), screen->plot_path);
    } else {
        screen_say(screen, "%s", err.message);
    }
    screen_plot_end(screen);
}

void screen_plot(Screen *screen)
{
    Error err = {0};
    if (figure_here(screen) == NULL) {
        screen_say(screen, "%s", tr("no figure is shown here"));
        return;
    }
    if (screen->plot_path != NULL) {
        screen_say(screen, tr("writing %s"), screen->plot_path);
        return;
    }
    if (screen->gnuplot != NULL) {
        screen_plot_end(screen);
        screen_say(screen, "%s", tr("the window of gnuplot is closed"));
        return;
    }
    screen->plotted = 0;
    screen->gnuplot = gnuplot_start("window", &err);
    if (screen->gnuplot != NULL) return;
    GnuplotOffer offer;
    gnuplot_offer(&offer);
    if (!offer.caged) { /* then it writes no files either */
        screen_say(screen, "%s", err.message);
        return;
    }
    screen_prompt(screen, tr("No window here; write the picture to (.png .svg .pdf):"), "",
                  write_picture, screen);
}

void screen_plot_turn(Screen *screen)
{
    if (screen->gnuplot == NULL) return;
    gnuplot_turn(screen->gnuplot);
    const char *news = gnuplot_news(screen->gnuplot);
    if (news != NULL) screen_say(screen, "%s", news);
    if (screen->plot_path != NULL) {
        turn_file(screen);
        return;
    }
    if (!gnuplot_alive(screen->gnuplot)) {
        screen_plot_end(screen);
        return;
    }
    const Figure *figure = figure_here(screen);
    double        now = clock_seconds();
    if (figure != NULL && now - screen->plotted >= pause_seconds) {
        gnuplot_show(screen->gnuplot, figure, WIDTH, HEIGHT, NULL);
        screen->plotted = now;
    }
}

void screen_plot_end(Screen *screen)
{
    gnuplot_stop(screen->gnuplot);
    screen->gnuplot = NULL;
    mem_free(screen->plot_path);
    screen->plot_path = NULL;
}
