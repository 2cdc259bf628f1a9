/* The lesson's values: chosen at the start, put on the bench, and seen by texts. */

#include <string.h>

#include "core/base/mem.h"
#include "lessons/engine/engine_internal.h"

/* ---- texts ---- */

const LessonValue *setting_find(const Lesson *lesson, const char *name, Index *at)
{
    for (Index i = 0; i < lesson->value_count; i++) {
        if (strcmp(lesson->values[i].name, name) != 0) continue;
        *at = i;
        return &lesson->values[i];
    }
    return NULL;
}

bool setting_unknown(const Lesson *lesson, const char *name, Error *err)
{
    Str names = {0};
    for (Index i = 0; i < lesson->value_count; i++) {
        str_addf(&names, "%s%s", i > 0 ? ", " : "", lesson->values[i].name);
    }
    error_set(err, ERR_INPUT, tr("lesson %s has no value \"%.60s\""), lesson->id, name);
    if (names.len > 0) {
        error_hint(err, tr("it has: %.200s"), str_text(&names));
    } else {
        error_hint(err, "%s", tr("it has no values that can be set"));
    }
    str_free(&names);
    return false;
}

void values_free(char **texts, Index count)
{
    for (Index i = 0; texts != NULL && i < count; i++) mem_free(texts[i]);
    mem_free(texts);
}

bool setting_check(const LessonValue *value, const char *text, Error *err)
{
    Datum *datum = lesson_value_datum(value, text, err);
    datum_drop(datum);
    return datum != NULL;
}

static bool replace_text(char **text, const char *with, Error *err)
{
    char *copy = mem_strdup(with, err);
    if (copy == NULL) return false;
    mem_free(*text);
    *text = copy;
    return true;
}

/* "r = 2, steps = 60": what was set by hand. */
static bool tell_settings(LessonJob *job, const LessonJobSpec *spec, Error *err)
{
    Str text = {0};
    for (Index i = 0; i < spec->setting_count; i++) {
        str_addf(&text, "%s%s = %s", i > 0 ? ", " : "", spec->settings[i].name,
                 spec->settings[i].value);
    }
    job->transcript.settings = str_take(&text, err);
    return job->transcript.settings != NULL;
}

bool values_choose(LessonJob *job, const LessonJobSpec *spec, Error *err)
{
    const Lesson *lesson = job->lesson;
    job->values = mem_alloc(mem_program(), MEM_TEXT, lesson->value_count, sizeof(char *), err);
    if (job->values == NULL) return false;
    for (Index i = 0; i < lesson->value_count; i++) {
        const LessonValue *value = &lesson->values[i];
        bool               quick = spec->quick && value->quick != NULL;
        if (!replace_text(&job->values[i], quick ? value->quick : value->normal, err)) return false;
    }
    for (Index i = 0; i < spec->setting_count; i++) {
        const LessonSetting *setting = &spec->settings[i];
        Index                at = 0;
        const LessonValue   *value = setting_find(lesson, setting->name, &at);
        if (value == NULL) return setting_unknown(lesson, setting->name, err);
        if (!setting_check(value, setting->value, err) ||
            !replace_text(&job->values[at], setting->value, err)) {
            return false;
        }
    }
    return tell_settings(job, spec, err);
}

/* ---- on the bench ---- */

bool values_put(LessonJob *job, char *const *texts, Error *err)
{
    for (Index i = 0; i < job->lesson->value_count; i++) {
        const LessonValue *value = &job->lesson->values[i];
        Datum             *datum = lesson_value_datum(value, texts[i], err);
        if (datum == NULL || !bench_put(job->bench, value->name, datum, NULL, err)) return false;
    }
    Datum *seed = datum_number((double)job->transcript.seed, NULL, err);
    return seed != NULL && bench_put(job->bench, "seed", seed, NULL, err);
}

/* ---- seen by texts ---- */

static const Datum *overlay_find(void *context, const char *name)
{
    const Overlay *overlay = context;
    for (Index i = 0; i < overlay->count; i++) {
        if (strcmp(overlay->names[i], name) == 0) return overlay->values[i];
    }
    const Guess *guess = overlay->job != NULL ? job_guess(overlay->job, name) : NULL;
    if (guess != NULL && guess->record != NULL) return guess->record;
    return overlay->below.find(overlay->below.context, name);
}

static const char *overlay_nearest(void *context, const char *name)
{
    const Overlay *overlay = context;
    if (overlay->below.nearest == NULL) return NULL;
    return overlay->below.nearest(overlay->below.context, name);
}

Scope overlay_scope(Overlay *overlay, LessonJob *job)
{
    overlay->job = job;
    overlay->below = bench_scope(job->bench);
    return (Scope){.context = overlay, .find = overlay_find, .nearest = overlay_nearest};
}

char *job_fill(LessonJob *job, const char *text, bool escape, Place place, Error *err)
{
    Overlay overlay = {0};
    Scope   scope = overlay_scope(&overlay, job);
    Str     out = {0};

    Index n = (Index)strlen(text);
    bool  ok = job->marks ? fill_marked(&out, text, n, &scope, escape, NULL, err)
                          : fill_text(&out, text, n, &scope, escape, NULL, err);
    if (!ok) {
        str_free(&out);
        job_blame(job, place, err);
        return NULL;
    }
    return str_take(&out, err);
}
