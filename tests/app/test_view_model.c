/* The model room: its screens, and that its counts are the planner's. */

#include <stdio.h>
#include <string.h>

#include "app/rooms/model/model_tree.h"
#include "core/base/mem.h"
#include "tests/app/screens.h"
#include "tests/lab/lab_rig.h"
#include "tests/test.h"

typedef struct TreeRig {
    LabRig    lab;
    ModelTree tree;
    Error     err;
} TreeRig;

static void rig_open(TreeRig *rig)
{
    *rig = (TreeRig){0};
    lab_rig_open(&rig->lab);
    assert_true(tree_open(&rig->tree, rig->lab.lab, &rig->err));
}

static void rig_close(TreeRig *rig)
{
    tree_close(&rig->tree);
    lab_rig_close(&rig->lab);
}

static bool act(void *tree, Action action, Key key)
{
    return tree_act(tree, action, key);
}

static void press(TreeRig *rig, const char *names)
{
    press_keys(&(Presser){ROOM_MODEL, NULL, act, &rig->tree}, names);
}

/* Select the row with this label. */
static void go_to(TreeRig *rig, const char *label)
{
    for (int i = 0; i < rig->tree.count; i++) {
        if (strcmp(rig->tree.rows[i].label, label) != 0) continue;
        rig->tree.selected = i;
        return;
    }
    fail_msg("there is no row %s", label);
}

/* What `loralab plan` says of these targets, number by number. */
static void assert_as_planned(TreeRig *rig, const char *targets)
{
    char line[400];
    assert_string_equal(str_text(&rig->tree.targets), targets);
    assert_true(rig->tree.planned);
    snprintf(line, sizeof line, "plan --target_modules %s --r %td --threads 1", targets,
             rig->tree.r);
    lab_must(&rig->lab, line);
    const Plan *plan = &rig->tree.plan;
    assert_true(lab_number(&rig->lab, "trainable") == (double)plan->trainable);
    assert_true(lab_number(&rig->lab, "total") == (double)plan->all);
    assert_true(lab_number(&rig->lab, "percent") == plan->percent);
    assert_true(lab_number(&rig->lab, "bytes.adapter") == (double)plan->bytes[MEM_ADAPTER]);
    assert_true(lab_number(&rig->lab, "bytes.gradients") == (double)plan->bytes[MEM_GRADIENTS]);
    assert_true(lab_number(&rig->lab, "bytes.optimizer") == (double)plan->bytes[MEM_OPTIMIZER]);
    assert_true(lab_number(&rig->lab, "bytes.activations") == (double)plan->bytes[MEM_ACTIVATIONS]);
    assert_true(lab_number(&rig->lab, "bytes.total") == (double)plan->bytes_total);
}

/* The rows of one tree add up to the whole, and to the plan. */
static void assert_rows_add_up(const TreeRig *rig)
{
    int64_t bytes = 0, parameters = 0, added = 0;
    for (int i = 1; i < rig->tree.count && rig->tree.rows[i].kind != MODEL_TITLE; i++) {
        const ModelRow *row = &rig->tree.rows[i];
        if (row->depth > 0) continue; /* counted in its layer */
        bytes += row->bytes;
        parameters += row->parameters;
        added += row->added;
    }
    const ModelRow *whole = &rig->tree.rows[0];
    assert_int_equal(whole->bytes, bytes);
    assert_int_equal(whole->parameters, parameters);
    assert_int_equal(whole->added, added);
    assert_int_equal(parameters, rig->tree.outline->parameters);
    if (rig->tree.planned) assert_int_equal(added, rig->tree.plan.trainable);
}

static void draw(void *context, const Look *look, Grid *grid, Rect area)
{
    ModelView view;
    tree_view(context, &view);
    view_model(&view, look, grid, area);
}

/* ---- screens ---------------------------------------------------------------------------- */

