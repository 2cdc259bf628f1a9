/*
 * The job: its thread, what it tells, and the walk over steps and items. Every exit of the walk
 * is an Error or the end; the thread's last words are TELL_CLOSE in any case.
 */

#include "lessons/engine/engine.h"

#include <signal.h>
#include <string.h>

#include "core/base/mem.h"
#include "lessons/engine/engine_internal.h"

/* ---- telling ---- */

void job_tell(LessonJob *job, Tell tell)
{
    tell.job = job;
    tell.lesson = job->lesson;
    tell.transcript = &job->transcript;
    tell.step = job->step;
    if (tell.kind != TELL_CLOSE) tell.index = job->index;
    tell.again = job_again(job);
    if (job->stage.tell != NULL) job->stage.tell(job->stage.context, &tell);
}

void job_say(LessonJob *job, TellKind kind, Verdict verdict, const char *fmt, ...)
{
    Str     text = {0};
    va_list args;
    va_start(args, fmt);
    str_vaddf(&text, fmt, args);
    va_end(args);
    job->lost = job->lost || text.failed;
    if (!text.failed) {
        job_tell(job, (Tell){.kind = kind, .text = str_text(&text), .verdict = verdict});
    }
    str_free(&text);
}

bool job_again(const LessonJob *job)
{
    return job->index < job->from_step;
}

bool job_goes_on(const LessonJob *job, Error *err)
{
    if (job->cancel.requested != 0) {
        return error_set(err, ERR_CANCELLED, tr("stopped in lesson %s"), job->lesson->id);
    }
    if (!job->lost) return true;
    return error_set(err, ERR_MEMORY, "out of memory while telling what happens");
}

Note *job_note(LessonJob *job, NoteKind kind, const char *id, Place place, Error *err)
{
    Note *note = transcript_add(job->playing ? &job->play : &job->transcript, kind, id, err);
    if (note != NULL) note->place = place;
    return note;
}

static void play_words(Str *text, const Note *note, bool marks)
{
    if (note->kind == NOTE_RESULT) str_addf(text, "%s: ", note->id);
    if (note->kind == NOTE_ASSERT) {
        str_add(text, note->verdict == VERDICT_RIGHT ? tr("holds: ") : tr("does not hold: "));
    }
    if (note->text != NULL) str_add(text, note->text);
    if (note->measured != NULL) {
        const char *open = note->text != NULL ? " (" : "", *close = note->text != NULL ? ")" : "";
        if (marks) {
            str_addf(text, "%s" FILL_BEGIN "%s" FILL_END "%s", open, note->measured, close);
        } else {
            str_addf(text, "%s%s%s", open, note->measured, close);
        }
    }
}

void job_tell_note(LessonJob *job, Note *note)
{
    if (!job->playing) {
        job_tell(job, (Tell){.kind = TELL_NOTE, .note = note, .verdict = note->verdict});
        note_unmark(note);
        return;
    }
    Str text = {0};
    play_words(&text, note, job->marks);
    job->lost = job->lost || text.failed;
    job_tell(
        job,
        (Tell){.kind = TELL_PLAY, .note = note, .verdict = note->verdict, .text = str_text(&text)});
    str_free(&text);
}

bool job_blame(const LessonJob *job, Place place, Error *err)
{
    if (err->code == ERR_CANCELLED || err->code == ERR_MEMORY || err->code == ERR_FAILED) {
        return false;
    }
    if (place.line == 0) return false; /* typed by the learner */
    return error_prefix(err, "%s:%td:%td", job->lesson->path, place.line, place.col);
}

/* ---- items ---- */

static bool tell_prose(LessonJob *job, const Item *item, Error *err)
{
    char *text = job_fill(job, item->text, true, item->place, err);
    Note *note = text != NULL ? job_note(job, NOTE_PROSE, item->id, item->place, err) : NULL;
    if (note == NULL) {
        mem_free(text);
        return false;
    }
    note->text = text;
    note->timed = strstr(text, "(timed") != NULL; /* its closing bracket may be escaped */
    job_tell_note(job, note);
    return true;
}

