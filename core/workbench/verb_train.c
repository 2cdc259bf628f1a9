/*
 * `train`: a real training, in memory. Same names as the command; data by a task's name only.
 */

#include "core/workbench/study_rows.h"
#include "core/workbench/train_run.h"
#include "core/workbench/verbs.h"

#define MANY 1e9

/* clang-format off: a row is a row */
static const ArgSpec rows[] = {
    {.name = "data", .type = ARG_TEXT, .group = "Data",
     .help = "a task; the default is sql, or what the continued adapter was trained on"},
    {.name = "examples", .type = ARG_INT, .min = 1, .max = 1e6, .fallback = "2000",
     .unit = "examples", .group = "Data", .help = "how many to draw from the task"},
    {.name = "eval", .type = ARG_CHOICE, .choices = SETTING_CHOICES("heldout", "combos", "none"),
     .fallback = "heldout", .group = "Data",
     .help = "what is measured before and after: prompts held out, reserved combinations, nothing"},
    {.name = "eval_examples", .type = ARG_INT, .min = 1, .max = 1e5, .fallback = "150",
     .unit = "examples", .group = "Data", .help = "how many to measure on"},
    {.name = "other", .type = ARG_TEXT, .group = "Data",
     .help = "measure the loss on this, too: base, base-other (what is forgotten), or a task"},
    {.name = "continue", .type = ARG_TEXT, .group = "Data",
     .help = "go on with this adapter and its moments; max_steps are further steps"},
    {.name = "method", .type = ARG_CHOICE, .choices = SETTING_CHOICES("lora", "full"),
     .fallback = "lora", .group = "Method",
     .help = "lora: two small matrices beside each target; full: all weights"},
    LORA_SETTING_ROWS,
    {.name = "max_steps", .type = ARG_INT, .min = 1, .max = MANY, .unit = "steps",
     .fallback = "500", .group = "Steps", .help = "optimizer steps"},
    {.name = "per_device_train_batch_size", .type = ARG_INT, .min = 1, .max = 4096,
     .unit = "rows", .fallback = "16", .group = "Steps", .help = "rows of a batch"},
    {.name = "gradient_accumulation_steps", .type = ARG_INT, .min = 1, .max = 4096,
     .unit = "batches", .fallback = "1", .group = "Steps", .help = "batches added up for a step"},
    {.name = "max_length", .type = ARG_INT, .min = 2, .max = 1e6, .unit = "tokens",
     .group = "Steps", .help = "longer examples are cut; the base's positions when not given"},
    {.name = "packing", .type = ARG_FLAG, .group = "Steps",
     .help = "fill rows with several examples up to max_length"},
    {.name = "shuffle", .type = ARG_BOOL, .fallback = "true", .group = "Steps",
     .help = "a new order each epoch"},
    STUDY_STEP_ROWS,
    OPTIMIZER_SETTING_ROWS,
    {.name = "eval_steps", .type = ARG_INT, .min = 0, .max = MANY, .unit = "steps",
     .fallback = "0", .group = "Output", .help = "measure this often, too; 0: only at the ends"},
    {.name = "sample_steps", .type = ARG_INT, .min = 0, .max = MANY, .unit = "steps",
     .fallback = "0", .group = "Output", .help = "keep a text this often; 0: only at the ends"},
    {.name = "prompt", .type = ARG_TEXT, .group = "Output",
     .help = "of the texts before and after; the default is the task's own"},
    {.name = NULL},
};

