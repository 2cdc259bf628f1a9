/* Notes between two terminals: what is said arrives, and nobody else can listen. */

#define _XOPEN_SOURCE 700
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/notes/notes.h"
#include "app/view/view_notes.h"
#include "core/base/mem.h"
#include "tests/app/program.h"
#include "tests/app/pty_rig.h"
#include "tests/test.h"

static void fill(Notes *notes)
{
    str_add(&notes->lesson, "alpha / r");
    str_add(&notes->title, "One \"quoted\" step\n");
    str_add(&notes->next, "The end");
    str_add(&notes->note, "Let the class vote. \x1b[2J");
    str_add(&notes->question, "Which?");
    str_add(&notes->choices[0], "the first");
    str_add(&notes->choices[1], "the second");
    notes->choice_count = 2;
    notes->step = 2;
    notes->steps = 5;
    notes->asks = 7;
    notes->seconds = 61;
    notes->votes[1] = 3;
}

static void assert_same(const Notes *a, const Notes *b)
{
    assert_string_equal(str_text(&a->lesson), str_text(&b->lesson));
    assert_string_equal(str_text(&a->title), str_text(&b->title));
    assert_string_equal(str_text(&a->note), str_text(&b->note));
    assert_string_equal(str_text(&a->choices[1]), str_text(&b->choices[1]));
    assert_int_equal(a->choice_count, b->choice_count);
    assert_int_equal(a->step, b->step);
    assert_int_equal(a->asks, b->asks);
    assert_int_equal(a->votes[1], b->votes[1]);
}

static void a_line_says_it_all(void **state)
{
    (void)state;
    Notes one = {0}, two = {0};
    Str   line = {0};
    Error err = {0};
    fill(&one);
    notes_write(&line, &one);
    assert_ptr_equal(strchr(str_text(&line), '\n'), str_text(&line) + line.len - 1);
    assert_true(notes_read(&two, line.data, line.len, &err));
    assert_ok(&err);
    assert_same(&one, &two);
    notes_free(&one);
    notes_free(&two);
    str_free(&line);
}

static void what_is_no_line_of_ours_is_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",
        "{}",
        "[]",
        "null",
        "{\"notes\": 2}",
        "{\"notes\": 1, \"step\": -1, \"steps\": 1, \"asks\": 0}",
        "{\"notes\": 1, \"step\": 1, \"steps\": 1, \"asks\": 0, \"lesson\": 3}",
        "{\"notes\": 1, \"step\": 1, \"steps\": 1, \"asks\": 0, \"lesson\": \"a\", \"title\": "
        "\"\", "
        "\"next\": \"\", \"note\": \"\", \"question\": \"\", "
        "\"choices\": [\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"]}"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        Notes notes = {0};
        Error err = {0};
        if (notes_read(&notes, lines[i], (Index)strlen(lines[i]), &err)) fail_msg("%s", lines[i]);
        assert_int_equal(err.code, ERR_INPUT);
        notes_free(&notes);
    }
}

/* The test's folder as XDG_RUNTIME_DIR. */
static void set_runtime(mode_t mode)
{
    assert_int_equal(mkdir(test_path("loralab"), 0700), 0);
    assert_int_equal(chmod(test_path("loralab"), mode), 0);
    assert_int_equal(setenv("XDG_RUNTIME_DIR", test_folder(), 1), 0);
}

