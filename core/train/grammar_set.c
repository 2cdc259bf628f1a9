/*
 * Lists, records and tables: all are sets of rows with named fields.
 *
 *   list colour: red, green, blue        one field; indented lines continue it
 *   record pair(casual, formal):         one row on each indented line
 *       gotta, must
 *   table users u                        a row (users, u) of the record `table`, which also has
 *       number age 18..80, score 1..99   the fields number, text and column: what they hold is
 *       text   city city, name first     not text but where to draw a column (name, value, kind)
 */

#include "core/base/file.h"
#include "core/train/grammar_scan.h"

#include <stdio.h>
#include <string.h>

static void skip_spaces(Scan *scan)
{
    while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t')) scan->at++;
}

/* Nothing but spaces or a comment is left. */
static bool at_end(Scan *scan)
{
    skip_spaces(scan);
    return scan->at >= scan->end || *scan->at == '#';
}

Def *grammar_define(Scan *scan, DefKind kind, const char *name)
{
    Grammar *g = scan->g;
    Def     *older = grammar_find(g, name);
    if (older != NULL) {
        grammar_wrong(scan->err, scan->place, "`%s` is defined already at %s:%d", name,
                      path_base(older->place.file), older->place.line);
        return NULL;
    }
    if (g->def_count >= GRAMMAR_MAX_DEFS) {
        grammar_wrong(scan->err, scan->place, "more than %d definitions", (int)GRAMMAR_MAX_DEFS);
        return NULL;
    }
    g->defs = grammar_grow(g, g->defs, g->def_count, sizeof(Def *), scan->err);
    Def *def = g->defs == NULL ? NULL : grammar_room(g, 1, sizeof *def, scan->err);
    if (def == NULL) return NULL;
    *def = (Def){.name = name, .kind = kind, .place = scan->place};
    g->defs[g->def_count++] = def;
    return def;
}

static Cell *add_cell(Scan *scan, Def *def, int cells)
{
    def->cells = grammar_grow(scan->g, def->cells, cells, sizeof(Cell), scan->err);
    return def->cells == NULL ? NULL : &def->cells[cells];
}

static bool text_cell(Scan *scan, Def *def, int cells, const char *text)
{
    Cell *cell = add_cell(scan, def, cells);
    if (cell == NULL) return false;
    cell->text = text;
    cell->len = (Index)strlen(text);
    return true;
}

/* The next item of `a, two words, "with, comma"`. NULL with err, "" at the end of the line. */
static char *read_item(Scan *scan)
{
    skip_spaces(scan);
    char *item;
    if (scan->at < scan->end && *scan->at == '"') {
        Token token;
        if (!scan_token(scan, &token)) return NULL;
        item = scan_plain(scan, token.text, token.len);
        Token next = scan_peek(scan);
        if (item != NULL && next.kind != TOKEN_END && !token_is(&next, ",")) {
            return scan_expect(scan, ",", "the text") ? item : NULL;
        }
    } else {
        const char *start = scan->at;
        while (scan->at < scan->end && *scan->at != ',' && *scan->at != '#') scan->at++;
        const char *stop = scan->at;
        while (stop > start && (stop[-1] == ' ' || stop[-1] == '\t')) stop--;
        item = grammar_copy(scan->g, start, stop - start, scan->err);
    }
    scan_accept(scan, ",");
    return item;
}

static bool known_row(const Def *def, const char *text)
{
    for (int i = 0; i < def->row_count; i++) {
        if (strcmp(def->cells[i * def->field_count].text, text) == 0) return true;
    }
    return false;
}

static bool room_for_row(Scan *scan, const Def *def)
{
    if (def->row_count < GRAMMAR_MAX_ROWS) return true;
    return grammar_wrong(scan->err, scan->place, "`%s` has more than %d rows", def->name,
                         (int)GRAMMAR_MAX_ROWS);
}

static bool list_line(Scan *scan, Def *def)
{
    while (!at_end(scan)) {
        char *item = read_item(scan);
        if (item == NULL || !room_for_row(scan, def)) return false;
        if (item[0] == '\0') {
            return grammar_wrong(scan->err, scan->place, "an empty item in list `%s`", def->name);
        }
        if (known_row(def, item)) {
            return grammar_wrong(scan->err, scan->place, "`%s` is in list `%s` twice", item,
                                 def->name);
        }
        if (!text_cell(scan, def, def->row_count, item)) return false;
        def->row_count++;
    }
    return true;
}

static bool record_line(Scan *scan, Def *def)
{
    int first = def->row_count * def->field_count, found = 0;
    if (!room_for_row(scan, def)) return false;
    for (; !at_end(scan); found++) {
        char *item = read_item(scan);
        if (item == NULL) return false;
        if (found < def->field_count && !text_cell(scan, def, first + found, item)) return false;
    }
    if (found != def->field_count) {
        return grammar_wrong(scan->err, scan->place, "a row of `%s` has %d fields, not %d",
                             def->name, def->field_count, found);
    }
    if (known_row(def, def->cells[first].text)) {
        return grammar_wrong(scan->err, scan->place, "`%s` begins two rows of `%s`",
                             def->cells[first].text, def->name);
    }
    def->row_count++;
    return true;
}

bool set_line(Scan *scan, Def *def)
{
    return def->record ? record_line(scan, def) : list_line(scan, def);
}

