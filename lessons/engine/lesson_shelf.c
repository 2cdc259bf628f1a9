/*
 * The lessons that come along: NN-id.md in a folder "lessons" inside the data folder (where it is
 * installed) or beside it (in the source tree).
 */

#include <string.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/lab/lab.h"
#include "lessons/engine/lesson_parts.h"

/* "/x/lessons" for "/x/data". */
static char *folder_beside(const char *folder, const char *name, Error *err)
{
    Str path = {0};
    str_add_bytes(&path, folder, path_base(folder) - folder);
    str_add(&path, name);
    return str_take(&path, err);
}

static char *shelf_folder(const Lab *lab, Error *err)
{
    if (lab->data_folder == NULL) {
        error_set(err, ERR_INPUT, tr("the folder of data and lessons was not found"));
        error_hint(err, "%s", tr("set LORALAB_DATA to it"));
        return NULL;
    }
    char *inside = path_join(lab->data_folder, "lessons", err);
    if (inside == NULL || path_is_folder(inside)) return inside;
    mem_free(inside);
    char *beside = folder_beside(lab->data_folder, "lessons", err);
    if (beside == NULL || path_is_folder(beside)) return beside;
    error_set(err, ERR_INPUT, tr("there are no lessons at %s"), beside);
    mem_free(beside);
    return NULL;
}

/* "rank" of "01-rank.md"; n 0 for any other name, such as a translation's. */
static Slice id_of(const char *name)
{
    Slice s = slice_of(name);
    bool  numbered = s.n > 6 && name[0] >= '0' && name[0] <= '9' && name[1] >= '0' &&
                    name[1] <= '9' && name[2] == '-';
    if (!numbered || strcmp(name + s.n - 3, ".md") != 0) return (Slice){name, 0};
    Slice id = {name + 3, s.n - 6};
    return slice_is_name(id, "-") ? id : (Slice){name, 0};
}

static void free_names(char **names, Index count)
{
    for (Index i = 0; i < count; i++) mem_free(names[i]);
    mem_free(names);
}

bool lesson_shelf(const Lab *lab, char ***paths, Index *count, Error *err)
{
    char **names = NULL;
    Index  n = 0, kept = 0;
    char  *folder = shelf_folder(lab, err);
    bool   ok = folder != NULL && folder_list(folder, &names, &n, err);
    for (Index i = 0; ok && i < n; i++) { /* sorted, so in order of their numbers */
        char *path = NULL;
        if (id_of(names[i]).n > 0) {
            path = path_join(folder, names[i], err);
            ok = path != NULL;
        }
        mem_free(names[i]);
        names[i] = NULL;
        if (path != NULL) names[kept++] = path;
    }
    mem_free(folder);
    if (!ok) {
        free_names(names, n);
        return false;
    }
    *paths = names;
    *count = kept;
    return true;
}

static bool unknown_lesson(const char *name, char *const *paths, Index count, Error *err)
{
    Str         all = {0};
    const char *nearest = NULL;
    int         least = 4;
    for (Index i = 0; i < count; i++) {
        char  id[64] = "";
        Slice s = id_of(path_base(paths[i]));
        memcpy(id, s.text, (size_t)(s.n < 63 ? s.n : 63));
        str_addf(&all, "%s%s", i > 0 ? ", " : "", id);
        int distance = str_distance(name, id);
        if (distance >= least) continue;
        least = distance;
        nearest = path_base(paths[i]);
    }
    error_set(err, ERR_INPUT, tr("there is no lesson \"%.60s\"; there are %.300s"), name,
              str_text(&all));
    if (nearest != NULL) {
        Slice s = id_of(nearest);
        error_hint(err, tr("did you mean %.*s?"), (int)s.n, s.text);
    } else {
        error_hint(err, "%s", tr("a file of your own: loralab run ./NAME.md"));
    }
    str_free(&all);
    return false;
}

char *lesson_path(const Lab *lab, const char *name, Error *err)
{
    size_t n = strlen(name);
    char **paths = NULL, *path = NULL;
    Index  count = 0;
    bool   file = strchr(name, '/') != NULL || (n > 3 && strcmp(name + n - 3, ".md") == 0);
    if (file) return mem_strdup(name, err);
    if (!lesson_shelf(lab, &paths, &count, err)) return NULL;
    for (Index i = 0; i < count && path == NULL; i++) {
        const char *base = path_base(paths[i]);
        char        number[3] = {base[0], base[1], '\0'};
        if (slice_is(id_of(base), name) || strcmp(name, number) == 0 ||
            (base[0] == '0' && strcmp(name, number + 1) == 0)) {
            path = paths[i];
            paths[i] = NULL;
        }
    }
    if (path == NULL) unknown_lesson(name, paths, count, err);
    free_names(paths, count);
    return path;
}
