/*
 * Reading adapter_model.safetensors. Every parameter of the configuration must be there in its
 * shape; what is there beyond them is counted, so that a wrong prefix or a misspelled target
 * shows. PEFT only warns of either, and the adapter then does nothing.
 */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/adapt/lora_internal.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/model/safetensors.h"

typedef struct LoraIn {
    Lora       *lora;
    TensorFile *file;
    const char *path;
    float      *host;   /* room for the largest parameter */
    Index       frozen; /* matrices of the base that are there too */
} LoraIn;

/* ---- complaints ------------------------------------------------------------------------- */

static void print_shape(char *out, size_t n, int rank, const int64_t *shape)
{
    size_t at = (size_t)snprintf(out, n, "[");
    for (int i = 0; i < rank && at < n; i++) {
        at += (size_t)snprintf(out + at, n - at, "%s%lld", i > 0 ? ", " : "", (long long)shape[i]);
    }
    if (at < n) snprintf(out + at, n - at, "]");
}

/* Which of our sizes the file contradicts: the rank, or the base's. */
static bool refuse_shape(const LoraIn *in, const TensorInfo *info, const Param *param, int rank,
                         const int64_t *want, Error *err)
{
    char is[96], ought[96];
    print_shape(is, sizeof is, info->rank, info->shape);
    print_shape(ought, sizeof ought, rank, want);
    (void)error_set(err, ERR_INPUT,
                    "%s: tensor \"%s\" has the shape %s where r and the base ask "
                    "for %s",
                    in->path, info->name, is, ought);
    int  r_at = param->part == 'B' ? 1 : 0;
    bool same_rest = info->rank == 2 && rank == 2 && info->shape[1 - r_at] == want[1 - r_at];
    if ((param->part == 'A' || param->part == 'B') && same_rest) {
        return error_hint(err, "its rank is %lld, adapter_config.json says %lld (r, rank_pattern)",
                          (long long)info->shape[r_at], (long long)want[r_at]);
    }
    return error_hint(err, "the adapter was made for a model of other sizes");
}

static bool is_known(const LoraIn *in, const char *name)
{
    size_t n = strlen(lora_prefix);
    return strncmp(name, lora_prefix, n) == 0 &&
           params_find(in->lora->method.params, name + n) != NULL;
}

static bool refuse_missing(const LoraIn *in, const char *first, Error *err)
{
    (void)error_set(err, ERR_INPUT,
                    "%s: tensor \"%s\" is missing (the first of %td; %td are there "
                    "as expected)",
                    in->path, first, in->lora->method.loaded.missing,
                    in->lora->method.loaded.matched);
    for (Index i = 0; i < tensors_count(in->file); i++) {
        const char *name = tensors_at(in->file, i)->name;
        if (is_known(in, name)) continue;
        Str shown = {0};
        safe_text(&shown, name, (Index)strlen(name), false, 100);
        (void)error_hint(err, "the file has \"%s\" instead", str_text(&shown));
        str_free(&shown);
        return false;
    }
    return error_hint(err, "adapter_config.json names modules that the file does not have");
}

/* ---- values ----------------------------------------------------------------------------- */

static const TensorInfo *find_tensor(const LoraIn *in, const char *name, const char *suffix)
{
    char full[200];
    int  n = snprintf(full, sizeof full, "%s%s%s", lora_prefix, name, suffix);
    CHECK(n > 0 && n < (int)sizeof full);
    return tensors_find(in->file, full);
}

static bool shape_is(const TensorInfo *info, int rank, const int64_t *want)
{
    if (info->rank != rank) return false;
    for (int i = 0; i < rank; i++) {
        if (info->shape[i] != want[i]) return false;
    }
    return true;
}

static bool read_param(LoraIn *in, Param *param, const TensorInfo *info, Error *err)
{
    const Tensor *t = &param->tensor;
    bool          matrix = param->part == 'A' || param->part == 'B' || param->part == 'w';
    int64_t       want[2] = {matrix ? t->rows : t->cols, t->cols};
    if (!shape_is(info, matrix ? 2 : 1, want)) {
        return refuse_shape(in, info, param, matrix ? 2 : 1, want, err);
    }
    if (!tensors_read_f32(in->file, info, in->host, err)) return false;
    param_put(in->lora->method.params, param, in->host);
    return true;
}

static bool read_params(LoraIn *in, Error *err)
{
    ParamSet   *set = in->lora->method.params;
    LoadCount  *loaded = &in->lora->method.loaded;
    const char *missing = NULL;
    char        name[200];
    for (Index i = 0; i < set->count; i++) {
        const TensorInfo *info = find_tensor(in, set->list[i]->name, "");
        if (info == NULL) {
            if (loaded->missing++ == 0) missing = set->list[i]->name;
            continue;
        }
        loaded->matched++;
        if (!read_param(in, set->list[i], info, err)) return false;
    }
    if (missing == NULL) return true;
    snprintf(name, sizeof name, "%s%s", lora_prefix, missing);
    return refuse_missing(in, name, err);
}