static void looks_as_meant(void **state)
{
    (void)state;
    TreeRig rig;
    rig_open(&rig);
    assert_screens("model", draw, &rig.tree);
    go_to(&rig, "self_attn.k_proj");
    press(&rig, "x");
    assert_screens("model-one-out", draw, &rig.tree);
    press(&rig, "Home x x"); /* all in, all out */
    assert_screen("model-none-80x24", &look_braille, 20, 80, draw, &rig.tree);
    rig_close(&rig);
}

static void stays_inside_at_any_size(void **state)
{
    (void)state;
    TreeRig rig;
    rig_open(&rig);
    assert_stays_inside(2000, draw, &rig.tree);
    go_to(&rig, "self_attn.k_proj");
    press(&rig, "x");
    assert_stays_inside(2000, draw, &rig.tree);
    rig_close(&rig);
}

static void parts_do_not_overlap(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (int i = 0; i < 10000; i++) {
        Rect        area = {1, 2, next_random(&seed, 100), next_random(&seed, 300)};
        ModelLayout at = model_layout(area);
        assert_true(at.need_rows > 0 || at.tree.rows > 0);
        assert_true(rect_inside(at.tree, area) || at.need_rows > 0);
        if (at.counts.rows > 0) assert_true(rect_inside(at.counts, area));
        assert_false(rect_overlap(at.tree, at.counts));
    }
}

/* Names are cut for no column; what has no matrix of its own says whose it uses. */
static void names_are_whole(void **state)
{
    (void)state;
    static const int sizes[][2] = {{20, 80}, {26, 100}, {56, 200}};
    TreeRig          rig;
    rig_open(&rig);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int rows = sizes[i][0], cols = sizes[i][1];
        rig.tree.selected = 0;
        assert_draws(&look_braille, rows, cols, draw, &rig.tree, "post_attention_layernorm");
        go_to(&rig, "lm_head");
        assert_draws(&look_braille, rows, cols, draw, &rig.tree, "lm_head, tied to embed_tokens");
        const char *text = drawn_text(&look_braille, rows, cols, draw, &rig.tree);
        if (strstr(text, "...") != NULL) fail_msg("something is cut:\n%s", text);
    }
    assert_draws(&look_braille, 26, 100, draw, &rig.tree, "the matrix of embed_tokens");
    go_to(&rig, "self_attn.k_proj");
    assert_draws(&look_braille, 26, 100, draw, &rig.tree, "64 × 128 · BF16");
    rig_close(&rig);
}

/* ---- switching -------------------------------------------------------------------------- */

static void counts_follow_each_switch_as_plan_says(void **state)
{
    (void)state;
    TreeRig rig;
    rig_open(&rig);
    assert_as_planned(&rig, "all-linear");
    assert_rows_add_up(&rig);
    press(&rig, "Home x"); /* none */
    assert_string_equal(str_text(&rig.tree.targets), "");
    assert_false(rig.tree.planned);
    assert_rows_add_up(&rig);
    go_to(&rig, "q_proj");
    press(&rig, "x");
    assert_as_planned(&rig, "q_proj");
    go_to(&rig, "v_proj");
    press(&rig, "x");
    assert_as_planned(&rig, "q_proj,v_proj");
    assert_rows_add_up(&rig);
    go_to(&rig, "layers.2");
    press(&rig, "Right");
    go_to(&rig, "embed_tokens");
    press(&rig, "x");
    assert_as_planned(&rig, "q_proj,v_proj,embed_tokens");
    press(&rig, "x + + -");
    assert_int_equal(rig.tree.r, 16);
    assert_as_planned(&rig, "q_proj,v_proj");
    rig_close(&rig);
}

