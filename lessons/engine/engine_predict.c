/*
 * Predictions on their way: asked at their place (or taken from the prepared answers, or left
 * out), compared after the first run that makes their measure computable. A run that says
 * after=ID is the one that the prediction ID waits for.
 */

#include <string.h>

#include "core/base/mem.h"
#include "lessons/engine/engine_internal.h"

char **job_choices(LessonJob *job, const Item *item, Error *err)
{
    char **texts = mem_alloc(mem_program(), MEM_TEXT, item->choice_count, sizeof *texts, err);
    for (Index i = 0; texts != NULL && i < item->choice_count; i++) {
        const Choice *choice = &item->choices[i];
        texts[i] = job_fill(job, choice->text, false, choice->place, err);
        if (texts[i] != NULL) continue;
        values_free(texts, item->choice_count);
        return NULL;
    }
    return texts;
}

const Guess *job_guess(const LessonJob *job, const char *id)
{
    for (Index i = 0; i < job->guess_count; i++) {
        if (strcmp(job->guesses[i].item->id, id) == 0) return &job->guesses[i];
    }
    return NULL;
}

static Guess *add_guess(LessonJob *job, const Item *item, Error *err)
{
    Guess *larger = mem_resize(job->guesses, mem_program(), MEM_TEXT, job->guess_count + 1,
                               sizeof *larger, err);
    if (larger == NULL) return NULL;
    job->guesses = larger;
    Guess *guess = &larger[job->guess_count++];
    *guess = (Guess){.item = item, .note = -1};
    return guess;
}

/* The given x, with the values of this run. */
static bool fill_curve(LessonJob *job, Guess *guess, Error *err)
{
    const Item *item = guess->item;
    Overlay     overlay = {0};
    Scope       scope = overlay_scope(&overlay, job);
    if (item->predict != PREDICT_CURVE) return true;
    return lesson_numbers(item->at_text, &scope, &guess->at, &guess->at_count, NULL, err) ||
           job_blame(job, item->at_place, err);
}

/* ---- the answer ---- */

/* Enter what was answered into guess and note. */
static bool take_answer(Guess *guess, Note *note, const char *text, Error *err)
{
    Str  reason = {0};
    bool ok = guess_read(guess, text, &reason, err);
    if (ok) {
        Str answer = {0};
        str_add_bytes(&answer, text, (Index)strcspn(text, ";"));
        while (answer.len > 0 && answer.data[answer.len - 1] == ' ') {
            answer.data[--answer.len] = '\0';
        }
        note->answer = str_take(&answer, err);
        note->said = note->answer != NULL ? guess_words(guess, err) : NULL;
        words_unmark(note->said);
        if (note->said != NULL && reason.len > 0) note->reason = str_take(&reason, err);
        ok = note->said != NULL && (reason.len == 0 || note->reason != NULL);
    }
    str_free(&reason);
    return ok;
}

/* True when the question is done with, answered or skipped. */
static bool try_answer(LessonJob *job, Guess *guess, Note *note, const char *text, bool *settled,
                       Error *err)
{
    Error why = {0};
    *settled = answer_is(text, "skip") || take_answer(guess, note, text, &why);
    if (*settled) return true;
    if (why.code != ERR_INPUT) return error_set(err, why.code, "%s", why.message);
    bool empty = answer_is(text, "");
    job_say(job, TELL_REPLY, VERDICT_NONE, "%s",
            empty ? tr("a prediction first; \"skip\" leaves it out") : why.message);
    return true;
}

static bool ask_prediction(LessonJob *job, Guess *guess, Note *note, const char *text, Error *err)
{
    Question question = {.kind = ASK_PREDICT,
                         .item = guess->item,
                         .text = text,
                         .choices = (const char *const *)guess->choices,
                         .choice_count = guess->choice_count,
                         .at = guess->at,
                         .at_count = guess->at_count};
    for (bool settled = false; !settled;) {
        char *answer = job_ask(job, &question, err);
        if (answer == NULL) return false;
        bool ok = try_answer(job, guess, note, answer, &settled, err);
        mem_free(answer);
        if (!ok) return false;
        question.tries++;
    }
    return true;
}

/* One that cannot be read is the fault of who prepared it. */
static bool use_prepared(LessonJob *job, Guess *guess, Note *note, const char *text, Error *err)
{
    if (answer_is(text, "skip") || take_answer(guess, note, text, err)) return true;
    if (err->code != ERR_INPUT) return false;
    return error_prefix(err, tr("the prepared answer of %s"), guess->item->id) ||
           job_blame(job, guess->item->place, err);
}

/* Prepared, asked, or left out. text: the question with its marks; the note's has none. */
static bool answer_it(LessonJob *job, Guess *guess, Note *note, const char *text, Error *err)
{
    const char *prepared = lesson_answer_of(job->answers, guess->item->id);
    if (prepared != NULL) return use_prepared(job, guess, note, prepared, err);
    return !job->asks || job_again(job) || ask_prediction(job, guess, note, text, err);
}

bool job_predict(LessonJob *job, const Item *item, Error *err)
{
    Guess *guess = add_guess(job, item, err);
    Note  *note = guess != NULL ? job_note(job, NOTE_PREDICT, item->id, item->place, err) : NULL;
    if (note == NULL) return false;
    guess->note = job->transcript.count - 1;
    guess->choice_count = item->choice_count;
    guess->choices = job_choices(job, item, err);
    char *text = guess->choices != NULL ? job_fill(job, item->text, true, item->place, err) : NULL;
    note->text = text != NULL ? mem_strdup(text, err) : NULL;
    words_unmark(note->text);
    bool ok = note->text != NULL && fill_curve(job, guess, err);
    job->transcript.predictions += ok ? 1 : 0;
    ok = ok && answer_it(job, guess, note, text, err);
    mem_free(text);
    return ok;
}

/* ---- the comparison ---- */

/* The run block that says it comes after this prediction, or NULL. */
static const Item *run_of(const Lesson *lesson, const Guess *guess)
{
    for (Index s = 0; s < lesson->count; s++) {
        for (Index i = 0; i < lesson->steps[s].count; i++) {
            const Item *item = &lesson->steps[s].items[i];
            bool        names = item->kind == ITEM_RUN && item->refers != NULL;
            if (names && strcmp(item->refers, guess->item->id) == 0) return item;
        }
    }
    return NULL;
}

static bool settle(LessonJob *job, Guess *guess, bool last, Error *err)
{
    Note   *note = &job->transcript.notes[guess->note];
    Overlay overlay = {0};
    Scope   scope = overlay_scope(&overlay, job);
    Error   why = {0};

    if (guess_measure(guess, note, &scope, &why)) {
        job->transcript.predicted_right += note->verdict == VERDICT_RIGHT;
    } else if (why.code != ERR_INPUT) {
        return error_set(err, why.code, "%s", why.message);
    } else if (!last) {
        return true;
    } else {
        job_say(job, TELL_TEXT, VERDICT_NONE, tr("prediction %s cannot be compared: %s"),
                guess->item->id, why.message);
    }
    guess->settled = true;
    job_tell_note(job, note);
    return true;
}

bool job_settle(LessonJob *job, const Item *after, bool last, Error *err)
{
    for (Index i = 0; i < job->guess_count; i++) {
        Guess *guess = &job->guesses[i];
        if (guess->settled) continue;
        const Item *run = run_of(job->lesson, guess);
        bool        waits = run != NULL && after != NULL && run != after;
        if (!job_goes_on(job, err) || (!waits && !settle(job, guess, last, err))) return false;
    }
    return true;
}
