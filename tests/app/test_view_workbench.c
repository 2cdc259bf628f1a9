/*
 * The workbench as it is drawn, from a list of events that was recorded once, and its layout at
 * every size.
 */

#include <stdio.h>
#include <string.h>

#include "app/rooms/workbench/workbench.h"
#include "core/base/mem.h"
#include "tests/app/screens.h"
#include "tests/lab/lab_rig.h"
#include "tests/test.h"

typedef struct ViewRig {
    LabRig        lab;
    Workbench    *bench;
    WorkbenchView view;
    Grid          grid;
    Str           text;
    int           row, col;
} ViewRig;

/* ---- a recorded training ---- */

static void hear_norms(TrainRecord *record, Index step)
{
    static const char *const kinds[] = {"q_proj", "v_proj"};
    Str                      json = {0};
    str_add(&json, "\"modules\": [");
    for (int i = 0; i < 4; i++) {
        str_addf(&json,
                 "%s{\"name\": \"model.layers.%d.self_attn.%s\", \"grad\": %g, \"A\": %g, "
                 "\"B\": %g, \"BA\": %g}",
                 i > 0 ? ", " : "", i / 2, kinds[i % 2], 0.5 / (double)step, 2.0,
                 0.01 * (double)step, 0.02 * (double)step * (1 + i % 2));
    }
    str_add(&json, "]");
    record_event(record, &(Event){.type = EVENT_MODULES, .step = step, .json = str_text(&json)});
    str_free(&json);
}

static void hear_all(TrainRecord *record)
{
    for (Index step = 1; step <= 100; step++) {
        Event event = {.type = EVENT_STEP,
                       .step = step,
                       .steps = 200,
                       .loss = 4.0 / (1.0 + 0.2 * (double)step),
                       .grad_norm = 1.0 / (double)step,
                       .learning_rate = 0.005 * (1 - (double)step / 200),
                       .tokens = 400,
                       .seconds = 0.05};
        record_event(record, &event);
        if (step % 10 == 0) hear_norms(record, step);
        if (step % 25 != 0) continue;
        event.type = EVENT_EVAL;
        event.exact_match = 0.6;
        record_event(record, &event);
    }
    Event memory = {.type = EVENT_MEMORY, .step = 100};
    memory.bytes[MEM_ADAPTER] = 57344;
    memory.bytes[MEM_ACTIVATIONS] = 9400000;
    record_event(record, &memory);
    record_event(record, &(Event){.type = EVENT_SAMPLE,
                                  .step = 100,
                                  .text = "SELECT name FROM users WHERE age > 30;\x1b[31m"});
    MemSample samples[40] = {{.op = "start"}};
    for (int i = 0; i < 40; i++) {
        samples[i] = (MemSample){.serial = i, .op = "linear", .layer = i / 10};
        samples[i].highest[MEM_ACTIVATIONS] = 250000 * (i < 20 ? i : 40 - i);
    }
    record_moments(record, 52, samples, 40);
}

static void rig_open(ViewRig *rig)
{
    Error err = {0};
    memset(rig, 0, sizeof *rig);
    lab_rig_open(&rig->lab);
    rig->bench = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *rig->bench, &err);
    assert_ok(&err);
    Workbench *bench = rig->bench;
    bench->from = rig->lab.lab;
    bench->args = lab_parse("train --r 8 --target_modules q_proj,v_proj --max_steps 200", &err);
    assert_ok(&err);
    record_init(&bench->look.record);
    workbench_form_make(bench);
    bench->shape = (BatchShape){.N = 400, .longest = 30, .targets = 150, .segments = 16};
    bench->stored = DTYPE_BF16;
    workbench_plan(bench, bench->args);
    assert_string_equal(bench->plan.error, "");
    rig->view = (WorkbenchView){.form = &bench->form,
                                .plan = &bench->plan,
                                .modules = bench->modules,
                                .slot = CHART_NORM,
                                .prompt = "show the name of users older than 30\n",
                                .text_before = "the name of the users is old",
                                .text_now = "",
                                .text_off = "",
                                .text_step = -1,
                                .exact = -1,
                                .eval_loss = (double)__builtin_nanf(""),
                                .repeat = "loralab train --r 8"};
}

