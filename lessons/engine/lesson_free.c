/* Giving a lesson back, piece by piece. */

#include "core/base/mem.h"
#include "lessons/engine/lesson_parts.h"

static void free_choices(Item *item)
{
    for (Index i = 0; i < item->choice_count; i++) {
        mem_free(item->choices[i].text);
        mem_free(item->choices[i].feedback);
        mem_free(item->choices[i].truth_text);
        expr_free(item->choices[i].truth);
    }
    for (Index i = 0; i < item->hint_count; i++) mem_free(item->hints[i]);
    mem_free(item->choices);
    mem_free(item->hints);
    mem_free(item->hint_places);
}

static void free_lines(Item *item)
{
    for (Index i = 0; i < item->line_count; i++) verb_line_free(item->lines[i]);
    for (Index i = 0; i < item->plot_count; i++) {
        expr_free(item->plots[i].y);
        expr_free(item->plots[i].x);
        mem_free(item->plots[i].band);
        mem_free(item->plots[i].label);
    }
    for (Index i = 0; i < item->assert_count; i++) {
        expr_free(item->asserts[i].expr);
        mem_free(item->asserts[i].text);
        mem_free(item->asserts[i].reason);
    }
    mem_free(item->lines);
    mem_free(item->line_places);
    mem_free(item->plots);
    mem_free(item->asserts);
}

void item_free(Item *item)
{
    free_choices(item);
    free_lines(item);
    expr_free(item->measure);
    mem_free(item->measure_text);
    mem_free(item->unit);
    mem_free(item->at_text);
    mem_free(item->at);
    mem_free(item->id);
    mem_free(item->text);
    mem_free(item->title);
    mem_free(item->x_title);
    mem_free(item->y_title);
    mem_free(item->overlay);
    mem_free(item->refers);
    *item = (Item){0};
}

void lesson_free(Lesson *lesson)
{
    if (lesson == NULL) return;
    for (Index s = 0; s < lesson->count; s++) {
        Step *step = &lesson->steps[s];
        for (Index i = 0; i < step->count; i++) item_free(&step->items[i]);
        mem_free(step->items);
        mem_free(step->id);
        mem_free(step->title);
    }
    for (Index i = 0; i < lesson->value_count; i++) {
        LessonValue *value = &lesson->values[i];
        mem_free(value->name);
        mem_free(value->normal);
        mem_free(value->quick);
        mem_free(value->help);
    }
    for (Index i = 0; i < lesson->broken_count; i++) mem_free(lesson->broken[i]);
    mem_free(lesson->broken);
    mem_free(lesson->steps);
    mem_free(lesson->values);
    mem_free(lesson->path);
    mem_free(lesson->source);
    mem_free(lesson->line_at);
    mem_free(lesson->id);
    mem_free(lesson->title);
    mem_free(lesson->summary);
    mem_free(lesson->needs);
    mem_free(lesson);
}
