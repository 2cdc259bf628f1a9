/* What the job tells becomes the parts of steps that are shown. */

#include <stdlib.h>
#include <string.h>

#include "app/rooms/lesson/lesson_room.h"
#include "core/base/mem.h"

void story_free(LessonStory *story)
{
    for (Index i = 0; i < story->count; i++) part_free(&story->parts[i]);
    mem_free(story->parts);
    str_free(&story->notes);
    *story = (LessonStory){0};
}

void lesson_mark_fresh(LessonRoom *room)
{
    if (room->shown != room->at) room->top[PANE_TEXT] = 0;
    room->shown = room->at;
    room->fresh = room->steps[room->at].count;
    room->follow = true;
    room->answering = false;
    room->found_row = -1;
}

/* The story takes the part over. Returns its number, or -1. */
static Index add_part(LessonRoom *room, LessonPart *part)
{
    LessonStory *story = &room->steps[room->at];
    LessonPart  *larger =
        mem_resize(story->parts, mem_program(), MEM_TEXT, story->count + 1, sizeof *larger, NULL);
    if (larger == NULL) {
        part_free(part);
        screen_say(room->screen, "%s", tr("out of memory: some of the lesson is not shown"));
        return -1;
    }
    story->parts = larger;
    larger[story->count] = *part;
    *part = (LessonPart){0};
    return story->count++;
}

LessonPart *lesson_part_of(LessonRoom *room, Index step, PartKind kind, const char *id)
{
    LessonStory *story = &room->steps[step];
    for (Index i = story->count - 1; i >= 0; i--) {
        LessonPart *part = &story->parts[i];
        if (part->kind == kind && part->id != NULL && strcmp(part->id, id) == 0) return part;
    }
    return NULL;
}

void lesson_forget_play(LessonRoom *room)
{
    LessonStory *story = &room->steps[room->at];
    Index        kept = 0;
    for (Index i = 0; i < story->count; i++) {
        if (story->parts[i].played) {
            part_free(&story->parts[i]);
            continue;
        }
        if (story->parts[i].kind == PART_FIGURE) room->figure = kept;
        if (room->open == i) room->open = kept;
        if (room->fresh == i) room->fresh = kept;
        story->parts[kept++] = story->parts[i];
    }
    story->count = kept;
    if (room->figure >= kept) room->figure = -1;
    if (room->fresh > kept) room->fresh = kept;
    if (room->card >= kept) room->card = kept > 0 ? kept - 1 : 0;
}

/* Before the results at the story's end: where a question stood that was answered earlier. */
static void insert_question(LessonRoom *room, LessonPart *part)
{
    LessonStory *story = &room->steps[room->at];
    Index        last = add_part(room, part), at = last;
    if (last < 0) return;
    while (at > 0 &&
           (story->parts[at - 1].kind == PART_COMMAND || story->parts[at - 1].kind == PART_FIGURE ||
            story->parts[at - 1].kind == PART_ASSERT)) {
        at--;
    }
    LessonPart question = story->parts[last];
    memmove(&story->parts[at + 1], &story->parts[at], (size_t)(last - at) * sizeof question);
    story->parts[at] = question;
    room->figure += room->figure >= at;
    room->fresh += room->fresh > at;
    room->card += room->card > at;
}

/* ---- kinds of tells ---- */

static void hear_step(LessonRoom *room, const Told *told)
{
    LessonStory *story = &room->steps[told->index];
    bool         followed = room->shown == room->at;
    if (told->index > 0) room->steps[told->index - 1].done = true;
    room->at = told->index;
    room->skips = told->again && story->done;
    if (followed || !told->again) room->shown = room->at;
    room->figure = -1;
    room->open = -1;
    room->played = false;
    if (!room->skips) {
        bool done = story->done;
        story_free(story);
        *story = (LessonStory){.done = done};
    }
    story->seen = true;
    room->fresh = room->card = 0;
    room->top[0] = room->top[1] = 0;
    room->follow = true;
    room->found_row = -1;
}

/* A prediction stands beside its measurement from now on, no longer at its question. */
static void hear_comparison(LessonRoom *room, LessonPart *part)
{
    LessonPart *asked = lesson_part_of(room, room->at, PART_PREDICT, part->id);
    room->predictions += part->said != NULL;
    room->right += part->verdict > 0;
    if (asked != NULL) {
        mem_free(asked->said);
        mem_free(asked->reason);
        asked->said = asked->reason = NULL;
    } else if (part->text != NULL && part->id != NULL) {
        LessonPart question = {.kind = PART_PREDICT, .answered = true, .answer = ANSWER_NUMBER};
        question.id = mem_strdup(part->id, NULL);
        question.text = part->text;
        part->text = NULL;
        insert_question(room, &question);
    }
    mem_free(part->text);
    part->text = NULL;
    (void)add_part(room, part);
}

