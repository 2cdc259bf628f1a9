/*
 * CommonMark through md4c, flattened into blocks. md4c calls back for each block, span and piece
 * of text it meets; the reader below keeps just enough of the nesting to know what a piece is in.
 *
 * What md4c is not asked for: raw HTML (it stays text), indented nesting without bound (depth is
 * counted, not kept). Its callbacks can stop it, which bounds what a hostile text can make of it:
 * a table of 100 KB can ask for 10^9 cells.
 */

#include <string.h>

#include <md4c.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "lessons/engine/prose_parts.h"

enum { PIECES_MAX = 200000, DEPTH_MAX = 6, LISTS_MAX = 64 };

typedef struct Reader {
    Prose    *prose;
    Index     block_room, span_room;
    Str       text; /* of the span under way */
    SpanStyle style;
    char     *href; /* of the link under way */
    int       emphasis, strong, code, image;
    int       quotes, lists;
    int       next_number[LISTS_MAX]; /* of each open list; 0: bullets */
    bool      item_waits;             /* an item was opened and has no text yet */
    bool      open, header;           /* a block takes spans; rows are the header */
    bool      soft;                   /* a line ended in the source */
    uint32_t  before;                 /* character before it */
    Index     pieces;
    bool      stopped, too_much, too_wide;
    Error    *err;
} Reader;

/* ---- growing ---------------------------------------------------------------------------- */

/* Room for one more in a list that doubles. */
static void *grow(void *list, Index count, Index *room, size_t size, Error *err)
{
    if (count < *room) return list;
    Index more = *room == 0 ? 8 : *room * 2;
    void *grown = mem_resize(list, mem_program(), MEM_TEXT, more, (Index)size, err);
    if (grown != NULL) *room = more;
    return grown;
}

static bool one_more_piece(Reader *reader)
{
    if (++reader->pieces <= PIECES_MAX) return true;
    reader->too_much = true;
    return false;
}

/* What a callback returns. md4c forgets a refusal inside of a table, so it is kept here too. */
static int go_on(Reader *reader, bool ok)
{
    reader->stopped = reader->stopped || !ok;
    return reader->stopped ? 1 : 0;
}

static ProseBlock *last_block(Reader *reader)
{
    return &reader->prose->blocks[reader->prose->count - 1];
}

static bool add_block(Reader *reader, ProseKind kind, int level)
{
    Prose      *prose = reader->prose;
    ProseBlock *grown =
        grow(prose->blocks, prose->count, &reader->block_room, sizeof *grown, reader->err);
    if (grown == NULL) return false;
    prose->blocks = grown;
    if (!one_more_piece(reader)) return false;
    int depth = reader->lists < DEPTH_MAX ? reader->lists : DEPTH_MAX;
    prose->blocks[prose->count++] = (ProseBlock){.kind = kind, .level = level, .depth = depth};
    reader->span_room = 0;
    reader->open = true;
    return true;
}

/* The text so far becomes a span of its style. */
static bool end_span(Reader *reader)
{
    if (reader->text.len == 0 && !reader->text.failed) return true;
    ProseBlock *block = last_block(reader);
    Span *grown = grow(block->spans, block->count, &reader->span_room, sizeof *grown, reader->err);
    if (grown == NULL) return false;
    block->spans = grown;
    if (!one_more_piece(reader)) return false;

    Span span = {.style = reader->style};
    if (span.style == SPAN_LINK) {
        span.href = mem_strdup(reader->href, reader->err);
        if (span.href == NULL) return false;
    }
    span.text = str_take(&reader->text, reader->err);
    if (span.text == NULL) {
        mem_free(span.href);
        return false;
    }
    block->spans[block->count++] = span;
    return true;
}

static bool set_style(Reader *reader)
{
    if (!end_span(reader)) return false;
    reader->style = reader->code > 0       ? SPAN_CODE
                    : reader->href != NULL ? SPAN_LINK
                    : reader->strong > 0   ? SPAN_STRONG
                    : reader->emphasis > 0 ? SPAN_EMPHASIS
                                           : SPAN_PLAIN;
    return true;
}

/* ---- blocks ----------------------------------------------------------------------------- */

/* The first text of an item belongs to the item itself. */
static bool open_text(Reader *reader, ProseKind kind, int level)
{
    if (reader->item_waits && kind == PROSE_PARAGRAPH) {
        reader->item_waits = false;
        reader->open = true;
        return true;
    }
    reader->item_waits = false;
    if (kind == PROSE_PARAGRAPH && reader->quotes > 0 && reader->lists == 0) kind = PROSE_QUOTE;
    return add_block(reader, kind, level);
}

static bool open_item(Reader *reader)
{
    int depth = reader->lists <= LISTS_MAX ? reader->lists : LISTS_MAX;
    if (!add_block(reader, PROSE_ITEM, 0)) return false;
    int *number = &reader->next_number[depth - 1];
    last_block(reader)->number = *number;
    if (*number > 0) ++*number;
    reader->item_waits = true;
    return true;
}

