/* Shapes of the base. */

#include "app/rooms/model/base_outline.h"

#include "core/base/file.h"

Model *base_outline(const Lab *lab, Str *name, Error *err)
{
    ModelConfig config;
    if (lab->model != NULL) {
        if (name != NULL) str_add(name, path_base(lab->model_folder));
        return model_outline(&lab->model->config, err);
    }
    char *folder = lab_data_path(lab, "base/tiny", err);
    if (folder == NULL) return NULL;
    bool ok = config_read(&config, folder, err);
    if (name != NULL) str_add(name, path_base(folder));
    mem_free(folder);
    return ok ? model_outline(&config, err) : NULL;
}
