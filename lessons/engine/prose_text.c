/* Prose as lines for a terminal. Tables are in prose_table.c. */

#include <stdio.h>
#include <string.h>

#include "core/base/text.h"
#include "lessons/engine/prose_parts.h"

/* ---- spans ------------------------------------------------------------------------------ */

static void add_piece(Str *out, const char *text, bool ascii)
{
    Str spelled = {0};
    if (ascii) {
        prose_ascii(&spelled, text, (Index)strlen(text));
        text = str_text(&spelled);
    }
    safe_text(out, text, (Index)strlen(text), true, 0);
    prose_used(out, &spelled);
}

void prose_spans(Str *out, const ProseBlock *block, Index from, Index to, bool ascii)
{
    for (Index i = from; i < to; i++) {
        const Span *span = &block->spans[i];
        bool        code = span->style == SPAN_CODE;
        if (strcmp(span->text, "\n") == 0) {
            str_add_bytes(out, (const char[]){PROSE_BREAK}, 1);
            continue;
        }
        if (code) str_add(out, "`");
        add_piece(out, span->text, ascii);
        if (code) str_add(out, "`");
        if (span->style == SPAN_LINK && strcmp(span->href, span->text) != 0) {
            str_add(out, " <");
            add_piece(out, span->href, ascii);
            str_add(out, ">");
        }
    }
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

static void put_item(Str *out, const ProseBlock *block, const Str *text, int columns)
{
    char first[INDENT_ROOM], next[INDENT_ROOM], mark[16] = "- ";
    if (block->number > 0) snprintf(mark, sizeof mark, "%d. ", block->number);
    blanks(first, depth_columns(block->depth - 1, columns));
    blanks(next, depth_columns(block->depth - 1, columns) + (int)strlen(mark));
    memcpy(first + strlen(first), mark, strlen(mark) + 1);
    prose_wrap_safe(out, str_text(text), text->len, first, next, columns);
}

static void put_code(Str *out, const ProseBlock *block, const char *indent, int columns, bool ascii)
{
    Str text = {0};
    for (Index i = 0; i < block->count; i++) add_piece(&text, block->spans[i].text, ascii);
    Index n = text.len;
    while (n > 0 && text.data[n - 1] == '\n') n--;
    prose_cut_lines(out, str_text(&text), n, indent, columns);
    prose_used(out, &text);
}

static void put_block(Str *out, const ProseBlock *block, int columns, bool ascii)
{
    char indent[INDENT_ROOM];
    blanks(indent, depth_columns(block->depth, columns));
    if (block->kind == PROSE_RULE) {
        str_add(out, "* * *\n");
        return;
    }
    if (block->kind == PROSE_CODE) {
        blanks(indent, depth_columns(block->depth + 1, columns));
        put_code(out, block, indent, columns, ascii);
        return;
    }
    Str text = {0};
    prose_spans(&text, block, 0, block->count, ascii);
    if (block->kind == PROSE_ITEM) {
        put_item(out, block, &text, columns);
    } else if (block->kind == PROSE_QUOTE) {
        prose_wrap_safe(out, str_text(&text), text.len, "> ", "> ", columns);
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

void prose_text(Str *out, const Prose *prose, int columns, bool ascii)
{
    if (columns < PROSE_MIN_COLUMNS) columns = PROSE_MIN_COLUMNS;
    for (Index i = 0; i < prose->count && !out->failed;) {
        if (stands_apart(prose, i)) str_add(out, "\n");
        if (prose->blocks[i].kind == PROSE_ROW) {
            i += prose_table(out, prose, i, columns, ascii);
        } else {
            put_block(out, &prose->blocks[i++], columns, ascii);
        }
    }
}
