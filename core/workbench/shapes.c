/* Shapes of models that are not here: a config.json each, in the data folder. */

#include <string.h>

#include "core/base/file.h"
#include "core/workbench/study.h"

/* The names in the folder, for a hint. What cannot be listed is not told. */
static void list_shapes(const char *folder, Str *names)
{
    char **files;
    Index  count;
    if (!folder_list(folder, &files, &count, NULL)) return;
    for (Index i = 0; i < count; i++) {
        str_addf(names, "%s%s", i > 0 ? ", " : "", files[i]);
        mem_free(files[i]);
    }
    mem_free(files);
}

/* Letters, digits, '-' and '.' inside: nothing that could lead out of the folder. */
static bool is_shape_name(const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
    return name[0] != '\0' && name[0] != '.' && name[strspn(name, plain)] == '\0';
}

static bool refuse(const char *folder, const char *name, Error *err)
{
    Str names = {0};
    error_set(err, ERR_INPUT, "shape: there is no model \"%.60s\" among the shapes", name);
    list_shapes(folder, &names);
    if (names.len > 0) error_hint(err, "known: %s", str_text(&names));
    str_free(&names);
    return false;
}

static bool read_shape(const char *folder, const char *name, ModelConfig *config, Error *err)
{
    if (!is_shape_name(name)) return refuse(folder, name, err);
    char *path = path_join(folder, name, err);
    if (path == NULL) return false;
    bool ok = path_is_folder(path) ? config_read(config, path, err) : refuse(folder, name, err);
    mem_free(path);
    return ok;
}

Model *shape_outline(const Lab *lab, const char *name, Error *err)
{
    ModelConfig config;
    char       *folder = lab_data_path(lab, "shapes", err);
    if (folder == NULL) return NULL;
    bool ok = read_shape(folder, name, &config, err);
    mem_free(folder);
    return ok ? model_outline(&config, err) : NULL;
}
