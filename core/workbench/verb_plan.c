/* `plan`: what a step of training would cost, from shapes alone (core/study/plan.h). */

#include <string.h>

#include "core/lab/train_settings.h"
#include "core/workbench/answer.h"
#include "core/workbench/study.h"
#include "core/workbench/study_rows.h"
#include "core/workbench/verbs.h"

static const ArgSpec rows[] = {
    STUDY_SHAPE_ROW,
    {.name = "weights",
     .type = ARG_CHOICE,
     .choices = SETTING_CHOICES("F32", "F16", "BF16"),
     .group = "Model",
     .help = "storage of the base; the default is what its config says"},
    {.name = "method",
     .type = ARG_CHOICE,
     .choices = SETTING_CHOICES("lora", "full"),
     .fallback = "lora",
     .group = "LoRA",
     .help = "lora: pairs beside the targets; full: all"},
    LORA_SETTING_ROWS,
    {.name = "per_device_train_batch_size",
     .type = ARG_INT,
     .min = 1,
     .max = 1e6,
     .unit = "rows",
     .fallback = "16",
     .group = "Steps",
     .help = "rows of a batch"},
    {.name = "length",
     .type = ARG_INT,
     .min = 1,
     .max = 1e6,
     .unit = "tokens",
     .fallback = "128",
     .group = "Steps",
     .help = "tokens of a row, each of them a target"},
    STUDY_STEP_ROWS,
    {.name = NULL},
};

static const FieldSpec fields[] = {
    {"trainable", DATUM_NUMBER, NULL, false, "values that train"},
    {"all", DATUM_NUMBER, NULL, false, "values of base and adapter together"},
    {"percent", DATUM_NUMBER, NULL, false, "trainable in a hundred of all"},
    {"total", DATUM_NUMBER, "bytes", false, "highest total of a step"},
    {"bytes", DATUM_RECORD, NULL, false, "of what the highest total consists"},
    {"bytes.weights", DATUM_NUMBER, "bytes", false, "the base, frozen"},
    {"bytes.adapter", DATUM_NUMBER, "bytes", false, "trainable values"},
    {"bytes.gradients", DATUM_NUMBER, "bytes", false, "of the trainable values"},
    {"bytes.optimizer", DATUM_NUMBER, "bytes", false, "moments"},
    {"bytes.activations", DATUM_NUMBER, "bytes", false, "kept for going back, and their gradients"},
    {"bytes.scratch", DATUM_NUMBER, "bytes", false, "temporary"},
    {"bytes.text", DATUM_NUMBER, "bytes", false, "names and tables of the parameters"},
    {"flops_forward", DATUM_NUMBER, NULL, false, "of a batch, 2 for a multiplication and its sum"},
    {"flops_backward", DATUM_NUMBER, NULL, false, "of a batch, going back"},
    {"flops_per_token", DATUM_NUMBER, NULL, false, "both, for one token"},
    {"extra_forward_percent", DATUM_NUMBER, NULL, false,
     "LoRA's in a hundred of the base's forward"},
    {.name = NULL},
};

static DType stored_as(const Args *args, const Model *model)
{
    const char *name = args_text(args, "weights");
    for (int t = 0; name != NULL && t < DTYPE_COUNT; t++) {
        if (strcmp(name, dtype_name((DType)t)) == 0) return (DType)t;
    }
    return model->config.dtype;
}

static bool make(const Args *args, const Model *model, Plan *plan, Error *err)
{
    LoraConfig    config;
    TrainSettings settings = study_settings(args);
    bool          full = strcmp(args_text(args, "method"), "full") == 0;
    Index         length = (Index)args_int(args, "length"), tokens = settings.batch * length;
    bool          ok = lora_config_from(args, &config, err);
    PlanInput     input = {.outline = model,
                           .lora = full ? NULL : &config,
                           .stored = stored_as(args, model),
                           .settings = &settings,
                           .N = tokens,
                           .longest = length,
                           .targets = tokens,
                           .segments = settings.batch,
                           .threads = 1};
    ok = ok && plan_make(&input, plan, err);
    lora_config_free(&config);
    return ok;
}

static Datum *answer_of(const Plan *plan, Error *err)
{
    Answer a = answer_begin(err);
    answer_number(&a, "trainable", (double)plan->trainable, NULL);
    answer_number(&a, "all", (double)plan->all, NULL);
    answer_number(&a, "percent", plan->percent, NULL);
    answer_number(&a, "total", (double)plan->bytes_total, "bytes");
    answer_bytes(&a, "bytes", plan->bytes);
    answer_number(&a, "flops_forward", plan->flops_forward, NULL);
    answer_number(&a, "flops_backward", plan->flops_backward, NULL);
    answer_number(&a, "flops_per_token", plan->flops_per_token, NULL);
    answer_number(&a, "extra_forward_percent", plan->extra_forward_percent, NULL);
    return answer_end(&a);
}

static Datum *run(VerbCall *call, Error *err)
{
    Plan        plan;
    const char *shape = args_text(call->args, "shape");
    Model      *other = shape != NULL ? shape_outline(bench_lab(call->bench), shape, err) : NULL;
    if (shape != NULL && other == NULL) return NULL;
    bool ok = make(call->args, other != NULL ? other : call->worker->model, &plan, err);
    model_free(other);
    return ok ? answer_of(&plan, err) : NULL;
}

const Verb verb_plan = {
    .command = {.name = "plan",
                .operands = "",
                .summary = "parameters, bytes and products of a training step, from shapes alone",
                .example = "p = plan shape=llama-2-7b r=8 target_modules=q_proj,v_proj",
                .args = rows},
    .fields = fields,
    .run = run,
};
