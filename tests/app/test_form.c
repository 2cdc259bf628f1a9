/* Forms: selecting, typing, and how they look. */

#include <string.h>

#include "app/view/form.h"
#include "app/view/look_parts.h"
#include "core/base/mem.h"
#include "tests/app/screens.h"
#include "tests/test.h"

static const FormRow rows[] = {
    {.heading = true, .label = "Data"},
    {.label = "data", .value = "sql", .help = "A task's name, or a JSONL file.", .changed = true},
    {.label = "valid", .value = "0.1", .unit = "of the examples", .help = "Held out."},
    {.heading = true, .label = "LoRA"},
    {.label = "r",
     .value = "8",
     .unit = "columns of B",
     .help = "Width of the branch. Each module gets r·(d_in + d_out) parameters.",
     .range = "1 to 4096; default 8; PEFT: r"},
    {.label = "lora_alpha", .value = "16", .help = "The update is scaled by α/r."},
    {.label = "target_modules", .value = "q_proj,v_proj", .changed = true, .fixed = true},
    {.heading = true, .label = "Training"},
    {.label = "learning_rate", .value = "5e-3", .unit = "per step"},
    {.label = "max_steps", .value = "200", .unit = "steps"},
    {.label = "tokens", .value = "13,120", .unit = "per second", .measured = true},
};
enum { ROWS = (int)(sizeof rows / sizeof *rows), FORM_COLS = 44 };

static Form usual(void)
{
    Form form = {0};
    form_rows(&form, rows, ROWS);
    return form;
}

static Key character(char c)
{
    return (Key){K_CHAR, (uint32_t)(unsigned char)c};
}

static void type(Form *form, const char *text)
{
    for (; *text != '\0'; text++) assert_true(form_act(form, ACT_TYPE, character(*text)));
}

static void select_row(Form *form, int row)
{
    assert_true(form_act(form, ACT_FIRST, (Key){0}));
    while (form->selected < row) assert_true(form_act(form, ACT_DOWN, (Key){0}));
    assert_int_equal(form->selected, row);
}

static void draw(void *context, const Look *look, Grid *grid, Rect area)
{
    int row, col;
    form_draw(context, look, grid, area, &row, &col);
    if (row >= 0) assert_true(rect_inside((Rect){row, col, 1, 1}, area));
}

static void looks_as_meant(void **state)
{
    (void)state;
    Form form = usual();
    select_row(&form, 4);
    assert_screens("form", draw, &form);
    assert_screen("form-narrow", &look_braille, 20, FORM_COLS, draw, &form);
    assert_screen("form-low", &look_ascii, 8, FORM_COLS, draw, &form);
    assert_true(form_edit(&form, "16"));
    type(&form, "x");
    form_refuse(&form, "r is a whole number from 1 to 4096, not \"16x\"");
    assert_screen("form-refused", &look_braille, 20, FORM_COLS, draw, &form);
    assert_screen("form-refused-low", &look_braille, 5, FORM_COLS, draw, &form);
    form_free(&form);
}

static void headings_are_never_selected(void **state)
{
    (void)state;
    Form form = usual();
    assert_int_equal(form.selected, 1);
    form_act(&form, ACT_UP, (Key){0});
    assert_int_equal(form.selected, 1);
    select_row(&form, 2);
    form_act(&form, ACT_DOWN, (Key){0});
    assert_int_equal(form.selected, 4);
    form_act(&form, ACT_UP, (Key){0});
    assert_int_equal(form.selected, 2);
    form.page = 6;
    form_act(&form, ACT_PAGE_DOWN, (Key){0}); /* 7 is a heading */
    assert_int_equal(form.selected, 8);
    form_act(&form, ACT_PAGE_UP, (Key){0}); /* so is 3 */
    assert_int_equal(form.selected, 2);
    form_act(&form, ACT_LAST, (Key){0});
    assert_int_equal(form.selected, ROWS - 1);
    form_act(&form, ACT_DOWN, (Key){0});
    assert_int_equal(form.selected, ROWS - 1);
    form_rows(&form, rows, 4); /* the last is a heading now */
    assert_int_equal(form.selected, 2);
    form_rows(&form, rows, 1);
    assert_null(form_row(&form));
    assert_false(form_edit(&form, ""));
    form_rows(&form, NULL, 0);
    assert_null(form_row(&form));
    assert_true(form_act(&form, ACT_DOWN, (Key){0}));
    form_free(&form);
}

static void a_value_is_typed(void **state)
{
    (void)state;
    Form form = usual();
    select_row(&form, 4);
    assert_false(form_act(&form, ACT_TYPE, character('x'))); /* no field is open */
    assert_true(form_edit(&form, "8"));
    assert_true(form_act(&form, ACT_ERASE, (Key){0}));
    type(&form, "12");
    assert_true(form_act(&form, ACT_LEFT, (Key){0}));
    type(&form, "6");
    assert_string_equal(form_text(&form), "162");
    assert_false(form_act(&form, ACT_COMMIT, (Key){0})); /* the owner's */
    form_refuse(&form, "too much");
    assert_true(form.typing);
    assert_string_equal(str_text(&form.error), "too much");
    type(&form, "0");
    assert_string_equal(str_text(&form.error), ""); /* it is another text now */
    assert_true(form_act(&form, ACT_LEAVE, (Key){0}));
    assert_false(form.typing);
    assert_false(form_act(&form, ACT_LEAVE, (Key){0}));
    select_row(&form, 6);
    assert_false(form_edit(&form, "q_proj")); /* fixed */
    form_free(&form);
}

