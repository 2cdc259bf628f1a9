#ifndef LESSONS_ENGINE_PROSE_PARTS_H
#define LESSONS_ENGINE_PROSE_PARTS_H

/* Between the files of prose. */

#include "lessons/engine/prose.h"

#define PROSE_MIN_COLUMNS 20
#define PROSE_BREAK '\v' /* a hard line break; safe_text lets none through, so it is ours alone */

/* How text is written. */
typedef struct ProseWay {
    bool ascii;
    bool marked; /* with marks of style; else code stands in backquotes */
    char base;   /* the mark of text without a style of its own; 0: plain */
} ProseWay;

/* What holds at some byte of marked text. */
typedef struct ProseMarks {
    char style; /* 0: plain */
    bool measured;
} ProseMarks;
void prose_marks_pass(ProseMarks *marks, const char *text, Index n);
void prose_marks_open(Str *out, const ProseMarks *marks);
void prose_marks_close(Str *out, const ProseMarks *marks);
/* Safe text, spelled out as the way says; U+FFF9 and U+FFFB become marks or nothing. */
void prose_piece(Str *out, const char *text, Index n, const ProseWay *way);

/* prose_wrap for text that went through safe_text and may hold PROSE_BREAK and marks. */
void prose_wrap_safe(Str *out, const char *text, Index n, const char *first, const char *next,
                     int columns);
/* No line breaks at this blank: it parts a number and its unit, or stands within a short figure in
 * parentheses. columns: of a line. */
bool prose_keeps(const char *text, Index n, Index at, int columns);
/* For a column of a table: any width from 1, no indents. */
void prose_wrap_column(Str *out, const char *text, Index n, int width);
/* Lines without wrapping, but cut where they are wider than the columns. */
void prose_cut_lines(Str *out, const char *text, Index n, const char *indent, int columns);
/* The text of spans [from, to), safe. */
void prose_spans(Str *out, const ProseBlock *block, Index from, Index to, const ProseWay *way);
/* Consecutive rows of one table; returns how many blocks it took. */
Index prose_table(Str *out, const Prose *prose, Index at, int columns, const ProseWay *way);
/* A line across so many columns. */
void prose_rule(Str *out, int columns, const ProseWay *way);
/* Characters between which a line may break, and which need no blank where lines are joined:
 * ideographs, kana, wide punctuation. */
bool prose_is_dense(uint32_t cp);
/* "&amp;" as the character it stands for; what is unknown stays as it is. */
void prose_entity(Str *out, const char *text, Index n);
/* A scratch string is done with: that it failed is then the failure of out. */
void prose_used(Str *out, Str *scratch);

#endif
