/*
 * A file of a grammar, line by line. A line without indentation begins a statement, indented
 * lines belong to it:
 *
 *   title, description, sample "text"          include "words.grammar"
 *   list NAME: item, item                      record NAME(field, field): a row on each line
 *   table NAME LETTER                          with lines `number NAME LOW..HIGH, ...` and
 *                                              `text NAME LIST, ...`
 *   rule NAME(argument, argument)              see grammar_rule.c
 *   reserve slot = value | value, slot = value
 */

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/train/grammar_scan.h"

#include <string.h>

typedef enum Statement { AT_NOTHING, AT_SET, AT_TABLE, AT_RULE } Statement;

typedef struct Reader {
    Grammar    *g;
    Error      *err;
    const char *folder; /* of the first file; NULL: nothing can be included */
    bool        top;    /* the first file: its title counts */
    Statement   statement;
    Def        *def;        /* the list, record or rule being read */
    Def        *columns[3]; /* of the table being read: number, text, column */
} Reader;

static bool plain_name(const char *name)
{
    Index len = (Index)strlen(name), tail = (Index)strlen(".grammar");
    if (len <= tail || len > 80 || strcmp(name + len - tail, ".grammar") != 0) return false;
    for (const char *c = name; *c != '\0'; c++) {
        bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');
        if (!letter && !(*c >= '0' && *c <= '9') && strchr("-_.", *c) == NULL) return false;
    }
    return name[0] != '.';
}

static bool include(Reader *reader, Scan *scan, const char *name)
{
    Grammar *g = reader->g;
    if (!plain_name(name) || reader->folder == NULL) {
        return grammar_wrong(scan->err, scan->place,
                             "cannot include `%.60s`: only a plain name.grammar%s", name,
                             reader->folder == NULL ? " from a file" : "");
    }
    for (int i = 0; i < g->file_count; i++) {
        if (strcmp(path_base(g->files[i]), name) == 0) return true; /* once is enough */
    }
    Str path = {0};
    str_addf(&path, "%s/%s", reader->folder, name);
    if (!path.failed && !path_exists(str_text(&path))) {
        str_clear(&path);
        str_addf(&path, "%s/../base/%s", reader->folder, name);
    }
    bool ok = str_ok(&path, scan->err);
    if (ok && !path_exists(str_text(&path))) {
        ok = grammar_wrong(scan->err, scan->place, "cannot include `%s`: no such file in %s", name,
                           reader->folder);
    }
    if (ok) {
        ok = grammar_read_file(g, str_text(&path), reader->folder, reader->err);
    }
    str_free(&path);
    return ok;
}

static bool reserve(Scan *scan)
{
    Grammar *g = scan->g;
    g->reserves = grammar_grow(g, g->reserves, g->reserve_count, sizeof(Reserve), scan->err);
    if (g->reserves == NULL) return false;
    Reserve *one = &g->reserves[g->reserve_count++];
    one->place = scan->place;
    do {
        int k = one->count;
        if (k == GRAMMAR_MAX_ARGS) return grammar_wrong(scan->err, scan->place, "too many slots");
        one->slots[k] = scan_name(scan, k == 0 ? "reserve" : "the comma");
        if (one->slots[k] == NULL || !scan_expect(scan, "=", "the slot's name")) return false;
        do {
            Token token;
            if (!scan_token(scan, &token)) return false;
            if (token.kind == TOKEN_END || token.kind == TOKEN_SIGN) {
                return grammar_wrong(scan->err, scan->place, "slot `%s` needs a value",
                                     one->slots[k]);
            }
            if (one->value_counts[k] == GRAMMAR_MAX_FIELDS) {
                return grammar_wrong(scan->err, scan->place, "more than %d values of a slot",
                                     (int)GRAMMAR_MAX_FIELDS);
            }
            char *value = scan_plain(scan, token.text, token.len);
            if (value == NULL) return false;
            one->values[k][one->value_counts[k]++] = value;
        } while (scan_accept(scan, "|"));
        one->count++;
    } while (scan_accept(scan, ","));
    return scan_done(scan);
}

/* `keyword "text"`: where the text goes, or NULL for include. */
static bool text_statement(Reader *reader, Scan *scan, const char *keyword, const char **into)
{
    Token token = scan_peek(scan);
    if (token.kind != TOKEN_TEXT) return scan_expect(scan, "\"", keyword);
    if (!scan_token(scan, &token)) return false;
    char *text = scan_plain(scan, token.text, token.len);
    if (text == NULL || !scan_done(scan)) return false;
    if (into == NULL) return include(reader, scan, text);
    if (reader->top) *into = text; /* an included file's title is its own */
    return true;
}

