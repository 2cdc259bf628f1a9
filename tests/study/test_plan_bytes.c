/*
 * The planner's bytes against counted memory: one real optimizer step on random models with
 * random settings, and every purpose must be equal to the byte at the highest total.
 */

#include <stdio.h>
#include <string.h>

#include "core/adapt/method.h"
#include "core/base/mem.h"
#include "core/study/plan.h"
#include "tests/test.h"

/* ---- random settings --------------------------------------------------------------------- */

typedef struct Draw {
    uint64_t state;
} Draw;

static uint64_t draw_bits(Draw *draw) /* splitmix64 */
{
    uint64_t z = draw->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static Index draw_from(Draw *draw, Index lo, Index hi)
{
    return lo + (Index)(draw_bits(draw) % (uint64_t)(hi - lo + 1));
}

static bool one_in(Draw *draw, Index n)
{
    return draw_from(draw, 1, n) == 1;
}

static ModelConfig draw_model(Draw *draw)
{
    ModelConfig c = {.family = FAMILY_LLAMA, .max_position = 128, .rms_eps = 1e-6f,
                     .rope = {.type = ROPE_DEFAULT, .theta = 1e4}, .bos = -1, .pad = -1};
    c.V = one_in(draw, 4) ? draw_from(draw, 100, 300) : draw_from(draw, 5, 60);
    c.D = draw_from(draw, 3, 24);
    c.L = draw_from(draw, 1, 4);
    c.G = draw_from(draw, 1, 3);
    c.H = c.G * draw_from(draw, 1, 3);
    c.K = 2 * draw_from(draw, 1, 4);
    c.F = one_in(draw, 4) ? draw_from(draw, 60, 90) : draw_from(draw, 3, 40);
    c.tied = one_in(draw, 2);
    c.qkv_bias = one_in(draw, 2);
    c.o_bias = one_in(draw, 3);
    c.mlp_bias = one_in(draw, 3);
    return c;
}

static void add_name(NameList *list, const char *name)
{
    Error err = {0};
    assert_true(name_list_add(list, name, &err));
}

/* Each of them with a chance of one in n. */
static void draw_names(Draw *draw, NameList *list, const char *const *names, Index n)
{
    for (; *names != NULL; names++) {
        if (one_in(draw, n)) add_name(list, *names);
    }
}

static void draw_layers(Draw *draw, LoraConfig *config, Index L)
{
    Error err = {0};
    config->layers_to_transform = mem_alloc(mem_program(), MEM_TEXT, L, sizeof(Index), &err);
    assert_ok(&err);
    for (Index l = 0; l < L; l++) {
        if (one_in(draw, 2)) config->layers_to_transform[config->layers_count++] = l;
    }
}

static void draw_module(Draw *draw, char name[64], Index L)
{
    static const char *const names[] = {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj",
                                        "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj",
                                        "mlp.down_proj"};
    const char *last = names[draw_from(draw, 0, 6)];
    snprintf(name, 64, "model.layers.%d.%s", (int)draw_from(draw, 0, L - 1), last);
    if (one_in(draw, 5)) snprintf(name, 64, one_in(draw, 2) ? "lm_head" : "model.embed_tokens");
}

/* One module alone: everything before it needs nothing. */
static void draw_single_target(Draw *draw, LoraConfig *config, Index L)
{
    char name[64];
    draw_module(draw, name, L);
    add_name(&config->target_modules, name);
}

/* One module of a rank so high that the peak is likely there: so every place is looked at. */
static void draw_rank_pattern(Draw *draw, LoraConfig *config, Index L)
{
    Error err = {0};
    char  name[64];
    draw_module(draw, name, L);
    double r = (double)(one_in(draw, 2) ? draw_from(draw, 10, 30) : draw_from(draw, 100, 400));
    assert_true(pattern_list_add(&config->rank_pattern, name, r, &err));
}

static void draw_targets(Draw *draw, LoraConfig *config, Index L)
{
    static const char *const names[] = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj",
                                        "up_proj", "down_proj", NULL};
    static const char *const tables[] = {"embed_tokens", "lm_head", NULL};
    static const char *const whole[] = {"lm_head", "embed_tokens", "model.norm", "mlp", "k_proj",
                                        "input_layernorm", "post_attention_layernorm",
                                        "layers.0.mlp.down_proj", NULL};
    config->target_all_linear = one_in(draw, 5);
    if (one_in(draw, 3) && !config->target_all_linear) {
        draw_single_target(draw, config, L);
    } else if (!config->target_all_linear) {
        draw_names(draw, &config->target_modules, names, 3);
        draw_names(draw, &config->target_modules, tables, 5);
        if (one_in(draw, 3)) draw_layers(draw, config, L);
    }
    if (one_in(draw, 3)) draw_names(draw, &config->modules_to_save, whole, 4);
}

