/* Pieces of a lesson as the screen keeps them: copies that outlive the job. */

#include <string.h>

#include "app/rooms/lesson/lesson_queue.h"
#include "core/base/mem.h"

void part_free(LessonPart *part)
{
    for (Index i = 0; i < part->choice_count; i++) {
        if (part->choices != NULL) mem_free(part->choices[i]);
        if (part->feedback != NULL) mem_free(part->feedback[i]);
    }
    mem_free(part->choices);
    mem_free(part->feedback);
    mem_free(part->tried);
    mem_free(part->right);
    mem_free(part->revealed);
    mem_free(part->id);
    mem_free(part->text);
    mem_free(part->said);
    mem_free(part->reason);
    mem_free(part->measured);
    mem_free(part->unit);
    mem_free(part->at);
    mem_free(part->hints);
    mem_free(part->reply);
    figure_free(part->figure);
    *part = (LessonPart){0};
}

/* NULL stays NULL. */
static bool copy_text(char **to, const char *text)
{
    *to = text != NULL ? mem_strdup(text, NULL) : NULL;
    return text == NULL || *to != NULL;
}

/* ---- figures ---- */

static void copy_axis(Figure *to, char which, const FigureAxis *axis)
{
    FigureAxis *copy = which == 'x' ? &to->x : &to->y;
    figure_axis(to, which, axis->title, axis->unit, axis->log);
    copy->fixed = axis->fixed;
    copy->lo = axis->lo;
    copy->hi = axis->hi;
}

static void copy_series(Figure *to, const FigureSeries *series)
{
    Index at = figure_series(to, series->label, series->x, series->y, series->n);
    if (at < 0) return;
    to->series[at].points = series->points;
    to->series[at].guess = series->guess;
    if (series->low != NULL) figure_band(to, at, series->low, series->high);
}

static Figure *copy_figure(const Figure *from)
{
    Figure *to = figure_create(from->kind, from->title, NULL);
    if (to == NULL) return NULL;
    copy_axis(to, 'x', &from->x);
    copy_axis(to, 'y', &from->y);
    for (Index i = 0; i < from->count; i++) copy_series(to, &from->series[i]);
    for (Index i = 0; i < from->categories; i++) figure_category(to, from->category[i]);
    if (from->heat != NULL) figure_heat(to, from->heat, from->rows, from->cols);
    if (figure_ok(to, NULL)) return to;
    figure_free(to);
    return NULL;
}

/* ---- notes ---- */

static bool kind_of(const Note *note, PartKind *kind)
{
    switch (note->kind) {
    case NOTE_PROSE:
        *kind = PART_PROSE;
        return true;
    case NOTE_PREDICT:
        *kind = PART_COMPARE;
        return true;
    case NOTE_QUIZ:
        *kind = PART_QUIZ;
        return true;
    case NOTE_COMMAND:
    case NOTE_RESULT:
        *kind = PART_COMMAND;
        return true;
    case NOTE_FIGURE:
        *kind = PART_FIGURE;
        return true;
    case NOTE_ASSERT:
        *kind = PART_ASSERT;
        return true;
    case NOTE_STEP:
        break;
    }
    return false;
}

bool part_of_note(LessonPart *part, const Note *note)
{
    *part = (LessonPart){0};
    CHECK(kind_of(note, &part->kind));
    part->verdict = note->verdict == VERDICT_RIGHT ? 1 : note->verdict == VERDICT_WRONG ? -1 : 0;
    part->answered = true;
    bool ok = copy_text(&part->id, note->id) && copy_text(&part->text, note->text) &&
              copy_text(&part->said, note->said) && copy_text(&part->reason, note->reason) &&
              copy_text(&part->measured, note->measured) && copy_text(&part->reply, note->feedback);
    if (ok && note->figure != NULL) {
        part->figure = copy_figure(note->figure);
        ok = part->figure != NULL;
    }
    if (!ok) part_free(part);
    return ok;
}

/* ---- questions ---- */

bool part_choices(LessonPart *part, const char *const *choices, Index count)
{
    if (count == 0) return true;
    part->choices = mem_alloc(mem_program(), MEM_TEXT, count, sizeof(char *), NULL);
    part->feedback = mem_alloc(mem_program(), MEM_TEXT, count, sizeof(char *), NULL);
    part->tried = mem_alloc(mem_program(), MEM_TEXT, count, sizeof(int), NULL);
    part->right = mem_alloc(mem_program(), MEM_TEXT, count, sizeof(bool), NULL);
    part->revealed = mem_alloc(mem_program(), MEM_TEXT, count, sizeof(bool), NULL);
    part->choice_count = count;
    if (part->right == NULL || part->revealed == NULL || part->choices == NULL ||
        part->feedback == NULL || part->tried == NULL)
        return false;
    for (Index i = 0; i < count; i++) {
        if (!copy_text(&part->choices[i], choices[i])) return false;
    }
    return true;
}

static AnswerKind answer_kind(const Item *item)
{
    static const AnswerKind kinds[] = {[PREDICT_NUMBER] = ANSWER_NUMBER,
                                       [PREDICT_CHOICE] = ANSWER_CHOICE,
                                       [PREDICT_ORDER] = ANSWER_ORDER,
                                       [PREDICT_CURVE] = ANSWER_CURVE};
    return item->kind == ITEM_QUIZ ? ANSWER_CHOICE : kinds[item->predict];
}

static bool several_right(const Item *item)
{
    Index right = 0;
    for (Index i = 0; i < item->choice_count; i++) right += item->choices[i].right;
    return item->kind == ITEM_QUIZ && right > 1;
}

bool part_of_question(LessonPart *part, const Question *question)
{
    const Item *item = question->item;
    *part = (LessonPart){.kind = question->kind == ASK_QUIZ ? PART_QUIZ : PART_PREDICT,
                         .answer = answer_kind(item),
                         .several = several_right(item)};
    bool ok = copy_text(&part->id, item->id) && copy_text(&part->text, question->text) &&
              copy_text(&part->unit, item->unit) &&
              part_choices(part, question->choices, question->choice_count);
    for (Index i = 0; ok && i < part->choice_count; i++) part->right[i] = item->choices[i].right;
    if (ok && question->at_count > 0) {
        size_t bytes = (size_t)question->at_count * sizeof(double);
        part->at = mem_alloc_raw(mem_program(), MEM_TEXT, question->at_count, sizeof(double), NULL);
        ok = part->at != NULL;
        if (ok) memcpy(part->at, question->at, bytes);
        part->at_count = question->at_count;
    }
    if (!ok) part_free(part);
    return ok;
}
