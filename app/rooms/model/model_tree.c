/* Moving in the tree, opening its layers, switching modules in and out. */

#include "app/rooms/model/model_tree.h"

#include <string.h>

#include "app/rooms/model/base_outline.h"
#include "core/base/mem.h"

enum { PAGE = 10, RANK_MOST = 1024 };

/* ---- life ------------------------------------------------------------------------------- */

static void refresh(ModelTree *tree)
{
    tree_plan(tree);
    tree_make_rows(tree);
}

bool tree_open(ModelTree *tree, const Lab *lab, Error *err)
{
    *tree = (ModelTree){.lab = lab, .r = 8, .alpha = 16};
    tree->outline = base_outline(lab, &tree->base, err);
    if (tree->outline == NULL || !str_ok(&tree->base, err)) goto failed;
    Index modules = tree->outline->module_count, layers = tree->outline->config.L;
    tree->target = mem_alloc(mem_program(), MEM_TEXT, modules, sizeof *tree->target, err);
    tree->open = mem_alloc(mem_program(), MEM_TEXT, layers, sizeof *tree->open, err);
    if (tree->target == NULL || tree->open == NULL || !tree_reserve_rows(tree, err)) goto failed;
    if (layers > 0) tree->open[0] = true;
    if (!tree_match(tree, "all-linear", err)) goto failed; /* what train takes by itself */
    refresh(tree);
    return true;

failed:
    tree_close(tree);
    return false;
}

void tree_close(ModelTree *tree)
{
    model_free(tree->outline);
    mem_free(tree->target);
    mem_free(tree->open);
    mem_free(tree->rows);
    str_free(&tree->base);
    str_free(&tree->targets);
    str_free(&tree->fault);
    *tree = (ModelTree){0};
}

void tree_set_rank(ModelTree *tree, Index r)
{
    if (r < 1 || r > RANK_MOST) return;
    tree->r = r;
    tree->chosen = true;
    refresh(tree);
}

/* ---- settings --------------------------------------------------------------------------- */

void tree_settings(const ModelTree *tree, Str *out)
{
    if (tree->targets.len == 0) return;
    str_addf(out, "target_modules=%s", str_text(&tree->targets));
    if (tree->chosen) str_addf(out, " r=%td", tree->r);
}

static bool take_rank(ModelTree *tree, const char *text, Error *err)
{
    Index  r = 0;
    size_t digits = strspn(text, "0123456789");
    for (size_t i = 0; i < digits && digits < 6; i++) r = 10 * r + (text[i] - '0');
    if (text[digits] != '\0' || r < 1 || r > RANK_MOST) {
        return error_set(err, ERR_INPUT, tr("r is a whole number from 1 to %d"), RANK_MOST);
    }
    tree->r = r;
    tree->chosen = true;
    return true;
}

static bool take_word(ModelTree *tree, const char *word, Error *err)
{
    static const char targets[] = "target_modules=";
    if (strncmp(word, targets, sizeof targets - 1) == 0) {
        return tree_match(tree, word + sizeof targets - 1, err);
    }
    if (strncmp(word, "r=", 2) == 0) return take_rank(tree, word + 2, err);
    return true; /* another setting, which says nothing about modules */
}

bool tree_take(ModelTree *tree, const char *settings, Error *err)
{
    bool ok = true;
    while (ok && *settings != '\0') {
        Str    word = {0};
        size_t n = strcspn(settings, " ");
        str_add_bytes(&word, settings, (Index)n);
        ok = str_ok(&word, err) && (n == 0 || take_word(tree, str_text(&word), err));
        settings += n;
        settings += strspn(settings, " ");
        str_free(&word);
    }
    refresh(tree);
    return ok;
}

/* ---- switching -------------------------------------------------------------------------- */

static bool belongs(const ModelTree *tree, const ModelRow *row, Index i)
{
    const Module *module = &tree->outline->modules[i];
    switch (row->kind) {
    case MODEL_MODULE:
        return row->module == (int)i;
    case MODEL_LAYER:
        return module->layer == row->layer && module_is_linear(module);
    case MODEL_KIND:
        return (int)module->role == row->role;
    case MODEL_WHOLE:
        return module->role <= ROLE_DOWN;
    default:
        return false;
    }
}

/* All of the row in; out where all are in already. */
static bool toggle(ModelTree *tree)
{
    const ModelRow *row = &tree->rows[tree->selected];
    bool            any = false, all = true;
    for (Index i = 0; i < tree->outline->module_count; i++) {
        if (!belongs(tree, row, i) || !tree_adaptable(&tree->outline->modules[i])) continue;
        any = true;
        all = all && tree->target[i];
    }
    for (Index i = 0; any && i < tree->outline->module_count; i++) {
        if (belongs(tree, row, i)) tree->target[i] = !all;
    }
    refresh(tree);
    if (!any) str_add(&tree->fault, tr("a norm has no matrix: LoRA has nothing to add to"));
    return true;
}

