/* Escaping, the head, the closing words, and where a report goes. */

#include "lessons/engine/report_parts.h"

#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/text.h"

void report_used(Str *out, Str *piece)
{
    out->failed = out->failed || piece->failed;
    str_free(piece);
}

/* ---- escaping ---- */

void report_md_text(Str *out, const char *text)
{
    Str safe = {0};
    safe_text(&safe, text, (Index)strlen(text), true, 0);
    for (const char *c = str_text(&safe); *c != '\0'; c++) {
        if (*c == '\n' || *c == '\t') {
            str_add(out, " ");
        } else if (*c == '<') {
            str_add(out, "&lt;");
        } else {
            if (strchr("\\`*_[]>|~&$#", *c) != NULL) str_add(out, "\\");
            str_add_bytes(out, c, 1);
        }
    }
    report_used(out, &safe);
}

/* A code span is closed by as many backticks as opened it, so one more than any run inside. */
void report_md_code(Str *out, const char *text)
{
    Str   safe = {0};
    Index longest = 0, run = 0;
    safe_text(&safe, text, (Index)strlen(text), false, 0);
    for (const char *c = str_text(&safe); *c != '\0'; c++) {
        run = *c == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    for (Index i = 0; i <= longest; i++) str_add(out, "`");
    str_addf(out, longest > 0 ? " %s " : "%s", str_text(&safe));
    for (Index i = 0; i <= longest; i++) str_add(out, "`");
    report_used(out, &safe);
}

/* ---- the head ---- */

static void add_row(HeadRow *rows, Index *n, const char *name, const char *value)
{
    HeadRow *row = &rows[(*n)++];
    *row = (HeadRow){.name = name};
    snprintf(row->value, sizeof row->value, "%s", value);
}

Index report_head(const Transcript *t, HeadRow rows[HEAD_ROWS])
{
    Index n = 0;
    char  number[64];

    add_row(rows, &n, tr("lesson"), t->lesson);
    add_row(rows, &n, tr("file"), t->path);
    snprintf(number, sizeof number, "%llu", (unsigned long long)t->seed);
    add_row(rows, &n, tr("seed"), number);
    add_row(rows, &n, tr("settings"),
            t->settings[0] != '\0' ? t->settings : tr("as the lesson has them"));
    if (t->quick) add_row(rows, &n, tr("size"), tr("quick: smaller values where there are any"));
    add_row(rows, &n, tr("version"), t->version);
    add_row(rows, &n, tr("backend"), t->backend[0] != '\0' ? t->backend : tr("none was needed"));
    add_row(rows, &n, tr("machine"), t->machine);
    snprintf(number, sizeof number, tr("%.1f s, at most %.1f MB (timed)"), t->seconds,
             1e-6 * (double)t->peak_bytes);
    add_row(rows, &n, tr("computing"), number);
    add_row(rows, &n, tr("run again"), t->repeat);
    rows[n - 1].code = true;
    return n;
}

void report_verdict(Str *out, const Transcript *t)
{
    if (t->asserts == 0) str_add(out, tr("no asserts"));
    if (t->asserts > 0) {
        str_addf(out, tr("%td of %td asserts hold"), t->asserts - t->failed, t->asserts);
    }
    Index answered = 0;
    for (Index i = 0; i < t->count; i++) {
        answered += t->notes[i].kind == NOTE_PREDICT && t->notes[i].answer != NULL;
    }
    if (t->predictions > 0 && answered == 0) {
        str_addf(out,
                 t->predictions == 1 ? tr(", %td prediction not answered")
                                     : tr(", %td predictions not answered"),
                 t->predictions);
    } else if (answered > 0) {
        str_addf(out, tr(", %td of %td predictions borne out"), t->predicted_right, answered);
    }
}

const char *report_guess_word(const Note *note)
{
    if (note->measured == NULL) return tr("not measured");
    if (note->answer == NULL) return tr("not answered");
    return note->verdict == VERDICT_RIGHT ? tr("borne out") : tr("not borne out");
}

/* ---- writing ---- */

static bool ends_in(const char *path, const char *ending)
{
    size_t n = strlen(path), m = strlen(ending);
    return n > m && strcmp(path + n - m, ending) == 0;
}

bool report_write(const Transcript *transcript, const char *path, Error *err)
{
    Str text = {0};
    if (ends_in(path, ".md")) {
        report_markdown(&text, transcript);
    } else if (ends_in(path, ".html") || ends_in(path, ".htm")) {
        report_html(&text, transcript);
    } else if (ends_in(path, ".jsonl")) {
        report_jsonl(&text, transcript);
    } else {
        error_set(err, ERR_INPUT, tr("a report is written to NAME.md, .html or .jsonl, not to %s"),
                  path);
        return false;
    }
    bool ok = str_ok(&text, err) && file_write_all(path, text.data, text.len, err);
    str_free(&text);
    return ok;
}
