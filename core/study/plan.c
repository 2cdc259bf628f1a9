/*
 * The planner: what trains, from a configuration and shapes; then its bytes (plan_bytes.c) and
 * its products (plan_flops.c).
 *
 * Counting is PEFT's. A pair has r (in + out) parameters. A module of modules_to_save is a copy,
 * so the original and the copy both count in "all"; a bias of the base that trains counts once.
 * A tied head is the embedding's matrix and no parameter of its own, unless it is saved.
 */

#include "core/study/plan_internal.h"

#include "core/base/mem.h"

/* ---- what trains ------------------------------------------------------------------------ */

static void count(PlanSetup *setup, Index floats, bool added)
{
    setup->floats += floats;
    setup->params++;
    if (added) setup->added += floats;
}

static Index weight_floats(const Module *module)
{
    return module->gain != NULL ? module->out : module->in * module->out;
}

static void train_weight(PlanSetup *setup, int i, bool added)
{
    setup->trained[i].weight = true;
    count(setup, weight_floats(&setup->model->modules[i]), added);
}

static void train_bias(PlanSetup *setup, int i, bool added)
{
    if (setup->model->modules[i].bias == NULL) return;
    setup->trained[i].bias = true;
    count(setup, setup->model->modules[i].out, added);
}

/* Every parameter is trained in a copy that takes the base's place. */
static void train_all(PlanSetup *setup)
{
    const Model *model = setup->model;
    for (int i = 0; i < (int)model->module_count; i++) {
        if (model->modules[i].role == ROLE_HEAD && model->config.tied) {
            setup->trained[i].weight = true; /* in the embedding's copy */
        } else {
            train_weight(setup, i, false);
        }
        train_bias(setup, i, false);
    }
}

static bool train_pair(PlanSetup *setup, const LoraTarget *target, Error *err)
{
    const Module *module = &setup->model->modules[target->module];
    Trained      *trained = &setup->trained[target->module];
    trained->r = target->r;
    count(setup, target->r * module->in, true);
    count(setup, target->r * module->out, true);
    if (!setup->input->lora->lora_bias) return true;
    if (module->role == ROLE_EMBED) {
        return error_set(err, ERR_INPUT, "lora_bias does not go with an embedding (%s)",
                         module->name);
    }
    trained->pair_bias = true;
    count(setup, module->out, true);
    return true;
}

static bool train_pairs(PlanSetup *setup, Error *err)
{
    LoraTarget *targets;
    Index       n;
    if (!lora_match(setup->input->lora, setup->model, &targets, &n, err)) return false;
    bool ok = true;
    for (Index i = 0; ok && i < n; i++) ok = train_pair(setup, &targets[i], err);
    mem_free(targets);
    return ok;
}

static bool train_saved(PlanSetup *setup, Error *err)
{
    int  *saved;
    Index n;
    if (!lora_match_saved(setup->input->lora, setup->model, &saved, &n, err)) return false;
    for (Index i = 0; i < n; i++) {
        train_weight(setup, saved[i], true);
        train_bias(setup, saved[i], true);
    }
    mem_free(saved);
    return true;
}

static void train_biases(PlanSetup *setup)
{
    LoraBias which = setup->input->lora->bias;
    for (int i = 0; i < (int)setup->model->module_count; i++) {
        const Trained *trained = &setup->trained[i];
        bool wanted = which == LORA_BIAS_ALL || (which == LORA_BIAS_LORA_ONLY && trained->r > 0);
        if (wanted && !trained->bias) train_bias(setup, i, false);
    }
}

static bool find_trained(PlanSetup *setup, Error *err)
{
    if (setup->input->lora == NULL) {
        train_all(setup);
        return true;
    }
    if (!train_pairs(setup, err) || !train_saved(setup, err)) return false;
    train_biases(setup);
    return true;
}

/* ---- where gradients must go ------------------------------------------------------------ */

const Trained *plan_trained(const PlanSetup *setup, ModuleRole role, int layer)
{
    return &setup->trained[model_module(setup->model, role, layer) - setup->model->modules];
}

bool plan_trains(const Trained *trained)
{
    return trained->r > 0 || trained->weight || trained->bias;
}

static bool trains(const PlanSetup *setup, ModuleRole role, int layer)
{
    return plan_trains(plan_trained(setup, role, layer));
}

PlanNeeds plan_needs(const PlanSetup *setup, int layer, bool x)
{
    PlanNeeds n = {.x = x};
    n.n1 = x || trains(setup, ROLE_NORM1, layer);
    n.q = n.n1 || trains(setup, ROLE_Q, layer);
    n.k = n.n1 || trains(setup, ROLE_K, layer);
    n.v = n.n1 || trains(setup, ROLE_V, layer);
    n.o = n.q || n.k || n.v;
    n.y1 = n.o || trains(setup, ROLE_O, layer);
    n.n2 = n.y1 || trains(setup, ROLE_NORM2, layer);
    n.gate = n.n2 || trains(setup, ROLE_GATE, layer);
    n.up = n.n2 || trains(setup, ROLE_UP, layer);
    n.act = n.gate || n.up;
    n.y2 = n.act || trains(setup, ROLE_DOWN, layer);
    return n;
}

Index plan_rows(const PlanSetup *setup, int layer)
{
    return layer == setup->config->L - 1 ? setup->input->targets : setup->input->N;
}

/* ---- the plan --------------------------------------------------------------------------- */

static bool check_input(const PlanInput *input, Error *err)
{
    CHECK(input->N > 0 && input->segments > 0 && input->targets >= 0 && input->targets <= input->N);
    CHECK(input->segments <= input->N && input->longest <= input->N);
    Index positions = input->outline->config.max_position;
    if (input->longest <= positions) return true;
    return error_set(err, ERR_INPUT,
                     "%td positions are more than the model's max_position_embeddings %td",
                     input->longest, positions);
}

static void count_parameters(const PlanSetup *setup, Plan *plan)
{
    plan->trainable = setup->floats;
    plan->all = setup->model->parameters + setup->added;
    plan->percent = 100.0 * (double)plan->trainable / (double)plan->all;
}

bool plan_make(const PlanInput *input, Plan *plan, Error *err)
{
    const LoraConfig *lora = input->lora;
    PlanSetup         setup = {.input = input,
                               .model = input->outline,
                               .config = &input->outline->config,
                               .materialized = lora != NULL && lora->materialized,
                               .dropout = lora != NULL && (float)lora->lora_dropout > 0};
    *plan = (Plan){0};
    if (!check_input(input, err)) return false;
    setup.trained = mem_alloc(mem_program(), MEM_TEXT, input->outline->module_count,
                              sizeof *setup.trained, err);
    bool ok = setup.trained != NULL && find_trained(&setup, err);
    if (ok) {
        count_parameters(&setup, plan);
        plan_bytes(&setup, plan);
        plan_flops(&setup, plan);
    }
    mem_free(setup.trained);
    return ok;
}
