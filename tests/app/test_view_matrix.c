/* The matrix view: what it looks like, and what keys do to the matrix. */

#include <math.h>
#include <string.h>

#include "app/rooms/matrix/matrix_line.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "tests/app/desk_rig.h"
#include "tests/app/screens.h"
#include "tests/test.h"

static bool is_typing(void *desk)
{
    return ((MatrixDesk *)desk)->typing;
}

static bool act(void *desk, Action action, Key key)
{
    return desk_act(desk, action, key);
}

static void press(DeskRig *rig, const char *names)
{
    press_keys(&(Presser){ROOM_MATRIX, is_typing, act, &rig->desk}, names);
}

static void wait_for_job(DeskRig *rig)
{
    double until = clock_seconds() + 60;
    while (matrix_job_busy(rig->desk.job) && clock_seconds() < until) desk_turn(&rig->desk);
    assert_false(matrix_job_busy(rig->desk.job));
}

static double entry(const DeskRig *rig, Index row, Index col)
{
    const Datum *m = rig->desk.now.matrix;
    return m->values[(row - 1) * m->cols + col - 1];
}

static void draw(void *context, const Look *look, Grid *grid, Rect area)
{
    MatrixView view;
    desk_view(context, &view);
    view_matrix(&view, look, grid, area);
}

/* A number that is typed for r stands there, and not in the entry that is selected as well. */
static void what_is_typed_stands_in_one_place(void **state)
{
    (void)state;
    DeskRig rig;
    Grid    grid;
    desk_rig_open(&rig);
    press(&rig, "t e 9 9");
    assert_true(grid_init(&grid, 20, 80, NULL));
    draw(&rig.desk, &look_braille, &grid, (Rect){0, 0, 20, 80});
    assert_shows(&grid, "199  + - change it");
    assert_hides(&grid, "199]");
    grid_free(&grid);
    press(&rig, "Esc Esc 7 7");
    assert_true(grid_init(&grid, 20, 80, NULL));
    draw(&rig.desk, &look_braille, &grid, (Rect){0, 0, 20, 80});
    assert_shows(&grid, "77]");
    grid_free(&grid);
    desk_rig_close(&rig);
}

/* ---- screens ---------------------------------------------------------------------------- */

static void looks_as_meant(void **state)
{
    (void)state;
    DeskRig rig;
    desk_rig_open(&rig);
    assert_screens("matrix", draw, &rig.desk);
    press(&rig, "Down Right e 1 Tab"); /* 111 */
    press(&rig, "t");
    assert_screens("matrix-cut", draw, &rig.desk);
    press(&rig, "o");
    assert_screens("matrix-list", draw, &rig.desk);
    press(&rig, "Down Down Down Enter");
    assert_screens("matrix-ten", draw, &rig.desk);
    press(&rig, "o Down Enter t");
    assert_screens("matrix-picture", draw, &rig.desk);
    desk_rig_close(&rig);
}

static void stays_inside_at_any_size(void **state)
{
    (void)state;
    DeskRig rig;
    desk_rig_open(&rig);
    assert_stays_inside(1500, draw, &rig.desk);
    press(&rig, "o");
    assert_stays_inside(500, draw, &rig.desk);
    press(&rig, "Down Down Down Enter t");
    assert_stays_inside(1500, draw, &rig.desk);
    press(&rig, "o Down Enter t Tab");
    assert_stays_inside(1000, draw, &rig.desk);
    desk_rig_close(&rig);
}

