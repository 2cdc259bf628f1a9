/* Moving through a lesson: on, back, in panes, between figures, to words. */

#include <string.h>

#include "app/rooms/lesson/lesson_room.h"
#include "core/base/mem.h"

LessonStory *lesson_shown(const LessonRoom *room)
{
    return &room->steps[room->shown];
}

static bool projects(const LessonRoom *room)
{
    return screen_look(room->screen)->projector;
}

/* The nearest card from `at` on in this direction; -1. */
static Index find_card(const LessonStory *story, Index at, int step)
{
    for (; at >= 0 && at < story->count; at += step) {
        if (lesson_is_card(&story->parts[at])) return at;
    }
    return -1;
}

Index lesson_card_after(const LessonRoom *room)
{
    return find_card(lesson_shown(room), room->card + 1, 1);
}

void lesson_card_follow(LessonRoom *room)
{
    const LessonStory *story = lesson_shown(room);
    bool               waits = room->follow && room->shown == room->at && room->card < room->fresh;
    bool fits = room->card < story->count && lesson_is_card(&story->parts[room->card]);
    if (fits && !waits) return;
    Index card = find_card(story, waits ? room->fresh : room->card, 1);
    if (card >= 0) room->card = card;
}

/* ---- steps ---- */

void lesson_show_step(LessonRoom *room, Index step, bool at_end)
{
    room->shown = step;
    LessonStory *story = lesson_shown(room);
    lesson_blank_quizzes(story);
    room->pane = PANE_TEXT;
    room->follow = false;
    room->found_row = -1;
    room->top[PANE_TEXT] = at_end ? 1 << 20 : 0; /* drawing knows where the end is */
    room->top[PANE_RESULT] = 0;
    room->figure = -1;
    for (Index i = 0; i < story->count; i++) {
        if (story->parts[i].kind == PART_FIGURE) room->figure = i;
    }
    Index card = find_card(story, at_end ? story->count - 1 : 0, at_end ? -1 : 1);
    room->card = card < 0 ? 0 : card;
}

static void page_down(LessonRoom *room, LessonPane pane)
{
    int rows = room->drawn.room[pane];
    room->top[pane] = room->drawn.top[pane] + (rows > 2 ? rows - 1 : 1);
    room->follow = false;
}

/* More of what is looked at: below, the next card, the next step that was seen. */
static bool go_forward(LessonRoom *room)
{
    const LessonDrawn *drawn = &room->drawn;
    if (room->pane == PANE_RESULT && drawn->room[PANE_TEXT] == 0 && !projects(room)) {
        bool more = drawn->top[PANE_RESULT] + drawn->room[PANE_RESULT] < drawn->rows[PANE_RESULT];
        if (more)
            page_down(room, PANE_RESULT);
        else
            room->pane = PANE_TEXT;
        return true;
    }
    if (drawn->more) {
        page_down(room, PANE_TEXT);
        return true;
    }
    Index card = projects(room) ? lesson_card_after(room) : -1;
    if (card >= 0) {
        room->card = card;
        room->top[PANE_TEXT] = 0;
        return true;
    }
    if (room->shown >= room->at) return false;
    lesson_show_step(room, room->shown + 1, false);
    return true;
}

void lesson_forward(LessonRoom *room)
{
    if (!go_forward(room)) {
        screen_say(room->screen, "%s", tr("this is as far as it was seen; Space goes on"));
    }
}

void lesson_next(LessonRoom *room)
{
    if (go_forward(room)) return;
    switch (room->state) {
    case LESSON_ASKS:
        if (room->asks == ASK_PREDICT || room->asks == ASK_QUIZ) {
            screen_say(room->screen, "%s",
                       room->asks == ASK_QUIZ
                           ? tr("an answer first: a number and Enter; H gives a hint")
                           : tr("a prediction first: Enter takes it; :skip leaves it out"));
            return;
        }
        lesson_mark_fresh(room);
        lesson_send(room, "", LINE_ANSWER);
        break;
    case LESSON_WORKS:
        room->hurried = true;
        screen_say(room->screen, "%s",
                   tr("it computes, and shows by itself what comes; Ctrl-C stops"));
        break;
    case LESSON_STOPPED:
    case LESSON_FAILED:
        lesson_take_up(room);
        break;
    case LESSON_COMPLETE:
        screen_go(room->screen, ROOM_HOME, NULL);
        break;
    case LESSON_NONE:
        break;
    }
}

bool lesson_previous(LessonRoom *room)
{
    int top = room->drawn.top[PANE_TEXT], rows = room->drawn.room[PANE_TEXT];
    if (room->pane == PANE_RESULT && rows == 0 && !projects(room)) {
        room->pane = PANE_TEXT;
        return true;
    }
    room->follow = false;
    room->found_row = -1;
    if (top > 0) {
        room->top[PANE_TEXT] = top > rows - 1 ? top - (rows > 2 ? rows - 1 : 1) : 0;
        return true;
    }
    Index card = projects(room) ? find_card(lesson_shown(room), room->card - 1, -1) : -1;
    if (card >= 0) {
        room->card = card;
        return true;
    }
    if (room->shown == 0) return false;
    lesson_show_step(room, room->shown - 1, true);
    return true;
}

