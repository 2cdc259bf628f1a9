/*
 * A result in few words, for who watches a run: a record's numbers and short vectors; of matrices
 * only the one that the record stands for, and only while it is small. Nothing is lost: the value
 * itself stays in the note, and JSON reports have it whole.
 */

#include <math.h>
#include <string.h>

#include "core/base/mem.h"
#include "lessons/engine/engine_internal.h"

enum { VECTOR_MAX = 8, MATRIX_MAX = 16, TEXT_MAX = 120, MEMBERS_MAX = 10 };

static bool is_short(const char *key, const Datum *value)
{
    switch (value->kind) {
    case DATUM_NUMBER: /* what was not measured is NaN, and not told */
        return isfinite(value->number);
    case DATUM_YES:
        return true;
    case DATUM_TEXT:
        return strlen(value->text) <= TEXT_MAX;
    case DATUM_VECTOR:
        return value->rows <= VECTOR_MAX;
    case DATUM_MATRIX:
        return strcmp(key, "matrix") == 0 && value->rows * value->cols <= MATRIX_MAX;
    case DATUM_SERIES:
    case DATUM_RECORD:
    case DATUM_TABLE:
    case DATUM_LIST:
        break;
    }
    return false;
}

/* What a record inside a record tells of itself: "before: loss 2.1, exact match 0 %". */
static void add_members(Str *out, const Datum *record, Index *left, int depth)
{
    for (Index i = 0; i<record->count && * left> 0; i++) {
        const Datum *member = record->items[i];
        if (member->kind == DATUM_RECORD && depth < 2) {
            Index before = out->len;
            str_addf(out, "%s%s: ", out->len > 0 ? "; " : "", record->keys[i]);
            Index named = out->len;
            add_members(out, member, left, depth + 1);
            if (out->len == named && !out->failed) {
                out->len = before; /* nothing in it to tell */
                out->data[before] = '\0';
            }
            continue;
        }
        if (!is_short(record->keys[i], member)) continue;
        bool first = out->len == 0 || (out->len >= 2 && out->data[out->len - 2] == ':');
        str_addf(out, "%s%s ", first ? "" : ", ", record->keys[i]);
        datum_show(out, member, 0, -1, true);
        --*left;
    }
}

static void add_rows(Str *out, const Datum *rows)
{
    str_addf(out, tr("%td rows"), rows->count);
    for (Index a = 0; a < rows->axis_count; a++) {
        str_addf(out, "%s%s", a > 0 ? ", " : tr(" over "), rows->axes[a].name);
    }
}

char *result_words(const Datum *value, Error *err)
{
    Str   out = {0};
    Index left = MEMBERS_MAX;
    if (value->kind == DATUM_RECORD) {
        add_members(&out, value, &left, 0);
    } else if (value->kind == DATUM_TABLE || value->kind == DATUM_LIST) {
        add_rows(&out, value);
    } else {
        datum_show(&out, value, 0, -1, true);
    }
    return str_take(&out, err);
}

void words_unmark(char *text)
{
    const size_t n = strlen(FILL_BEGIN);
    char        *to = text;
    if (text == NULL) return;
    for (const char *from = text; *from != '\0';) {
        if (strncmp(from, FILL_BEGIN, n) == 0 || strncmp(from, FILL_END, n) == 0) {
            from += n;
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
}

void note_unmark(Note *note)
{
    words_unmark(note->text);
    words_unmark(note->said);
    words_unmark(note->reason);
    words_unmark(note->measured);
    words_unmark(note->feedback);
}
