/*
 * One line of a grammar: tokens, sums and comparisons. Texts are in grammar_template.c.
 */

#include "core/train/grammar_scan.h"

#include <stdio.h>
#include <string.h>

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static bool is_name(char c)
{
    return is_letter(c) || is_digit(c) || c == '_';
}

/* How much of [at, end) a complaint shows. */
static int shown(const char *at, const char *end)
{
    return (int)(end - at < 40 ? end - at : 40);
}

static bool read_number(Scan *scan, Token *token)
{
    token->kind = TOKEN_NUMBER;
    while (scan->at < scan->end && is_digit(*scan->at)) {
        token->number = token->number * 10 + (*scan->at++ - '0');
        if (token->number > GRAMMAR_MAX_NUMBER) {
            return grammar_wrong(scan->err, scan->place, "a number is above %d",
                                 (int)GRAMMAR_MAX_NUMBER);
        }
    }
    token->len = scan->at - token->text;
    return true;
}

static bool read_text(Scan *scan, Token *token)
{
    char quote = *scan->at++;
    token->kind = TOKEN_TEXT;
    token->text = scan->at;
    while (scan->at < scan->end && *scan->at != quote) {
        scan->at += *scan->at == '\\' && scan->at + 1 < scan->end ? 2 : 1;
    }
    if (scan->at >= scan->end) {
        return grammar_wrong(scan->err, scan->place, "a text has no closing %c: %.*s", quote,
                             shown(token->text, scan->end), token->text);
    }
    token->len = scan->at++ - token->text;
    return true;
}

bool scan_token(Scan *scan, Token *token)
{
    while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t')) scan->at++;
    *token = (Token){.kind = TOKEN_END, .text = scan->at};
    if (scan->at >= scan->end || *scan->at == '#') return true;

    char c = *scan->at;
    if (is_digit(c)) return read_number(scan, token);
    if (c == '"' || c == '\'') return read_text(scan, token);
    if (is_letter(c)) {
        token->kind = TOKEN_NAME;
        while (scan->at < scan->end && is_name(*scan->at)) scan->at++;
    } else if (strchr("=,.|()[]+-<>!:%", c) != NULL) {
        static const char *const pairs[] = {"..", "<=", ">=", "!="};
        token->kind = TOKEN_SIGN;
        scan->at++;
        for (int i = 0; i < 4; i++) {
            if (scan->at < scan->end && c == pairs[i][0] && *scan->at == pairs[i][1]) {
                scan->at++;
                break;
            }
        }
    } else {
        return grammar_wrong(scan->err, scan->place, "unexpected character at `%.*s`",
                             shown(scan->at, scan->end), scan->at);
    }
    token->len = scan->at - token->text;
    return true;
}

Token scan_peek(const Scan *scan)
{
    Scan  ahead = *scan;
    Token token;
    ahead.err = NULL;
    if (!scan_token(&ahead, &token)) token.kind = TOKEN_END;
    return token;
}

bool token_is(const Token *token, const char *word)
{
    return (token->kind == TOKEN_SIGN || token->kind == TOKEN_NAME) &&
           (Index)strlen(word) == token->len && memcmp(word, token->text, (size_t)token->len) == 0;
}

bool scan_accept(Scan *scan, const char *word)
{
    Token token = scan_peek(scan);
    return token_is(&token, word) && scan_token(scan, &token);
}

/* "expected X after Y, found Z": the complaint of every wrong token. */
static bool unexpected(Scan *scan, const char *expected, const char *after)
{
    Token found;
    if (!scan_token(scan, &found)) return false;
    if (found.kind == TOKEN_END) {
        return grammar_wrong(scan->err, scan->place, "expected %s after %s, found nothing",
                             expected, after);
    }
    return grammar_wrong(scan->err, scan->place, "expected %s after %s, found `%.*s`", expected,
                         after, shown(found.text, found.text + found.len), found.text);
}

bool scan_expect(Scan *scan, const char *word, const char *after)
{
    if (scan_accept(scan, word)) return true;
    char quoted[32];
    snprintf(quoted, sizeof quoted, "`%s`", word);
    return unexpected(scan, quoted, after);
}

bool scan_done(Scan *scan)
{
    Token rest;
    if (!scan_token(scan, &rest)) return false;
    if (rest.kind == TOKEN_END) return true;
    return grammar_wrong(scan->err, scan->place, "nothing may follow here, found `%.*s`",
                         shown(rest.text, scan->end), rest.text);
}

char *scan_name(Scan *scan, const char *what)
{
    Token token = scan_peek(scan);
    if (token.kind != TOKEN_NAME) {
        unexpected(scan, "a name", what);
        return NULL;
    }
    if (token.len > 40) {
        grammar_wrong(scan->err, scan->place, "the name `%.*s...` is longer than 40 characters", 40,
                      token.text);
        return NULL;
    }
    if (!scan_token(scan, &token)) return NULL;
    return grammar_copy(scan->g, token.text, token.len, scan->err);
}

static bool scan_term(Scan *scan, Term *term)
{
    Token token = scan_peek(scan);
    if (token.kind == TOKEN_NAME) {
        term->kind = TERM_REF;
        term->ref = (Ref){.slot = -1, .index = FIELD_NONE};
        term->ref.name = scan_name(scan, "a sign");
        if (term->ref.name == NULL) return false;
        if (!scan_accept(scan, ".")) return true;
        term->ref.field = scan_name(scan, "the dot");
        return term->ref.field != NULL;
    }
    if (token.kind == TOKEN_NUMBER || token.kind == TOKEN_TEXT) {
        if (!scan_token(scan, &token)) return false;
        term->kind = token.kind == TOKEN_NUMBER ? TERM_NUMBER : TERM_TEXT;
        term->number = token.number;
        if (term->kind == TERM_NUMBER) return true;
        term->text = scan_plain(scan, token.text, token.len);
        return term->text != NULL;
    }
    return unexpected(scan, "a name, a number or a text", "this");
}

bool scan_expr(Scan *scan, Expr *expr)
{
    int sign = 1;
    *expr = (Expr){.place = scan->place};
    if (scan_accept(scan, "-")) sign = -1;
    for (;;) {
        expr->terms = grammar_grow(scan->g, expr->terms, expr->count, sizeof(Term), scan->err);
        if (expr->terms == NULL) return false;
        Term *term = &expr->terms[expr->count++];
        term->sign = sign;
        if (!scan_term(scan, term)) return false;
        if (scan_accept(scan, "+")) {
            sign = 1;
        } else if (scan_accept(scan, "-")) {
            sign = -1;
        } else {
            return true;
        }
        if (expr->count >= GRAMMAR_MAX_ITEMS) {
            return grammar_wrong(scan->err, scan->place, "a sum has more than %d terms",
                                 (int)GRAMMAR_MAX_ITEMS);
        }
    }
}

bool scan_cond(Scan *scan, Cond *cond)
{
    static const char *const signs[COND_COUNT] = {
        [COND_EQ] = "=",  [COND_NE] = "!=", [COND_LE] = "<=",
        [COND_GE] = ">=", [COND_LT] = "<",  [COND_GT] = ">",
    };
    if (!scan_expr(scan, &cond->left)) return false;
    for (int op = 0; op < COND_COUNT; op++) {
        if (!scan_accept(scan, signs[op])) continue;
        cond->op = (CondOp)op;
        return scan_expr(scan, &cond->right);
    }
    return unexpected(scan, "one of = != < > <= >=", "the left side");
}
