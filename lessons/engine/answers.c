/* Answers prepared beforehand: one JSON object of id: answer. */

#include <math.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "lessons/engine/engine.h"

#define ANSWERS_MAX_BYTES (1 << 20)

typedef struct Prepared {
    char *id, *answer;
} Prepared;

struct LessonAnswers {
    Prepared *list;
    Index     count;
};

void lesson_answers_free(LessonAnswers *answers)
{
    if (answers == NULL) return;
    for (Index i = 0; i < answers->count; i++) {
        mem_free(answers->list[i].id);
        mem_free(answers->list[i].answer);
    }
    mem_free(answers->list);
    mem_free(answers);
}

/* A number may be written as one: {"p1": 0.1}. */
static char *answer_text(const Json *json, const char *id, const JsonNode *node, Error *err)
{
    Str         text = {0};
    Index       n = 0;
    const char *string = json_string(node, &n);

    if (string != NULL && (Index)strlen(string) == n) {
        str_add(&text, string);
    } else if (json_is_number(node) && isfinite(json_number(node))) {
        str_add_double(&text, json_number(node));
    } else {
        error_set(err, ERR_INPUT, "%s: field \"%.60s\": must be a text or a number",
                  json_name(json), id);
        return NULL;
    }
    return str_take(&text, err);
}

static bool add_answer(LessonAnswers *answers, const Json *json, const char *id,
                       const JsonNode *node, Error *err)
{
    Prepared *larger =
        mem_resize(answers->list, mem_program(), MEM_TEXT, answers->count + 1, sizeof *larger, err);
    if (larger == NULL) return false;
    answers->list = larger;
    Prepared *next = &larger[answers->count++];
    next->id = mem_strdup(id, err);
    next->answer = next->id != NULL ? answer_text(json, id, node, err) : NULL;
    return next->answer != NULL;
}

static LessonAnswers *from_json(Json *json, Error *err)
{
    LessonAnswers *answers = NULL;
    if (json == NULL) return NULL;

    const JsonNode *root = json_root(json), *node = NULL;
    if (!json_is_object(root)) {
        error_set(err, ERR_INPUT, "%s: must be one JSON object of id: answer", json_name(json));
    } else {
        answers = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *answers, err);
    }
    bool ok = answers != NULL;
    for (Index i = 0; ok && i < json_count(root); i++) {
        const char *id = json_member(root, i, &node);
        ok = add_answer(answers, json, id, node, err);
    }
    json_free(json);
    if (ok) return answers;
    lesson_answers_free(answers);
    return NULL;
}

LessonAnswers *lesson_answers_parse(const char *json, Index n, const char *name, Error *err)
{
    return from_json(json_parse(json, n, name, err), err);
}

LessonAnswers *lesson_answers_read(const char *path, Error *err)
{
    return from_json(json_read(path, ANSWERS_MAX_BYTES, err), err);
}

const char *lesson_answer_of(const LessonAnswers *answers, const char *id)
{
    for (Index i = 0; answers != NULL && i < answers->count; i++) {
        if (strcmp(answers->list[i].id, id) == 0) return answers->list[i].answer;
    }
    return NULL;
}
