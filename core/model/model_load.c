/*
 * Loading a model folder. Tensors pass through one small piece of host memory on their way to
 * the backend, so that the peak is the model itself and not twice that.
 */

#include "core/model/model_internal.h"

#include "core/math/convert.h"

enum { PIECE = SAFETENSORS_PIECE / 4 }; /* elements */

typedef struct Loader {
    ModelOwner *owner;
    TensorFile *file;
    Hasher     *hasher;
    void       *raw;  /* a piece as stored */
    float      *wide; /* the same as float32 */
} Loader;

/* Matrices stay as they are stored, vectors become float32. */
static bool load_part(Loader *loader, const Part *part, Error *err)
{
    const TensorInfo *info = tensors_find(loader->file, part->name);
    CHECK(info != NULL && tensors_elements(info) == part->elements);
    for (Index first = 0; first < part->elements; first += PIECE) {
        Index       n = part->elements - first < PIECE ? part->elements - first : PIECE;
        const void *piece = loader->raw;
        if (!tensors_read_part(loader->file, info, first, n, loader->raw, err)) return false;
        if (part->dtype != info->dtype) {
            convert_to_f32(loader->wide, loader->raw, info->dtype, n);
            piece = loader->wide;
        }
        model_put(loader->owner, loader->hasher, part, first, piece, n);
    }
    return true;
}

static bool load_parts(Loader *loader, Error *err)
{
    ModelOwner *owner = loader->owner;
    if (!model_check_tensors(owner, loader->file, err) || !model_place(owner, err)) return false;
    loader->hasher = model_hasher(&owner->model.config, err);
    loader->raw = mem_alloc_raw(mem_program(), MEM_SCRATCH, PIECE, sizeof(float), err);
    loader->wide = mem_alloc_raw(mem_program(), MEM_SCRATCH, PIECE, sizeof(float), err);
    if (loader->hasher == NULL || loader->raw == NULL || loader->wide == NULL) return false;

    for (Index i = 0; i < owner->part_count; i++) {
        if (!load_part(loader, &owner->parts[i], err)) return false;
    }
    owner->model.hash = hasher_value(loader->hasher);
    return true;
}

Model *model_load(const char *folder, Backend *be, MemAccount *account, Error *err)
{
    ModelConfig config;
    Loader      loader = {0};
    bool        good = false;
    CHECK(be != NULL && account != NULL);
    if (!config_read(&config, folder, err)) return NULL;

    loader.owner = model_create(&config, be, account, err);
    if (loader.owner == NULL) return NULL;
    loader.owner->model.path = mem_strdup(folder, err);
    loader.file = loader.owner->model.path == NULL ? NULL : tensors_open_model(folder, err);
    if (loader.file != NULL) good = load_parts(&loader, err);

    mem_free(loader.wide);
    mem_free(loader.raw);
    if (loader.hasher != NULL) hasher_free(loader.hasher);
    tensors_close(loader.file);
    if (good) return &loader.owner->model;
    model_free(&loader.owner->model);
    return NULL;
}
