/*
 * What is computed: commands, figures, asserts. The same code serves the lesson and free play;
 * job_note and job_tell_note know which it is.
 *
 * The budget is the lesson's `seconds`, summed over its commands; it bounds each command through
 * the deadline of a Cancel of its own, inside the job's.
 */

#include <string.h>

#include "core/base/mem.h"
#include "lessons/engine/engine_internal.h"

/* ---- the budget ---- */

void lesson_budget_text(Str *out, const Lesson *lesson)
{
    str_addf(out, tr("This lesson computes for at most %g s and takes at most "), lesson->seconds);
    str_add_bytes_count(out, lesson->memory);
}

static bool announce(LessonJob *job, Error *err)
{
    if (job->announced || job->playing) return true;
    job->announced = true;
    Str text = {0};
    lesson_budget_text(&text, job->lesson);
    if (!str_ok(&text, err)) return false;
    if (!job->stage.plays || job_again(job)) {
        job_say(job, TELL_TEXT, VERDICT_NONE, "%s", str_text(&text));
        str_free(&text);
        return true;
    }
    Question question = {.kind = ASK_BUDGET, .text = str_text(&text)};
    char    *answer = job_ask(job, &question, err);
    str_free(&text);
    mem_free(answer);
    return answer != NULL;
}

/* Play has the whole budget for each of its commands: it takes nothing from the lesson. */
static double seconds_left(const LessonJob *job)
{
    return job->lesson->seconds - (job->playing ? 0 : job->spent);
}

static bool budget_spent(const LessonJob *job, Error *err)
{
    error_set(err, ERR_FAILED, tr("lesson %s: its budget of %g s of computing is spent"),
              job->lesson->id, job->lesson->seconds);
    return error_hint(err, "%s",
                      tr("--quick computes less; \"seconds\" in the file is the budget"));
}

/* ---- commands ---- */

static void pass_event(void *context, const Event *event)
{
    LessonJob *job = context;
    job_tell(job, (Tell){.kind = TELL_EVENT, .event = event});
}

static bool note_command(LessonJob *job, const VerbLine *line, Place place, Error *err)
{
    Overlay overlay = {0};
    Scope   scope = overlay_scope(&overlay, job);
    Str     shown = {0};
    Note   *note = NULL;

    if (verb_line_show(&shown, line, &scope, err)) {
        note = job_note(job, NOTE_COMMAND, line->name, place, err);
    }
    if (note != NULL) note->text = str_take(&shown, err);
    str_free(&shown);
    if (note == NULL || note->text == NULL) return job_blame(job, place, err);
    job_tell_note(job, note);
    return true;
}

static bool note_result(LessonJob *job, const VerbLine *line, const Datum *value, Place place,
                        Error *err)
{
    Note *note = job_note(job, NOTE_RESULT, line->name != NULL ? line->name : "it", place, err);
    if (note == NULL) return false;
    note->measured = result_words(value, err);
    if (note->measured == NULL) return false;
    note->value = datum_hold(value);
    note->timed = value->timed || strstr(note->measured, "(timed)") != NULL;
    job_tell_note(job, note);
    return true;
}

bool job_run_line(LessonJob *job, const VerbLine *line, Place place, Error *err)
{
    if (!job_goes_on(job, err) || !note_command(job, line, place, err)) return false;
    double left = seconds_left(job), begun = clock_seconds();
    if (left <= 0) return budget_spent(job, err);

    Cancel       cancel = {.deadline = begun + left, .outer = &job->cancel};
    Sink         sink = {.context = job, .event = pass_event};
    Error        why = {0};
    const Datum *value = bench_run_line(job->bench, line, &sink, &cancel, NULL, &why);
    if (!job->playing) job->spent += clock_seconds() - begun;
    if (value != NULL) return note_result(job, line, value, place, err);
    if (why.code == ERR_CANCELLED) {
        return cancel_expired(&cancel) ? budget_spent(job, err) : job_goes_on(job, err);
    }
    error_set(err, why.code, "%s", why.message);
    if (why.hint[0] != '\0') error_hint(err, "%s", why.hint);
    return job_blame(job, place, err);
}

