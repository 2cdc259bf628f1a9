/* `run`: a lesson on the plain stages; what it says at its end, reports, progress. */

#include <stdio.h>
#include <string.h>

#include "app/commands.h"
#include "app/plain/stage_plain.h"
#include "app/plain/verdict.h"
#include "core/base/text.h"
#include "core/lab/lab.h"
#include "lessons/engine/progress.h"
#include "lessons/engine/report.h"

typedef struct Run {
    Lab           *lab;
    const Args    *args;
    const Sink    *sink;
    Lesson        *lesson;
    LessonAnswers *answers;
    LessonSetting *settings;
    char         **pieces; /* names and values that settings point into */
    Index          count;
    Str            repeat;
    Index          from; /* steps done earlier */
    bool           shelf, kept;
} Run;

/* ---- what was asked for ---- */

static bool split_settings(Run *run, Error *err)
{
    Index n = 0;
    while (args_item(run->args, "set", n) != NULL) n++;
    run->settings = mem_alloc(mem_program(), MEM_TEXT, n, sizeof *run->settings, err);
    run->pieces = mem_alloc(mem_program(), MEM_TEXT, n, sizeof(char *), err);
    if (run->settings == NULL || run->pieces == NULL) return false;
    for (Index i = 0; i < n; i++) {
        char *text = mem_strdup(args_item(run->args, "set", i), err);
        if (text == NULL) return false;
        run->pieces[run->count++] = text;
        char *equals = strchr(text, '=');
        if (equals == NULL || equals == text) {
            error_set(err, ERR_INPUT, tr("--set is \"%.60s\", but must be NAME=VALUE"), text);
            return error_hint(err, "%s", tr("for example: --set r=4 --set ranks=1,8"));
        }
        *equals = '\0';
        run->settings[i] = (LessonSetting){.name = text, .value = equals + 1};
    }
    return true;
}

static bool is_file_name(const char *name)
{
    size_t n = strlen(name);
    return strchr(name, '/') != NULL || (n > 3 && strcmp(name + n - 3, ".md") == 0);
}

static bool load_lesson(Run *run, Error *err)
{
    const char *name = args_operand(run->args, 0), *lang = args_text(run->args, "lang");
    char       *path = lesson_path(run->lab, name, err);
    if (path == NULL) return false;
    run->shelf = !is_file_name(name);
    run->lesson = lesson_load(path, strcmp(lang, "en") == 0 ? "" : lang, err);
    mem_free(path);
    return run->lesson != NULL;
}

static bool has_device(const Run *run, Error *err)
{
    const char *needs = run->lesson->needs, *backend = run->lab->be->name;
    if (strstr(needs, "cuda") == NULL || strcmp(backend, "cuda") == 0) return true;
    error_set(err, ERR_DEVICE, tr("lesson %s needs the cuda backend, this is %s"), run->lesson->id,
              backend);
    return error_hint(err, "%s", tr("loralab doctor tells what this machine offers"));
}

/* ---- progress ---- */

/* Where --linear goes on, and the answers given until then. */
static bool find_start(Run *run, Error *err)
{
    Progresses all = {0};
    Error      why = {0};
    bool       given = args_given(run->args, "from"), ok = true;

    if (given) run->from = (Index)args_int(run->args, "from") - 1;
    if (run->from >= run->lesson->count) {
        return error_set(err, ERR_INPUT, tr("--from is %td, but lesson %s has %td steps"),
                         run->from + 1, run->lesson->id, run->lesson->count);
    }
    bool looks = run->shelf && args_flag(run->args, "linear") && (run->from > 0 || !given);
    if (!looks) return true;
    if (!progress_read(&all, run->lab, &why)) {
        sink_note(run->sink, "%s", why.message);
        run->kept = false;
        return why.code != ERR_MEMORY || error_set(err, why.code, "%s", why.message);
    }
    const LessonProgress *progress = progress_find(&all, run->lesson->id);
    bool begun = progress != NULL && !progress->done && progress->step < run->lesson->count;
    if (begun && !given) run->from = progress->step;
    if (progress != NULL && run->from > 0 && run->answers == NULL) {
        run->answers = lesson_answers_parse(progress->answers, (Index)strlen(progress->answers),
                                            "progress.json", err);
        ok = run->answers != NULL;
    }
    progress_free(&all);
    return ok;
}

/* On the job's thread. A file that cannot be written is said so once and is no end of a lesson. */
static void keep_progress(void *context, const Transcript *transcript, Index step, Index steps)
{
    Run       *run = context;
    Progresses all = {0};
    Error      err = {0};

    if (!run->kept || step < run->from) return;
    bool ok = progress_read(&all, run->lab, &err) &&
              progress_note(&all, transcript, step, steps, &err) &&
              progress_write(&all, run->lab, &err);
    if (!ok) sink_note(run->sink, tr("progress is not kept: %s"), err.message);
    run->kept = ok;
    progress_free(&all);
}

