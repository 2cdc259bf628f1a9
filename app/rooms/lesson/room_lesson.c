/* The lesson's room: what it answers to the screen. */

#include <string.h>

#include "app/rooms/lesson/lesson_room.h"
#include "core/base/mem.h"

/* ---- coming and going ---- */

static void *lesson_create(Screen *screen, Error *err)
{
    LessonRoom *room = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *room, err);
    if (room == NULL) return NULL;
    room->screen = screen;
    room->open = room->figure = -1;
    room->found_row = -1;
    return room;
}

static void lesson_free_room(void *context)
{
    LessonRoom *room = context;
    if (room == NULL) return;
    lesson_close(room);
    line_edit_free(&room->field);
    line_edit_free(&room->reason);
    str_free(&room->sent);
    str_free(&room->search);
    str_free(&room->live_text);
    str_free(&room->foot);
    mem_free(room);
}

static bool lesson_enter(void *context, const char *argument, Error *err)
{
    return lesson_open(context, argument, err);
}

static void lesson_turn(void *context)
{
    LessonRoom *room = context;
    Index       count = 0;
    if (room->job == NULL) return;
    bool  lost = false;
    Told *list = lesson_queue_take(&room->queue, &count, &lost);
    for (Index i = 0; i < count; i++) {
        lesson_hear(room, &list[i]);
        told_free(&list[i]);
    }
    mem_free(list);
    lesson_live_turn(room);
    if (room->hurried && room->state != LESSON_WORKS) {
        room->hurried = false;
        screen_say(room->screen, "%s", room->open >= 0 ? "" : tr("computed: Space goes on"));
    }
    if (lost) {
        screen_say(room->screen, "%s", tr("out of memory: some of the lesson is not shown"));
    }
    screen_dirty(room->screen);
}

/* ---- what is drawn ---- */

static void lesson_title(void *context, Str *left, Str *right)
{
    const LessonRoom *room = context;
    const Look       *look = screen_look(room->screen);
    if (room->lesson == NULL) {
        str_add(left, tr("Lesson"));
        return;
    }
    if (room->number > 0) str_addf(left, "%d  ", room->number);
    str_addf(left, "%s", room->lesson->title);
    if (room->shown != room->at) str_addf(left, tr(" (looking back)"));
    if (look->projector) {
        str_addf(right, "%td / %td", room->shown + 1, room->lesson->count);
        return;
    }
    str_addf(left, "   %s", room->lesson->steps[room->shown].title);
    str_addf(right, tr("step %td of %td  "), room->shown + 1, room->lesson->count);
    bool plain = look->ascii || look->charset == CHARSET_ASCII;
    for (Index i = 0; i < room->lesson->count && room->lesson->count <= 20; i++) {
        bool done = room->steps[i].done;
        bool here = i == room->shown && room->state != LESSON_COMPLETE;
        str_add(right, here ? (plain ? ">" : "◐") : done ? (plain ? "#" : "●") : plain ? "." : "○");
    }
}

static void lesson_draw_room(void *context, Grid *grid, Rect body, const Look *look)
{
    LessonRoom *room = context;
    if (room->lesson != NULL) lesson_draw(room, grid, body, look);
}

static void lesson_cursor(void *context, int *row, int *col)
{
    const LessonRoom *room = context;
    *row = room->drawn.row;
    *col = room->drawn.col;
}

static const Figure *lesson_figure_of(void *context)
{
    const LessonRoom *room = context;
    if (room->lesson == NULL) return NULL;
    if (room->live_figure != NULL && room->shown == room->at) return room->live_figure;
    const LessonStory *story = lesson_shown(room);
    bool               fits = room->figure >= 0 && room->figure < story->count;
    return fits ? story->parts[room->figure].figure : NULL;
}

/* ---- actions ---- */

static void search_words(void *context, const char *text)
{
    lesson_search(context, text);
}

/* The figure that is looked at, where its axis can be logarithmic; NULL. */
static Figure *curve_shown(const LessonRoom *room)
{
    LessonStory *story = lesson_shown(room);
    if (room->figure < 0 || room->figure >= story->count) return NULL;
    Figure *figure = story->parts[room->figure].figure;
    return figure->kind == FIGURE_LINE || figure->kind == FIGURE_BAR ? figure : NULL;
}

static bool toggle_log(LessonRoom *room)
{
    Figure *figure = curve_shown(room);
    if (figure == NULL) return false;
    figure->y.log = !figure->y.log;
    return true;
}

static bool has_figures(const LessonRoom *room)
{
    const LessonStory *story = lesson_shown(room);
    for (Index i = 0; i < story->count; i++) {
        if (story->parts[i].kind == PART_FIGURE) return true;
    }
    return false;
}

static bool restore(LessonRoom *room)
{
    if (!room->played || room->state != LESSON_ASKS) {
        screen_say(room->screen, "%s",
                   room->played ? tr("the step can be restored when nothing runs")
                                : tr("nothing was changed: this is the step's own state"));
        return true;
    }
    if (room->editing) lesson_values_close(room);
    return lesson_command(room, "restore");
}

static bool show_other_step(LessonRoom *room, int by)
{
    Index to = room->shown + by;
    if (to < 0 || to > room->at || !room->steps[to].seen) {
        screen_say(room->screen, "%s",
                   by > 0 ? tr("the next step was not seen yet; Space goes on")
                          : tr("this is the first step"));
        return true;
    }
    lesson_show_step(room, to, false);
    if (to == room->at) room->follow = true;
    return true;
}