static void make_figures(ViewRig *rig)
{
    rig->bench->figures_old = true;
    workbench_figures(rig->bench);
    for (int c = 0; c < BENCH_CHARTS; c++) rig->view.chart[c] = rig->bench->figures[c];
}

static void train(ViewRig *rig)
{
    Workbench *bench = rig->bench;
    hear_all(&bench->look.record);
    make_figures(rig);
    memcpy(bench->measured, bench->look.record.memory, sizeof bench->measured);
    rig->view.measured = bench->measured;
    rig->view.module_count = workbench_modules(bench);
    rig->view.text_now = bench->look.record.text;
    rig->view.text_step = bench->look.record.text_step;
    rig->view.exact = bench->look.record.exact;
    rig->view.eval_loss = bench->look.record.eval_loss;
}

static void rig_close(ViewRig *rig)
{
    Workbench *bench = rig->bench;
    workbench_figures_free(bench);
    form_free(&bench->form);
    args_free(bench->args);
    model_free(bench->outline);
    mem_free(bench->outline_of);
    mem_free(bench);
    grid_free(&rig->grid);
    str_free(&rig->text);
    lab_rig_close(&rig->lab);
}

static const char *drawn(ViewRig *rig, int rows, int cols, Charset charset)
{
    Error err = {0};
    Look  look = {.charset = charset, .ascii = charset == CHARSET_ASCII, .now = 1000};
    grid_free(&rig->grid);
    assert_true(grid_init(&rig->grid, rows, cols, &err));
    workbench_draw(&rig->view, &look, &rig->grid, (Rect){0, 0, rows, cols}, &rig->row, &rig->col);
    str_clear(&rig->text);
    grid_plain(&rig->text, &rig->grid);
    return str_text(&rig->text);
}

static void shows(const char *screen, const char *words)
{
    if (strstr(screen, words) == NULL) fail_msg("\"%s\" is not on\n%s", words, screen);
}

static void hides(const char *screen, const char *words)
{
    if (strstr(screen, words) != NULL) fail_msg("\"%s\" is on\n%s", words, screen);
}

/* ---- what is seen ---- */

static void before_a_run_the_counts_are_there(void **state)
{
    (void)state;
    ViewRig rig;
    rig_open(&rig);
    const char *screen = drawn(&rig, 20, 80, CHARSET_BRAILLE);
    shows(screen, "[settings]");
    shows(screen, "▸ r");
    shows(screen, "lora_alpha");
    shows(screen, "default 8; PEFT:");
    shows(screen, "LoraConfig.r");
    shows(screen, "14,336 trained of ");
    shows(screen, "8 modules matched");
    shows(screen, "loralab train --r 8");
    assert_true(rig.row >= 0); /* the cursor is on the selected row */
    rig.view.pane = BENCH_CURVES;
    shows(drawn(&rig, 20, 80, CHARSET_BRAILLE), "p runs");
    assert_int_equal(rig.row, -1);
    rig_close(&rig);
}

