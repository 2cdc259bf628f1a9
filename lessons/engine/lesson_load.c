/* Lessons from files: read, parsed, checked, with their translation. */

#include <string.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "lessons/engine/lesson_parts.h"

static Lesson *read_lesson(const char *path, Complaints *complaints, Error *err)
{
    Index n;
    char *text = file_read_all(path, LESSON_MAX_BYTES, &n, err);
    if (text == NULL) return NULL;
    Lesson *lesson = lesson_parse(path, text, n, complaints, err);
    mem_free(text);
    if (lesson != NULL && lesson_check(lesson, complaints, err)) return lesson;
    lesson_free(lesson);
    return NULL;
}

/* "DIR/rank.zh.md" to "DIR/rank.md", or the other way with a language. */
static char *sibling(const char *path, const char *lang, Error *err)
{
    size_t n = strlen(path), cut = lang[0] != '\0' ? 3 : 6;
    Str    other = {0};
    if (n <= cut || strcmp(path + n - 3, ".md") != 0) {
        error_set(err, ERR_INPUT, tr("%s: a lesson's name ends in .md"), path);
        return NULL;
    }
    str_add_bytes(&other, path, (Index)(n - cut));
    if (lang[0] != '\0') str_addf(&other, ".%s", lang);
    str_add(&other, ".md");
    return str_take(&other, err);
}

/* ---- check ------------------------------------------------------------------------------ */

/* A translation against the lesson it is of. */
static bool examine_joined(const Lesson *translation, Complaints *complaints, Error *err)
{
    Complaints own = {0};
    bool       ok = false;
    char      *path = sibling(translation->path, "", err);
    if (path == NULL) return false;
    if (!path_exists(path)) {
        complain(complaints, (Place){1, 1}, tr("there is no lesson %s that this translates"), path);
        mem_free(path);
        return true;
    }
    Lesson *lesson = read_lesson(path, &own, err);
    if (lesson != NULL && own.count > 0) {
        complain_hint(complain(complaints, (Place){1, 1}, tr("the lesson itself has mistakes")),
                      tr("loralab check %s"), path);
        ok = true;
    } else if (lesson != NULL) {
        Lesson *joined = lesson_translate(lesson, translation, complaints, err);
        ok = joined != NULL;
        lesson_free(joined);
    }
    lesson_free(lesson);
    complaints_free(&own);
    mem_free(path);
    return ok;
}

Lesson *lesson_examine(const char *path, Complaints *complaints, Error *err)
{
    Lesson *lesson = read_lesson(path, complaints, err);
    if (lesson == NULL || lesson->lang[0] == '\0' || lesson->unread) return lesson;
    if (complaints->count > 0 || examine_joined(lesson, complaints, err)) return lesson;
    lesson_free(lesson);
    return NULL;
}

/* ---- load ------------------------------------------------------------------------------- */

/* The first complaint as an error. */
static bool refuse(const char *path, const Complaints *complaints, Error *err)
{
    const Complaint *first = &complaints->list[0];
    Str              name = {0}, message = {0};
    safe_name(&name, path);
    safe_text(&message, first->message, (Index)strlen(first->message), false, 0);
    error_set(err, ERR_INPUT, "%s:%td:%td: %s", str_text(&name), first->place.line,
              first->place.col, str_text(&message));
    error_hint(err, tr("loralab check %s tells all %td"), str_text(&name), complaints->count);
    str_free(&name);
    str_free(&message);
    return false;
}

static Lesson *load_one(const char *path, Error *err)
{
    Complaints complaints = {0};
    Lesson    *lesson = read_lesson(path, &complaints, err);
    if (lesson != NULL && complaints.count > 0) {
        refuse(path, &complaints, err);
        lesson_free(lesson);
        lesson = NULL;
    }
    complaints_free(&complaints);
    return lesson;
}

static Lesson *join(Lesson *lesson, const char *path, Error *err)
{
    Complaints complaints = {0};
    Lesson    *translation = load_one(path, err);
    Lesson    *joined =
        translation != NULL ? lesson_translate(lesson, translation, &complaints, err) : NULL;
    if (joined != NULL && complaints.count > 0) {
        refuse(path, &complaints, err);
        lesson_free(joined);
        joined = NULL;
    }
    complaints_free(&complaints);
    lesson_free(translation);
    lesson_free(lesson);
    return joined;
}

bool lesson_is_translated(const char *path, const char *lang)
{
    char *other = lang[0] != '\0' ? sibling(path, lang, NULL) : NULL;
    bool  is = other != NULL && path_exists(other);
    mem_free(other);
    return is;
}

Lesson *lesson_load(const char *path, const char *lang, Error *err)
{
    Lesson *lesson = load_one(path, err);
    if (lesson == NULL || lang == NULL || lang[0] == '\0') return lesson;
    char *other = sibling(path, lang, err);
    if (other == NULL) {
        lesson_free(lesson);
        return NULL;
    }
    lesson = join(lesson, other, err);
    mem_free(other);
    return lesson;
}
