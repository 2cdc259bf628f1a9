/* The lists of matrices that can be chosen. */

#include "app/rooms/matrix/matrix_source.h"

#include <string.h>

#include "app/rooms/model/base_outline.h"
#include "core/adapt/lora_config.h"
#include "core/base/file.h"
#include "core/base/mem.h"

static const struct {
    const char *label, *detail, *text;
} presets[] = {
    {"A of lesson 1", "3 × 3, rows that are multiples", "matrix rows=\"1 2 3; 2 4 6; 3 6 9\""},
    {"B of lesson 1", "3 × 3, a row that is a sum", "matrix rows=\"1 2 3; 7 11 5; 8 13 8\""},
    {"C of lesson 1", "3 × 3, the identity", "matrix identity=3"},
    {"W of lesson 2", "10 × 10, a product of rank 2",
     "P = matrix random=10x2\nQ = matrix random=2x10\nmatmul P Q"},
    {"letters", "32 × 32, a picture", "matrix picture=letters"},
    {"rings", "32 × 32, a picture", "matrix picture=rings"},
    {"stripes", "32 × 32, a picture", "matrix picture=stripes"},
};

/* ---- life ------------------------------------------------------------------------------- */

void source_free(MatrixSource *source)
{
    mem_free(source->label);
    mem_free(source->detail);
    mem_free(source->text);
    mem_free(source->folder);
    mem_free(source->module);
    *source = (MatrixSource){0};
}

void sources_free(SourceList *sources)
{
    for (Index i = 0; i < sources->count; i++) source_free(&sources->list[i]);
    mem_free(sources->list);
    *sources = (SourceList){0};
}

static bool copy_text(char **to, const char *from, Error *err)
{
    if (from != NULL) *to = mem_strdup(from, err);
    return from == NULL || *to != NULL;
}

bool source_copy(MatrixSource *to, const MatrixSource *from, Error *err)
{
    *to = (MatrixSource){.kind = from->kind};
    if (copy_text(&to->label, from->label, err) && copy_text(&to->detail, from->detail, err) &&
        copy_text(&to->text, from->text, err) && copy_text(&to->folder, from->folder, err) &&
        copy_text(&to->module, from->module, err)) {
        return true;
    }
    source_free(to);
    return false;
}

/* A copy of `source` at the end; its texts are borrowed. */
static bool add(SourceList *sources, const MatrixSource *source, Error *err)
{
    MatrixSource *larger =
        mem_resize(sources->list, mem_program(), MEM_TEXT, sources->count + 1, sizeof *larger, err);
    if (larger == NULL) return false;
    sources->list = larger;
    if (!source_copy(&larger[sources->count], source, err)) return false;
    sources->count++;
    return true;
}

static bool add_named(SourceList *sources, SourceKind kind, const char *label, const char *detail,
                      const char *folder, const char *module, Error *err)
{
    union { /* copied, never written */
        const char *in;
        char       *out;
    } texts[4] = {{.in = label}, {.in = detail}, {.in = folder}, {.in = module}};
    MatrixSource source = {.kind = kind,
                           .label = texts[0].out,
                           .detail = texts[1].out,
                           .folder = texts[2].out,
                           .module = texts[3].out};
    return add(sources, &source, err);
}

/* ---- the first list --------------------------------------------------------------------- */

static bool add_presets(SourceList *sources, Error *err)
{
    bool ok = add_named(sources, SOURCE_HEADING, tr("of the lessons"), NULL, NULL, NULL, err);
    for (size_t i = 0; ok && i < sizeof presets / sizeof *presets; i++) {
        ok = add_named(sources, SOURCE_LINES, presets[i].label, presets[i].detail, NULL, NULL, err);
        MatrixSource *last = &sources->list[sources->count - 1];
        if (ok) ok = copy_text(&last->text, presets[i].text, err);
    }
    return ok && add_named(sources, SOURCE_HEADING, tr("of the model"), NULL, NULL, NULL, err) &&
           add_named(sources, SOURCE_WEIGHTS, tr("a weight of the base"), tr("layer by layer"),
                     NULL, NULL, err);
}

static bool add_run(SourceList *sources, const char *runs, const char *name, Error *err)
{
    Str   label = {0};
    char *folder = path_join(runs, name, err);
    char *config = folder != NULL ? path_join(folder, "adapter_config.json", err) : NULL;
    bool  ok = config != NULL;
    str_addf(&label, tr("learned in %s"), name);
    if (ok && path_exists(config)) {
        ok = str_ok(&label, err) && add_named(sources, SOURCE_LEARNED, str_text(&label),
                                              tr("the change BA"), folder, NULL, err);
    }
    mem_free(config);
    mem_free(folder);
    str_free(&label);
    return ok;
}

bool sources_first(SourceList *sources, const Lab *lab, Error *err)
{
    char **names = NULL;
    Index  count = 0;
    *sources = (SourceList){0};
    char *runs = path_join(lab->state_folder, "runs", err);
    bool  ok = runs != NULL && add_presets(sources, err);
    if (ok && path_is_folder(runs)) ok = folder_list(runs, &names, &count, err);
    for (Index i = 0; i < count; i++) {
        if (ok && names[i][0] != '.') ok = add_run(sources, runs, names[i], err);
        mem_free(names[i]);
    }
    mem_free(names);
    mem_free(runs);
    if (!ok) sources_free(sources);
    return ok;
}

/* ---- modules ---------------------------------------------------------------------------- */

static bool add_module(SourceList *sources, const MatrixSource *of, const Module *module,
                       Error *err)
{
    Str         detail = {0};
    const char *name = strncmp(module->name, "model.", 6) == 0 ? module->name + 6 : module->name;
    SourceKind  kind = of->kind == SOURCE_WEIGHTS ? SOURCE_WEIGHT : SOURCE_LEARNED;
    str_addf(&detail, "%td × %td", module->weight.rows, module->weight.cols);
    bool ok = str_ok(&detail, err) &&
              add_named(sources, kind, name, str_text(&detail), of->folder, module->name, err);
    str_free(&detail);
    return ok;
}

static bool add_learned(SourceList *sources, const Model *model, const MatrixSource *of, Error *err)
{
    LoraConfig  config;
    LoraTarget *targets = NULL;
    Index       count = 0;
    if (!lora_config_read(&config, of->folder, err)) return false;
    bool ok = lora_match(&config, model, &targets, &count, err);
    for (Index i = 0; ok && i < count; i++) {
        ok = add_module(sources, of, &model->modules[targets[i].module], err);
    }
    mem_free(targets);
    lora_config_free(&config);
    return ok;
}

bool sources_behind(SourceList *sources, const Lab *lab, const MatrixSource *source, Error *err)
{
    *sources = (SourceList){0};
    Model *model = base_outline(lab, NULL, err);
    bool   ok = model != NULL;
    if (ok && source->kind == SOURCE_LEARNED) {
        ok = add_learned(sources, model, source, err);
    } else {
        for (Index i = 0; ok && i < model->module_count; i++) {
            const Module *module = &model->modules[i];
            bool          tied = module->role == ROLE_HEAD && model->config.tied;
            if (module->gain == NULL && !tied) ok = add_module(sources, source, module, err);
        }
    }
    model_free(model);
    if (!ok) sources_free(sources);
    return ok;
}
