/*
 * How much of an attention call is done at once: as many segments as fit into the workspace and are
 * not much shorter than the longest of them; where not even one fits, fewer heads of it, and where
 * not even one head fits, fewer rows. The result depends on the lengths and on the workspace.
 */

#include "core/math/cuda/device/attention.cuh"

enum {
    ROUND = 16,           /* Tq and Tk are multiples */
    BLOCK_QUERIES = 128,  /* at most, of a block of scores */
    LEAST_QUERIES = 16,   /* not less than this, to keep the scores in the cache */
    GOOD_QUERIES = 64,    /* more segments are not worth smaller blocks than this */
    LEAST_ROWS = 8,       /* of a block, in the smallest workspace */
    MOST_BATCHES = 32768, /* a grid has 65535 rows at most */
};

/* Scores that stay in the caches of a large GPU from one kernel to the next. */
#define CACHED_SCORES ((Index)8 << 20)

static Index rounded(Index n)
{
    return div_up(n, ROUND) * ROUND;
}

static Index rows_bytes(Index batches, Index rows, Index width)
{
    return work_size(batches * rows * width * (Index)sizeof(float));
}

/* Keys, values and their gradients of one head; two blocks of rows and of scores; one number a
 * row. */
Index cuda_attention_workspace(Index T, Index K)
{
    Index keys = rounded(T);
    return 4 * rows_bytes(1, keys, K) + 2 * rows_bytes(1, LEAST_ROWS, K) +
           2 * rows_bytes(1, LEAST_ROWS, keys) + rows_bytes(1, LEAST_ROWS, 1);
}

AttnCall attn_call(Device *d, const AttnShape *shape, Index key_copies, Index row_copies,
                   Index score_copies)
{
    AttnCall c = {};
    c.d = d;
    c.shape = shape;
    c.R = shape->H / shape->G;
    c.q_at = stage_indices(d, shape->q_at, shape->S + 1);
    c.k_at = stage_indices(d, shape->k_at, shape->S + 1);
    c.key_copies = key_copies;
    c.row_copies = row_copies;
    c.score_copies = score_copies;
    return c;
}

Index attn_batches(const AttnPlan *plan)
{
    return (plan->to - plan->from) * plan->heads;
}

static bool fits(const AttnCall *c, const AttnPlan *plan)
{
    Index batches = attn_batches(plan), K = c->shape->K;
    Index bytes = c->key_copies * rows_bytes(batches, plan->keys, K) +
                  c->row_copies * rows_bytes(batches, plan->chunk, K) +
                  c->score_copies * rows_bytes(batches, plan->block, plan->keys) +
                  rows_bytes(batches, plan->chunk, 1);
    return bytes <= work_left(c->d) && batches <= MOST_BATCHES;
}

/* Rows of a block: as many as keep the scores small. */
static Index block_queries(const AttnCall *c, const AttnPlan *plan)
{
    Index queries = smaller(BLOCK_QUERIES, plan->queries);
    Index one = attn_batches(plan) * c->R * plan->keys * c->score_copies;
    while (queries > LEAST_QUERIES && queries * one > CACHED_SCORES) queries = div_up(queries, 2);
    return queries;
}

/* Segment s too: the longest of all gives the shape. A single query is not rounded. */
static void take_segment(const AttnCall *c, AttnPlan *plan, Index s)
{
    Index n_q = c->shape->q_at[s + 1] - c->shape->q_at[s];
    Index n_k = c->shape->k_at[s + 1] - c->shape->k_at[s];
    plan->to = s + 1;
    if (n_q == 0) return;
    plan->queries = larger(plan->queries, n_q == 1 ? 1 : rounded(n_q));
    plan->keys = larger(plan->keys, rounded(c->shape->P + n_k));
    plan->chunk = plan->queries * c->R;
    plan->block = block_queries(c, plan) * c->R;
}

/* Less than half of the scores would be anybody's, and they are many. */
static bool wasteful(const AttnCall *c, const AttnPlan *plan)
{
    const AttnShape *shape = c->shape;
    Index            all = (plan->to - plan->from) * plan->queries * plan->keys, real = 0;
    if (all * shape->H <= CACHED_SCORES) return false;
    for (Index s = plan->from; s < plan->to; s++) {
        Index n_q = shape->q_at[s + 1] - shape->q_at[s];
        real += n_q * (shape->P + shape->k_at[s + 1] - shape->k_at[s]);
    }
    return all > 2 * real;
}

/* A single segment that does not fit: fewer heads, then fewer rows. */
static void shrink(const AttnCall *c, AttnPlan *plan)
{
    while (!fits(c, plan)) {
        if (plan->heads > 1) {
            plan->heads = div_up(plan->heads, 2);
        } else if (plan->chunk > plan->block) {
            plan->chunk = plan->block;
        } else if (plan->block > LEAST_ROWS) {
            plan->block = div_up(plan->block, 2 * LEAST_ROWS) * LEAST_ROWS;
            plan->chunk = plan->block;
        } else {
            return; /* the workspace will say so */
        }
    }
}

AttnPlan attn_plan(const AttnCall *c, Index from)
{
    AttnPlan plan = {};
    plan.from = from;
    plan.heads = c->shape->G;
    take_segment(c, &plan, from);
    shrink(c, &plan);
    if (plan.heads < c->shape->G || plan.chunk < plan.queries * c->R) return plan;

    while (plan.to < c->shape->S) {
        AttnPlan more = plan;
        take_segment(c, &more, plan.to);
        Index good = smaller(more.queries, GOOD_QUERIES) * c->R;
        if (!fits(c, &more) || wasteful(c, &more) || more.block < smaller(good, plan.block)) break;
        plan = more;
    }
    return plan;
}

/* A row sees most where its segment is longest before it; a segment's last row sees all its keys,
 * and the rows behind that nothing. */
Index attn_columns(const AttnCall *c, const AttnPlan *plan, Index end)
{
    const AttnShape *shape = c->shape;
    Index            queries = div_up(end, c->R), most = 0;
    for (Index s = plan->from; s < plan->to; s++) {
        Index n_q = shape->q_at[s + 1] - shape->q_at[s];
        Index n_k = shape->k_at[s + 1] - shape->k_at[s];
        if (n_q > 0) most = larger(most, n_k - n_q + smaller(queries, n_q));
    }
    return rounded(shape->P + most);
}

AttnPart attn_part(const AttnCall *c, const AttnPlan *plan)
{
    AttnPart part = {};
    part.q_at = c->q_at;
    part.k_at = c->k_at;
    part.segment0 = plan->from;
    part.head0 = plan->head0;
    part.heads = plan->heads;
    part.batches = attn_batches(plan);
    part.H = c->shape->H;
    part.G = c->shape->G;
    part.K = c->shape->K;
    part.P = c->shape->P;
    part.R = c->R;
    part.Tk = plan->keys;
    return part;
}

Product attn_product(const AttnCall *c, const AttnPart *part)
{
    Product p = {};
    p.alpha = 1.0f;
    p.dtype = DTYPE_F32;
    p.batch = part->batches;
    p.precision = c->d->spec.precision == PRECISION_F32 ? PRECISION_F32 : PRECISION_TF32;
    return p;
}
