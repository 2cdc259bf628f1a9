/* The room's state as the view wants it, and what waits in one sentence. */

#include <string.h>

#include "app/rooms/lesson/lesson_room.h"
#include "core/base/mem.h"

/* ---- a training under way ---- */

/* "lora_alpha=" of runs called "lora_alpha=8 seed=1" and "lora_alpha=32 seed=1": what all names
 * begin with, as far as its last '='. */
static size_t common_name(const LessonLive *live)
{
    const char *first = live->curve[0].name;
    size_t      n = live->curves > 1 ? strlen(first) : 0;
    for (int i = 1; i < live->curves; i++) {
        size_t same = 0;
        while (same < n && live->curve[i].name[same] == first[same]) same++;
        n = same;
    }
    while (n > 0 && first[n - 1] != '=') n--;
    return n;
}

static Figure *live_figure(const LessonLive *live)
{
    size_t common = common_name(live);
    bool   log = false;
    Str    title = {0};
    str_add(&title, tr("Loss while training"));
    if (common > 1) str_addf(&title, tr(", by %.*s"), (int)common - 1, live->curve[0].name);
    Figure *figure = figure_create(FIGURE_LINE, str_text(&title), NULL);
    str_free(&title);
    for (int i = 0; figure != NULL && i < live->curves; i++) {
        const LiveCurve *curve = &live->curve[i];
        figure_series(figure, curve->name[0] != '\0' ? curve->name + common : tr("loss"), curve->x,
                      curve->y, curve->n);
        for (Index k = 0; k < curve->n; k++) log = log || curve->y[k] > 0;
    }
    if (figure != NULL) {
        figure_axis(figure, 'x', tr("step"), NULL, false);
        figure_axis(figure, 'y', tr("loss"), "nats/token", log);
        if (figure_ok(figure, NULL)) return figure;
    }
    figure_free(figure);
    return NULL;
}

static void live_words(Str *out, const LessonLive *live)
{
    str_clear(out);
    if (live->steps > 0) {
        str_addf(out, tr("%sstep %td of %td, loss %.3f nats/token"), MEASURED_BEGIN, live->step,
                 live->steps, live->loss);
    }
    if (live->runs > 0) {
        str_addf(out, tr("%s%td of %td runs done"), out->len > 0 ? ", " : MEASURED_BEGIN,
                 live->done, live->runs);
    }
    if (out->len > 0) str_add(out, MEASURED_END);
    if (live->note[0] != '\0') str_addf(out, "%s%s", out->len > 0 ? "; " : "", live->note);
}

void lesson_live_turn(LessonRoom *room)
{
    if (!lesson_queue_live(&room->queue, &room->live)) return;
    figure_free(room->live_figure);
    room->live_figure =
        room->live.running && room->live.curves > 0 ? live_figure(&room->live) : NULL;
    live_words(&room->live_text, &room->live);
    if (!room->live.running) str_clear(&room->live_text);
}

/* ---- what waits ---- */

static void foot_of_step(LessonRoom *room, Str *out)
{
    const Lesson *lesson = room->lesson;
    Index         next = room->at + 1;
    if (room->asks == ASK_BUDGET) {
        str_addf(out, tr("This lesson computes for at most %g s in at most "), lesson->seconds);
        str_add_bytes_count(out, lesson->memory);
        str_add(out, tr(". Space begins."));
    } else if (room->pause) {
        str_add(out, tr("Pause. Space goes on."));
    } else if (next < lesson->count) {
        str_addf(out, tr("End of step %td. Space goes on to: %s"), next, lesson->steps[next].title);
    } else {
        str_add(out, tr("End of the last step. Space completes the lesson."));
    }
}

static void foot_of_question(LessonRoom *room, Str *out)
{
    const LessonPart *part = &room->steps[room->at].parts[room->open];
    bool              chooses = part->answer == ANSWER_CHOICE;
    if (room->asks == ASK_QUIZ) {
        str_add(out, tr("Arrows or a number choose, Enter answers, H gives a hint."));
    } else if (chooses) {
        str_add(out, tr("Arrows or a number choose, Enter says it, Tab adds why."));
    } else {
        str_add(out, tr("Type what you expect, Tab adds why, Enter says it; then it is measured."));
    }
}

/* False: nothing takes long, so only the sign of work is shown, and words for it come later. */
static bool foot_of_work(LessonRoom *room, Str *out)
{
    const LessonStory *story = &room->steps[room->at];
    const LessonPart  *last = story->count > 0 ? &story->parts[story->count - 1] : NULL;
    bool               news = true;
    if (room->live_text.len > 0) {
        str_addf(out, "%s", str_text(&room->live_text));
    } else if (room->skips) {
        str_addf(out, tr("Step %td, done earlier, is run again"), room->at + 1);
    } else if (last != NULL && last->kind == PART_COMMAND && last->measured == NULL) {
        /* the key first: a long command is cut */
        str_add(out, tr("computing, Ctrl-C stops"));
        if (!screen_look(room->screen)->projector) str_addf(out, ": %s", last->text);
        return true;
    } else {
        str_add(out, tr("computing"));
        news = room->foot.len == 0;
    }
    str_add(out, tr("; Ctrl-C stops"));
    return news;
}

static void foot_of_end(LessonRoom *room, Str *out)
{
    str_add(out, tr("Complete"));
    if (room->predictions > 0) {
        str_addf(out,
                 room->predictions == 1 ? tr(": %td of %td prediction held")
                                        : tr(": %td of %td predictions held"),
                 room->right, room->predictions);
    }
    if (room->failed > 0) {
        str_addf(out, tr(", %td of %td claims did NOT hold"), room->failed, room->asserts);
    }
    str_add(out, tr(". Space goes home, E writes a report."));
}