/* ---- panes ---- */

void lesson_scroll(LessonRoom *room, int by)
{
    LessonPane pane = projects(room) ? PANE_TEXT : room->pane;
    room->top[pane] = room->drawn.top[pane] + by;
    if (room->top[pane] < 0) room->top[pane] = 0;
    room->follow = false;
}

void lesson_pages(LessonRoom *room, int by)
{
    int rows = room->drawn.room[projects(room) ? PANE_TEXT : room->pane];
    lesson_scroll(room, by * (rows > 2 ? rows - 1 : 1));
}

bool lesson_next_figure(LessonRoom *room, int by)
{
    const LessonStory *story = lesson_shown(room);
    Index              at = room->figure < 0 ? (by > 0 ? -1 : story->count) : room->figure;
    for (at += by; at >= 0 && at < story->count; at += by) {
        if (story->parts[at].kind != PART_FIGURE) continue;
        room->figure = at;
        return true;
    }
    return false;
}

/* ---- words ---- */

/* Row of the step's page at or after `from` that holds the words; on a projector the card. */
static int find_in(LessonRoom *room, Index step, int from)
{
    const LessonStory *story = &room->steps[step];
    LessonView         view = {.parts = story->parts, .count = story->count, .ask = {.part = -1}};
    LessonPages        pages = {0};
    int                row = -1;

    if (projects(room)) {
        for (Index i = from; i < story->count && row < 0; i++) {
            if (!lesson_is_card(&story->parts[i])) continue;
            lesson_part_text(&pages, &view, i, &room->look, 60);
            if (page_find(&pages.text, str_text(&room->search), 0) >= 0) row = (int)i;
            page_clear(&pages.text);
        }
        return row;
    }
    bool split = room->drawn.room[PANE_RESULT] > 0 && room->drawn.room[PANE_TEXT] > 0;
    lesson_text_page(&pages, &view, &room->look, room->text_cols, split);
    row = page_find(&pages.text, str_text(&room->search), from);
    page_clear(&pages.text);
    return row;
}

static void show_found(LessonRoom *room, Index step, int row)
{
    if (step != room->shown) lesson_show_step(room, step, false);
    room->pane = PANE_TEXT;
    room->follow = false;
    if (projects(room)) {
        room->card = row;
        room->top[PANE_TEXT] = 0;
    } else {
        room->top[PANE_TEXT] = row > 2 ? row - 2 : 0;
    }
    room->found_row = row;
    screen_say(room->screen, tr("found in step %td; f searches on"), step + 1);
}

void lesson_search_on(LessonRoom *room)
{
    Index n = room->at + 1;
    if (room->search.len == 0) {
        screen_say(room->screen, "%s", tr("/ searches for words"));
        return;
    }
    for (Index k = 0; k <= n; k++) {
        Index step = (room->shown + k) % n;
        if (!room->steps[step].seen) continue;
        int row = find_in(room, step, k == 0 ? room->found_row + 1 : 0);
        if (row < 0) continue;
        show_found(room, step, row);
        return;
    }
    room->found_row = -1;
    screen_say(room->screen, tr("\"%.60s\" is not in what was seen so far"),
               str_text(&room->search));
}

void lesson_search(LessonRoom *room, const char *words)
{
    str_clear(&room->search);
    str_add(&room->search, words);
    room->found_row = -1;
    if (words[0] != '\0') lesson_search_on(room);
}

/* ---- the list of steps ---- */

static void contents_move(LessonRoom *room, int to)
{
    int last = (int)room->lesson->count - 1;
    room->step_selected = to < 0 ? 0 : to > last ? last : to;
}

bool lesson_contents_act(LessonRoom *room, Action action)
{
    switch (action) {
    case ACT_UP:
        contents_move(room, room->step_selected - 1);
        return true;
    case ACT_DOWN:
        contents_move(room, room->step_selected + 1);
        return true;
    case ACT_FIRST:
        contents_move(room, 0);
        return true;
    case ACT_LAST:
        contents_move(room, (int)room->lesson->count);
        return true;
    case ACT_COMMIT:
    case ACT_NEXT:
        if (!room->steps[room->step_selected].seen) {
            screen_say(room->screen, "%s",
                       tr("that step comes later: a prediction is only fair "
                          "before its result"));
            return true;
        }
        room->contents = false;
        lesson_show_step(room, room->step_selected, false);
        return true;
    case ACT_LEAVE:
    case ACT_ERASE:
    case ACT_CONTENTS:
        room->contents = false;
        return true;
    default:
        return false;
    }
}
