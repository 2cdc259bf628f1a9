/* `lessons`: what there is, what it takes, what was done; and forgetting that. */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/lab/lab.h"
#include "lessons/engine/progress.h"

/* ---- the list ---- */

static void state_words(Str *out, const LessonProgress *progress)
{
    if (progress == NULL) {
        str_add(out, tr("not begun"));
    } else if (progress->done) {
        str_add(out, tr("done"));
    } else {
        str_addf(out, tr("%td of %td steps done"), progress->step, progress->steps);
    }
}

static void add_value(Value *list, const Lesson *lesson, const LessonProgress *progress)
{
    Value *item = value_object(list, NULL);
    value_text(item, "id", lesson->id, (Index)strlen(lesson->id));
    value_text(item, "title", lesson->title, (Index)strlen(lesson->title));
    value_integer(item, "minutes", lesson->minutes);
    value_number(item, "seconds", lesson->seconds, "s");
    value_integer(item, "memory", lesson->memory);
    value_text(item, "needs", lesson->needs, (Index)strlen(lesson->needs));
    value_integer(item, "steps", lesson->count);
    value_integer(item, "step", progress != NULL ? progress->step : 0);
    value_bool(item, "done", progress != NULL && progress->done);
}

static void add_line(Result *result, const Lesson *lesson, const LessonProgress *progress)
{
    Str title = {0}, needs = {0}, state = {0};
    safe_text(&title, lesson->title, (Index)strlen(lesson->title), false, 29);
    str_addf(&needs, tr("%g s, "), lesson->seconds);
    str_add_bytes_count(&needs, lesson->memory);
    if (lesson->needs[0] != '\0') str_addf(&needs, ", %s", lesson->needs);
    state_words(&state, progress);
    int width = text_columns(str_text(&title), title.len);
    result_line(result, "  %-13s%s%*s%3td min   %-16s %s", lesson->id, str_text(&title), 30 - width,
                "", lesson->minutes, str_text(&needs), str_text(&state));
    result_used(result, &title);
    result_used(result, &needs);
    result_used(result, &state);
}

/* A lesson that cannot be read is named and passed over. */
static bool list_one(const char *path, const Progresses *all, Result *result, Value *list,
                     Error *err)
{
    Complaints complaints = {0};
    Error      why = {0};
    Index      n = 0;
    char      *text = file_read_all(path, LESSON_MAX_BYTES, &n, &why);
    Lesson    *lesson = text != NULL ? lesson_parse(path, text, n, &complaints, &why) : NULL;

    bool readable =
        lesson != NULL && !lesson->unread && lesson->id != NULL && lesson->id[0] != '\0';
    if (readable) {
        const LessonProgress *progress = progress_find(all, lesson->id);
        add_line(result, lesson, progress);
        add_value(list, lesson, progress);
    } else if (why.code != ERR_MEMORY) {
        Str name = {0};
        safe_name(&name, path);
        result_line(result, tr("  %s has mistakes: loralab check tells them"), str_text(&name));
        result_used(result, &name);
    }
    mem_free(text);
    lesson_free(lesson);
    complaints_free(&complaints);
    return why.code != ERR_MEMORY || error_set(err, ERR_MEMORY, "%s", why.message);
}

static bool list_lessons(const Lab *lab, const Progresses *all, Result *result, Error *err)
{
    char **paths = NULL;
    Index  count = 0;
    if (!lesson_shelf(lab, &paths, &count, err)) return false;

    Value *list = value_list(result->root, "lessons");
    bool   ok = true;
    result_line(result, "%s", tr("Lessons: minutes to read, at most so much computing and memory"));
    result_line(result, "%s", "");
    for (Index i = 0; i < count; i++) {
        ok = ok && list_one(paths[i], all, result, list, err);
        mem_free(paths[i]);
    }
    mem_free(paths);
    if (ok) {
        result_line(result, "%s", "");
        result_line(result, "%s", tr("loralab run ID --linear goes through one"));
    }
    return ok;
}

/* ---- forgetting ---- */

static bool agrees(Lab *lab, const char *id, bool *yes, Error *err)
{
    Str  line = {0};
    bool more = false;
    if (isatty(STDIN_FILENO) != 1) {
        error_set(err, ERR_INPUT, tr("forgetting what was done in %.60s needs --yes here"), id);
        return error_hint(err, "%s", tr("on a terminal it is asked"));
    }
    if (strcmp(id, "all") == 0) {
        fputs(tr("Forget what was done in all lessons? y/n "), stderr);
    } else {
        fprintf(stderr, tr("Forget what was done in lesson %s? y/n "), id);
    }
    fflush(stderr);
    bool ok = lab->read_line(lab->input, &line, &more, err);
    *yes = ok && (str_same_name(str_text(&line), "y") || str_same_name(str_text(&line), "yes"));
    str_free(&line);
    return ok;
}

/* A file that cannot be read is no reason not to begin a new one; a newer version's is. */
static bool read_to_reset(Progresses *all, const Lab *lab, bool whole, Error *err)
{
    Error why = {0};
    if (progress_read(all, lab, &why)) return true;
    if (whole && why.code == ERR_INPUT) return true;
    error_set(err, why.code, "%s", why.message);
    return error_hint(err, "%s", why.hint);
}

static bool reset(Lab *lab, const Args *args, Result *result, Error *err)
{
    const char *id = args_text(args, "reset");
    bool        whole = strcmp(id, "all") == 0, yes = args_flag(args, "yes");
    Progresses  all = {0};

    if (!read_to_reset(&all, lab, whole, err)) return false;
    bool ok = true;
    if (!whole && progress_find(&all, id) == NULL) {
        char *path = lesson_path(lab, id, err); /* a wrong name is said so */
        ok = path != NULL;
        mem_free(path);
        if (ok) result_line(result, tr("lesson %s was not begun"), id);
    } else {
        ok = yes || agrees(lab, id, &yes, err);
        if (ok && yes) {
            progress_reset(&all, whole ? NULL : id);
            ok = progress_write(&all, lab, err);
        }
        if (ok) result_line(result, "%s", yes ? tr("forgotten") : tr("nothing was changed"));
    }
    progress_free(&all);
    return ok;
}

bool cmd_lessons(Lab *lab, const Args *args, const Sink *sink, const Cancel *cancel, Result *result,
                 Error *err)
{
    (void)cancel;
    if (args_given(args, "reset")) {
        return reset(lab, args, result, err) && result_ok(result, err);
    }
    Progresses all = {0};
    Error      why = {0};
    if (!progress_read(&all, lab, &why)) sink_note(sink, "%s", why.message);
    bool ok = list_lessons(lab, &all, result, err);
    progress_free(&all);
    return ok && result_ok(result, err);
}
