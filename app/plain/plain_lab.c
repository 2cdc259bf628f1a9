/* A numbered menu, then a lesson on the linear stage; both are commands of their own. */

#include "app/plain/plain_lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "lessons/engine/lesson.h"

/* Another command with its own arguments: NAME OPERAND --OPTION. */
static bool perform(Lab *lab, const char *name, const char *operand, const char *option,
                    const Sink *sink, const Cancel *cancel, Result *result, Error *err)
{
    const Command *command = command_find(name);
    CHECK(command != NULL);
    Args *args = args_create(command, err);
    bool  ok = args != NULL && (operand == NULL || args_add_operand(args, operand, err)) &&
              (option == NULL || args_set(args, option, NULL, err)) && args_finish(args, err) &&
              app_command(command)(lab, args, sink, cancel, result, err);
    args_free(args);
    return ok;
}

/* "rank" of ".../01-rank.md", as the shelf names its files. */
static char *id_of(const char *path, Error *err)
{
    Str         id = {0};
    const char *name = path_base(path);
    str_add_bytes(&id, name + 3, (Index)strlen(name) - 6);
    char *text = str_take(&id, err);
    return text;
}

/* The id of lesson number n, or what was typed where that is no number; NULL: not there. */
static char *chosen(Lab *lab, const char *typed, Error *err)
{
    char **paths = NULL, *end = NULL, *id = NULL;
    Index  count = 0;
    long   number = strtol(typed, &end, 10);

    if (end == typed || *end != '\0') return mem_strdup(typed, err);
    if (!lesson_shelf(lab, &paths, &count, err)) return NULL;
    if (number >= 1 && number <= count) {
        id = id_of(paths[number - 1], err);
    } else {
        error_set(err, ERR_INPUT, tr("there is no lesson %ld; they are 1 to %td"), number, count);
    }
    for (Index i = 0; i < count; i++) mem_free(paths[i]);
    mem_free(paths);
    return id;
}

static bool ask(Lab *lab, Str *line, bool *more, Error *err)
{
    fputs(tr("Which lesson? Its number or name; Enter leaves > "), stdout);
    fflush(stdout);
    return lab->read_line(lab->input, line, more, err);
}

bool plain_lab(Lab *lab, const Args *args, const Sink *sink, const Cancel *cancel, Result *result,
               Error *err)
{
    Str  line = {0};
    bool more = true;

    if (args_operands(args) > 0) {
        return perform(lab, "run", args_operand(args, 0), "linear", sink, cancel, result, err);
    }
    if (!perform(lab, "lessons", NULL, NULL, sink, cancel, result, err)) return false;
    if (isatty(STDIN_FILENO) != 1) return true;
    fputs(str_text(&result->text), stdout);
    str_clear(&result->text);
    bool ok = ask(lab, &line, &more, err);
    if (ok && more && line.len > 0) {
        char *id = chosen(lab, str_text(&line), err);
        ok = id != NULL && perform(lab, "run", id, "linear", sink, cancel, result, err);
        mem_free(id);
    }
    str_free(&line);
    return ok;
}