/* Answered at the screen: its part is there. Prepared: it is made from what is known. */
static void hear_quiz(LessonRoom *room, LessonPart *part)
{
    LessonPart *asked = lesson_part_of(room, room->at, PART_QUIZ, part->id);
    if (asked != NULL) {
        asked->answered = true;
        part_free(part);
        return;
    }
    if (part->said != NULL) {
        Str line = {0};
        str_addf(&line, "%s%s%s", part->said, part->reply != NULL ? ": " : "",
                 part->reply != NULL ? part->reply : "");
        mem_free(part->reply);
        part->reply = str_take(&line, NULL);
    }
    (void)add_part(room, part);
}

static void hear_command(LessonRoom *room, LessonPart *part)
{
    LessonStory *story = &room->steps[room->at];
    if (part->text != NULL) { /* a command; a result has none */
        (void)add_part(room, part);
        return;
    }
    for (Index i = story->count - 1; i >= 0; i--) {
        LessonPart *command = &story->parts[i];
        if (command->kind != PART_COMMAND || command->measured != NULL) continue;
        command->measured = part->measured;
        part->measured = NULL;
        break;
    }
    part_free(part);
}

static void hear_part(LessonRoom *room, Told *told)
{
    LessonPart *part = &told->part;
    told->has_part = false;
    part->played = told->played;
    if (part->played) room->pane = PANE_RESULT;
    switch (part->kind) {
    case PART_COMPARE:
        hear_comparison(room, part);
        break;
    case PART_QUIZ:
        hear_quiz(room, part);
        break;
    case PART_COMMAND:
        hear_command(room, part);
        break;
    case PART_FIGURE:
        room->figure = room->steps[room->at].count;
        if (add_part(room, part) < 0) room->figure = -1;
        break;
    case PART_ASSERT:
        room->asserts += !part->played;
        room->failed += !part->played && part->verdict < 0;
        (void)add_part(room, part);
        break;
    default:
        (void)add_part(room, part);
        break;
    }
}

static void hear_sentence(LessonRoom *room, Told *told)
{
    LessonPart part = {.kind = PART_SENTENCE, .played = told->played, .text = told->text};
    told->text = NULL;
    if (part.played) room->pane = PANE_RESULT;
    (void)add_part(room, &part);
}

static void hear_presenter(LessonRoom *room, const Told *told)
{
    Str *notes = &room->steps[told->index].notes;
    if (notes->len > 0) str_add(notes, "\n\n");
    str_add(notes, told->text);
}

static void hear_end(LessonRoom *room, const Told *told)
{
    LessonStory *story = &room->steps[room->at];
    for (Index i = 0; i < told->index && i < room->lesson->count; i++) room->steps[i].done = true;
    for (Index i = 0; i < story->count; i++) {
        LessonPart *part = &story->parts[i];
        if (part->kind == PART_COMMAND && part->measured == NULL) {
            part->measured = mem_strdup(tr("given up"), NULL);
        }
    }
    lesson_ended(room);
}

/* What follows an answer that was taken ends its question. */
static bool ends_question(const LessonRoom *room, const Told *told)
{
    if (room->open < 0) return false;
    const LessonPart *open = &room->steps[room->at].parts[room->open];
    bool              same = told->kind == TELL_ASK && told->has_part && told->part.id != NULL &&
                open->id != NULL && strcmp(open->id, told->part.id) == 0;
    return !same && told->kind != TELL_REPLY && told->kind != TELL_PLAY && told->kind != TELL_EVENT;
}

/* Told right before the command is done. */
static bool computes_now(const Told *told)
{
    return told->has_part && told->part.kind == PART_COMMAND && told->part.text != NULL;
}

void lesson_hear(LessonRoom *room, Told *told)
{
    if (computes_now(told)) screen_alone(room->screen, room);
    if (ends_question(room, told)) lesson_question_over(room);
    if (room->skips && told->kind != TELL_STEP && told->kind != TELL_ASK &&
        told->kind != TELL_CLOSE) {
        return;
    }
    switch (told->kind) {
    case TELL_STEP:
        hear_step(room, told);
        break;
    case TELL_NOTE:
        if (told->has_part) hear_part(room, told);
        break;
    case TELL_PLAY:
        if (room->sent_kind == LINE_QUIET && !told->has_part) break;
        if (told->has_part)
            hear_part(room, told);
        else if (told->text != NULL)
            hear_sentence(room, told);
        break;
    case TELL_TEXT:
        if (told->text != NULL) hear_sentence(room, told);
        break;
    case TELL_ASK:
        lesson_question(room, told);
        break;
    case TELL_REPLY:
        lesson_reply(room, told);
        break;
    case TELL_PRESENT:
        if (told->text != NULL) hear_presenter(room, told);
        break;
    case TELL_CLOSE:
        hear_end(room, told);
        break;
    case TELL_OPEN:
    case TELL_RUN:
    case TELL_EVENT:
        break;
    }
}
