/* The Stage of the screen. All but open, close, take and live is on the job's thread. */

#include "app/rooms/lesson/lesson_queue.h"

#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"

static const double wake_seconds = 1.0 / 20; /* between two events of a training */

void told_free(Told *told)
{
    mem_free(told->text);
    if (told->has_part) part_free(&told->part);
}

/* ---- copying ---- */

/* False: memory was out. */
static bool copy_told(Told *told, const Tell *tell)
{
    bool asks = tell->kind == TELL_ASK;
    *told = (Told){.kind = tell->kind,
                   .index = tell->index,
                   .again = tell->again,
                   .played = tell->kind == TELL_PLAY,
                   .verdict = tell->verdict,
                   .item = tell->item};
    if (asks) told->ask = tell->question->kind;
    if (tell->text != NULL) {
        told->text = mem_strdup(tell->text, NULL);
        if (told->text == NULL) return false;
    }
    bool note = tell->note != NULL && tell->note->kind != NOTE_STEP;
    if (note) told->has_part = part_of_note(&told->part, tell->note);
    bool question = asks && (told->ask == ASK_PREDICT || told->ask == ASK_QUIZ);
    if (question) told->has_part = part_of_question(&told->part, tell->question);
    /* A result goes to the command before it. */
    if (note && tell->note->kind == NOTE_RESULT && told->has_part) {
        mem_free(told->part.text);
        told->part.text = NULL;
    }
    return told->has_part || !(note || question);
}

static void append(LessonQueue *queue, Told *told, bool whole)
{
    pthread_mutex_lock(&queue->mutex);
    Told *larger =
        mem_resize(queue->list, mem_program(), MEM_TEXT, queue->count + 1, sizeof *larger, NULL);
    if (larger != NULL) {
        queue->list = larger;
        larger[queue->count++] = *told;
    }
    queue->lost = queue->lost || larger == NULL || !whole;
    pthread_mutex_unlock(&queue->mutex);
    if (larger == NULL) told_free(told);
}

/* ---- a training under way ---- */

static LiveCurve *curve_of(LessonLive *live, const char *name)
{
    for (int i = 0; i < live->curves; i++) {
        if (strcmp(live->curve[i].name, name) == 0) return &live->curve[i];
    }
    if (live->curves == LIVE_CURVES) { /* the oldest gives way */
        memmove(live->curve, live->curve + 1, (LIVE_CURVES - 1) * sizeof *live->curve);
        live->curves--;
    }
    LiveCurve *curve = &live->curve[live->curves++];
    memset(curve, 0, sizeof *curve);
    snprintf(curve->name, sizeof curve->name, "%s", name);
    curve->stride = 1;
    return curve;
}

static void add_point(LiveCurve *curve, Index step, double loss)
{
    if (curve->n > 0 && (double)step <= curve->x[curve->n - 1]) curve->n = 0; /* another run */
    if (curve->n > 0 && step % curve->stride != 0) return;
    if (curve->n == LIVE_POINTS) {
        for (Index i = 0; i < LIVE_POINTS / 2; i++) {
            curve->x[i] = curve->x[2 * i];
            curve->y[i] = curve->y[2 * i];
        }
        curve->n = LIVE_POINTS / 2;
        curve->stride *= 2;
    }
    curve->x[curve->n] = (double)step;
    curve->y[curve->n++] = loss;
}

/* Names of a sweep's runs may be longer than a curve's; they are cut in whole characters by the
 * view, which is given valid text: the cut here drops a broken tail. */
static void short_name(char *to, size_t size, const char *text)
{
    snprintf(to, size, "%s", text != NULL ? text : "");
    size_t n = strlen(to);
    if (text == NULL || strlen(text) <= n) return;
    while (n > 0 && ((unsigned char)to[n - 1] & 0xC0) == 0x80) to[--n] = '\0';
    if (n > 0 && ((unsigned char)to[n - 1] & 0x80) != 0) to[n - 1] = '\0';
}

static void hear_event(LessonLive *live, const Event *event)
{
    char name[sizeof live->curve[0].name];
    short_name(name, sizeof name, event->text);
    switch (event->type) {
    case EVENT_STEP:
        live->running = true;
        live->step = event->step;
        live->steps = event->steps;
        live->loss = event->loss;
        add_point(curve_of(live, name), event->step, event->loss);
        break;
    case EVENT_PROGRESS:
        live->running = true;
        live->done = event->step;
        live->runs = event->steps;
        break;
    case EVENT_NOTE:
        short_name(live->note, sizeof live->note, event->text);
        break;
    default:
        return;
    }
    live->changed = true;
}

