/*
 * Prose written anew as Markdown from its blocks. Raw HTML of a lesson became text when it was
 * read, and every character that could be markup gets a backslash here: a report shows nothing
 * that the lesson's page does not.
 */

#include <string.h>

#include "core/base/text.h"
#include "lessons/engine/prose.h"
#include "lessons/engine/report_parts.h"

/* What would make a list or a rule of a line's first word: "- " or "1. ". */
static void put_first(Str *out, const char *text)
{
    size_t digits = strspn(text, "0123456789");
    bool   bullet = *text != '\0' && strchr("-+=", *text) != NULL;
    bool   number = digits > 0 && text[digits] != '\0' && strchr(".)", text[digits]) != NULL;
    str_add_bytes(out, text, (Index)digits);
    if (bullet || number) str_add(out, "\\");
    report_md_text(out, text + digits);
}

static void put_span(Str *out, const Span *span)
{
    const char *mark = span->style == SPAN_EMPHASIS ? "*" : span->style == SPAN_STRONG ? "**" : "";
    if (strcmp(span->text, "\n") == 0) {
        str_add(out, "  \n");
    } else if (span->style == SPAN_CODE) {
        report_md_code(out, span->text);
    } else if (span->style == SPAN_LINK) {
        str_add(out, "[");
        report_md_text(out, span->text);
        str_add(out, "](<");
        /* Only http and https get here; < > and blanks would end the address. */
        for (const char *c = span->href; *c != '\0'; c++) {
            bool plain = strchr("<>\\ ", *c) == NULL && (unsigned char)*c > 32;
            if (plain) str_add_bytes(out, c, 1);
            if (!plain) str_addf(out, "%%%02X", (unsigned char)*c);
        }
        str_add(out, ">)");
    } else {
        str_add(out, mark);
        report_md_text(out, span->text);
        str_add(out, mark);
    }
}

static void put_spans(Str *out, const ProseBlock *block, Index from, Index to)
{
    if (from < to && block->spans[from].style == SPAN_PLAIN) {
        put_first(out, block->spans[from++].text);
    }
    for (Index i = from; i < to; i++) put_span(out, &block->spans[i]);
}

/* A fence longer than any run of backticks inside. */
static void put_code(Str *out, const ProseBlock *block)
{
    Str text = {0}, safe = {0}, fence = {0};
    for (Index i = 0; i < block->count; i++) str_add(&text, block->spans[i].text);
    safe_text(&safe, str_text(&text), text.len, true, 0);
    str_add(&fence, "```");
    while (!fence.failed && strstr(str_text(&safe), fence.data) != NULL) str_add(&fence, "`");
    bool ended = safe.len > 0 && safe.data[safe.len - 1] == '\n';
    str_addf(out, "%s\n%s%s%s\n", str_text(&fence), str_text(&safe), ended ? "" : "\n",
             str_text(&fence));
    report_used(out, &text);
    report_used(out, &safe);
    report_used(out, &fence);
}

static void put_row(Str *out, const ProseBlock *row)
{
    str_add(out, "|");
    for (Index c = 0; c < row->cells; c++) {
        str_add(out, " ");
        put_spans(out, row, row->cell_at[c], c + 1 < row->cells ? row->cell_at[c + 1] : row->count);
        str_add(out, " |");
    }
    str_add(out, "\n");
    if (!row->header) return;
    str_add(out, "|");
    for (Index c = 0; c < row->cells; c++) str_add(out, "---|");
    str_add(out, "\n");
}

static void put_block(Str *out, const ProseBlock *block)
{
    switch (block->kind) {
    case PROSE_HEADING:
        for (int i = 0; i < block->level; i++) str_add(out, "#");
        str_add(out, " ");
        break;
    case PROSE_ITEM:
        for (int i = 1; i < block->depth; i++) str_add(out, "    ");
        if (block->number > 0) str_addf(out, "%d. ", block->number);
        if (block->number == 0) str_add(out, "- ");
        break;
    case PROSE_QUOTE:
        str_add(out, "> ");
        break;
    case PROSE_CODE:
        put_code(out, block);
        return;
    case PROSE_ROW:
        put_row(out, block);
        return;
    case PROSE_RULE:
        str_add(out, "---\n");
        return;
    case PROSE_PARAGRAPH:
        break;
    }
    put_spans(out, block, 0, block->count);
    str_add(out, "\n");
}

/* Rows of one table and items of one list stand together; else an empty line between blocks. */
static bool together(const ProseBlock *before, const ProseBlock *block)
{
    bool rows = before->kind == PROSE_ROW && block->kind == PROSE_ROW && !block->header;
    return rows || (before->kind == PROSE_ITEM && block->kind == PROSE_ITEM);
}

void report_md_prose(Str *out, const char *markdown)
{
    Prose prose = {0};
    if (!prose_parse(&prose, markdown, (Index)strlen(markdown), NULL)) {
        out->failed = true;
        return;
    }
    for (Index i = 0; i < prose.count; i++) {
        if (i > 0 && !together(&prose.blocks[i - 1], &prose.blocks[i])) str_add(out, "\n");
        put_block(out, &prose.blocks[i]);
    }
    prose_free(&prose);
}
