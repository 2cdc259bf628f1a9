/*
 * Hostile text in everything that the screen reads: lessons, model folders, recorded runs, data,
 * what is typed, the environment. 200 payloads go through the real rooms; nothing unsafe may stand
 * on any screen that they show.
 */

#define _XOPEN_SOURCE 700 /* symlink, realpath, setenv */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "tests/app/lesson_rig.h"
#include "tests/app/payloads.h"
#include "tests/app/screens.h"
#include "tests/app/watch.h"
#include "tests/lab/lab_rig.h"
#include "tests/test.h"

/* ---- files ------------------------------------------------------------------------------ */

/* The payload as a name that a file can have. */
static void make_name(Str *out, int number)
{
    make_payload(out, number);
    for (Index i = 0; i < out->len; i++) {
        if (out->data[i] == '/') out->data[i] = '_';
    }
}

static void write_bytes(const char *path, const char *bytes, Index n)
{
    Error err = {0};
    if (!file_write_all(path, bytes, n, &err)) fail_msg("%s", err.message);
}

static void make_folder(const char *path)
{
    Error err = {0};
    if (!folder_make(path, &err)) fail_msg("%s", err.message);
}

/* Good until the eighth call from now. */
static PRINTF_LIKE(1, 2) const char *path_of(const char *fmt, ...)
{
    static char paths[8][PATH_MAX];
    static int  next;
    va_list     args;
    char       *path = paths[next++ % 8];
    va_start(args, fmt);
    int n = vsnprintf(path, PATH_MAX, fmt, args);
    va_end(args);
    assert_in_range(n, 1, PATH_MAX - 1);
    return path;
}

static const char *real_data(void)
{
    static char path[PATH_MAX];
    if (path[0] == '\0') {
        const char *data = getenv("LORALAB_DATA");
        assert_non_null(realpath(data != NULL ? data : "data", path));
    }
    return path;
}

static void copy_file(const char *from, const char *to)
{
    Error err = {0};
    Index n = 0;
    char *bytes = file_read_all(from, 1 << 24, &n, &err);
    assert_ok(&err);
    write_bytes(to, bytes, n);
    mem_free(bytes);
}

/* ---- a hostile world: one payload, everywhere ------------------------------------------- */

/* Weights of which one is called by the payload, as JSON or as it is; or a hostile config. */
static void make_base(const char *folder, int number, const char *payload)
{
    Str name = {0}, file = {0};
    make_folder(folder);
    if (number % 2 == 0) {
        json_add_string(&name, payload, (Index)strlen(payload));
    } else {
        str_addf(&name, "\"%s\"", payload);
    }
    Str header = {0};
    str_addf(&header, "{%s: {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4]}}",
             str_text(&name));
    for (int i = 0; i < 8; i++) {
        char byte = (char)(i < 2 ? header.len >> (8 * i) & 0xff : 0);
        str_add_bytes(&file, &byte, 1);
    }
    str_add_bytes(&file, header.data, header.len);
    str_add_bytes(&file, "\0\0\0\0", 4);
    write_bytes(path_of("%s/model.safetensors", folder), file.data, file.len);
    if (number % 4 == 3) {
        str_clear(&header);
        str_addf(&header, "{\"model_type\": %s, \"hidden_act\": %s}", str_text(&name),
                 str_text(&name));
        write_bytes(path_of("%s/config.json", folder), header.data, header.len);
    } else {
        copy_file(path_of("%s/base/tiny/config.json", real_data()),
                  path_of("%s/config.json", folder));
    }
    str_free(&name);
    str_free(&header);
    str_free(&file);
}

static void make_lesson(const char *path, const char *payload)
{
    Str text = {0};
    str_addf(&text,
             "---\nid: hostile\ntitle: %s\nsummary: %s\nminutes: 1\nvalue.r: 2 | 1..4 | %s\n---\n\n"
             "## %s {#one}\n\n%s\n\n```quiz id=q\n%s?\n[x] %s -> %s\n[ ] b\nhint: %s\n```\n",
             payload, payload, payload, payload, payload, payload, payload, payload, payload);
    write_bytes(path, str_text(&text), text.len);
    str_free(&text);
}

