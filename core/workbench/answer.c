/* Records, member by member. */

#include "core/workbench/answer.h"

#include <string.h>

static void give_up(Answer *answer)
{
    datum_drop(answer->record);
    answer->record = NULL;
}

Answer answer_begin(Error *err)
{
    return (Answer){.record = datum_record(err), .err = err};
}

void answer_add(Answer *answer, const char *key, Datum *member)
{
    if (answer->record == NULL) {
        datum_drop(member);
    } else if (!datum_add(answer->record, key, member, answer->err)) {
        give_up(answer);
    }
}

void answer_number(Answer *answer, const char *key, double number, const char *unit)
{
    answer_add(answer, key, datum_number(number, unit, answer->err));
}

void answer_timed(Answer *answer, const char *key, double number, const char *unit)
{
    answer_add(answer, key, datum_timed(number, unit, answer->err));
}

void answer_yes(Answer *answer, const char *key, bool yes)
{
    answer_add(answer, key, datum_yes(yes, answer->err));
}

void answer_text(Answer *answer, const char *key, const char *text)
{
    answer_add(answer, key, datum_text(text, (Index)strlen(text), answer->err));
}

void answer_vector(Answer *answer, const char *key, const double *values, Index n)
{
    answer_add(answer, key, datum_vector(values, n, NULL, answer->err));
}

void answer_bytes(Answer *answer, const char *key, const int64_t bytes[MEM_PURPOSE_COUNT])
{
    Answer inner = answer_begin(answer->err);
    for (int p = 0; p < MEM_PURPOSE_COUNT; p++) {
        answer_number(&inner, mem_purpose_name((MemPurpose)p), (double)bytes[p], "bytes");
    }
    answer_add(answer, key, answer_end(&inner));
}

Datum *answer_end(Answer *answer)
{
    Datum *record = answer->record;
    answer->record = NULL;
    return record;
}

Answer answer_rows(bool table, const char *axis, Error *err)
{
    Answer rows = {.record = datum_rows(table, err), .err = err};
    if (rows.record != NULL && !datum_add_axis(rows.record, axis, err)) give_up(&rows);
    return rows;
}

void answer_row(Answer *rows, const char *word, Datum *row)
{
    const char *words[] = {word};
    if (rows->record == NULL) {
        datum_drop(row);
    } else if (!datum_add_row(rows->record, words, row, rows->err)) {
        give_up(rows);
    }
}
