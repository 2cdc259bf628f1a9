/* What a line's words must be: keys that exist, values of their type and range, once each. */

#include <string.h>

#include "core/base/mem.h"
#include "core/workbench/verb_line_internal.h"

/* ---- keys ---- */

static const ArgSpec *find_key(const Verb *verb, const char *key)
{
    for (const ArgSpec *arg = verb->command.args; arg->name != NULL; arg++) {
        if (str_same_name(arg->name, key)) return arg;
    }
    for (const ArgSpec *arg = command_common_args(); arg->name != NULL; arg++) {
        if (strcmp(arg->name, "seed") == 0 && str_same_name(arg->name, key)) return arg;
    }
    return NULL;
}

static bool unknown_key(const Verb *verb, const char *key, Index at, const Blame *blame)
{
    const char *name = verb->command.name;
    Nearest     nearest = nearest_to(key);
    nearest_offer(&nearest, "seed");
    for (const ArgSpec *arg = verb->command.args; arg->name != NULL; arg++) {
        nearest_offer(&nearest, arg->name);
    }
    blame_at(blame, at, tr("%s has no key \"%.40s\""), name, key);
    if (nearest.best != NULL) return blame_hint(blame, tr("did you mean %s?"), nearest.best);
    return blame_hint(blame, tr("loralab help %s lists them"), name);
}

bool verb_retell(const Blame *blame, Index at, const Error *why)
{
    bool dashes = strncmp(why->message, "--", 2) == 0;
    if (why->code != ERR_INPUT) return error_set(blame->err, why->code, "%s", why->message);
    blame_at(blame, at, "%s", why->message + (dashes ? 2 : 0));
    return why->hint[0] != '\0' ? blame_hint(blame, "%s", why->hint) : false;
}

bool verb_set(Args *args, const char *key, const char *value, Index at, const Blame *blame)
{
    Error why = {0};
    return args_set(args, key, value, &why) || verb_retell(blame, at, &why);
}

/* A value without braces, as it will be: \{ is a brace. */
static bool set_plain(Args *args, const char *key, const char *value, Index at, const Blame *blame)
{
    Str  text = {0};
    bool ok = fill_exact(&text, value, (Index)strlen(value), NULL, NULL, blame->err) &&
              verb_set(args, key, str_text(&text), at, blame);
    str_free(&text);
    return ok;
}

/* ---- words ---- */

static bool check_flag(const VerbLine *line, const VerbWord *word, const ArgSpec *arg,
                       const Blame *blame)
{
    (void)line;
    if (word->value != NULL || arg->type == ARG_FLAG || arg->type == ARG_BOOL) return true;
    blame_at(blame, word->at, tr("+%s: %s takes a value"), word->key, arg->name);
    return blame_hint(blame, tr("write %s=..."), arg->name);
}

static bool check_once(const VerbLine *line, Index i, const Blame *blame)
{
    const VerbWord *word = &line->words[i];
    for (Index j = 0; j < i; j++) {
        const char *key = line->words[j].key;
        if (key == NULL || !str_same_name(key, word->key)) continue;
        return blame_at(blame, word->at, tr("%s is given twice"), word->key);
    }
    return true;
}

static bool check_keyed(const VerbLine *line, Index i, Args *args, const Blame *blame)
{
    const VerbWord *word = &line->words[i];
    const ArgSpec  *arg = find_key(line->verb, word->key);
    if (arg == NULL) return unknown_key(line->verb, word->key, word->at, blame);
    if (!check_once(line, i, blame) || !check_flag(line, word, arg, blame)) return false;
    if (word->value == NULL) return verb_set(args, word->key, "true", word->at, blame);
    if (fill_needed(word->value)) {
        ExprFault fault = {0};
        Error     why = {0};
        if (fill_check(word->value, (Index)strlen(word->value), NULL, &fault, &why)) return true;
        return verb_retell(blame, word->value_at + fault.at, &why);
    }
    return set_plain(args, word->key, word->value, word->at, blame);
}

static bool check_operand(const VerbLine *line, const VerbWord *word, Index position,
                          const Blame *blame)
{
    const Command *command = &line->verb->command;
    if (strncmp(word->value, "--", 2) == 0 && word->value[2] != '\0') {
        blame_at(blame, word->at, tr("\"%.40s\": keys are written without dashes"), word->value);
        return blame_hint(blame, tr("as in %s"), command->example);
    }
    if (position >= command->max_operands) {
        blame_at(blame, word->at, tr("%s does not know what to do with \"%.40s\""), command->name,
                 word->value);
        return blame_hint(blame, tr("as in %s"), command->example);
    }
    bool matrix = strncmp(command->operands, "MATRIX", 6) == 0;
    if (!matrix || fill_needed(word->value)) return true;
    ExprFault fault = {0};
    Error     why = {0};
    Expr     *expr = expr_parse(word->value, (Index)strlen(word->value), &fault, &why);
    expr_free(expr);
    return expr != NULL || verb_retell(blame, word->value_at + fault.at, &why);
}

