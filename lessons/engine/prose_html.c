/*
 * Prose as HTML. Every character of text passes prose_html_text, which lets no markup and nothing
 * hidden through; addresses were limited to http and https by prose.c. Lists are opened and
 * closed by comparing each block's depth with what is open.
 */

#include <string.h>

#include "core/base/text.h"
#include "lessons/engine/prose_parts.h"

enum { DEPTH_MAX = 16 };

/* Of what controls a page only line ends stay; a tab is a blank, as in text for a terminal. */
void prose_html_text(Str *out, const char *text)
{
    Str safe = {0};
    safe_text(&safe, text, (Index)strlen(text), true, 0);
    for (Index i = 0; i < safe.len; i++) {
        if (safe.data[i] == '\t') safe.data[i] = ' ';
    }
    text_xml(out, str_text(&safe), safe.len);
    prose_used(out, &safe);
}

/* ---- spans ------------------------------------------------------------------------------ */

static void put_span(Str *out, const Span *span)
{
    static const char *const tags[] = {
        [SPAN_EMPHASIS] = "em", [SPAN_STRONG] = "strong", [SPAN_CODE] = "code"};
    if (strcmp(span->text, "\n") == 0) {
        str_add(out, "<br>");
    } else if (span->style == SPAN_LINK) {
        str_add(out, "<a href=\"");
        prose_html_text(out, span->href);
        str_add(out, "\">");
        prose_html_text(out, span->text);
        str_add(out, "</a>");
    } else if (span->style == SPAN_PLAIN) {
        prose_html_text(out, span->text);
    } else {
        str_addf(out, "<%s>", tags[span->style]);
        prose_html_text(out, span->text);
        str_addf(out, "</%s>", tags[span->style]);
    }
}

static void put_spans(Str *out, const ProseBlock *block, Index from, Index to)
{
    for (Index i = from; i < to; i++) put_span(out, &block->spans[i]);
}

/* ---- tables ----------------------------------------------------------------------------- */

static void put_row(Str *out, const ProseBlock *row)
{
    const char *tag = row->header ? "th" : "td";
    str_add(out, "<tr>");
    for (Index c = 0; c < row->cells; c++) {
        Index to = c + 1 < row->cells ? row->cell_at[c + 1] : row->count;
        char  align = row->align[c];
        str_addf(out, "<%s%s>", tag,
                 align == 'r'   ? " style=\"text-align:right\""
                 : align == 'c' ? " style=\"text-align:center\""
                                : "");
        put_spans(out, row, row->cell_at[c], to);
        str_addf(out, "</%s>", tag);
    }
    str_add(out, "</tr>\n");
}

static Index put_table(Str *out, const Prose *prose, Index at)
{
    Index from = at;
    str_add(out, "<table>\n");
    do {
        put_row(out, &prose->blocks[at++]);
    } while (at < prose->count && prose->blocks[at].kind == PROSE_ROW && !prose->blocks[at].header);
    str_add(out, "</table>\n");
    return at - from;
}

/* ---- lists ------------------------------------------------------------------------------ */

typedef struct Lists {
    bool numbered[DEPTH_MAX];
    int  open;
} Lists;

static void close_lists(Str *out, Lists *lists, int depth)
{
    while (lists->open > depth) {
        str_addf(out, "</li></%s>\n", lists->numbered[--lists->open] ? "ol" : "ul");
    }
}

static void open_item(Str *out, Lists *lists, const ProseBlock *block)
{
    bool numbered = block->number > 0;
    int  depth = block->depth < DEPTH_MAX ? block->depth : DEPTH_MAX;
    close_lists(out, lists, depth);
    if (lists->open == depth && lists->numbered[depth - 1] != numbered) {
        close_lists(out, lists, depth - 1);
    } else if (lists->open == depth) {
        str_add(out, "</li>\n");
    }
    while (lists->open < depth) {
        lists->numbered[lists->open++] = numbered;
        if (numbered) {
            str_addf(out, "<ol start=\"%d\">", block->number);
        } else {
            str_add(out, "<ul>");
        }
        if (lists->open < depth) str_add(out, "<li>");
    }
    str_add(out, "<li>");
}

/* ---- blocks ----------------------------------------------------------------------------- */

static void put_block(Str *out, Lists *lists, const ProseBlock *block)
{
    static const char *const before[] = {
        [PROSE_PARAGRAPH] = "<p>", [PROSE_QUOTE] = "<blockquote><p>", [PROSE_CODE] = "<pre><code>"};
    static const char *const after[] = {[PROSE_PARAGRAPH] = "</p>\n",
                                        [PROSE_QUOTE] = "</p></blockquote>\n",
                                        [PROSE_CODE] = "</code></pre>\n"};
    if (block->kind == PROSE_RULE) {
        str_add(out, "<hr>\n");
    } else if (block->kind == PROSE_ITEM) {
        open_item(out, lists, block);
        put_spans(out, block, 0, block->count);
    } else if (block->kind == PROSE_HEADING) {
        str_addf(out, "<h%d>", block->level);
        put_spans(out, block, 0, block->count);
        str_addf(out, "</h%d>\n", block->level);
    } else {
        str_add(out, before[block->kind]);
        for (Index i = 0; i < block->count; i++) {
            if (block->kind == PROSE_CODE) {
                prose_html_text(out, block->spans[i].text);
            } else {
                put_span(out, &block->spans[i]);
            }
        }
        str_add(out, after[block->kind]);
    }
}

void prose_html(Str *out, const Prose *prose)
{
    Lists lists = {0};
    for (Index i = 0; i < prose->count && !out->failed;) {
        const ProseBlock *block = &prose->blocks[i];
        int               depth = block->depth < DEPTH_MAX ? block->depth : DEPTH_MAX;
        if (block->kind != PROSE_ITEM) close_lists(out, &lists, depth);
        if (block->kind == PROSE_ROW) {
            i += put_table(out, prose, i);
        } else {
            put_block(out, &lists, block);
            i++;
        }
    }
    close_lists(out, &lists, 0);
}
