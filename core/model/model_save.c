/*
 * Writing a model folder. The base's files are opened again only to see how they are laid out
 * (which tensor in which shard, stored as what); the values come from memory. A new folder
 * appears whole; in a folder that exists each file is replaced whole, weights first.
 */

#include "core/model/model_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/math/convert.h"

enum { PIECE = SAFETENSORS_PIECE / 4 }; /* elements */

typedef struct SaveTensor {
    TensorOut     out;    /* data unused */
    const Part   *part;   /* whose bytes it has when nothing replaces them */
    const Module *module; /* whom the patch is asked about */
    Index         shard;
} SaveTensor;

typedef struct Save {
    const Model      *model;
    const ModelPatch *patch; /* may be NULL */
    bool              untie;
    SaveTensor       *tensors; /* shard by shard */
    Index             count;
    char            **shards; /* their file names */
    Index             shard_count;
    bool              indexed; /* more than just model.safetensors */
    void             *raw, *stored;
    float            *wide; /* pieces, see above */
} Save;

/* ---- the plan: which tensor goes where --------------------------------------------------- */

static void plan_tensor(Save *save, const Part *part, const Module *module, const char *name,
                        DType dtype, Index shard)
{
    SaveTensor *tensor = &save->tensors[save->count++];
    *tensor = (SaveTensor){.part = part, .module = module, .shard = shard};
    tensor->out = (TensorOut){.name = name, .dtype = dtype, .rank = part->rank};
    memcpy(tensor->out.shape, part->shape, (size_t)part->rank * sizeof *part->shape);
}

static void plan_head(Save *save, DType dtype, Index shard)
{
    const Part *embedding = model_part(model_owner(save->model), "model.embed_tokens.weight");
    plan_tensor(save, embedding, model_module(save->model, ROLE_HEAD, -1), "lm_head.weight", dtype,
                shard);
}

static bool changed(const Save *save, const char *name, Error *err)
{
    return error_set(err, ERR_INPUT,
                     "%s: tensor \"%.120s\" is no longer what it was when the model was loaded",
                     save->model->path, name);
}

static bool plan_shard(Save *save, const TensorFile *file, Index shard, Error *err)
{
    const TensorInfo *embedding = tensors_find(file, "model.embed_tokens.weight");
    for (Index i = 0; i < tensors_count(file); i++) {
        const TensorInfo *info = tensors_at(file, i);
        if (tensors_shard_of(file, info) != shard) continue;
        if (model_ignores(&save->model->config, info->name)) continue;

        const Part *part = model_part(model_owner(save->model), info->name);
        if (part == NULL || !info->readable || info->rank != part->rank ||
            memcmp(info->shape, part->shape, (size_t)part->rank * sizeof *part->shape) != 0) {
            return changed(save, info->name, err);
        }
        plan_tensor(save, part, part->module, part->name, info->dtype, shard);
    }
    if (save->untie && embedding != NULL && tensors_shard_of(file, embedding) == shard) {
        plan_head(save, embedding->dtype, shard);
    }
    return true;
}

static bool plan_shards(Save *save, Index count, Error *err)
{
    save->shards = mem_alloc(mem_program(), MEM_TEXT, count, sizeof *save->shards, err);
    if (save->shards != NULL) save->shard_count = count;
    return save->shards != NULL;
}

static bool plan_as_base(Save *save, Error *err)
{
    TensorFile *file = tensors_open_model(save->model->path, err);
    if (file == NULL) return false;
    bool good = plan_shards(save, tensors_shards(file), err);
    for (Index s = 0; good && s < tensors_shards(file); s++) {
        save->shards[s] = mem_strdup(tensors_shard_name(file, s), err);
        good = save->shards[s] != NULL && plan_shard(save, file, s, err);
    }
    Index wanted = model_owner(save->model)->part_count + (save->untie ? 1 : 0);
    if (good && save->count != wanted) good = changed(save, "(one is missing)", err);
    tensors_close(file);
    return good;
}

/* A model that never was on disk: everything in one file, as it is in memory. */
static bool plan_new(Save *save, Error *err)
{
    ModelOwner *owner = model_owner(save->model);
    if (!plan_shards(save, 1, err)) return false;
    save->shards[0] = mem_strdup("model.safetensors", err);
    if (save->shards[0] == NULL) return false;
    for (Index i = 0; i < owner->part_count; i++) {
        const Part *part = &owner->parts[i];
        plan_tensor(save, part, part->module, part->name, part->dtype, 0);
    }
    if (save->untie) plan_head(save, DTYPE_F32, 0);
    return true;
}

