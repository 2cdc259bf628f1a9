/* Played sessions: against a screen of the test's own that shows what was typed. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/term/script.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "tests/test.h"

static const char *write_script(const char *text)
{
    Error       err = {0};
    const char *path = test_path("session.keys");
    assert_true(file_write_all(path, text, (Index)strlen(text), &err));
    return path;
}

/* A screen that shows the names of the keys it got, its size, and "late" from the third turn on;
 * returns how many keys there were before the hang-up. */
static int play_to_end(Display *display, int turns)
{
    Str typed = {0};
    int keys = 0;
    for (int turn = 0; turn < turns; turn++) {
        int  rows, cols;
        Grid grid;
        Key  key;
        display->size(display->self, &rows, &cols);
        if (!grid_init(&grid, rows, cols, NULL)) break;
        char size[40];
        snprintf(size, sizeof size, "%d by %d", cols, rows);
        grid_text(&grid, 0, 0, cols, INK_PLAIN, size);
        grid_text(&grid, 1, 0, cols, INK_PLAIN, str_text(&typed));
        if (turn >= 3) grid_text(&grid, 2, 0, cols, INK_PLAIN, "late");
        grid_text(&grid, 3, 0, cols, INK_PLAIN, "loss 1.25");
        grid_measured(&grid, (Rect){3, 5, 1, 4});
        display->show(display->self, &grid, -1, -1);
        grid_free(&grid);
        if (!display->read(display->self, &key)) continue;
        if (key.code == K_GONE) break;
        keys++;
        if (key.code == K_RESIZE) continue;
        key_name(&typed, key);
        str_add(&typed, ".");
    }
    str_free(&typed);
    return keys;
}

static bool play(const char *text, const char *folder, int turns, Error *err)
{
    Display *display = script_open(write_script(text), folder, err);
    if (display == NULL) return false;
    script_set_patience(display, 0.05);
    play_to_end(display, turns);
    return script_close(display, err);
}

static void assert_plays(const char *text)
{
    Error err = {0};
    play(text, test_folder(), 100000, &err);
    assert_ok(&err);
}

static void keys_arrive_one_by_one_and_are_seen(void **state)
{
    (void)state;
    assert_plays("# a session\n\n  key Down  Ctrl-L\nsee Down.Ctrl-L.\n"
                 "type a b#\nsee a.Space.b.#.\r\nkey Enter");
    Error    err = {0};
    Display *display = script_open(write_script("key a b c\ntype de\n"), NULL, &err);
    assert_non_null(display);
    assert_int_equal(display->fd, -1);
    assert_int_equal(play_to_end(display, 100), 5);
    assert_true(script_close(display, &err));
}

static void the_size_changes_and_is_told(void **state)
{
    (void)state;
    assert_plays("see 80 by 24\nsize 120 30\nsee 120 by 30\nsize 20 5\nsee 20 by 5\n");
}

static void waiting_is_until_it_is_shown_or_gone(void **state)
{
    (void)state;
    assert_plays("wait late\nsee late\n");
    assert_plays("gone nothing of the kind\nkey x\nwait x.\n");
    Error err = {0};
    assert_false(play("# one\nwait never\nkey x\n", test_folder(), 100000, &err));
    assert_error(&err, ERR_FAILED, "session.keys:2: \"never\" does not appear");
    assert_error(&err, ERR_FAILED, "80 by 24 | late | loss 1.25");
    assert_non_null(strstr(err.hint, "failed.txt"));
    err = (Error){0};
    assert_false(play("gone by 24\n", NULL, 100000, &err));
    assert_error(&err, ERR_FAILED, ":1: \"by 24\" stays");
    assert_int_equal(err.hint[0], '\0');
}

/* The message ends amid the screen, which is longer: at each of the three bytes of a character. */
static void a_message_is_cut_between_characters(void **state)
{
    (void)state;
    static const char dots[] = "\xe2\xa0\x81\xe2\xa0\x81\xe2\xa0\x81\xe2\xa0\x81\xe2\xa0\x81"
                               "\xe2\xa0\x81\xe2\xa0\x81\xe2\xa0\x81\xe2\xa0\x81\xe2\xa0\x81";
    for (int lead = 0; lead < 3; lead++) {
        Error err = {0};
        Str   script = {0};
        str_add(&script, "size 300 24\nsee .");
        for (int i = 0; i < 9; i++) str_add(&script, dots); /* longer than is repeated */
        str_addf(&script, "%.*s\n", lead, "...");
        Display *display = script_open(write_script(str_text(&script)), test_folder(), &err);
        str_free(&script);
        assert_non_null(display);
        Grid grid;
        Key  key;
        assert_true(grid_init(&grid, 24, 300, NULL));
        for (int i = 0; i < lead; i++) grid_text(&grid, 0, i, 1, INK_PLAIN, "x");
        for (int i = 0; i < 25; i++) grid_text(&grid, 0, lead + 10 * i, 10, INK_PLAIN, dots);
        display->show(display->self, &grid, -1, -1);
        while (display->read(display->self, &key) && key.code != K_GONE)
            display->show(display->self, &grid, -1, -1);
        grid_free(&grid);
        assert_false(script_close(display, &err));
        assert_true(strlen(err.message) > 500);
        assert_true(utf8_valid(err.message, (Index)strlen(err.message)));
        assert_true(utf8_valid(err.hint, (Index)strlen(err.hint)));
    }
}

