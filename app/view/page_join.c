/* Lines made of other lines. */

#include <string.h>

#include "app/view/look_parts.h"
#include "app/view/page_parts.h"
#include "core/base/mem.h"

void page_split(Page *page, Line *line, Index bytes)
{
    if (line->count == 0 || (Index)strlen(line->pieces[0].text) <= bytes) return;
    Line whole = *line;
    line->pieces = NULL;
    line->count = 0;
    const char *text = whole.pieces[0].text;
    Piece       rest = whole.pieces[0];
    page_piece(page, line, text, bytes, (Piece){.ink = INK_KEY, .bold = true});
    page_piece(page, line, text + bytes, (Index)strlen(text) - bytes, rest);
    for (Index i = 1; i < whole.count; i++) {
        const Piece *piece = &whole.pieces[i];
        page_piece(page, line, piece->text, (Index)strlen(piece->text), *piece);
    }
    for (Index i = 0; i < whole.count; i++) mem_free(whole.pieces[i].text);
    mem_free(whole.pieces);
}

static int line_columns(const Line *line)
{
    const Look unspelled = {.charset = CHARSET_BRAILLE}; /* the pieces are spelled out already */
    int        cols = line->indent;
    for (Index i = 0; i < line->count; i++) cols += look_columns(&unspelled, line->pieces[i].text);
    return cols;
}

static void copy_pieces(Page *page, Line *line, const Line *from)
{
    for (Index i = 0; i < from->count; i++) {
        const Piece *piece = &from->pieces[i];
        page_piece(page, line, piece->text, (Index)strlen(piece->text), *piece);
    }
}

static void add_gap(Page *page, Line *line, int cols)
{
    static const char blanks[] =
        "                                                                                ";
    const int most = (int)sizeof blanks - 1;
    for (; cols > 0; cols -= most)
        page_piece(page, line, blanks, cols < most ? cols : most, (Piece){.ink = INK_PLAIN});
}

void page_join(Page *page, const Page *left, const Page *right, int col)
{
    Index rows = left->count > right->count ? left->count : right->count;
    page->failed = page->failed || left->failed || right->failed;
    for (Index i = 0; i < rows; i++) {
        Line *line = page_add(page);
        if (line == NULL) return;
        if (i < left->count) {
            line->indent = left->lines[i].indent;
            copy_pieces(page, line, &left->lines[i]);
        }
        if (i >= right->count || right->lines[i].count == 0) continue;
        add_gap(page, line, col - line_columns(line) + right->lines[i].indent);
        copy_pieces(page, line, &right->lines[i]);
    }
}
