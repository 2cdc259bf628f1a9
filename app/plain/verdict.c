/* The verdict of a run without a screen. */

#include "app/plain/verdict.h"

#include <string.h>

#include "app/plain/stage_plain.h"
#include "lessons/engine/prose.h"
#include "lessons/engine/report_parts.h"

static void add_line(Result *result, const Str *line, bool ascii)
{
    Str plain = {0};
    plain_text(&plain, str_text(line), ascii);
    result_line(result, "%s", str_text(&plain));
    result_used(result, &plain);
}

/* "FAILED rank.md:31  a.rank == 2 (1 == 2): why". */
static void assert_line(Result *result, const Transcript *t, const Note *note, bool ascii)
{
    bool holds = note->verdict == VERDICT_RIGHT;
    Str  line = {0};
    str_addf(&line, "%s %s (%s)", holds ? tr("ok    ") : tr("FAILED"), note->text, note->measured);
    if (note->reason != NULL) str_addf(&line, ": %s", note->reason);
    if (!holds) str_addf(&line, "  %s:%td", t->path, note->place.line);
    add_line(result, &line, ascii);
    result_used(result, &line);
}

static void predict_line(Result *result, const Note *note, bool ascii)
{
    Str line = {0};
    str_addf(&line, tr("prediction %s: "), note->id);
    if (note->said != NULL) str_addf(&line, tr("predicted %s, "), note->said);
    str_addf(&line, tr("measured %s (%s)"), note->measured != NULL ? note->measured : tr("nothing"),
             report_guess_word(note));
    add_line(result, &line, ascii);
    result_used(result, &line);
}

static void quiz_line(Result *result, const Note *note, bool ascii)
{
    Str line = {0};
    if (note->answer == NULL) return;
    str_addf(&line, "%s %s: %s", tr("quiz"), note->id,
             note->verdict == VERDICT_RIGHT ? tr("right") : tr("wrong"));
    if (note->feedback != NULL && note->feedback[0] != '\0')
        str_addf(&line, ": %s", note->feedback);
    add_line(result, &line, ascii);
    result_used(result, &line);
}

static void closing_line(Str *line, const Transcript *t)
{
    str_addf(line, "%s: ", t->lesson);
    report_verdict(line, t);
    str_addf(line, tr(", %.1f s (timed)"), t->seconds);
}

void verdict_linear(Result *result, const Transcript *t, bool ascii, int columns)
{
    Str line = {0}, plain = {0};
    closing_line(&line, t);
    plain_text(&plain, str_text(&line), ascii);
    prose_wrap(&result->text, str_text(&plain), plain.len, "", "  ", columns);
    result_used(result, &line);
    result_used(result, &plain);
}

void verdict_lines(Result *result, const Transcript *t, bool ascii)
{
    for (int pass = 0; pass < 2; pass++) {
        Verdict wanted = pass == 0 ? VERDICT_WRONG : VERDICT_RIGHT;
        for (Index i = 0; i < t->count; i++) {
            const Note *note = &t->notes[i];
            bool        here = note->kind == NOTE_ASSERT && note->verdict == wanted;
            if (here) assert_line(result, t, note, ascii);
        }
    }
    for (Index i = 0; i < t->count; i++) {
        if (t->notes[i].kind == NOTE_PREDICT) predict_line(result, &t->notes[i], ascii);
        if (t->notes[i].kind == NOTE_QUIZ) quiz_line(result, &t->notes[i], ascii);
    }
    Str line = {0};
    closing_line(&line, t);
    add_line(result, &line, ascii);
    result_used(result, &line);
}

/* ---- values ---- */

static void add_text(Value *object, const char *key, const char *text)
{
    if (text != NULL) value_text(object, key, text, (Index)strlen(text));
    if (text == NULL) value_null(object, key);
}

static void add_verdict(Value *item, const char *key, Verdict verdict)
{
    if (verdict == VERDICT_NONE) value_null(item, key);
    if (verdict != VERDICT_NONE) value_bool(item, key, verdict == VERDICT_RIGHT);
}

static void add_notes(Result *result, const Transcript *t)
{
    Value *asserts = value_list(result->root, "asserts");
    Value *predictions = value_list(result->root, "predictions");
    Value *quizzes = value_list(result->root, "quizzes");
    for (Index i = 0; i < t->count; i++) {
        const Note *note = &t->notes[i];
        Value      *list = note->kind == NOTE_ASSERT    ? asserts
                           : note->kind == NOTE_PREDICT ? predictions
                           : note->kind == NOTE_QUIZ    ? quizzes
                                                        : NULL;
        if (list == NULL) continue;
        Value *item = value_object(list, NULL);
        add_text(item, "id", note->id);
        value_integer(item, "line", note->place.line);
        add_text(item, "text", note->text);
        if (note->kind != NOTE_ASSERT) add_text(item, "answer", note->answer);
        if (note->kind != NOTE_QUIZ) add_text(item, "measured", note->measured);
        add_verdict(item, note->kind == NOTE_ASSERT ? "holds" : "right", note->verdict);
    }
}

static void tell_failure(Result *result, const Transcript *t)
{
    Str text = {0};
    for (Index i = 0; text.len == 0 && i < t->count; i++) {
        const Note *note = &t->notes[i];
        if (note->kind != NOTE_ASSERT || note->verdict != VERDICT_WRONG) continue;
        str_addf(&text,
                 t->failed == 1 ? tr("%s: %td assert failed: %s:%td: %s (%s)")
                                : tr("%s: %td asserts failed, the first: %s:%td: %s (%s)"),
                 t->lesson, t->failed, t->path, note->place.line, note->text, note->measured);
    }
    add_text(result->root, "failure", str_text(&text));
    result->exit_code = ERR_FAILED;
    result_used(result, &text);
}

void verdict_values(Result *result, const Transcript *t)
{
    add_text(result->root, "lesson", t->lesson);
    value_integer(result->root, "seed", (int64_t)t->seed);
    add_text(result->root, "settings", t->settings);
    value_bool(result->root, "quick", t->quick);
    add_notes(result, t);
    value_integer(result->root, "failed", t->failed);
    value_measured(result->root, "seconds", t->seconds, "s");
    add_text(result->root, "repeat", t->repeat);
    if (t->failed > 0) tell_failure(result, t);
}
