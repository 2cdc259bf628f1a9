/* Values of an expression: numbers, texts, names, calls, and the members and subscripts behind. */

#include <string.h>

#include "core/workbench/expr_parse.h"

/* ---- words ---- */

/* A word kept in the pool, which is twice the text's size: enough for each word, its NUL, and
 * once more as a subscript's raw value. */
static const char *keep_word(Expr *expr, const char *bytes, Index n)
{
    char *word = expr->pool + expr->pool_used;
    memcpy(word, bytes, (size_t)n);
    word[n] = '\0';
    expr->pool_used += n + 1;
    return word;
}

/* Between the quotes, with \" and \\ undone. */
static const char *keep_text(Expr *expr, const Token *token)
{
    const char *bytes = expr->text + token->at + 1;
    char       *word = expr->pool + expr->pool_used;
    Index       used = 0;
    for (Index i = 0; i < token->len - 2; i++) {
        if (bytes[i] == '\\' && i + 1 < token->len - 2) i++;
        word[used++] = bytes[i];
    }
    word[used] = '\0';
    expr->pool_used += used + 1;
    return word;
}

/* ---- primaries ---- */

static bool names_axis(const Parser *p, int call, int arg, int position)
{
    FunctionShape shape = expr_function(parser_node(p, call)->op)->shape;
    return position == 1 && parser_node(p, arg)->kind == NODE_NAME &&
           (shape == FUNCTION_REDUCE || shape == FUNCTION_WHERE);
}

/* Behind the opening parenthesis. */
static bool parse_arguments(Parser *p, int call)
{
    const Function *function = expr_function(parser_node(p, call)->op);
    int             count = 0, last = NO_NODE;
    while (p->token.kind != ')') {
        if (count > 0 && !parser_expect(p, ',', "\",\" or \")\"")) return false;
        int arg = parser_level(p, 1);
        if (arg == NO_NODE || !parser_adopt(p, call, arg)) return false;
        if (names_axis(p, call, arg, count)) parser_node(p, arg)->soft = true;
        if (last == NO_NODE) {
            parser_node(p, call)->left = arg;
        } else {
            parser_node(p, last)->next = arg;
        }
        last = arg;
        count++;
    }
    if (!parser_advance(p)) return false;
    parser_node(p, call)->end = p->behind;
    if (count >= function->min_args && count <= function->max_args) return true;
    blame_at(&p->blame, parser_node(p, call)->at, tr("%s takes %d to %d values, not %d"),
             function->name, function->min_args, function->max_args, count);
    return false;
}

static int parse_call(Parser *p, const char *name, Index at)
{
    int function = expr_function_find(name);
    if (function < 0) {
        blame_at(&p->blame, at, tr("there is no function \"%.40s\""), name);
        const char *near = expr_function_nearest(name);
        if (near != NULL) blame_hint(&p->blame, tr("did you mean %s?"), near);
        return NO_NODE;
    }
    int call = parser_add(p, NODE_CALL, at);
    if (call == NO_NODE) return NO_NODE;
    parser_node(p, call)->op = function;
    if (!parser_nest(p) || !parser_advance(p) || !parse_arguments(p, call)) return NO_NODE;
    p->nest--;
    return call;
}

static int parse_name(Parser *p)
{
    Token       token = p->token;
    const char *name = keep_word(p->expr, p->expr->text + token.at, token.len);
    if (!parser_advance(p)) return NO_NODE;
    if (p->token.kind == '(') return parse_call(p, name, token.at);
    bool yes = strcmp(name, "yes") == 0 || strcmp(name, "true") == 0;
    bool no = strcmp(name, "no") == 0 || strcmp(name, "false") == 0;
    int  i = parser_add(p, yes || no ? NODE_YES : NODE_NAME, token.at);
    if (i == NO_NODE) return NO_NODE;
    parser_node(p, i)->word = name;
    parser_node(p, i)->number = yes ? 1.0 : 0.0;
    return i;
}

static int parse_group(Parser *p)
{
    Index at = p->token.at;
    if (!parser_nest(p)) return NO_NODE;
    if (!parser_advance(p)) return NO_NODE;
    int inner = parser_level(p, 1);
    if (inner == NO_NODE || !parser_expect(p, ')', "\")\"")) return NO_NODE;
    p->nest--;
    parser_node(p, inner)->at = at;
    parser_node(p, inner)->end = p->behind;
    return inner;
}

static int parse_primary(Parser *p)
{
    Token token = p->token;
    int   i;
    switch (token.kind) {
    case TOKEN_NAME:
        return parse_name(p);
    case '(':
        return parse_group(p);
    case TOKEN_NUMBER:
    case TOKEN_TEXT:
        if (!parser_advance(p)) return NO_NODE;
        i = parser_add(p, token.kind == TOKEN_NUMBER ? NODE_NUMBER : NODE_TEXT, token.at);
        if (i == NO_NODE) return NO_NODE;
        parser_node(p, i)->number = token.number;
        if (token.kind == TOKEN_TEXT) parser_node(p, i)->word = keep_text(p->expr, &token);
        return i;
    default:
        return parser_unexpected(p, "a value");
    }
}

/* ---- subscripts ---- */

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

