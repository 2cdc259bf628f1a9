/* A line of the vocabulary, taken apart: [NAME =] [sweep AXIS=... :] VERB words. */

#include <string.h>

#include "core/base/mem.h"
#include "core/workbench/verb_line_internal.h"

enum { NAME_MOST = 40, WORDS_MOST = 64 };

typedef struct Reader {
    const char *text;
    Index       n, at;
    Blame       blame;
} Reader;

/* ---- characters ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char peek(const Reader *r, Index ahead)
{
    return r->at + ahead < r->n ? r->text[r->at + ahead] : '\0';
}

static void skip_blanks(Reader *r)
{
    while (r->at < r->n && is_blank(r->text[r->at])) r->at++;
}

/* Length of the name that begins at `at`, 0: none. dashes: as in max-steps. */
static Index name_length(const Reader *r, Index at, bool dashes)
{
    Index end = at;
    if (at >= r->n || !is_letter(r->text[at])) return 0;
    while (end < r->n &&
           (is_letter(r->text[end]) || is_digit(r->text[end]) || (dashes && r->text[end] == '-'))) {
        end++;
    }
    return end - at;
}

static char *copy_bytes(const char *bytes, Index n, Error *err)
{
    Str s = {0};
    str_add_bytes(&s, bytes, n);
    return str_take(&s, err);
}

/* ---- words ---- */

Index braces_end(const char *text, Index n, Index at)
{
    bool quoted = false;
    for (Index i = at + 1; i < n; i++) {
        if (quoted && text[i] == '\\') {
            i++;
        } else if (text[i] == '"') {
            quoted = !quoted;
        } else if (!quoted && text[i] == '}') {
            return i + 1;
        }
    }
    return 0;
}

static bool take_braces(Reader *r, Str *out)
{
    Index end = braces_end(r->text, r->n, r->at);
    if (end == 0) {
        blame_at(&r->blame, r->at, tr("the brace that opens here is not closed"));
        return blame_hint(&r->blame, tr("write \\{ for a brace that is text"));
    }
    str_add_bytes(out, r->text + r->at, end - r->at);
    r->at = end;
    return true;
}

/* Between quotes, which go to out only where keep says so. \" is a quote, \n ends a line. */
static bool take_quotes(Reader *r, Str *out, bool keep)
{
    Index open = r->at++;
    if (keep) str_add(out, "\"");
    while (r->at < r->n && r->text[r->at] != '"') {
        bool escape = r->text[r->at] == '\\' && r->at + 1 < r->n;
        if (r->text[r->at] == '{') {
            if (!take_braces(r, out)) return false;
            continue;
        }
        if (escape && !keep && peek(r, 1) == 'n') {
            str_add(out, "\n");
            r->at += 2;
            continue;
        }
        if (escape && (keep || peek(r, 1) != '"')) str_add(out, "\\");
        if (escape) r->at++;
        str_add_bytes(out, r->text + r->at++, 1);
    }
    if (r->at >= r->n) {
        return blame_at(&r->blame, open, tr("the quote that opens here is not closed"));
    }
    if (keep) str_add(out, "\"");
    r->at++;
    return true;
}

/* Up to a blank (or to `stop`) outside of quotes and braces. */
static char *take_value(Reader *r, char stop, bool keep_quotes)
{
    Str  out = {0};
    bool ok = true;
    while (ok && r->at < r->n && !is_blank(r->text[r->at]) && r->text[r->at] != stop) {
        char c = r->text[r->at];
        if (c == '"') {
            ok = take_quotes(r, &out, keep_quotes);
        } else if (c == '{') {
            ok = take_braces(r, &out);
        } else {
            Index n = c == '\\' && peek(r, 1) == '{' ? 2 : 1;
            str_add_bytes(&out, r->text + r->at, n);
            r->at += n;
        }
    }
    char *value = ok ? str_take(&out, r->blame.err) : NULL;
    if (!ok) str_free(&out);
    return value;
}

/* ---- the name ---- */

static bool reserved(const char *name)
{
    static const char *const words[] = {"and", "or", "not", "yes", "no", "true", "false", "sweep"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i], name) == 0) return true;
    }
    return false;
}

