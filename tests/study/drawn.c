/* Drawing the planner's test settings. Sizes are small and odd, so that no two terms are alike. */

#include "tests/study/drawn.h"

#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "tests/test.h"

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

bool one_in(Draw *draw, Index n)
{
    return draw_from(draw, 1, n) == 1;
}

ModelConfig draw_model(Draw *draw)
{
    ModelConfig c = {.family = FAMILY_LLAMA,
                     .max_position = 128,
                     .rms_eps = 1e-6f,
                     .rope = {.type = ROPE_DEFAULT, .theta = 1e4},
                     .bos = -1,
                     .pad = -1};
    c.V = one_in(draw, 4) ? draw_from(draw, 100, 300) : draw_from(draw, 5, 60);
    c.D = one_in(draw, 4) ? draw_from(draw, 30, 60) : draw_from(draw, 3, 24);
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
                                        "self_attn.o_proj", "mlp.gate_proj",    "mlp.up_proj",
                                        "mlp.down_proj"};
    const char              *last = names[draw_from(draw, 0, 6)];
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
    static const char *const names[] = {"q_proj",    "k_proj",  "v_proj",    "o_proj",
                                        "gate_proj", "up_proj", "down_proj", NULL};
    static const char *const tables[] = {"embed_tokens", "lm_head", NULL};
    static const char *const whole[] = {"lm_head",
                                        "embed_tokens",
                                        "model.norm",
                                        "mlp",
                                        "k_proj",
                                        "input_layernorm",
                                        "post_attention_layernorm",
                                        "layers.0.mlp.down_proj",
                                        NULL};
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

void draw_lora(Draw *draw, LoraConfig *config, const ModelConfig *model)
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

TrainSettings draw_settings(Draw *draw)
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

Dataset *draw_dataset(Draw *draw, const ModelConfig *config, Index max_length)
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
