/* Running lessons for tests. */

#include "tests/lessons/job_rig.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "tests/test.h"

const char *job_lesson(const char *name)
{
    static char path[1024];
    const char *tests = getenv("LORALAB_TESTS");
    snprintf(path, sizeof path, "%s/lessons/%s", tests != NULL ? tests : "tests", name);
    return path;
}

static void open_lab(JobRig *rig)
{
    if (getenv("TMPDIR") == NULL) setenv("TMPDIR", "/dev/shm", 1);
    setenv("XDG_STATE_HOME", test_folder(), 1);
    if (getenv("LORALAB_DATA") == NULL) setenv("LORALAB_DATA", "data", 1);
    rig->lab = lab_create(NULL, &rig->err);
    assert_ok(&rig->err);
}

void job_rig_open(JobRig *rig, const char *lesson)
{
    open_lab(rig);
    rig->lesson = lesson_load(job_lesson(lesson), "", &rig->err);
    assert_ok(&rig->err);
}

void job_rig_open_text(JobRig *rig, const char *text)
{
    open_lab(rig);
    const char *path = test_path("lesson.md");
    assert_true(file_write_all(path, text, (Index)strlen(text), &rig->err));
    rig->lesson = lesson_load(path, "", &rig->err);
    assert_ok(&rig->err);
}

/* ---- the stage ---- */

static const char *next_line(JobRig *rig)
{
    const char *line = rig->lines[rig->next];
    if (line == NULL) return "";
    rig->next++;
    return line;
}

static void remember(JobRig *rig, const char *text)
{
    str_add(&rig->said, text);
    str_add(&rig->said, "\n");
}

static void on_tell(void *context, const Tell *tell)
{
    JobRig *rig = context;
    rig->tells++;
    bool words = tell->kind == TELL_TEXT || tell->kind == TELL_REPLY || tell->kind == TELL_PLAY;
    if (words && !rig->deaf) remember(rig, tell->text);
    if (rig->tells == rig->cancel_at) lesson_job_cancel(tell->job);
    if (tell->kind == TELL_ASK && rig->inside) lesson_job_answer(tell->job, next_line(rig));
}

/* Whoever answers: another thread, which looks for questions until the job is done. */
static void *answer_all(void *context)
{
    JobRig         *rig = context;
    struct timespec pause = {.tv_nsec = 200000};
    while (!lesson_job_done(rig->job)) {
        if (lesson_job_asking(rig->job)) lesson_job_answer(rig->job, next_line(rig));
        nanosleep(&pause, NULL);
    }
    return NULL;
}

static void forget(JobRig *rig)
{
    lesson_job_free(rig->job);
    rig->job = NULL;
    rig->err = (Error){0};
    rig->tells = rig->next = 0;
    str_clear(&rig->said);
}

void job_rig_run(JobRig *rig)
{
    forget(rig);
    LessonAnswers *answers = NULL;
    if (rig->answers != NULL) {
        Index n = (Index)strlen(rig->answers);
        answers = lesson_answers_parse(rig->answers, n, "answers", &rig->err);
        assert_ok(&rig->err);
    }
    bool          plays = rig->lines != NULL;
    LessonJobSpec spec = {.lab = rig->lab,
                          .lesson = rig->lesson,
                          .stage = {.context = rig, .tell = on_tell, .plays = plays},
                          .threads = 1,
                          .seed = rig->seed,
                          .seeded = rig->seed != 0,
                          .quick = rig->quick,
                          .settings = rig->settings,
                          .setting_count = rig->setting_count,
                          .answers = answers,
                          .asks = plays,
                          .from_step = rig->from,
                          .repeat = "loralab run it"};
    rig->job = lesson_job_start(&spec, &rig->err);
    rig->ok = false;
    if (rig->job != NULL) {
        pthread_t other;
        bool      threaded = plays && !rig->inside;
        if (threaded) assert_int_equal(pthread_create(&other, NULL, answer_all, rig), 0);
        rig->ok = lesson_job_wait(rig->job, &rig->err);
        if (threaded) pthread_join(other, NULL);
    }
    lesson_answers_free(answers);
}

const Transcript *job_rig_transcript(const JobRig *rig)
{
    return lesson_job_transcript(rig->job);
}

const Note *job_note_of(const JobRig *rig, NoteKind kind, const char *id)
{
    const Transcript *t = job_rig_transcript(rig);
    for (Index i = 0; i < t->count; i++) {
        if (t->notes[i].kind == kind && strcmp(t->notes[i].id, id) == 0) return &t->notes[i];
    }
    fail_msg("there is no note \"%s\"", id);
    return NULL;
}

void blank_timed(Str *out, const char *report)
{
    bool figure = false;
    for (const char *line = report; *line != '\0';) {
        Index n = (Index)strcspn(line, "\n");
        Str   text = {0};
        str_add_bytes(&text, line, n);
        figure = figure || strstr(str_text(&text), "<figure class=\"timed\">") != NULL;
        bool timed = figure || strstr(str_text(&text), "(timed)") != NULL ||
                     strstr(str_text(&text), "\"timed\": true") != NULL;
        str_add(out, timed ? "(a clock measured this)" : str_text(&text));
        str_add(out, "\n");
        figure = figure && strstr(str_text(&text), "</figure>") == NULL;
        line += n + (line[n] == '\n');
        str_free(&text);
    }
}

void job_rig_close(JobRig *rig)
{
    lesson_job_free(rig->job);
    lesson_free(rig->lesson);
    lab_free(rig->lab);
    str_free(&rig->said);
}