/* ---- moving ----------------------------------------------------------------------------- */

static void move(ModelTree *tree, int by)
{
    int step = by > 0 ? 1 : -1;
    for (; by != 0; by -= step) {
        int next = tree->selected + step;
        while (next >= 0 && next < tree->count && tree->rows[next].kind == MODEL_TITLE) {
            next += step;
        }
        if (next < 0 || next >= tree->count) return;
        tree->selected = next;
    }
}

static bool set_open(ModelTree *tree, bool open)
{
    const ModelRow *row = &tree->rows[tree->selected];
    if (row->kind == MODEL_LAYER && row->open != open) {
        tree->open[row->layer] = open;
        tree_make_rows(tree);
        return true;
    }
    if (!open && row->kind == MODEL_MODULE && row->layer >= 0) { /* back to its layer */
        int layer = row->layer;
        while (tree->selected > 0 && (tree->rows[tree->selected].kind != MODEL_LAYER ||
                                      tree->rows[tree->selected].layer != layer)) {
            tree->selected--;
        }
        return true;
    }
    return row->kind == MODEL_LAYER;
}

const Module *tree_module(const ModelTree *tree)
{
    const ModelRow *row = &tree->rows[tree->selected];
    return row->kind == MODEL_MODULE ? &tree->outline->modules[row->module] : NULL;
}

static bool scale_rank(ModelTree *tree, Key key)
{
    if (key.cp == '+') tree_set_rank(tree, 2 * tree->r);
    if (key.cp == '-') tree_set_rank(tree, tree->r / 2);
    return key.cp == '+' || key.cp == '-';
}

bool tree_act(ModelTree *tree, Action action, Key key)
{
    switch (action) {
    case ACT_UP:
    case ACT_DOWN:
        move(tree, action == ACT_UP ? -1 : 1);
        return true;
    case ACT_PAGE_UP:
    case ACT_PAGE_DOWN:
        move(tree, action == ACT_PAGE_UP ? -PAGE : PAGE);
        return true;
    case ACT_FIRST:
    case ACT_LAST:
        move(tree, action == ACT_FIRST ? -tree->count : tree->count);
        return true;
    case ACT_RIGHT:
    case ACT_LEFT:
        return set_open(tree, action == ACT_RIGHT);
    case ACT_COMMIT:
        if (tree->rows[tree->selected].kind != MODEL_LAYER) return false;
        return set_open(tree, !tree->rows[tree->selected].open);
    case ACT_MARK:
        return toggle(tree);
    case ACT_TYPE:
        return scale_rank(tree, key);
    default:
        return false;
    }
}

bool tree_can(const ModelTree *tree, Action action)
{
    const ModelRow *row = &tree->rows[tree->selected];
    switch (action) {
    case ACT_COMMIT:
        return row->kind == MODEL_LAYER || (row->kind == MODEL_MODULE && row->mark != MARK_CANNOT);
    case ACT_MARK:
        return row->mark != MARK_CANNOT;
    case ACT_TYPE:
    case ACT_EDIT:
        return true;
    default:
        return false;
    }
}

/* ---- for the view ----------------------------------------------------------------------- */

static void view_pair(const ModelTree *tree, ModelView *view)
{
    const ModelRow *row = &tree->rows[tree->selected];
    for (Index i = 0; i < tree->outline->module_count; i++) {
        const Module *module = &tree->outline->modules[i];
        bool          one = row->kind == MODEL_MODULE || row->kind == MODEL_KIND;
        if (!one || !belongs(tree, row, i) || !tree_adaptable(module)) continue;
        view->pair_in = module->in;
        view->pair_out = module->out;
        return;
    }
}

void tree_view(const ModelTree *tree, ModelView *view)
{
    *view = (ModelView){.rows = tree->rows,
                        .count = tree->count,
                        .selected = tree->selected,
                        .r = tree->r,
                        .alpha = tree->alpha,
                        .targets = str_text(&tree->targets),
                        .fault = tree->fault.len > 0 ? str_text(&tree->fault) : NULL,
                        .planned = tree->planned,
                        .base = tree->outline->parameters,
                        .all = tree->outline->parameters,
                        .batch = tree->batch,
                        .length = tree->length};
    view_pair(tree, view);
    if (!tree->planned) return;
    view->trainable = tree->plan.trainable;
    view->all = tree->plan.all;
    view->percent = tree->plan.percent;
    memcpy(view->bytes, tree->plan.bytes, sizeof view->bytes);
    view->bytes_total = tree->plan.bytes_total;
}
