/*
 * Names of modules against the lists of a configuration, and the modules of modules_to_save.
 */

#include "core/adapt/lora_names.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), e = strlen(end);
    return n >= e && strcmp(name + n - e, end) == 0;
}

/* What stands behind a dot of the name. */
static bool is_suffix(const char *name, const char *item)
{
    size_t n = strlen(name), e = strlen(item);
    return n > e && name[n - e - 1] == '.' && strcmp(name + n - e, item) == 0;
}

bool names_fit(const NameList *list, const char *name)
{
    for (Index i = 0; i < list->count; i++) {
        if (strcmp(name, list->name[i]) == 0 || is_suffix(name, list->name[i])) return true;
    }
    return false;
}

/* PEFT asks modules_to_save whether the name of a module, or of one that contains it, ends so
 * (with or without a dot before). */
static bool saved_fits(const char *name, const char *item)
{
    char part[sizeof((Module *)0)->name];
    for (size_t end = strlen(name); end > 0; end--) {
        if (name[end] != '\0' && name[end] != '.') continue;
        memcpy(part, name, end);
        part[end] = '\0';
        if (ends_with(part, item)) return true;
    }
    return false;
}

bool names_saved(const LoraConfig *config, const char *name)
{
    for (Index i = 0; i < config->modules_to_save.count; i++) {
        if (saved_fits(name, config->modules_to_save.name[i])) return true;
    }
    return false;
}

bool names_can_adapt(const Module *module)
{
    return module_is_linear(module) || module->role == ROLE_EMBED;
}

/* "q_proj, k_proj, ...": the last parts of the names of modules, each once. */
static void add_existing(Str *out, const Model *model, bool all)
{
    for (Index i = 0; i < model->module_count; i++) {
        const Module *m = &model->modules[i];
        if (m->layer > 0 || (!all && !names_can_adapt(m))) continue;
        const char *dot = strrchr(m->name, '.');
        str_addf(out, "%s%s", out->len > 0 ? ", " : "", dot == NULL ? m->name : dot + 1);
    }
}

bool names_refuse(const Model *model, const char *field, const char *name, bool all, Error *err)
{
    Str shown = {0}, existing = {0};
    safe_name(&shown, name);
    add_existing(&existing, model, all);
    if (str_ok(&shown, err) && str_ok(&existing, err)) {
        (void)error_set(err, ERR_INPUT, "%s: \"%s\" matches no module; there are %s", field,
                        str_text(&shown), str_text(&existing));
    }
    str_free(&shown);
    str_free(&existing);
    return false;
}

bool lora_match_saved(const LoraConfig *config, const Model *model, int **modules, Index *count,
                      Error *err)
{
    *count = 0;
    *modules = mem_alloc(mem_program(), MEM_TEXT, model->module_count, sizeof **modules, err);
    if (*modules == NULL) return false;
    for (Index i = 0; i < config->modules_to_save.count; i++) {
        bool found = false;
        for (Index m = 0; m < model->module_count && !found; m++) {
            found = saved_fits(model->modules[m].name, config->modules_to_save.name[i]);
        }
        if (found) continue;
        mem_free(*modules);
        *modules = NULL;
        return names_refuse(model, "modules_to_save", config->modules_to_save.name[i], true, err);
    }
    for (Index m = 0; m < model->module_count; m++) {
        if (names_saved(config, model->modules[m].name)) (*modules)[(*count)++] = (int)m;
    }
    return true;
}