/* The value of "key=" where it is written like a word of a command line: sql-lite, true, 8. */
static const char *raw_word(Parser *p, Index at)
{
    const char *text = p->expr->text;
    Index       n = p->expr->len, end;
    while (at < n && text[at] == ' ') at++;
    for (end = at; end < n && is_word_char(text[end]);) end++;
    Index behind = end;
    while (behind < n && text[behind] == ' ') behind++;
    bool whole = behind < n && (text[behind] == ',' || text[behind] == ']');
    return end > at && whole ? keep_word(p->expr, text + at, end - at) : NULL;
}

static int parse_key(Parser *p, Token name)
{
    const char *word = keep_word(p->expr, p->expr->text + name.at, name.len);
    const char *raw = raw_word(p, p->token.at + 1);
    int         i = parser_add(p, NODE_KEY, name.at), first = p->expr->count;
    if (i == NO_NODE || !parser_advance(p)) return NO_NODE;
    parser_node(p, i)->word = word;
    parser_node(p, i)->raw = raw;
    Index at = p->token.at;
    int   value;
    if (p->token.kind == '*') {
        if (!parser_advance(p)) return NO_NODE;
        value = parser_add(p, NODE_ALL, at);
    } else {
        value = parser_level(p, LEVEL_SUM);
    }
    if (value == NO_NODE || !parser_adopt(p, i, value)) return NO_NODE;
    parser_node(p, i)->left = value;
    for (int n = first; raw != NULL && n < p->expr->count; n++) parser_node(p, n)->soft = true;
    return i;
}

static int parse_item(Parser *p)
{
    Token token = p->token;
    if (token.kind == '*') {
        if (!parser_advance(p)) return NO_NODE;
        return parser_add(p, NODE_ALL, token.at);
    }
    if (token.kind == TOKEN_NAME) { /* a key, when "=" follows */
        Token after;
        if (!expr_token(p->expr->text, p->expr->len, token.at + token.len, &after, &p->blame)) {
            return NO_NODE;
        }
        if (after.kind == '=') return parser_advance(p) ? parse_key(p, token) : NO_NODE;
    }
    int from = parser_level(p, LEVEL_SUM);
    if (from == NO_NODE || p->token.kind != TOKEN_DOTS) return from;
    Index mark = p->token.at;
    if (!parser_advance(p)) return NO_NODE;
    int to = parser_level(p, LEVEL_SUM);
    return to != NO_NODE ? parser_join(p, NODE_RANGE, mark, from, to) : NO_NODE;
}

/* Behind "[": items up to "]". */
static bool parse_items(Parser *p, int index)
{
    int last = NO_NODE, keys = 0, positions = 0;
    do {
        if (last != NO_NODE && !parser_advance(p)) return false;
        int item = parse_item(p);
        if (item == NO_NODE || !parser_adopt(p, index, item)) return false;
        if (last == NO_NODE) {
            parser_node(p, index)->right = item;
        } else {
            parser_node(p, last)->next = item;
        }
        last = item;
        *(parser_node(p, item)->kind == NODE_KEY ? &keys : &positions) += 1;
        if (keys > 0 && positions > 0) {
            return blame_at(&p->blame, parser_node(p, item)->at,
                            tr("a subscript has either keys (r=4) or positions, not both"));
        }
        if (positions > 2) {
            return blame_at(&p->blame, parser_node(p, item)->at,
                            tr("a subscript has at most two positions"));
        }
    } while (p->token.kind == ',');
    if (!parser_expect(p, ']', "\",\" or \"]\"")) return false;
    parser_node(p, index)->end = p->behind;
    return true;
}

static int parse_index(Parser *p, int base)
{
    int i = parser_join(p, NODE_INDEX, p->token.at, base, NO_NODE);
    if (i == NO_NODE) return NO_NODE;
    if (!parser_nest(p)) return NO_NODE;
    if (!parser_advance(p) || !parse_items(p, i)) return NO_NODE;
    p->nest--;
    return i;
}

static int parse_member(Parser *p, int base)
{
    if (!parser_advance(p)) return NO_NODE;
    if (p->token.kind != TOKEN_NAME) return parser_unexpected(p, "a member's name");
    Token       token = p->token;
    const char *name = keep_word(p->expr, p->expr->text + token.at, token.len);
    if (!parser_advance(p)) return NO_NODE;
    if (p->token.kind != '(') {
        int i = parser_join(p, NODE_MEMBER, token.at, base, NO_NODE);
        if (i == NO_NODE) return NO_NODE;
        parser_node(p, i)->word = name;
        parser_node(p, i)->end = p->behind;
        return i;
    }
    if (strcmp(name, "at") != 0) {
        blame_at(&p->blame, token.at, tr("only .at(x) takes a value after a point"));
        if (expr_function_find(name) >= 0) {
            blame_hint(&p->blame, tr("write %s(...) around the value"), name);
        }
        return NO_NODE;
    }
    if (!parser_nest(p)) return NO_NODE;
    if (!parser_advance(p)) return NO_NODE;
    int x = parser_level(p, LEVEL_SUM);
    if (x == NO_NODE || !parser_expect(p, ')', "\")\"")) return NO_NODE;
    p->nest--;
    int i = parser_join(p, NODE_AT, token.at, base, x);
    if (i != NO_NODE) parser_node(p, i)->end = p->behind;
    return i;
}

int parser_path(Parser *p)
{
    int i = parse_primary(p);
    while (i != NO_NODE) {
        if (p->token.kind == '.') {
            i = parse_member(p, i);
        } else if (p->token.kind == '[') {
            i = parse_index(p, i);
        } else {
            break;
        }
    }
    return i;
}