static void on_event(LessonQueue *queue, const Event *event)
{
    pthread_mutex_lock(&queue->mutex);
    hear_event(&queue->live, event);
    pthread_mutex_unlock(&queue->mutex);
    double now = clock_seconds();
    if (now - queue->woken < wake_seconds) return;
    queue->woken = now;
    screen_wake(queue->screen);
}

static void forget_live(LessonQueue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->live.running = false;
    queue->live.curves = 0;
    queue->live.done = queue->live.runs = 0;
    queue->live.note[0] = '\0';
    queue->live.changed = true;
    pthread_mutex_unlock(&queue->mutex);
}

/* ---- progress ---- */

/* A file that cannot be written is said so once and is no end of a lesson. */
static void keep_on_disk(LessonQueue *queue, const Tell *tell)
{
    Progresses all = {0};
    Error      err = {0};
    bool       ok = progress_read(&all, queue->lab, &err) &&
              progress_note(&all, tell->transcript, tell->index, tell->lesson->count, &err) &&
              progress_write(&all, queue->lab, &err);
    progress_free(&all);
    queue->keeps = ok;
    if (ok) return;
    Str  text = {0};
    Told told = {.kind = TELL_TEXT, .index = tell->index};
    str_addf(&text, tr("progress is not kept: %s"), err.message);
    told.text = str_take(&text, NULL);
    append(queue, &told, told.text != NULL);
}

static void keep_progress(LessonQueue *queue, const Tell *tell)
{
    bool closed = tell->kind == TELL_CLOSE;
    bool moved = closed || (tell->kind == TELL_STEP && tell->index > 0);
    if (!moved || tell->again) return;
    Error err = {0};
    if (!progress_note(&queue->mine, tell->transcript, tell->index, tell->lesson->count, &err)) {
        pthread_mutex_lock(&queue->mutex);
        queue->lost = true;
        pthread_mutex_unlock(&queue->mutex);
    }
    if (queue->keeps && tell->index > 0) keep_on_disk(queue, tell);
}

/* ---- the stage ---- */

static void on_tell(void *context, const Tell *tell)
{
    LessonQueue *queue = context;
    Told         told;
    if (tell->kind == TELL_EVENT) {
        on_event(queue, tell->event);
        return;
    }
    bool begins = tell->note != NULL && tell->note->kind == NOTE_COMMAND;
    if (begins || tell->kind == TELL_ASK || tell->kind == TELL_CLOSE) forget_live(queue);
    keep_progress(queue, tell);
    bool whole = copy_told(&told, tell);
    append(queue, &told, whole);
    screen_wake(queue->screen);
}

Stage lesson_queue_stage(LessonQueue *queue)
{
    return (Stage){.context = queue, .tell = on_tell, .plays = true};
}

/* ---- on the screen's thread ---- */

bool lesson_queue_open(LessonQueue *queue, Screen *screen, Error *err)
{
    *queue = (LessonQueue){.screen = screen, .lab = screen_lab(screen)};
    if (pthread_mutex_init(&queue->mutex, NULL) == 0) return true;
    queue->screen = NULL;
    return error_set(err, ERR_MEMORY, "the lesson's queue could not be made");
}

void lesson_queue_close(LessonQueue *queue)
{
    if (queue->screen == NULL) return;
    for (Index i = 0; i < queue->count; i++) told_free(&queue->list[i]);
    mem_free(queue->list);
    progress_free(&queue->mine);
    pthread_mutex_destroy(&queue->mutex);
    queue->screen = NULL;
}

Told *lesson_queue_take(LessonQueue *queue, Index *count, bool *lost)
{
    pthread_mutex_lock(&queue->mutex);
    Told *list = queue->list;
    *count = queue->count;
    *lost = queue->lost;
    queue->list = NULL;
    queue->count = 0;
    queue->lost = false;
    pthread_mutex_unlock(&queue->mutex);
    return list;
}

bool lesson_queue_live(LessonQueue *queue, LessonLive *live)
{
    pthread_mutex_lock(&queue->mutex);
    bool changed = queue->live.changed;
    if (changed) memcpy(live, &queue->live, sizeof *live);
    queue->live.changed = false;
    pthread_mutex_unlock(&queue->mutex);
    return changed;
}