static void what_is_not_seen_fails(void **state)
{
    (void)state;
    Error err = {0};
    assert_false(play("key q\nsee z.\nkey x\n", NULL, 1000, &err));
    assert_error(&err, ERR_FAILED, ":2: \"z.\" is not shown");
    assert_error(&err, ERR_FAILED, "| q. |");
}

static void saved_screens_have_no_measured_numbers(void **state)
{
    (void)state;
    Error err = {0};
    Index n = 0;
    assert_plays("key a\nsave first.txt\nsize 30 4\nsave second.txt\n");
    char *bytes = file_read_all(test_path("first.txt"), 1 << 16, &n, &err);
    assert_ok(&err);
    assert_memory_equal(bytes, "80 by 24\na.\n\nloss ####\n\n", 24);
    mem_free(bytes);
    bytes = file_read_all(test_path("second.txt"), 1 << 16, &n, &err);
    assert_ok(&err);
    assert_memory_equal(bytes, "30 by 4\n", 8);
    mem_free(bytes);
}

static void the_folder_is_made(void **state)
{
    (void)state;
    Error err = {0};
    char  folder[1024];
    snprintf(folder, sizeof folder, "%s", test_path("screens"));
    assert_true(play("save a.txt\n", folder, 100, &err));
    assert_true(path_exists(test_path("screens/a.txt")));
}

static void a_lab_that_ends_too_early_fails(void **state)
{
    (void)state;
    Error err = {0};
    assert_false(play("key a\nkey b\nkey c\n", NULL, 2, &err));
    assert_error(&err, ERR_FAILED, ":3: the lab was left before this line");
    assert_true(script_close(NULL, &err));
}

static void mistakes_are_told_with_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {"key Dwn\n", ":1: there is no key \"Dwn\""},
        {"\n\nkey a F9\n", ":3: there is no key \"F9\""},
        {"press a\n", ":1: \"press\" is not known here"},
        {"key\n", ":1: \"key\" needs something"},
        {"wait   \n", ":1: \"wait\" needs something"},
        {"size 80\n", "size takes columns and rows"},
        {"size 0 24\n", "size takes columns and rows"},
        {"size 80 24 1\n", "size takes columns and rows"},
        {"size 99999999999999999999 24\n", "size takes columns and rows"},
        {"type a\tb\n", ":1: nobody can type that"},
        {"save ../a\n", "the name of a file"},
        {"save .hidden\n", "the name of a file"},
        {"see \xff\n", "is not UTF-8"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        Error err = {0};
        assert_null(script_open(write_script(wrong[i].text), test_folder(), &err));
        assert_error(&err, ERR_INPUT, wrong[i].says);
    }
    Error err = {0};
    assert_null(script_open(write_script("save a.txt\n"), NULL, &err));
    assert_error(&err, ERR_INPUT, "no folder for saved screens");
    err = (Error){0};
    assert_null(script_open(test_path("absent"), NULL, &err));
    assert_error(&err, ERR_INPUT, "absent");
}

static void open_and_close(void *context, Error *err)
{
    Display *display = script_open(context, NULL, err);
    if (display == NULL) return;
    if (!script_close(display, NULL)) return; /* nothing was played */
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    char path[1024];
    snprintf(path, sizeof path, "%s", write_script("type abcdefghijklmnopqrstuvwxyz0123456789\n"));
    torture(open_and_close, path);
}

TEST_GROUP(script, cmocka_unit_test(keys_arrive_one_by_one_and_are_seen),
           cmocka_unit_test(the_size_changes_and_is_told),
           cmocka_unit_test(waiting_is_until_it_is_shown_or_gone),
           cmocka_unit_test(what_is_not_seen_fails),
           cmocka_unit_test(a_message_is_cut_between_characters),
           cmocka_unit_test(saved_screens_have_no_measured_numbers),
           cmocka_unit_test(the_folder_is_made), cmocka_unit_test(a_lab_that_ends_too_early_fails),
           cmocka_unit_test(mistakes_are_told_with_their_line),
           cmocka_unit_test(every_allocation_may_fail));