static void one_module_and_one_layer(void **state)
{
    (void)state;
    TreeRig rig;
    rig_open(&rig);
    press(&rig, "Home x");
    go_to(&rig, "mlp.down_proj"); /* layer 0 is open */
    press(&rig, "x");
    assert_as_planned(&rig, "layers.0.mlp.down_proj");
    const ModelRow *row = &rig.tree.rows[rig.tree.selected];
    assert_int_equal(row->added, 8 * (384 + 128));
    assert_int_equal(row->r, 8);
    go_to(&rig, "layers.1");
    press(&rig, "x");
    assert_int_equal(rig.tree.rows[rig.tree.selected].in, 7);
    assert_true(rig.tree.rows[rig.tree.selected].mark == MARK_IN);
    assert_rows_add_up(&rig);
    press(&rig, "x");
    assert_as_planned(&rig, "layers.0.mlp.down_proj");
    go_to(&rig, "input_layernorm");
    press(&rig, "x");
    assert_non_null(strstr(str_text(&rig.tree.fault), "a norm has no matrix"));
    assert_string_equal(str_text(&rig.tree.targets), "layers.0.mlp.down_proj");
    rig_close(&rig);
}

static void layers_open_and_close(void **state)
{
    (void)state;
    TreeRig rig;
    rig_open(&rig);
    int open = rig.tree.count;
    go_to(&rig, "layers.0");
    press(&rig, "Left");
    assert_int_equal(rig.tree.count, open - 9);
    press(&rig, "Enter");
    assert_int_equal(rig.tree.count, open);
    press(&rig, "Down Down Left"); /* from a module to its layer */
    assert_string_equal(rig.tree.rows[rig.tree.selected].label, "layers.0");
    press(&rig, "End");
    assert_string_equal(rig.tree.rows[rig.tree.selected].label, "down_proj");
    rig_close(&rig);
}

static void settings_come_and_go(void **state)
{
    (void)state;
    TreeRig rig;
    Str     settings = {0};
    rig_open(&rig);
    assert_true(tree_take(&rig.tree, "target_modules=k_proj,layers.3.mlp.up_proj r=4", &rig.err));
    assert_as_planned(&rig, "k_proj,layers.3.mlp.up_proj");
    tree_settings(&rig.tree, &settings);
    assert_string_equal(str_text(&settings), "target_modules=k_proj,layers.3.mlp.up_proj r=4");
    assert_true(tree_take(&rig.tree, "target_modules=.*\\.(q|v)_proj", &rig.err));
    assert_as_planned(&rig, "q_proj,v_proj");
    assert_false(tree_take(&rig.tree, "target_modules=nothing", &rig.err));
    assert_error(&rig.err, ERR_INPUT, "nothing");
    rig.err = (Error){0};
    assert_false(tree_take(&rig.tree, "r=0", &rig.err));
    assert_error(&rig.err, ERR_INPUT, "whole number");
    assert_as_planned(&rig, "q_proj,v_proj"); /* as they were */
    str_free(&settings);
    rig_close(&rig);
}

static void use_tree(void *context, Error *err)
{
    ModelTree tree;
    if (!tree_open(&tree, context, err)) return;
    if (!tree.planned) error_set(err, ERR_MEMORY, "not planned");
    if (tree_take(&tree, "target_modules=q_proj", err) && !tree.planned) {
        error_set(err, ERR_MEMORY, "not planned");
    }
    if (tree.count < 20) error_set(err, ERR_MEMORY, "rows are missing");
    tree_close(&tree);
}

static void without_memory_nothing_is_lost(void **state)
{
    (void)state;
    LabRig lab;
    lab_rig_open(&lab);
    assert_true(torture(use_tree, lab.lab) > 20);
    lab_rig_close(&lab);
}

TEST_GROUP(view_model, cmocka_unit_test(looks_as_meant), cmocka_unit_test(stays_inside_at_any_size),
           cmocka_unit_test(parts_do_not_overlap), cmocka_unit_test(names_are_whole),
           cmocka_unit_test(counts_follow_each_switch_as_plan_says),
           cmocka_unit_test(one_module_and_one_layer), cmocka_unit_test(layers_open_and_close),
           cmocka_unit_test(settings_come_and_go),
           cmocka_unit_test(without_memory_nothing_is_lost));
