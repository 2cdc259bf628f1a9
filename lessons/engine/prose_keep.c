/*
 * Blanks at which no line should break: between a number and its unit ("12.4 MB"), in a size
 * ("4 x 8"), around what compares ("r = 1"), and in figures in parentheses ("(1 == 1)").
 */

#include <string.h>

#include "core/base/text.h"
#include "lessons/engine/prose_parts.h"

enum { FIGURE_COLUMNS = 30, FIGURE_BYTES = 200 };

static bool is_mark(char c)
{
    return c > 0 && c < ' ' && c != PROSE_BREAK;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool ends_word(char c)
{
    return c == ' ' || c == PROSE_BREAK;
}

/* A word without marks of style; as much of it as a unit or a number may be long. */
typedef struct Word {
    char text[24];
    int  length;
} Word;

static void add(Word *word, char c)
{
    if (!is_mark(c) && word->length + 1 < (int)sizeof word->text) word->text[word->length++] = c;
    word->text[word->length] = '\0';
}

static Word word_before(const char *text, Index at)
{
    Word  word = {0};
    Index from = at;
    while (from > 0 && !ends_word(text[from - 1])) from--;
    for (Index i = from; i < at; i++) add(&word, text[i]);
    return word;
}

static Word word_after(const char *text, Index n, Index at)
{
    Word word = {0};
    for (Index i = at + 1; i < n && !ends_word(text[i]); i++) add(&word, text[i]);
    return word;
}

static bool is_number(const Word *word)
{
    const char *text = word->text + strspn(word->text, "([");
    return is_digit(text[0] == '-' || text[0] == '+' || text[0] == '~' ? text[1] : text[0]) &&
           is_digit(word->text[word->length - 1]) &&
           strspn(text, "0123456789.,+-e~") == strlen(text);
}

/* "MB" of "MB." or "MB)" */
static bool is_unit(const Word *word)
{
    static const char *const units[] = {
        "%",    "x",       "byte",  "bytes", "KB",      "MB",    "GB",         "TB",       "s",
        "ms",   "min",     "h",     "nat",   "nats",    "bits",  "nats/token", "tokens/s", "tokens",
        "rows", "columns", "steps", "seeds", "numbers", "times", "directions"};
    size_t length = strcspn(word->text, ".,;:!?)]");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strlen(units[i]) == length && memcmp(units[i], word->text, length) == 0) return true;
    }
    return strncmp(word->text, "\xc3\x97", 2) == 0; /* the sign of multiplication */
}

static bool is_times(const Word *word)
{
    return strcmp(word->text, "x") == 0 || strcmp(word->text, "\xc3\x97") == 0;
}

static bool compares(const Word *word)
{
    const char *sign = word->text;
    return strspn(sign, "=<>") == strlen(sign) || strcmp(sign, "\xe2\x89\x88") == 0;
}

static Index next_visible(const char *text, Index n, Index at)
{
    while (at < n && is_mark(text[at])) at++;
    return at;
}

/* The blank is between parentheses that open with a figure. */
static bool in_figure(const char *text, Index n, Index at, int most)
{
    Index open = at, close = at;
    while (open > 0 && at - open < FIGURE_BYTES && !strchr("()\v", text[open])) open--;
    while (close < n && close - at < FIGURE_BYTES && !strchr("()\v", text[close])) close++;
    if (text[open] != '(' || close == n || text[close] != ')') return false;
    char first = text[next_visible(text, n, open + 1)];
    return (is_digit(first) || first == '-' || first == '+') &&
           text_columns(text + open, close + 1 - open) <= most;
}

bool prose_keeps(const char *text, Index n, Index at, int columns)
{
    Word before = word_before(text, at), after = word_after(text, n, at);
    int  most = columns / 2 < FIGURE_COLUMNS ? columns / 2 : FIGURE_COLUMNS;
    if (before.length == 0 || after.length == 0) return false;
    if (before.length + 1 + after.length > most) return false;
    return (is_number(&before) && is_unit(&after)) || compares(&before) || compares(&after) ||
           (is_times(&before) && is_digit(after.text[0])) || in_figure(text, n, at, most);
}
