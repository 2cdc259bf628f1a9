/* A network for one verb, and what is asked of what is attached to it. */

#include "core/workbench/attach.h"

#include <math.h>
#include <string.h>

#include "core/base/hash.h"
#include "core/model/generate.h"

bool attached_open(Attached *a, const BenchWorker *worker, Learned *learned, bool merged,
                   Error *err)
{
    *a = (Attached){.learned = learned_hold(learned)};
    a->account = mem_account_create("verb", err);
    if (a->account == NULL) return false;
    a->net = net_create(worker->model, err);
    if (a->net == NULL) return false;
    a->tape = tape_create(worker->be, a->account, err);
    if (a->tape == NULL) return false;
    if (learned == NULL) return true;
    a->method = learned_method(learned, worker->model, false, a->account, err);
    if (a->method == NULL) return false;
    if (!merged) return a->method->attach(a->method, a->net, err);
    a->merge = merge_apply(a->net, a->method, a->account, err);
    return a->merge != NULL;
}

void attached_close(Attached *a)
{
    merge_free(a->merge);
    if (a->method != NULL && a->merge == NULL) a->method->detach(a->method, a->net);
    tape_free(a->tape);
    net_free(a->net);
    method_free(a->method);
    mem_account_free(a->account);
    learned_drop(a->learned);
    *a = (Attached){0};
}

Learned *learned_by_name(const Bench *bench, const char *name, Error *err)
{
    Learned *learned = bench_learned(bench, name);
    if (learned != NULL) return learned;
    Str names = {0};
    bench_learned_names(bench, &names);
    error_set(err, ERR_INPUT, "there is no adapter \"%.60s\"", name);
    error_hint(err, names.len > 0 ? "adapters so far: %s" : "train makes one%s", str_text(&names));
    str_free(&names);
    return NULL;
}

bool attached_choice(const VerbCall *call, Learned **learned, bool *merged, Error *err)
{
    const char *name = args_text(call->args, "adapter");
    const char *active = bench_active(call->bench);
    *learned = NULL;
    *merged = false;
    if (name == NULL) name = active;
    if (name == NULL || strcmp(name, "none") == 0) return true;
    *learned = learned_by_name(call->bench, name, err);
    *merged = active != NULL && strcmp(name, active) == 0 && bench_merged(call->bench);
    return *learned != NULL;
}

/* ---- norms ------------------------------------------------------------------------------ */

/* |W' - W| squared of one matrix that trained in the base's place. */
static bool add_change(const Method *method, const Param *param, double *sum, Error *err)
{
    const Model *model = method->model;
    Backend     *be = model->be;
    Mat          base = model->modules[param->module].weight;
    Index        n = param->tensor.rows * param->tensor.cols;
    float       *host = mem_alloc_raw(mem_program(), MEM_SCRATCH, 2 * n, sizeof *host, err);
    float       *on_device = host != NULL ? be->alloc(be, n * (Index)sizeof(float), err) : NULL;
    bool ok = on_device != NULL && be->reserve(be, be->mat_workspace(base.dtype, base.cols), err);
    if (ok) {
        be->mat_rows(be, on_device, base, 0, base.rows);
        be->get(be, host + n, on_device, n * (Index)sizeof(float));
        param_get(method->params, param, host);
        for (Index i = 0; i < n; i++) {
            double d = (double)host[i] - (double)host[n + i];
            *sum += d * d;
        }
    }
    if (on_device != NULL) be->release(be, on_device);
    mem_free(host);
    return ok;
}

static bool full_norms(const Method *method, double *change, Error *err)
{
    double sum = 0;
    for (Index i = 0; i < method->params->count; i++) {
        const Param *param = method->params->list[i];
        if (param->part == 'w' && !add_change(method, param, &sum, err)) return false;
    }
    *change = sqrt(sum);
    return true;
}

bool method_norms(const Method *method, double *a, double *b, double *change, Error *err)
{
    const LoraTarget *targets;
    double            sums[3] = {0};
    *a = *b = (double)NAN;
    if (lora_config(method) == NULL) return full_norms(method, change, err);
    Index count = lora_targets(method, &targets);
    for (Index i = 0; i < count; i++) {
        double norm[3];
        if (!lora_norms(method, i, &norm[0], &norm[1], &norm[2], err)) return false;
        for (int k = 0; k < 3; k++) sums[k] += norm[k] * norm[k];
    }
    *a = sqrt(sums[0]);
    *b = sqrt(sums[1]);
    *change = sqrt(sums[2]);
    return true;
}