static bool check_words(const VerbLine *line, Args *args, const Blame *blame)
{
    const Command *command = &line->verb->command;
    Index          operands = 0;
    for (Index i = 0; i < line->count; i++) {
        const VerbWord *word = &line->words[i];
        bool            ok = word->key != NULL ? check_keyed(line, i, args, blame)
                                               : check_operand(line, word, operands++, blame);
        if (!ok) return false;
    }
    if (operands >= command->min_operands) return true;
    blame_at(blame, line->verb_at, tr("%s needs %s"), command->name, command->operands);
    return blame_hint(blame, tr("as in %s"), command->example);
}

/* ---- axes ---- */

/* The end of the value that begins at i: a comma outside of quotes and braces, or the end. */
static Index value_end(const char *text, Index i)
{
    Index n = (Index)strlen(text);
    for (bool quoted = false; i < n; i++) {
        if (text[i] == '\\' && i + 1 < n) {
            i++;
        } else if (text[i] == '{' && braces_end(text, n, i) > 0) {
            i = braces_end(text, n, i) - 1;
        } else if (text[i] == '"') {
            quoted = !quoted;
        } else if (text[i] == ',' && !quoted) {
            break;
        }
    }
    return i;
}

static char *plain_value(const char *bytes, Index n, Error *err)
{
    Str s = {0};
    while (n > 0 && bytes[0] == ' ') bytes++, n--;
    while (n > 0 && bytes[n - 1] == ' ') n--;
    for (Index i = 0; i < n; i++) {
        if (bytes[i] == '"') continue;
        bool escape = bytes[i] == '\\' && i + 1 < n;
        bool line_end = escape && bytes[i + 1] == 'n';
        if (escape && (bytes[i + 1] == '"' || line_end)) i++;
        str_add_bytes(&s, line_end ? "\n" : bytes + i, 1);
    }
    return str_take(&s, err);
}

bool verb_split(const char *text, char ***values, Index *count, Error *err)
{
    *values = NULL;
    *count = 0;
    for (Index i = 0;;) {
        Index  end = value_end(text, i);
        char **larger =
            mem_resize(*values, mem_program(), MEM_TEXT, *count + 1, sizeof *larger, err);
        if (larger != NULL) *values = larger;
        char *value = larger != NULL ? plain_value(text + i, end - i, err) : NULL;
        if (value == NULL) {
            verb_words_free(*values, *count);
            return false;
        }
        larger[(*count)++] = value;
        if (text[end] == '\0') return true;
        i = end + 1;
    }
}

void verb_words_free(char **words, Index count)
{
    for (Index i = 0; i < count; i++) mem_free(words[i]);
    mem_free(words);
}

bool verb_check_values(const VerbLine *line, const SweepAxis *axis, char *const *values,
                       Index count, const Blame *blame)
{
    Args *args = args_create(&line->verb->command, blame->err);
    bool  ok = args != NULL;
    for (Index i = 0; ok && i < count; i++) {
        if (values[i][0] == '\0') {
            ok = blame_at(blame, axis->at, tr("a value of %s is empty"), axis->name);
        }
        for (Index j = 0; ok && j < i; j++) {
            if (strcmp(values[i], values[j]) != 0) continue;
            ok =
                blame_at(blame, axis->at, tr("%s goes through %.40s twice"), axis->name, values[i]);
        }
        ok = ok &&
             (fill_needed(values[i]) || set_plain(args, axis->name, values[i], axis->at, blame));
    }
    args_free(args);
    return ok;
}

static bool check_axis(const VerbLine *line, Index i, const Blame *blame)
{
    const SweepAxis *axis = &line->axes[i];
    char           **values;
    Index            count;
    if (find_key(line->verb, axis->name) == NULL) {
        return unknown_key(line->verb, axis->name, axis->at, blame);
    }
    for (Index j = 0; j < i; j++) {
        if (!str_same_name(line->axes[j].name, axis->name)) continue;
        return blame_at(blame, axis->at, tr("%s is given twice"), axis->name);
    }
    for (Index j = 0; j < line->count; j++) {
        const char *key = line->words[j].key;
        if (key == NULL || !str_same_name(key, axis->name)) continue;
        return blame_at(blame, line->words[j].at, tr("%s is swept, so it cannot be set here"), key);
    }
    if (line->seeds > 0 && strcmp(axis->name, "seed") == 0) {
        return blame_at(blame, axis->at, tr("a sweep over seed has no seeds="));
    }
    if (!verb_split(axis->values, &values, &count, blame->err)) return false;
    bool ok = verb_check_values(line, axis, values, count, blame);
    verb_words_free(values, count);
    return ok;
}

bool verb_line_check(const VerbLine *line, const Blame *blame)
{
    bool swept = line->axis_count > 0 || line->seeds > 0;
    if (swept && line->verb->changes) {
        return blame_at(blame, line->verb_at,
                        tr("%s changes the bench, so it cannot be part of a sweep"),
                        line->verb->command.name);
    }
    for (Index i = 0; i < line->axis_count; i++) {
        if (!check_axis(line, i, blame)) return false;
    }
    Args *args = args_create(&line->verb->command, blame->err);
    bool  ok = args != NULL && check_words(line, args, blame);
    args_free(args);
    return ok;
}
