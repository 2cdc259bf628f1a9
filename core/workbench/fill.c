/* Text with values in braces: finding the braces, formats, and escaping for Markdown. */

#include <string.h>

#include "core/workbench/expr_internal.h"

/* A pair of braces: the expression, and the format behind its ':'. */
typedef struct Hole {
    Index open, close; /* of the braces */
    Index end;         /* of the expression */
    char  format;      /* 0: none given */
    int   digits;
} Hole;

enum { DIGITS_MOST = 15 };

/* ---- formats ---- */

static bool bad_format(const Blame *blame, Index at, const char *text, Index n)
{
    blame_at(blame, at, tr("\"%.*s\" is no format"), n < 20 ? (int)n : 20, text + at);
    return blame_hint(blame, tr("formats are .3f .2e .4g .1%% d b"));
}

/* From behind the ':' to the closing brace. */
static bool parse_format(const char *text, Hole *hole, const Blame *blame)
{
    Index at = hole->end + 1, i = at, n = hole->close - at;
    hole->digits = -1;
    if (i < hole->close && text[i] == '.') {
        hole->digits = 0;
        for (i++; i < hole->close && text[i] >= '0' && text[i] <= '9' && i < at + 3; i++) {
            hole->digits = hole->digits * 10 + (text[i] - '0');
        }
        if (i == at + 1 || hole->digits > DIGITS_MOST) return bad_format(blame, at, text, n);
    }
    bool one = i + 1 == hole->close && text[i] != '\0';
    bool plain = one && hole->digits < 0 && (text[i] == 'd' || text[i] == 'b');
    if (!plain && !(one && strchr("feg%", text[i]) != NULL)) {
        return bad_format(blame, at, text, n);
    }
    hole->format = text[i];
    return true;
}

/* ---- holes ---- */

/* The brace that ends the hole, or the ':' before it; quotes hide both. */
static Index find_end(const char *text, Index n, Index at, const char *stops)
{
    bool quoted = false;
    for (; at < n; at++) {
        if (quoted && text[at] == '\\') {
            at++;
        } else if (text[at] == '"') {
            quoted = !quoted;
        } else if (!quoted && text[at] != '\0' && strchr(stops, text[at]) != NULL) {
            break;
        }
    }
    return at < n ? at : n;
}

static bool read_hole(const char *text, Index n, Index open, Hole *hole, const Blame *blame)
{
    *hole = (Hole){.open = open, .digits = -1};
    hole->close = find_end(text, n, open + 1, "}");
    hole->end = find_end(text, n, open + 1, "}:");
    if (hole->close == n) {
        blame_at(blame, open, tr("the brace that opens here is not closed"));
        return blame_hint(blame, tr("write \\{ for a brace that is text"));
    }
    return text[hole->end] != ':' || parse_format(text, hole, blame);
}

static Expr *parse_hole(const char *text, const Hole *hole, const Blame *blame)
{
    ExprFault fault = {0};
    Error     err = {0};
    Index     at = hole->open + 1;
    Expr     *expr = expr_parse(text + at, hole->end - at, &fault, &err);
    if (expr != NULL) return expr;
    if (err.code == ERR_INPUT) {
        blame_at(blame, at + fault.at, "%s", fault.message);
        if (fault.hint[0] != '\0') blame_hint(blame, "%s", fault.hint);
    } else {
        error_set(blame->err, err.code, "%s", err.message);
    }
    return NULL;
}

static Datum *eval_hole(const char *text, const Hole *hole, const Scope *scope, const Blame *blame)
{
    Expr *expr = parse_hole(text, hole, blame);
    if (expr == NULL) return NULL;
    ExprFault fault = {0};
    Error     err = {0};
    Datum    *value = expr_eval(expr, scope, &fault, &err);
    expr_free(expr);
    if (value != NULL) return value;
    if (err.code == ERR_INPUT) {
        blame_at(blame, hole->open + 1 + fault.at, "%s", fault.message);
        if (fault.hint[0] != '\0') blame_hint(blame, "%s", fault.hint);
    } else {
        error_set(blame->err, err.code, "%s", err.message);
    }
    return NULL;
}

/* ---- walking ---- */

/* What is to be done with each hole; holes without any: only well formed. */
typedef bool HoleFn(void *context, const char *text, const Hole *hole, const Blame *blame);

/* Plain text goes to out (NULL: nowhere), with \{ as a brace. */
static bool walk(Str *out, const char *text, Index n, HoleFn *fn, void *context, const Blame *blame)
{
    for (Index i = 0; i < n;) {
        bool escaped = text[i] == '\\' && i + 1 < n && text[i + 1] == '{';
        if (text[i] != '{' || escaped) {
            if (out != NULL) str_add_bytes(out, text + i + escaped, 1);
            i += escaped ? 2 : 1;
            continue;
        }
        Hole hole;
        if (!read_hole(text, n, i, &hole, blame) || !fn(context, text, &hole, blame)) return false;
        i = hole.close + 1;
    }
    return true;
}

