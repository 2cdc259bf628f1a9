/* The matrix room with large matrices: the keys stay alive, work can be given up. */

#include <math.h>
#include <string.h>

#include "app/rooms/matrix/matrix_line.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "tests/app/desk_rig.h"
#include "tests/app/program.h"
#include "tests/app/screens.h"
#include "tests/test.h"

enum { SIDE = 700 }; /* some tenths of a second of work, well over MATRIX_WHOLE_MAX numbers */

static void put_large(DeskRig *rig)
{
    Datum   *m = datum_matrix(NULL, SIDE, SIDE, &rig->err);
    uint64_t seed = 1;
    assert_ok(&rig->err);
    for (Index i = 0; i < SIDE * SIDE; i++) m->values[i] = next_random(&seed, 2001) / 1000.0 - 1;
    assert_true(desk_put(&rig->desk, "large", m, false, &rig->err));
}

static void wait_for_job(DeskRig *rig)
{
    double until = clock_seconds() + 60;
    while (desk_busy(&rig->desk) && clock_seconds() < until) desk_turn(&rig->desk);
    assert_false(desk_busy(&rig->desk));
}

static void draw(void *context, const Look *look, Grid *grid, Rect area)
{
    MatrixView view;
    desk_view(context, &view);
    view_matrix(&view, look, grid, area);
}

static void press(DeskRig *rig, Action action)
{
    assert_true(desk_act(&rig->desk, action, (Key){0}));
}

/* ---- measuring -------------------------------------------------------------------------- */

static void a_large_one_is_measured_while_keys_work(void **state)
{
    (void)state;
    DeskRig rig;
    desk_rig_open(&rig);
    double before = clock_seconds();
    put_large(&rig);
    assert_true(desk_busy(&rig.desk));
    assert_false(rig.desk.known);
    press(&rig, ACT_DOWN);
    assert_int_equal(rig.desk.row, 1);
    assert_draws(&look_braille, 20, 80, draw, &rig.desk, "computing the singular values");
    assert_draws(&look_braille, 20, 80, draw, &rig.desk, "Esc gives it up");
    double at_once = clock_seconds() - before;
    wait_for_job(&rig);
    assert_true(rig.desk.known);
    assert_int_equal(rig.desk.facts.rank, SIDE);
    assert_int_equal(rig.desk.facts.exact, -1);
    assert_true(clock_seconds() - before > at_once); /* it did not wait for it */

    /* What is known of it is held against another rank without any work. */
    desk_cut(&rig.desk, 100);
    assert_true(rig.desk.known && !desk_busy(&rig.desk));
    const MatrixFacts *f = &rig.desk.facts;
    double             squares = 0;
    for (Index i = 100; i < SIDE; i++) squares += pow(f->singular->values[i], 2);
    assert_close(f->error_frobenius, sqrt(squares), 1e-9);
    assert_close(f->error_spectral, f->singular->values[100], 0);
    desk_rig_close(&rig);
}

static void it_can_be_given_up_and_taken_up_again(void **state)
{
    (void)state;
    DeskRig rig;
    desk_rig_open(&rig);
    put_large(&rig);
    press(&rig, ACT_LEAVE); /* Esc */
    wait_for_job(&rig);
    assert_false(rig.desk.known);
    assert_null(rig.desk.facts.singular);
    assert_draws(&look_braille, 20, 80, draw, &rig.desk, "stopped; Enter");
    assert_false(desk_turn(&rig.desk)); /* nothing goes on by itself */
    press(&rig, ACT_COMMIT);
    assert_false(rig.desk.typing);
    assert_true(desk_busy(&rig.desk));
    wait_for_job(&rig);
    assert_int_equal(rig.desk.facts.rank, SIDE);
    desk_rig_close(&rig);
}

/* Leaving does not wait for the end of the work. */
static void leaving_stops_it(void **state)
{
    (void)state;
    DeskRig rig;
    desk_rig_open(&rig);
    put_large(&rig);
    double began = clock_seconds();
    wait_for_job(&rig);
    double whole = clock_seconds() - began;
    desk_close(&rig.desk);
    assert_true(desk_open(&rig.desk, rig.lab.lab, NULL, NULL, &rig.err));
    put_large(&rig);
    double left = clock_seconds();
    desk_rig_close(&rig);
    assert_true(clock_seconds() - left < 0.1 + whole / 2);
}

static void the_newest_wish_wins(void **state)
{
    (void)state;
    DeskRig      rig;
    char         first[] = "first", second[] = "second";
    char         q[] = "model.layers.0.self_attn.q_proj", k[] = "model.layers.0.self_attn.k_proj";
    MatrixSource one = {.kind = SOURCE_WEIGHT, .label = first, .module = q};
    MatrixSource two = {.kind = SOURCE_WEIGHT, .label = second, .module = k};
    desk_rig_open(&rig);
    desk_choose(&rig.desk, &one);
    desk_choose(&rig.desk, &two);
    wait_for_job(&rig);
    assert_string_equal(rig.desk.now.name, "second");
    assert_int_equal(rig.desk.now.matrix->rows, 64);
    assert_true(rig.desk.known);
    desk_choose(&rig.desk, &one); /* and a matrix that is there at once is one, too */
    Datum *small = datum_matrix(NULL, 2, 2, &rig.err);
    assert_true(desk_put(&rig.desk, "small", small, false, &rig.err));
    wait_for_job(&rig);
    assert_string_equal(rig.desk.now.name, "small");
    assert_true(rig.desk.known);
    assert_int_equal(rig.desk.facts.rank, 0);
    desk_rig_close(&rig);
}