static void parts_do_not_overlap(void **state)
{
    (void)state;
    static const double values[400] = {1};
    uint64_t            seed = 7;
    for (int i = 0; i < 10000; i++) {
        MatrixView view = {.values = values,
                           .rows = next_random(&seed, 20) + 1,
                           .cols = next_random(&seed, 20) + 1,
                           .pane = (MatrixPane)next_random(&seed, MATRIX_PANES),
                           .r = next_random(&seed, 3),
                           .s = values};
        view.count = view.rows < view.cols ? view.rows : view.cols;
        Rect         area = {2, 3, next_random(&seed, 100), next_random(&seed, 300)};
        MatrixLayout at = matrix_layout(&view, area);
        const Rect   parts[] = {at.matrix, at.cut, at.rest, at.spectrum, at.facts};
        bool         any = at.need_rows > 0;
        for (int k = 0; k < 5; k++) {
            any = any || parts[k].rows > 0;
            if (parts[k].rows > 0) assert_true(rect_inside(parts[k], area));
            for (int l = 0; l < k; l++) assert_false(rect_overlap(parts[k], parts[l]));
        }
        assert_true(any);
        if (at.cells) assert_true(at.slot * (int)view.cols <= area.cols);
    }
}

static void a_name_puts_nothing_on_the_terminal(void **state)
{
    (void)state;
    DeskRig rig;
    desk_rig_open(&rig);
    Datum *matrix = datum_matrix(NULL, 2, 2, &rig.err);
    assert_true(desk_put(&rig.desk, "evil\033[2J\xe2\x80\xae", matrix, false, &rig.err));
    assert_draws(&look_braille, 20, 80, draw, &rig.desk, "evil^[[2J");
    assert_null(strchr(drawn_text(&look_braille, 20, 80, draw, &rig.desk), '\033'));
    desk_rig_close(&rig);
}

/* ---- actions ---------------------------------------------------------------------------- */

static void an_entry_is_typed_and_taken_back(void **state)
{
    (void)state;
    DeskRig rig;
    desk_rig_open(&rig);
    assert_int_equal(rig.desk.facts.rank, 2);
    assert_int_equal(rig.desk.facts.exact, 2);
    press(&rig, "Down Right 1 1 . 0 0 1 Enter");
    assert_true(entry(&rig, 2, 2) == 11.001);
    assert_int_equal(rig.desk.facts.rank, 3);
    assert_int_equal(rig.desk.facts.exact, 3);
    assert_string_equal(rig.desk.now.name, "B of lesson 1, changed");
    press(&rig, "- 4 Down"); /* taken over by moving on */
    assert_true(entry(&rig, 2, 2) == -4);
    assert_int_equal(rig.desk.row, 2);
    press(&rig, "u");
    assert_true(entry(&rig, 2, 2) == 11.001);
    press(&rig, "u");
    assert_true(entry(&rig, 2, 2) == 11);
    assert_int_equal(rig.desk.facts.rank, 2);
    assert_string_equal(rig.desk.now.name, "B of lesson 1");
    assert_false(desk_act(&rig.desk, ACT_UNDO, (Key){K_CHAR, 'u'}));
    desk_rig_close(&rig);
}

static void what_is_no_number_stays_in_the_field(void **state)
{
    (void)state;
    DeskRig rig;
    desk_rig_open(&rig);
    press(&rig, "1 e 5 x Enter");
    assert_true(rig.desk.typing);
    assert_non_null(strstr(str_text(&rig.desk.fault), "a number is needed"));
    press(&rig, "Esc");
    assert_false(rig.desk.typing);
    assert_true(entry(&rig, 1, 1) == 1);
    press(&rig, "1 e 9 9 9 Enter"); /* not finite */
    assert_true(rig.desk.typing);
    press(&rig, "Esc");
    desk_rig_close(&rig);
}

/* The smallest change makes the exact rank 3; the numeric one follows the tolerance. */
static void the_tolerance_decides(void **state)
{
    (void)state;
    DeskRig rig;
    desk_rig_open(&rig);
    press(&rig, "Down Right 1 1 . 0 0 0 0 0 0 0 0 0 0 0 0 0 1 Enter");
    assert_int_equal(rig.desk.facts.exact, 3);
    assert_int_equal(rig.desk.facts.rank, 2);
    double usual = rig.desk.facts.tolerance;
    assert_close(usual, 3 * 2.220446e-16 * rig.desk.facts.singular->values[0], 1e-18);
    press(&rig, "<");
    assert_true(rig.desk.facts.tolerance == 1e-14);
    press(&rig, "< <");
    assert_close(rig.desk.facts.tolerance, 1e-16, 1e-20);
    assert_int_equal(rig.desk.facts.rank, 3);
    press(&rig, "Tab 5 Enter"); /* typed: above the second singular value */
    assert_int_equal(rig.desk.facts.rank, 1);
    press(&rig, "Delete");
    assert_close(rig.desk.facts.tolerance, usual, 0);
    desk_rig_close(&rig);
}