/* ---- for Markdown ---- */

static bool is_punctuation(char c)
{
    return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
           (c >= '{' && c <= '~');
}

/* A text from anywhere: each sign that Markdown knows gets its backslash, and blanks that could
 * begin a block (a code block, a paragraph) become characters that cannot. */
static void add_escaped(Str *out, const char *text)
{
    for (Index i = 0; text[i] != '\0'; i++) {
        char c = text[i];
        bool inner = i > 0 && text[i - 1] != ' ' && text[i + 1] != '\0';
        if (c == '\n' || c == '\r' || c == '\t' || (c == ' ' && !inner)) {
            str_add(out, "&#32;");
        } else {
            if (is_punctuation(c)) str_add(out, "\\");
            str_add_bytes(out, &c, 1);
        }
    }
}

/* A number's own signs (. , - % and blanks) mean nothing within a line; brackets could. */
static void add_escaped_number(Str *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("[]()<>*_`\\|~", *text) != NULL) str_add(out, "\\");
        str_add_bytes(out, text, 1);
    }
}

/* ---- the three fills ---- */

typedef struct Fill {
    Str         *out;
    const Scope *scope;
    bool         escape, marks;
} Fill;

static bool fill_hole(void *context, const char *text, const Hole *hole, const Blame *blame)
{
    Fill  *fill = context;
    Datum *value = eval_hole(text, hole, fill->scope, blame);
    if (value == NULL) return false;
    Str shown = {0};
    datum_show(&shown, value, hole->format, hole->digits, true);
    bool number =
        value->kind == DATUM_NUMBER || value->kind == DATUM_VECTOR || value->kind == DATUM_MATRIX;
    if (fill->marks) str_add(fill->out, FILL_BEGIN);
    if (!fill->escape) {
        str_add(fill->out, str_text(&shown));
    } else if (number) {
        add_escaped_number(fill->out, str_text(&shown));
    } else {
        add_escaped(fill->out, str_text(&shown));
    }
    if (fill->marks) str_add(fill->out, FILL_END);
    fill->out->failed = fill->out->failed || shown.failed;
    str_free(&shown);
    datum_drop(value);
    return true;
}

bool fill_marked(Str *out, const char *text, Index n, const Scope *scope, bool escape,
                 ExprFault *fault, Error *err)
{
    Blame blame = {fault, err};
    Fill  fill = {.out = out, .scope = scope, .escape = escape, .marks = true};
    if (fault != NULL) *fault = (ExprFault){0};
    return walk(out, text, n, fill_hole, &fill, &blame) && str_ok(out, err);
}

bool fill_text(Str *out, const char *text, Index n, const Scope *scope, bool escape,
               ExprFault *fault, Error *err)
{
    Blame blame = {fault, err};
    Fill  fill = {.out = out, .scope = scope, .escape = escape};
    if (fault != NULL) *fault = (ExprFault){0};
    return walk(out, text, n, fill_hole, &fill, &blame) && str_ok(out, err);
}

static bool exact_hole(void *context, const char *text, const Hole *hole, const Blame *blame)
{
    Fill *fill = context;
    if (hole->format != 0) {
        return blame_at(blame, hole->end, tr("a command takes values with all their digits"));
    }
    Datum *value = eval_hole(text, hole, fill->scope, blame);
    if (value == NULL) return false;
    bool ok = datum_exact(fill->out, value);
    if (!ok) {
        blame_at(blame, hole->open, tr("a %s cannot be part of a command"),
                 datum_kind_name(value->kind));
    }
    datum_drop(value);
    return ok;
}

bool fill_exact(Str *out, const char *text, Index n, const Scope *scope, ExprFault *fault,
                Error *err)
{
    Blame blame = {fault, err};
    Fill  fill = {.out = out, .scope = scope};
    if (fault != NULL) *fault = (ExprFault){0};
    return walk(out, text, n, exact_hole, &fill, &blame) && str_ok(out, err);
}

static bool check_hole(void *context, const char *text, const Hole *hole, const Blame *blame)
{
    const Fill *fill = context;
    if (fill->scope == NULL) {
        Expr *expr = parse_hole(text, hole, blame);
        expr_free(expr);
        return expr != NULL;
    }
    Datum *value = eval_hole(text, hole, fill->scope, blame);
    datum_drop(value);
    return value != NULL;
}

bool fill_check(const char *text, Index n, const Scope *scope, ExprFault *fault, Error *err)
{
    Blame blame = {fault, err};
    Fill  fill = {.scope = scope};
    if (fault != NULL) *fault = (ExprFault){0};
    return walk(NULL, text, n, check_hole, &fill, &blame);
}

bool fill_needed(const char *text)
{
    for (; *text != '\0'; text++) {
        if (text[0] == '\\' && text[1] == '{') {
            text++;
        } else if (text[0] == '{') {
            return true;
        }
    }
    return false;
}
