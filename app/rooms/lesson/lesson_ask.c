/* The open question, and the lines that wait to be answers. */

#include <stdlib.h>
#include <string.h>

#include "app/rooms/lesson/lesson_room.h"
#include "core/base/mem.h"

/* ---- lines ---- */

void lesson_forget_lines(LessonRoom *room)
{
    for (Index i = 0; i < room->line_count; i++) mem_free(room->lines[i].text);
    mem_free(room->lines);
    room->lines = NULL;
    room->line_count = 0;
    room->sent_kind = LINE_ANSWER;
}

void lesson_send(LessonRoom *room, const char *line, LineKind kind)
{
    LessonLine *larger = mem_resize(room->lines, mem_program(), MEM_TEXT, room->line_count + 1,
                                    sizeof *larger, NULL);
    if (larger != NULL) room->lines = larger;
    char *copy = larger != NULL ? mem_strdup(line, NULL) : NULL;
    if (copy == NULL) {
        screen_say(room->screen, "%s", tr("out of memory: nothing was answered"));
        return;
    }
    larger[room->line_count++] = (LessonLine){.text = copy, .kind = kind};
    lesson_pump(room);
}

/* The engine goes on from the lesson's own state: so does what is shown. */
static void end_play(LessonRoom *room)
{
    Error err = {0};
    room->played = false;
    lesson_forget_play(room);
    if (!lesson_values_reset(room, &err)) screen_say(room->screen, "%s", err.message);
}

void lesson_pump(LessonRoom *room)
{
    if (room->state != LESSON_ASKS || room->line_count == 0) return;
    LessonLine line = room->lines[0];
    room->line_count--;
    memmove(room->lines, room->lines + 1, (size_t)room->line_count * sizeof line);
    room->sent_kind = line.kind;
    if (line.kind == LINE_ANSWER && room->played) end_play(room);
    str_clear(&room->sent);
    str_add(&room->sent, line.text);
    room->state = LESSON_WORKS;
    if (!lesson_job_answer(room->job, line.text)) {
        room->state = LESSON_ASKS;
        screen_say(room->screen, "%s", tr("out of memory: nothing was answered"));
    }
    mem_free(line.text);
}

/* ---- what is asked ---- */

static void blank_answer(LessonRoom *room, const LessonPart *part)
{
    room->choice = 0;
    room->focus = true;
    line_edit_free(&room->field);
    line_edit_free(&room->reason);
    mem_free(room->picked);
    room->picked = mem_alloc(mem_program(), MEM_TEXT, part->choice_count, sizeof(bool), NULL);
}

void lesson_question(LessonRoom *room, Told *told)
{
    room->state = LESSON_ASKS;
    room->asks = told->ask;
    room->pause = told->item != NULL && told->item->kind == ITEM_PAUSE;
    room->skips = false;
    if (told->has_part && room->open < 0) {
        LessonStory *story = &room->steps[room->at];
        LessonPart  *larger = mem_resize(story->parts, mem_program(), MEM_TEXT, story->count + 1,
                                         sizeof *larger, NULL);
        if (larger != NULL) {
            story->parts = larger;
            larger[story->count] = told->part;
            told->has_part = false;
            room->open = story->count++;
            blank_answer(room, &story->parts[room->open]);
        }
    }
    if (told->ask == ASK_BUDGET && room->past_budget) lesson_send(room, "", LINE_ANSWER);
    if (told->ask == ASK_BUDGET) room->past_budget = true;
    lesson_pump(room);
}

const LessonPart *lesson_open_part(const LessonRoom *room)
{
    bool open = room->state == LESSON_ASKS && room->open >= 0 && room->shown == room->at &&
                !room->contents && !room->editing && room->picked != NULL &&
                (!screen_look(room->screen)->projector || room->card == room->open);
    return open ? &room->steps[room->at].parts[room->open] : NULL;
}

/* What was said, in the words of the question. */
static char *said_words(const LessonPart *part, const char *sent)
{
    Str  out = {0};
    long n = strtol(sent, NULL, 10);
    if (part->answer == ANSWER_CHOICE && n >= 1 && n <= part->choice_count) {
        str_add(&out, part->choices[n - 1]);
    } else {
        str_add_bytes(&out, sent, (Index)strcspn(sent, ";"));
        if (part->unit != NULL && part->unit[0] != '\0') str_addf(&out, " %s", part->unit);
    }
    return str_take(&out, NULL);
}

void lesson_question_over(LessonRoom *room)
{
    LessonPart *part = &room->steps[room->at].parts[room->open];
    bool        skipped = strcmp(str_text(&room->sent), "skip") == 0;
    part->answered = true;
    room->open = -1;
    mem_free(part->reply);
    part->reply = NULL;
    if (part->kind != PART_PREDICT) return;
    part->said =
        skipped ? mem_strdup(tr("nothing"), NULL) : said_words(part, str_text(&room->sent));
    const char *reason = line_edit_text(&room->reason);
    if (!skipped && reason[0] != '\0') part->reason = mem_strdup(reason, NULL);
}

