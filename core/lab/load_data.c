/* Loading a dataset for the base that the Lab holds. */

#include "core/lab/load_data.h"

#include <string.h>

#include "core/base/file.h"

bool data_is_file(const char *name)
{
    size_t n = strlen(name);
    bool   jsonl = n > 6 && strcmp(name + n - 6, ".jsonl") == 0;
    return jsonl || strchr(name, '/') != NULL || (path_exists(name) && !path_is_folder(name));
}

GrammarSplit split_by_name(const char *name)
{
    if (strcmp(name, "heldout") == 0) return GRAMMAR_HELDOUT;
    return strcmp(name, "combos") == 0 ? GRAMMAR_COMBOS : GRAMMAR_TRAIN;
}

static Dataset *load_task(Lab *lab, const DataRequest *request, const DataSpec *spec, char **sample,
                          Error *err)
{
    char    *path = lab_task_path(lab, request->name, err);
    Grammar *grammar = path != NULL ? grammar_load(path, err) : NULL;
    Dataset *data = NULL;

    if (grammar != NULL) {
        data =
            dataset_from_grammar(grammar, request->seed, request->split, request->count, spec, err);
    }
    if (data != NULL && sample != NULL) {
        *sample = mem_strdup(grammar_sample(grammar), err);
        if (*sample == NULL) {
            dataset_free(data);
            data = NULL;
        }
    }
    grammar_free(grammar);
    mem_free(path);
    return data;
}

Dataset *load_data(Lab *lab, const DataRequest *request, char **sample, Error *err)
{
    DataSpec spec = {.tok = lab->tok,
                     .config = &lab->model->config,
                     .folder = lab->model_folder,
                     .max_length = request->max_length};
    if (sample != NULL) *sample = NULL;
    if (!data_is_file(request->name)) return load_task(lab, request, &spec, sample, err);

    Dataset *data = dataset_read_jsonl(request->name, &spec, err);
    if (data == NULL || sample == NULL) return data;
    *sample = mem_strdup("", err);
    if (*sample != NULL) return data;
    dataset_free(data);
    return NULL;
}
