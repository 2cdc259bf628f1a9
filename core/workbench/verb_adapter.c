/* `adapter`: what a trained adapter is, as a file and as numbers. */

#include <math.h>

#include "core/base/file.h"
#include "core/workbench/answer.h"
#include "core/workbench/attach.h"
#include "core/workbench/verbs.h"

/* clang-format off: a row is a row */
static const ArgSpec rows[] = {{.name = NULL}};

static const FieldSpec fields[] = {
    {"parameters", DATUM_NUMBER, NULL, false, "numbers in it"},
    {"file_bytes", DATUM_NUMBER, "bytes", false, "written to disk, all its files together"},
    {"r", DATUM_NUMBER, NULL, false, "rank"},
    {"lora_alpha", DATUM_NUMBER, NULL, false, "alpha"},
    {"scale", DATUM_NUMBER, NULL, false, "lora_alpha / r (or / sqrt r) of the first module"},
    {"modules", DATUM_NUMBER, NULL, false, "modules that it changes"},
    {"data", DATUM_TEXT, NULL, false, "task it was trained on"},
    {"norm_BA", DATUM_NUMBER, NULL, false, "norm of the change of the weights, scale B A"},
    {.name = NULL},
};
/* clang-format on */

static bool add_size(const char *folder, const char *name, int64_t *bytes, Error *err)
{
    char *path = path_join(folder, name, err);
    bool  exists = path != NULL && path_exists(path);
    File *file = exists ? file_open(path, err) : NULL;
    if (file != NULL) *bytes += file_size(file);
    file_close(file);
    mem_free(path);
    return path != NULL && (!exists || file != NULL);
}

/* Really written, into the bench's own folder, measured, and removed again. */
static bool file_bytes(Bench *bench, const Method *method, int64_t *bytes, Error *err)
{
    const char *workspace = bench_workspace(bench, err);
    char       *folder = workspace != NULL ? path_join(workspace, "adapter", err) : NULL;
    bool ok = folder != NULL && folder_make(folder, err) && method->save(method, folder, err);
    *bytes = 0;
    for (const char *const *name = method->files; ok && *name != NULL; name++) {
        ok = add_size(folder, *name, bytes, err);
    }
    if (folder != NULL && !folder_remove(folder, ok ? err : NULL)) ok = false;
    mem_free(folder);
    return ok;
}

static Index changed_modules(const Method *method)
{
    const ParamSet *set = method->params;
    Index           count = 0;
    for (Index i = 0; i < set->count; i++) {
        bool again = i > 0 && set->list[i]->module == set->list[i - 1]->module;
        if (set->list[i]->module >= 0 && !again) count++;
    }
    return count;
}

static Datum *record(const Attached *a, int64_t bytes, Error *err)
{
    const LoraTarget *targets;
    const LoraConfig *config = lora_config(a->method);
    bool              some = config != NULL && lora_targets(a->method, &targets) > 0;
    double            norm_a, norm_b, change;
    if (!method_norms(a->method, &norm_a, &norm_b, &change, err)) return NULL;

    Answer answer = answer_begin(err);
    answer_number(&answer, "parameters", (double)method_trainable(a->method), NULL);
    answer_number(&answer, "file_bytes", (double)bytes, "bytes");
    answer_number(&answer, "r", config != NULL ? (double)config->r : (double)NAN, NULL);
    answer_number(&answer, "lora_alpha", config != NULL ? config->lora_alpha : (double)NAN, NULL);
    answer_number(&answer, "scale", some ? targets[0].scale : (double)NAN, NULL);
    answer_number(&answer, "modules", (double)changed_modules(a->method), NULL);
    answer_text(&answer, "data", a->learned->data);
    answer_number(&answer, "norm_BA", change, NULL);
    return answer_end(&answer);
}

static Datum *run_adapter(VerbCall *call, Error *err)
{
    Learned *learned = learned_by_name(call->bench, args_operand(call->args, 0), err);
    Attached a;
    int64_t  bytes;
    Datum   *result = NULL;
    if (learned == NULL) return NULL;
    if (attached_open(&a, call->worker, learned, false, err) &&
        file_bytes(call->bench, a.method, &bytes, err)) {
        result = record(&a, bytes, err);
    }
    attached_close(&a);
    return result;
}

const Verb verb_adapter = {.command = {.name = "adapter",
                                       .operands = "NAME",
                                       .min_operands = 1,
                                       .max_operands = 1,
                                       .args = rows,
                                       .summary = "size, shape and norm of a trained adapter",
                                       .example = "f = adapter a"},
                           .fields = fields,
                           .run = run_adapter,
                           .changes = true};
