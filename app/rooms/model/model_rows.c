/* The rows of the tree: the base, its modules layer by layer, then the kinds over all layers. */

#include <stdio.h>
#include <string.h>

#include "app/rooms/model/model_tree.h"
#include "core/base/mem.h"

static ModelRow *add_row(ModelTree *tree, ModelRowKind kind, int depth)
{
    CHECK(tree->count < tree->room);
    ModelRow *row = &tree->rows[tree->count++];
    *row = (ModelRow){.kind = kind, .depth = depth, .module = -1, .layer = -1, .role = -1};
    return row;
}

/* ---- one module ------------------------------------------------------------------------- */

static bool is_tied(const ModelTree *tree, const Module *module)
{
    return module->role == ROLE_HEAD && tree->outline->config.tied;
}

/* As they lie in memory: matrices in the stored type, vectors in float32. */
static int64_t bytes_of(const ModelTree *tree, const Module *module)
{
    int64_t matrix = (int64_t)module->weight.rows * module->weight.cols;
    if (is_tied(tree, module)) return 0;
    if (module->gain != NULL) return module_parameters(module) * (int64_t)sizeof(float);
    return matrix * dtype_bytes(tree->outline->config.dtype) +
           (module_parameters(module) - matrix) * (int64_t)sizeof(float);
}

/* Counted into a row of one or many. */
static void count_in(const ModelTree *tree, ModelRow *row, Index i)
{
    const Module *module = &tree->outline->modules[i];
    row->bytes += bytes_of(tree, module);
    row->parameters += is_tied(tree, module) ? 0 : module_parameters(module);
    if (!tree_adaptable(module)) return;
    bool counted = row->kind == MODEL_MODULE || row->kind == MODEL_KIND ||
                   (module->role <= ROLE_DOWN || tree->target[i]);
    row->of += counted;
    if (!tree->target[i]) return;
    row->in++;
    row->r = tree->r;
    row->added += tree->r * (module->in + module->out);
}

static void set_mark(ModelRow *row)
{
    row->mark = row->of == 0         ? MARK_CANNOT
                : row->in == 0       ? MARK_OUT
                : row->in == row->of ? MARK_IN
                                     : MARK_PART;
}

static const char *embed_name(const ModelTree *tree)
{
    const char *name = model_module(tree->outline, ROLE_EMBED, -1)->name;
    const char *dot = strrchr(name, '.');
    return dot != NULL ? dot + 1 : name;
}

static void add_module(ModelTree *tree, Index i, int depth)
{
    const Module *module = &tree->outline->modules[i];
    ModelRow     *row = add_row(tree, MODEL_MODULE, depth);
    const char   *name = module->name;
    if (strncmp(name, "model.", 6) == 0) name += 6;
    if (module->layer >= 0 && strncmp(name, "layers.", 7) == 0) {
        const char *dot = strchr(name + 7, '.');
        if (dot != NULL) name = dot + 1;
    }
    snprintf(row->label, sizeof row->label, "%.63s", name);
    if (module->gain != NULL) {
        snprintf(row->shape, sizeof row->shape, "%td", module->out);
        snprintf(row->dtype, sizeof row->dtype, "F32");
    } else {
        snprintf(row->shape, sizeof row->shape, "%td × %td", module->weight.rows,
                 module->weight.cols);
        snprintf(row->dtype, sizeof row->dtype, "%s", dtype_name(tree->outline->config.dtype));
    }
    if (is_tied(tree, module)) snprintf(row->tied, sizeof row->tied, "%.47s", embed_name(tree));
    row->module = (int)i;
    row->layer = module->layer;
    row->role = (int)module->role;
    count_in(tree, row, i);
    set_mark(row);
}

/* ---- rows of many ----------------------------------------------------------------------- */

static void add_layer(ModelTree *tree, Index layer)
{
    const Model *model = tree->outline;
    ModelRow    *row = add_row(tree, MODEL_LAYER, 0);
    row->layer = (int)layer;
    row->open = tree->open[layer];
    snprintf(row->label, sizeof row->label, "layers.%td", layer);
    for (Index i = 0; i < model->module_count; i++) {
        if (model->modules[i].layer == (int)layer) count_in(tree, row, i);
    }
    set_mark(row);
    for (Index i = 0; tree->open[layer] && i < model->module_count; i++) {
        if (model->modules[i].layer == (int)layer) add_module(tree, i, 1);
    }
}

static void add_whole(ModelTree *tree)
{
    ModelRow *row = add_row(tree, MODEL_WHOLE, 0);
    snprintf(row->label, sizeof row->label, tr("%.40s, the base"), str_text(&tree->base));
    for (Index i = 0; i < tree->outline->module_count; i++) count_in(tree, row, i);
    set_mark(row);
}

static void add_kind(ModelTree *tree, ModuleRole role)
{
    ModelRow *row = add_row(tree, MODEL_KIND, 0);
    row->role = (int)role;
    for (Index i = 0; i < tree->outline->module_count; i++) {
        const Module *module = &tree->outline->modules[i];
        if (module->role != role) continue;
        const char *dot = strrchr(module->name, '.');
        snprintf(row->label, sizeof row->label, "%.60s", dot != NULL ? dot + 1 : module->name);
        snprintf(row->shape, sizeof row->shape, "%td × %td", module->weight.rows,
                 module->weight.cols);
        snprintf(row->dtype, sizeof row->dtype, "%s", dtype_name(tree->outline->config.dtype));
        count_in(tree, row, i);
    }
    set_mark(row);
}

static void add_role(ModelTree *tree, ModuleRole role)
{
    for (Index i = 0; i < tree->outline->module_count; i++) {
        if (tree->outline->modules[i].role == role) add_module(tree, i, 0);
    }
}

bool tree_reserve_rows(ModelTree *tree, Error *err)
{
    /* Every module once, every layer, the base, a title, the seven kinds. */
    tree->room = (int)(tree->outline->module_count + tree->outline->config.L) + 2 + ROLE_DOWN + 1;
    tree->rows = mem_alloc(mem_program(), MEM_TEXT, tree->room, sizeof *tree->rows, err);
    return tree->rows != NULL;
}

void tree_make_rows(ModelTree *tree)
{
    tree->count = 0;
    add_whole(tree);
    add_role(tree, ROLE_EMBED);
    for (Index layer = 0; layer < tree->outline->config.L; layer++) add_layer(tree, layer);
    add_role(tree, ROLE_FINAL_NORM);
    add_role(tree, ROLE_HEAD);
    ModelRow *title = add_row(tree, MODEL_TITLE, 0);
    snprintf(title->label, sizeof title->label, "%s", tr("by kind, over all layers"));
    for (ModuleRole role = ROLE_Q; role <= ROLE_DOWN; role++) add_kind(tree, role);
    if (tree->selected >= tree->count) tree->selected = tree->count - 1;
}