static void open_list(Reader *reader, int start)
{
    if (reader->lists < LISTS_MAX) reader->next_number[reader->lists] = start;
    reader->lists++;
}

static bool open_cell(Reader *reader, const MD_BLOCK_TD_DETAIL *cell)
{
    ProseBlock *row = last_block(reader);
    if (row->cells == PROSE_MAX_CELLS) {
        reader->too_wide = true;
        return false;
    }
    if (row->cell_at == NULL) {
        row->cell_at =
            mem_alloc(mem_program(), MEM_TEXT, PROSE_MAX_CELLS, sizeof *row->cell_at, reader->err);
        row->align = mem_alloc(mem_program(), MEM_TEXT, PROSE_MAX_CELLS, 1, reader->err);
        if (row->cell_at == NULL || row->align == NULL) return false;
    }
    row->align[row->cells] = cell->align == MD_ALIGN_RIGHT    ? 'r'
                             : cell->align == MD_ALIGN_CENTER ? 'c'
                                                              : 'l';
    row->cell_at[row->cells++] = row->count;
    return one_more_piece(reader);
}

static int list_start(const MD_BLOCK_OL_DETAIL *list)
{
    return list->start == 0 ? 1 : list->start > 99999 ? 99999 : (int)list->start;
}

static bool open_row(Reader *reader)
{
    if (!add_block(reader, PROSE_ROW, 0)) return false;
    last_block(reader)->header = reader->header;
    return true;
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *context)
{
    Reader *reader = context;
    bool    ok = !reader->stopped && end_span(reader);
    if (!ok) return go_on(reader, false);
    reader->soft = false;
    switch (type) {
    case MD_BLOCK_QUOTE:
        reader->quotes++;
        break;
    case MD_BLOCK_UL:
        open_list(reader, 0);
        break;
    case MD_BLOCK_OL:
        open_list(reader, list_start(detail));
        break;
    case MD_BLOCK_LI:
        ok = open_item(reader);
        break;
    case MD_BLOCK_HR:
        ok = add_block(reader, PROSE_RULE, 0);
        break;
    case MD_BLOCK_H: {
        const MD_BLOCK_H_DETAIL *heading = detail;
        ok = open_text(reader, PROSE_HEADING, (int)heading->level);
        break;
    }
    case MD_BLOCK_CODE:
        ok = open_text(reader, PROSE_CODE, 0);
        break;
    case MD_BLOCK_P:
        ok = open_text(reader, PROSE_PARAGRAPH, 0);
        break;
    case MD_BLOCK_THEAD:
        reader->header = true;
        break;
    case MD_BLOCK_TR:
        ok = open_row(reader);
        break;
    case MD_BLOCK_TH:
    case MD_BLOCK_TD:
        ok = open_cell(reader, detail);
        break;
    case MD_BLOCK_DOC:
    case MD_BLOCK_HTML:
    case MD_BLOCK_TABLE:
    case MD_BLOCK_TBODY:
        break;
    }
    return go_on(reader, ok);
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *context)
{
    (void)detail;
    Reader *reader = context;
    if (reader->stopped || !end_span(reader)) return go_on(reader, false);
    switch (type) {
    case MD_BLOCK_QUOTE:
        reader->quotes--;
        break;
    case MD_BLOCK_UL:
    case MD_BLOCK_OL:
        reader->lists--;
        break;
    case MD_BLOCK_LI:
        reader->item_waits = reader->open = false;
        break;
    case MD_BLOCK_THEAD:
        reader->header = false;
        break;
    case MD_BLOCK_P:
    case MD_BLOCK_H:
    case MD_BLOCK_CODE:
    case MD_BLOCK_TR:
        reader->open = false;
        break;
    case MD_BLOCK_DOC:
    case MD_BLOCK_HR:
    case MD_BLOCK_HTML:
    case MD_BLOCK_TABLE:
    case MD_BLOCK_TBODY:
    case MD_BLOCK_TH:
    case MD_BLOCK_TD:
        break;
    }
    return 0;
}

/* ---- spans ------------------------------------------------------------------------------ */

static bool is_web(const MD_ATTRIBUTE *href)
{
    return (href->size > 7 && strncmp(href->text, "http://", 7) == 0) ||
           (href->size > 8 && strncmp(href->text, "https://", 8) == 0);
}

/* The address of a link that may be followed; others are plain text. */
static bool open_link(Reader *reader, const MD_SPAN_A_DETAIL *link)
{
    if (!end_span(reader)) return false;
    if (!is_web(&link->href) || reader->href != NULL) return true;
    Str href = {0};
    str_add_bytes(&href, link->href.text, (Index)link->href.size);
    reader->href = str_take(&href, reader->err);
    return reader->href != NULL && set_style(reader);
}

