/* The tokens of an expression, and how mistakes are told. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/workbench/expr_internal.h"

/* ---- blame ---- */

bool blame_at(const Blame *blame, Index at, const char *fmt, ...)
{
    char    message[sizeof((ExprFault *)0)->message];
    va_list args;
    if (blame->err != NULL && blame->err->code != ERR_NONE) return false;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    if (blame->fault != NULL) {
        *blame->fault = (ExprFault){.at = at};
        memcpy(blame->fault->message, message, sizeof message);
    }
    return error_set(blame->err, ERR_INPUT, "%s", message);
}

bool blame_hint(const Blame *blame, const char *fmt, ...)
{
    char    hint[sizeof((ExprFault *)0)->hint];
    va_list args;
    va_start(args, fmt);
    vsnprintf(hint, sizeof hint, fmt, args);
    va_end(args);
    if (blame->fault != NULL && blame->fault->hint[0] == '\0') {
        memcpy(blame->fault->hint, hint, sizeof hint);
    }
    return error_hint(blame->err, "%s", hint);
}

Nearest nearest_to(const char *wrong)
{
    /* Half of a short name exchanged is another name, not a slip. */
    size_t n = strlen(wrong);
    return (Nearest){.wrong = wrong, .distance = n < 2 ? 1 : n < 3 ? 2 : n < 6 ? 3 : 4};
}

void nearest_offer(Nearest *nearest, const char *name)
{
    int distance = str_distance(nearest->wrong, name);
    if (distance >= nearest->distance) return;
    nearest->distance = distance;
    nearest->best = name;
}

/* ---- tokens ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static char char_at(const char *text, Index n, Index i)
{
    return i < n ? text[i] : '\0';
}

static Index digits_end(const char *text, Index n, Index i)
{
    while (i < n && is_digit(text[i])) i++;
    return i;
}

/* 12, 1.5, .5, 1e-3; the point belongs to the number only before a digit, so that 1..3 is a
 * range. */
static bool take_number(const char *text, Index n, Token *token, const Blame *blame)
{
    Index i = digits_end(text, n, token->at);
    if (char_at(text, n, i) == '.' && is_digit(char_at(text, n, i + 1))) {
        i = digits_end(text, n, i + 1);
    }
    char  sign = char_at(text, n, i + 1);
    Index power = i + 1 + (sign == '+' || sign == '-');
    if ((char_at(text, n, i) | 0x20) == 'e' && is_digit(char_at(text, n, power))) {
        i = digits_end(text, n, power);
    }
    char digits[64];
    token->kind = TOKEN_NUMBER;
    token->len = i - token->at;
    if (token->len >= (Index)sizeof digits) {
        return blame_at(blame, token->at, tr("a number of %td characters is too long"), token->len);
    }
    memcpy(digits, text + token->at, (size_t)token->len);
    digits[token->len] = '\0';
    token->number = strtod(digits, NULL);
    if (isfinite(token->number)) return true;
    return blame_at(blame, token->at, tr("%s is too large a number"), digits);
}

static bool take_text(const char *text, Index n, Token *token, const Blame *blame)
{
    Index i = token->at + 1;
    while (i < n && text[i] != '"') i += text[i] == '\\' && i + 1 < n ? 2 : 1;
    if (i >= n) return blame_at(blame, token->at, tr("the text that begins here has no end"));
    token->kind = TOKEN_TEXT;
    token->len = i + 1 - token->at;
    return true;
}

static bool take_name(const char *text, Index n, Token *token)
{
    static const struct {
        const char *word;
        int         kind;
    } words[] = {{"and", TOKEN_AND}, {"or", TOKEN_OR}, {"not", TOKEN_NOT}};
    Index i = token->at;
    while (i < n && (is_name_start(text[i]) || is_digit(text[i]))) i++;
    token->kind = TOKEN_NAME;
    token->len = i - token->at;
    for (size_t w = 0; w < sizeof words / sizeof words[0]; w++) {
        bool same = (Index)strlen(words[w].word) == token->len &&
                    memcmp(words[w].word, text + token->at, (size_t)token->len) == 0;
        if (same) token->kind = words[w].kind;
    }
    return true;
}

/* Signs of two characters and more; 0 where there is none. */
static int long_sign(const char *text, Index n, Index at, Index *len)
{
    static const struct {
        const char *sign;
        int         kind;
    } signs[] = {{"<=", TOKEN_LESS_EQUAL},   {">=", TOKEN_GREATER_EQUAL}, {"==", TOKEN_EQUAL},
                 {"!=", TOKEN_UNEQUAL},      {"~=", TOKEN_CLOSE},         {"+-", TOKEN_WITHIN},
                 {"\xc2\xb1", TOKEN_WITHIN}, {"..", TOKEN_DOTS}};
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        *len = (Index)strlen(signs[i].sign);
        if (at + *len <= n && memcmp(text + at, signs[i].sign, (size_t)*len) == 0) {
            return signs[i].kind;
        }
    }
    return 0;
}

static bool unknown_sign(const char *text, Index n, Index at, const Blame *blame)
{
    Str      shown = {0};
    uint32_t cp;
    int      length = utf8_decode(text + at, n - at, &cp);
    safe_text(&shown, text + at, length > 0 ? length : -length, false, 0);
    blame_at(blame, at, tr("\"%s\" means nothing here"), str_text(&shown));
    str_free(&shown);
    switch (text[at]) {
    case '&':
        return blame_hint(blame, tr("write \"and\""));
    case '|':
        return blame_hint(blame, tr("write \"or\""));
    case '!':
        return blame_hint(blame, tr("write \"not\", or != between two values"));
    case '\'':
        return blame_hint(blame, tr("a text stands between \" and \""));
    case '{':
    case '}':
        return blame_hint(blame, tr("this is inside of an expression already"));
    default:
        return false;
    }
}

bool expr_token(const char *text, Index n, Index at, Token *token, const Blame *blame)
{
    while (at < n && (text[at] == ' ' || text[at] == '\n' || text[at] == '\t')) at++;
    *token = (Token){.kind = TOKEN_END, .at = at};
    if (at >= n) return true;
    char c = text[at];
    if (is_digit(c) || (c == '.' && is_digit(char_at(text, n, at + 1)))) {
        return take_number(text, n, token, blame);
    }
    if (is_name_start(c)) return take_name(text, n, token);
    if (c == '"') return take_text(text, n, token, blame);
    token->kind = long_sign(text, n, at, &token->len);
    if (token->kind != 0) return true;
    token->kind = c;
    token->len = 1;
    /* strchr would find the NUL that a file may hold. */
    return (c != '\0' && strchr("+-*/^<>()[],.=%", c) != NULL) || unknown_sign(text, n, at, blame);
}
