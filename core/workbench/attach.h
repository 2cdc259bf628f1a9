#ifndef CORE_WORKBENCH_ATTACH_H
#define CORE_WORKBENCH_ATTACH_H

/* A network on a worker with at most one adapter on it, attached or merged: what eval, generate,
 * adapter, merge and switch share. It lives as long as one verb. */

#include "core/workbench/verb.h"

typedef struct Attached {
    MemAccount *account;
    Learned    *learned; /* one reference; NULL: the base alone */
    Method     *method;
    Net        *net;
    Tape       *tape;
    Merge      *merge; /* NULL: attached, not merged */
} Attached;

/* learned NULL: the base. Close in any case. */
NODISCARD bool attached_open(Attached *a, const BenchWorker *worker, Learned *learned, bool merged,
                             Error *err);
void           attached_close(Attached *a);

/* What the key `adapter` of a verb names: a learned adapter, "none" for the base, or, when it was
 * not given, the one that is on. *merged: its weights are merged into the base's. */
NODISCARD bool attached_choice(const VerbCall *call, Learned **learned, bool *merged, Error *err);
/* A learned adapter by name, or NULL with the names that exist. */
NODISCARD Learned *learned_by_name(const Bench *bench, const char *name, Error *err);

/* Frobenius norms over all targets: of A, of B, and of the change of the weights, scale * B A. For
 * full training a and b are NaN and the change is that of all matrices. */
NODISCARD bool method_norms(const Method *method, double *a, double *b, double *change, Error *err);

/* Of all bytes that the base's weights have right now; with a Net, of those that stand in their
 * place after a merge. */
NODISCARD bool values_hash(const Model *model, const Net *net, uint64_t *hash, Error *err);

/* Multiplications of all linear maps for one token, the adapter's branch included. */
double attached_multiplications(const Attached *a);

/* Continue a prompt; *generated: new tokens. A prompt that leaves no room gives no text. */
typedef struct TextSpec {
    const char   *prompt;
    Index         max_new_tokens;
    double        temperature, top_p;
    Index         top_k;
    uint64_t      seed;
    const Sink   *sink; /* EVENT_TEXT for each piece; NULL: silent */
    const Cancel *cancel;
} TextSpec;
NODISCARD bool text_generate(Net *net, Tape *tape, const Tokenizer *tok, const TextSpec *spec,
                             Str *text, Index *generated, Error *err);

#endif