static void counts_follow_the_form(void **state)
{
    (void)state;
    ViewRig rig;
    Error   err = {0};
    rig_open(&rig);
    int64_t before = rig.bench->plan.total;
    assert_true(args_set(rig.bench->args, "r", "16", &err));
    workbench_plan(rig.bench, rig.bench->args);
    assert_int_equal(rig.bench->plan.trainable, 28672);
    assert_true(rig.bench->plan.total > before);
    shows(drawn(&rig, 20, 80, CHARSET_BRAILLE), "28,672 trained of ");
    /* The kinds add up to the whole, whatever trains. */
    static const char *const settings[][2] = {{"bias", "all"},
                                              {"lora_bias", "true"},
                                              {"modules_to_save", "lm_head"},
                                              {"target_modules", "all-linear"},
                                              {"rank_pattern", "{\"q_proj\": 3}"},
                                              {"method", "full"}};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        assert_true(args_set(rig.bench->args, settings[i][0], settings[i][1], &err));
        workbench_plan(rig.bench, rig.bench->args);
        const BenchPlan *plan = &rig.bench->plan;
        assert_string_equal(plan->error, "");
        int64_t trained = 0, frozen = 0;
        for (int k = 0; k < plan->kind_count; k++) trained += plan->kinds[k].trained;
        for (int k = 0; k < plan->kind_count; k++) frozen += plan->kinds[k].frozen;
        assert_int_equal(trained, plan->trainable);
        assert_int_equal(trained + frozen, plan->all);
    }
    shows(drawn(&rig, 20, 80, CHARSET_BRAILLE), "every weight is trained");
    assert_true(args_set(rig.bench->args, "method", "lora", &err));
    assert_true(args_set(rig.bench->args, "target_modules", "nothing_proj", &err));
    workbench_plan(rig.bench, rig.bench->args);
    assert_false(rig.bench->plan.known);
    shows(drawn(&rig, 20, 80, CHARSET_BRAILLE), "nothing_proj");
    rig_close(&rig);
}

static void every_part_is_drawn(void **state)
{
    (void)state;
    ViewRig rig;
    rig_open(&rig);
    train(&rig);
    rig.view.pane = BENCH_CURVES;
    const char *screen = drawn(&rig, 20, 80, CHARSET_BRAILLE);
    shows(screen, "nats/token (log)");
    shows(screen, "held out");
    shows(screen, "learning rate");
    shows(screen, "gradient norm before clipping");
    rig.view.pane = BENCH_MODULES;
    screen = drawn(&rig, 20, 80, CHARSET_BRAILLE);
    shows(screen, "Memory at its peak  computed   measured");
    shows(screen, "adapter              57.3 KB    57.3 KB");
    shows(screen, "attention ×16");
    shows(screen, "norm of the change");
    shows(screen, "bytes in use within step 52");
    rig.view.table = true;
    screen = drawn(&rig, 20, 80, CHARSET_BRAILLE);
    shows(screen, "1 v_proj");
    shows(screen, "0.005"); /* gradient at step 100 */
    rig.view.pane = BENCH_TEXT;
    screen = drawn(&rig, 20, 80, CHARSET_BRAILLE);
    shows(screen, "base     the name of the users is old");
    shows(screen, "adapted  SELECT name FROM users WHERE age > 30;");
    shows(screen, "exact match 60.0 %");
    assert_true(strchr(screen, '\x1b') == NULL); /* generated text controls nothing */
    rig.view.adapter_off = true;
    rig.view.text_off = "without it";
    screen = drawn(&rig, 20, 80, CHARSET_BRAILLE);
    shows(screen, "base     without it");
    hides(screen, "SELECT");
    rig_close(&rig);
}

static void everything_at_once_where_there_is_room(void **state)
{
    (void)state;
    ViewRig rig;
    rig_open(&rig);
    train(&rig);
    static const char *const words[] = {"▸ r",
                                        "nats/token (log)",
                                        "norm of the change",
                                        "bytes in use",
                                        "Memory at its peak",
                                        "Modules",
                                        "adapter on",
                                        "SELECT",
                                        "trained of",
                                        "loralab train"};
    const char              *screen = drawn(&rig, 32, 120, CHARSET_BRAILLE);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) shows(screen, words[i]);
    screen = drawn(&rig, 56, 200, CHARSET_BRAILLE);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) shows(screen, words[i]);
    shows(screen, "learning rate");
    shows(screen, "gradient norm by kind, mean of");
    screen = drawn(&rig, 26, 100, CHARSET_BRAILLE); /* two columns: form and curves */
    shows(screen, "▸ r");
    shows(screen, "nats/token (log)");
    rig_close(&rig);
}

