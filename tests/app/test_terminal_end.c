/* However the program ends, the terminal is as it was, and the exit status is the true one. */

#include <signal.h>
#include <string.h>

#include "tests/app/pty_rig.h"
#include "tests/app/typist.h"
#include "tests/test.h"

#define LEAVES_SCREEN "\033[?1049l"
#define SHOWS_CURSOR "\033[?12l\033[?25h"

static const Typist usual = {.spec = {.theme = THEME_AUTO, .colour = true}};

static Index begin(Pty *pty, const Typist *typist)
{
    Typist copy = *typist;
    pty->rows = 24;
    pty->cols = 80;
    pty_start(pty, typist_run, &copy);
    return pty_await(pty, "end", pty_await(pty, "ready:", 0));
}

static bool was_given_back(const Pty *pty)
{
    const char *all = str_text(&pty->said), *left = strstr(all, LEAVES_SCREEN);
    /* Once, and nothing of the screen comes after it. */
    return left != NULL && strstr(left + 1, LEAVES_SCREEN) == NULL &&
           strstr(left, "\033[?1049h") == NULL && strstr(all, SHOWS_CURSOR) != NULL &&
           pty_is_cooked(pty);
}

static void assert_killed(int number, int status, bool given_back)
{
    Pty pty = {0};
    begin(&pty, &usual);
    kill(pty.pid, number);
    int got = pty_wait(&pty);
    if (got != status) fail_msg("signal %d: ends with %d instead of %d", number, got, status);
    if (was_given_back(&pty) != given_back) {
        fail_msg("signal %d: the terminal is %s", number, given_back ? "not given back" : "fine");
    }
    pty_free(&pty);
}

static void signals_give_it_back_and_stay_what_they_are(void **state)
{
    (void)state;
    static const int numbers[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGSEGV, SIGABRT,
                                  SIGBUS, SIGFPE, SIGILL,  SIGALRM, SIGXCPU, SIGSYS};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        assert_killed(numbers[i], -numbers[i], true);
    }
    /* What nobody can catch shows that the questions can be answered with no. */
    assert_killed(SIGKILL, -SIGKILL, false);
}

static void assert_ends(const char *keys, int status)
{
    Pty pty = {0};
    begin(&pty, &usual);
    pty_type(&pty, keys);
    assert_int_equal(pty_wait(&pty), status);
    assert_true(was_given_back(&pty));
    pty_free(&pty);
}

static void so_do_faults_exit_and_the_usual_end(void **state)
{
    (void)state;
    assert_ends("F", -SIGSEGV);
    assert_ends("E", 9);
    assert_ends("q", 0);
}

static void a_failed_check_is_read_on_the_screen_of_before(void **state)
{
    (void)state;
    Pty pty = {0};
    begin(&pty, &usual);
    pty_type(&pty, "P");
    assert_int_equal(pty_wait(&pty), -SIGABRT);
    assert_true(was_given_back(&pty));
    pty_await(&pty, "loralab: internal error at", pty_await(&pty, LEAVES_SCREEN, 0));
    pty_free(&pty);
}

static void the_second_ctrl_c_of_the_program_gives_it_back_too(void **state)
{
    (void)state;
    Pty    pty = {0};
    Typist typist = usual;
    typist.takes_signals = true;
    Index at = begin(&pty, &typist);
    kill(pty.pid, SIGTERM); /* the typist has no ear for it */
    pty_type(&pty, "a");
    pty_await(&pty, "key:a;", at);
    kill(pty.pid, SIGTERM);
    assert_int_equal(pty_wait(&pty), 128 + SIGTERM);
    assert_true(was_given_back(&pty));
    pty_free(&pty);
}

static void a_terminal_that_goes_away_is_the_end_of_keys(void **state)
{
    (void)state;
    Pty    pty = {0}, heard = {0};
    Typist deaf = usual;
    deaf.ignores_hang_up = true;
    begin(&pty, &deaf);
    pty_hang_up(&pty);
    assert_int_equal(pty_wait(&pty), 7);
    pty_free(&pty);

    begin(&heard, &usual);
    pty_hang_up(&heard);
    assert_int_equal(pty_wait(&heard), -SIGHUP);
    pty_free(&heard);
}

/* ---- stopping ---- */

static void ctrl_z_gives_it_to_the_shell_and_fg_takes_it_back(void **state)
{
    (void)state;
    Pty   pty = {.job = true};
    Index at = begin(&pty, &usual);
    for (int i = 0; i < 5; i++) {
        pty_type(&pty, i % 2 == 0 ? "\032" : "Z"); /* typed, and sent by somebody */
        at = pty_await(&pty, LEAVES_SCREEN, at);
        at = pty_await(&pty, "STOPPED by 20, cooked", at);
        at = pty_await(&pty, "\033[?1049h", at);
        at = pty_await(&pty, "end", pty_await(&pty, "ready:24x80", at));
        assert_false(pty_is_cooked(&pty));
        pty_type(&pty, "a");
        at = pty_await(&pty, "key:a;", at);
    }
    pty_type(&pty, "q");
    assert_int_equal(pty_wait(&pty), 0);
    assert_true(pty_is_cooked(&pty));
    pty_free(&pty);
}

static void where_nothing_can_stop_it_goes_on_at_once(void **state)
{
    (void)state;
    Pty   pty = {0}; /* a session without a shell: the kernel drops the signal */
    Index at = begin(&pty, &usual);
    pty_type(&pty, "\032");
    at = pty_await(&pty, "end", pty_await(&pty, "ready:", at));
    pty_type(&pty, "a");
    pty_await(&pty, "key:a;", at);
    kill(pty.pid, SIGTERM); /* and is given back all the same */
    assert_int_equal(pty_wait(&pty), -SIGTERM);
    assert_true(pty_is_cooked(&pty));
    pty_free(&pty);
}

static void a_stop_from_outside_is_mended_on_going_on(void **state)
{
    (void)state;
    Pty   pty = {0};
    Index at = begin(&pty, &usual);
    kill(pty.pid, SIGSTOP);
    kill(pty.pid, SIGCONT);
    pty_await(&pty, "end", pty_await(&pty, "ready:", at));
    pty_type(&pty, "q");
    assert_int_equal(pty_wait(&pty), 0);
    pty_free(&pty);
}

TEST_GROUP(terminal_end, cmocka_unit_test(signals_give_it_back_and_stay_what_they_are),
           cmocka_unit_test(so_do_faults_exit_and_the_usual_end),
           cmocka_unit_test(a_failed_check_is_read_on_the_screen_of_before),
           cmocka_unit_test(the_second_ctrl_c_of_the_program_gives_it_back_too),
           cmocka_unit_test(a_terminal_that_goes_away_is_the_end_of_keys),
           cmocka_unit_test(ctrl_z_gives_it_to_the_shell_and_fg_takes_it_back),
           cmocka_unit_test(where_nothing_can_stop_it_goes_on_at_once),
           cmocka_unit_test(a_stop_from_outside_is_mended_on_going_on));