static void the_cursor_is_where_the_text_is(void **state)
{
    (void)state;
    Form form = usual();
    Grid grid;
    int  row, col;
    assert_true(grid_init(&grid, 20, FORM_COLS, NULL));
    select_row(&form, 4);
    form_draw(&form, &look_braille, &grid, (Rect){0, 0, 20, FORM_COLS}, &row, &col);
    assert_string_equal(grid_at(&grid, row, col)->text, "▸");
    assert_true(form_edit(&form, "12345"));
    form_draw(&form, &look_braille, &grid, (Rect){0, 0, 20, FORM_COLS}, &row, &col);
    assert_string_equal(grid_at(&grid, row, col - 1)->text, "5");
    assert_true(grid_at(&grid, row, col)->reverse);
    assert_true(grid_at(&grid, row, FORM_COLS - 1)->reverse);
    /* A long text is shown around its cursor. */
    assert_true(form_edit(&form, "矩阵的秩矩阵的秩矩阵的秩矩阵的秩矩阵的秩end"));
    form_draw(&form, &look_braille, &grid, (Rect){0, 0, 20, FORM_COLS}, &row, &col);
    assert_string_equal(grid_at(&grid, row, col - 1)->text, "d");
    form_act(&form, ACT_FIRST, (Key){0});
    form_draw(&form, &look_braille, &grid, (Rect){0, 0, 20, FORM_COLS}, &row, &col);
    assert_string_equal(grid_at(&grid, row, col)->text, "矩");
    grid_free(&grid);
    form_free(&form);
}

/* Whatever the size, the selected row is seen, and what is wrong with its text. */
static void selection_and_error_are_seen(void **state)
{
    (void)state;
    for (int lines = 1; lines < 30; lines++) {
        Form form = usual();
        for (int i = 0; i < 2 * ROWS; i++) {
            Grid grid;
            int  row, col;
            assert_true(grid_init(&grid, lines, 40, NULL));
            form_refuse(&form, "wrong");
            form_draw(&form, &look_ascii, &grid, (Rect){0, 0, lines, 40}, &row, &col);
            assert_string_equal(grid_at(&grid, row, col)->text, ">");
            if (lines >= 2) assert_shows(&grid, "wrong");
            form_act(&form, i < ROWS ? ACT_DOWN : ACT_UP, (Key){0});
            grid_free(&grid);
        }
        form_free(&form);
    }
}

static void parts_never_overlap(void **state)
{
    (void)state;
    uint64_t random = 9;
    for (int i = 0; i < 10000; i++) {
        Rect area = {next_random(&random, 5), next_random(&random, 5), next_random(&random, 101),
                     next_random(&random, 301)};
        FormLayout layout = form_layout(area, next_random(&random, 60));
        Rect       parts[] = {layout.list, layout.rule, layout.help};
        for (size_t a = 0; a < 3; a++) {
            if (parts[a].rows == 0) continue;
            assert_true(rect_inside(parts[a], area));
            for (size_t b = 0; b < a; b++) assert_false(rect_overlap(parts[a], parts[b]));
        }
    }
    assert_int_equal(form_layout((Rect){0, 0, 20, 40}, 8).help.rows, 8);
    assert_int_equal(form_layout((Rect){0, 0, 20, 40}, 8).list.rows, 8);
}

static void nothing_is_drawn_outside(void **state)
{
    (void)state;
    Form form = usual();
    assert_stays_inside(700, draw, &form);
    select_row(&form, 5);
    assert_true(form_edit(&form, "a long text that goes on and on, 矩阵的秩矩阵的秩"));
    form_refuse(&form, "a sentence about it");
    assert_stays_inside(700, draw, &form);
    form_free(&form);
}

static void draw_once(void *context, Error *err)
{
    Form form = usual();
    Grid grid;
    int  row, col;
    (void)context;
    form.selected = 4;
    bool typed = form_edit(&form, "16");
    form_refuse(&form, "a sentence");
    if (grid_init(&grid, 20, FORM_COLS, err)) {
        form_draw(&form, &look_braille, &grid, (Rect){0, 0, 20, FORM_COLS}, &row, &col);
        if (grid.failed || !typed) error_set(err, ERR_MEMORY, "a part is missing");
        grid_free(&grid);
    }
    form_free(&form);
}

static void missing_memory_is_told(void **state)
{
    (void)state;
    assert_true(torture(draw_once, NULL) > 20);
}

TEST_GROUP(form, cmocka_unit_test(looks_as_meant), cmocka_unit_test(headings_are_never_selected),
           cmocka_unit_test(a_value_is_typed), cmocka_unit_test(the_cursor_is_where_the_text_is),
           cmocka_unit_test(selection_and_error_are_seen), cmocka_unit_test(parts_never_overlap),
           cmocka_unit_test(nothing_is_drawn_outside), cmocka_unit_test(missing_memory_is_told));
