/* The report as JSON lines: the head, one object a note, the end. */

#include <string.h>

#include "core/base/json.h"
#include "lessons/engine/report_parts.h"

static void put_text(Str *out, const char *key, const char *text)
{
    if (text == NULL) return;
    str_addf(out, ", \"%s\": ", key);
    json_add_string(out, text, (Index)strlen(text));
}

static void put_head(Str *out, const Transcript *t)
{
    str_add(out, "{\"type\": \"lesson\"");
    put_text(out, "id", t->lesson);
    put_text(out, "title", t->title);
    put_text(out, "path", t->path);
    str_addf(out, ", \"seed\": %llu", (unsigned long long)t->seed);
    put_text(out, "settings", t->settings);
    str_addf(out, ", \"quick\": %s", t->quick ? "true" : "false");
    put_text(out, "version", t->version);
    put_text(out, "backend", t->backend);
    put_text(out, "machine", t->machine);
    put_text(out, "repeat", t->repeat);
    str_add(out, "}\n");
}

static void put_numbers(Str *out, const char *key, const double *numbers, Index n)
{
    str_addf(out, ", \"%s\": [", key);
    for (Index i = 0; i < n; i++) {
        if (i > 0) str_add(out, ", ");
        json_add_number(out, numbers[i]);
    }
    str_add(out, "]");
}

static void put_series(Str *out, const FigureSeries *series)
{
    str_add(out, "{\"label\": ");
    json_add_string(out, series->label, (Index)strlen(series->label));
    if (series->guess) str_add(out, ", \"predicted\": true");
    put_numbers(out, "x", series->x, series->n);
    put_numbers(out, "y", series->y, series->n);
    if (series->low != NULL) put_numbers(out, "low", series->low, series->n);
    if (series->high != NULL) put_numbers(out, "high", series->high, series->n);
    str_add(out, "}");
}

static void put_figure(Str *out, const Figure *figure)
{
    static const char *const kinds[] = {[FIGURE_LINE] = "line",
                                        [FIGURE_BAR] = "bar",
                                        [FIGURE_HEAT] = "heat",
                                        [FIGURE_STACK] = "stack"};
    put_text(out, "kind", kinds[figure->kind]);
    put_text(out, "title", figure->title);
    put_text(out, "x_title", figure->x.title);
    put_text(out, "y_title", figure->y.title);
    put_text(out, "y_unit", figure->y.unit);
    str_add(out, ", \"series\": [");
    for (Index i = 0; i < figure->count; i++) {
        if (i > 0) str_add(out, ", ");
        put_series(out, &figure->series[i]);
    }
    str_add(out, "]");
    if (figure->heat == NULL) return;
    str_addf(out, ", \"rows\": %td, \"cols\": %td", figure->rows, figure->cols);
    put_numbers(out, "heat", figure->heat, figure->rows * figure->cols);
}

static void put_verdict(Str *out, const Note *note)
{
    if (note->verdict == VERDICT_NONE) return;
    const char *key = note->kind == NOTE_ASSERT ? "holds" : "right";
    str_addf(out, ", \"%s\": %s", key, note->verdict == VERDICT_RIGHT ? "true" : "false");
}

static void put_note(Str *out, const Note *note)
{
    static const char *const types[] = {
        [NOTE_STEP] = "step",     [NOTE_PROSE] = "prose",     [NOTE_PREDICT] = "predict",
        [NOTE_QUIZ] = "quiz",     [NOTE_COMMAND] = "command", [NOTE_RESULT] = "result",
        [NOTE_FIGURE] = "figure", [NOTE_ASSERT] = "assert"};

    str_addf(out, "{\"type\": \"%s\"", types[note->kind]);
    put_text(out, "id", note->id);
    str_addf(out, ", \"line\": %td", note->place.line);
    put_text(out, "text", note->text);
    put_text(out, "answer", note->answer);
    put_text(out, "said", note->said);
    put_text(out, "reason", note->reason);
    put_text(out, "measured", note->measured);
    put_text(out, "feedback", note->feedback);
    if (note->kind == NOTE_QUIZ) str_addf(out, ", \"tries\": %td", note->tries);
    put_verdict(out, note);
    if (note->figure != NULL) put_figure(out, note->figure);
    if (note->value != NULL) {
        str_add(out, ", \"value\": ");
        datum_json(out, note->value);
    }
    if (note->timed) str_add(out, ", \"timed\": true");
    str_add(out, "}\n");
}

void report_jsonl(Str *out, const Transcript *transcript)
{
    const Transcript *t = transcript;
    put_head(out, t);
    for (Index i = 0; i < t->count; i++) put_note(out, &t->notes[i]);
    str_addf(out, "{\"type\": \"end\", \"asserts\": %td, \"failed\": %td, ", t->asserts, t->failed);
    str_addf(out, "\"predictions\": %td, \"borne_out\": %td}\n", t->predictions,
             t->predicted_right);
    str_addf(out, "{\"type\": \"cost\", \"seconds\": ");
    json_add_number(out, t->seconds);
    str_addf(out, ", \"peak_bytes\": %lld, \"timed\": true}\n", (long long)t->peak_bytes);
}
