/* `plot` through gnuplot: a file, or a window that stays until it is no longer wanted. */

#include "app/gnuplot/show_plot.h"

#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/gnuplot/gnuplot.h"
#include "core/base/text.h"

#define DRAW_SECONDS 30.0

int show_columns(int fd)
{
    struct winsize size;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void show_gnuplot(bool *fine, Str *what, Str *advice)
{
    GnuplotOffer offer;
    gnuplot_offer(&offer);
    *fine = offer.caged;
    str_add(what, offer.sentence);
    if (!offer.caged) str_add(advice, tr("everything else works without it"));
}

static Gnuplot *start(const PlotJob *job, Error *err)
{
    Gnuplot *gnuplot = gnuplot_start(plot_format_name(job->format), err);
    if (gnuplot == NULL && err->code == ERR_DEVICE) {
        error_hint(err, "--format text and svg need no gnuplot");
    }
    return gnuplot;
}

/* Until Enter, Ctrl-C, or the end of gnuplot. */
static void stay_open(Gnuplot *gnuplot, const Cancel *cancel)
{
    bool asks = isatty(STDIN_FILENO) == 1;

    fputs(asks ? tr("Enter closes the window\n") : tr("Ctrl-C closes the window\n"), stderr);
    while (!cancel_requested(cancel) && gnuplot_alive(gnuplot)) {
        struct pollfd fds[2] = {{.fd = asks ? STDIN_FILENO : -1, .events = POLLIN},
                                {.events = POLLIN}};
        int           unused;
        gnuplot_poll_fds(gnuplot, &fds[1].fd, &unused);
        if (poll(fds, 2, 100) > 0 && fds[0].revents != 0) break;
        gnuplot_turn(gnuplot);
    }
}

static bool through_gnuplot(const PlotJob *job, const Figure *figure, Error *err)
{
    Gnuplot *gnuplot = start(job, err);
    if (gnuplot == NULL) return false;
    gnuplot_show(gnuplot, figure, PLOT_WIDTH, PLOT_HEIGHT, job->out);
    bool ok = gnuplot_finish(gnuplot, DRAW_SECONDS, err);
    if (ok && job->format == PLOT_WINDOW) stay_open(gnuplot, job->cancel);
    gnuplot_stop(gnuplot);
    return ok;
}

bool show_plot(PlotJob *job, Error *err)
{
    RunFigures figures = {0};
    if (job->follow) return follow_plot(job, err);

    bool ok = plot_figures(job, &figures, err);
    if (ok && figures.count > 1) {
        error_set(err, ERR_INPUT, "these are %td figures, and %s shows one", figures.count,
                  plot_format_name(job->format));
        ok = error_hint(err, "choose one with --what");
    }
    ok = ok && through_gnuplot(job, figures.list[0], err);
    run_figures_free(&figures);
    return ok;
}