static void say_going_on(const Run *run)
{
    if (run->from == 0 || args_given(run->args, "from")) return;
    sink_note(run->sink, tr("going on at step %td of %td; --from 1 begins anew"), run->from + 1,
              run->lesson->count);
}

/* ---- the run ---- */

static bool open_run(Run *run, Error *err)
{
    args_repeat_line(&run->repeat, run->args);
    if (!str_ok(&run->repeat, err) || !split_settings(run, err) || !load_lesson(run, err)) {
        return false;
    }
    if (lab_backend(run->lab, run->args, err) == NULL || !has_device(run, err)) return false;
    const char *answers = args_text(run->args, "answers");
    if (answers != NULL) run->answers = lesson_answers_read(answers, err);
    if (answers != NULL && run->answers == NULL) return false;
    run->kept = run->shelf && (args_flag(run->args, "linear") || answers != NULL);
    return find_start(run, err);
}

static void close_run(Run *run)
{
    for (Index i = 0; i < run->count; i++) mem_free(run->pieces[i]);
    mem_free(run->pieces);
    mem_free(run->settings);
    lesson_answers_free(run->answers);
    lesson_free(run->lesson);
    str_free(&run->repeat);
}

static LessonJob *start_job(Run *run, PlainStage *stage, Error *err)
{
    const Args   *args = run->args;
    LessonJobSpec spec = {.lab = run->lab,
                          .lesson = run->lesson,
                          .stage = plain_stage(stage),
                          .threads = (int)args_int(args, "threads"),
                          .seeded = args_given(args, "seed"),
                          .seed = (uint64_t)args_int(args, "seed"),
                          .quick = args_flag(args, "quick"),
                          .settings = run->settings,
                          .setting_count = run->count,
                          .answers = run->answers,
                          .asks = args_flag(args, "linear"),
                          .from_step = run->from,
                          .repeat = str_text(&run->repeat)};
    return lesson_job_start(&spec, err);
}

static bool write_files(const Run *run, const Transcript *transcript, Error *err)
{
    const char *report = args_text(run->args, "report"), *plots = args_text(run->args, "plots");
    return (report == NULL || report_write(transcript, report, err)) &&
           (plots == NULL || report_plots(transcript, plots, err));
}

/* A learner who left is no failure; what was measured until then is told and written. */
static bool end_run(Run *run, const PlainStage *stage, LessonJob *job, bool ok, Result *result,
                    Error *why, Error *err)
{
    const Transcript *transcript = lesson_job_transcript(job);
    bool              left = !ok && why->code == ERR_CANCELLED && stage->left;
    if (!ok && !left) {
        error_set(err, why->code, "%s", why->message);
        return why->hint[0] != '\0' ? error_hint(err, "%s", why->hint) : false;
    }
    if (!write_files(run, transcript, err)) return false;
    verdict_values(result, transcript);
    if (stage->linear) {
        verdict_linear(result, transcript, stage->ascii, stage->columns);
    } else {
        verdict_lines(result, transcript, stage->ascii);
    }
    if (left) {
        result_line(result,
                    run->kept ? tr("left after step %td of %td; the same command goes on "
                                   "from there")
                              : tr("left after step %td of %td"),
                    lesson_job_step(job), run->lesson->count);
    }
    return result_ok(result, err);
}

static bool perform(Run *run, const Cancel *cancel, Result *result, Error *err)
{
    PlainStage stage = {.linear = args_flag(run->args, "linear"),
                        .quiet = args_flag(run->args, "quiet"),
                        .sink = run->sink,
                        .keep = keep_progress,
                        .keep_context = run};
    Error      why = {0};

    bool open = plain_stage_open(&stage, args_text(run->args, "charset"), run->lab->columns, err);
    LessonJob *job = open ? start_job(run, &stage, err) : NULL;
    bool       ok = false;
    if (job != NULL) {
        ok = plain_stage_wait(&stage, job, cancel, &why);
        ok = end_run(run, &stage, job, ok, result, &why, err);
    }
    lesson_job_free(job);
    plain_stage_close(&stage);
    return ok;
}

bool cmd_run(Lab *lab, const Args *args, const Sink *sink, const Cancel *cancel, Result *result,
             Error *err)
{
    Run  run = {.lab = lab, .args = args, .sink = sink};
    bool ok = open_run(&run, err);
    if (ok) {
        say_going_on(&run);
        ok = perform(&run, cancel, result, err);
    }
    close_run(&run);
    return ok;
}
