/* One command a line. */

#include "app/term/script_parse.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/text.h"

enum { FILE_BYTES_MAX = 1 << 20 };

static ScriptStep *new_step(Script *script, ScriptVerb verb, int line, Error *err)
{
    if (script->count == script->room) {
        Index       room = script->room > 0 ? 2 * script->room : 32;
        ScriptStep *steps =
            mem_resize(script->steps, mem_program(), MEM_TEXT, room, sizeof *steps, err);
        if (steps == NULL) return NULL;
        script->steps = steps;
        script->room = room;
    }
    ScriptStep *step = &script->steps[script->count++];
    *step = (ScriptStep){.verb = verb, .line = line};
    return step;
}

static bool add_key(Script *script, int line, Key key, Error *err)
{
    ScriptStep *step = new_step(script, VERB_KEY, line, err);
    if (step != NULL) step->key = key;
    return step != NULL;
}

/* ---- one kind of line each ---- */

static bool parse_keys(Script *script, int line, char *text, Error *err)
{
    while (*text != '\0') {
        Key    key;
        size_t n = strcspn(text, " ");
        bool   last = text[n] == '\0';
        text[n] = '\0';
        if (!key_parse(text, &key)) {
            return error_set(err, ERR_INPUT, "there is no key \"%.40s\"", text);
        }
        if (!add_key(script, line, key, err)) return false;
        text += n + !last;
        text += strspn(text, " ");
    }
    return true;
}

static bool parse_typed(Script *script, int line, const char *text, Error *err)
{
    Index length = (Index)strlen(text);
    for (Index i = 0; i < length;) {
        Key key = {.code = K_CHAR};
        i += utf8_decode(text + i, length - i, &key.cp);
        if (text_is_hidden(key.cp)) return error_set(err, ERR_INPUT, "nobody can type that");
        if (!add_key(script, line, key, err)) return false;
    }
    return true;
}

static bool parse_size(Script *script, int line, const char *text, Error *err)
{
    char *end;
    long  cols = strtol(text, &end, 10);
    long  rows = strtol(end, &end, 10);
    if (*end != '\0' || cols < 1 || rows < 1 || cols > SCRIPT_SIZE_MAX || rows > SCRIPT_SIZE_MAX) {
        return error_set(err, ERR_INPUT, "size takes columns and rows, 1 to %d", SCRIPT_SIZE_MAX);
    }
    ScriptStep *step = new_step(script, VERB_SIZE, line, err);
    if (step == NULL) return false;
    step->cols = (int)cols;
    step->rows = (int)rows;
    return true;
}

static bool parse_frame(Script *script, int line, const char *text, Error *err)
{
    char  *end;
    double seconds = strtod(text, &end);
    if (*end != '\0' || !(seconds >= 0.01 && seconds <= 60)) {
        return error_set(err, ERR_INPUT, "frame takes seconds, 0.01 to 60");
    }
    ScriptStep *step = new_step(script, VERB_FRAME, line, err);
    if (step != NULL) step->seconds = seconds;
    return step != NULL;
}

static bool parse_save(Script *script, ScriptVerb verb, int line, char *name, bool may_save,
                       Error *err)
{
    if (!may_save) {
        error_set(err, ERR_INPUT, "there is no folder for saved screens");
        return error_hint(err, "give one with --save FOLDER");
    }
    if (name[0] == '.' || strchr(name, '/') != NULL || strchr(name, ' ') != NULL) {
        return error_set(err, ERR_INPUT, "%s takes the name of a file, without a folder",
                         verb == VERB_SAVE ? "save" : "film");
    }
    ScriptStep *step = new_step(script, verb, line, err);
    if (step != NULL) step->text = name;
    return step != NULL;
}

static bool parse_text(Script *script, ScriptVerb verb, int line, char *text, Error *err)
{
    ScriptStep *step = new_step(script, verb, line, err);
    if (step != NULL) step->text = text;
    return step != NULL;
}

/* ---- the file ---- */

static bool parse_line(Script *script, int line, char *text, bool may_save, Error *err)
{
    text += strspn(text, " ");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \r", text[length - 1]) != NULL) text[--length] = '\0';
    if (length == 0 || *text == '#') return true;

    char *rest = text + strcspn(text, " ");
    if (*rest == '\0') {
        return error_set(err, ERR_INPUT, "\"%.40s\" needs something after it", text);
    }
    *rest++ = '\0';
    if (strcmp(text, "type") == 0) return parse_typed(script, line, rest, err);
    rest += strspn(rest, " ");
    if (strcmp(text, "key") == 0) return parse_keys(script, line, rest, err);
    if (strcmp(text, "size") == 0) return parse_size(script, line, rest, err);
    if (strcmp(text, "wait") == 0) return parse_text(script, VERB_WAIT, line, rest, err);
    if (strcmp(text, "gone") == 0) return parse_text(script, VERB_GONE, line, rest, err);
    if (strcmp(text, "see") == 0) return parse_text(script, VERB_SEE, line, rest, err);
    if (strcmp(text, "frame") == 0) return parse_frame(script, line, rest, err);
    if (strcmp(text, "save") == 0 || strcmp(text, "film") == 0) {
        ScriptVerb verb = text[0] == 's' ? VERB_SAVE : VERB_FILM;
        return parse_save(script, verb, line, rest, may_save, err);
    }
    error_set(err, ERR_INPUT, "\"%.40s\" is not known here", text);
    return error_hint(err, "known are: size, key, type, wait, gone, see, save, frame, film");
}

bool script_parse(Script *script, const char *path, bool may_save, Error *err)
{
    Index n = 0;
    *script = (Script){0};
    script->bytes = file_read_all(path, FILE_BYTES_MAX, &n, err);
    if (script->bytes == NULL) return false;
    if (strlen(script->bytes) != (size_t)n || !utf8_valid(script->bytes, n)) {
        error_set(err, ERR_INPUT, "%.200s is not UTF-8 text", path);
        script_free(script);
        return false;
    }
    int line = 1;
    for (char *at = script->bytes; *at != '\0'; line++) {
        size_t length = strcspn(at, "\n");
        bool   last = at[length] == '\0';
        at[length] = '\0';
        if (!parse_line(script, line, at, may_save, err)) {
            error_prefix(err, "%.200s:%d", path, line);
            script_free(script);
            return false;
        }
        at += length + !last;
    }
    return true;
}

void script_free(Script *script)
{
    mem_free(script->steps);
    mem_free(script->bytes);
    *script = (Script){0};
}
