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

/* What both lines say: how to compute, and how to show it. */
static bool pass_on(const Args *from, Args *to, Error *err)
{
    static const char *const names[] = {"backend", "dtype", "threads", "seed",
                                        "color",   "quiet", "quick",   "charset"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = args_text(from, names[i]);
        if (args_given(from, names[i]) && !args_set(to, names[i], value, err)) return false;
    }
    return true;
}

/* In the language that was asked for, where the lesson has it. */
static bool pass_language(Lab *lab, const Args *from, const char *lesson, Args *to, Error *err)
{
    const char *lang = args_text(from, "lang");
    char       *path = lesson_path(lab, lesson, err);
    if (path == NULL) return false;
    bool ok = !lesson_is_translated(path, lang) || args_set(to, "lang", lang, err);
    mem_free(path);
    return ok;
}

static bool run_lesson(Lab *lab, const Args *from, const char *lesson, const Sink *sink,
                       const Cancel *cancel, Result *result, Error *err)
{
    const Command *command = command_find("run");
    Args          *args = args_create(command, err);
    bool           ok = args != NULL && args_add_operand(args, lesson, err) &&
              args_set(args, "linear", NULL, err) && pass_on(from, args, err) &&
              pass_language(lab, from, lesson, args, err) && args_finish(args, err) &&
              app_command(command)(lab, args, sink, cancel, result, err);
    args_free(args);
    return ok;
}

static bool list_lessons(Lab *lab, const Sink *sink, const Cancel *cancel, Result *result,
                         Error *err)
{
    const Command *command = command_find("lessons");
    Args          *args = args_create(command, err);
    bool           ok = args != NULL && args_finish(args, err) &&
              app_command(command)(lab, args, sink, cancel, result, err);
    args_free(args);
    return ok;
}

/* A room needs the screen; a command does the same without one. */
static bool is_no_room(const char *name, Error *err)
{
    static const char *const rooms[][2] = {{"home", "lessons"},   {"workbench", "train"},
                                           {"matrix", "inspect"}, {"runs", "runs"},
                                           {"model", "plan"},     {"help", "help"}};
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        if (strcmp(rooms[i][0], name) != 0) continue;
        error_set(err, ERR_INPUT, tr("%s is a room of the screen"), name);
        return error_hint(err, tr("without one: loralab %s"), rooms[i][1]);
    }
    return true;
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
        const char *name = args_operand(args, 0);
        return is_no_room(name, err) && run_lesson(lab, args, name, sink, cancel, result, err);
    }
    if (!list_lessons(lab, sink, cancel, result, err)) return false;
    if (isatty(STDIN_FILENO) != 1) return true;
    fputs(str_text(&result->text), stdout);
    str_clear(&result->text);
    bool ok = ask(lab, &line, &more, err);
    if (ok && more && line.len > 0) {
        char *id = chosen(lab, str_text(&line), err);
        ok = id != NULL && run_lesson(lab, args, id, sink, cancel, result, err);
        mem_free(id);
    }
    str_free(&line);
    return ok;
}
