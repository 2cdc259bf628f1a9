/* `check`: every mistake of lesson files, as FILE:LINE:COL with the source line and a hint. */

#include <string.h>

#include "app/commands.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/lab/lab.h"
#include "lessons/engine/lesson.h"

static void add_complaints(Value *list, const Lesson *lesson, const Complaints *complaints)
{
    for (Index i = 0; i < complaints->count; i++) {
        const Complaint *c = &complaints->list[i];
        Value           *item = value_object(list, NULL);
        value_text(item, "file", lesson->path, (Index)strlen(lesson->path));
        value_integer(item, "line", c->place.line);
        value_integer(item, "column", c->place.col);
        value_text(item, "message", c->message, (Index)strlen(c->message));
        value_text(item, "hint", c->hint, (Index)strlen(c->hint));
    }
}

static void count_items(const Lesson *lesson, Index *predictions, Index *asserts)
{
    for (Index s = 0; s < lesson->count; s++) {
        for (Index i = 0; i < lesson->steps[s].count; i++) {
            const Item *item = &lesson->steps[s].items[i];
            *predictions += item->kind == ITEM_PREDICT;
            *asserts += item->assert_count;
        }
    }
}

static void tell_fine(Result *result, const Lesson *lesson)
{
    Index predictions = 0, asserts = 0;
    Str   name = {0};
    count_items(lesson, &predictions, &asserts);
    safe_name(&name, lesson->path);
    result_line(result, "%s: fine (%td steps, %td predictions, %td asserts)", str_text(&name),
                lesson->count, predictions, asserts);
    result_used(result, &name);
}

static bool check_file(const char *path, Result *result, Value *list, Index *mistakes, Error *err)
{
    Complaints complaints = {0};
    Lesson    *lesson = lesson_examine(path, &complaints, err);
    if (lesson != NULL && complaints.count > 0) {
        complaints_text(&result->text, lesson, &complaints);
        add_complaints(list, lesson, &complaints);
    } else if (lesson != NULL) {
        tell_fine(result, lesson);
    }
    *mistakes += complaints.count;
    complaints_free(&complaints);
    lesson_free(lesson);
    return lesson != NULL;
}

/* NAME.zh.md beside NAME.md, or NULL where there is none. */
static char *translation_of(const char *path, Error *err)
{
    size_t n = strlen(path);
    Str    text = {0};
    if (n <= 3 || strcmp(path + n - 3, ".md") != 0) return NULL;
    str_add_bytes(&text, path, (Index)n - 3);
    str_add(&text, ".zh.md");
    char *other = str_take(&text, err);
    if (other != NULL && path_exists(other)) return other;
    mem_free(other);
    return NULL;
}

static bool check_one(const Lab *lab, const char *name, Result *result, Value *list,
                      Index *mistakes, Error *err)
{
    char *path = lesson_path(lab, name, err);
    bool  ok = path != NULL && check_file(path, result, list, mistakes, err);
    char *other = ok ? translation_of(path, err) : NULL;
    if (other != NULL) ok = check_file(other, result, list, mistakes, err);
    mem_free(other);
    mem_free(path);
    return ok;
}

bool cmd_check(Lab *lab, const Args *args, const Sink *sink, const Cancel *cancel, Result *result,
               Error *err)
{
    (void)sink;
    Value *list = value_list(result->root, "mistakes");
    Index  mistakes = 0;

    for (Index i = 0; i < args_operands(args); i++) {
        if (cancel_requested(cancel)) return error_set(err, ERR_CANCELLED, "stopped");
        if (!check_one(lab, args_operand(args, i), result, list, &mistakes, err)) return false;
    }
    if (mistakes > 0) {
        Str failure = {0};
        str_addf(&failure, mistakes == 1 ? tr("%td mistake") : tr("%td mistakes"), mistakes);
        value_text(result->root, "failure", str_text(&failure), failure.len);
        result->exit_code = ERR_INPUT;
        result_used(result, &failure);
    }
    return result_ok(result, err);
}