bool job_run(LessonJob *job, const Item *item, Error *err)
{
    if (!announce(job, err)) return false;
    if (!job->playing) job_tell(job, (Tell){.kind = TELL_RUN, .item = item});
    for (Index i = 0; i < item->line_count; i++) {
        if (!job_run_line(job, item->lines[i], item->line_places[i], err)) return false;
    }
    return true;
}

/* ---- figures ---- */

bool job_plot(LessonJob *job, const Item *item, Error *err)
{
    Overlay      overlay = {0};
    Scope        scope = overlay_scope(&overlay, job);
    const Guess *guess = item->overlay != NULL ? job_guess(job, item->overlay) : NULL;
    bool         timed = false;
    Figure      *figure = lesson_figure(item, &scope, guess, &timed, NULL, err);
    Note *note = figure != NULL ? job_note(job, NOTE_FIGURE, item->id, item->place, err) : NULL;

    if (note == NULL) {
        figure_free(figure);
        return job_blame(job, item->place, err);
    }
    note->figure = figure;
    note->timed = timed;
    Str sentence = {0};
    figure_sentence(&sentence, figure);
    if (timed) str_add(&sentence, " (timed)");
    note->text = str_take(&sentence, err);
    if (note->text == NULL) return false;
    job_tell_note(job, note);
    return true;
}

/* ---- asserts ---- */

/* The verdict, its figures in words, and whether a clock is behind them. */
static bool judge(const Expr *expr, const Scope *scope, Note *note, Str *figures, Error *err)
{
    bool holds = false;
    if (!expr_holds(expr, scope, &holds, NULL, err) || !expr_explain(figures, expr, scope, err)) {
        return false;
    }
    Datum *value = expr_eval(expr, scope, NULL, err);
    if (value == NULL) return false;
    note->timed = value->timed || strstr(str_text(figures), "(timed)") != NULL;
    note->verdict = holds ? VERDICT_RIGHT : VERDICT_WRONG;
    datum_drop(value);
    return true;
}

/* Missing and not finite are a failed assert, with the reason in place of the figures. */
static bool weigh(LessonJob *job, const AssertLine *line, Note *note, Error *err)
{
    Overlay overlay = {0};
    Scope   scope = overlay_scope(&overlay, job);
    Error   why = {0};
    Str     figures = {0};

    if (!judge(line->expr, &scope, note, &figures, &why)) {
        if (why.code != ERR_INPUT && why.code != ERR_NUMERIC) {
            str_free(&figures);
            return error_set(err, why.code, "%s", why.message);
        }
        note->verdict = VERDICT_WRONG;
        str_clear(&figures);
        str_add(&figures, why.message);
    }
    if (note->timed && strstr(str_text(&figures), "(timed)") == NULL) str_add(&figures, " (timed)");
    note->measured = str_take(&figures, err);
    return note->measured != NULL;
}

static bool note_assert(LessonJob *job, const Item *item, const AssertLine *line, Error *err)
{
    Note *note = job_note(job, NOTE_ASSERT, item->id, line->place, err);
    if (note == NULL) return false;
    note->text = mem_strdup(line->text, err);
    if (note->text == NULL) return false;
    if (line->reason != NULL) {
        note->reason = job_fill(job, line->reason, false, line->place, err);
        if (note->reason == NULL) return false;
    }
    if (!weigh(job, line, note, err)) return false;
    if (!job->playing) {
        job->transcript.asserts++;
        job->transcript.failed += note->verdict == VERDICT_WRONG;
    }
    job_tell_note(job, note);
    return true;
}

bool job_assert(LessonJob *job, const Item *item, Error *err)
{
    for (Index i = 0; i < item->assert_count; i++) {
        if (!job_goes_on(job, err) || !note_assert(job, item, &item->asserts[i], err)) return false;
    }
    return true;
}
