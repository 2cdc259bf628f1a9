/* progress.json: read whole, changed in memory, written durably whole. */

#include "lessons/engine/progress.h"

#include <string.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/mem.h"

#define VERSION 1
#define PROGRESS_MAX_BYTES (8 << 20)
#define STEPS_MAX 1000

void progress_free(Progresses *all)
{
    for (Index i = 0; i < all->count; i++) {
        mem_free(all->list[i].id);
        mem_free(all->list[i].answers);
    }
    mem_free(all->list);
    *all = (Progresses){0};
}

LessonProgress *progress_find(const Progresses *all, const char *id)
{
    for (Index i = 0; i < all->count; i++) {
        if (strcmp(all->list[i].id, id) == 0) return &all->list[i];
    }
    return NULL;
}

static LessonProgress *add_lesson(Progresses *all, const char *id, Error *err)
{
    LessonProgress *larger =
        mem_resize(all->list, mem_program(), MEM_TEXT, all->count + 1, sizeof *larger, err);
    if (larger == NULL) return NULL;
    all->list = larger;
    LessonProgress *lesson = &larger[all->count];
    *lesson = (LessonProgress){.id = mem_strdup(id, err)};
    if (lesson->id == NULL) return NULL;
    all->count++;
    lesson->answers = mem_strdup("{}", err);
    return lesson->answers != NULL ? lesson : NULL;
}

/* ---- reading ---- */

static char *progress_path(const Lab *lab, Error *err)
{
    return path_join(lab->state_folder, "progress.json", err);
}

static bool read_answers(LessonProgress *lesson, const JsonNode *node, Error *err)
{
    if (node == NULL || !json_is_object(node)) return true;
    Str text = {0};
    json_add_node(&text, node);
    char *copy = str_take(&text, err);
    if (copy == NULL) return false;
    mem_free(lesson->answers);
    lesson->answers = copy;
    return true;
}

static bool read_lesson(Progresses *all, const Json *json, const char *id, const JsonNode *node,
                        Error *err)
{
    int64_t         step = 0, steps = 0, predictions = 0, right = 0;
    LessonProgress *lesson = add_lesson(all, id, err);
    if (lesson == NULL) return false;
    if (!json_is_object(node)) {
        return error_set(err, ERR_INPUT, "%s: field \"%.60s\": must be an object", json_name(json),
                         id);
    }
    bool ok = json_field_int(json, node, "step", true, 0, STEPS_MAX, &step, err) &&
              json_field_int(json, node, "steps", true, 0, STEPS_MAX, &steps, err) &&
              json_field_bool(json, node, "done", &lesson->done, err) &&
              json_field_int(json, node, "predictions", false, 0, STEPS_MAX, &predictions, err) &&
              json_field_int(json, node, "right", false, 0, STEPS_MAX, &right, err) &&
              read_answers(lesson, json_get(node, "answers"), err);
    lesson->step = (Index)step;
    lesson->steps = (Index)steps;
    lesson->predictions = (Index)predictions;
    lesson->right = (Index)right;
    return ok;
}

static bool read_all(Progresses *all, const Json *json, Error *err)
{
    const JsonNode *root = json_root(json), *lessons = json_get(root, "lessons"), *node = NULL;
    int64_t         version = 0;

    if (!json_field_int(json, root, "version", true, 1, 1 << 30, &version, err)) return false;
    if (version > VERSION) {
        error_set(err, ERR_MISMATCH,
                  tr("%s is of version %lld, this program knows version %d; it is left alone"),
                  json_name(json), (long long)version, VERSION);
        return error_hint(err, "%s", tr("use the newer loralab, or move the file away"));
    }
    if (lessons == NULL || !json_is_object(lessons)) {
        return error_set(err, ERR_INPUT, "%s: field \"lessons\": must be an object",
                         json_name(json));
    }
    for (Index i = 0; i < json_count(lessons); i++) {
        const char *id = json_member(lessons, i, &node);
        if (!read_lesson(all, json, id, node, err)) return false;
    }
    return true;
}

bool progress_read(Progresses *all, const Lab *lab, Error *err)
{
    *all = (Progresses){0};
    char *path = progress_path(lab, err);
    if (path == NULL) return false;
    if (!path_exists(path)) {
        mem_free(path);
        return true;
    }
    Json *json = json_read(path, PROGRESS_MAX_BYTES, err);
    bool  ok = json != NULL && read_all(all, json, err);
    if (!ok && err != NULL && err->code == ERR_INPUT) {
        error_hint(err, "%s", tr("loralab lessons --reset all begins a new one"));
    }
    json_free(json);
    mem_free(path);
    if (!ok) progress_free(all);
    return ok;
}

