/* Prose as lines for a terminal. Tables are in prose_table.c. */

#include <stdio.h>
#include <string.h>

#include "core/base/text.h"
#include "lessons/engine/prose_parts.h"

/* ---- spans ------------------------------------------------------------------------------ */

static char span_mark(const Span *span, const ProseWay *way)
{
    static const char marks[] = {[SPAN_PLAIN] = 0,
                                 [SPAN_EMPHASIS] = PROSE_MARK_EMPHASIS,
                                 [SPAN_STRONG] = PROSE_MARK_STRONG,
                                 [SPAN_CODE] = PROSE_MARK_CODE,
                                 [SPAN_LINK] = PROSE_MARK_LINK};
    char              mark = marks[span->style];
    return mark != 0 ? mark : way->base;
}

static void set_mark(Str *out, char *now, char mark, const ProseWay *way)
{
    if (!way->marked || *now == mark) return;
    *now = mark;
    if (mark == 0) mark = PROSE_MARK_PLAIN;
    str_add_bytes(out, &mark, 1);
}

static void add_text(Str *out, const char *text, const ProseWay *way)
{
    prose_piece(out, text, (Index)strlen(text), way);
}

void prose_spans(Str *out, const ProseBlock *block, Index from, Index to, const ProseWay *way)
{
    char now = 0;
    for (Index i = from; i < to; i++) {
        const Span *span = &block->spans[i];
        bool        quoted = span->style == SPAN_CODE && (!way->marked || way->ascii);
        if (strcmp(span->text, "\n") == 0) {
            str_add_bytes(out, (const char[]){PROSE_BREAK}, 1);
            continue;
        }
        set_mark(out, &now, span_mark(span, way), way);
        if (quoted) str_add(out, "`");
        add_text(out, span->text, way);
        if (quoted) str_add(out, "`");
        if (span->style == SPAN_LINK && strcmp(span->href, span->text) != 0) {
            set_mark(out, &now, PROSE_MARK_DIM, way);
            str_add(out, " <");
            add_text(out, span->href, way);
            str_add(out, ">");
        }
    }
    set_mark(out, &now, 0, way);
}

/* ---- blocks ----------------------------------------------------------------------------- */

enum { INDENT_ROOM = 32 };

/* Two columns a level, never more than a third of the line. */
static int depth_columns(int depth, int columns)
{
    int wanted = 2 * depth;
    return wanted < columns / 3 ? wanted : columns / 3 / 2 * 2;
}

static void blanks(char indent[INDENT_ROOM], int columns)
{
    int n = columns < INDENT_ROOM - 16 ? columns : INDENT_ROOM - 16;
    memset(indent, ' ', (size_t)n);
    indent[n] = '\0';
}

static void put_item(Str *out, const ProseBlock *block, const Str *text, int columns,
                     const ProseWay *way)
{
    char first[INDENT_ROOM], next[INDENT_ROOM], mark[16];
    snprintf(mark, sizeof mark, way->marked && !way->ascii ? "\xe2\x80\xa2 " : "- ");
    if (block->number > 0) snprintf(mark, sizeof mark, "%d. ", block->number);
    int wide = text_columns(mark, (Index)strlen(mark));
    blanks(first, depth_columns(block->depth - 1, columns));
    blanks(next, depth_columns(block->depth - 1, columns) + wide);
    memcpy(first + strlen(first), mark, strlen(mark) + 1);
    prose_wrap_safe(out, str_text(text), text->len, first, next, columns);
}

static void put_code(Str *out, const ProseBlock *block, const char *indent, int columns,
                     const ProseWay *way)
{
    Str text = {0};
    if (way->marked) str_add_bytes(&text, (const char[]){PROSE_MARK_CODE}, 1);
    for (Index i = 0; i < block->count; i++) add_text(&text, block->spans[i].text, way);
    Index n = text.len;
    while (n > 0 && text.data[n - 1] == '\n') n--;
    prose_cut_lines(out, str_text(&text), n, indent, columns);
    prose_used(out, &text);
}

static void put_quote(Str *out, const Str *text, int columns, const ProseWay *way)
{
    static const char bar[] = {PROSE_MARK_DIM, '\xe2', '\x94', '\x82', PROSE_MARK_PLAIN, ' ', 0};
    const char       *mark = way->marked && !way->ascii ? bar : "> ";
    prose_wrap_safe(out, str_text(text), text->len, mark, mark, columns);
}

static void put_block(Str *out, const ProseBlock *block, int columns, const ProseWay *way)
{
    char indent[INDENT_ROOM];
    blanks(indent, depth_columns(block->depth, columns));
    if (block->kind == PROSE_RULE) {
        if (way->marked) {
            prose_rule(out, columns, way);
            str_add(out, "\n");
        } else {
            str_add(out, "* * *\n");
        }
        return;
    }
    if (block->kind == PROSE_CODE) {
        blanks(indent, depth_columns(block->depth + 1, columns));
        put_code(out, block, indent, columns, way);
        return;
    }
    Str      text = {0};
    ProseWay own = *way;
    if (block->kind == PROSE_HEADING) own.base = PROSE_MARK_STRONG;
    prose_spans(&text, block, 0, block->count, &own);
    if (block->kind == PROSE_ITEM) {
        put_item(out, block, &text, columns, way);
    } else if (block->kind == PROSE_QUOTE) {
        put_quote(out, &text, columns, way);
    } else {
        prose_wrap_safe(out, str_text(&text), text.len, indent, indent, columns);
    }
    prose_used(out, &text);
}

/* Items of a list, and what belongs to them, stand close together. */
static bool stands_apart(const Prose *prose, Index at)
{
    const ProseBlock *block = &prose->blocks[at], *before = block - 1;
    if (at == 0) return false;
    bool in_list = block->kind == PROSE_ITEM || block->depth > 0;
    bool after_list = before->kind == PROSE_ITEM || before->depth > 0;
    return !(in_list && after_list);
}

static void put_prose(Str *out, const Prose *prose, int columns, const ProseWay *way)
{
    if (columns < PROSE_MIN_COLUMNS) columns = PROSE_MIN_COLUMNS;
    for (Index i = 0; i < prose->count && !out->failed;) {
        if (stands_apart(prose, i)) str_add(out, "\n");
        if (prose->blocks[i].kind == PROSE_ROW) {
            i += prose_table(out, prose, i, columns, way);
        } else {
            put_block(out, &prose->blocks[i++], columns, way);
        }
    }
}

void prose_text(Str *out, const Prose *prose, int columns, bool ascii)
{
    put_prose(out, prose, columns, &(ProseWay){.ascii = ascii});
}

void prose_marked(Str *out, const Prose *prose, int columns, bool ascii)
{
    put_prose(out, prose, columns, &(ProseWay){.ascii = ascii, .marked = true});
}