/* ASCII means ASCII, at every size; too small says what it needs. */
static void ascii_has_no_other_characters(void **state)
{
    (void)state;
    ViewRig rig;
    rig_open(&rig);
    train(&rig);
    rig.view.sentence = "paused at step 100";
    for (int pane = 0; pane < BENCH_PANES; pane++) {
        rig.view.pane = (BenchPane)pane;
        for (int size = 0; size < 3; size++) {
            static const int sizes[][2] = {{20, 80}, {26, 100}, {56, 200}};
            const char      *screen = drawn(&rig, sizes[size][0], sizes[size][1], CHARSET_ASCII);
            for (const char *c = screen; *c != '\0'; c++) {
                if ((unsigned char)*c >= 0x80) fail_msg("not ASCII: %.20s", c);
            }
        }
    }
    shows(drawn(&rig, 3, 18, CHARSET_BRAILLE), "needs");
    rig_close(&rig);
}

/* The largest parts are named first; what nobody could see is "other". */
static void memory_is_named_by_its_size(void **state)
{
    (void)state;
    ViewRig     rig;
    MemSample   samples[2] = {{.serial = 1, .op = "linear"}, {.serial = 2, .op = "linear"}};
    const char *want[] = {"other", "adapter", "weights", "activations"};
    rig_open(&rig);
    for (int i = 0; i < 2; i++) {
        samples[i].highest[MEM_TEXT] = 9000;
        samples[i].highest[MEM_SCRATCH] = 1000;
        samples[i].highest[MEM_ADAPTER] = 300000;
        samples[i].highest[MEM_ACTIVATIONS] = 18000000;
    }
    rig.bench->look.weights = 2000000;
    record_moments(&rig.bench->look.record, 1, samples, 2);
    make_figures(&rig);
    const Figure *memory = rig.bench->figures[CHART_MEMORY];
    assert_non_null(memory);
    assert_int_equal(memory->count, 4);
    for (int i = 0; i < 4; i++) assert_string_equal(memory->series[i].label, want[i]);
    assert_true(memory->series[0].y[0] == 10000); /* nothing is lost */
    rig.view.pane = BENCH_MODULES;
    const char *screen = drawn(&rig, 20, 80, CHARSET_BRAILLE);
    const char *first = strstr(screen, "activa..."), *other = strstr(screen, "other");
    shows(screen, "█ activa");
    if (first == NULL || (other != NULL && first > other)) fail_msg("%s", screen);
    rig_close(&rig);
}

/* A run before stays as a curve of its own with what differs as its label. */
static void older_runs_are_labelled_by_what_differs(void **state)
{
    (void)state;
    ViewRig rig;
    Error   err = {0};
    rig_open(&rig);
    train(&rig);
    Workbench *bench = rig.bench;
    OlderRun  *older = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *older, &err);
    assert_ok(&err);
    older->args = lab_parse("train --r 4 --target_modules q_proj,v_proj --max_steps 200 "
                            "--learning_rate 0.005",
                            &err);
    assert_ok(&err);
    older->loss.count = 2;
    older->loss.x[1] = 100;
    older->loss.y[0] = older->loss.y[1] = 1.0;
    bench->older[bench->older_count++] = older;
    workbench_labels(bench);
    assert_string_equal(older->label, "r=4");
    assert_string_equal(bench->label, "r=8");
    make_figures(&rig);
    rig.view.pane = BENCH_CURVES;
    const char *screen = drawn(&rig, 20, 80, CHARSET_BRAILLE);
    shows(screen, "train r=8");
    shows(screen, "r=4");
    const Figure *loss = bench->figures[CHART_LOSS];
    assert_int_equal(loss->count, 3);
    assert_true(loss->series[0].front && loss->series[1].front); /* over the older one */
    assert_false(loss->series[2].front);
    rig.bench->smooth = true;
    make_figures(&rig);
    shows(drawn(&rig, 20, 80, CHARSET_BRAILLE), "training as the mean of 10 steps");
    args_free(older->args);
    mem_free(older);
    rig_close(&rig);
}

/* ---- every size ---- */

static int rects_of(const WorkbenchLayout *l, Rect *list)
{
    const Rect all[] = {l->tabs,    l->sentence, l->form,  l->plan, l->memory, l->form_help,
                        l->divider, l->kinds,    l->table, l->text, l->repeat};
    int        count = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) list[count++] = all[i];
    for (int c = 0; c < BENCH_CHARTS; c++) list[count++] = l->chart[c];
    return count;
}