double attached_multiplications(const Attached *a)
{
    const Model      *model = a->net->model;
    const LoraTarget *targets;
    double            count = 0;
    for (Index i = 0; i < model->module_count; i++) {
        const Module *m = &model->modules[i];
        if (module_is_linear(m)) count += (double)m->in * (double)m->out;
    }
    bool  branch = a->method != NULL && a->merge == NULL && lora_config(a->method) != NULL;
    Index n = branch ? lora_targets(a->method, &targets) : 0;
    for (Index i = 0; i < n; i++) {
        const Module *m = &model->modules[targets[i].module];
        /* An embedding's A is looked up, not multiplied. */
        double in = module_is_linear(m) ? (double)m->in : 0;
        count += (double)targets[i].r * (in + (double)m->out);
    }
    return count;
}

/* ---- bytes ------------------------------------------------------------------------------ */

static bool hash_block(Backend *be, Hasher *hasher, const void *data, Index bytes, Error *err)
{
    if (data == NULL) return true;
    void *host = mem_alloc_raw(mem_program(), MEM_SCRATCH, bytes, 1, err);
    if (host == NULL) return false;
    be->get(be, host, data, bytes);
    hasher_add(hasher, host, bytes);
    mem_free(host);
    return true;
}

static bool hash_module(const Model *model, const Net *net, const Module *m, Hasher *hasher,
                        Error *err)
{
    Index         i = m - model->modules;
    bool          merged = net != NULL && net->merged[i].data != NULL;
    Mat           weight = merged ? net->merged[i] : m->weight;
    const Tensor *gain = net != NULL && m->gain != NULL ? net->weight[i] : NULL;
    const Tensor *bias = net != NULL ? net->bias[i] : NULL;
    Index         n = weight.rows * weight.cols * dtype_bytes(weight.dtype);
    Index         vector = m->out * (Index)sizeof(float);
    return hash_block(model->be, hasher, weight.data, n, err) &&
           hash_block(model->be, hasher, gain != NULL ? gain->data : m->gain, vector, err) &&
           hash_block(model->be, hasher, bias != NULL ? bias->data : m->bias, vector, err);
}

bool values_hash(const Model *model, const Net *net, uint64_t *hash, Error *err)
{
    Hasher *hasher = hasher_create(err);
    bool    ok = hasher != NULL;
    for (Index i = 0; ok && i < model->module_count; i++) {
        ok = hash_module(model, net, &model->modules[i], hasher, err);
    }
    if (ok) *hash = hasher_value(hasher);
    if (hasher != NULL) hasher_free(hasher);
    return ok;
}

/* ---- text ------------------------------------------------------------------------------- */

typedef struct Pieces {
    const Tokenizer *tok;
    const Sink      *sink;
    Str              bytes;
    Error           *err;
    bool             ok;
} Pieces;

static bool show_piece(void *context, int32_t id)
{
    Pieces *pieces = context;
    str_clear(&pieces->bytes);
    pieces->ok = tokenizer_bytes(pieces->tok, id, &pieces->bytes, pieces->err) &&
                 str_ok(&pieces->bytes, pieces->err);
    if (!pieces->ok) return false;
    sink_send(pieces->sink, &(Event){.type = EVENT_TEXT, .text = str_text(&pieces->bytes)});
    return true;
}

bool text_generate(Net *net, Tape *tape, const Tokenizer *tok, const TextSpec *spec, Str *text,
                   Index *generated, Error *err)
{
    Ids          prompt = {0}, out = {0};
    Pieces       pieces = {.tok = tok, .sink = spec->sink, .err = err, .ok = true};
    StopReason   stop;
    GenerateSpec how = {.max_new_tokens = spec->max_new_tokens,
                        .temperature = spec->temperature,
                        .top_p = spec->top_p,
                        .top_k = spec->top_k,
                        .seed = spec->seed,
                        .id_limit = tokenizer_vocab(tok)};

    *generated = 0;
    if (spec->prompt[0] == '\0') return true;
    bool  ok = tokenizer_encode(tok, spec->prompt, (Index)strlen(spec->prompt), true, &prompt, err);
    Index room = net->model->config.max_position - prompt.count - net_prefix_rows(net);
    if (how.max_new_tokens > room) how.max_new_tokens = room;
    if (ok && how.max_new_tokens > 0) {
        ok = generate(net, tape, prompt.data, prompt.count, how,
                      spec->sink != NULL ? show_piece : NULL, &pieces, spec->cancel, &out, &stop,
                      err) &&
             pieces.ok && tokenizer_decode(tok, out.data, out.count, true, text, err) &&
             str_ok(text, err);
    }
    *generated = out.count;
    str_free(&pieces.bytes);
    ids_free(&prompt);
    ids_free(&out);
    return ok;
}