/* ---- values ----------------------------------------------------------------------------- */

/* Elements first .. first+n-1 of a tensor, in its stored type, in save->stored. `values`: what
 * replaces them, or NULL. Matrices whose type is that of the file pass through untouched. */
static const void *fetch(Save *save, const SaveTensor *tensor, const float *values, Index first,
                         Index n)
{
    Backend    *be = save->model->be;
    const Part *part = tensor->part;
    if (values == NULL) {
        const char *at = (const char *)part->data + first * dtype_bytes(part->dtype);
        be->get(be, save->raw, at, n * dtype_bytes(part->dtype));
        if (part->dtype == tensor->out.dtype) return save->raw;
        convert_to_f32(save->wide, save->raw, part->dtype, n);
        values = save->wide;
    } else {
        values += first;
    }
    convert_from_f32(save->stored, tensor->out.dtype, values, n);
    return save->stored;
}

/* What was finite may not fit the stored type. */
static bool check_finite(Save *save, const SaveTensor *tensor, const float *values, Index first,
                         Index n, Error *err)
{
    convert_to_f32(save->wide, save->stored, tensor->out.dtype, n);
    for (Index i = 0; i < n; i++) {
        if (isfinite(save->wide[i])) continue;
        return error_set(err, ERR_NUMERIC, "%s: tensor \"%s\": element %lld is %g, which %s",
                         save->shards[tensor->shard], tensor->out.name, (long long)(first + i),
                         (double)values[first + i],
                         isfinite(values[first + i]) ? "does not fit its stored type"
                                                     : "is not a finite number");
    }
    return true;
}

/* The patch's values for a tensor; NULL also where it failed, then with err set. */
static bool ask_patch(Save *save, const SaveTensor *tensor, const float **values, Error *err)
{
    Error failure = {0};
    *values = NULL;
    if (save->patch == NULL || save->patch->values == NULL) return true;
    *values =
        save->patch->values(save->patch->context, tensor->module, tensor->part->which, &failure);
    if (*values != NULL || failure.code == ERR_NONE) return true;
    (void)error_set(err, failure.code, "%s", failure.message);
    return failure.hint[0] == '\0' ? false : error_hint(err, "%s", failure.hint);
}

static bool write_tensor(Save *save, FileWriter *writer, const SaveTensor *tensor, Error *err)
{
    const float *values;
    if (!ask_patch(save, tensor, &values, err)) return false;
    for (Index first = 0; first < tensor->part->elements; first += PIECE) {
        Index       left = tensor->part->elements - first, n = left < PIECE ? left : PIECE;
        const void *piece = fetch(save, tensor, values, first, n);
        if (values != NULL && !check_finite(save, tensor, values, first, n, err)) return false;
        if (!file_write(writer, piece, n * dtype_bytes(tensor->out.dtype), err)) return false;
    }
    return true;
}

/* ---- files ------------------------------------------------------------------------------ */

static bool write_tensors(Save *save, FileWriter *writer, Index first, Index end, Error *err)
{
    TensorOut *outs = mem_alloc(mem_program(), MEM_TEXT, end - first, sizeof *outs, err);
    if (outs == NULL) return false;
    for (Index i = first; i < end; i++) outs[i - first] = save->tensors[i].out;
    bool good = tensors_write_header(writer, outs, end - first, NULL, err);
    for (Index i = first; good && i < end; i++) {
        good = write_tensor(save, writer, &save->tensors[i], err);
    }
    mem_free(outs);
    return good;
}

static bool write_shard(Save *save, const char *folder, Index shard, Error *err)
{
    Index first = 0;
    while (first < save->count && save->tensors[first].shard < shard) first++;
    Index end = first;
    while (end < save->count && save->tensors[end].shard == shard) end++;

    char       *path = path_join(folder, save->shards[shard], err);
    FileWriter *writer = path == NULL ? NULL : file_create(path, err);
    mem_free(path);
    if (writer == NULL) return false;
    if (write_tensors(save, writer, first, end, err)) return file_commit(writer, err);
    file_abandon(writer);
    return false;
}

static int by_tensor_name(const void *a, const void *b)
{
    return strcmp(((const SaveTensor *)a)->out.name, ((const SaveTensor *)b)->out.name);
}

