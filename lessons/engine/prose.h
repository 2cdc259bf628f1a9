#ifndef LESSONS_ENGINE_PROSE_H
#define LESSONS_ENGINE_PROSE_H

/*
 * Prose: CommonMark through md4c (the only file that knows md4c is prose.c), as a flat list of
 * blocks whose text is runs of one style. Lesson text is hostile: raw HTML is shown as text,
 * links keep only http and https addresses, depth and size are bounded.
 */

#include "core/base/str.h"

typedef enum SpanStyle { SPAN_PLAIN, SPAN_EMPHASIS, SPAN_STRONG, SPAN_CODE, SPAN_LINK } SpanStyle;

typedef struct Span {
    SpanStyle style;
    char     *text; /* "\n": a hard line break */
    char     *href; /* SPAN_LINK */
} Span;

typedef enum ProseKind {
    PROSE_PARAGRAPH,
    PROSE_HEADING, /* level 3 to 6: 1 and 2 are the lesson's own */
    PROSE_ITEM,    /* of a list: depth from 1, number (0: bullet); its further paragraphs and
                      code are blocks of the same depth */
    PROSE_QUOTE,
    PROSE_CODE, /* lines as they are */
    PROSE_ROW,  /* of a table: cells are divided by cell_at; the first row is the header */
    PROSE_RULE
} ProseKind;

typedef struct ProseBlock {
    ProseKind kind;
    int       level, depth, number;
    Span     *spans;
    Index     count;
    Index    *cell_at; /* PROSE_ROW: first span of each cell */
    char     *align;   /* PROSE_ROW: of each cell, 'l', 'r' or 'c' */
    Index     cells;
    bool      header;
} ProseBlock;

typedef struct Prose {
    ProseBlock *blocks;
    Index       count;
} Prose;

#define PROSE_MAX_CELLS 32

/* Valid UTF-8. ERR_INPUT: more than 200,000 spans or blocks, more than PROSE_MAX_CELLS columns in
 * a table. */
NODISCARD bool prose_parse(Prose *prose, const char *text, Index n, Error *err);
void           prose_free(Prose *prose);

/* Wrapped lines for a terminal, at most `columns` wide (20 at least); Chinese and Japanese break
 * between characters (not before closing punctuation), words elsewhere. ascii: greek letters,
 * arrows and the like are spelled out (alpha, ->, sigma_1), and what has no spelling is "?". Text
 * is made safe. Ends with a newline. */
void prose_text(Str *out, const Prose *prose, int columns, bool ascii);
/* HTML of the blocks, everything escaped, nothing hidden or of control let through. */
void prose_html(Str *out, const Prose *prose);
/* One string under the same rule. */
void prose_html_text(Str *out, const char *text);
/* One string under the same rule as prose_text's ascii: for titles, labels, choices. */
void prose_ascii(Str *out, const char *text, Index n);

/* ---- for who draws styles ---- */

/* Bytes that stand before text of a style. Each line begins plain and unmeasured, and names anew
 * what goes on from the line before. */
enum {
    PROSE_MARK_PLAIN = 1,
    PROSE_MARK_EMPHASIS,
    PROSE_MARK_STRONG,
    PROSE_MARK_CODE,
    PROSE_MARK_LINK,
    PROSE_MARK_DIM, /* what is not the author's: rules, the address of a link */
    PROSE_MARK_MEASURED = 0x0e,
    PROSE_MARK_GIVEN = 0x0f /* ends what was measured */
};
/* As prose_text does it, with these marks: in the Markdown, what was measured stands between
 * U+FFF9 and U+FFFB (which nothing here ever shows). */
void prose_marked(Str *out, const Prose *prose, int columns, bool ascii);
/* Plain text, made safe, with the marks of what was measured: wrapped as prose_wrap does it, or
 * its lines as they are, cut where they are too wide. */
void prose_wrap_marked(Str *out, const char *text, Index n, const char *first, const char *next,
                       int columns, bool ascii);
void prose_lines_marked(Str *out, const char *text, Index n, int columns, bool ascii);

/* ---- plain ---- */

/* Wrap plain text with a first and a following indent; as prose_text does it. Made safe; a
 * newline in the text is a blank. */
void prose_wrap(Str *out, const char *text, Index n, const char *first, const char *next,
                int columns);

#endif