static int *span_count(Reader *reader, MD_SPANTYPE type)
{
    return type == MD_SPAN_EM       ? &reader->emphasis
           : type == MD_SPAN_STRONG ? &reader->strong
           : type == MD_SPAN_CODE   ? &reader->code
                                    : &reader->image;
}

static int enter_span(MD_SPANTYPE type, void *detail, void *context)
{
    Reader *reader = context;
    if (reader->stopped) return 1;
    if (type == MD_SPAN_A) return go_on(reader, open_link(reader, detail));
    ++*span_count(reader, type);
    return go_on(reader, set_style(reader));
}

static int leave_span(MD_SPANTYPE type, void *detail, void *context)
{
    (void)detail;
    Reader *reader = context;
    if (reader->stopped || !end_span(reader)) return go_on(reader, false);
    if (type == MD_SPAN_A) {
        mem_free(reader->href);
        reader->href = NULL;
    } else {
        --*span_count(reader, type);
    }
    return go_on(reader, set_style(reader));
}

/* ---- text ------------------------------------------------------------------------------- */

static bool hard_break(Reader *reader)
{
    if (!end_span(reader)) return false;
    str_add(&reader->text, "\n");
    reader->before = ' ';
    return end_span(reader);
}

/* A line of Chinese or Japanese goes on in the next one without a blank. */
static void join_lines(Reader *reader, const char *text, Index n)
{
    uint32_t after = ' ';
    if (n == 0 || utf8_decode(text, n, &after) < 0) after = ' ';
    if (!prose_is_dense(reader->before) || !prose_is_dense(after)) str_add(&reader->text, " ");
    reader->soft = false;
}

static void note_last(Reader *reader, const char *text, Index n)
{
    Index at = n > 0 ? n - 1 : 0;
    while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80) at--;
    if (n > 0 && utf8_decode(text + at, n - at, &reader->before) < 0) reader->before = ' ';
}

/* Text right inside an item (of a tight list) is the item's; elsewhere it is a paragraph. */
static bool open_for_text(Reader *reader)
{
    if (reader->open) return true;
    if (!reader->item_waits) return add_block(reader, PROSE_PARAGRAPH, 0);
    reader->item_waits = false;
    reader->open = true;
    return true;
}

static int take_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *context)
{
    Reader *reader = context;
    if (reader->stopped || !open_for_text(reader)) return go_on(reader, false);
    if (type == MD_TEXT_BR) return go_on(reader, hard_break(reader));
    if (type == MD_TEXT_SOFTBR) {
        reader->soft = true;
        return 0;
    }
    if (reader->soft) join_lines(reader, text, (Index)size);
    if (type == MD_TEXT_NULLCHAR) {
        str_add(&reader->text, "\xef\xbf\xbd");
    } else if (type == MD_TEXT_ENTITY) {
        prose_entity(&reader->text, text, (Index)size);
    } else {
        str_add_bytes(&reader->text, text, (Index)size);
    }
    note_last(reader, text, (Index)size);
    return go_on(reader, !reader->text.failed);
}

/* ---- the whole -------------------------------------------------------------------------- */

static bool explain_failure(Reader *reader)
{
    if (!str_ok(&reader->text, reader->err)) return false;
    if (reader->too_wide) {
        return error_set(reader->err, ERR_INPUT, tr("a table has more than %d columns"),
                         PROSE_MAX_CELLS);
    }
    if (reader->too_much) {
        return error_set(reader->err, ERR_INPUT, tr("a text has more than %d pieces"), PIECES_MAX);
    }
    return error_set(reader->err, ERR_MEMORY, tr("out of memory: a text cannot be read"));
}

bool prose_parse(Prose *prose, const char *text, Index n, Error *err)
{
    *prose = (Prose){0};
    Reader reader = {.prose = prose, .err = err};
    /* MD_FLAG_COLLAPSEWHITESPACE loses a lone tab; who writes the text out collapses blanks. */
    MD_PARSER parser = {.flags = MD_FLAG_NOHTML | MD_FLAG_TABLES,
                        .enter_block = enter_block,
                        .leave_block = leave_block,
                        .enter_span = enter_span,
                        .leave_span = leave_span,
                        .text = take_text};
    CHECK(n >= 0 && n <= INT32_MAX);
    bool ok = md_parse(text, (MD_SIZE)n, &parser, &reader) == 0 && !reader.stopped;
    if (!ok) {
        explain_failure(&reader);
        prose_free(prose);
    }
    str_free(&reader.text);
    mem_free(reader.href);
    return ok;
}

void prose_free(Prose *prose)
{
    for (Index i = 0; i < prose->count; i++) {
        ProseBlock *block = &prose->blocks[i];
        for (Index j = 0; j < block->count; j++) {
            mem_free(block->spans[j].text);
            mem_free(block->spans[j].href);
        }
        mem_free(block->spans);
        mem_free(block->cell_at);
        mem_free(block->align);
    }
    mem_free(prose->blocks);
    *prose = (Prose){0};
}
