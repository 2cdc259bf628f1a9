/*
 * Free play. Before the first thing that is played the bench's state is saved (references only);
 * "restore", and going on, bring it back, so play can neither harm the lesson nor refuse a right
 * answer. "run" begins from the state before the step, with the values that were set: runs that
 * change the bench (merge, switch) can be done again.
 */

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "lessons/engine/engine_internal.h"

/* ---- state ---- */

static bool copy_values(char ***to, char *const *from, Index count, Error *err)
{
    *to = mem_alloc(mem_program(), MEM_TEXT, count, sizeof(char *), err);
    for (Index i = 0; *to != NULL && i < count; i++) {
        (*to)[i] = mem_strdup(from[i], err);
        if ((*to)[i] != NULL) continue;
        values_free(*to, count);
        *to = NULL;
    }
    return *to != NULL;
}

static bool play_begin(LessonJob *job, Error *err)
{
    if (job->played) return true;
    job->own = bench_save(job->bench, err);
    if (job->own == NULL) return false;
    if (!copy_values(&job->play_values, job->values, job->lesson->value_count, err)) {
        bench_state_free(job->own);
        job->own = NULL;
        return false;
    }
    job->played = true;
    return true;
}

bool play_end(LessonJob *job, Error *err)
{
    if (!job->played) return true;
    bool ok = bench_restore(job->bench, job->own, err);
    bench_state_free(job->own);
    values_free(job->play_values, job->lesson->value_count);
    job->own = NULL;
    job->play_values = NULL;
    job->played = false;
    return ok;
}

/* ---- the commands of play ---- */

/* What follows the word, or NULL when the line begins with another. */
static const char *after_word(const char *line, const char *word)
{
    line += strspn(line, " ");
    size_t n = strlen(word);
    if (strncmp(line, word, n) != 0 || (line[n] != '\0' && line[n] != ' ')) return NULL;
    return line + n + strspn(line + n, " ");
}

/* "NAME=VALUE", blanks around both allowed. */
static bool split_setting(const char *text, Str *name, Str *value, Error *err)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL) {
        return error_set(err, ERR_INPUT, "%s", tr("set wants NAME=VALUE, such as set r=4"));
    }
    Index n = equals - text;
    while (n > 0 && text[n - 1] == ' ') n--;
    str_add_bytes(name, text, n);
    equals += 1 + strspn(equals + 1, " ");
    str_add(value, equals);
    while (value->len > 0 && value->data[value->len - 1] == ' ') value->data[--value->len] = '\0';
    return str_ok(name, err) && str_ok(value, err);
}

static bool store_setting(LessonJob *job, const char *name, const char *text, Error *err)
{
    Index              at = 0;
    const LessonValue *value = setting_find(job->lesson, name, &at);
    if (value == NULL) return setting_unknown(job->lesson, name, err);
    if (!setting_check(value, text, err) || !play_begin(job, err)) return false;
    char *copy = mem_strdup(text, err);
    if (copy == NULL) return false;
    mem_free(job->play_values[at]);
    job->play_values[at] = copy;
    if (!values_put(job, job->play_values, err)) return false;
    job_say(job, TELL_PLAY, VERDICT_NONE,
            tr("%s = %s; \"run\" does this step's runs again with it"), name, text);
    return true;
}

static bool play_set(LessonJob *job, const char *text, Error *err)
{
    Str  name = {0}, value = {0};
    bool ok = split_setting(text, &name, &value, err) &&
              store_setting(job, str_text(&name), str_text(&value), err);
    str_free(&name);
    str_free(&value);
    return ok;
}

static bool play_again(LessonJob *job, Error *err)
{
    Index done = 0;
    for (Index i = 0; i < job->item && i < job->step->count; i++) {
        done += job->step->items[i].kind == ITEM_RUN;
    }
    if (done == 0) {
        return error_set(err, ERR_INPUT, "%s",
                         tr("nothing of this step has run yet: an answer first"));
    }
    if (!play_begin(job, err) || !bench_restore(job->bench, job->at_start, err) ||
        !values_put(job, job->play_values, err)) {
        return false;
    }
    bool ok = true;
    for (Index i = 0; ok && i < job->item && i < job->step->count; i++) {
        const Item *item = &job->step->items[i];
        if (item->kind == ITEM_RUN) ok = job_run(job, item, err);
        if (item->kind == ITEM_PLOT) ok = job_plot(job, item, err);
        if (item->kind == ITEM_ASSERT) ok = job_assert(job, item, err);
    }
    return ok;
}

