/* Sizes and checksums of a folder's files: writing them down and checking them again. */

#include "core/train/manifest.h"

#include <string.h>

#include "core/base/file.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"

#define MANIFEST_NAME "MANIFEST.json"
#define PIECE (1 << 20)

static bool add_file(File *file, Hasher *hasher, char *piece, Error *err)
{
    for (int64_t at = 0; at < file_size(file); at += PIECE) {
        int64_t left = file_size(file) - at;
        Index   n = left < PIECE ? (Index)left : PIECE;
        if (!file_read_at(file, piece, n, at, err)) return false;
        hasher_add(hasher, piece, n);
    }
    return true;
}

static bool sum_file(const char *path, int64_t *bytes, char sum[17], Error *err)
{
    File   *file = file_open(path, err);
    Hasher *hasher = file != NULL ? hasher_create(err) : NULL;
    char *piece = hasher != NULL ? mem_alloc_raw(mem_program(), MEM_SCRATCH, PIECE, 1, err) : NULL;
    bool  ok = piece != NULL && add_file(file, hasher, piece, err);
    if (ok) {
        *bytes = file_size(file);
        hash_print(hasher_value(hasher), sum);
    }
    mem_free(piece);
    hasher_free(hasher);
    file_close(file);
    return ok;
}

static bool sum_inside(const char *folder, const char *name, int64_t *bytes, char sum[17],
                       Error *err)
{
    char *path = path_join(folder, name, err);
    bool  ok = path != NULL && sum_file(path, bytes, sum, err);
    mem_free(path);
    return ok;
}

/* ---- the text, line by line ---- */

static void begin_text(Str *json)
{
    str_add(json, "{\n  \"version\": 1,\n  \"files\": {\n");
}

static void add_line(Str *json, bool first, const char *name, int64_t bytes, const char *sum)
{
    str_add(json, first ? "    " : ",\n    ");
    json_add_string(json, name, (Index)strlen(name));
    str_addf(json, ": {\"bytes\": %lld, \"xxh3\": \"%s\"}", (long long)bytes, sum);
}

static void end_text(Str *json)
{
    str_add(json, "\n  }\n}\n");
}

/* ---- writing ---- */

static bool add_entries(Str *json, const char *folder, char **names, Index count, Error *err)
{
    bool first = true;
    for (Index i = 0; i < count; i++) {
        int64_t bytes;
        char    sum[17];
        if (strcmp(names[i], MANIFEST_NAME) == 0) continue;
        if (!sum_inside(folder, names[i], &bytes, sum, err)) return false;
        add_line(json, first, names[i], bytes, sum);
        first = false;
    }
    return true;
}

bool manifest_write(const char *folder, Error *err)
{
    char **names;
    Index  count;
    if (!folder_list(folder, &names, &count, err)) return false;

    Str json = {0};
    begin_text(&json);
    bool  ok = add_entries(&json, folder, names, count, err);
    char *path = ok ? path_join(folder, MANIFEST_NAME, err) : NULL;
    end_text(&json);
    ok = path != NULL && str_ok(&json, err) && file_write_all(path, json.data, json.len, err);

    mem_free(path);
    str_free(&json);
    for (Index i = 0; i < count; i++) mem_free(names[i]);
    mem_free(names);
    return ok;
}

/* ---- checking ---- */

static bool check_entry(const Json *json, const char *folder, Index i, Str *again, Error *err)
{
    const JsonNode *entry;
    const char     *name = json_member(json_get(json_root(json), "files"), i, &entry);
    int64_t         want_bytes = 0, bytes = 0;
    const char     *want_sum = "";
    char            sum[17];

    if (!json_field_int(json, entry, "bytes", true, 0, INT64_MAX, &want_bytes, err)) return false;
    if (!json_field_string(json, entry, "xxh3", true, &want_sum, err)) return false;
    if (strchr(name, '/') != NULL) {
        return error_set(err, ERR_INPUT, "%s/%s: \"%s\" is not a plain file name", folder,
                         MANIFEST_NAME, name);
    }
    if (!sum_inside(folder, name, &bytes, sum, err)) return false;
    add_line(again, i == 0, name, bytes, sum);
    if (bytes == want_bytes && strcmp(sum, want_sum) == 0) return true;
    return error_set(err, ERR_INPUT,
                     "%s/%s: damaged: %lld bytes with checksum %s, the manifest says %lld and %s",
                     folder, name, (long long)bytes, sum, (long long)want_bytes, want_sum);
}

/* The manifest has no checksum of its own: written anew from the files, it must be the same. */
static bool check_text(const char *folder, const char *text, Index n, const Json *json, Error *err)
{
    const JsonNode *files = json_get(json_root(json), "files");
    if (!json_is_object(files)) {
        return error_set(err, ERR_INPUT, "%s/%s: field \"files\" is missing", folder,
                         MANIFEST_NAME);
    }
    Str  again = {0};
    bool ok = true;
    begin_text(&again);
    for (Index i = 0; ok && i < json_count(files); i++) {
        ok = check_entry(json, folder, i, &again, err);
    }
    end_text(&again);
    ok = ok && str_ok(&again, err);
    if (ok && (again.len != n || memcmp(again.data, text, (size_t)n) != 0)) {
        ok = error_set(err, ERR_INPUT, "%s/%s: damaged: it is not as it was written", folder,
                       MANIFEST_NAME);
    }
    str_free(&again);
    return ok;
}

bool manifest_check(const char *folder, Error *err)
{
    Index n = 0;
    char *path = path_join(folder, MANIFEST_NAME, err);
    char *text = path != NULL ? file_read_all(path, 1 << 20, &n, err) : NULL;
    Json *json = text != NULL ? json_parse(text, n, path, err) : NULL;
    bool  ok = json != NULL && check_text(folder, text, n, json, err);
    json_free(json);
    mem_free(text);
    mem_free(path);
    return ok;
}