static bool begin_rule(Reader *reader, Scan *scan)
{
    char *name = scan_name(scan, "rule");
    Def  *def = name == NULL ? NULL : grammar_define(scan, DEF_RULE, name);
    if (def == NULL) return false;
    reader->def = def;
    reader->statement = AT_RULE;
    return rule_begin(scan, def);
}

static bool begin_set(Reader *reader, Scan *scan, bool record)
{
    reader->def = set_begin(scan, record);
    reader->statement = AT_SET;
    return reader->def != NULL;
}

static bool begin_table(Reader *reader, Scan *scan)
{
    reader->statement = AT_TABLE;
    return table_begin(scan, reader->columns);
}

static bool end_statement(Reader *reader)
{
    Statement statement = reader->statement;
    reader->statement = AT_NOTHING;
    if (statement == AT_RULE) return rule_end(reader->def, reader->err);
    if (statement == AT_TABLE) return table_end(reader->columns, reader->err);
    if (statement == AT_SET && reader->def->row_count == 0) {
        return grammar_wrong(reader->err, reader->def->place, "`%s` is empty", reader->def->name);
    }
    return true;
}

static bool begin_statement(Reader *reader, Scan *scan)
{
    if (!end_statement(reader)) return false;
    Grammar *g = reader->g;
    if (scan_accept(scan, "title")) return text_statement(reader, scan, "title", &g->title);
    if (scan_accept(scan, "description")) {
        return text_statement(reader, scan, "description", &g->description);
    }
    if (scan_accept(scan, "sample")) return text_statement(reader, scan, "sample", &g->sample);
    if (scan_accept(scan, "include")) return text_statement(reader, scan, "include", NULL);
    if (scan_accept(scan, "list")) return begin_set(reader, scan, false);
    if (scan_accept(scan, "record")) return begin_set(reader, scan, true);
    if (scan_accept(scan, "table")) return begin_table(reader, scan);
    if (scan_accept(scan, "rule")) return begin_rule(reader, scan);
    if (scan_accept(scan, "reserve")) return reserve(scan);
    Token token;
    if (!scan_token(scan, &token)) return false;
    return grammar_wrong(scan->err, scan->place,
                         "a line begins with list, record, table, rule, reserve, include, title, "
                         "description or sample, or is indented; found `%.*s`",
                         (int)(token.len < 40 ? token.len : 40), token.text);
}

static bool read_line(Reader *reader, Scan *scan)
{
    bool indented = scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t');
    while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t')) scan->at++;
    if (scan->at == scan->end || *scan->at == '#') return true;
    if (!indented) return begin_statement(reader, scan);
    switch (reader->statement) {
    case AT_SET:
        return set_line(scan, reader->def);
    case AT_TABLE:
        return table_line(scan, reader->columns);
    case AT_RULE:
        return rule_line(scan, reader->def);
    case AT_NOTHING:
        break;
    }
    return grammar_wrong(scan->err, scan->place, "an indented line belongs to nothing: %.*s",
                         (int)(scan->end - scan->at < 40 ? scan->end - scan->at : 40), scan->at);
}

bool grammar_read_text(Grammar *g, const char *text, Index len, const char *file,
                       const char *folder, Error *err)
{
    Place start = {file, 1};
    if (!utf8_valid(text, len) || memchr(text, '\0', (size_t)len) != NULL) {
        return grammar_wrong(err, start, "the file is not UTF-8 text");
    }
    if (g->file_count == GRAMMAR_MAX_FILES) {
        return grammar_wrong(err, start, "more than %d files", (int)GRAMMAR_MAX_FILES);
    }
    char *name = grammar_copy(g, file, (Index)strlen(file), err);
    if (name == NULL) return false;
    g->files[g->file_count++] = name;

    Reader      reader = {.g = g, .err = err, .folder = folder, .top = g->file_count == 1};
    const char *end = text + len, *at = text;
    for (int line = 1; at < end; line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (stop == NULL) stop = end;
        Scan scan = {.g = g, .at = at, .end = stop, .place = {name, line}, .err = err};
        if (scan.end > at && scan.end[-1] == '\r') scan.end--;
        if (!read_line(&reader, &scan)) return false;
        at = stop + 1;
    }
    return end_statement(&reader);
}

bool grammar_read_file(Grammar *g, const char *path, const char *folder, Error *err)
{
    Index len = 0;
    char *text = file_read_all(path, GRAMMAR_MAX_FILE_BYTES, &len, err);
    if (text == NULL) return false;
    bool ok = grammar_read_text(g, text, len, path, folder, err);
    mem_free(text);
    return ok;
}
