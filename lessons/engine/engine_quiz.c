/*
 * Quizzes: asked until right, with the feedback of each wrong choice and hints from weak to
 * strong. What counts is which choices are right, nothing that was played before.
 */

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "lessons/engine/engine_internal.h"

typedef struct Quiz {
    const Item *item;
    Note       *note;
    char       *text; /* the question with its marks; the note's has none */
    char      **choices;
    bool       *chosen; /* [choice_count] of the latest answer */
    Index       hints;  /* given so far */
} Quiz;

/* "2" or "1 3" or "1, 3". */
static bool read_choices(Quiz *quiz, const char *text, Error *err)
{
    Index n = quiz->item->choice_count, count = 0;
    bool  fine = true;

    memset(quiz->chosen, 0, (size_t)n * sizeof(bool));
    for (const char *at = text + strspn(text, " ,"); fine && *at != '\0'; count++) {
        char *end;
        long  number = strtol(at, &end, 10);
        fine = end != at && number >= 1 && number <= n && strchr(" ,.)", *end) != NULL;
        if (fine) quiz->chosen[number - 1] = true;
        at = end + strspn(end, " ,.)");
    }
    if (fine && count > 0) return true;
    return error_set(err, ERR_INPUT,
                     tr("\"%.60s\" is no choice: type a number from 1 to %td, or \"hint\""), text,
                     n);
}

static bool is_right(const Quiz *quiz)
{
    for (Index i = 0; i < quiz->item->choice_count; i++) {
        if (quiz->chosen[i] != quiz->item->choices[i].right) return false;
    }
    return true;
}

/* What is said about each wrong choice; where only some of the right ones were chosen, that. */
static char *feedback_text(LessonJob *job, const Quiz *quiz, Error *err)
{
    Str  out = {0};
    bool wrong = false;

    for (Index i = 0; i < quiz->item->choice_count; i++) {
        const Choice *choice = &quiz->item->choices[i];
        if (!quiz->chosen[i] || choice->feedback == NULL) continue;
        char *text = job_fill(job, choice->feedback, false, choice->place, err);
        if (text == NULL) {
            str_free(&out);
            return NULL;
        }
        if (out.len > 0) str_add(&out, "; ");
        str_add(&out, text);
        mem_free(text);
        wrong = wrong || !choice->right;
    }
    if (!is_right(quiz) && !wrong) {
        if (out.len > 0) str_add(&out, "; ");
        str_add(&out, tr("not all of the right ones"));
    }
    return str_take(&out, err);
}

static bool chosen_words(Quiz *quiz, Error *err)
{
    Str out = {0};
    for (Index i = 0; i < quiz->item->choice_count; i++) {
        if (!quiz->chosen[i]) continue;
        str_addf(&out, "%s%s", out.len > 0 ? "; " : "", quiz->choices[i]);
    }
    mem_free(quiz->note->said);
    quiz->note->said = str_take(&out, err);
    return quiz->note->said != NULL;
}

/* Enter an answer that could be read into the note. */
static bool judge(LessonJob *job, Quiz *quiz, const char *text, Error *err)
{
    Note *note = quiz->note;
    note->tries++;
    mem_free(note->answer);
    mem_free(note->feedback);
    note->feedback = NULL;
    note->answer = mem_strdup(text, err);
    if (note->answer == NULL || !chosen_words(quiz, err)) return false;
    note->feedback = feedback_text(job, quiz, err);
    note->verdict = is_right(quiz) ? VERDICT_RIGHT : VERDICT_WRONG;
    return note->feedback != NULL;
}

static bool give_hint(LessonJob *job, Quiz *quiz, Error *err)
{
    const Item *item = quiz->item;
    if (quiz->hints >= item->hint_count) {
        job_say(job, TELL_REPLY, VERDICT_NONE, "%s",
                item->hint_count > 0 ? tr("there are no more hints") : tr("there is no hint"));
        return true;
    }
    char *text = job_fill(job, item->hints[quiz->hints], false, item->place, err);
    if (text == NULL) return false;
    quiz->hints++;
    job_say(job, TELL_REPLY, VERDICT_NONE, tr("hint %td of %td: %s"), quiz->hints, item->hint_count,
            text);
    mem_free(text);
    return true;
}

/* One answer of the learner; *over when it was right or the quiz is left out. */
static bool take_answer(LessonJob *job, Quiz *quiz, const char *text, bool *over, Error *err)
{
    Error why = {0};
    if (answer_is(text, "hint")) return give_hint(job, quiz, err);
    *over = answer_is(text, "skip");
    if (*over) return true;
    if (!read_choices(quiz, text, &why)) {
        job_say(job, TELL_REPLY, VERDICT_NONE, "%s", why.message);
        return true;
    }
    if (!judge(job, quiz, text, err)) return false;
    *over = quiz->note->verdict == VERDICT_RIGHT;
    job_say(job, TELL_REPLY, quiz->note->verdict, "%s", quiz->note->feedback);
    note_unmark(quiz->note);
    return true;
}

static bool ask_until_right(LessonJob *job, Quiz *quiz, Error *err)
{
    for (bool over = false; !over;) {
        Question question = {.kind = ASK_QUIZ,
                             .item = quiz->item,
                             .text = quiz->text,
                             .tries = quiz->note->tries,
                             .choices = (const char *const *)quiz->choices,
                             .choice_count = quiz->item->choice_count};
        char    *answer = job_ask(job, &question, err);
        bool     ok = answer != NULL && take_answer(job, quiz, answer, &over, err);
        mem_free(answer);
        if (!ok) return false;
    }
    return true;
}

static bool use_prepared(LessonJob *job, Quiz *quiz, const char *text, Error *err)
{
    if (answer_is(text, "skip")) return true;
    if (!read_choices(quiz, text, err)) {
        if (err->code == ERR_INPUT) {
            error_prefix(err, tr("the prepared answer of %s"), quiz->item->id);
        }
        return job_blame(job, quiz->item->place, err);
    }
    return judge(job, quiz, text, err);
}

bool job_quiz(LessonJob *job, const Item *item, Error *err)
{
    Quiz quiz = {.item = item, .note = job_note(job, NOTE_QUIZ, item->id, item->place, err)};
    if (quiz.note == NULL) return false;
    quiz.choices = job_choices(job, item, err);
    quiz.text = quiz.choices != NULL ? job_fill(job, item->text, true, item->place, err) : NULL;
    quiz.note->text = quiz.text != NULL ? mem_strdup(quiz.text, err) : NULL;
    words_unmark(quiz.note->text);
    quiz.chosen = quiz.note->text != NULL
                      ? mem_alloc(mem_program(), MEM_TEXT, item->choice_count, sizeof(bool), err)
                      : NULL;
    bool        ok = quiz.chosen != NULL;
    const char *prepared = lesson_answer_of(job->answers, item->id);
    if (ok && prepared != NULL) {
        ok = use_prepared(job, &quiz, prepared, err);
    } else if (ok && job->asks && !job_again(job)) {
        ok = ask_until_right(job, &quiz, err);
    }
    if (ok) job_tell_note(job, quiz.note);
    mem_free(quiz.chosen);
    mem_free(quiz.text);
    values_free(quiz.choices, item->choice_count);
    return ok;
}
