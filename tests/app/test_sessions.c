/*
 * Each lesson on the screen from its start to its end, with wrong predictions and wrong answers:
 * tests/app/sessions/ID.keys is typed, and the screens that it saves are compared with
 * ID-1.txt ... there. After a change that is meant, LORALAB_WRITE_SCREENS=1 writes them anew.
 *
 * What is kept are screens that are the same on every machine: measured numbers are # in them, but
 * a loss with another number of digits would move its neighbours, so what trainings measured is
 * asked for by words instead.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "tests/app/program.h"
#include "tests/test.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

enum { CHANGES_MAX = 4, SAVED_MAX = 6, SCREEN_BYTES = 1 << 17 };

typedef struct Session {
    const char *id, *file;
    int         saved;                   /* screens */
    bool        heavy;                   /* not under a sanitizer */
    const char *changes[CHANGES_MAX][2]; /* of a copy of the lesson that is played in its place */
} Session;

/* Where the quick form computes too long for a test: a training has two steps, no more. */
static const Session sessions[] = {
    {.id = "rank", .file = "01-rank.md", .saved = 6},
    {.id = "svd", .file = "02-svd.md", .saved = 5},
    {.id = "lora", .file = "03-lora.md", .saved = 3, .heavy = true},
    {.id = "alpha",
     .file = "04-alpha.md",
     .saved = 3,
     .heavy = true,
     .changes = {{"60 | quick 24 | 20..", "60 | quick 2 | 1.."},
                 {"80 | quick 24 | 20..", "80 | quick 2 | 1.."},
                 {"80 | quick 50 | 20..", "80 | quick 4 | 2.."}}},
    {.id = "init", .file = "05-init.md", .saved = 2, .heavy = true},
    {.id = "memory", .file = "06-memory.md", .saved = 3},
    {.id = "rank-enough",
     .file = "07-rank-enough.md",
     .saved = 3,
     .heavy = true,
     .changes = {{"80 | quick 60 | 20..", "80 | quick 2 | 1.."},
                 {"900 | 100..", "900 | quick 2 | 1.."},
                 {"120 | quick 70 | 40..", "120 | quick 2 | 1.."}}},
    {.id = "two-adapters",
     .file = "08-two-adapters.md",
     .saved = 3,
     .heavy = true,
     .changes = {{"200 | quick 80 | 20..", "200 | quick 2 | 1.."},
                 {"400 | quick 120 | 20..", "400 | quick 2 | 1.."},
                 {"120 | quick 60 | 20..", "120 | quick 2 | 1.."}}},
};

enum { SESSIONS = sizeof sessions / sizeof *sessions };

/* ---- files ------------------------------------------------------------------------------ */

static const char *session_path(const char *name)
{
    static char path[512];
    const char *tests = getenv("LORALAB_TESTS");
    snprintf(path, sizeof path, "%s/app/sessions/%s", tests != NULL ? tests : "tests", name);
    return path;
}

static char *read_text(const char *path)
{
    Error err = {0};
    Index n = 0;
    char *text = file_read_all(path, SCREEN_BYTES, &n, &err);
    if (text == NULL) fail_msg("%s; LORALAB_WRITE_SCREENS=1 makes saved screens", err.message);
    return text;
}

static void write_text(const char *path, const char *text)
{
    Error err = {0};
    assert_true(file_write_all(path, text, (Index)strlen(text), &err));
}

/* A copy of the lesson, under its own name, with what is to be changed. Each change must be one. */
static const char *changed_lesson(const Session *session)
{
    static char path[512];
    const char *root = getenv("LORALAB_LESSONS");
    snprintf(path, sizeof path, "%s/%s", root != NULL ? root : "lessons", session->file);
    char *text = read_text(path);
    Str   out = {0};
    char *at = text;
    for (int i = 0; i < CHANGES_MAX && session->changes[i][0] != NULL; i++) {
        char *found = strstr(at, session->changes[i][0]);
        if (found == NULL) fail_msg("%s has no \"%s\"", path, session->changes[i][0]);
        str_add_bytes(&out, at, found - at);
        str_add(&out, session->changes[i][1]);
        at = found + strlen(session->changes[i][0]);
    }
    str_add(&out, at);
    snprintf(path, sizeof path, "%s", test_path(session->file));
    write_text(path, str_text(&out));
    str_free(&out);
    mem_free(text);
    return path;
}

/* ---- playing ---------------------------------------------------------------------------- */

static bool is_same(const char *path, const char *saved)
{
    char *want = read_text(path), *got = read_text(saved);
    bool  same = strcmp(want, got) == 0;
    if (!same) print_error("%s; this is shown:\n%s", path, got);
    mem_free(want);
    mem_free(got);
    return same;
}

