#ifndef CORE_TRAIN_GRAMMAR_SCAN_H
#define CORE_TRAIN_GRAMMAR_SCAN_H

/*
 * Reading one line of a grammar: tokens, sums, comparisons, texts in quotes.
 *
 *   name     letters, digits and _, a letter first         number   digits
 *   text     "..." or '...'                                 sign     .. <= >= != or one character
 *
 * All functions that return bool or a pointer leave a message in scan->err when they fail.
 */

#include "core/train/grammar_parts.h"

typedef struct Scan {
    Grammar    *g;
    const char *at, *end;
    Place       place;
    Error      *err;
} Scan;

typedef enum TokenKind { TOKEN_END, TOKEN_NAME, TOKEN_NUMBER, TOKEN_TEXT, TOKEN_SIGN } TokenKind;
typedef struct Token {
    TokenKind   kind;
    const char *text; /* of a TEXT what stands between the quotes, escapes as written */
    Index       len;
    int64_t     number;
} Token;

NODISCARD bool scan_token(Scan *scan, Token *token);
/* The same without moving on; TOKEN_END on a bad one, which scan_token then complains of. */
Token scan_peek(const Scan *scan);
/* Skip the sign or name `word` when it is next. */
bool scan_accept(Scan *scan, const char *word);
/* ... which must be next; `after` says in the complaint where. */
NODISCARD bool scan_expect(Scan *scan, const char *word, const char *after);
NODISCARD bool scan_done(Scan *scan); /* nothing is left on the line */
bool           token_is(const Token *token, const char *word);

/* A name, copied into the arena; `what` says in the complaint what should be named. */
NODISCARD char *scan_name(Scan *scan, const char *what);
/* A text without braces: resolves \n, \", \', \\, \{, \}, \|. */
NODISCARD char *scan_plain(Scan *scan, const char *text, Index len);
NODISCARD bool  scan_expr(Scan *scan, Expr *expr);
NODISCARD bool  scan_cond(Scan *scan, Cond *cond);
/* The pieces of a text with braces. *out is NULL for an empty text. */
NODISCARD bool scan_template(Scan *scan, const char *text, Index len, Node **out);

/* The statements of several lines (grammar_set.c, grammar_rule.c); the keyword is read. */
NODISCARD Def *grammar_define(Scan *scan, DefKind kind, const char *name);
NODISCARD Def *set_begin(Scan *scan, bool record);
NODISCARD bool set_line(Scan *scan, Def *def);
NODISCARD bool table_begin(Scan *scan, Def *columns[3]);
NODISCARD bool table_line(Scan *scan, Def *columns[3]);
NODISCARD bool table_end(Def *columns[3], Error *err);
NODISCARD bool rule_begin(Scan *scan, Def *def);
NODISCARD bool rule_line(Scan *scan, Def *def);
NODISCARD bool rule_end(Def *def, Error *err);

/* grammar_read.c: one text, or one file, and what it includes. */
NODISCARD bool grammar_read_text(Grammar *g, const char *text, Index len, const char *file,
                                 const char *folder, Error *err);
NODISCARD bool grammar_read_file(Grammar *g, const char *path, const char *folder, Error *err);

#endif