static bool ask_to_go_on(LessonJob *job, const Item *item, const char *text, Error *err)
{
    if (!job->stage.plays || job_again(job)) return true;
    for (;;) {
        char *answer = job_ask(job, &(Question){.kind = ASK_STEP, .item = item, .text = text}, err);
        if (answer == NULL) return false;
        bool plain = answer[strspn(answer, " ")] == '\0';
        if (!plain) {
            job_say(job, TELL_REPLY, VERDICT_NONE,
                    tr("that is no command: an empty line goes on, \"values\" tells what may be "
                       "set, \"help\" what may be typed"));
        }
        mem_free(answer);
        if (plain) return true;
    }
}

static bool do_item(LessonJob *job, const Item *item, Error *err)
{
    switch (item->kind) {
    case ITEM_PROSE:
        return tell_prose(job, item, err);
    case ITEM_EXPLAIN:
        return job_settle(job, NULL, false, err) && tell_prose(job, item, err);
    case ITEM_PREDICT:
        return job_predict(job, item, err);
    case ITEM_RUN:
        return job_run(job, item, err) && job_settle(job, item, false, err);
    case ITEM_PLOT:
        return job_plot(job, item, err);
    case ITEM_QUIZ:
        return job_quiz(job, item, err);
    case ITEM_ASSERT:
        return job_assert(job, item, err);
    case ITEM_NOTE:
        job_tell(job, (Tell){.kind = TELL_PRESENT, .item = item, .text = item->text});
        return true;
    case ITEM_PAUSE:
        return ask_to_go_on(job, item, tr("Pause. Enter goes on."), err);
    }
    return true;
}

static bool do_step(LessonJob *job, const Step *step, Error *err)
{
    Note *note = job_note(job, NOTE_STEP, step->id, step->place, err);
    if (note == NULL) return false;
    note->text = mem_strdup(step->title, err);
    if (note->text == NULL) return false;
    job_tell(job, (Tell){.kind = TELL_STEP, .note = note, .text = note->text});

    bench_state_free(job->at_start);
    job->at_start = bench_save(job->bench, err);
    if (job->at_start == NULL) return false;
    for (job->item = 0; job->item < step->count; job->item++) {
        if (!job_goes_on(job, err) || !do_item(job, &step->items[job->item], err)) return false;
    }
    return true;
}

static bool do_steps(LessonJob *job, Error *err)
{
    const Lesson *lesson = job->lesson;
    for (job->index = 0; job->index < lesson->count; job->index++) {
        job->step = &lesson->steps[job->index];
        if (!do_step(job, job->step, err)) return false;
        /* A prediction of the last step that no run followed is settled before its end. */
        if (job->index + 1 == lesson->count && !job_settle(job, NULL, true, err)) return false;
        job->completed = job->index + 1;
        bool last = job->index + 1 == lesson->count;
        if (!ask_to_go_on(job, NULL,
                          last ? tr("This was the last step. Enter ends the lesson.")
                               : tr("Enter goes on to the next step."),
                          err)) {
            return false;
        }
    }
    job->index = lesson->count - 1;
    return true;
}

/* ---- the thread ---- */

static bool open_bench(LessonJob *job, Error *err)
{
    job->bench = bench_create(&(BenchSpec){.lab = job->lab,
                                           .threads = job->threads,
                                           .seed = job->transcript.seed,
                                           .memory = job->lesson->memory},
                              err);
    return job->bench != NULL && values_put(job, job->values, err);
}

/* Who computed: known when the first thing was computed, at the latest. */
static bool name_backend(LessonJob *job, Error *err)
{
    const Backend *be = job->lab->be;
    if (be == NULL || job->transcript.backend[0] != '\0') return true;
    char *name = mem_strdup(be->description, err);
    if (name == NULL) return false;
    mem_free(job->transcript.backend);
    job->transcript.backend = name;
    return true;
}

static void close_bench(LessonJob *job)
{
    bench_state_free(job->at_start);
    bench_state_free(job->own);
    bench_free(job->bench);
    job->at_start = job->own = NULL;
    job->bench = NULL;
}