/* A run with the payload as its name, and as each text of its log. */
static void make_run(const char *state, const char *name, const char *payload)
{
    Str         text = {0}, log = {0};
    const char *folder = path_of("%s/loralab/runs/%s", state, name);
    json_add_string(&text, payload, (Index)strlen(payload));
    make_folder(folder);
    str_addf(&log,
             "{\"type\": \"start\", \"learning_rate\": 0.005, \"method\": %s, \"seed\": 1, "
             "\"lora\": {\"r\": 2, \"lora_alpha\": 16}, \"data\": %s, \"base\": %s, %s: %s, "
             "\"repeat\": %s}\n",
             str_text(&text), str_text(&text), str_text(&text), str_text(&text), str_text(&text),
             str_text(&text));
    for (int i = 1; i <= 5; i++) {
        str_addf(&log,
                 "{\"type\": \"step\", \"step\": %d, \"loss\": %d, \"grad_norm\": 2, "
                 "\"learning_rate\": 0.001, \"tokens\": 3, \"seconds\": 1, %s: 1}\n",
                 i, 6 - i, str_text(&text));
    }
    str_addf(&log, "{\"type\": \"note\", \"text\": %s}\n{\"type\": \"end\"}\n", str_text(&text));
    write_bytes(path_of("%s/run.jsonl", folder), str_text(&log), log.len);
    str_free(&text);
    str_free(&log);
}

/* Returns the path of the hostile lesson, to be freed. */
static char *make_world(int number)
{
    static const char *const variables[] = {"DISPLAY", "XDG_RUNTIME_DIR", "TERM", "LANG"};
    Str                      payload = {0}, name = {0}, world = {0};
    (void)real_data(); /* as it was before */
    make_payload(&payload, number);
    make_name(&name, number);
    str_addf(&world, "%s/world-%d", test_folder(), number);
    const char *data = path_of("%s/data-%s", str_text(&world), str_text(&name));
    make_folder(data);
    setenv("LORALAB_DATA", data, 1);
    assert_int_equal(symlink(path_of("%s/tasks", real_data()), path_of("%s/tasks", data)), 0);
    make_base(path_of("%s/base/tiny", data), number, str_text(&payload));
    data = getenv("LORALAB_DATA");
    make_folder(path_of("%s/lessons", data));
    make_lesson(path_of("%s/lessons/01-hostile.md", data), str_text(&payload));
    char *lesson = mem_strdup(path_of("%s/lessons/02-%s.md", data, str_text(&name)), NULL);
    make_lesson(lesson, str_text(&payload));
    const char *state = path_of("%s/state-%s", str_text(&world), str_text(&name));
    setenv("XDG_STATE_HOME", state, 1);
    make_run(getenv("XDG_STATE_HOME"), str_text(&name), str_text(&payload));
    for (int i = 0; i < 4; i++) setenv(variables[i], str_text(&payload), 1);
    str_free(&payload);
    str_free(&name);
    str_free(&world);
    return lesson;
}

static int leave_world(void **state)
{
    (void)state;
    setenv("LORALAB_DATA", real_data(), 1);
    return 0;
}

/* From room to room; each payload is typed in two of eight places. */
static void walk_through(int number, Index *screens)
{
    Str   typed = {0}, payload = {0};
    Error err = {0};
    char *lesson = make_world(number);
    make_payload(&payload, number);
    str_addf(&typed, "type:%s", str_text(&payload));
    const char *place[8];
    for (int i = 0; i < 8; i++) place[i] = i % 4 == number % 4 ? str_text(&typed) : "type:a";
    /* clang-format off */
    const char *const keys[] = {
        ":", place[0], "Tab", "Enter", "r", "N",
        "m", "Down", ":", "type:target_modules=", place[1], "Enter",
        "w", "wait:cannot begin", "Enter", place[2], "Enter", "Esc", ":", place[3], "Enter",
        "v", ":", "type:spectrum weight=", place[4], "Enter",
        ":", "type:matrix rows=\"", place[5], "Enter",
        "l", "wait:1 recorded", "x", "r", "c", "Tab", "Tab", "E", place[6], "Enter", "Esc",
        "?", "/", place[7], "Enter", NULL};
    /* clang-format on */
    WatchKeys typist = {.keys = keys};
    Watch     watch = {.next = watch_type, .context = &typist, .rows = 24, .cols = 80};
    if (number % 2 == 1) {
        watch.rows = 36;
        watch.cols = 120;
    }
    Lab *lab = lab_create(NULL, &err);
    assert_ok(&err);
    bool opens = number % 3 == 0;
    watch_run(&watch, lab, opens ? ROOM_LESSON : ROOM_HOME, opens ? lesson : NULL);
    if (!watch_shows(&watch, " Help")) { /* the last room of the walk */
        fail_msg("payload %d ends here:\n%s", number, str_text(&watch.text));
    }
    *screens += watch.shown;
    watch_free(&watch);
    lab_free(lab);
    mem_free(lesson);
    str_free(&typed);
    str_free(&payload);
}

