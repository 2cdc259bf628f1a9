/*
 * Writing an adapter folder in PEFT's layout. Tensors are float32 under PEFT's names, in the
 * order of the reference writer (larger elements first, then by name), so what was read comes
 * back byte for byte. Like PEFT's, the file of an adapted embedding or head also holds the
 * frozen matrix, as the base stores it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/adapt/lora_internal.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/model/safetensors.h"

const char lora_prefix[] = "base_model.model.";

typedef struct LoraOut {
    TensorOut *tensors; /* [count] */
    char (*names)[160];
    Index  count;
    float *values; /* of all parameters, on the host */
    void  *frozen[2];
} LoraOut;

static TensorOut *add_out(LoraOut *out, const char *name, const char *suffix)
{
    char *full = out->names[out->count];
    snprintf(full, sizeof *out->names, "%s%s%s", lora_prefix, name, suffix);
    TensorOut *tensor = &out->tensors[out->count++];
    *tensor = (TensorOut){.name = full, .dtype = DTYPE_F32};
    return tensor;
}

static void add_params(LoraOut *out, const ParamSet *set)
{
    for (Index i = 0; i < set->count; i++) {
        const Param *param = set->list[i];
        TensorOut   *tensor = add_out(out, param->name, "");
        bool         matrix = param->part == 'A' || param->part == 'B' || param->part == 'w';
        tensor->rank = matrix ? 2 : 1;
        tensor->shape[0] = matrix ? param->tensor.rows : param->tensor.cols;
        tensor->shape[1] = param->tensor.cols;
        tensor->data = out->values + param->offset;
    }
}

static bool add_frozen(LoraOut *out, const Lora *lora, ModuleRole role, int slot, Error *err)
{
    const Module *module = model_module(lora->method.model, role, -1);
    if (lora_pair(lora, module) == NULL) return true;
    Mat      w = module->weight;
    Backend *be = lora->method.model->be;
    Index    bytes = w.rows * w.cols * dtype_bytes(w.dtype);
    out->frozen[slot] = mem_alloc_raw(mem_program(), MEM_SCRATCH, bytes, 1, err);
    if (out->frozen[slot] == NULL) return false;
    be->get(be, out->frozen[slot], w.data, bytes);

    TensorOut *tensor = add_out(out, module->name, ".base_layer.weight");
    tensor->dtype = w.dtype;
    tensor->rank = 2;
    tensor->shape[0] = w.rows;
    tensor->shape[1] = w.cols;
    tensor->data = out->frozen[slot];
    return true;
}

static int in_file_order(const void *a, const void *b)
{
    const TensorOut *x = a, *y = b;
    Index            bytes = dtype_bytes(y->dtype) - dtype_bytes(x->dtype);
    return bytes != 0 ? (bytes > 0 ? 1 : -1) : strcmp(x->name, y->name);
}

static bool collect(LoraOut *out, const Lora *lora, Error *err)
{
    Index most = lora->method.params->count + 2;
    out->tensors = mem_alloc(mem_program(), MEM_TEXT, most, sizeof *out->tensors, err);
    if (out->tensors == NULL) return false;
    out->names = mem_alloc(mem_program(), MEM_TEXT, most, sizeof *out->names, err);
    if (out->names == NULL) return false;
    out->values = method_host_values(&lora->method, err);
    if (out->values == NULL) return false;
    add_params(out, lora->method.params);
    if (!add_frozen(out, lora, ROLE_EMBED, 0, err)) return false;
    if (!add_frozen(out, lora, ROLE_HEAD, 1, err)) return false;
    qsort(out->tensors, (size_t)out->count, sizeof *out->tensors, in_file_order);
    return true;
}

static void out_reset(LoraOut *out)
{
    mem_free(out->tensors);
    mem_free(out->names);
    mem_free(out->values);
    mem_free(out->frozen[0]);
    mem_free(out->frozen[1]);
}

static bool save_tensors(const Lora *lora, const char *folder, Error *err)
{
    LoraOut out = {0};
    char   *path = path_join(folder, lora->method.files[1], err);
    bool    ok = path != NULL && collect(&out, lora, err) &&
              tensors_write(path, out.tensors, out.count, NULL, err);
    out_reset(&out);
    mem_free(path);
    return ok;
}

/* PEFT replaces all-linear by the names that it found; so do we on disk. */
static bool spell_out(LoraConfig *config, const Lora *lora, Error *err)
{
    if (!lora_config_copy(config, &lora->config, err)) return false;
    if (!config->target_all_linear) return true;
    config->target_all_linear = false;
    name_list_free(&config->target_modules);
    for (Index i = 0; i < lora->count; i++) {
        const Module *module = &lora->method.model->modules[lora->targets[i].module];
        if (name_list_add(&config->target_modules, module->name, err)) continue;
        lora_config_free(config);
        return false;
    }
    return true;
}

static bool save_config(const Lora *lora, const char *folder, Error *err)
{
    LoraConfig config;
    if (!spell_out(&config, lora, err)) return false;
    Str text = {0};
    lora_config_write(&text, &config);
    char *path = path_join(folder, lora->method.files[0], err);
    bool  ok = path != NULL && str_ok(&text, err) && file_write_all(path, text.data, text.len, err);
    mem_free(path);
    str_free(&text);
    lora_config_free(&config);
    return ok;
}

bool lora_save(const Method *method, const char *folder, Error *err)
{
    const Lora *lora = lora_self(method);
    return save_tensors(lora, folder, err) && save_config(lora, folder, err);
}