static bool read_fields(Scan *scan, Def *def)
{
    if (!scan_expect(scan, "(", "the record's name")) return false;
    do {
        if (def->field_count == GRAMMAR_MAX_FIELDS) {
            return grammar_wrong(scan->err, scan->place, "more than %d fields",
                                 (int)GRAMMAR_MAX_FIELDS);
        }
        char *field = scan_name(scan, "the parenthesis");
        if (field == NULL) return false;
        if (grammar_field(def, field) >= 0) {
            return grammar_wrong(scan->err, scan->place, "field `%s` appears twice", field);
        }
        def->fields[def->field_count++] = field;
    } while (scan_accept(scan, ","));
    return scan_expect(scan, ")", "the fields");
}

Def *set_begin(Scan *scan, bool record)
{
    char *name = scan_name(scan, record ? "record" : "list");
    Def  *def = name == NULL ? NULL : grammar_define(scan, DEF_SET, name);
    if (def == NULL) return NULL;
    def->record = record;
    if (record) {
        bool ok =
            read_fields(scan, def) && scan_expect(scan, ":", "the parenthesis") && scan_done(scan);
        return ok ? def : NULL;
    }
    def->fields[def->field_count++] = "text";
    return scan_expect(scan, ":", "the list's name") && list_line(scan, def) ? def : NULL;
}

/* ---- tables --------------------------------------------------------------------------------- */

enum { COLUMN_NUMBER, COLUMN_TEXT, COLUMN_ANY };
static const char *const column_kinds[] = {"number", "text", "column"};

/* A table is a row of the record `table`; three of its fields say where columns are drawn. */
bool table_begin(Scan *scan, Def *columns[3])
{
    char *name = scan_name(scan, "table");
    char *letter = name == NULL ? NULL : scan_name(scan, "the table's name");
    if (letter == NULL || !scan_done(scan)) return false;
    Def *tables = grammar_find(scan->g, "table");
    if (tables == NULL) {
        tables = grammar_define(scan, DEF_SET, "table");
        if (tables == NULL) return false;
        static const char *const fields[] = {"name", "letter", "number", "text", "column"};
        for (int i = 0; i < 5; i++) tables->fields[tables->field_count++] = fields[i];
    }
    if (tables->field_count != 5 || known_row(tables, name)) {
        return grammar_wrong(scan->err, scan->place, "table `%s` is defined twice", name);
    }
    if (!room_for_row(scan, tables)) return false;
    int at = tables->row_count * 5;
    if (!text_cell(scan, tables, at, name) || !text_cell(scan, tables, at + 1, letter)) {
        return false;
    }
    for (int i = 0; i < 3; i++) {
        char own[64];
        snprintf(own, sizeof own, "%s.%s", name, column_kinds[i]);
        char *copy = grammar_copy(scan->g, own, (Index)strlen(own), scan->err);
        Def  *set = copy == NULL ? NULL : grammar_define(scan, DEF_SET, copy);
        Cell *cell = set == NULL ? NULL : add_cell(scan, tables, at + 2 + i);
        if (cell == NULL) return false;
        set->fields[0] = "name";
        set->fields[1] = "value";
        set->fields[2] = "kind";
        set->field_count = 3;
        cell->def = set;
        cell->def_name = copy;
        columns[i] = set;
    }
    tables->row_count++;
    return true;
}

static bool column_range(Scan *scan, Cell *value)
{
    Token low, high;
    if (!scan_token(scan, &low) || !scan_expect(scan, "..", "the lowest value") ||
        !scan_token(scan, &high)) {
        return false;
    }
    if (low.kind != TOKEN_NUMBER || high.kind != TOKEN_NUMBER || low.number > high.number) {
        return grammar_wrong(scan->err, scan->place, "a number column has a range as 1..9");
    }
    value->low = low.number;
    value->high = high.number;
    return true;
}

static bool add_column(Scan *scan, Def *set, const char *name, const Cell *value, int kind)
{
    int at = set->row_count * 3;
    if (known_row(set, name)) {
        return grammar_wrong(scan->err, scan->place, "column `%s` appears twice", name);
    }
    if (!room_for_row(scan, set) || !text_cell(scan, set, at, name)) return false;
    Cell *cell = add_cell(scan, set, at + 1);
    if (cell == NULL) return false;
    *cell = *value;
    if (!text_cell(scan, set, at + 2, column_kinds[kind])) return false;
    set->row_count++;
    return true;
}

bool table_line(Scan *scan, Def *columns[3])
{
    int kind = scan_accept(scan, "number") ? COLUMN_NUMBER : COLUMN_TEXT;
    if (kind == COLUMN_TEXT && !scan_expect(scan, "text", "the table's name, or `number`,")) {
        return false;
    }
    do {
        Cell  value = {.text = NULL};
        char *name = scan_name(scan, column_kinds[kind]);
        if (name == NULL) return false;
        if (kind == COLUMN_NUMBER) {
            if (!column_range(scan, &value)) return false;
        } else {
            value.def_name = scan_name(scan, "the column's name");
            if (value.def_name == NULL) return false;
        }
        if (!add_column(scan, columns[kind], name, &value, kind) ||
            !add_column(scan, columns[COLUMN_ANY], name, &value, kind)) {
            return false;
        }
    } while (scan_accept(scan, ","));
    return scan_done(scan);
}

bool table_end(Def *columns[3], Error *err)
{
    for (int i = COLUMN_NUMBER; i <= COLUMN_TEXT; i++) {
        if (columns[i]->row_count > 0) continue;
        return grammar_wrong(err, columns[i]->place, "the table has no %s column", column_kinds[i]);
    }
    return true;
}
