/* A line with the values of its braces: as arguments for its verb, and written out. */

#include <string.h>

#include "core/workbench/verb_line_internal.h"

/* ---- filling in ---- */

/* A text with its braces filled; faults are told at their place in the line. */
static bool fill_value(Str *out, const char *text, Index at, const Scope *scope, const Blame *blame)
{
    ExprFault fault = {0};
    Error     why = {0};
    if (fill_exact(out, text, (Index)strlen(text), scope, &fault, &why)) return true;
    return verb_retell(blame, at + fault.at, &why);
}

bool verb_line_values(const VerbLine *line, Index i, const Scope *scope, char ***values,
                      Index *count, ExprFault *fault, Error *err)
{
    const SweepAxis *axis = &line->axes[i];
    Blame            blame = {fault, err};
    Str              text = {0};
    Index            at = axis->at + (Index)strlen(axis->name) + 1;
    bool             ok = fill_value(&text, axis->values, at, scope, &blame) &&
              verb_split(str_text(&text), values, count, err);
    str_free(&text);
    if (!ok) return false;
    if (verb_check_values(line, axis, *values, *count, &blame)) return true;
    verb_words_free(*values, *count);
    return false;
}

static bool fill_word(Args *args, const VerbWord *word, const Scope *scope, const Blame *blame)
{
    if (word->value == NULL) return verb_set(args, word->key, "true", word->at, blame);
    Str  text = {0};
    bool ok = fill_value(&text, word->value, word->value_at, scope, blame) &&
              (word->key != NULL ? verb_set(args, word->key, str_text(&text), word->at, blame)
                                 : args_add_operand(args, str_text(&text), blame->err));
    str_free(&text);
    return ok;
}

Args *verb_line_args(const VerbLine *line, const char *const *picks, const Scope *scope,
                     ExprFault *fault, Error *err)
{
    Blame blame = {fault, err};
    Args *args = args_create(&line->verb->command, err);
    bool  ok = args != NULL;
    for (Index i = 0; ok && i < line->axis_count; i++) {
        ok = verb_set(args, line->axes[i].name, picks[i], line->axes[i].at, &blame);
    }
    for (Index i = 0; ok && i < line->count; i++) {
        ok = fill_word(args, &line->words[i], scope, &blame);
    }
    if (ok) return args;
    args_free(args);
    return NULL;
}

/* ---- writing out ---- */

static void add_quoted(Str *out, const char *text)
{
    bool plain = *text != '\0' && text[strcspn(text, " \t\n\"")] == '\0';
    if (plain) {
        str_add(out, text);
        return;
    }
    str_add(out, "\"");
    for (; *text != '\0'; text++) {
        if (*text == '"') str_add(out, "\\");
        if (*text == '\n') {
            str_add(out, "\\n");
        } else {
            str_add_bytes(out, text, 1);
        }
    }
    str_add(out, "\"");
}

/* In a sweep a brace may hold what each run sets anew: such a value stays as it is written. */
static bool show_value(Str *out, const VerbLine *line, const char *value, const Scope *scope,
                       bool quote, Error *err)
{
    Str   text = {0};
    Error why = {0};
    bool  ok = fill_exact(&text, value, (Index)strlen(value), scope, NULL, &why);
    if (!ok && why.code == ERR_INPUT && line->axis_count > 0) {
        str_clear(&text);
        str_add(&text, value);
        ok = true;
    }
    if (ok && quote) add_quoted(out, str_text(&text));
    if (ok && !quote) str_add(out, str_text(&text));
    ok = str_ok(&text, err) && ok;
    str_free(&text);
    return ok || error_set(err, why.code, "%s", why.message);
}

static bool show_sweep(Str *out, const VerbLine *line, const Scope *scope, Error *err)
{
    if (line->axis_count == 0 && line->seeds == 0) return true;
    str_add(out, "sweep ");
    for (Index i = 0; i < line->axis_count; i++) {
        str_addf(out, "%s=", line->axes[i].name);
        if (!show_value(out, line, line->axes[i].values, scope, false, err)) return false;
        str_add(out, " ");
    }
    if (line->seeds > 0) str_addf(out, "seeds=%td ", line->seeds);
    str_add(out, ": ");
    return true;
}

bool verb_line_show(Str *out, const VerbLine *line, const Scope *scope, Error *err)
{
    if (line->name != NULL) str_addf(out, "%s = ", line->name);
    if (!show_sweep(out, line, scope, err)) return false;
    str_add(out, line->verb->command.name);
    for (Index i = 0; i < line->count; i++) {
        const VerbWord *word = &line->words[i];
        if (word->value == NULL) {
            str_addf(out, " +%s", word->key);
            continue;
        }
        str_addf(out, " %s%s", word->key != NULL ? word->key : "", word->key != NULL ? "=" : "");
        if (!show_value(out, line, word->value, scope, true, err)) return false;
    }
    return str_ok(out, err);
}
