/*
 * Texts in quotes. Inside braces stands one of
 *
 *   {name} {name.field} {n - m}        a value; {n:02} with two digits at least
 *   {one|two|three}                    a choice; branches may hold braces themselves
 *   {30%: text|otherwise}              the first branch in 30 of 100 cases
 *   {if n > m: text|otherwise}         the first branch where the comparison holds
 *
 * and outside \n \" \\ \{ \} \| stand for themselves.
 */

#include <string.h>

#include "core/train/grammar_scan.h"

typedef struct Parser {
    Scan *scan;
    int   nesting;
} Parser;

static bool parse_pieces(Parser *parser, const char *at, const char *end, Node **out);

/* The character that \c stands for; '\0' when there is no such escape. */
static char escaped(char c)
{
    if (c == 'n') return '\n';
    return c != '\0' && strchr("\"'\\{}|", c) != NULL ? c : '\0';
}

static bool bad_escape(Scan *scan, const char *at)
{
    return grammar_wrong(scan->err, scan->place,
                         "unknown escape `%.2s`; there are \\n \\\" \\' \\\\ \\{ \\} \\|", at);
}

char *scan_plain(Scan *scan, const char *text, Index len)
{
    char *out = grammar_room(scan->g, len + 1, 1, scan->err);
    if (out == NULL) return NULL;
    Index n = 0;
    for (Index i = 0; i < len; i++) {
        char c = text[i];
        if (c == '\\') {
            c = i + 1 < len ? escaped(text[i + 1]) : '\0';
            if (c == '\0') {
                bad_escape(scan, text + i);
                return NULL;
            }
            i++;
        }
        out[n++] = c;
    }
    return out;
}

/* The first `stop` outside braces in [at, end), or end. */
static const char *find_outside(const char *at, const char *end, char stop)
{
    int depth = 0;
    for (; at < end; at++) {
        if (*at == stop && depth == 0) return at;
        if (*at == '\\' && at + 1 < end) {
            at++;
        } else if (*at == '{') {
            depth++;
        } else if (*at == '}') {
            depth--;
        }
    }
    return end;
}

static bool parse_branches(Parser *parser, const char *at, const char *end, Node *node)
{
    for (bool more = true; more;) {
        const char *bar = find_outside(at, end, '|');
        node->branches = grammar_grow(parser->scan->g, node->branches, node->branch_count,
                                      sizeof(Node *), parser->scan->err);
        if (node->branches == NULL) return false;
        Node **branch = &node->branches[node->branch_count++];
        if (!parse_pieces(parser, at, bar, branch)) return false;
        more = bar < end;
        at = bar + 1;
    }
    if (node->kind != NODE_CHOICE && node->branch_count > 2) {
        return grammar_wrong(parser->scan->err, parser->scan->place,
                             "{%s: ...} has %d branches; two are the most",
                             node->kind == NODE_IF ? "if" : "%", node->branch_count);
    }
    return true;
}

/* What follows the colon of {if} and {%}: one space after it is not part of the text. */
static bool parse_after_colon(Parser *parser, Scan *inner, Node *node)
{
    if (!scan_expect(inner, ":", node->kind == NODE_IF ? "the comparison" : "%")) return false;
    const char *at = inner->at;
    if (at < inner->end && *at == ' ') at++;
    return parse_branches(parser, at, inner->end, node);
}

static bool parse_value(Scan *inner, Node *node)
{
    node->kind = NODE_VALUE;
    if (!scan_expr(inner, &node->expr)) return false;
    if (scan_accept(inner, ":")) {
        Token width;
        if (!scan_token(inner, &width)) return false;
        if (width.kind != TOKEN_NUMBER || width.len != 2 || width.text[0] != '0' ||
            width.number == 0) {
            return grammar_wrong(inner->err, inner->place,
                                 "a width is written :02 to :09, found `:%.*s`", (int)width.len,
                                 width.text);
        }
        node->width = (int)width.number;
    }
    return scan_done(inner);
}

/* What stands between { and }. */
static bool parse_braces(Parser *parser, const char *at, const char *end, Node *node)
{
    Scan inner = *parser->scan;
    inner.at = at;
    inner.end = end;
    Token first = scan_peek(&inner);

    if (token_is(&first, "if") && first.text + first.len < end && first.text[first.len] == ' ') {
        node->kind = NODE_IF;
        return scan_token(&inner, &first) && scan_cond(&inner, &node->cond) &&
               parse_after_colon(parser, &inner, node);
    }
    if (first.kind == TOKEN_NUMBER && first.text[first.len] == '%') {
        node->kind = NODE_CHANCE;
        node->percent = (int)(first.number > 100 ? 101 : first.number);
        if (node->percent > 100) {
            return grammar_wrong(inner.err, inner.place, "`%.*s%%` is above 100%%", (int)first.len,
                                 first.text);
        }
        return scan_token(&inner, &first) && scan_expect(&inner, "%", "the number") &&
               parse_after_colon(parser, &inner, node);
    }
    if (find_outside(at, end, '|') < end) {
        node->kind = NODE_CHOICE;
        return parse_branches(parser, at, end, node);
    }
    return parse_value(&inner, node);
}

/* A stretch of plain text up to the next brace; moves *at. */
static bool parse_text(Parser *parser, const char **at, const char *end, Node *node)
{
    const char *stop = *at;
    while (stop < end && *stop != '{' && *stop != '}') stop += *stop == '\\' ? 2 : 1;
    if (stop > end) stop = end;
    node->kind = NODE_TEXT;
    node->text = scan_plain(parser->scan, *at, stop - *at);
    if (node->text == NULL) return false;
    node->len = (Index)strlen(node->text);
    *at = stop;
    return true;
}

static bool parse_pieces(Parser *parser, const char *at, const char *end, Node **out)
{
    Scan *scan = parser->scan;
    *out = NULL;
    if (++parser->nesting > GRAMMAR_MAX_NESTING) {
        return grammar_wrong(scan->err, scan->place, "braces are nested more than %d deep",
                             (int)GRAMMAR_MAX_NESTING);
    }
    while (at < end) {
        Node *node = grammar_room(scan->g, 1, sizeof(Node), scan->err);
        if (node == NULL) return false;
        *out = node;
        out = &node->next;
        if (*at == '}')
            return grammar_wrong(scan->err, scan->place, "a } without its {: %.*s",
                                 (int)(end - at < 40 ? end - at : 40), at);
        if (*at != '{') {
            if (!parse_text(parser, &at, end, node)) return false;
            continue;
        }
        const char *close = find_outside(at + 1, end, '}');
        if (close == end) {
            return grammar_wrong(scan->err, scan->place, "a { without its }: %.*s",
                                 (int)(end - at < 40 ? end - at : 40), at);
        }
        if (!parse_braces(parser, at + 1, close, node)) return false;
        at = close + 1;
    }
    parser->nesting--;
    return true;
}

bool scan_template(Scan *scan, const char *text, Index len, Node **out)
{
    Parser parser = {.scan = scan};
    return parse_pieces(&parser, text, text + len, out);
}