/* NAME = at the line's start. Without it nothing is taken. */
static bool take_name(Reader *r, VerbLine *line)
{
    Index start = r->at, n = name_length(r, start, false), behind = start + n;
    while (behind < r->n && is_blank(r->text[behind])) behind++;
    bool named = n > 0 && behind < r->n && r->text[behind] == '=';
    if (!named) return true;
    if (n > NAME_MOST) {
        return blame_at(&r->blame, start, tr("a name of %td letters; %d at most"), n, NAME_MOST);
    }
    line->name = copy_bytes(r->text + start, n, r->blame.err);
    if (line->name == NULL) return false;
    if (reserved(line->name)) {
        return blame_at(&r->blame, start, tr("\"%s\" cannot be a name: it means something already"),
                        line->name);
    }
    r->at = behind + 1;
    return true;
}

/* ---- the sweep ---- */

static bool take_seeds(Reader *r, VerbLine *line, const char *value, Index at)
{
    Index n = 0;
    bool  digits = value[0] != '\0' && strlen(value) <= 3;
    for (const char *c = value; digits && *c != '\0'; c++) {
        digits = is_digit(*c);
        n = 10 * n + (*c - '0');
    }
    if (line->seeds > 0) return blame_at(&r->blame, at, tr("seeds is given twice"));
    if (!digits || n < 1 || n > 100) {
        return blame_at(&r->blame, at,
                        tr("seeds is \"%.40s\", but must be a whole number in 1..100"), value);
    }
    line->seeds = n;
    return true;
}

static bool add_axis(Reader *r, VerbLine *line, SweepAxis axis)
{
    Error     *err = r->blame.err;
    SweepAxis *larger =
        mem_resize(line->axes, mem_program(), MEM_TEXT, line->axis_count + 1, sizeof axis, err);
    if (larger == NULL) return false;
    line->axes = larger;
    larger[line->axis_count++] = axis;
    if (line->axis_count <= VERB_AXES_MAX) return true;
    return blame_at(&r->blame, axis.at, tr("a sweep over more than %d keys"), VERB_AXES_MAX);
}

/* KEY=V1,V2 or seeds=N */
static bool take_axis(Reader *r, VerbLine *line)
{
    SweepAxis axis = {.at = r->at};
    Index     n = name_length(r, r->at, true);
    if (n == 0 || r->at + n >= r->n || r->text[r->at + n] != '=') {
        blame_at(&r->blame, r->at, tr("KEY=VALUE,VALUE or \":\" is expected in a sweep"));
        return blame_hint(&r->blame, tr("as in: sweep r=1,2,4 seeds=3 : train data=sql"));
    }
    Error *err = r->blame.err;
    axis.name = copy_bytes(r->text + r->at, n, err);
    r->at += n + 1;
    if (axis.name != NULL) axis.values = take_value(r, ':', true);
    bool seeds = axis.values != NULL && strcmp(axis.name, "seeds") == 0;
    bool ok = axis.values != NULL;
    if (seeds) ok = take_seeds(r, line, axis.values, axis.at);
    if (ok && !seeds) { /* the names are the line's from here on */
        SweepAxis taken = axis;
        if (add_axis(r, line, taken)) return true;
        if (line->axis_count > VERB_AXES_MAX) return false;
        ok = false;
    }
    mem_free(axis.name);
    mem_free(axis.values);
    return ok;
}

/* "sweep ... :" where the line has it. */
static bool take_sweep(Reader *r, VerbLine *line)
{
    Index start = r->at;
    if (name_length(r, r->at, false) != 5 || memcmp(r->text + r->at, "sweep", 5) != 0) return true;
    r->at += 5;
    skip_blanks(r);
    while (peek(r, 0) != ':') {
        if (r->at >= r->n) {
            blame_at(&r->blame, r->at, tr("a sweep needs \":\" and a command behind it"));
            return blame_hint(&r->blame, tr("as in: sweep r=1,2,4 seeds=3 : train data=sql"));
        }
        if (!take_axis(r, line)) return false;
        skip_blanks(r);
    }
    r->at++;
    skip_blanks(r);
    if (line->axis_count > 0 || line->seeds > 0) return true;
    return blame_at(&r->blame, start, tr("the sweep names nothing to go through"));
}

/* ---- the command ---- */

static bool unknown_verb(Reader *r, const char *name, Index at)
{
    const char *near = verb_nearest(name);
    blame_at(&r->blame, at, tr("there is no command \"%.40s\""), name);
    if (near != NULL) return blame_hint(&r->blame, tr("did you mean %s?"), near);
    return blame_hint(&r->blame, tr("loralab help verbs lists them"));
}

