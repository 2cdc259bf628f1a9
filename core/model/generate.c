/*
 * Generation: the prompt goes through the network once and fills the cache; then each new token
 * is one row.
 */

#include "core/model/generate.h"

#include "core/model/sample.h"

typedef struct Generation {
    Net          *net;
    Tape         *tape;
    KvCache      *cache;
    Sampler      *sampler;
    float        *logits;    /* [V], host */
    int32_t      *positions; /* [prompt + new] 0, 1, 2 ... */
    const Cancel *cancel;
} Generation;

static bool open_generation(Generation *g, Index length, Index id_limit, Error *err)
{
    const Model *model = g->net->model;
    MemAccount  *account = tape_account(g->tape);

    if (!net_reserve(g->net, length, err)) return false;
    g->cache = kvcache_create(model, length, account, err);
    if (g->cache == NULL) return false;
    bool limited = id_limit > 0 && id_limit < model->config.V;
    g->sampler = sampler_create(limited ? id_limit : model->config.V, err);
    if (g->sampler == NULL) return false;
    g->logits = mem_alloc(account, MEM_SCRATCH, model->config.V, sizeof(float), err);
    if (g->logits == NULL) return false;
    g->positions = mem_alloc(account, MEM_SCRATCH, length, sizeof(int32_t), err);
    if (g->positions == NULL) return false;
    for (Index i = 0; i < length; i++) g->positions[i] = (int32_t)i;
    return true;
}

static void close_generation(Generation *g)
{
    tape_reset(g->tape);
    kvcache_free(g->cache);
    sampler_free(g->sampler);
    mem_free(g->logits);
    mem_free(g->positions);
}

/* Run n more ids through the network; the logits after the last land in g->logits. */
static bool advance(Generation *g, const int32_t *ids, Index n, Error *err)
{
    Backend    *be = g->net->model->be;
    Index       done = kvcache_length(g->cache);
    const Index at[2] = {0, n}, last[1] = {n - 1};
    Rows        rows = {.N = n,
                        .S = 1,
                        .ids = ids,
                        .position = g->positions + done,
                        .at = at,
                        .pick = last,
                        .M = 1,
                        .cache = g->cache};

    tape_begin(g->tape, false, g->cancel);
    Tensor *hidden = net_forward(g->net, g->tape, &rows);
    Tensor *logits = net_logits(g->net, g->tape, hidden);
    tape_done(g->tape, hidden);
    if (!tape_ok(g->tape, err)) return false;
    be->get(be, g->logits, logits->data, g->net->model->config.V * (Index)sizeof(float));
    tape_done(g->tape, logits);
    return be->sync(be, err);
}

static bool is_end(const ModelConfig *config, int32_t id)
{
    for (int i = 0; i < config->end_count; i++) {
        if (config->end[i] == id) return true;
    }
    return false;
}

static bool check_request(const Net *net, const int32_t *prompt, Index n, GenerateSpec spec,
                          Error *err)
{
    const ModelConfig *c = &net->model->config;
    Index              length = n + spec.max_new_tokens + net_prefix_rows(net);

    if (n < 1) return error_set(err, ERR_INPUT, "the prompt has no tokens");
    if (length > c->max_position) {
        error_set(err, ERR_INPUT,
                  "prompt (%td tokens) and max_new_tokens (%td) exceed the model's %td positions",
                  n, spec.max_new_tokens, c->max_position);
        return error_hint(err, "shorten the prompt or lower --max_new_tokens");
    }
    for (Index i = 0; i < n; i++) {
        if (prompt[i] >= 0 && prompt[i] < c->V) continue;
        return error_set(err, ERR_INPUT, "token id %d at position %td is outside 0..%td",
                         (int)prompt[i], i, c->V - 1);
    }
    return true;
}

static bool run(Generation *g, const int32_t *prompt, Index n, const GenerateSpec *spec,
                GenerateSink *sink, void *context, Ids *out, StopReason *stop, Error *err)
{
    const int32_t *next = prompt;
    Index          count = n;
    int32_t        id;

    *stop = STOP_LENGTH;
    for (Index i = 0; i < spec->max_new_tokens; i++) {
        if (!advance(g, next, count, err)) return false;
        if (!sampler_choose(g->sampler, g->logits, spec, n + i, &id, err)) return false;
        if (!spec->ignore_end && is_end(&g->net->model->config, id)) {
            *stop = STOP_END;
            return true;
        }
        if (!ids_add(out, id, err)) return false;
        if (sink != NULL && !sink(context, id)) return true;
        next = &id;
        count = 1;
    }
    return true;
}

bool generate(Net *net, Tape *tape, const int32_t *prompt, Index n, GenerateSpec spec,
              GenerateSink *sink, void *context, const Cancel *cancel, Ids *out, StopReason *stop,
              Error *err)
{
    if (!check_request(net, prompt, n, spec, err)) return false;

    Generation g = {.net = net, .tape = tape, .cancel = cancel};
    bool       ok = open_generation(&g, n + spec.max_new_tokens, spec.id_limit, err) &&
              run(&g, prompt, n, &spec, sink, context, out, stop, err);
    close_generation(&g);
    return ok;
}
