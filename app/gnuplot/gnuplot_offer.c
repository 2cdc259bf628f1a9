/* What there is of gnuplot on this machine, asked of gnuplot itself in its cage. */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/gnuplot/cage.h"
#include "app/gnuplot/gnuplot_internal.h"
#include "core/base/text.h"

#define ASK_SECONDS 5.0
#define MARK_VERSION "loralab-version "
#define MARK_TERMINALS "loralab-terminals "

/* The rest of the line that begins with `mark`. */
static bool line_after(const char *words, const char *mark, char *out, size_t size)
{
    const char *at = strstr(words, mark);
    if (at == NULL) return false;
    at += strlen(mark);
    size_t n = strcspn(at, "\n");
    if (n >= size) n = size - 1;
    memcpy(out, at, n);
    out[n] = '\0';
    return true;
}

static bool has_terminal(const GnuplotOffer *offer, const char *name)
{
    char word[32];
    snprintf(word, sizeof word, " %s ", name);
    return strstr(offer->terminals, word) != NULL;
}

bool gnuplot_has_display(void)
{
    const char *x = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");
    return (x != NULL && x[0] != '\0') || (wayland != NULL && wayland[0] != '\0');
}

static const char *window_terminal(const GnuplotOffer *offer)
{
    static const char *const best_first[] = {"qt", "wxt", "x11"};
    for (size_t i = 0; i < sizeof best_first / sizeof *best_first; i++) {
        if (has_terminal(offer, best_first[i])) return best_first[i];
    }
    return NULL;
}

/* ---- asking ---- */

static void ask(GnuplotOffer *offer, Error *err)
{
    char     terminals[sizeof offer->terminals - 2];
    Gnuplot *g = gnuplot_open(CAGE_FILE, "dumb", false, err);
    if (g == NULL) return;
    gnuplot_say(g, "print sprintf('" MARK_VERSION "%.1f.%s', GPVAL_VERSION, GPVAL_PATCHLEVEL)\n"
                   "print '" MARK_TERMINALS "'.GPVAL_TERMINALS\n");
    /* It answers or not; whether what it said makes sense is seen from its words. */
    offer->caged =
        gnuplot_finish(g, ASK_SECONDS, err) &&
        line_after(gnuplot_words(g), MARK_VERSION, offer->version, sizeof offer->version) &&
        line_after(gnuplot_words(g), MARK_TERMINALS, terminals, sizeof terminals);
    if (offer->caged) snprintf(offer->terminals, sizeof offer->terminals, " %s ", terminals);
    if (!offer->caged) {
        Str safe = {0};
        safe_name(&safe, gnuplot_words(g));
        error_set(err, ERR_DEVICE, "%s",
                  safe.len > 0 ? str_text(&safe) : tr("it does not say which version it is"));
        str_free(&safe);
    }
    gnuplot_stop(g);
}

static void choose_window_cage(GnuplotOffer *offer)
{
    offer->window = CAGE_NONE;
    if (!offer->caged || window_terminal(offer) == NULL || !gnuplot_has_display()) return;
    offer->window = cage_landlock_version() > 0 ? CAGE_WINDOW : CAGE_WINDOW_STRICT;
}

static void describe_window(const GnuplotOffer *offer, Str *text)
{
    if (window_terminal(offer) == NULL) {
        str_add(text, tr("no window (install gnuplot-qt)"));
    } else if (!gnuplot_has_display()) {
        str_add(text, tr("no window (DISPLAY is not set)"));
    } else if (offer->window == CAGE_WINDOW) {
        str_addf(text, tr("windows (%s)"), window_terminal(offer));
    } else {
        str_addf(text, tr("windows (%s; this kernel has no Landlock, so with plain labels)"),
                 window_terminal(offer));
    }
}

static void describe(GnuplotOffer *offer, const Error *err)
{
    static const char *const files[] = {"svg", "pngcairo", "pdfcairo"};
    Str                      text = {0};

    if (!offer->found) {
        str_add(&text, tr("not found (install gnuplot-nox for png and pdf, gnuplot-qt for "
                          "windows; text, svg and csv need nothing)"));
    } else if (!offer->caged) {
        str_addf(&text, tr("%s cannot be used: %s"), offer->path, err->message);
    } else {
        str_addf(&text, "gnuplot %s:", offer->version);
        for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
            if (has_terminal(offer, files[i])) str_addf(&text, " %.3s", files[i]);
        }
        str_add(&text, ", ");
        describe_window(offer, &text);
    }
    snprintf(offer->sentence, sizeof offer->sentence, "%s",
             text.failed ? tr("out of memory") : str_text(&text));
    str_free(&text);
}

void gnuplot_offer(GnuplotOffer *offer)
{
    static GnuplotOffer    known; /* of the gnuplot that is on PATH, while it is the same */
    static Error           why;
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* rooms ask on threads of theirs */
    char                   path[GNUPLOT_PATH_BYTES] = "";

    bool found = gnuplot_find(path);
    pthread_mutex_lock(&lock);
    if (!found || strcmp(path, known.path) != 0) {
        known = (GnuplotOffer){.found = found};
        why = (Error){0};
        snprintf(known.path, sizeof known.path, "%s", path);
        if (found) ask(&known, &why);
    }
    *offer = known;
    choose_window_cage(offer);
    describe(offer, &why);
    pthread_mutex_unlock(&lock);
}

/* ---- starting, now that it is known what there is ---- */

static Gnuplot *start_window(const GnuplotOffer *offer, const char *name, Error *err)
{
    const char *terminal = strcmp(name, "window") == 0 ? window_terminal(offer) : name;
    if (offer->window == CAGE_NONE || !has_terminal(offer, terminal)) {
        error_set(err, ERR_DEVICE, "no window: %s", offer->sentence);
        return NULL;
    }
    return gnuplot_open(offer->window, terminal, offer->window == CAGE_WINDOW_STRICT, err);
}

Gnuplot *gnuplot_start(const char *terminal, Error *err)
{
    static const char *const files[][2] = {
        {"png", "pngcairo"}, {"pdf", "pdfcairo"}, {"svg", "svg"}, {"dumb", "dumb"}};
    GnuplotOffer offer;

    gnuplot_offer(&offer);
    if (!offer.caged) {
        error_set(err, ERR_DEVICE, "gnuplot: %s", offer.sentence);
        return NULL;
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (strcmp(terminal, files[i][0]) != 0) continue;
        if (has_terminal(&offer, files[i][1])) {
            return gnuplot_open(CAGE_FILE, files[i][1], false, err);
        }
        error_set(err, ERR_DEVICE, "gnuplot %s makes no %s", offer.version, terminal);
        return NULL;
    }
    return start_window(&offer, terminal, err);
}
