/*
 * The planner's bytes against counted memory: one real optimizer step on random models with
 * random settings, and every purpose must be equal to the byte at the highest total.
 */

#include <string.h>

#include "core/adapt/method.h"
#include "core/base/mem.h"
#include "core/study/plan.h"
#include "tests/math/cuda_rig.h"
#include "tests/study/drawn.h"
#include "tests/test.h"

/* ---- one case ---------------------------------------------------------------------------- */

typedef struct Case {
    ModelConfig   config;
    LoraConfig    lora;
    bool          full;
    TrainSettings settings;
    Dataset      *data;
    Backend      *be;
    MemAccount   *base, *run;
    Model        *model, *outline;
    Method       *method;
    Net          *net;
    Tape         *tape;
} Case;

static void case_draw(Case *c, Draw *draw)
{
    c->config = draw_model(draw);
    c->full = one_in(draw, 6);
    draw_lora(draw, &c->lora, &c->config);
    c->settings = draw_settings(draw);
    c->data = draw_dataset(draw, &c->config, c->settings.max_length);
}

/* false when this configuration is refused: nothing to adapt, a bias for an embedding. */
static bool case_open(Case *c, Error *err)
{
    c->base = mem_account_create("base", err);
    c->run = mem_account_create("run", err);
    c->model = model_random(&c->config, 5, c->be, c->base, err);
    c->outline = model_outline(&c->config, err);
    c->net = net_create(c->model, err);
    c->tape = tape_create(c->be, c->run, err);
    assert_ok(err);
    c->method = c->full ? full_create(c->model, c->run, err)
                        : lora_create(c->model, &c->lora, 7, true, c->run, err);
    return c->method != NULL && c->method->attach(c->method, c->net, err);
}

static void case_close(Case *c)
{
    if (c->method != NULL) c->method->detach(c->method, c->net);
    tape_free(c->tape);
    net_free(c->net);
    method_free(c->method);
    model_free(c->outline);
    model_free(c->model);
    mem_account_free(c->run);
    mem_account_free(c->base);
    dataset_free(c->data);
    lora_config_free(&c->lora);
}

static PlanInput input_of(const Case *c, const Batch *batch)
{
    return (PlanInput){.outline = c->outline,
                       .lora = c->full ? NULL : &c->lora,
                       .stored = DTYPE_F32,
                       .settings = &c->settings,
                       .N = batch->rows.N,
                       .longest = batch->longest,
                       .targets = batch->rows.M,
                       .segments = batch->rows.S,
                       .threads = 1};
}

/* The highest plan over the first step's micro-batches. `more`: of a batch that has so many
 * rows more than the real one, as a control. */
static Plan highest_plan(const Case *c, Index more, Index *targets)
{
    const TrainSettings *s = &c->settings;
    OrderSpec            spec = {.seed = s->seed,
                                 .shuffle = s->shuffle,
                                 .packing = s->packing,
                                 .batch = s->batch,
                                 .max_length = s->max_length};
    Error                err = {0};
    Batch                batch = {.row_bucket = c->be->row_bucket};
    Plan                 highest = {0};
    Order               *order = order_create(c->data, spec, &err);
    for (Index b = 0; b < s->accumulation; b++) {
        const Index *examples;
        Index        count;
        uint64_t     serial;
        double       epoch;
        Plan         plan;
        assert_true(order_batch(order, b, &examples, &count, &serial, &epoch, &err));
        assert_true(batch_fill(&batch, c->data, examples, count, serial, &err));
        PlanInput input = input_of(c, &batch);
        input.N += more;
        assert_true(plan_make(&input, &plan, &err));
        if (input.targets > *targets) *targets = input.targets;
        if (plan.bytes_total > highest.bytes_total) highest = plan;
    }
    batch_free(&batch);
    order_free(order);
    return highest;
}

static void train_one_step(const Case *c)
{
    Error       err = {0};
    StepReport  report;
    TrainerSpec spec = {.settings = c->settings,
                        .net = c->net,
                        .method = c->method,
                        .tape = c->tape,
                        .train = c->data};
    Trainer    *trainer = trainer_create(&spec, &err);
    assert_ok(&err);
    mem_reset_peaks(c->run);
    bool ok = trainer_step(trainer, NULL, &report, &err);
    assert_ok(&err);
    assert_true(ok);
    trainer_free(trainer);
}

static bool same_bytes(const int64_t *a, const int64_t *b)
{
    return memcmp(a, b, MEM_PURPOSE_COUNT * sizeof *a) == 0;
}