/* ---- the frozen matrix of an adapted embedding or head ---------------------------------- */

static bool compare_rows(LoraIn *in, const TensorInfo *info, const Module *module,
                         const float *stored, const float *base, Error *err)
{
    double off = 0.0, norm = 0.0;
    for (Index i = 0; i < module->weight.rows * module->weight.cols; i++) {
        double d = (double)stored[i] - (double)base[i];
        off += d * d;
        norm += (double)base[i] * (double)base[i];
    }
    if (sqrt(off) <= 0.01 * sqrt(norm)) return true; /* another storage type differs by 0.004 */
    return error_set(err, ERR_INPUT,
                     "%s: tensor \"%s\" is not the base's matrix (they differ by "
                     "%.3g of its norm): the adapter belongs to another base",
                     in->path, info->name, sqrt(off / norm));
}

/* PEFT would put this matrix into the base; the base here stays as it is, so they must agree. */
static bool check_frozen(LoraIn *in, ModuleRole role, Error *err)
{
    Model            *model = in->lora->method.model;
    const Module     *module = model_module(model, role, -1);
    const TensorInfo *info = find_tensor(in, module->name, ".base_layer.weight");
    if (info == NULL || lora_pair(in->lora, module) == NULL) return true;
    in->frozen++;

    Mat     w = module->weight;
    int64_t want[2] = {w.rows, w.cols};
    if (!shape_is(info, 2, want)) {
        return error_set(err, ERR_INPUT,
                         "%s: tensor \"%s\" does not have the base's shape "
                         "[%td, %td]",
                         in->path, info->name, w.rows, w.cols);
    }
    ParamSet *rows = params_create(model->be, mem_program(), err);
    if (rows == NULL) return false;
    Index  n = w.rows * w.cols, index = module - model->modules;
    float *host = mem_alloc_raw(mem_program(), MEM_SCRATCH, 2 * n, sizeof *host, err);
    Param *copy = method_add_copy(rows, model, (int)index, 'w', "", err);
    bool   ok = host != NULL && copy != NULL && params_build(rows, false, err) &&
              method_fill_copy(rows, copy, model, err) &&
              tensors_read_f32(in->file, info, host, err);
    if (ok) {
        param_get(rows, copy, host + n);
        ok = compare_rows(in, info, module, host, host + n, err);
    }
    mem_free(host);
    params_free(rows);
    return ok;
}

/* ---- the file --------------------------------------------------------------------------- */

static Index largest_param(const ParamSet *set)
{
    Index most = 0;
    for (Index i = 0; i < set->count; i++) {
        Index n = set->list[i]->tensor.rows * set->list[i]->tensor.cols;
        if (n > most) most = n;
    }
    return most;
}

static bool read_file(LoraIn *in, Error *err)
{
    LoadCount *loaded = &in->lora->method.loaded;
    in->file = tensors_open(in->path, err);
    if (in->file == NULL) return false;
    in->host = mem_alloc_raw(mem_program(), MEM_SCRATCH, largest_param(in->lora->method.params),
                             sizeof *in->host, err);
    if (in->host == NULL || !read_params(in, err)) return false;
    if (!check_frozen(in, ROLE_EMBED, err) || !check_frozen(in, ROLE_HEAD, err)) return false;
    loaded->matched += in->frozen;
    loaded->unexpected = tensors_count(in->file) - loaded->matched;
    return true;
}

/* An older file is a Python pickle, which runs code when it is read. */
static bool refuse_pickle(const char *folder, const char *path, Error *err)
{
    char *pickle = path_join(folder, "adapter_model.bin", err);
    if (pickle == NULL) return false;
    bool there = !path_exists(path) && path_exists(pickle);
    mem_free(pickle);
    if (!there) return true;
    (void)error_set(err, ERR_INPUT,
                    "%s: adapter_model.bin is a pickle, only "
                    "adapter_model.safetensors is read",
                    folder);
    return error_hint(err, "save it again with a PEFT that writes safetensors");
}

bool lora_read_values(Lora *lora, const char *folder, Error *err)
{
    char *path = path_join(folder, lora->method.files[1], err);
    if (path == NULL) return false;
    LoraIn in = {.lora = lora, .path = path};
    bool   ok = refuse_pickle(folder, path, err) && read_file(&in, err);
    mem_free(in.host);
    tensors_close(in.file);
    mem_free(path);
    return ok;
}