static void check_layout(const WorkbenchShape *shape)
{
    WorkbenchLayout l;
    Rect            list[32];
    workbench_layout(shape, &l);
    int count = rects_of(&l, list);
    for (int i = 0; i < count; i++) {
        if (list[i].rows == 0 || list[i].cols == 0) continue;
        bool fine = list[i].rows > 0 && list[i].cols > 0 && rect_inside(list[i], shape->body);
        for (int k = 0; fine && k < i; k++) {
            bool empty = list[k].rows == 0 || list[k].cols == 0;
            fine = empty || !rect_overlap(list[i], list[k]);
        }
        if (!fine) {
            fail_msg("part %d at %dx%d pane %d", i, shape->body.cols, shape->body.rows,
                     (int)shape->pane);
        }
    }
}

static void parts_lie_inside_and_never_overlap(void **state)
{
    (void)state;
    for (int rows = 1; rows <= 100; rows++) {
        for (int cols = 1; cols <= 300; cols++) {
            int            mix = rows * 31 + cols * 17;
            WorkbenchShape shape = {.body = {2, 0, rows, cols},
                                    .pane = (BenchPane)(mix % BENCH_PANES),
                                    .slot = mix % 3 == 0 ? CHART_RATE : CHART_NORM,
                                    .table = mix % 5 == 0,
                                    .sentence_rows = mix % 3,
                                    .repeat_rows = 1 + mix % 4,
                                    .kinds = mix % 12,
                                    .projector = mix % 7 == 0};
            check_layout(&shape);
        }
    }
}

static void draw_view(void *context, const Look *look, Grid *grid, Rect area)
{
    ViewRig *rig = context;
    workbench_draw(&rig->view, look, grid, area, &rig->row, &rig->col);
}

static void any_size_can_be_drawn(void **state)
{
    (void)state;
    ViewRig rig;
    rig_open(&rig);
    train(&rig);
    rig.view.sentence = "there is no snapshot before step 0, and more words than fit in a line";
    for (int pane = 0; pane < BENCH_PANES; pane++) {
        rig.view.pane = (BenchPane)pane;
        rig.view.table = pane == BENCH_MODULES;
        rig.view.repeat_open = pane == BENCH_TEXT;
        assert_stays_inside(60, draw_view, &rig);
    }
    rig_close(&rig);
}

static void it_looks_as_it_is_meant_to(void **state)
{
    (void)state;
    static const char *const names[BENCH_PANES] = {"workbench-settings", "workbench-curves",
                                                   "workbench-modules", "workbench-text"};
    ViewRig                  rig;
    rig_open(&rig);
    assert_screen("workbench-new", &look_braille, 32, 120, draw_view, &rig);
    train(&rig);
    for (int pane = 0; pane < BENCH_PANES; pane++) {
        rig.view.pane = (BenchPane)pane;
        assert_screens(names[pane], draw_view, &rig);
    }
    rig.view.pane = BENCH_CURVES;
    assert_screen("workbench-projector", &look_projector, 20, 80, draw_view, &rig);
    rig.view.pane = BENCH_SETTINGS;
    assert_screen("workbench-projector-settings", &look_projector, 20, 80, draw_view, &rig);
    assert_screen("workbench-projector-wide", &look_projector, 56, 200, draw_view, &rig);
    rig_close(&rig);
}

TEST_GROUP(view_workbench, cmocka_unit_test(before_a_run_the_counts_are_there),
           cmocka_unit_test(counts_follow_the_form), cmocka_unit_test(every_part_is_drawn),
           cmocka_unit_test(everything_at_once_where_there_is_room),
           cmocka_unit_test(ascii_has_no_other_characters),
           cmocka_unit_test(memory_is_named_by_its_size),
           cmocka_unit_test(older_runs_are_labelled_by_what_differs),
           cmocka_unit_test(parts_lie_inside_and_never_overlap),
           cmocka_unit_test(any_size_can_be_drawn), cmocka_unit_test(it_looks_as_it_is_meant_to));