static void truncation_reaches_the_bound(void **state)
{
    (void)state;
    DeskRig rig;
    desk_rig_open(&rig);
    press(&rig, "t");
    const MatrixFacts *f = &rig.desk.facts;
    assert_int_equal(f->r, 1);
    assert_close(f->error_frobenius, f->bound_frobenius, 1e-10);
    assert_close(f->error_spectral, f->singular->values[1], 1e-10);
    press(&rig, "+");
    assert_int_equal(f->r, 2);
    assert_true(f->error_frobenius < 1e-12);
    press(&rig, "+ +"); /* not above min(m, n) */
    assert_int_equal(f->r, 3);
    press(&rig, "- - - -"); /* nor below 1 */
    assert_int_equal(f->r, 1);
    press(&rig, "2 Enter");
    assert_int_equal(f->r, 2);
    press(&rig, "7 Enter");
    assert_non_null(strstr(str_text(&rig.desk.fault), "from 1 to 3"));
    press(&rig, "Esc t");
    assert_int_equal(f->r, 0);
    assert_null(f->cut);
    desk_rig_close(&rig);
}

static void the_lessons_matrices_are_there(void **state)
{
    (void)state;
    DeskRig rig;
    desk_rig_open(&rig);
    press(&rig, "o Enter");
    assert_string_equal(rig.desk.now.name, "A of lesson 1");
    assert_int_equal(rig.desk.facts.rank, 1);
    press(&rig, "o Down Down Down Enter");
    assert_string_equal(rig.desk.now.name, "W of lesson 2");
    assert_int_equal(rig.desk.now.matrix->rows, 10);
    assert_int_equal(rig.desk.facts.rank, 2);
    assert_close(entry(&rig, 1, 1), -1.0797, 1e-3); /* torch.manual_seed(0) */
    press(&rig, "u");
    assert_string_equal(rig.desk.now.name, "A of lesson 1");
    press(&rig, "o Esc");
    assert_false(rig.desk.choosing);
    desk_rig_close(&rig);
}

static void a_weight_of_the_base_is_looked_at(void **state)
{
    (void)state;
    DeskRig rig;
    desk_rig_open(&rig);
    press(&rig, "o End"); /* no runs are recorded, so the weights are last */
    press(&rig, "Enter Enter");
    wait_for_job(&rig);
    assert_string_equal(rig.desk.now.name, "layers.0.self_attn.q_proj");
    assert_int_equal(rig.desk.now.matrix->rows, 128);
    assert_true(rig.desk.now.single && rig.desk.known);
    assert_int_equal(rig.desk.facts.singular->rows, 128);
    press(&rig, "t 1 6 Enter");
    wait_for_job(&rig);
    assert_int_equal(rig.desk.facts.r, 16);
    assert_close(rig.desk.facts.error_frobenius / rig.desk.facts.bound_frobenius, 1, 1e-6);
    desk_rig_close(&rig);
}

