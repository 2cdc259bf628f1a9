/* The report as Markdown. */

#include <string.h>

#include "lessons/engine/report_parts.h"

static void put_head(Str *out, const Transcript *t)
{
    HeadRow rows[HEAD_ROWS];
    Index   n = report_head(t, rows);

    str_add(out, "# ");
    report_md_text(out, t->title);
    str_add(out, "\n\n");
    report_verdict(out, t);
    str_add(out, "\n\n| | |\n|---|---|\n");
    for (Index i = 0; i < n; i++) {
        str_addf(out, "| %s | ", rows[i].name);
        if (rows[i].code && strchr(rows[i].value, '|') == NULL) {
            report_md_code(out, rows[i].value);
        } else {
            report_md_text(out, rows[i].value);
        }
        str_add(out, " |\n");
    }
}

static void put_predict(Str *out, const Note *note)
{
    str_addf(out, "**%s ", tr("Prediction"));
    report_md_text(out, note->id);
    str_add(out, "**\n\n");
    report_md_prose(out, note->text);
    str_addf(out, "\n| %s | %s |\n|---|---|\n| ", tr("predicted"), tr("measured"));
    report_md_text(out, note->said != NULL ? note->said : tr("(not answered)"));
    str_add(out, " | ");
    report_md_text(out, note->measured != NULL ? note->measured : tr("(not measured)"));
    str_addf(out, " |\n\n%s.", report_guess_word(note));
    if (note->reason != NULL) {
        str_addf(out, " %s: ", tr("Because"));
        report_md_text(out, note->reason);
    }
    str_add(out, "\n");
}

static void put_quiz(Str *out, const Note *note)
{
    str_addf(out, "**%s ", tr("Quiz"));
    report_md_text(out, note->id);
    str_add(out, "**\n\n");
    report_md_prose(out, note->text);
    str_add(out, "\n");
    if (note->answer == NULL) {
        str_addf(out, "%s\n", tr("Not answered."));
        return;
    }
    str_addf(out, "%s: ", note->verdict == VERDICT_RIGHT ? tr("Right") : tr("Wrong"));
    report_md_text(out, note->said);
    str_addf(out, note->tries == 1 ? tr(" (%td try)") : tr(" (%td tries)"), note->tries);
    if (note->feedback != NULL && note->feedback[0] != '\0') {
        str_add(out, ". ");
        report_md_text(out, note->feedback);
    }
    str_add(out, "\n");
}

static void put_assert(Str *out, const Note *note, const char *path)
{
    bool holds = note->verdict == VERDICT_RIGHT;
    str_addf(out, "- %s ", holds ? tr("holds:") : tr("**FAILED:**"));
    report_md_code(out, note->text);
    str_add(out, " (");
    report_md_text(out, note->measured);
    str_add(out, ")");
    if (note->reason != NULL) {
        str_add(out, " - ");
        report_md_text(out, note->reason);
    }
    if (!holds) {
        str_add(out, " at ");
        report_md_text(out, path);
        str_addf(out, ":%td", note->place.line);
    }
    str_add(out, "\n");
}

static void put_result(Str *out, const Note *note)
{
    str_add(out, "- ");
    report_md_code(out, note->id);
    str_add(out, ": ");
    report_md_text(out, note->measured);
    str_add(out, "\n");
}

static void put_figure(Str *out, const Note *note)
{
    str_addf(out, "**%s: ", tr("Figure"));
    report_md_text(out, note->figure->title != NULL ? note->figure->title : note->id);
    str_add(out, "**\n\n");
    report_md_text(out, note->text);
    str_add(out, "\n");
}

static void put_note(Str *out, const Note *note, const char *path)
{
    switch (note->kind) {
    case NOTE_STEP:
        str_add(out, "## ");
        report_md_text(out, note->text);
        str_add(out, "\n");
        break;
    case NOTE_PROSE:
        report_md_prose(out, note->text);
        break;
    case NOTE_PREDICT:
        put_predict(out, note);
        break;
    case NOTE_QUIZ:
        put_quiz(out, note);
        break;
    case NOTE_COMMAND:
        str_add(out, "- ");
        report_md_code(out, note->text);
        str_add(out, "\n");
        break;
    case NOTE_RESULT:
        put_result(out, note);
        break;
    case NOTE_FIGURE:
        put_figure(out, note);
        break;
    case NOTE_ASSERT:
        put_assert(out, note, path);
        break;
    }
}

static bool in_list(NoteKind kind)
{
    return kind == NOTE_COMMAND || kind == NOTE_RESULT || kind == NOTE_ASSERT;
}

void report_markdown(Str *out, const Transcript *transcript)
{
    put_head(out, transcript);
    for (Index i = 0; i < transcript->count; i++) {
        const Note *note = &transcript->notes[i];
        bool        list = i > 0 && in_list(note->kind) && in_list(note[-1].kind) &&
                    (note->kind == NOTE_ASSERT) == (note[-1].kind == NOTE_ASSERT);
        if (!list) str_add(out, "\n");
        put_note(out, note, transcript->path);
    }
}