static void *job_main(void *argument)
{
    LessonJob *job = argument;
    Error     *err = &job->err;

    job_tell(job, (Tell){.kind = TELL_OPEN});
    bool ok = job_goes_on(job, err) && open_bench(job, err) && do_steps(job, err) &&
              job_goes_on(job, err);
    ok = name_backend(job, err) && ok;
    job->transcript.seconds = job->spent;
    for (Index i = 0; i < job->transcript.count; i++) note_unmark(&job->transcript.notes[i]);
    job->transcript.peak_bytes = mem_peak_in_use_total(mem_program());
    close_bench(job);
    CHECK(ok || err->code != ERR_NONE);
    job_tell(job, (Tell){.kind = TELL_CLOSE, .index = job->completed});
    job->done = true;
    return NULL;
}

/* Signals belong to the main thread; those that report a fault of the instruction stay open. */
static bool start_thread(LessonJob *job, Error *err)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    sigset_t         blocked, before;

    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) sigdelset(&blocked, faults[i]);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    int failed = mem_may_allocate() ? pthread_create(&job->thread, NULL, job_main, job) : -1;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    job->started = failed == 0;
    return job->started || error_set(err, ERR_MEMORY, "the lesson's thread could not be started");
}

/* ---- life ---- */

static bool copy_to(char **to, const char *text, Error *err)
{
    *to = mem_strdup(text != NULL ? text : "", err);
    return *to != NULL;
}

static bool fill_head(LessonJob *job, const LessonJobSpec *spec, Error *err)
{
    Transcript   *t = &job->transcript;
    const Lesson *lesson = spec->lesson;

    t->seed = spec->seeded ? spec->seed : lesson->seed;
    t->quick = spec->quick;
    t->machine = machine_text(err);
    return t->machine != NULL && copy_to(&t->lesson, lesson->id, err) &&
           copy_to(&t->title, lesson->title, err) && copy_to(&t->path, lesson->path, err) &&
           copy_to(&t->version, LORALAB_VERSION, err) && copy_to(&t->repeat, spec->repeat, err) &&
           copy_to(&t->backend, "", err) && name_backend(job, err);
}

LessonJob *lesson_job_start(const LessonJobSpec *spec, Error *err)
{
    LessonJob *job = mem_alloc(mem_program(), MEM_SCRATCH, 1, sizeof *job, err);
    if (job == NULL) return NULL;
    if (!mail_init(job)) {
        mem_free(job);
        error_set(err, ERR_MEMORY, "the lesson's mailbox could not be made");
        return NULL;
    }
    job->lab = spec->lab;
    job->lesson = spec->lesson;
    job->stage = spec->stage;
    job->threads = spec->threads;
    job->quick = spec->quick;
    job->asks = spec->asks;
    job->marks = spec->marks;
    job->answers = spec->answers;
    job->from_step = spec->from_step;
    if (values_choose(job, spec, err) && fill_head(job, spec, err) && start_thread(job, err)) {
        return job;
    }
    lesson_job_free(job);
    return NULL;
}

bool lesson_job_done(LessonJob *job)
{
    return job->done;
}

bool lesson_job_wait(LessonJob *job, Error *err)
{
    if (job->started && !job->joined) {
        CHECK(pthread_join(job->thread, NULL) == 0);
        job->joined = true;
    }
    if (job->err.code == ERR_NONE) return true;
    error_set(err, job->err.code, "%s", job->err.message);
    return job->err.hint[0] != '\0' ? error_hint(err, "%s", job->err.hint) : false;
}

const Transcript *lesson_job_transcript(const LessonJob *job)
{
    return &job->transcript;
}

Index lesson_job_step(LessonJob *job)
{
    return job->completed;
}

void lesson_job_free(LessonJob *job)
{
    if (job == NULL) return;
    if (job->started && !job->joined) {
        lesson_job_cancel(job);
        if (!lesson_job_wait(job, NULL)) job->joined = true;
    }
    for (Index i = 0; i < job->guess_count; i++) guess_free(&job->guesses[i]);
    mem_free(job->guesses);
    transcript_free(&job->transcript);
    transcript_free(&job->play);
    values_free(job->values, job->lesson->value_count);
    values_free(job->play_values, job->lesson->value_count);
    mail_destroy(job);
    mem_free(job);
}