static void draw_lora(Draw *draw, LoraConfig *config, const ModelConfig *model)
{
    lora_config_init(config);
    config->r = one_in(draw, 4) ? draw_from(draw, 10, 200) : draw_from(draw, 1, 9);
    draw_targets(draw, config, model->L);
    config->bias = (LoraBias)draw_from(draw, LORA_BIAS_NONE, LORA_BIAS_LORA_ONLY);
    config->materialized = one_in(draw, 5);
    if (!config->materialized) {
        config->lora_dropout = one_in(draw, 2) ? 0.3 : 0;
        config->lora_bias = one_in(draw, 4);
    }
    if (one_in(draw, 2)) draw_rank_pattern(draw, config, model->L);
}

static TrainSettings draw_settings(Draw *draw)
{
    TrainSettings s;
    train_settings_init(&s);
    s.max_steps = 2;
    s.batch = one_in(draw, 6) ? 12 : draw_from(draw, 1, 6);
    s.accumulation = one_in(draw, 4) ? 2 : 1;
    s.learning_rate = 1e-4;
    s.optim.kind = one_in(draw, 3) ? OPTIM_SGD : OPTIM_ADAMW;
    s.optim.momentum = one_in(draw, 2) ? 0.9 : 0;
    s.max_length = draw_from(draw, 20, 110);
    s.packing = one_in(draw, 4);
    s.gradient_checkpointing = one_in(draw, 3);
    s.seed = draw_bits(draw) >> 40;
    return s;
}

/* A line of ids; without a prompt everything is a target. */
static void draw_line(Draw *draw, char *line, size_t room, Index V, Index prompt, Index longest)
{
    Index  count = draw_from(draw, prompt + 2, longest);
    size_t at = (size_t)snprintf(line, room, "{\"input_ids\": [");
    for (Index t = 0; t < count; t++) {
        at += (size_t)snprintf(line + at, room - at, "%s%d", t > 0 ? ", " : "",
                               (int)draw_from(draw, 0, V - 1));
    }
    at += (size_t)snprintf(line + at, room - at, "], \"labels\": [");
    for (Index t = 0; t < count; t++) {
        bool masked = t < prompt || (prompt > 0 && t < count - 1 && one_in(draw, 5));
        at += (size_t)snprintf(line + at, room - at, "%s%d", t > 0 ? ", " : "",
                               masked ? -100 : (int)draw_from(draw, 0, V - 1));
    }
    at += (size_t)snprintf(line + at, room - at, "]}");
    assert_true(at < room);
}

static Dataset *draw_dataset(Draw *draw, const ModelConfig *config, Index max_length)
{
    Error    err = {0};
    Dataset *data = dataset_create(&err);
    DataSpec spec = {.config = config, .max_length = max_length};
    bool     masked = one_in(draw, 2);
    Index    longest = one_in(draw, 4) ? 100 : 30;
    char     line[2048];
    for (Index i = 0; i < 12; i++) {
        Index prompt = masked ? draw_from(draw, 1, 15) : 0;
        draw_line(draw, line, sizeof line, config->V, prompt, longest);
        bool ok = dataset_add_line(data, line, (Index)strlen(line), "drawn", i + 1, &spec, &err);
        assert_ok(&err);
        assert_true(ok);
    }
    return data;
}

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
    return (PlanInput){.outline = c->outline, .lora = c->full ? NULL : &c->lora,
                       .stored = DTYPE_F32, .settings = &c->settings, .N = batch->rows.N,
                       .longest = batch->longest, .targets = batch->rows.M,
                       .segments = batch->rows.S, .threads = 1};
}

/* The highest plan over the first step's micro-batches. `more`: of a batch that has so many
 * rows more than the real one, as a control. */
static Plan highest_plan(const Case *c, Index more, Index *targets)
{
    const TrainSettings *s = &c->settings;
    OrderSpec spec = {.seed = s->seed, .shuffle = s->shuffle, .packing = s->packing,
                      .batch = s->batch, .max_length = s->max_length};
    Error     err = {0};
    Batch     batch = {0};
    Plan      highest = {0};
    Order    *order = order_create(c->data, spec, &err);
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
    TrainerSpec spec = {.settings = c->settings, .net = c->net, .method = c->method,
                        .tape = c->tape, .train = c->data};
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
    PlanInput input = {.outline = c->outline, .lora = &c->lora, .settings = &c->settings, .N = 8,
                       .longest = 8, .targets = 8, .segments = 1};
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
    measured[MEM_WEIGHTS] = mem_use(c->base, MEM_HOST, MEM_WEIGHTS).in_use;
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
    while (seen.cases < 300) check_case(&draw, be, &seen);
    be->free(be);
    /* Were the settings varied enough, and would a wrong formula have been seen? */
    assert_true(seen.full > 30 && seen.full < 80);
    assert_true(seen.masked > 100 && seen.masked < 200);
    assert_true(seen.checkpointed > 70 && seen.adapted_head > 30 && seen.chunks > 10);
    assert_true(seen.refused < 100);
    assert_true(seen.noticed > 270);
}

TEST_GROUP(plan_bytes, cmocka_unit_test(planned_bytes_are_the_counted_ones_to_the_byte));