/* The list of shards, as transformers lays it out. Sorts save->tensors: the last thing done. */
static bool write_index(Save *save, const char *folder, Error *err)
{
    int64_t elements = 0, bytes = 0;
    for (Index i = 0; i < save->count; i++) {
        elements += save->tensors[i].part->elements;
        bytes += save->tensors[i].part->elements * dtype_bytes(save->tensors[i].out.dtype);
    }
    Str text = {0};
    str_addf(&text, "{\n  \"metadata\": {\n    \"total_parameters\": %lld,\n", (long long)elements);
    str_addf(&text, "    \"total_size\": %lld\n  },\n  \"weight_map\": {", (long long)bytes);
    qsort(save->tensors, (size_t)save->count, sizeof *save->tensors, by_tensor_name);
    for (Index i = 0; i < save->count; i++) {
        const char *shard = save->shards[save->tensors[i].shard];
        str_addf(&text, "%s\n    \"%s\": \"%s\"", i > 0 ? "," : "", save->tensors[i].out.name,
                 shard);
    }
    str_add(&text, "\n  }\n}\n");
    char *path = path_join(folder, "model.safetensors.index.json", err);
    bool  good =
        path != NULL && str_ok(&text, err) && file_write_all(path, text.data, text.len, err);
    mem_free(path);
    str_free(&text);
    return good;
}

static bool write_folder(Save *save, const char *folder, Error *err)
{
    for (Index s = 0; s < save->shard_count; s++) {
        if (!write_shard(save, folder, s, err)) return false;
    }
    if (save->indexed && !write_index(save, folder, err)) return false;
    return model_save_config(save->model, folder, save->untie, err) &&
           model_copy_files(save->model, folder, err);
}

static bool make_parent(const char *folder, Error *err)
{
    Index len = path_base(folder) - folder;
    if (len == 0) return true;
    Str parent = {0};
    str_add_bytes(&parent, folder, len);
    bool good = str_ok(&parent, err) && folder_make(str_text(&parent), err);
    str_free(&parent);
    return good;
}

static bool write_staged(Save *save, const char *folder, Error *err)
{
    char *staged = NULL;
    if (!make_parent(folder, err) || !folder_stage(folder, &staged, err)) return false;
    bool good = write_folder(save, staged, err) && folder_commit(staged, folder, err);
    if (!good) (void)!folder_remove(staged, NULL);
    mem_free(staged);
    return good;
}

/* A single file that is already there would hide the shards from every reader. */
static bool check_room(const Save *save, const char *folder, Error *err)
{
    if (!save->indexed) return true;
    char *path = path_join(folder, "model.safetensors", err);
    if (path == NULL) return false;
    bool hidden = path_exists(path);
    mem_free(path);
    if (!hidden) return true;
    (void)error_set(err, ERR_INPUT,
                    "%s: has a model.safetensors already, beside which shards "
                    "would not be seen",
                    folder);
    return error_hint(err, "choose another folder or remove that file");
}

static bool prepare(Save *save, Error *err)
{
    Index most = model_owner(save->model)->part_count + 1;
    save->tensors = mem_alloc(mem_program(), MEM_TEXT, most, sizeof *save->tensors, err);
    save->raw = mem_alloc_raw(mem_program(), MEM_SCRATCH, PIECE, sizeof(float), err);
    save->stored = mem_alloc_raw(mem_program(), MEM_SCRATCH, PIECE, sizeof(float), err);
    save->wide = mem_alloc_raw(mem_program(), MEM_SCRATCH, PIECE, sizeof(float), err);
    if (save->tensors == NULL || save->raw == NULL || save->stored == NULL || save->wide == NULL) {
        return false;
    }
    if (save->model->path == NULL ? !plan_new(save, err) : !plan_as_base(save, err)) return false;
    save->indexed = save->shard_count > 1 || strcmp(save->shards[0], "model.safetensors") != 0;
    return true;
}

bool model_save(const Model *model, const char *folder, const ModelPatch *patch, Error *err)
{
    CHECK(model->be != NULL);
    Save save = {.model = model, .patch = patch};
    save.untie = patch != NULL && patch->untie && model->config.tied;
    bool good = prepare(&save, err);
    if (good && path_exists(folder)) {
        good = check_room(&save, folder, err) && write_folder(&save, folder, err);
    } else if (good) {
        good = write_staged(&save, folder, err);
    }
    for (Index s = 0; s < save.shard_count; s++) mem_free(save.shards[s]);
    mem_free(save.shards);
    mem_free(save.wide);
    mem_free(save.stored);
    mem_free(save.raw);
    mem_free(save.tensors);
    return good;
}