/* B A has the rank of the adapter, whatever the weight has. */
static void what_a_run_learned_has_low_rank(void **state)
{
    (void)state;
    DeskRig    rig;
    MatrixLine line = {0};
    Str        said = {0};
    desk_rig_open(&rig);
    lab_must(&rig.lab, "train --data sql --r 2 --max_steps 3 --examples 40 --eval_examples 4 "
                       "--target_modules q_proj --threads 1");
    assert_true(matrix_line_run(&line, &rig.desk,
                                "spectrum of=sql-lora-1 module=layers.1.self_attn.q_proj", &said));
    assert_string_equal(str_text(&said), "");
    wait_for_job(&rig);
    assert_string_equal(rig.desk.now.name, "layers.1.self_attn.q_proj in sql-lora-1");
    assert_int_equal(rig.desk.now.matrix->rows, 128);
    assert_int_equal(rig.desk.facts.rank, 2);
    press(&rig, "o End Enter Enter"); /* the same from the list: its first module */
    wait_for_job(&rig);
    assert_string_equal(rig.desk.now.name, "layers.0.self_attn.q_proj");
    assert_int_equal(rig.desk.facts.rank, 2);
    str_free(&said);
    matrix_line_free(&line);
    desk_rig_close(&rig);
}

static void lines_make_matrices(void **state)
{
    (void)state;
    DeskRig    rig;
    MatrixLine line = {0};
    Str        said = {0};
    desk_rig_open(&rig);
    assert_true(matrix_line_run(&line, &rig.desk, "X = matrix rows=\"1 2; 3 4\"", &said));
    assert_string_equal(rig.desk.now.name, "X");
    assert_true(entry(&rig, 2, 1) == 3);
    str_clear(&said);
    assert_true(matrix_line_run(&line, &rig.desk, "matmul X M", &said));
    assert_true(entry(&rig, 1, 1) == 7);
    str_clear(&said);
    assert_true(matrix_line_run(&line, &rig.desk, "rank X", &said));
    assert_non_null(strstr(str_text(&said), "rank 2"));
    str_clear(&said);
    assert_true(matrix_line_run(&line, &rig.desk, "matrix rows=\"1 2; 3\"", &said));
    assert_non_null(strstr(str_text(&said), "row 2 has 1 numbers"));
    assert_true(entry(&rig, 1, 1) == 7); /* as it was */
    str_clear(&said);
    assert_false(matrix_line_run(&line, &rig.desk, "train data=sql", &said));
    assert_true(matrix_line_run(&line, &rig.desk, "spectrum weight=layers.9.nothing", &said));
    wait_for_job(&rig);
    assert_non_null(strstr(str_text(&rig.desk.fault), "no matrix called"));
    str_free(&said);
    matrix_line_free(&line);
    desk_rig_close(&rig);
}

/* ---- faults ----------------------------------------------------------------------------- */

static void use_desk(void *context, Error *err)
{
    MatrixDesk desk;
    if (!desk_open(&desk, context, NULL, NULL, err)) return;
    if (!desk.known) error_set(err, ERR_MEMORY, "not measured");
    if (desk_set_entry(&desk, 0, 0, 5, err)) {
        desk_cut(&desk, 1);
        bool listed = desk_open_list(&desk, err);
        if (!listed || desk.fault.len > 0 || !desk.known)
            error_set(err, ERR_MEMORY, "not measured");
    }
    desk_close(&desk);
}

static void without_memory_nothing_is_lost(void **state)
{
    (void)state;
    LabRig lab;
    lab_rig_open(&lab);
    assert_true(torture(use_desk, lab.lab) > 20);
    lab_rig_close(&lab);
}

TEST_GROUP(view_matrix, cmocka_unit_test(what_is_typed_stands_in_one_place),
           cmocka_unit_test(looks_as_meant), cmocka_unit_test(stays_inside_at_any_size),
           cmocka_unit_test(parts_do_not_overlap),
           cmocka_unit_test(a_name_puts_nothing_on_the_terminal),
           cmocka_unit_test(an_entry_is_typed_and_taken_back),
           cmocka_unit_test(what_is_no_number_stays_in_the_field),
           cmocka_unit_test(the_tolerance_decides), cmocka_unit_test(truncation_reaches_the_bound),
           cmocka_unit_test(the_lessons_matrices_are_there),
           cmocka_unit_test(a_weight_of_the_base_is_looked_at),
           cmocka_unit_test(what_a_run_learned_has_low_rank), cmocka_unit_test(lines_make_matrices),
           cmocka_unit_test(without_memory_nothing_is_lost));