static void no_room_shows_what_hostile_files_hold(void **state)
{
    (void)state;
    Index screens = 0;
    for (int i = 0; i < PAYLOADS; i++) walk_through(i, &screens);
    assert_true(screens > 40 * PAYLOADS);
}

/* ---- the folder of the model that is looked at ------------------------------------------- */

static void a_folder_with_a_hostile_name_is_opened(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
    for (int i = 0; i < PAYLOADS; i += 7) {
        Str                      name = {0};
        static const char *const keys[] = {"m", "Down", "Enter", NULL};
        WatchKeys                typist = {.keys = keys};
        Watch                    watch = {.next = watch_type, .context = &typist};
        Error                    err = {0};
        make_name(&name, i);
        const char *to = path_of("%s/%s", test_folder(), str_text(&name));
        assert_int_equal(symlink(path_of("%s/base/tiny", real_data()), to), 0);
        Args *args = lab_parse("eval --data sql", &err);
        assert_true(args_set(args, "base", to, &err));
        assert_non_null(lab_base(rig.lab, args, &err));
        args_free(args);
        watch_run(&watch, rig.lab, ROOM_MODEL, NULL);
        assert_true(watch.shown >= 3);
        watch_free(&watch);
        str_free(&name);
    }
    lab_rig_close(&rig);
}

/* ---- prompts and completions of data, and what a model writes after them ----------------- */

static void a_training_shows_hostile_data(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
    setenv("XDG_STATE_HOME", test_folder(), 1);
    for (int i = 0; i < PAYLOADS; i += 9) {
        Str payload = {0}, text = {0}, line = {0}, setting = {0};
        make_payload(&payload, i);
        json_add_string(&text, str_text(&payload), payload.len);
        for (int k = 0; k < 4; k++) {
            str_addf(&line, "{\"prompt\": %s, \"completion\": %s}\n", str_text(&text),
                     str_text(&text));
        }
        write_bytes(test_path("hostile.jsonl"), str_text(&line), line.len);
        str_addf(&setting,
                 "data=%s eval_data=%s examples=4 eval_examples=2 max_steps=1 eval_steps=0 "
                 "per_device_train_batch_size=1",
                 test_path("hostile.jsonl"), test_path("hostile.jsonl"));
        static const char *const keys[] = {
            "wait:ready", "s", "wait:step 1 of 1", "wait:recorded", "Tab", "Tab", "Tab", NULL};
        WatchKeys typist = {.keys = keys};
        Watch     watch = {.next = watch_type, .context = &typist, .rows = 36, .cols = 130};
        watch_run(&watch, rig.lab, ROOM_WORKBENCH, str_text(&setting));
        watch_free(&watch);
        str_free(&payload);
        str_free(&text);
        str_free(&line);
        str_free(&setting);
    }
    lab_rig_close(&rig);
}

/* ---- a lesson that got past its checks -------------------------------------------------- */

static LessonRig rig;

static int close_rig(void **state)
{
    (void)state;
    lesson_rig_close(&rig);
    return 0;
}

static void replace(char **text, const char *by)
{
    if (*text == NULL) return;
    mem_free(*text);
    *text = mem_strdup(by, NULL);
    assert_non_null(*text);
}

static void poison_figure(LessonPart *part, const char *payload)
{
    static const double x[] = {1, 2, 3};
    if (part->figure == NULL) return;
    figure_free(part->figure);
    part->figure = figure_create(FIGURE_LINE, payload, NULL);
    figure_axis(part->figure, 'x', payload, payload, false);
    figure_axis(part->figure, 'y', payload, payload, false);
    figure_series(part->figure, payload, x, x, 3);
    assert_true(figure_ok(part->figure, NULL));
}

static void poison_part(LessonPart *part, const char *payload)
{
    char **texts[] = {&part->text, &part->said,  &part->reason, &part->measured,
                      &part->unit, &part->hints, &part->reply};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) replace(texts[i], payload);
    for (Index i = 0; i < part->choice_count; i++) {
        replace(&part->choices[i], payload);
        replace(&part->feedback[i], payload);
    }
    poison_figure(part, payload);
}