static void compare(const Session *session)
{
    char name[64];
    int  different = 0;
    for (int i = 1; i <= session->saved; i++) {
        snprintf(name, sizeof name, "%s-%d.txt", session->id, i);
        const char *saved = test_path(name), *path = session_path(name);
        if (getenv("LORALAB_WRITE_SCREENS") != NULL) {
            char *text = read_text(saved);
            write_text(path, text);
            mem_free(text);
        }
        different += !is_same(path, saved);
    }
    if (different > 0) fail_msg("%d screens differ", different);
    snprintf(name, sizeof name, "%s-%d.txt", session->id, session->saved + 1);
    assert_false(path_exists(session_path(name)));
    assert_false(path_exists(test_path(name)));
}

static void play(const Session *session)
{
    Program p = {.env = {"LC_ALL=C.UTF-8"}};
    Str     line = {0}, state = {0};
    char    keys[64];
    if (session->heavy && SANITIZED) {
        skip();
        return;
    }
    snprintf(keys, sizeof keys, "%s.keys", session->id);
    str_addf(&state, "XDG_STATE_HOME=%s", test_path("state"));
    p.env[1] = str_text(&state);
    str_addf(&line, "lab %s --quick --script %s --save %s",
             session->changes[0][0] != NULL ? changed_lesson(session) : session->id,
             session_path(keys), test_folder());
    if (program_run(&p, str_text(&line)) != 0) {
        fail_msg("status %d\n%s\n%s", p.status, str_text(&p.err), str_text(&p.out));
    }
    program_free(&p);
    str_free(&line);
    str_free(&state);
    compare(session);
}

static void play_id(const char *id)
{
    for (int i = 0; i < SESSIONS; i++) {
        if (strcmp(sessions[i].id, id) != 0) continue;
        play(&sessions[i]);
        return;
    }
    fail_msg("no session %s", id);
}

/* ---- tests ------------------------------------------------------------------------------ */

#define SESSION_TEST(name, id)     \
    static void name(void **state) \
    {                              \
        (void)state;               \
        play_id(id);               \
    }

SESSION_TEST(rank_from_start_to_end, "rank")
SESSION_TEST(svd_from_start_to_end, "svd")
SESSION_TEST(lora_from_start_to_end, "lora")
SESSION_TEST(alpha_from_start_to_end, "alpha")
SESSION_TEST(init_from_start_to_end, "init")
SESSION_TEST(memory_from_start_to_end, "memory")
SESSION_TEST(rank_enough_from_start_to_end, "rank-enough")
SESSION_TEST(two_adapters_from_start_to_end, "two-adapters")

static void each_lesson_has_a_session(void **state)
{
    (void)state;
    Error  err = {0};
    char **names;
    Index  count;
    int    lessons = 0;
    assert_true(folder_list("lessons", &names, &count, &err));
    for (Index i = 0; i < count; i++) {
        bool numbered = names[i][0] >= '0' && names[i][0] <= '9' && strstr(names[i], ".md") != NULL;
        bool played = false;
        for (int k = 0; k < SESSIONS; k++) {
            played = played || strcmp(sessions[k].file, names[i]) == 0;
        }
        if (numbered && !played) fail_msg("%s is not played", names[i]);
        lessons += numbered;
        mem_free(names[i]);
    }
    mem_free(names);
    assert_int_equal(lessons, SESSIONS);
}

/* The control: a screen that is another one is seen to be. */
static void another_screen_is_told_apart(void **state)
{
    (void)state;
    char *text = read_text(session_path("rank-1.txt"));
    write_text(test_path("same.txt"), text);
    assert_true(is_same(session_path("rank-1.txt"), test_path("same.txt")));
    char *word = strstr(text, "rank of B");
    assert_non_null(word);
    word[8] = 'C';
    write_text(test_path("other.txt"), text);
    assert_false(is_same(session_path("rank-1.txt"), test_path("other.txt")));
    mem_free(text);
}

TEST_GROUP(sessions, cmocka_unit_test(rank_from_start_to_end),
           cmocka_unit_test(svd_from_start_to_end), cmocka_unit_test(lora_from_start_to_end),
           cmocka_unit_test(alpha_from_start_to_end), cmocka_unit_test(init_from_start_to_end),
           cmocka_unit_test(memory_from_start_to_end),
           cmocka_unit_test(rank_enough_from_start_to_end),
           cmocka_unit_test(two_adapters_from_start_to_end),
           cmocka_unit_test(each_lesson_has_a_session),
           cmocka_unit_test(another_screen_is_told_apart));