/* Few words; none while there are more cards to come. */
static void foot_of_card(LessonRoom *room, Str *out)
{
    Index next = room->at + 1;
    if (lesson_card_after(room) >= 0 || room->shown != room->at) return;
    if (lesson_open_part(room) != NULL) {
        str_add(out, tr("Enter answers"));
    } else if (room->state == LESSON_WORKS) {
        if (!foot_of_work(room, out)) str_clear(out);
    } else if (room->state != LESSON_ASKS) {
        str_add(out, room->state == LESSON_COMPLETE ? tr("The end") : tr("Stopped; Space goes on"));
    } else if (room->asks == ASK_BUDGET) {
        str_add(out, tr("Space measures"));
    } else if (next < room->lesson->count && !room->pause) {
        str_addf(out, tr("Next: %s"), room->lesson->steps[next].title);
    }
}

void lesson_foot(LessonRoom *room)
{
    Str  line = {0};
    Str *out = &line;
    bool waits = room->state != LESSON_WORKS, news = true;
    if (screen_look(room->screen)->projector && !room->editing) {
        foot_of_card(room, out);
    } else if (room->editing) {
        str_add(out, tr("Enter edits, Space runs this step again with it, Esc closes."));
    } else if (room->shown != room->at) {
        str_addf(out, tr("Looking back at step %td of %td. Space goes on."), room->shown + 1,
                 room->lesson->count);
    } else if (room->state == LESSON_ASKS && room->open >= 0) {
        foot_of_question(room, out);
    } else if (room->state == LESSON_ASKS) {
        foot_of_step(room, out);
    } else if (room->state == LESSON_WORKS) {
        news = foot_of_work(room, out);
    } else if (room->state == LESSON_COMPLETE) {
        foot_of_end(room, out);
    } else {
        str_addf(out, tr("%s. Space takes the step up again."),
                 room->state == LESSON_STOPPED ? tr("Stopped") : room->why.message);
    }
    if (!news) str_clear(&line);
    str_free(&room->foot);
    room->foot = line;
    room->foot_waits = waits;
}

/* ---- drawing ---- */

static LessonAsk ask_view(LessonRoom *room)
{
    LessonAsk ask = {.part = -1};
    if (lesson_open_part(room) == NULL) return ask;
    return (LessonAsk){.part = room->open,
                       .choice = room->choice,
                       .picked = room->picked,
                       .field = line_edit_text(&room->field),
                       .reason = line_edit_text(&room->reason),
                       .field_column = line_edit_column(&room->field),
                       .reason_column = line_edit_column(&room->reason),
                       .typing = lesson_has_field(room)};
}

static LessonStepRow *step_rows(const LessonRoom *room)
{
    Index          n = room->lesson->count;
    LessonStepRow *rows = mem_alloc(mem_program(), MEM_TEXT, n, sizeof *rows, NULL);
    for (Index i = 0; rows != NULL && i < n; i++) {
        const LessonStory *story = &room->steps[i];
        rows[i] = (LessonStepRow){.title = room->lesson->steps[i].title,
                                  .state = story->done     ? STEP_DONE
                                           : i == room->at ? STEP_HERE
                                                           : STEP_AHEAD,
                                  .seen = story->seen};
        for (Index k = 0; k < story->count; k++) {
            const LessonPart *part = &story->parts[k];
            if (part->kind != PART_COMPARE || part->said == NULL) continue;
            rows[i].predictions++;
            rows[i].right += part->verdict > 0;
        }
    }
    return rows;
}

void lesson_draw(LessonRoom *room, Grid *grid, Rect body, const Look *look)
{
    const LessonStory *story = lesson_shown(room);
    LessonStepRow     *rows = room->contents ? step_rows(room) : NULL;
    Str                repeat = {0};
    bool               here = room->shown == room->at;
    Index              voted = 0;

    while (voted < story->count && lesson_votes(room, voted) == NULL) voted++;
    lesson_foot(room);
    lesson_repeat(room, &repeat);
    if (look->projector) lesson_card_follow(room);
    LessonView view = {.parts = story->parts,
                       .count = story->count,
                       .fresh = here ? room->fresh : 0,
                       .follow = room->follow && here,
                       .answers = room->answering,
                       .past = !here,
                       .ask = ask_view(room),
                       .pane = room->pane,
                       .top = {room->top[0], room->top[1]},
                       .figure = room->figure,
                       .live = here ? room->live_figure : NULL,
                       .live_text =
                           here && room->live_text.len > 0 ? str_text(&room->live_text) : NULL,
                       .foot = str_text(&room->foot),
                       .foot_waits = room->foot_waits,
                       .repeat = str_text(&repeat),
                       .found_row = room->found_row,
                       .contents = room->contents && rows != NULL,
                       .steps = rows,
                       .step_count = (int)room->lesson->count,
                       .step_selected = room->step_selected,
                       .card = room->card,
                       .votes = voted < story->count ? lesson_votes(room, voted) : NULL,
                       .voted = voted};
    room->drawn = view_lesson_draw(&view, look, grid, body);
    room->look = *look;
    room->text_cols = lesson_layout(body, PANE_TEXT, 0, 0).text.cols;
    if (!room->contents) {
        room->top[0] = room->drawn.room[0] > 0 ? room->drawn.top[0] : room->top[0];
        room->top[1] = room->drawn.room[1] > 0 ? room->drawn.top[1] : room->top[1];
    }
    if (room->editing) lesson_values_draw(room, grid, room->drawn.result, look);
    mem_free(rows);
    str_free(&repeat);
}
