/* Which lesson is open, from which step; its job begins and ends here. */

#include <string.h>

#include "app/rooms/lesson/lesson_room.h"
#include "core/base/file.h"
#include "core/base/mem.h"

/* ---- the file ---- */

static bool is_file_name(const char *name)
{
    size_t n = strlen(name);
    return strchr(name, '/') != NULL || (n > 3 && strcmp(name + n - 3, ".md") == 0);
}

static bool has_device(Lab *lab, const Lesson *lesson, Error *err)
{
    if (strstr(lesson->needs, "cuda") == NULL) return true;
    Args    *args = args_create(command_find("run"), err);
    Backend *be = args != NULL ? lab_backend(lab, args, err) : NULL;
    args_free(args);
    if (be == NULL) return false;
    if (strcmp(be->name, "cuda") == 0) return true;
    error_set(err, ERR_DEVICE, tr("lesson %s needs the cuda backend, this is %s"), lesson->id,
              be->name);
    return error_hint(err, "%s", tr("loralab doctor tells what this machine offers"));
}

static int number_of(const char *path)
{
    const char *base = path_base(path);
    bool        numbered =
        base[0] >= '0' && base[0] <= '9' && base[1] >= '0' && base[1] <= '9' && base[2] == '-';
    return numbered ? (base[0] - '0') * 10 + base[1] - '0' : 0;
}

static bool load(LessonRoom *room, const char *name, Error *err)
{
    Lab  *lab = screen_lab(room->screen);
    char *path = lesson_path(lab, name, err);
    if (path == NULL) return false;
    const char *lang = screen_lang(room->screen);
    bool        translated = lesson_is_translated(path, lang);
    Lesson     *lesson = lesson_load(path, translated ? lang : "", err);
    int         number = number_of(path);
    if (lang[0] != '\0' && !translated) {
        screen_say(room->screen, tr("this lesson is not there in \"%s\" yet"), lang);
    }
    mem_free(path);
    if (lesson == NULL) return false;
    if (!has_device(lab, lesson, err)) {
        lesson_free(lesson);
        return false;
    }
    lesson_close(room);
    room->lesson = lesson;
    room->opened = screen_now(room->screen);
    room->number = number;
    room->shelf = !is_file_name(name);
    room->name = mem_strdup(name, err);
    room->steps = mem_alloc(mem_program(), MEM_TEXT, lesson->count, sizeof *room->steps, err);
    return room->name != NULL && room->steps != NULL && lesson_values_reset(room, err);
}

void lesson_close(LessonRoom *room)
{
    lesson_job_free(room->job);
    room->job = NULL;
    lesson_queue_close(&room->queue);
    for (Index i = 0; room->steps != NULL && i < room->lesson->count; i++) {
        story_free(&room->steps[i]);
    }
    lesson_forget_lines(room);
    lesson_values_free(room);
    mem_free(room->steps);
    mem_free(room->picked);
    mem_free(room->name);
    figure_free(room->live_figure);
    lesson_answers_free(room->answers);
    lesson_free(room->lesson);
    room->steps = NULL;
    room->picked = NULL;
    room->name = NULL;
    room->live_figure = NULL;
    room->answers = NULL;
    room->lesson = NULL;
    room->state = LESSON_NONE;
    str_free(&room->voted);
}

/* ---- the job ---- */

/* What the eye starts with. */
static void look_at(LessonRoom *room, Index step)
{
    room->at = room->shown = step;
    room->open = room->figure = -1;
    room->pane = PANE_TEXT;
    room->top[0] = room->top[1] = 0;
    room->fresh = room->card = 0;
    room->follow = true;
    room->found_row = -1;
    room->contents = room->editing = room->skips = false;
    str_clear(&room->foot);
}

static bool read_answers(LessonRoom *room, const Progresses *from, Error *err)
{
    const LessonProgress *progress = progress_find(from, room->lesson->id);
    if (progress == NULL) return true;
    room->answers =
        lesson_answers_parse(progress->answers, (Index)strlen(progress->answers), "progress", err);
    return room->answers != NULL;
}

