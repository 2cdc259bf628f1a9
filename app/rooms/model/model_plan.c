/* From switched modules to the words of --target_modules, and from those to counts: the same steps
 * that `train` and `plan` take. */

#include <string.h>

#include "app/rooms/model/model_tree.h"
#include "core/base/mem.h"
#include "core/lab/train_settings.h"

bool tree_adaptable(const Module *module)
{
    return module_is_linear(module) || module->role == ROLE_EMBED;
}

/* ---- the text --------------------------------------------------------------------------- */

static const char *last_name(const Module *module)
{
    const char *dot = strrchr(module->name, '.');
    return dot != NULL ? dot + 1 : module->name;
}

static void add_name(Str *out, const char *name)
{
    str_addf(out, "%s%s", out->len > 0 ? "," : "", name);
}

/* How many modules of a role are targets; *first: one of them all. */
static Index count_role(const ModelTree *tree, ModuleRole role, const Module **first)
{
    Index count = 0;
    *first = NULL;
    for (Index i = 0; i < tree->outline->module_count; i++) {
        const Module *module = &tree->outline->modules[i];
        if (module->role != role) continue;
        if (*first == NULL) *first = module;
        count += tree->target[i];
    }
    return count;
}

static void add_role(const ModelTree *tree, Str *out, ModuleRole role)
{
    const Module *first;
    Index         layers = tree->outline->config.L, count = count_role(tree, role, &first);
    if (count == layers) {
        add_name(out, last_name(first));
        return;
    }
    for (Index i = 0; count > 0 && i < tree->outline->module_count; i++) {
        const Module *module = &tree->outline->modules[i];
        if (module->role != role || !tree->target[i]) continue;
        add_name(out, strncmp(module->name, "model.", 6) == 0 ? module->name + 6 : module->name);
    }
}

static void add_targets(const ModelTree *tree, Str *out)
{
    const Module *embed, *head;
    bool          linear = true;
    for (ModuleRole role = ROLE_Q; role <= ROLE_DOWN; role++) {
        const Module *first;
        linear = linear && count_role(tree, role, &first) == tree->outline->config.L;
    }
    Index others = count_role(tree, ROLE_EMBED, &embed) + count_role(tree, ROLE_HEAD, &head);
    if (linear && others == 0) {
        str_add(out, "all-linear");
        return;
    }
    for (ModuleRole role = ROLE_Q; role <= ROLE_DOWN; role++) add_role(tree, out, role);
    if (embed != NULL && tree->target[embed - tree->outline->modules]) {
        add_name(out, last_name(embed));
    }
    if (head != NULL && tree->target[head - tree->outline->modules]) {
        add_name(out, last_name(head));
    }
}

/* ---- the counts ------------------------------------------------------------------------- */

/* `plan`'s own arguments: its defaults are the ones of the numbers shown. */
static Args *plan_args_of(const ModelTree *tree, const char *targets, Error *err)
{
    Str   r = {0}, alpha = {0};
    Args *args = args_create(command_find("plan"), err);
    str_addf(&r, "%td", tree->r);
    str_add_double(&alpha, tree->alpha);
    bool ok = args != NULL && str_ok(&r, err) && str_ok(&alpha, err) &&
              args_set(args, "r", str_text(&r), err) &&
              args_set(args, "lora_alpha", str_text(&alpha), err) &&
              args_set(args, "target_modules", targets, err);
    str_free(&r);
    str_free(&alpha);
    if (ok) return args;
    args_free(args);
    return NULL;
}

static bool make_plan(ModelTree *tree, const LoraConfig *config, const Args *args, Error *err)
{
    TrainSettings settings;
    train_settings_init(&settings);
    settings.batch = tree->batch = (Index)args_int(args, "per_device_train_batch_size");
    tree->length = (Index)args_int(args, "length");
    if (tree->length > tree->outline->config.max_position) {
        tree->length = tree->outline->config.max_position;
    }
    Index     tokens = tree->batch * tree->length;
    PlanInput input = {.outline = tree->outline,
                       .lora = config,
                       .stored = tree->outline->config.dtype,
                       .settings = &settings,
                       .N = tokens,
                       .longest = tree->length,
                       .targets = tokens,
                       .segments = tree->batch,
                       .threads = 1};
    return plan_make(&input, &tree->plan, err);
}

void tree_plan(ModelTree *tree)
{
    LoraConfig config = {0};
    Error      err = {0};
    str_clear(&tree->targets);
    str_clear(&tree->fault);
    add_targets(tree, &tree->targets);
    tree->planned = false;
    bool whole = str_ok(&tree->targets, &err);
    if (whole && tree->targets.len == 0) return;
    Args *args = whole ? plan_args_of(tree, str_text(&tree->targets), &err) : NULL;
    bool  ok = args != NULL && lora_config_from(args, &config, &err);
    tree->planned = ok && make_plan(tree, &config, args, &err);
    if (!tree->planned) str_add(&tree->fault, err.message);
    if (args != NULL) lora_config_free(&config);
    args_free(args);
}

bool tree_match(ModelTree *tree, const char *targets, Error *err)
{
    LoraConfig  config = {0};
    LoraTarget *list = NULL;
    Index       count = 0;
    Args       *args = plan_args_of(tree, targets, err);
    if (args == NULL) return false;
    bool ok = lora_config_from(args, &config, err) &&
              lora_match(&config, tree->outline, &list, &count, err);
    if (ok) {
        memset(tree->target, 0, (size_t)tree->outline->module_count * sizeof *tree->target);
        for (Index i = 0; i < count; i++) tree->target[list[i].module] = true;
    }
    mem_free(list);
    lora_config_free(&config);
    args_free(args);
    return ok;
}
