/* Mistakes of an author: collecting them, and showing them with the line they are in. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "lessons/engine/lesson_parts.h"

enum { COMPLAINTS_MAX = 100, LINE_COLUMNS = 100, LINE_BEFORE = 60 };

/* ---- collecting ------------------------------------------------------------------------- */

Complaint *complain(Complaints *complaints, Place place, const char *fmt, ...)
{
    if (complaints->failed || complaints->count == COMPLAINTS_MAX) return NULL;
    if (complaints->list == NULL) {
        complaints->list =
            mem_alloc(mem_program(), MEM_TEXT, COMPLAINTS_MAX, sizeof *complaints->list, NULL);
        complaints->failed = complaints->list == NULL;
        if (complaints->failed) return NULL;
    }
    Complaint *complaint = &complaints->list[complaints->count++];
    va_list    args;
    complaint->place = place;
    va_start(args, fmt);
    vsnprintf(complaint->message, sizeof complaint->message, fmt, args);
    va_end(args);
    return complaint;
}

void complain_hint(Complaint *complaint, const char *fmt, ...)
{
    if (complaint == NULL) return;
    va_list args;
    va_start(args, fmt);
    vsnprintf(complaint->hint, sizeof complaint->hint, fmt, args);
    va_end(args);
}

bool complain_error(Complaints *complaints, Place place, const ExprFault *fault, const Error *error,
                    Error *err)
{
    if (error->code != ERR_INPUT && error->code != ERR_NUMERIC) {
        error_set(err, error->code, "%s", error->message);
        return false;
    }
    const char *message = fault->message[0] != '\0' ? fault->message : error->message;
    const char *hint = fault->hint[0] != '\0' ? fault->hint : error->hint;
    complain_hint(complain(complaints, place, "%s", message), "%s", hint);
    return true;
}

static int compare(const void *a, const void *b)
{
    const Complaint *x = a, *y = b;
    if (x->place.line != y->place.line) return x->place.line < y->place.line ? -1 : 1;
    if (x->place.col != y->place.col) return x->place.col < y->place.col ? -1 : 1;
    return strcmp(x->message, y->message);
}

void complaints_sort(Complaints *complaints)
{
    Index kept = 0;
    if (complaints->count == 0) return;
    qsort(complaints->list, (size_t)complaints->count, sizeof *complaints->list, compare);
    for (Index i = 1; i < complaints->count; i++) {
        if (compare(&complaints->list[kept], &complaints->list[i]) == 0) continue;
        complaints->list[++kept] = complaints->list[i];
    }
    complaints->count = kept + 1;
}

void complaints_free(Complaints *complaints)
{
    mem_free(complaints->list);
    *complaints = (Complaints){0};
}

const char *nearest_word(Slice s, const char *const *words)
{
    char        text[48];
    const char *nearest = NULL;
    int         least = 3;
    if (s.n >= (Index)sizeof text) return NULL;
    memcpy(text, s.text, (size_t)s.n);
    text[s.n] = '\0';
    for (; *words != NULL; words++) {
        int distance = str_distance(text, *words);
        if (distance >= least || distance >= (int)strlen(*words)) continue;
        least = distance;
        nearest = *words;
    }
    return nearest;
}

/* ---- showing ---------------------------------------------------------------------------- */

/* A long line is shown from a little before the place on. */
static Slice shown_part(Slice line, Index at, bool *cut)
{
    Index from = at > LINE_COLUMNS ? at - LINE_BEFORE : 0;
    while (from > 0 && ((unsigned char)line.text[from] & 0xc0) == 0x80) from--;
    *cut = from > 0;
    return slice_from(line, from);
}

static void put_line(Str *out, const Lesson *lesson, Place place)
{
    if (place.line < 1 || place.line > lesson->line_count) return;
    Slice line = lesson_line(lesson, place.line);
    Index at = slice_byte(line, place.col);
    bool  cut;
    Slice part = shown_part(line, at, &cut);
    Str   before = {0};

    str_add(out, cut ? "  ..." : "  ");
    safe_text(out, part.text, part.n, false, LINE_COLUMNS);
    str_add(out, cut ? "\n     " : "\n  ");
    safe_text(&before, part.text, at - (part.text - line.text), false, 0);
    for (int i = text_columns(str_text(&before), before.len); i > 0; i--) {
        str_add_bytes(out, " ", 1);
    }
    str_add(out, "^\n");
    if (before.failed) out->failed = true;
    str_free(&before);
}

void complaints_text(Str *out, const Lesson *lesson, const Complaints *complaints)
{
    for (Index i = 0; i < complaints->count; i++) {
        const Complaint *complaint = &complaints->list[i];
        safe_name(out, lesson->path);
        str_addf(out, ":%td:%td: ", complaint->place.line, complaint->place.col);
        safe_text(out, complaint->message, (Index)strlen(complaint->message), false, 0);
        str_add(out, "\n");
        put_line(out, lesson, complaint->place);
        if (complaint->hint[0] == '\0') continue;
        str_add(out, tr("  hint: "));
        safe_text(out, complaint->hint, (Index)strlen(complaint->hint), false, 0);
        str_add(out, "\n");
    }
}