static void describe(const Case *c)
{
    const ModelConfig *m = &c->config;
    Str                lora = {0};
    lora_config_write(&lora, &c->lora);
    print_message("V %td D %td L %td H %td G %td K %td F %td tied %d bias %d%d%d\n", m->V, m->D,
                  m->L, m->H, m->G, m->K, m->F, m->tied, m->qkv_bias, m->o_bias, m->mlp_bias);
    print_message("full %d materialized %d checkpointing %d\n%s\n", c->full, c->lora.materialized,
                  c->settings.gradient_checkpointing, str_text(&lora));
    str_free(&lora);
}

static void compare(const Case *c, const Plan *plan, const int64_t *measured, int number)
{
    if (same_bytes(plan->bytes, measured)) return;
    describe(c);
    for (int p = 0; p < MEM_PURPOSE_COUNT; p++) {
        print_message("%-12s planned %lld measured %lld\n", mem_purpose_name((MemPurpose)p),
                      (long long)plan->bytes[p], (long long)measured[p]);
    }
    fail_msg("setting %d: the plan's bytes are not those of the run", number);
}

/* ---- the tests --------------------------------------------------------------------------- */

typedef struct Seen {
    int cases, refused, noticed, full, masked, checkpointed, adapted_head, chunks;
} Seen;

static bool is_masked(const Dataset *data)
{
    for (Index i = 0; i < data->count; i++) {
        if (data->examples[i].targets < data->examples[i].count - 1) return true;
    }
    return false;
}

static bool has_adapted_head(const Case *c)
{
    const Module *head = model_module(c->model, ROLE_HEAD, -1);
    for (int i = 0; i < c->net->hook_count; i++) {
        const Hooks *h = c->net->hooks[i];
        if (h->acts_on != NULL && h->acts_on(h->self, head)) return true;
    }
    return false;
}

static void check_same_refusal(const Case *c, const Error *err)
{
    Plan      plan;
    Error     again = {0};
    PlanInput input = {.outline = c->outline,
                       .lora = &c->lora,
                       .settings = &c->settings,
                       .N = 8,
                       .longest = 8,
                       .targets = 8,
                       .segments = 1};
    assert_false(plan_make(&input, &plan, &again));
    assert_string_equal(again.message, err->message);
}

static void check_opened(const Case *c, Seen *seen)
{
    int64_t measured[MEM_PURPOSE_COUNT];
    Index   targets = 0;
    Plan    plan = highest_plan(c, 0, &targets), wrong = highest_plan(c, 1, &targets);

    train_one_step(c);
    mem_peak_by_purpose(c->run, measured);
    measured[MEM_WEIGHTS] = mem_use(c->base, c->be->space, MEM_WEIGHTS).in_use;
    compare(c, &plan, measured, seen->cases + seen->refused);
    assert_int_equal(plan.trainable, method_trainable(c->method));
    assert_int_equal(plan.all, method_all(c->method));
    seen->cases++;
    seen->full += c->full;
    seen->masked += is_masked(c->data);
    seen->checkpointed += c->settings.gradient_checkpointing;
    seen->adapted_head += has_adapted_head(c);
    seen->chunks += targets > TAPE_HEAD_CHUNK;
    seen->noticed += !same_bytes(wrong.bytes, measured);
}

static void check_case(Draw *draw, Backend *be, Seen *seen)
{
    Error err = {0};
    Case  c = {.be = be};
    case_draw(&c, draw);
    if (case_open(&c, &err)) {
        check_opened(&c, seen);
    } else {
        check_same_refusal(&c, &err);
        seen->refused++;
    }
    case_close(&c);
}

static void planned_bytes_are_the_counted_ones_to_the_byte(void **state)
{
    (void)state;
    Error    err = {0};
    Draw     draw = {.state = 2024};
    Seen     seen = {0};
    Backend *be = backend_cpu_create(1, &err);
    assert_ok(&err);
    while (seen.cases < 400) check_case(&draw, be, &seen);
    be->free(be);
    /* Were the settings varied enough, and would a wrong formula have been seen? */
    assert_true(seen.full > 40 && seen.full < 120);
    assert_true(seen.masked > 130 && seen.masked < 270);
    assert_true(seen.checkpointed > 90 && seen.adapted_head > 30 && seen.chunks > 10);
    assert_true(seen.refused < 100);
    assert_true(seen.noticed > 370);
}

/* Every array of a run lies on the device, its batches filled up to few lengths. */
static void the_same_holds_for_memory_of_a_device(void **state)
{
    (void)state;
    Error err = {0};
    Draw  draw = {.state = 2025};
    Seen  seen = {0};
    use_cuda(NULL);
    Backend *be = backend_create("cuda", 1, &err);
    assert_ok(&err);
    while (seen.cases < 25) check_case(&draw, be, &seen);
    be->free(be);
    assert_true(seen.noticed > 0);
}

TEST_GROUP(plan_bytes, cmocka_unit_test(planned_bytes_are_the_counted_ones_to_the_byte),
           cmocka_unit_test(the_same_holds_for_memory_of_a_device));
