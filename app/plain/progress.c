/* Drawing progress from events. */

#include "app/plain/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/pool.h"
#include "core/base/text.h"

#define BAR_CELLS 20
#define RENEW_SECONDS 0.1 /* on a terminal */

void progress_init(Progress *progress, bool quiet)
{
    *progress = (Progress){.quiet = quiet, .terminal = isatty(STDERR_FILENO) == 1};
}

static void close_line(Progress *p)
{
    if (p->line_open) fputs("\n", stderr);
    p->line_open = false;
}

void progress_end(Progress *progress)
{
    close_line(progress);
}

static double seconds_left(const Progress *p, const Event *event)
{
    if (p->steps_seen == 0) return 0;
    return p->seconds / (double)p->steps_seen * (double)(event->steps - event->step);
}

static double rate(const Progress *p)
{
    return p->seconds > 0 ? (double)p->tokens / p->seconds : 0;
}

static void draw_bar(Progress *p, const Event *event)
{
    char bar[BAR_CELLS + 1];
    int  full = (int)(BAR_CELLS * event->step / (event->steps > 0 ? event->steps : 1));

    memset(bar, '.', BAR_CELLS);
    memset(bar, '#', (size_t)full);
    bar[BAR_CELLS] = '\0';
    fprintf(stderr, "\r[%s] %td/%td  loss %.4f  %.0f tokens/s  %.0f s left \033[K", bar,
            event->step, event->steps, event->loss, rate(p), seconds_left(p, event));
    fflush(stderr);
    p->line_open = true;
}

static bool is_milestone(const Event *event)
{
    Index tenth = event->steps / 10 > 0 ? event->steps / 10 : 1;
    return event->step == 1 || event->step == event->steps || event->step % tenth == 0;
}

static void show_step(Progress *p, const Event *event)
{
    p->seconds += event->seconds;
    p->tokens += event->tokens;
    p->steps_seen++;
    if (!p->terminal) {
        if (!is_milestone(event)) return;
        fprintf(stderr, "step %td/%td  loss %.4f  grad_norm %.3g  rate %.2e  %.0f tokens/s\n",
                event->step, event->steps, event->loss, event->grad_norm, event->learning_rate,
                rate(p));
        return;
    }
    double now = clock_seconds();
    if (now - p->last_shown < RENEW_SECONDS && event->step < event->steps) return;
    p->last_shown = now;
    draw_bar(p, event);
}

static void show_eval(Progress *p, const Event *event)
{
    close_line(p);
    fprintf(stderr, "eval at step %td: loss %.4f", event->step, event->loss);
    if (event->exact_match >= 0) fprintf(stderr, ", exact match %.1f %%", 100 * event->exact_match);
    fputs("\n", stderr);
}

static void show_text(Progress *p, const char *label, const char *text)
{
    Str safe = {0};
    close_line(p);
    safe_text(&safe, text, (Index)strlen(text), false, 0);
    if (!safe.failed) fprintf(stderr, "%s%s\n", label, str_text(&safe));
    str_free(&safe);
}

void progress_event(void *context, const Event *event)
{
    Progress *p = context;
    if (p->quiet) return;

    switch (event->type) {
    case EVENT_STEP:
        show_step(p, event);
        break;
    case EVENT_EVAL:
        show_eval(p, event);
        break;
    case EVENT_NOTE:
        show_text(p, "", event->text);
        break;
    case EVENT_CHECKPOINT:
        show_text(p, tr("checkpoint: "), event->text);
        break;
    case EVENT_RESUME:
        show_text(p, tr("going on from: "), event->text);
        break;
    case EVENT_SAMPLE:
        show_text(p, tr("sample: "), event->text);
        break;
    case EVENT_START:
    case EVENT_MODULES:
    case EVENT_MEMORY:
    case EVENT_TEXT:
    case EVENT_PROGRESS:
    case EVENT_END:
        break;
    }
}
