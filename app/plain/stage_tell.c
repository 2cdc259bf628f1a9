/* What the linear stage prints: append-only lines, on the job's thread. */

#include <stdio.h>
#include <string.h>

#include "app/plain/stage_plain.h"
#include "app/view/look.h"
#include "lessons/engine/prose.h"

enum { CHART_ROWS = 14 };

/* ---- printing ---- */

static void print(PlainStage *stage, const Str *text)
{
    size_t n = (size_t)text->len;
    if (text->failed) stage->broken = ERR_MEMORY;
    if (fwrite(str_text(text), 1, n, stdout) != n || fflush(stdout) != 0) stage->broken = ERR_DISK;
}

/* Lines of text, each wrapped with its indents. */
static void say_lines(PlainStage *stage, const char *first, const char *next, const char *text)
{
    Str plain = {0}, out = {0};
    plain_text(&plain, text, stage->ascii);
    for (const char *line = str_text(&plain);;) {
        Index n = (Index)strcspn(line, "\n");
        prose_wrap(&out, line, n, first, next, stage->columns);
        if (line[n] == '\0') break;
        line += n + 1;
    }
    out.failed = out.failed || plain.failed;
    print(stage, &out);
    str_free(&plain);
    str_free(&out);
}

static void say(PlainStage *stage, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void say(PlainStage *stage, const char *fmt, ...)
{
    Str     text = {0};
    va_list args;
    va_start(args, fmt);
    str_vaddf(&text, fmt, args);
    va_end(args);
    say_lines(stage, "", "", str_text(&text));
    if (text.failed) stage->broken = ERR_MEMORY;
    str_free(&text);
}

/* Without a line's end: where an answer is typed. */
static void prompt(PlainStage *stage, const char *text)
{
    Str out = {0};
    plain_text(&out, text, stage->ascii);
    str_add(&out, " > ");
    print(stage, &out);
    str_free(&out);
}

static void say_prose(PlainStage *stage, const char *markdown)
{
    Prose prose = {0};
    Str   out = {0};
    if (prose_parse(&prose, markdown, (Index)strlen(markdown), NULL)) {
        prose_text(&out, &prose, stage->columns, stage->ascii);
        str_add(&out, "\n");
    } else {
        out.failed = true;
    }
    print(stage, &out);
    prose_free(&prose);
    str_free(&out);
}

static void underline(PlainStage *stage, int columns)
{
    Str line = {0};
    for (int i = 0; i < columns && i < stage->columns; i++) str_add(&line, "-");
    str_add(&line, "\n");
    print(stage, &line);
    str_free(&line);
}

/* ---- notes ---- */

/* As the screen draws it, so that an ASCII terminal gets alpha spelled out. */
static void print_chart(PlainStage *stage, const Figure *figure)
{
    Look look = {.charset = stage->charset, .ascii = stage->ascii};
    Grid grid = {0};
    Str  chart = {0};
    if (grid_init(&grid, CHART_ROWS, stage->columns, NULL)) {
        look_figure(&look, &grid, figure, (Rect){0, 0, CHART_ROWS, stage->columns});
        grid_plain(&chart, &grid);
        print(stage, &chart);
    } else {
        stage->broken = ERR_MEMORY;
    }
    grid_free(&grid);
    str_free(&chart);
}

static void say_figure(PlainStage *stage, const Note *note)
{
    if (stage->charts) {
        print_chart(stage, note->figure);
    } else if (note->figure->title != NULL) {
        say(stage, tr("Figure: %s"), note->figure->title);
    }
    say_lines(stage, "", "", note->text);
    say(stage, "%s", "");
}

static void say_predict(PlainStage *stage, const Note *note)
{
    say(stage, tr("Prediction %s"), note->id);
    say(stage, tr("  predicted: %s"), note->said != NULL ? note->said : tr("nothing"));
    say(stage, tr("  measured:  %s"), note->measured != NULL ? note->measured : tr("nothing"));
    if (note->verdict != VERDICT_NONE) {
        say(stage, "  %s", note->verdict == VERDICT_RIGHT ? tr("borne out") : tr("not borne out"));
    }
    say(stage, "%s", "");
}

static void say_assert(PlainStage *stage, const Note *note)
{
    say_lines(stage, note->verdict == VERDICT_RIGHT ? tr("holds: ") : tr("DOES NOT HOLD: "), "  ",
              note->text);
    say_lines(stage, "  ", "  ", note->measured);
    if (note->reason != NULL) say_lines(stage, "  ", "  ", note->reason);
}

static void say_prepared_quiz(PlainStage *stage, const Note *note)
{
    if (note->answer == NULL || note->tries != 1) return;
    say(stage, "%s: %s", note->id, note->said);
    if (note->feedback != NULL && note->feedback[0] != '\0') say(stage, "  %s", note->feedback);
}

static void say_note(PlainStage *stage, const Note *note)
{
    switch (note->kind) {
    case NOTE_STEP:
        break;
    case NOTE_PROSE:
        say_prose(stage, note->text);
        break;
    case NOTE_PREDICT:
        say_predict(stage, note);
        break;
    case NOTE_QUIZ:
        say_prepared_quiz(stage, note);
        break;
    case NOTE_COMMAND:
        say_lines(stage, "  > ", "      ", note->text);
        break;
    case NOTE_RESULT:
        say_lines(stage, "    ", "      ", note->measured);
        break;
    case NOTE_FIGURE:
        say_figure(stage, note);
        break;
    case NOTE_ASSERT:
        say_assert(stage, note);
        break;
    }
}

/* ---- questions ---- */

static const char *wanted(const Question *question)
{
    if (question->kind == ASK_QUIZ) return tr("A choice's number, or \"hint\"");
    if (question->kind != ASK_PREDICT) return "";
    switch (question->item->predict) {
    case PREDICT_NUMBER:
        return tr("Your prediction, a number");
    case PREDICT_CHOICE:
        return tr("Your prediction, a choice's number");
    case PREDICT_ORDER:
        return tr("Your prediction, all numbers from first to last");
    case PREDICT_CURVE:
        return tr("Your prediction, one number for each");
    }
    return "";
}

static void say_at(PlainStage *stage, const Question *question)
{
    Str text = {0};
    if (question->at_count == 0) return;
    str_add(&text, tr("at"));
    for (Index i = 0; i < question->at_count; i++) {
        str_add(&text, i > 0 ? ", " : " ");
        str_add_double(&text, question->at[i]);
    }
    say_lines(stage, "  ", "  ", str_text(&text));
    str_free(&text);
}

static void say_question(PlainStage *stage, const Question *question)
{
    say_prose(stage, question->text);
    for (Index i = 0; i < question->choice_count; i++) {
        char number[32];
        snprintf(number, sizeof number, "  %td. ", i + 1);
        say_lines(stage, number, "     ", question->choices[i]);
    }
    say_at(stage, question);
}

static void ask(PlainStage *stage, const Question *question)
{
    Str  line = {0};
    bool plain = question->kind == ASK_STEP || question->kind == ASK_BUDGET;

    if (plain) {
        str_add(&line, question->text);
        if (question->kind == ASK_BUDGET) str_add(&line, tr(". Enter begins."));
        prompt(stage, str_text(&line));
        str_free(&line);
        return;
    }
    if (question->item != stage->asked) say_question(stage, question);
    stage->asked = question->item;
    str_add(&line, wanted(question));
    const char *unit = question->item->unit;
    if (unit != NULL && unit[0] != '\0') str_addf(&line, tr(" in %s"), unit);
    prompt(stage, str_text(&line));
    str_free(&line);
}

/* ---- the rest ---- */

static void open_lesson(PlainStage *stage, const Tell *tell)
{
    const Transcript *t = tell->transcript;
    say(stage, "%s", t->title);
    if (tell->lesson->summary != NULL) say_lines(stage, "", "", tell->lesson->summary);
    say(stage, tr("%td steps, %td minutes to read, seed %llu"), tell->lesson->count,
        tell->lesson->minutes, (unsigned long long)t->seed);
    if (t->settings[0] != '\0') say(stage, tr("with %s"), t->settings);
    say(stage, "%s",
        tr("At every question: \"help\" tells what else may be typed, \"quit\" ends."));
    if (tell->again) {
        say(stage, "%s",
            tr("Steps done earlier are run again first, with the answers given then."));
    }
}

/* A line at each quarter of a training; on standard error, as all progress is. */
static void show_event(PlainStage *stage, const Event *event)
{
    if (stage->quiet || event->type != EVENT_STEP || event->steps <= 0) return;
    Index quarter = 4 * event->step / event->steps;
    if (event->step == 1) stage->shown = 0;
    if (quarter <= stage->shown) return;
    stage->shown = quarter;
    fprintf(stderr, tr("step %td of %td, loss %.3f\n"), event->step, event->steps, event->loss);
}

static void say_play(PlainStage *stage, const Tell *tell)
{
    bool figure = tell->note != NULL && tell->note->kind == NOTE_FIGURE;
    if (figure) {
        say_figure(stage, tell->note);
    } else {
        say_lines(stage, "  ", "    ", tell->text);
    }
}

static void say_reply(PlainStage *stage, const Tell *tell)
{
    const char *head = tell->verdict == VERDICT_RIGHT   ? tr("Right. ")
                       : tell->verdict == VERDICT_WRONG ? tr("Not that one: ")
                                                        : "";
    say_lines(stage, head, "", tell->text);
    if (tell->verdict == VERDICT_RIGHT) say(stage, "%s", "");
}

void plain_tell(PlainStage *stage, const Tell *tell)
{
    if (tell->kind == TELL_OPEN) open_lesson(stage, tell);
    if (tell->again) return;
    switch (tell->kind) {
    case TELL_STEP:
        say(stage, tr("\nStep %td of %td: %s"), tell->index + 1, tell->lesson->count, tell->text);
        underline(stage, 24);
        break;
    case TELL_NOTE:
        say_note(stage, tell->note);
        break;
    case TELL_TEXT:
        say(stage, "%s", tell->text);
        break;
    case TELL_EVENT:
        show_event(stage, tell->event);
        break;
    case TELL_ASK:
        ask(stage, tell->question);
        break;
    case TELL_REPLY:
        say_reply(stage, tell);
        break;
    case TELL_PLAY:
        say_play(stage, tell);
        break;
    case TELL_OPEN:
    case TELL_RUN:
    case TELL_PRESENT:
    case TELL_CLOSE:
        break;
    }
}
