/*
 * The report as one page that needs nothing else: style inside, figures as inline SVG, no script.
 * Each piece ends its line, so that two reports can be compared line by line. The policy in the
 * head is a second lock behind the escaping: nothing is loaded, nothing runs.
 */

#include <string.h>

#include "lessons/engine/prose.h"
#include "lessons/engine/report_parts.h"
#include "lessons/engine/report_style.h"

enum { FIGURE_WIDTH = 640, FIGURE_HEIGHT = 380 };

static void put_prose(Str *out, const char *markdown)
{
    Prose prose = {0};
    if (!prose_parse(&prose, markdown, (Index)strlen(markdown), NULL)) {
        out->failed = true;
        return;
    }
    str_add(out, "<div class=\"scroll\">\n");
    prose_html(out, &prose);
    str_add(out, "</div>\n");
    prose_free(&prose);
}

/* <tag>text</tag> */
static void put_element(Str *out, const char *tag, const char *text)
{
    str_addf(out, "<%s>", tag);
    prose_html_text(out, text);
    str_addf(out, "</%.*s>", (int)strcspn(tag, " "), tag);
}

static void put_head(Str *out, const Transcript *t)
{
    HeadRow rows[HEAD_ROWS];
    Index   n = report_head(t, rows);

    str_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                 "style-src 'unsafe-inline'\">\n");
    put_element(out, "title", t->title);
    str_addf(out, "\n<style>\n%s</style>\n</head>\n<body>\n<main>\n<header>\n", report_style);
    put_element(out, "h1", t->title);
    str_addf(out, "\n<p class=\"verdict %s\">", t->failed > 0 ? "bad" : "good");
    report_verdict(out, t);
    str_add(out, "</p>\n<div class=\"scroll\">\n<table class=\"head\">\n");
    for (Index i = 0; i < n; i++) {
        str_add(out, "<tr>");
        put_element(out, "th scope=\"row\"", rows[i].name);
        str_add(out, "<td>");
        if (rows[i].code) put_element(out, "code", rows[i].value);
        if (!rows[i].code) prose_html_text(out, rows[i].value);
        str_add(out, "</td></tr>\n");
    }
    str_add(out, "</table>\n</div>\n</header>\n");
}

static void put_box_head(Str *out, const char *class, const char *word, const Note *note)
{
    str_addf(out, "<div class=\"ask %s\">\n<b>%s ", class, word);
    prose_html_text(out, note->id);
    str_add(out, "</b>\n");
    put_prose(out, note->text);
}

static void put_reason(Str *out, const char *label, const char *text)
{
    if (text == NULL || text[0] == '\0') return;
    str_addf(out, " <small class=\"why\">%s", label);
    prose_html_text(out, text);
    str_add(out, "</small>");
}

static void put_predict(Str *out, const Note *note)
{
    const char *class = note->verdict == VERDICT_RIGHT   ? "good"
                        : note->verdict == VERDICT_WRONG ? "bad"
                                                         : "none";
    put_box_head(out, "predict", tr("Prediction"), note);
    str_addf(out, "<div class=\"pair\">\n<div><small>%s</small>", tr("predicted"));
    put_element(out, "strong", note->said != NULL ? note->said : tr("not answered"));
    str_addf(out, "</div>\n<div><small>%s</small>", tr("measured"));
    put_element(out, "strong", note->measured != NULL ? note->measured : tr("not measured"));
    str_addf(out, "</div>\n</div>\n<span class=\"%s\">%s</span>", class, report_guess_word(note));
    put_reason(out, tr("because "), note->reason);
    str_add(out, "\n</div>\n");
}

static void put_quiz(Str *out, const Note *note)
{
    put_box_head(out, "quiz", tr("Quiz"), note);
    if (note->answer == NULL) {
        str_addf(out, "<span>%s</span>\n</div>\n", tr("not answered"));
        return;
    }
    bool right = note->verdict == VERDICT_RIGHT;
    put_element(out, "strong", note->said);
    str_addf(out, " <span class=\"%s\">%s</span>", right ? "good" : "bad",
             right ? tr("right") : tr("wrong"));
    str_addf(out, note->tries == 1 ? tr(" (%td try)") : tr(" (%td tries)"), note->tries);
    put_reason(out, "", note->feedback);
    str_add(out, "\n</div>\n");
}

static void put_figure(Str *out, const Note *note)
{
    str_add(out, note->timed ? "<figure class=\"timed\">\n" : "<figure>\n");
    figure_svg(out, note->figure, FIGURE_WIDTH, FIGURE_HEIGHT);
    str_add(out, "\n");
    put_element(out, "figcaption", note->text);
    str_add(out, "\n</figure>\n");
}

static void put_assert(Str *out, const Note *note, const char *path)
{
    bool holds = note->verdict == VERDICT_RIGHT;
    str_addf(out, "<li class=\"%s\">", holds ? "holds" : "fails");
    put_element(out, "code", note->text);
    str_add(out, " (");
    prose_html_text(out, note->measured);
    str_add(out, ")");
    put_reason(out, "", note->reason);
    if (!holds) {
        str_addf(out, " %s ", tr("failed at"));
        prose_html_text(out, path);
        str_addf(out, ":%td", note->place.line);
    }
    str_add(out, "</li>\n");
}

static void put_run(Str *out, const Note *note)
{
    str_add(out, "<div class=\"run\">");
    if (note->kind == NOTE_COMMAND) {
        put_element(out, "code", note->text);
    } else {
        str_add(out, "<output>");
        prose_html_text(out, note->id);
        str_add(out, ": ");
        prose_html_text(out, note->measured);
        str_add(out, "</output>");
    }
    str_add(out, "</div>\n");
}

static void put_note(Str *out, const Note *note, const char *path)
{
    switch (note->kind) {
    case NOTE_STEP:
        str_add(out, "<h2 id=\"");
        prose_html_text(out, note->id);
        str_add(out, "\">");
        prose_html_text(out, note->text);
        str_add(out, "</h2>\n");
        break;
    case NOTE_PROSE:
        put_prose(out, note->text);
        break;
    case NOTE_PREDICT:
        put_predict(out, note);
        break;
    case NOTE_QUIZ:
        put_quiz(out, note);
        break;
    case NOTE_COMMAND:
    case NOTE_RESULT:
        put_run(out, note);
        break;
    case NOTE_FIGURE:
        put_figure(out, note);
        break;
    case NOTE_ASSERT:
        put_assert(out, note, path);
        break;
    }
}

void report_html(Str *out, const Transcript *transcript)
{
    put_head(out, transcript);
    bool list = false;
    for (Index i = 0; i < transcript->count; i++) {
        const Note *note = &transcript->notes[i];
        bool        item = note->kind == NOTE_ASSERT;
        if (item && !list) str_add(out, "<ul class=\"asserts\">\n");
        if (!item && list) str_add(out, "</ul>\n");
        list = item;
        put_note(out, note, transcript->path);
    }
    if (list) str_add(out, "</ul>\n");
    str_add(out, "</main>\n</body>\n</html>\n");
}
