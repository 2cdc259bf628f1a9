/*
 * The tensors of a model folder: one file, or shards that an index lists. The index is believed
 * in nothing: a shard is a plain name inside the folder, holds exactly the tensors that the map
 * puts there, and no tensor is anywhere else.
 */

#include "core/model/safetensors_internal.h"

#include <stdlib.h>
#include <string.h>

#define ONE_FILE "model.safetensors"
#define INDEX_FILE "model.safetensors.index.json"

#define MAX_SHARDS 1000 /* each keeps a file open */

/* The index while it is checked. */
typedef struct ShardMap {
    const char     *path; /* of the index */
    const char     *folder;
    const JsonNode *weights; /* its "weight_map" */
    const char    **names;   /* distinct shard names, sorted */
    Index           count;
    NameTable       table; /* shard name -> position in names */
} ShardMap;

/* A name that cannot leave the folder. */
static bool is_plain_name(const char *name, Index len)
{
    return len > 0 && len <= 255 && (Index)strlen(name) == len && strchr(name, '/') == NULL &&
           strchr(name, '\\') == NULL && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static bool add_shard(ShardMap *map, const char *tensor, const JsonNode *value, Error *err)
{
    Index       len = 0;
    const char *name = json_string(value, &len);
    if (name == NULL) {
        return error_set(err, ERR_INPUT, "%s: field \"weight_map\": \"%.120s\" must be a string",
                         map->path, tensor);
    }
    if (!is_plain_name(name, len)) {
        return error_set(err, ERR_INPUT,
                         "%s: field \"weight_map\": \"%.120s\" is in \"%.120s\", which is not a "
                         "plain file name",
                         map->path, tensor, name);
    }
    if (names_find(&map->table, name) >= 0) return true;
    if (map->count == MAX_SHARDS) {
        return error_set(err, ERR_INPUT, "%s: field \"weight_map\": more than %d files", map->path,
                         MAX_SHARDS);
    }
    CHECK(names_add(&map->table, name, map->count));
    map->names[map->count++] = name;
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The distinct shards, in the order of their names; the table is filled again in that order. */
static bool collect_shards(ShardMap *map, Error *err)
{
    map->names = mem_alloc(mem_program(), MEM_TEXT, MAX_SHARDS, sizeof *map->names, err);
    if (map->names == NULL || !names_init(&map->table, MAX_SHARDS, err)) return false;

    for (Index i = 0; i < json_count(map->weights); i++) {
        const JsonNode *value;
        const char     *tensor = json_member(map->weights, i, &value);
        if (!add_shard(map, tensor, value, err)) return false;
    }
    if (map->count == 0) {
        return error_set(err, ERR_INPUT, "%s: field \"weight_map\": is empty", map->path);
    }
    qsort(map->names, (size_t)map->count, sizeof *map->names, by_name);
    names_reset(&map->table);
    if (!names_init(&map->table, MAX_SHARDS, err)) return false;
    for (Index s = 0; s < map->count; s++) CHECK(names_add(&map->table, map->names[s], s));
    return true;
}

static bool open_shards(TensorFile *file, const ShardMap *map, Error *err)
{
    file->shards = mem_alloc(mem_program(), MEM_TEXT, map->count, sizeof *file->shards, err);
    if (file->shards == NULL) return false;
    for (Index s = 0; s < map->count; s++) {
        char *path = path_join(map->folder, map->names[s], err);
        bool  good = path != NULL && shard_open(&file->shards[s], path, err);
        mem_free(path);
        if (!good) return error_hint(err, "it is listed in %s", map->path);
        file->shard_count++;
    }
    return tensors_index(file, err);
}

/* Every tensor of the map is in its shard; equal counts then mean that there is no other. */
static bool check_map(const TensorFile *file, const ShardMap *map, Error *err)
{
    for (Index i = 0; i < json_count(map->weights); i++) {
        const JsonNode   *value;
        const char       *tensor = json_member(map->weights, i, &value);
        const char       *shard = json_string(value, NULL);
        const TensorInfo *info = tensors_find(file, tensor);
        if (info == NULL) {
            return error_set(err, ERR_INPUT,
                             "%s: field \"weight_map\": \"%.120s\" is not in %.120s", map->path,
                             tensor, shard);
        }
        const char *found = tensors_shard_name(file, tensors_shard_of(file, info));
        if (strcmp(found, shard) != 0) {
            return error_set(err, ERR_INPUT,
                             "%s: field \"weight_map\": \"%.120s\" is in %.120s, not in %.120s",
                             map->path, tensor, found, shard);
        }
    }
    return true;
}

static bool check_no_other(const TensorFile *file, const ShardMap *map, Error *err)
{
    for (Index i = 0; i < tensors_count(file); i++) {
        const TensorInfo *info = tensors_at(file, i);
        if (json_get(map->weights, info->name) != NULL) continue;
        return error_set(err, ERR_INPUT, "%s: tensor \"%.120s\" is not listed in %s",
                         tensors_path(file, info), info->name, map->path);
    }
    return true;
}

static bool open_listed(TensorFile *file, ShardMap *map, const Json *json, Error *err)
{
    map->weights = json_get(json_root(json), "weight_map");
    if (!json_is_object(map->weights)) {
        return error_set(err, ERR_INPUT, "%s: field \"weight_map\": must be an object", map->path);
    }
    return collect_shards(map, err) && open_shards(file, map, err) && check_map(file, map, err) &&
           check_no_other(file, map, err);
}

static TensorFile *open_index(const char *folder, const char *path, Error *err)
{
    TensorFile *file = NULL;
    Json       *json = json_read(path, SAFETENSORS_MAX_HEADER, err);
    if (json == NULL) return NULL;
    ShardMap map = {.path = path, .folder = folder};
    bool     good = false;

    file = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *file, err);
    if (file != NULL) good = open_listed(file, &map, json, err);
    mem_free(map.names);
    names_reset(&map.table);
    json_free(json);
    if (good) return file;
    tensors_close(file);
    return NULL;
}

TensorFile *tensors_open_model(const char *folder, Error *err)
{
    TensorFile *file = NULL;
    char       *one = path_join(folder, ONE_FILE, err);
    char       *index = path_join(folder, INDEX_FILE, err);
    if (one == NULL || index == NULL) goto done;

    if (path_exists(one)) {
        file = tensors_open(one, err);
    } else if (path_exists(index)) {
        file = open_index(folder, index, err);
    } else {
        (void)error_set(err, ERR_INPUT, "%s: there is neither %s nor %s", folder, ONE_FILE,
                        INDEX_FILE);
        (void)error_hint(err, "only safetensors files are read; convert pytorch_model.bin first");
    }

done:
    mem_free(index);
    mem_free(one);
    return file;
}
