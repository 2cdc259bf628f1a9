/* `inspect`: what is stored in a model folder, an adapter folder or a safetensors file. */

#include <string.h>

#include "core/adapt/lora_config.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/lab/lab.h"
#include "core/lab/report.h"
#include "core/model/safetensors.h"

static int64_t elements(const TensorInfo *info)
{
    int64_t n = 1;
    for (int d = 0; d < info->rank; d++) n *= info->shape[d];
    return n;
}

static void add_tensor(Result *result, Value *list, const TensorInfo *info)
{
    Value *tensor = value_object(list, NULL);
    Str    name = {0}, shape = {0};

    value_text(tensor, "name", info->name, (Index)strlen(info->name));
    value_text(tensor, "dtype", info->dtype_text, (Index)strlen(info->dtype_text));
    Value *dims = value_list(tensor, "shape");
    for (int d = 0; d < info->rank; d++) {
        value_integer(dims, NULL, info->shape[d]);
        str_addf(&shape, "%s%lld", d > 0 ? ", " : "", (long long)info->shape[d]);
    }
    safe_name(&name, info->name);
    result_line(result, "  %-4s [%s]  %s", info->dtype_text, str_text(&shape), str_text(&name));
    result_used(result, &name);
    result_used(result, &shape);
}

static bool report_tensors(TensorFile *file, bool adapter, Result *result, Error *err)
{
    int64_t parameters = 0, bytes = 0;
    Str     count = {0}, size = {0};

    for (Index i = 0; i < tensors_count(file); i++) {
        parameters += elements(tensors_at(file, i));
        bytes += tensors_at(file, i)->bytes;
    }
    value_integer(result->root, "parameters", parameters);
    if (adapter) {
        value_integer(result->root, "trainable", parameters);
    } else {
        value_null(result->root, "trainable");
    }
    value_integer(result->root, "bytes", bytes);
    str_add_grouped(&count, parameters);
    str_add_bytes_count(&size, bytes);
    result_line(result, "%s parameters in %td tensors, %s", str_text(&count), tensors_count(file),
                str_text(&size));
    Value *list = value_list(result->root, "tensors");
    for (Index i = 0; i < tensors_count(file); i++) add_tensor(result, list, tensors_at(file, i));
    result_used(result, &count);
    result_used(result, &size);
    return result_ok(result, err);
}

static bool inside(const char *folder, const char *name, char **path, Error *err)
{
    *path = path_join(folder, name, err);
    return *path != NULL && path_exists(*path);
}

/* One line about the adapter's own settings. */
static bool report_config(const char *folder, Result *result, Error *err)
{
    LoraConfig config;
    lora_config_init(&config);
    bool ok = lora_config_read(&config, folder, err);
    if (ok) {
        result_line(result, "LoRA adapter: r %td, lora_alpha %g, use_rslora %s, bias %s", config.r,
                    config.lora_alpha, config.use_rslora ? "true" : "false",
                    config.bias == LORA_BIAS_NONE  ? "none"
                    : config.bias == LORA_BIAS_ALL ? "all"
                                                   : "lora_only");
    }
    lora_config_free(&config);
    return ok;
}

static bool report_model(const char *folder, Result *result, Error *err)
{
    ModelConfig c;
    if (!config_read(&c, folder, err)) return false;
    result_line(result,
                "%s: %td layers, width %td, %td query and %td key/value heads of %td, "
                "feed-forward %td, vocabulary %td, head %s",
                c.family == FAMILY_QWEN2 ? "Qwen2" : "Llama", c.L, c.D, c.H, c.G, c.K, c.F, c.V,
                c.tied ? "tied" : "of its own");
    return true;
}

static TensorFile *open_folder(const char *folder, bool *adapter, Result *result, Error *err)
{
    char       *path;
    TensorFile *file = NULL;

    *adapter = inside(folder, "adapter_config.json", &path, err);
    mem_free(path);
    if (!*adapter)
        return report_model(folder, result, err) ? tensors_open_model(folder, err) : NULL;
    path = path_join(folder, "adapter_model.safetensors", err);
    if (path != NULL && report_config(folder, result, err)) file = tensors_open(path, err);
    mem_free(path);
    return file;
}

bool cmd_inspect(Lab *lab, const Args *args, const Sink *sink, const Cancel *cancel, Result *result,
                 Error *err)
{
    const char *path = args_operand(args, 0);
    bool        adapter = false;
    (void)lab;
    (void)sink;
    (void)cancel;

    TensorFile *file =
        path_is_folder(path) ? open_folder(path, &adapter, result, err) : tensors_open(path, err);
    if (file == NULL) return false;
    bool ok = report_tensors(file, adapter, result, err);
    tensors_close(file);
    return ok;
}