/* ---- writing ---- */

static void add_member(Str *out, const LessonProgress *lesson)
{
    json_add_string(out, lesson->id, (Index)strlen(lesson->id));
    str_addf(out, ": {\"step\": %td, \"steps\": %td, \"done\": %s, ", lesson->step, lesson->steps,
             lesson->done ? "true" : "false");
    str_addf(out, "\"predictions\": %td, \"right\": %td, \"answers\": %s}", lesson->predictions,
             lesson->right, lesson->answers);
}

bool progress_write(const Progresses *all, const Lab *lab, Error *err)
{
    Str text = {0};
    str_addf(&text, "{\"version\": %d, \"lessons\": {", VERSION);
    for (Index i = 0; i < all->count; i++) {
        str_add(&text, i > 0 ? ",\n  " : "\n  ");
        add_member(&text, &all->list[i]);
    }
    str_add(&text, "\n}}\n");
    char *path = str_ok(&text, err) ? progress_path(lab, err) : NULL;
    bool  ok = path != NULL && folder_make(lab->state_folder, err) &&
              file_write_all(path, text.data, text.len, err);
    mem_free(path);
    str_free(&text);
    return ok;
}

/* ---- changing ---- */

static void add_answer(Str *out, const char *id, const char *answer, Index n)
{
    if (out->len > 1) str_add(out, ", ");
    json_add_string(out, id, (Index)strlen(id));
    str_add(out, ": ");
    json_add_string(out, answer, n);
}

static bool is_answered(const Note *note)
{
    bool asked = note->kind == NOTE_PREDICT || note->kind == NOTE_QUIZ;
    return asked && note->answer != NULL && note->id[0] != '\0';
}

static bool in_transcript(const Transcript *transcript, const char *id)
{
    for (Index i = 0; i < transcript->count; i++) {
        const Note *note = &transcript->notes[i];
        if (is_answered(note) && strcmp(note->id, id) == 0) return true;
    }
    return false;
}

/* Earlier answers stay unless this run gave others. */
static bool merge_answers(LessonProgress *lesson, const Transcript *transcript, Error *err)
{
    Str             text = {0}, answer = {0};
    const JsonNode *node = NULL;
    Json *json = json_parse(lesson->answers, (Index)strlen(lesson->answers), "answers", err);
    if (json == NULL) return false;

    str_add(&text, "{");
    for (Index i = 0; i < json_count(json_root(json)); i++) {
        Index       n = 0;
        const char *id = json_member(json_root(json), i, &node);
        const char *given = json_string(node, &n);
        if (given != NULL && !in_transcript(transcript, id)) add_answer(&text, id, given, n);
    }
    for (Index i = 0; i < transcript->count; i++) {
        const Note *note = &transcript->notes[i];
        if (!is_answered(note)) continue;
        str_clear(&answer);
        str_add(&answer, note->answer);
        if (note->kind == NOTE_PREDICT && note->reason != NULL) {
            str_addf(&answer, "; because %s", note->reason);
        }
        add_answer(&text, note->id, str_text(&answer), answer.len);
    }
    str_add(&text, "}");
    json_free(json);
    bool  ok = str_ok(&answer, err);
    char *merged = ok ? str_take(&text, err) : NULL;
    str_free(&answer);
    str_free(&text);
    if (merged == NULL) return false;
    mem_free(lesson->answers);
    lesson->answers = merged;
    return true;
}

bool progress_note(Progresses *all, const Transcript *transcript, Index step, Index steps,
                   Error *err)
{
    LessonProgress *lesson = progress_find(all, transcript->lesson);
    if (lesson == NULL) lesson = add_lesson(all, transcript->lesson, err);
    if (lesson == NULL) return false;
    lesson->step = step;
    lesson->steps = steps;
    lesson->done = lesson->done || step >= steps;
    lesson->predictions = lesson->right = 0;
    for (Index i = 0; i < transcript->count; i++) {
        const Note *note = &transcript->notes[i];
        if (note->kind != NOTE_PREDICT || note->answer == NULL) continue;
        lesson->predictions++;
        lesson->right += note->verdict == VERDICT_RIGHT;
    }
    return merge_answers(lesson, transcript, err);
}

void progress_reset(Progresses *all, const char *id)
{
    Index kept = 0;
    for (Index i = 0; i < all->count; i++) {
        if (id != NULL && strcmp(all->list[i].id, id) != 0) {
            all->list[kept++] = all->list[i];
            continue;
        }
        mem_free(all->list[i].id);
        mem_free(all->list[i].answers);
    }
    all->count = kept;
}