/* ---- once more ---- */

/* What was not tried has its feedback from the lesson's file, where no value stands in it. */
static void say_once_more(LessonRoom *room, LessonPart *part, Index i)
{
    const Step *step = &room->lesson->steps[room->shown];
    part->revealed[i] = true;
    for (Index k = 0; k < step->count && part->feedback[i] == NULL; k++) {
        const Item *item = &step->items[k];
        if (item->kind != ITEM_QUIZ || strcmp(item->id, part->id) != 0) continue;
        const char *text = i < item->choice_count ? item->choices[i].feedback : NULL;
        if (text != NULL && !fill_needed(text)) part->feedback[i] = mem_strdup(text, NULL);
    }
}

void lesson_blank_quizzes(LessonStory *story)
{
    for (Index k = 0; k < story->count; k++) {
        LessonPart *part = &story->parts[k];
        for (Index i = 0; part->revealed != NULL && i < part->choice_count; i++) {
            part->revealed[i] = false;
        }
    }
}

bool lesson_once_more(LessonRoom *room, Key key)
{
    LessonStory *story = lesson_shown(room);
    Index        choice = (Index)key.cp - '1';
    for (Index k = story->count - 1; k >= 0 && room->shown != room->at; k--) {
        LessonPart *part = &story->parts[k];
        if (part->kind != PART_QUIZ || part->revealed == NULL) continue;
        if (choice < part->choice_count) say_once_more(room, part, choice);
        return true;
    }
    return false;
}

/* ---- what is said of an answer ---- */

static void replace_text(char **to, char **from)
{
    mem_free(*to);
    *to = *from;
    *from = NULL;
}

/* The choices of a line such as "1 3". Their number. */
static Index choices_of(const LessonPart *part, const char *line, bool *chosen)
{
    Index count = 0;
    for (const char *at = line; *at != '\0';) {
        char *end;
        long  n = strtol(at, &end, 10);
        if (end == at) break;
        if (n >= 1 && n <= part->choice_count && !chosen[n - 1]) {
            chosen[n - 1] = true;
            count++;
        }
        at = end + strspn(end, " ,");
    }
    return count;
}

static void judge_choices(LessonRoom *room, LessonPart *part, Told *told)
{
    bool  none = part->choice_count > 64, chosen[64] = {false};
    int   verdict = told->verdict == VERDICT_RIGHT ? 1 : -1;
    Index count = none ? 0 : choices_of(part, str_text(&room->sent), chosen);

    part->verdict = verdict;
    for (Index i = 0; i < part->choice_count && count == 1; i++) {
        if (!chosen[i]) continue;
        part->tried[i] = verdict;
        replace_text(&part->feedback[i], &told->text);
    }
    for (Index i = 0; i < part->choice_count && count > 1 && verdict > 0; i++) {
        if (chosen[i]) part->tried[i] = verdict;
    }
    mem_free(part->reply);
    part->reply = NULL;
    if (told->text != NULL && told->text[0] != '\0') replace_text(&part->reply, &told->text);
}

void lesson_reply(LessonRoom *room, const Told *told_reply)
{
    Told told = *told_reply; /* its text may be taken over */
    if (room->open < 0 || told.text == NULL) {
        screen_say(room->screen, "%s", told.text != NULL ? told.text : "");
        return;
    }
    LessonPart *part = &room->steps[room->at].parts[room->open];
    room->answering = true;
    told.text = mem_strdup(told.text, NULL);
    if (told.text == NULL) return;
    if (part->kind == PART_QUIZ && told.verdict != VERDICT_NONE) {
        judge_choices(room, part, &told);
    } else if (strcmp(str_text(&room->sent), "hint") == 0) {
        Str hints = {0};
        if (part->hints != NULL) str_addf(&hints, "%s\n", part->hints);
        str_add(&hints, told.text);
        mem_free(part->hints);
        part->hints = str_take(&hints, NULL);
    } else {
        replace_text(&part->reply, &told.text);
    }
    mem_free(told.text);
}

/* ---- keys ---- */

static int reason_row(const LessonPart *part)
{
    return part->answer == ANSWER_CHOICE ? (int)part->choice_count : 1;
}

LineEdit *lesson_input(LessonRoom *room)
{
    const LessonPart *part = lesson_open_part(room);
    if (part == NULL) return NULL;
    if (part->kind == PART_PREDICT && room->choice == reason_row(part)) return &room->reason;
    return part->answer == ANSWER_CHOICE ? NULL : &room->field;
}

bool lesson_has_field(const LessonRoom *room)
{
    const LessonPart *part = lesson_open_part(room);
    bool seen = part != NULL && (room->pane == PANE_TEXT || room->drawn.room[PANE_TEXT] > 0);
    if (!seen || !room->focus) return false;
    return part->answer != ANSWER_CHOICE ||
           (part->kind == PART_PREDICT && room->choice == reason_row(part));
}