static void told_there_and_voted_back(void **state)
{
    (void)state;
    Error err = {0};
    Notes here = {0}, there = {0};
    set_runtime(0700);
    NotesServer *server = notes_serve(&err);
    assert_ok(&err);
    fill(&here);
    int fd = notes_connect(&err);
    assert_true(fd >= 0);
    assert_false(notes_serve_turn(server, &here));
    assert_true(notes_serve_heard(server));
    notes_serve_tell(server, &here);

    char    line[4096];
    ssize_t n = read(fd, line, sizeof line);
    assert_true(n > 0 && notes_read(&there, line, n, &err));
    assert_same(&here, &there);

    assert_true(notes_vote(fd, 6, 0, 4, &err)); /* of another question: too late */
    assert_false(notes_serve_turn(server, &here));
    assert_int_equal(here.votes[0], 0);
    assert_true(notes_vote(fd, 7, 9, 4, &err)); /* there is no such choice */
    assert_false(notes_serve_turn(server, &here));
    for (int i = 0; i < 4; i++) assert_true(notes_vote(fd, 7, 0, 1, &err)); /* faster than told */
    assert_true(notes_vote(fd, 7, 1, -9, &err));
    assert_true(notes_serve_turn(server, &here));
    assert_int_equal(here.votes[0], 4);
    assert_int_equal(here.votes[1], 0); /* never below */

    struct stat info;
    char        path[300];
    snprintf(path, sizeof path, "%s/notes-%ld", test_path("loralab"), (long)getpid());
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    close(fd);
    notes_serve_end(server);
    assert_int_equal(stat(path, &info), -1);
    notes_free(&here);
    notes_free(&there);
}

/* One that does not read is let go, and the lab does not wait for it. */
static void who_does_not_listen_is_let_go(void **state)
{
    (void)state;
    Error err = {0};
    Notes notes = {0};
    set_runtime(0700);
    NotesServer *server = notes_serve(&err);
    int          fd = notes_connect(&err);
    notes_serve_turn(server, &notes);
    for (int i = 0; i < 1000; i++) str_add(&notes.note, "much to say ");
    for (int i = 0; i < 1000 && notes_serve_heard(server); i++) {
        notes.asks = i;
        notes_serve_tell(server, &notes);
    }
    assert_false(notes_serve_heard(server));
    close(fd);
    notes_serve_end(server);
    notes_free(&notes);
}

static void a_folder_that_others_may_enter_is_refused(void **state)
{
    (void)state;
    Error err = {0};
    set_runtime(0755);
    assert_null(notes_serve(&err));
    assert_error(&err, ERR_DEVICE, "may be entered by others");
    err = (Error){0};
    unsetenv("XDG_RUNTIME_DIR");
    assert_null(notes_serve(&err));
    assert_error(&err, ERR_DEVICE, "XDG_RUNTIME_DIR");
}

static int run_notes(void *context)
{
    (void)context;
    execl(program_path(), "loralab", "notes", (char *)NULL);
    return 99;
}

static void the_second_terminal_ends_with_its_window(void **state)
{
    (void)state;
    Error err = {0};
    Pty   pty = {.rows = 24, .cols = 80};
    set_runtime(0700);
    NotesServer *server = notes_serve(&err);
    assert_ok(&err);
    pty_start(&pty, run_notes, NULL);
    pty_await(&pty, "No lesson is open.", 0);
    pty_hang_up(&pty);
    int status = pty_wait(&pty); /* it fails when nothing ends */
    assert_true(status == 0 || status == 129);
    pty_free(&pty);
    notes_serve_end(server);
}

static void nothing_of_it_controls_a_terminal(void **state)
{
    (void)state;
    Notes notes = {0};
    Grid  grid = {0};
    Str   text = {0};
    Look  look = {.charset = CHARSET_BRAILLE};
    fill(&notes);
    assert_true(grid_init(&grid, 24, 80, NULL));
    view_notes_draw(&notes, false, "10:00", &look, &grid, (Rect){0, 0, 22, 80});
    grid_plain(&text, &grid);
    assert_null(strchr(str_text(&text), '\x1b'));
    assert_non_null(strstr(str_text(&text), "^[[2J"));
    assert_non_null(strstr(str_text(&text), "alpha / r: One \"quoted\" step"));
    assert_non_null(strstr(str_text(&text), "2  the second"));
    assert_non_null(strstr(str_text(&text), "next: The end"));
    grid_free(&grid);
    str_free(&text);
    notes_free(&notes);
}

TEST_GROUP(notes, cmocka_unit_test(a_line_says_it_all),
           cmocka_unit_test(what_is_no_line_of_ours_is_refused),
           cmocka_unit_test(told_there_and_voted_back),
           cmocka_unit_test(who_does_not_listen_is_let_go),
           cmocka_unit_test(a_folder_that_others_may_enter_is_refused),
           cmocka_unit_test(the_second_terminal_ends_with_its_window),
           cmocka_unit_test(nothing_of_it_controls_a_terminal));