static const FieldSpec fields[] = {
    {"loss", DATUM_SERIES, "nats/token", false, "training loss over the steps"},
    {"grad_norm", DATUM_SERIES, NULL, false, "norm of all gradients, before clipping"},
    {"learning_rate", DATUM_SERIES, NULL, false, "learning rate over the steps"},
    {"before", DATUM_RECORD, NULL, false, "measured before the first step"},
    {"before.loss", DATUM_NUMBER, "nats/token", false, "loss on examples held out"},
    {"before.exact_match", DATUM_NUMBER, NULL, false, "share of them answered exactly"},
    {"after", DATUM_RECORD, NULL, false, "measured after the last step"},
    {"after.loss", DATUM_NUMBER, "nats/token", false, "loss on examples held out"},
    {"after.exact_match", DATUM_NUMBER, NULL, false, "share of them answered exactly"},
    {"other", DATUM_RECORD, NULL, false, "loss on the data of other="},
    {"other.before", DATUM_NUMBER, "nats/token", false, "before the first step"},
    {"other.after", DATUM_NUMBER, "nats/token", false, "after the last step"},
    {"evals", DATUM_SERIES, "nats/token", false, "loss on examples held out, over the steps"},
    {"trainable", DATUM_NUMBER, NULL, false, "numbers that are trained"},
    {"all", DATUM_NUMBER, NULL, false, "all numbers, the base's included"},
    {"percent", DATUM_NUMBER, NULL, false, "trainable in a hundred of all"},
    {"scale", DATUM_NUMBER, NULL, false, "lora_alpha / r (or / sqrt r) of the first module"},
    {"r", DATUM_NUMBER, NULL, false, "rank"},
    {"lora_alpha", DATUM_NUMBER, NULL, false, "alpha"},
    {"norm_A", DATUM_NUMBER, NULL, false, "Frobenius norm of all A together"},
    {"norm_B", DATUM_NUMBER, NULL, false, "Frobenius norm of all B together"},
    {"norm_BA", DATUM_NUMBER, NULL, false, "norm of the change of the weights, scale B A"},
    {"seconds", DATUM_NUMBER, "s", true, "time of all steps"},
    {"tokens_per_second", DATUM_NUMBER, "tokens/s", true, "speed"},
    {"step_seconds", DATUM_NUMBER, "s", true, "mean time of a step"},
    {"tokens", DATUM_NUMBER, "tokens", false, "tokens seen in these steps"},
    {"steps", DATUM_NUMBER, "steps", false, "steps made"},
    {"finding", DATUM_TEXT, NULL, false, "what seems wrong with the run; empty: nothing"},
    {"finding_hint", DATUM_TEXT, NULL, false, "what to try"},
    {"text_before", DATUM_TEXT, NULL, false, "what the model wrote for the prompt before"},
    {"text_after", DATUM_TEXT, NULL, false, "what it wrote after"},
    {"prompt", DATUM_TEXT, NULL, false, "the prompt of both"},
    {"samples", DATUM_LIST, NULL, false, "texts by step, with sample_steps"},
    {"peak_bytes", DATUM_NUMBER, "bytes", false, "memory at its peak, the base's weights included"},
    {"bytes", DATUM_RECORD, NULL, false, "the same by purpose"},
    {"bytes.weights", DATUM_NUMBER, "bytes", false, "frozen weights"},
    {"bytes.adapter", DATUM_NUMBER, "bytes", false, "trainable numbers"},
    {"bytes.gradients", DATUM_NUMBER, "bytes", false, "their gradients"},
    {"bytes.optimizer", DATUM_NUMBER, "bytes", false, "moments"},
    {"bytes.activations", DATUM_NUMBER, "bytes", false, "what the backward pass needs"},
    {"bytes.scratch", DATUM_NUMBER, "bytes", false, "tables and workspaces"},
    {"bytes.text", DATUM_NUMBER, "bytes", false, "names and lists"},
    {"frozen_equal", DATUM_YES, NULL, false, "the base's bytes are the same before and after"},
    {"exploded", DATUM_YES, NULL, false, "it ended because a number was not finite"},
    {.name = NULL},
};
/* clang-format on */

static Datum *run_train(VerbCall *call, Error *err)
{
    TrainRun run = {.call = call, .model = call->worker->model};
    Datum   *record = NULL;

    if (train_prepare(&run, err) && train_go(&run, err)) record = train_record(&run, err);
    if (record != NULL) {
        call->learned =
            learned_create(run.trainer, run.method, run.data_name, &run.settings, err);
        if (call->learned == NULL) {
            datum_drop(record);
            record = NULL;
        }
    }
    train_free(&run);
    return record;
}

const Verb verb_train = {
    .command = {.name = "train",
                .operands = "",
                .args = rows,
                .summary = "train an adapter, or all weights, on a task",
                .details = "The result's name stands for the adapter, too: eval adapter=NAME.",
                .example = "a = train data=sql-lite r=4 max_steps=80"},
    .fields = fields,
    .run = run_train};