static bool start_job(LessonRoom *room, Index from, Error *err)
{
    Str repeat = {0};
    lesson_repeat(room, &repeat);
    LessonJobSpec spec = {.lab = screen_lab(room->screen),
                          .lesson = room->lesson,
                          .stage = lesson_queue_stage(&room->queue),
                          .threads = screen_threads(room->screen),
                          .seeded = screen_seeded(room->screen),
                          .seed = screen_seed(room->screen),
                          .quick = screen_quick(room->screen),
                          .answers = room->answers,
                          .asks = true,
                          .from_step = from,
                          .repeat = str_text(&repeat),
                          .marks = true};
    room->job = str_ok(&repeat, err) ? lesson_job_start(&spec, err) : NULL;
    str_free(&repeat);
    return room->job != NULL;
}

bool lesson_begin(LessonRoom *room, Index from, bool answers, Error *err)
{
    Progresses mine = room->queue.screen != NULL ? room->queue.mine : (Progresses){0};
    lesson_job_free(room->job);
    room->job = NULL;
    lesson_answers_free(room->answers);
    room->answers = NULL;
    lesson_forget_lines(room);
    bool ok = !answers || mine.count == 0 || read_answers(room, &mine, err);
    lesson_queue_close(&room->queue);
    room->state = LESSON_NONE;
    room->played = false;
    room->predictions = room->right = room->asserts = room->failed = 0;
    look_at(room, from);
    if (!ok || !lesson_queue_open(&room->queue, room->screen, err)) return false;
    room->queue.keeps = room->keeps;
    if (!start_job(room, from, err)) return false;
    room->state = LESSON_WORKS;
    return true;
}

/* Where the progress kept on the disk says. A file that cannot be read is said, not fatal. */
static bool begin_from_progress(LessonRoom *room, Error *err)
{
    Progresses all = {0};
    Error      why = {0};
    Index      from = 0;
    bool       ok = true;

    room->keeps = room->shelf;
    if (room->shelf && !progress_read(&all, screen_lab(room->screen), &why)) {
        if (why.code == ERR_MEMORY) return error_set(err, why.code, "%s", why.message);
        screen_say(room->screen, "%s", why.message);
        room->keeps = false;
    }
    const LessonProgress *progress = progress_find(&all, room->lesson->id);
    if (progress != NULL && !progress->done && progress->step < room->lesson->count) {
        from = progress->step;
    }
    /* lesson_begin takes answers from this session's progress: this is where it comes from. */
    if (from > 0) {
        ok = lesson_queue_open(&room->queue, room->screen, err);
        if (ok) {
            room->queue.mine = all;
            all = (Progresses){0};
        }
    }
    progress_free(&all);
    ok = ok && lesson_begin(room, from, true, err);
    return ok;
}

bool lesson_open(LessonRoom *room, const char *name, Error *err)
{
    bool same = name == NULL || (room->name != NULL && strcmp(room->name, name) == 0);
    if (same && room->lesson != NULL && room->state != LESSON_COMPLETE) return true;
    if (name == NULL && room->lesson == NULL) {
        error_set(err, ERR_INPUT, "%s", tr("no lesson is open yet"));
        return error_hint(err, "%s", tr("choose one at home, or type :lesson NAME"));
    }
    char *copy = mem_strdup(name != NULL ? name : room->name, err); /* the room's own name goes */
    bool  ok = copy != NULL && load(room, copy, err) && begin_from_progress(room, err);
    mem_free(copy);
    if (!ok && room->job == NULL) lesson_close(room);
    return ok;
}

bool lesson_busy(const LessonRoom *room)
{
    return room->state == LESSON_WORKS;
}

void lesson_ended(LessonRoom *room)
{
    Error err = {0};
    bool  fine = lesson_job_wait(room->job, &err);
    room->why = err;
    room->state = fine                        ? LESSON_COMPLETE
                  : err.code == ERR_CANCELLED ? LESSON_STOPPED
                                              : LESSON_FAILED;
    lesson_forget_lines(room);
}

static void say_why(LessonRoom *room, const Error *err)
{
    room->state = LESSON_FAILED;
    room->why = *err;
    screen_say(room->screen, "%s", err->message);
}

void lesson_take_up(LessonRoom *room)
{
    Error err = {0};
    if (!lesson_begin(room, room->at, true, &err)) say_why(room, &err);
}

void lesson_again(LessonRoom *room)
{
    Error err = {0};
    for (Index i = 0; i < room->lesson->count; i++) {
        story_free(&room->steps[i]);
        room->steps[i] = (LessonStory){0};
    }
    str_free(&room->voted);
    if (!lesson_values_reset(room, &err) || !lesson_begin(room, 0, false, &err)) {
        say_why(room, &err);
    }
}
