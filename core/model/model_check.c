/*
 * A model file must hold the tensors that config.json promises, in their shapes, and no others:
 * a weight that is silently left out, or left at random, makes a model that almost works. All
 * differences are gathered before the file is refused, for they explain each other.
 */

#include "core/model/model_internal.h"

#include <string.h>

enum { NAMED = 3 }; /* of each kind of complaint; the others are only counted */

typedef struct Complaint {
    Str   names;
    Index count;
} Complaint;

typedef struct Check {
    Complaint missing, different, unexpected;
    bool     *used; /* by tensor */
} Check;

static void complain(Complaint *complaint, const char *name)
{
    if (complaint->count < NAMED) {
        str_addf(&complaint->names, "%s%.90s", complaint->count > 0 ? ", " : "", name);
    } else if (complaint->count == NAMED) {
        str_add(&complaint->names, ", ...");
    }
    complaint->count++;
}

static void add_shape(Str *out, const int64_t *shape, int rank)
{
    str_add(out, "[");
    for (int i = 0; i < rank; i++) {
        str_addf(out, "%s%lld", i > 0 ? ", " : "", (long long)shape[i]);
    }
    str_add(out, "]");
}

static void complain_shape(Check *check, const TensorInfo *info, const int64_t *shape, int rank)
{
    complain(&check->different, info->name);
    if (check->different.count > NAMED) return;
    str_add(&check->different.names, " ");
    add_shape(&check->different.names, info->shape, info->rank);
    str_add(&check->different.names, " instead of ");
    add_shape(&check->different.names, shape, rank);
}

static bool same_shape(const TensorInfo *info, const int64_t *shape, int rank)
{
    return info->rank == rank && memcmp(info->shape, shape, (size_t)rank * sizeof *shape) == 0;
}

static void check_part(Check *check, Part *part, const TensorFile *file)
{
    const TensorInfo *info = tensors_find(file, part->name);
    if (info == NULL) {
        complain(&check->missing, part->name);
        return;
    }
    check->used[info - file->infos] = true;
    if (!same_shape(info, part->shape, part->rank)) {
        complain_shape(check, info, part->shape, part->rank);
    } else if (!info->readable) {
        complain(&check->different, info->name);
        if (check->different.count <= NAMED) {
            str_addf(&check->different.names, " is %s, not F32, F16 or BF16", info->dtype_text);
        }
    } else if (part->which == 'w') {
        part->dtype = info->dtype;
    }
}

bool model_ignores(const ModelConfig *config, const char *name)
{
    const char *end = strstr(name, ".rotary_emb.inv_freq");
    if (end != NULL && strcmp(end, ".rotary_emb.inv_freq") == 0) return true;
    return config->tied && strcmp(name, "lm_head.weight") == 0;
}

static void check_others(Check *check, const ModelOwner *owner, const TensorFile *file)
{
    const ModelConfig *config = &owner->model.config;
    const int64_t      head[2] = {config->V, config->D};
    for (Index i = 0; i < file->count; i++) {
        const TensorInfo *info = &file->infos[i];
        if (check->used[i]) continue;
        if (!model_ignores(config, info->name)) {
            complain(&check->unexpected, info->name);
        } else if (strcmp(info->name, "lm_head.weight") == 0 && !same_shape(info, head, 2)) {
            complain_shape(check, info, head, 2);
        }
    }
}

static void add_complaint(Str *out, const Complaint *complaint, const char *what)
{
    if (complaint->count == 0) return;
    str_addf(out, "%s%lld %s %s (%s)", out->len > 0 ? "; " : "", (long long)complaint->count,
             complaint->count == 1 ? "tensor is" : "tensors are", what,
             str_text(&complaint->names));
    if (complaint->names.failed) out->failed = true;
}

static bool report(const Check *check, const ModelOwner *owner, Error *err)
{
    Str text = {0};
    add_complaint(&text, &check->missing, "missing");
    add_complaint(&text, &check->different, "not what config.json says");
    add_complaint(&text, &check->unexpected, "unexpected");
    bool good = text.len == 0 && !text.failed;
    if (!good && str_ok(&text, err)) {
        (void)error_set(err, ERR_INPUT, "%s: %s", owner->model.path, str_text(&text));
    }
    str_free(&text);
    if (check->missing.count == 1 && strstr(str_text(&check->missing.names), "lm_head") != NULL) {
        return error_hint(err, "a model whose head is its embedding says "
                               "\"tie_word_embeddings\": true in config.json");
    }
    return good;
}

bool model_check_tensors(ModelOwner *owner, const TensorFile *file, Error *err)
{
    Check check = {0};
    check.used = mem_alloc(mem_program(), MEM_TEXT, file->count, sizeof *check.used, err);
    if (check.used == NULL) return false;
    for (Index i = 0; i < owner->part_count; i++) check_part(&check, &owner->parts[i], file);
    check_others(&check, owner, file);
    bool good = report(&check, owner, err);

    str_free(&check.missing.names);
    str_free(&check.different.names);
    str_free(&check.unexpected.names);
    mem_free(check.used);
    return good;
}