/* ---- lines ------------------------------------------------------------------------------ */

static void a_line_about_a_large_one_has_a_thread(void **state)
{
    (void)state;
    DeskRig    rig;
    MatrixLine line = {0};
    Str        said = {0};
    desk_rig_open(&rig);
    assert_true(matrix_line_run(&line, &rig.desk, "matrix random=300x300", &said));
    str_clear(&said);
    assert_true(matrix_line_run(&line, &rig.desk, "rank M", &said));
    assert_true(matrix_line_busy(&line));
    assert_string_equal(matrix_line_verb(&line), "rank");
    assert_string_equal(str_text(&said), "");
    assert_true(matrix_line_run(&line, &rig.desk, "rank M", &said));
    assert_string_equal(str_text(&said), "rank is still being computed");
    str_clear(&said);
    double until = clock_seconds() + 60;
    while (!matrix_line_turn(&line, &rig.desk, &said) && clock_seconds() < until) continue;
    assert_non_null(strstr(str_text(&said), "rank 300"));
    assert_false(matrix_line_busy(&line));
    str_free(&said);
    matrix_line_free(&line);
    desk_rig_close(&rig);
}

/* ---- what is zero to rounding ----------------------------------------------------------- */

static void zeros_to_rounding_stretch_no_axis(void **state)
{
    (void)state;
    DeskRig    rig;
    MatrixLine line = {0};
    Str        said = {0};
    desk_rig_open(&rig);
    assert_draws(&look_braille, 20, 80, draw, &rig.desk, "zero to rounding");
    assert_true(matrix_line_run(&line, &rig.desk, "P = matrix random=32x5", &said));
    assert_true(matrix_line_run(&line, &rig.desk, "Q = matrix random=5x32", &said));
    assert_true(matrix_line_run(&line, &rig.desk, "matmul P Q", &said));
    assert_draws(&look_braille, 26, 100, draw, &rig.desk, "5 singular values (27 are zero)");
    const Figure *figure = rig.desk.spectrum;
    assert_int_equal(figure->series[0].n, 5);
    assert_false(figure->y.log);
    const double *s = rig.desk.facts.singular->values;
    assert_true(s[5] < 1e-12 * s[0]); /* what would have stretched it */
    str_free(&said);
    matrix_line_free(&line);
    desk_rig_close(&rig);
}

static void a_long_name_is_whole_where_there_is_room(void **state)
{
    (void)state;
    DeskRig rig;
    desk_rig_open(&rig);
    Datum *matrix = datum_matrix(NULL, 2, 2, &rig.err);
    assert_true(desk_put(&rig.desk, "a name of thirty columns, whole", matrix, false, &rig.err));
    assert_draws(&look_braille, 26, 100, draw, &rig.desk, "of thirty columns, whole, 2 × 2");
    desk_rig_close(&rig);
}

/* Verbs, their settings and the model's modules, by Tab alone. */
static void the_prompt_completes_verbs_settings_and_modules(void **state)
{
    (void)state;
    static const char keys[] = "wait B of lesson 1\n"
                               "key :\ntype spec\nkey Tab\nwait :spectrum\n"
                               "type wei\nkey Tab\nwait weight=\n"
                               "type layers.0.s\nkey Tab\nwait q_proj  weight=\n"
                               "type q\nkey Tab Enter\n"
                               "wait layers.0.self_attn.q_proj, 128\nwait numeric rank\n"
                               "key :\ntype X = matrix identity=2\nkey Enter\nwait X, 2\n"
                               "key : Up Up\nwait spectrum weight=layers.0.self_attn.q_proj\n";
    Program           p = {0};
    Error             err = {0};
    assert_true(file_write_all(test_path("complete.keys"), keys, sizeof keys - 1, &err));
    program_assert_status(&p, "lab matrix --script %s/complete.keys --save %s", 0);
    program_free(&p);
}

TEST_GROUP(matrix_room, cmocka_unit_test(a_large_one_is_measured_while_keys_work),
           cmocka_unit_test(it_can_be_given_up_and_taken_up_again),
           cmocka_unit_test(leaving_stops_it), cmocka_unit_test(the_newest_wish_wins),
           cmocka_unit_test(a_line_about_a_large_one_has_a_thread),
           cmocka_unit_test(zeros_to_rounding_stretch_no_axis),
           cmocka_unit_test(a_long_name_is_whole_where_there_is_room),
           cmocka_unit_test(the_prompt_completes_verbs_settings_and_modules));