/* A field below what is shown takes no keys: Space goes on reading. */
bool lesson_typing(const LessonRoom *room)
{
    if (room->editing) return room->form.typing;
    return lesson_has_field(room) && !room->drawn.hides;
}

static void commit_choices(LessonRoom *room, const LessonPart *part, Str *line)
{
    bool any = false;
    for (Index i = 0; part->several && i < part->choice_count; i++) {
        if (room->picked[i]) str_addf(line, "%s%td", any ? " " : "", i + 1);
        any = any || room->picked[i];
    }
    if (any) return;
    if (room->choice < (int)part->choice_count) str_addf(line, "%d", room->choice + 1);
}

/* The choice that was left for its reason is the one that is answered. */
static void commit(LessonRoom *room, const LessonPart *part)
{
    Str         line = {0};
    const char *reason = line_edit_text(&room->reason);

    if (part->answer == ANSWER_CHOICE) {
        int last = room->choice;
        if (last >= (int)part->choice_count) {
            for (int i = 0; i < (int)part->choice_count; i++) {
                if (room->picked[i]) room->choice = i;
            }
        }
        commit_choices(room, part, &line);
        room->choice = last;
    } else {
        str_add(&line, line_edit_text(&room->field));
    }
    if (line.len > 0 && part->kind == PART_PREDICT && reason[0] != '\0') {
        str_addf(&line, "; because %s", reason);
    }
    if (line.len > 0 && str_ok(&line, NULL)) {
        lesson_mark_fresh(room);
        lesson_send(room, str_text(&line), LINE_ANSWER);
    } else {
        screen_say(room->screen, "%s", tr("an answer first; :skip leaves the question out"));
    }
    str_free(&line);
}

/* Arrows stay with the choices; the reason is one Tab further, so that a choice stays picked. */
static void select_choice(LessonRoom *room, const LessonPart *part, int choice)
{
    int most = part->answer == ANSWER_CHOICE ? (int)part->choice_count - 1
               : part->kind == PART_PREDICT  ? 1
                                             : 0;
    room->choice = choice < 0 ? 0 : choice > most ? most : choice;
    room->focus = room->follow = room->answering = true;
    if (part->answer != ANSWER_CHOICE || part->several) return;
    for (Index i = 0; i < part->choice_count; i++) room->picked[i] = i == room->choice;
}

static bool choose(LessonRoom *room, const LessonPart *part, Key key)
{
    int n = (int)key.cp - '1';
    if (part->answer != ANSWER_CHOICE) {
        room->focus = room->follow = room->answering = true;
        line_edit_act(&room->field, ACT_TYPE, key);
        return true;
    }
    if (n >= (int)part->choice_count) return true;
    select_choice(room, part, n);
    if (part->several) room->picked[n] = !room->picked[n];
    return true;
}

/* Tab: from the answer to its reason, and from there on as elsewhere. */
static bool to_reason(LessonRoom *room, const LessonPart *part)
{
    bool there = room->choice == reason_row(part);
    if (part->kind != PART_PREDICT || room->pane != PANE_TEXT || (there && room->focus)) {
        return false;
    }
    if (!there) select_choice(room, part, room->choice);
    room->choice = reason_row(part);
    room->focus = room->follow = room->answering = true;
    return true;
}

/* Nothing is said before it was read: a number picks and shows, Enter shows. */
static bool act_unseen(LessonRoom *room, const LessonPart *part, Action action, Key key)
{
    if (action == ACT_CHOOSE) return choose(room, part, key);
    if (action != ACT_COMMIT) return false;
    room->follow = room->answering = true;
    return true;
}

bool lesson_ask_act(LessonRoom *room, Action action, Key key)
{
    const LessonPart *part = lesson_open_part(room);
    if (part == NULL) return false;
    if (room->drawn.hides) return act_unseen(room, part, action, key);
    switch (action) {
    case ACT_UP:
    case ACT_DOWN:
        if (room->pane != PANE_TEXT) return false;
        select_choice(room, part, room->choice + (action == ACT_UP ? -1 : 1));
        return true;
    case ACT_NEXT_PANE:
        return to_reason(room, part);
    case ACT_CHOOSE:
        return choose(room, part, key);
    case ACT_COMMIT:
        commit(room, part);
        return true;
    case ACT_HINT:
        if (part->kind != PART_QUIZ) return false;
        room->follow = room->answering = true;
        lesson_send(room, "hint", LINE_ANSWER);
        return true;
    case ACT_LEAVE:
        if (!lesson_typing(room)) return false;
        room->focus = false;
        return true;
    default:
        break;
    }
    LineEdit *line = lesson_typing(room) ? lesson_input(room) : NULL;
    if (line == NULL) return false;
    if (action == ACT_PREVIOUS && line_edit_text(line)[0] == '\0') return false;
    if (!line_edit_act(line, action, key)) return false;
    room->follow = room->answering = true;
    return true;
}