static void poison(const char *payload)
{
    for (Index s = 0; s < rig.room->lesson->count; s++) {
        LessonStory *story = &rig.room->steps[s];
        for (Index i = 0; i < story->count; i++) poison_part(&story->parts[i], payload);
        replace(&rig.room->lesson->steps[s].title, payload);
    }
    for (Index i = 0; i < rig.room->lesson->value_count; i++) {
        replace(&rig.room->lesson->values[i].help, payload);
    }
    replace(&rig.room->lesson->title, payload);
}

static void look_at_lesson(Watch *watch, int rows, int cols)
{
    Grid grid = {0};
    Str  left = {0}, right = {0};
    assert_true(grid_init(&grid, rows + 1, cols, NULL));
    room_lesson.draw(rig.room, &grid, (Rect){1, 0, rows, cols}, &rig.screen.look);
    room_lesson.title(rig.room, &left, &right);
    look_text(&rig.screen.look, &grid, 0, 0, cols, INK_STRONG, str_text(&left));
    watch_look(watch, &grid);
    watch->shown++;
    str_free(&left);
    str_free(&right);
    grid_free(&grid);
}

static void open_at_quiz(void)
{
    lesson_rig_open_quiz(&rig);
    lesson_rig_press(&rig, "1 Enter");
    lesson_rig_settle(&rig);
    lesson_rig_press(&rig, "H");
    lesson_rig_settle(&rig);
    lesson_rig_shows(&rig, "hint 1 of 2");
}

static void a_lesson_past_its_checks_shows_nothing_hostile(void **state)
{
    (void)state;
    static const Look *const looks[] = {&look_braille, &look_ascii, &look_projector};
    Watch                    watch = {0};
    open_at_quiz();
    for (int i = 0; i < PAYLOADS; i++) {
        Str payload = {0};
        make_payload(&payload, i);
        poison(str_text(&payload));
        rig.screen.look = *looks[i % 3];
        rig.room->shown = i % 2 == 0 ? rig.room->at : 0;
        rig.room->contents = i % 5 == 0;
        look_at_lesson(&watch, 26, 100);
        look_at_lesson(&watch, 60, 160);
        if (i % 24 == 3 && !watch_shows(&watch, "日本")) fail_msg("payload %d is not shown", i);
        rig.room->pane = rig.room->pane == PANE_TEXT ? PANE_RESULT : PANE_TEXT;
        look_at_lesson(&watch, 20, 80);
        str_free(&payload);
        if (watch.fault[0] != '\0') fail_msg("payload %d, %s", i, watch.fault);
    }
    watch_free(&watch);
}

/* ---- the control ------------------------------------------------------------------------ */

static void each_payload_would_be_found_on_a_screen(void **state)
{
    (void)state;
    for (int i = 0; i < PAYLOADS; i++) {
        Str   payload = {0};
        Grid  grid = {0};
        Watch watch = {0};
        make_payload(&payload, i);
        assert_true(first_unsafe(str_text(&payload), payload.len) >= 0);
        assert_true(grid_init(&grid, 3, 60, NULL));
        grid_text(&grid, 1, 2, 50, INK_PLAIN, str_text(&payload));
        watch_look(&watch, &grid);
        if (watch.fault[0] != '\0') fail_msg("payload %d as text: %s", i, watch.fault);
        /* past everything that makes text safe: each part of the payload in some cell */
        for (Index k = 0; k < payload.len; k++) {
            Cell *cell = grid_at(&grid, 2, (int)k);
            cell->text[0] = payload.data[k];
        }
        watch_look(&watch, &grid);
        if (watch.fault[0] == '\0') fail_msg("payload %d is not found", i);
        watch_free(&watch);
        grid_free(&grid);
        str_free(&payload);
    }
}

TEST_GROUP(screen_safe,
           cmocka_unit_test_teardown(no_room_shows_what_hostile_files_hold, leave_world),
           cmocka_unit_test(a_folder_with_a_hostile_name_is_opened),
           cmocka_unit_test(a_training_shows_hostile_data),
           cmocka_unit_test_teardown(a_lesson_past_its_checks_shows_nothing_hostile, close_rig),
           cmocka_unit_test(each_payload_would_be_found_on_a_screen));
