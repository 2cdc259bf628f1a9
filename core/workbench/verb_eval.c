/* `eval`: loss and exact match of the base, alone or with an adapter, on a task or on the base's
 * own kind of text. */

#include <math.h>

#include "core/workbench/answer.h"
#include "core/workbench/attach.h"
#include "core/workbench/study_rows.h"
#include "core/workbench/verbs.h"

/* clang-format off: a row is a row */
static const ArgSpec rows[] = {
    {.name = "data",
     .type = ARG_TEXT,
     .fallback = "sql",
     .group = "Data",
     .help = "a task; base: held-out documents of the base's corpus; base-other: those of them "
             "that look like no task"},
    {.name = "split",
     .type = ARG_CHOICE,
     .choices = SETTING_CHOICES("heldout", "combos", "train"),
     .fallback = "heldout",
     .group = "Data",
     .help = "which examples of a task"},
    {.name = "examples",
     .type = ARG_INT,
     .min = 1,
     .max = 1e5,
     .fallback = "150",
     .unit = "examples",
     .group = "Data",
     .help = "how many"},
    {.name = "adapter",
     .type = ARG_TEXT,
     .group = "Model",
     .help = "a trained adapter by name, or none: the base; the default is the one that is on"},
    {.name = NULL},
};

static const FieldSpec fields[] = {
    {"loss", DATUM_NUMBER, "nats/token", false, "mean loss of a target"},
    {"exact_match", DATUM_NUMBER, NULL, false, "share of examples answered exactly; of tasks"},
    {"perplexity", DATUM_NUMBER, NULL, false, "exp of the loss"},
    {"tokens", DATUM_NUMBER, "tokens", false, "targets"},
    {"examples", DATUM_NUMBER, "examples", false, "how many there were"},
    {"seconds", DATUM_NUMBER, "s", true, "time it took"},
    {.name = NULL},
};
/* clang-format on */

static Datum *record(const EvalResult *eval, Error *err)
{
    Answer answer = answer_begin(err);
    answer_number(&answer, "loss", eval->loss, "nats/token");
    answer_number(&answer, "exact_match", eval->exact_match >= 0 ? eval->exact_match : (double)NAN,
                  NULL);
    answer_number(&answer, "perplexity", exp(eval->loss), NULL);
    answer_number(&answer, "tokens", (double)eval->tokens, "tokens");
    answer_number(&answer, "examples", (double)eval->examples, "examples");
    answer_timed(&answer, "seconds", eval->seconds, "s");
    return answer_end(&answer);
}

static Datum *run_eval(VerbCall *call, Error *err)
{
    const Args    *args = call->args;
    BenchDataSpec  spec = {.name = args_text(args, "data"),
                           .split = args_text(args, "split"),
                           .count = (Index)args_int(args, "examples"),
                           .seed = call->seed};
    const Dataset *data = bench_data_cut(call->bench, &spec, NULL, err);
    Learned       *learned;
    bool           merged;
    EvalResult     eval;
    if (data == NULL || !attached_choice(call, &learned, &merged, err)) return NULL;

    Attached a;
    bool     ok = attached_open(&a, call->worker, learned, merged, err) &&
              evaluate(a.net, a.tape, data, 0, NULL, NULL, call->cancel, &eval, err);
    attached_close(&a);
    return ok ? record(&eval, err) : NULL;
}

const Verb verb_eval = {
    .command = {.name = "eval",
                .operands = "",
                .args = rows,
                .summary = "loss, perplexity and exact match on held-out examples",
                .details = "data=base and data=base-other measure what the base still knows.",
                .example = "e = eval data=sql-lite adapter=a"},
    .fields = fields,
    .run = run_eval};
