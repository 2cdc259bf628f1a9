/* Reading what home lists. */

#include "app/rooms/home/home_shelf.h"

#include <string.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "lessons/engine/progress.h"

void home_shelf_free(HomeShelf *shelf)
{
    for (int i = 0; i < shelf->lesson_count; i++) lesson_free(shelf->files[i]);
    mem_free(shelf->files);
    mem_free(shelf->lessons);
    mem_free(shelf->ids);
    str_free(&shelf->runs);
    str_free(&shelf->model);
    str_free(&shelf->trouble);
    *shelf = (HomeShelf){.resume = -1};
}

/* ---- lessons ---- */

static void add_lesson(HomeShelf *shelf, Lesson *lesson, const LessonProgress *progress,
                       const char *backend)
{
    int         at = shelf->lesson_count++;
    HomeLesson *item = &shelf->lessons[at];

    shelf->files[at] = lesson;
    shelf->ids[at] = lesson->id;
    *item = (HomeLesson){.number = at + 1,
                         .title = lesson->title,
                         .summary = lesson->summary,
                         .minutes = lesson->minutes,
                         .seconds = lesson->seconds,
                         .steps = lesson->count};
    if (strstr(lesson->needs, "cuda") != NULL && strcmp(backend, "cuda") != 0) {
        item->lacks = tr("a CUDA device");
    }
    if (progress == NULL) return;
    item->state = progress->done ? HOME_DONE : HOME_BEGUN;
    item->step = progress->step;
    item->steps = progress->steps;
    item->predictions = progress->predictions;
    item->right = progress->right;
    if (!progress->done) shelf->resume = at;
}

static bool reserve(HomeShelf *shelf, Index count, Error *err)
{
    shelf->files = mem_alloc(mem_program(), MEM_TEXT, count, sizeof(Lesson *), err);
    shelf->lessons = mem_alloc(mem_program(), MEM_TEXT, count, sizeof(HomeLesson), err);
    shelf->ids = mem_alloc(mem_program(), MEM_TEXT, count, sizeof(char *), err);
    return shelf->files != NULL && shelf->lessons != NULL && shelf->ids != NULL;
}

/* Parsed, not checked: opening one does that, and home must be there at once. */
static bool read_lesson(HomeShelf *shelf, const char *path, const Progresses *all,
                        const char *backend, Error *err)
{
    Complaints complaints = {0};
    Error      why = {0};
    Index      n = 0;
    char      *text = file_read_all(path, LESSON_MAX_BYTES, &n, &why);
    Lesson    *lesson = text != NULL ? lesson_parse(path, text, n, &complaints, &why) : NULL;
    bool       readable = lesson != NULL && !lesson->unread && lesson->id != NULL &&
                    lesson->id[0] != '\0' && lesson->title != NULL;

    if (readable) {
        add_lesson(shelf, lesson, progress_find(all, lesson->id), backend);
    } else {
        lesson_free(lesson);
        str_clear(&shelf->trouble);
        str_addf(&shelf->trouble, tr("%s has mistakes: loralab check tells them"), path_base(path));
    }
    complaints_free(&complaints);
    mem_free(text);
    return why.code != ERR_MEMORY || error_set(err, ERR_MEMORY, "%s", why.message);
}

static bool read_lessons(HomeShelf *shelf, const Lab *lab, Error *err)
{
    Progresses  all = {0};
    Error       why = {0};
    char      **paths = NULL;
    Index       count = 0;
    const char *backend = lab->be != NULL ? lab->be->name : "";

    if (!progress_read(&all, lab, &why)) str_add(&shelf->trouble, why.message);
    if (!lesson_shelf(lab, &paths, &count, &why)) str_add(&shelf->trouble, why.message);
    bool ok = why.code != ERR_MEMORY && reserve(shelf, count, err);
    for (Index i = 0; i < count; i++) {
        ok = ok && read_lesson(shelf, paths[i], &all, backend, err);
        mem_free(paths[i]);
    }
    mem_free(paths);
    progress_free(&all);
    return ok || error_set(err, ERR_MEMORY, "%s", why.message);
}

/* ---- the other rooms ---- */

static void describe_runs(HomeShelf *shelf, const Lab *lab)
{
    char **names = NULL;
    Index  count = 0;
    char  *folder = path_join(lab->state_folder, "runs", NULL);

    if (folder == NULL || !path_is_folder(folder) || !folder_list(folder, &names, &count, NULL)) {
        count = 0;
    }
    if (count == 0) {
        str_add(&shelf->runs, tr("none recorded yet"));
    } else {
        str_addf(&shelf->runs, tr("%td recorded"), count);
    }
    for (Index i = 0; i < count; i++) mem_free(names[i]);
    mem_free(names);
    mem_free(folder);
}

static void describe_model(HomeShelf *shelf, const Lab *lab)
{
    if (lab->model_folder != NULL) {
        str_add(&shelf->model, path_base(lab->model_folder));
    } else {
        str_add(&shelf->model, tr("the tiny base, layer by layer"));
    }
}

static void list_rooms(HomeShelf *shelf)
{
    static const RoomId rooms[HOME_ENTRIES] = {ROOM_WORKBENCH, ROOM_MATRIX, ROOM_RUNS, ROOM_MODEL,
                                               ROOM_HELP};
    memcpy(shelf->rooms, rooms, sizeof rooms);
    shelf->entries[0] = (HomeEntry){
        .key = "w",
        .name = tr("Workbench"),
        .now = tr("a training with settings of your own"),
        .more = tr("Every setting of a training in one form, with exact counts of parameters and "
                   "bytes as you type. Run, pause, step, rewind; watch losses, norms, memory and "
                   "the text of a prompt while it learns.")};
    shelf->entries[1] = (HomeEntry){
        .key = "v",
        .name = tr("Matrix"),
        .now = tr("entries, singular values, rank"),
        .more = tr("A small matrix that you edit cell by cell, its singular values, and what is "
                   "left of it at a lower rank. Any weight of the model can be looked at.")};
    shelf->entries[2] = (HomeEntry){.key = "l",
                                    .name = tr("Runs"),
                                    .now = str_text(&shelf->runs),
                                    .more = tr("Recorded trainings: compared on shared axes, told "
                                               "apart by their settings, exported."),
                                    .differs = true};
    shelf->entries[3] = (HomeEntry){
        .key = "m",
        .name = tr("Model"),
        .now = str_text(&shelf->model),
        .more = tr("The layers with shapes, bytes and adapters; modules switched in and out of "
                   "the targets, with the counts that follow.")};
    shelf->entries[4] = (HomeEntry){.key = "?",
                                    .name = tr("Help"),
                                    .now = tr("every key, and what is on the screen"),
                                    .more = tr("The keys of each room, made from the table that "
                                               "the program itself looks them up in.")};
}

bool home_shelf_read(HomeShelf *shelf, const Lab *lab, Error *err)
{
    *shelf = (HomeShelf){.resume = -1};
    bool ok = read_lessons(shelf, lab, err);
    describe_runs(shelf, lab);
    describe_model(shelf, lab);
    list_rooms(shelf);
    if (!ok) home_shelf_free(shelf);
    return ok;
}

bool home_shelf_forget(const HomeShelf *shelf, const Lab *lab, int at, Error *err)
{
    Progresses all = {0};
    CHECK(at >= 0 && at < shelf->lesson_count);
    bool ok = progress_read(&all, lab, err);
    if (ok) progress_reset(&all, shelf->ids[at]);
    ok = ok && progress_write(&all, lab, err);
    progress_free(&all);
    return ok;
}
