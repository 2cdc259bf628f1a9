/*
 * Putting a training together and taking it apart again.
 */

#include "tests/bench/rig.h"

#include <stdio.h>
#include <stdlib.h>

enum { EXAMPLES = 512, STEPS = 1000000 };

void rig_check(bool ok, const Error *err)
{
    if (ok) return;
    fprintf(stderr, "bench: %s\n", err->message);
    exit(1);
}

void rig_wait(Backend *be)
{
    Error err = {0};
    rig_check(be->sync(be, &err), &err);
}

ModelConfig rig_config(Index V, Index D, Index L, Index H, Index G, Index K, Index F)
{
    return (ModelConfig){.family = FAMILY_QWEN2,
                         .V = V,
                         .D = D,
                         .L = L,
                         .H = H,
                         .G = G,
                         .K = K,
                         .F = F,
                         .max_position = 4096,
                         .rms_eps = 1e-6f,
                         .tied = true,
                         .qkv_bias = true,
                         .rope = {.type = ROPE_DEFAULT, .theta = 1e6},
                         .dtype = DTYPE_F32,
                         .bos = -1,
                         .pad = -1};
}

static void open_on(Rig *rig, Backend *be)
{
    Error err = {0};
    *rig = (Rig){.cpu = be, .account = mem_account_create("bench", &err)};
    rig_check(rig->account != NULL, &err);
}

static void open_backend(Rig *rig, int threads)
{
    Error    err = {0};
    Backend *cpu = backend_cpu_create(threads, &err);
    rig_check(cpu != NULL, &err);
    open_on(rig, cpu);
    trace_init(&rig->trace, cpu);
}

/* LoRA of rank 8, and a trainer over rig->data. */
static void open_training(Rig *rig, Index batch, bool all_linear)
{
    Error      err = {0};
    LoraConfig lora;
    lora_config_init(&lora);
    lora.lora_alpha = 16;
    lora.target_all_linear = all_linear;
    rig->net = net_create(rig->model, &err);
    rig_check(rig->net != NULL, &err);
    rig->tape = tape_create(rig->model->be, rig->account, &err);
    rig_check(rig->tape != NULL, &err);
    rig->method = lora_create(rig->model, &lora, 1, true, rig->account, &err);
    rig_check(rig->method != NULL && rig->method->attach(rig->method, rig->net, &err), &err);
    lora_config_free(&lora);

    TrainerSpec spec = {
        .net = rig->net, .method = rig->method, .tape = rig->tape, .train = rig->data};
    train_settings_init(&spec.settings);
    spec.settings.max_steps = STEPS;
    spec.settings.batch = batch;
    spec.settings.learning_rate = 1e-3;
    rig->settings = spec.settings;
    rig->trainer = trainer_create(&spec, &err);
    rig_check(rig->trainer != NULL, &err);
}

static void make_random_data(Rig *rig, Index batch, Index length)
{
    Error    err = {0};
    Index    V = rig->model->config.V;
    DataSpec spec = {.config = &rig->model->config};
    rig->data = dataset_create(&err);
    rig_check(rig->data != NULL, &err);

    int32_t *ids = calloc((size_t)length + 1, sizeof *ids);
    rig_check(ids != NULL, &err);
    for (Index i = 0; i < 2 * batch; i++) {
        for (Index t = 0; t <= length; t++) ids[t] = (int32_t)((i * 7919 + t * t * 31) % V);
        rig_check(dataset_add_ids(rig->data, ids, length + 1, &spec, &err), &err);
    }
    free(ids);
}

void rig_open_random(Rig *rig, int threads, const ModelConfig *config, Index batch, Index length)
{
    Error err = {0};
    open_backend(rig, threads);
    rig->model = model_random(config, 1, &rig->trace.be, mem_program(), &err);
    rig_check(rig->model != NULL, &err);
    make_random_data(rig, batch, length);
    open_training(rig, batch, false);
}

void rig_open_model_on(Rig *rig, Backend *be, Model *model, Index batch, Index length)
{
    open_on(rig, be);
    rig->model = model;
    make_random_data(rig, batch, length);
    open_training(rig, batch, true);
}

static void open_task(Rig *rig, Backend *be, const char *folder, const char *grammar, Index batch)
{
    Error err = {0};
    char  path[1024];
    rig->model = model_load(folder, be, mem_program(), &err);
    rig_check(rig->model != NULL, &err);
    snprintf(path, sizeof path, "%s/tokenizer.json", folder);
    rig->tok = tokenizer_read(path, &err);
    rig_check(rig->tok != NULL, &err);
    Grammar *task = grammar_load(grammar, &err);
    rig_check(task != NULL, &err);
    DataSpec spec = {.tok = rig->tok, .config = &rig->model->config, .folder = folder};
    rig->data = dataset_from_grammar(task, 1, GRAMMAR_TRAIN, EXAMPLES, &spec, &err);
    rig_check(rig->data != NULL, &err);
    grammar_free(task);
    open_training(rig, batch, true);
}

void rig_open_task(Rig *rig, int threads, const char *folder, const char *grammar, Index batch)
{
    open_backend(rig, threads);
    open_task(rig, &rig->trace.be, folder, grammar, batch);
}

void rig_open_task_on(Rig *rig, Backend *be, const char *folder, const char *grammar, Index batch)
{
    open_on(rig, be);
    open_task(rig, be, folder, grammar, batch);
}

StepReport rig_step(Rig *rig)
{
    StepReport report;
    Error      err = {0};
    rig_check(trainer_step(rig->trainer, NULL, &report, &err), &err);
    return report;
}

void rig_close(Rig *rig)
{
    trainer_free(rig->trainer);
    rig->method->detach(rig->method, rig->net);
    dataset_free(rig->data);
    tokenizer_free(rig->tok);
    tape_free(rig->tape);
    net_free(rig->net);
    method_free(rig->method);
    mem_account_free(rig->account);
    model_free(rig->model);
    trace_reset(&rig->trace);
    rig->cpu->free(rig->cpu);
}