static bool take_verb(Reader *r, VerbLine *line)
{
    Index n = name_length(r, r->at, true);
    line->verb_at = r->at;
    if (r->at >= r->n) return blame_at(&r->blame, r->at, tr("a command is missing here"));
    if (n == 0) return blame_at(&r->blame, r->at, tr("a command's name is expected here"));
    char *name = copy_bytes(r->text + r->at, n, r->blame.err);
    if (name == NULL) return false;
    line->verb = verb_find(name);
    bool ok = line->verb != NULL || unknown_verb(r, name, r->at);
    mem_free(name);
    r->at += n;
    if (ok && r->at < r->n && !is_blank(r->text[r->at])) {
        ok = blame_at(&r->blame, r->at, tr("a blank is expected behind %s"),
                      line->verb->command.name);
    }
    return ok;
}

static bool read_word(Reader *r, VerbWord *word)
{
    Index  n = name_length(r, r->at, true);
    bool   keyed = n > 0 && peek(r, n) == '=' && peek(r, n + 1) != '=';
    bool   flag = peek(r, 0) == '+' && is_letter(peek(r, 1));
    Error *err = r->blame.err;
    word->at = word->value_at = r->at;
    if (flag) {
        n = name_length(r, r->at + 1, true);
        word->key = copy_bytes(r->text + r->at + 1, n, err);
        r->at += n + 1;
        bool ended = r->at >= r->n || is_blank(r->text[r->at]);
        return word->key != NULL &&
               (ended ||
                blame_at(&r->blame, r->at, tr("a blank is expected behind +%s"), word->key));
    }
    if (keyed) {
        word->key = copy_bytes(r->text + r->at, n, err);
        if (word->key == NULL) return false;
        r->at += n + 1;
        word->value_at = r->at;
    }
    if (peek(r, 0) == '"') word->value_at++;
    if (keyed && (r->at >= r->n || is_blank(r->text[r->at]))) {
        return blame_at(&r->blame, word->at, tr("%s= has no value"), word->key);
    }
    word->value = take_value(r, '\0', false);
    return word->value != NULL;
}

static bool take_words(Reader *r, VerbLine *line)
{
    for (skip_blanks(r); r->at < r->n; skip_blanks(r)) {
        VerbWord *larger = mem_resize(line->words, mem_program(), MEM_TEXT, line->count + 1,
                                      sizeof *larger, r->blame.err);
        if (larger == NULL) return false;
        line->words = larger;
        if (!read_word(r, &line->words[line->count++])) return false;
        if (line->count > WORDS_MOST) {
            return blame_at(&r->blame, r->at, tr("a command of more than %d words"), WORDS_MOST);
        }
    }
    return true;
}

/* ---- the line ---- */

/* What is read here becomes strings that end in a zero byte, and holds none itself. */
static bool no_zero_byte(const Reader *r)
{
    const char *zero = r->n > 0 ? memchr(r->text, '\0', (size_t)r->n) : NULL;
    return zero == NULL || blame_at(&r->blame, zero - r->text, tr("a zero byte"));
}

VerbLine *verb_line_parse(const char *text, Index n, ExprFault *fault, Error *err)
{
    Error  mine = {0}; /* the first fault counts, so an Error must be there to remember it */
    Reader r = {.text = text, .n = n, .blame = {fault, err != NULL ? err : &mine}};
    if (fault != NULL) *fault = (ExprFault){0};
    VerbLine *line = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *line, err);
    if (line == NULL) return NULL;
    skip_blanks(&r);
    bool ok = no_zero_byte(&r) && take_name(&r, line);
    skip_blanks(&r);
    ok = ok && take_sweep(&r, line) && take_verb(&r, line) && take_words(&r, line) &&
         verb_line_check(line, &r.blame);
    if (ok) return line;
    verb_line_free(line);
    return NULL;
}

void verb_line_free(VerbLine *line)
{
    if (line == NULL) return;
    for (Index i = 0; i < line->axis_count; i++) {
        mem_free(line->axes[i].name);
        mem_free(line->axes[i].values);
    }
    for (Index i = 0; i < line->count; i++) {
        mem_free(line->words[i].key);
        mem_free(line->words[i].value);
    }
    mem_free(line->axes);
    mem_free(line->words);
    mem_free(line->name);
    mem_free(line);
}
