#ifndef CORE_WORKBENCH_EXPR_H
#define CORE_WORKBENCH_EXPR_H

/*
 * Expressions over values: in asserts, inline in prose, in predictions, plots and arguments.
 *
 *   s[r=4,seed=*].loss.last     rows of a table by key (* or an axis left out: all of them), a
 *                               member, an end of a series; on several rows: a vector with axes
 *   .first .last .min .max .mean .at(100) .x .y .count     of a series
 *   v[2]  m[1,3]  m[2,*]  v[1..3]   subscripts from 1; of a table, list or vector by position
 *   .rows .cols                 of a matrix
 *   + - * / ^  unary -  < <= > >= == !=  and or not  ( )  numbers 1e-3, words "text"
 *   x ~= y ± t  (also +- t; t in the unit of y, or 5% of it)
 *   min max mean std median sum count abs log log10 exp sqrt round floor argmin argmax norm rank
 *   all any first last   mean(v, r): means for each value of the axis r, over all other axes
 *   (min max std median count sum likewise);  argmin(v): where v has one numeric axis, that
 *   axis' value, else the position from 1;  argmin(v, r): the value of axis r there
 *   ratio(a, b) = a / b;  if(c, a, b);  share(x) shows as per cent
 *
 *   yes no true false
 *
 * Arithmetic, comparison, and, or, not work element by element on vectors, matrices and series of
 * one size, or with a number; a record with a member "matrix" stands for that member there. A
 * comparison of vectors as a verdict means: all of them. NaN or a missing value in a comparison is
 * an error, not false. What follows a decided "and", "or", "if" is not evaluated, so it may guard.
 * std is that of a sample (n - 1) and needs two values. at(x) is the last point up to x, between
 * the first and the last. Depth, length and number of operations are bounded.
 */

#include "core/workbench/datum.h"

typedef struct Expr Expr;

/* Where a text went wrong: bytes from its start. */
typedef struct ExprFault {
    Index at;
    char  message[200], hint[160];
} ExprFault;

#define EXPR_MAX_TEXT 2000

NODISCARD Expr *expr_parse(const char *text, Index n, ExprFault *fault, Error *err);
void            expr_free(Expr *expr);
/* Each name that the expression starts a path with ("s", "r"), once, in order; but not what may
 * be a word: a bare name after "key=" in a subscript, or a function's axis as in mean(v, r). */
Index       expr_names(const Expr *expr);
const char *expr_name(const Expr *expr, Index i);

/* Values by name: borrowed, NULL when there is none. */
typedef struct Scope {
    void *context;
    const Datum *(*find)(void *context, const char *name);
    /* The nearest known name for a hint, or NULL. May be NULL. */
    const char *(*nearest)(void *context, const char *name);
} Scope;

/* fault (may be NULL) tells the place of an ERR_INPUT. */
NODISCARD Datum *expr_eval(const Expr *expr, const Scope *scope, ExprFault *fault, Error *err);
/* A verdict: number or vector of yes/no; others are ERR_INPUT. */
NODISCARD bool expr_holds(const Expr *expr, const Scope *scope, bool *holds, ExprFault *fault,
                          Error *err);
/* "0.039 < 0.114": the expression with its operands' values in place of paths. */
NODISCARD bool expr_explain(Str *out, const Expr *expr, const Scope *scope, Error *err);

/*
 * Text with values in braces: "fell to {s.loss.last:.3f}". After ':' a format: .3f .2e .4g .1% d b
 * (bytes), or nothing. "\{" is a brace. escape: every character of a value that Markdown could
 * take for markup gets a backslash before it.
 */
NODISCARD bool fill_text(Str *out, const char *text, Index n, const Scope *scope, bool escape,
                         ExprFault *fault, Error *err);
/* The same with each value between FILL_BEGIN and FILL_END, U+FFF9 and U+FFFB. */
#define FILL_BEGIN "\xef\xbf\xb9"
#define FILL_END "\xef\xbf\xbb"
NODISCARD bool fill_marked(Str *out, const char *text, Index n, const Scope *scope, bool escape,
                           ExprFault *fault, Error *err);
/* fill_text for an argument of a command: values with all their digits (datum_exact), no formats.
 */
NODISCARD bool fill_exact(Str *out, const char *text, Index n, const Scope *scope, ExprFault *fault,
                          Error *err);
/* All braces well formed; with a scope (of blanks, say) every expression in them has a value. */
NODISCARD bool fill_check(const char *text, Index n, const Scope *scope, ExprFault *fault,
                          Error *err);
/* Does it hold braces to be filled? */
bool fill_needed(const char *text);

#endif
