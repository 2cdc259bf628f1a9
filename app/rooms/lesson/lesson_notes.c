/* The presenter's second terminal: what it shows of the lesson, and the votes that come back. */

#include "app/rooms/lesson/lesson_notes.h"

#include <string.h>

#include "app/rooms/lesson/lesson_room.h"

void lesson_room_notes(void *context, LessonNotes *notes)
{
    const LessonRoom *room = context;
    *notes = (LessonNotes){0};
    if (room == NULL || room->lesson == NULL) return;
    const Lesson      *lesson = room->lesson;
    const LessonStory *story = lesson_shown(room);
    *notes = (LessonNotes){.lesson = lesson->title,
                           .step = lesson->steps[room->shown].title,
                           .index = room->shown,
                           .count = lesson->count,
                           .note = str_text(&story->notes)};
    if (room->shown + 1 < lesson->count) notes->next = lesson->steps[room->shown + 1].title;
    if (room->state != LESSON_ASKS || room->open < 0 || room->shown != room->at) return;
    const LessonPart *part = &story->parts[room->open];
    notes->question = part->text;
    notes->choices = (const char *const *)part->choices;
    notes->choice_count = part->choice_count;
}

/* ---- votes ---- */

_Static_assert((int)LESSON_VOTES == (int)NOTES_CHOICES, "all votes can be shown");

static void question_name(const LessonRoom *room, Index part, Str *out)
{
    const LessonPart *asked = &lesson_shown(room)->parts[part];
    str_addf(out, "%td %s", room->shown, asked->id != NULL ? asked->id : "");
}

static bool is_voted_on(const LessonRoom *room, Index part)
{
    Str name = {0};
    question_name(room, part, &name);
    bool same = !name.failed && strcmp(str_text(&name), str_text(&room->voted)) == 0;
    str_free(&name);
    return same;
}

const int *lesson_votes(const LessonRoom *room, Index part)
{
    const LessonPart *asked = &lesson_shown(room)->parts[part];
    const int        *votes = screen_votes(room->screen);
    bool              any = false;
    for (int i = 0; i < NOTES_CHOICES; i++) any = any || votes[i] > 0;
    any = any && (asked->kind == PART_PREDICT || asked->kind == PART_QUIZ);
    return any && is_voted_on(room, part) ? votes : NULL;
}

/* Votes that were given stay with their question until another one is asked. */
static void note_question(LessonRoom *room, Notes *notes)
{
    if (is_voted_on(room, room->open)) return;
    str_clear(&room->voted);
    question_name(room, room->open, &room->voted);
    notes->asks++;
    memset(notes->votes, 0, sizeof notes->votes);
}

/* Notes are plain text: what was measured has lost its marks. */
static void add_plain(Str *out, const char *text)
{
    for (const char *at = text; at != NULL && *at != '\0';) {
        size_t skip = strncmp(at, MEASURED_BEGIN, 3) == 0 || strncmp(at, MEASURED_END, 3) == 0;
        if (skip == 0) str_add_bytes(out, at, 1);
        at += skip > 0 ? 3 : 1;
    }
}

void lesson_notes(void *context, Notes *notes)
{
    LessonRoom *room = context;
    LessonNotes now;

    lesson_room_notes(room, &now);
    if (now.lesson == NULL) return;
    add_plain(&notes->lesson, now.lesson);
    add_plain(&notes->title, now.step);
    add_plain(&notes->next, now.next);
    add_plain(&notes->note, now.note);
    notes->step = now.index + 1;
    notes->steps = now.count;
    notes->seconds = (double)(long)(screen_now(room->screen) - room->opened);
    if (now.question == NULL) return;
    note_question(room, notes);
    add_plain(&notes->question, now.question);
    for (Index i = 0; i < now.choice_count && i < NOTES_CHOICES; i++) {
        add_plain(&notes->choices[i], now.choices[i]);
        notes->choice_count = i + 1;
    }
}
