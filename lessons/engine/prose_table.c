/*
 * Tables on a terminal. Columns get what their widest cell wants; where that is too much the
 * widest columns give way first and their cells wrap. Where even that leaves too little room
 * (many columns, a narrow terminal), each row is told as "header: cell" lines.
 */

#include <string.h>

#include "core/base/text.h"
#include "lessons/engine/prose_parts.h"

enum { GAP = 2, CELL_MIN = 6 };

typedef struct Table {
    const ProseBlock *rows;
    Index             count, cells;
    int               width[PROSE_MAX_CELLS];
    int               columns;
    const ProseWay   *way;
} Table;

static Index cell_end(const ProseBlock *row, Index cell)
{
    return cell + 1 < row->cells ? row->cell_at[cell + 1] : row->count;
}

/* Bytes of a mark that begins here: of style, or where what was measured begins; 0: text. */
static Index mark_bytes(const char *at)
{
    if (*at > 0 && *at < ' ') return 1;
    return strncmp(at, "\xef\xbf\xb9", 3) == 0 ? 3 : 0; /* U+FFF9 */
}

/* Generated text often begins with a blank, which would be an indent here. */
static void drop_blanks(Str *out, Index from)
{
    Index at = from, kept = from;
    if (out->failed || out->data == NULL) return;
    while (at < out->len) {
        Index n = mark_bytes(out->data + at);
        if (n == 0 && out->data[at] != ' ') break;
        memmove(out->data + kept, out->data + at, (size_t)n);
        kept += n;
        at += n > 0 ? n : 1;
    }
    memmove(out->data + kept, out->data + at, (size_t)(out->len - at + 1));
    out->len -= at - kept;
}

/* Hard breaks have no place in a cell. */
static void cell_text(Str *out, const Table *table, const ProseBlock *row, Index cell)
{
    if (cell >= row->cells) return;
    Index    from = out->len;
    ProseWay way = *table->way;
    if (row->header) way.base = PROSE_MARK_STRONG;
    prose_spans(out, row, row->cell_at[cell], cell_end(row, cell), &way);
    for (Index i = from; i < out->len; i++) {
        if (out->data[i] == PROSE_BREAK || out->data[i] == '\n') out->data[i] = ' ';
    }
    drop_blanks(out, from);
}

static void measure(Str *out, Table *table)
{
    for (Index r = 0; r < table->count; r++) {
        for (Index c = 0; c < table->rows[r].cells; c++) {
            Str text = {0};
            cell_text(&text, table, &table->rows[r], c);
            int width = text_columns(str_text(&text), text.len);
            if (width > table->width[c]) table->width[c] = width;
            prose_used(out, &text);
        }
    }
}

/* The widest give way until all fit; false when that would leave one with too little. */
static bool fit(Table *table)
{
    int free_columns = table->columns - GAP * (int)(table->cells - 1);
    for (;;) {
        int   total = 0;
        Index widest = 0;
        for (Index c = 0; c < table->cells; c++) {
            if (table->width[c] > table->columns) table->width[c] = table->columns;
            total += table->width[c];
            if (table->width[c] > table->width[widest]) widest = c;
        }
        if (total <= free_columns) return true;
        if (table->width[widest] <= CELL_MIN) return false;
        table->width[widest]--;
    }
}

/* ---- as a grid -------------------------------------------------------------------------- */

static void pad(Str *out, int n)
{
    for (int i = 0; i < n; i++) str_add_bytes(out, " ", 1);
}

static void put_cell(Str *out, const char *line, Index n, int width, char align)
{
    int space = width - text_columns(line, n);
    int left = align == 'r' ? space : align == 'c' ? space / 2 : 0;
    pad(out, left);
    str_add_bytes(out, line, n);
    pad(out, space - left);
}

static void trim_end(Str *out, Index from)
{
    while (!out->failed && out->len > from && out->data[out->len - 1] == ' ') {
        out->data[--out->len] = '\0';
    }
}

/* One line of each cell's wrapped text; false when none had any left. */
static bool put_row_line(Str *out, const Table *table, const ProseBlock *row, const char **rest)
{
    bool  any = false;
    Index from = out->len;
    for (Index c = 0; c < table->cells; c++) {
        Index n = (Index)strcspn(rest[c], "\n");
        any = any || n > 0;
        if (c > 0) pad(out, GAP);
        put_cell(out, rest[c], n, table->width[c], c < row->cells ? row->align[c] : 'l');
        rest[c] += rest[c][n] == '\n' ? n + 1 : n;
    }
    trim_end(out, from);
    if (any) str_add(out, "\n");
    return any;
}

static void put_row(Str *out, const Table *table, const ProseBlock *row)
{
    Str         wrapped[PROSE_MAX_CELLS] = {{0}};
    const char *rest[PROSE_MAX_CELLS];
    for (Index c = 0; c < table->cells; c++) {
        Str text = {0};
        cell_text(&text, table, row, c);
        prose_wrap_column(&wrapped[c], str_text(&text), text.len, table->width[c]);
        prose_used(out, &text);
        rest[c] = str_text(&wrapped[c]);
    }
    while (!out->failed && put_row_line(out, table, row, rest)) continue;
    for (Index c = 0; c < table->cells; c++) prose_used(out, &wrapped[c]);
}

static void put_grid(Str *out, const Table *table)
{
    for (Index r = 0; r < table->count; r++) {
        put_row(out, table, &table->rows[r]);
        if (!table->rows[r].header) continue;
        for (Index c = 0; c < table->cells; c++) {
            if (c > 0) pad(out, GAP);
            prose_rule(out, table->width[c], table->way);
        }
        str_add(out, "\n");
    }
}

/* ---- as lines --------------------------------------------------------------------------- */

static void put_list(Str *out, const Table *table)
{
    for (Index r = 0; r < table->count; r++) {
        const ProseBlock *row = &table->rows[r];
        if (row->header) continue;
        for (Index c = 0; c < row->cells; c++) {
            Str text = {0};
            if (table->rows[0].header) {
                cell_text(&text, table, &table->rows[0], c);
                str_add(&text, ": ");
            }
            cell_text(&text, table, row, c);
            prose_wrap_safe(out, str_text(&text), text.len, c == 0 ? "- " : "  ", "    ",
                            table->columns);
            prose_used(out, &text);
        }
    }
}

Index prose_table(Str *out, const Prose *prose, Index at, int columns, const ProseWay *way)
{
    Table table = {.rows = prose->blocks + at, .columns = columns, .way = way};
    while (at + table.count < prose->count) {
        const ProseBlock *row = &table.rows[table.count];
        if (row->kind != PROSE_ROW || (row->header && table.count > 0)) break;
        if (row->cells > table.cells) table.cells = row->cells;
        table.count++;
    }
    measure(out, &table);
    if (fit(&table)) {
        put_grid(out, &table);
    } else {
        put_list(out, &table);
    }
    return table.count;
}
