/*
 * Which checkpoints there are: the folders OUT/checkpoint-STEP by their names, the newest that is
 * complete, and the removal of those that are no longer kept.
 */

#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/train/manifest.h"
#include "core/train/trainer_internal.h"

#define PREFIX "checkpoint-"
#define STAGED ".tmp" /* folder_stage's ending */

/* The step in a checkpoint folder's name, or -1. */
static Index step_in_name(const char *name)
{
    size_t n = strlen(PREFIX);
    if (strncmp(name, PREFIX, n) != 0 || name[n] < '0' || name[n] > '9') return -1;
    char *end;
    long  step = strtol(name + n, &end, 10);
    return *end == '\0' ? (Index)step : -1;
}

/* Steps of the checkpoint folders in OUT, in falling order; mem_free *steps. */
static bool list_steps(const char *out, Index **steps, Index *count, Error *err)
{
    char **names;
    Index  n;

    *count = 0;
    if (!folder_list(out, &names, &n, err)) return false;
    *steps = mem_alloc(mem_program(), MEM_TEXT, n + 1, sizeof(Index), err);
    for (Index i = 0; i < n; i++) {
        Index step = *steps != NULL ? step_in_name(names[i]) : -1;
        mem_free(names[i]);
        if (step < 0) continue;
        Index at = (*count)++;
        for (; at > 0 && (*steps)[at - 1] < step; at--) (*steps)[at] = (*steps)[at - 1];
        (*steps)[at] = step;
    }
    mem_free(names);
    return *steps != NULL;
}

char *checkpoint_folder(const char *out, Index step, Error *err)
{
    char name[48];
    Str  text = {0};
    str_addf(&text, PREFIX "%td", step);
    if (!str_ok(&text, err)) return NULL;
    memcpy(name, text.data, (size_t)text.len + 1);
    str_free(&text);
    return path_join(out, name, err);
}

static bool remove_inside(const char *out, const char *name, Error *err)
{
    char *path = path_join(out, name, err);
    bool  ok = path != NULL && folder_remove(path, err);
    mem_free(path);
    return ok;
}

/* What a process that was killed while it saved has left behind: checkpoint-N.tmp. */
static bool sweep(const char *out, Error *err)
{
    char **names;
    Index  count;
    bool   ok = true;
    if (!folder_list(out, &names, &count, err)) return false;
    for (Index i = 0; i < count; i++) {
        size_t n = strlen(names[i]), ending = strlen(STAGED);
        bool   staged = n > ending && strcmp(names[i] + n - ending, STAGED) == 0;
        if (staged) names[i][n - ending] = '\0';
        staged = staged && step_in_name(names[i]) >= 0;
        if (staged) names[i][n - ending] = STAGED[0];
        if (ok && staged) ok = remove_inside(out, names[i], err);
        mem_free(names[i]);
    }
    mem_free(names);
    return ok;
}

/* Remove all but the newest `keep` up to this step. Later ones, left by a run that got further
 * but could not be resumed there, do not count: else they would push out what was just saved. */
bool checkpoints_prune(const Trainer *trainer, Error *err)
{
    const char *out = trainer->spec.out;
    Index       keep = trainer->spec.settings.save_total_limit;
    Index      *steps, count;

    if (!sweep(out, err)) return false;
    if (keep <= 0) return true;
    if (!list_steps(out, &steps, &count, err)) return false;
    bool ok = true;
    for (Index i = 0; ok && i < count; i++) {
        if (steps[i] > trainer->step || keep-- > 0) continue;
        char *folder = checkpoint_folder(out, steps[i], err);
        ok = folder != NULL && folder_remove(folder, err);
        mem_free(folder);
    }
    mem_free(steps);
    return ok;
}

bool checkpoint_last(const char *out, char **found, Error *err)
{
    Index *steps, count;

    *found = NULL;
    if (!path_is_folder(out)) return true;
    if (!list_steps(out, &steps, &count, err)) return false;
    bool ok = true;
    for (Index i = 0; ok && *found == NULL && i < count; i++) {
        char *folder = checkpoint_folder(out, steps[i], err);
        Error why = {0};
        if (folder != NULL && manifest_check(folder, &why)) {
            *found = folder;
            break;
        }
        /* Damaged: an older one may do. Without memory nothing is known about it. */
        ok = folder != NULL && why.code != ERR_MEMORY;
        if (folder != NULL && !ok) error_set(err, why.code, "%s", why.message);
        mem_free(folder);
    }
    mem_free(steps);
    return ok;
}