static bool move(LessonRoom *room, Action action)
{
    bool result = room->pane == PANE_RESULT && !screen_look(room->screen)->projector;
    switch (action) {
    case ACT_UP:
    case ACT_DOWN:
        lesson_scroll(room, action == ACT_UP ? -1 : 1);
        return true;
    case ACT_PAGE_UP:
    case ACT_PAGE_DOWN:
        lesson_pages(room, action == ACT_PAGE_UP ? -1 : 1);
        return true;
    case ACT_FIRST:
    case ACT_LAST:
        lesson_scroll(room, action == ACT_FIRST ? -(1 << 20) : 1 << 20);
        return true;
    case ACT_RIGHT:
        if (!result || !lesson_next_figure(room, 1)) lesson_forward(room);
        return true;
    case ACT_PREVIOUS:
        if (result && lesson_next_figure(room, -1)) return true;
        if (!lesson_previous(room)) screen_say(room->screen, "%s", tr("this is the beginning"));
        return true;
    case ACT_ERASE:
        return lesson_previous(room);
    default:
        return false;
    }
}

static bool act_more(LessonRoom *room, Action action)
{
    switch (action) {
    case ACT_NEXT_STEP:
    case ACT_PREVIOUS_STEP:
        return show_other_step(room, action == ACT_NEXT_STEP ? 1 : -1);
    case ACT_CONTENTS:
        room->contents = true;
        room->step_selected = (int)room->shown;
        return true;
    case ACT_SEARCH:
        screen_prompt(room->screen, "/", str_text(&room->search), search_words, room);
        return true;
    case ACT_SEARCH_NEXT:
        lesson_search_on(room);
        return true;
    case ACT_EDIT:
        return lesson_values_open(room) || true;
    case ACT_EXPORT:
        lesson_export(room);
        return true;
    case ACT_LOG:
        if (!toggle_log(room)) screen_say(room->screen, "%s", tr("no curve is shown here"));
        return true;
    case ACT_HINT:
        screen_say(room->screen, "%s", tr("hints are for questions"));
        return true;
    case ACT_LEAVE:
        if (room->found_row < 0) return false;
        room->found_row = -1;
        return true;
    default:
        return false;
    }
}

static bool lesson_act(void *context, Action action, Key key)
{
    LessonRoom *room = context;
    if (room->lesson == NULL) return false;
    if (action == ACT_RESTORE && !lesson_typing(room)) return restore(room);
    if (room->editing) return lesson_values_act(room, action, key);
    if (room->contents && lesson_contents_act(room, action)) return true;
    if (lesson_ask_act(room, action, key)) return true;
    if (action == ACT_CHOOSE) return lesson_once_more(room, key);
    switch (action) {
    case ACT_NEXT:
    case ACT_COMMIT:
        lesson_next(room);
        return true;
    case ACT_NEXT_PANE:
    case ACT_PREVIOUS_PANE:
        room->pane = room->pane == PANE_TEXT ? PANE_RESULT : PANE_TEXT;
        return true;
    default:
        return move(room, action) || act_more(room, action);
    }
}

static bool lesson_can(void *context, Action action)
{
    LessonRoom       *room = context;
    const LessonPart *part = room->lesson != NULL ? lesson_open_part(room) : NULL;
    if (room->lesson == NULL) return false;
    if (room->contents || room->editing) return false; /* their keys stand with them */
    switch (action) {
    case ACT_COMMIT:
        return part != NULL && !room->drawn.hides;
    case ACT_NEXT:
        return room->drawn.hides || (part == NULL && room->state != LESSON_WORKS);
    case ACT_PREVIOUS: /* in a field it moves the cursor */
        return (room->shown > 0 || room->drawn.top[PANE_TEXT] > 0) &&
               (!lesson_typing(room) || line_edit_text(lesson_input(room))[0] == '\0');
    case ACT_HINT:
        return part != NULL && part->kind == PART_QUIZ && !room->drawn.hides;
    case ACT_EDIT:
        return part == NULL && lesson_values_refusal(room) == NULL;
    case ACT_RESTORE:
        return room->played && room->state == LESSON_ASKS;
    case ACT_EXPORT:
        return room->job != NULL && !lesson_busy(room);
    case ACT_LOG:
        return curve_shown(room) != NULL;
    case ACT_GNUPLOT:
        return has_figures(room) || room->live_figure != NULL;
    case ACT_NEXT_PANE: /* first it goes to the prediction's reason */
        return !screen_look(room->screen)->projector &&
               (part == NULL || part->kind != PART_PREDICT || room->pane == PANE_RESULT);
    default:
        return false;
    }
}

/* ---- work ---- */

static bool lesson_typing_room(void *context)
{
    return lesson_typing(context);
}

static bool lesson_busy_room(void *context)
{
    return lesson_busy(context);
}

static void lesson_stop(void *context)
{
    LessonRoom *room = context;
    if (lesson_busy(room)) lesson_job_cancel(room->job);
}

/* One machine computes one thing: what computes here is given up, and can be taken up again. */
static void lesson_pause(void *context)
{
    LessonRoom *room = context;
    Error       err = {0};
    lesson_turn(room);
    if (!lesson_busy(room)) return;
    lesson_job_cancel(room->job);
    if (!lesson_job_wait(room->job, &err))
        lesson_turn(room);
    else
        lesson_turn(room);
}

const RoomOps room_lesson = {.id = ROOM_LESSON,
                             .create = lesson_create,
                             .free = lesson_free_room,
                             .enter = lesson_enter,
                             .draw = lesson_draw_room,
                             .title = lesson_title,
                             .act = lesson_act,
                             .can = lesson_can,
                             .typing = lesson_typing_room,
                             .cursor = lesson_cursor,
                             .turn = lesson_turn,
                             .busy = lesson_busy_room,
                             .stop = lesson_stop,
                             .pause = lesson_pause,
                             .repeat = lesson_repeat,
                             .command = lesson_command,
                             .words = lesson_words,
                             .notes = lesson_notes,
                             .figure = lesson_figure_of};