static bool play_restore(LessonJob *job, Error *err)
{
    if (!play_end(job, err)) return false;
    job_say(job, TELL_PLAY, VERDICT_NONE, "%s", tr("the step's own state is back"));
    return true;
}

static bool tell_values(LessonJob *job, Error *err)
{
    Str                text = {0};
    const Lesson      *lesson = job->lesson;
    char *const *const now = job->play_values != NULL ? job->play_values : job->values;
    for (Index i = 0; i < lesson->value_count; i++) {
        const LessonValue *value = &lesson->values[i];
        str_addf(&text, "%s%s = %s", i > 0 ? "\n" : "", value->name, now[i]);
        if (value->ranged) str_addf(&text, " (%g..%g)", value->lo, value->hi);
        if (value->help != NULL && value->help[0] != '\0') str_addf(&text, ": %s", value->help);
    }
    if (lesson->value_count == 0) str_add(&text, tr("this lesson has no values that can be set"));
    bool ok = str_ok(&text, err);
    if (ok) job_say(job, TELL_PLAY, VERDICT_NONE, "%s", str_text(&text));
    str_free(&text);
    return ok;
}

static bool play_help(LessonJob *job)
{
    job_say(job, TELL_PLAY, VERDICT_NONE, "%s",
            tr("set NAME=VALUE   change a value (values: which there are)\n"
               "run              do this step's runs again with it\n"
               "restore          bring the step's own state back\n"
               "rank A           any command of the lessons acts on the bench\n"
               "quit             end here; the lesson can be gone on with later\n"
               "Going on always goes on from the lesson's own state."));
    return true;
}

static bool play_verb(LessonJob *job, const char *line, Error *err)
{
    VerbLine *verb = verb_line_parse(line, (Index)strlen(line), NULL, err);
    bool      ok = verb != NULL && play_begin(job, err);
    ok = ok && job_run_line(job, verb, (Place){0, 0}, err);
    verb_line_free(verb);
    return ok;
}

/* ---- which of them ---- */

/* "rank A" or "x = rank A" or "sweep ...": a line of the vocabulary, not an answer. */
static bool is_verb_line(const char *line)
{
    line += strspn(line, " ");
    const char *equals = strchr(line, '=');
    size_t      n = strcspn(line, " =");
    if (equals != NULL && line + n + strspn(line + n, " ") == equals) {
        line = equals + 1 + strspn(equals + 1, " ");
        n = strcspn(line, " ");
    }
    char word[32];
    if (n == 0 || n >= sizeof word) return false;
    memcpy(word, line, n);
    word[n] = '\0';
    return strcmp(word, "sweep") == 0 || verb_find(word) != NULL;
}

static bool dispatch(LessonJob *job, const char *line, bool *known, Error *err)
{
    const char *rest = after_word(line, "set");
    *known = true;
    if (rest != NULL) return play_set(job, rest, err);
    if (answer_is(line, "run")) return play_again(job, err);
    if (answer_is(line, "restore")) return play_restore(job, err);
    if (answer_is(line, "values")) return tell_values(job, err);
    if (answer_is(line, "help")) return play_help(job);
    if (answer_is(line, "quit")) {
        lesson_job_cancel(job);
        return job_goes_on(job, err);
    }
    if (is_verb_line(line)) return play_verb(job, line, err);
    *known = false;
    return true;
}

bool play_line(LessonJob *job, const char *line, bool *failed, Error *err)
{
    Error why = {0};
    bool  known = false;

    *failed = false;
    job->playing = true;
    bool ok = dispatch(job, line, &known, &why);
    if (!ok && job->cancel.requested == 0) {
        /* What goes wrong in play is told and ends nothing. */
        job_say(job, TELL_PLAY, VERDICT_NONE, "%s", why.message);
        if (why.hint[0] != '\0') job_say(job, TELL_PLAY, VERDICT_NONE, "%s", why.hint);
    } else if (!ok) {
        *failed = !job_goes_on(job, err);
    }
    job->playing = false;
    transcript_free(&job->play);
    return known;
}
