/*
 * Checkpoints: OUT/checkpoint-STEP, complete or absent. A folder is staged beside its place,
 * filled, given its manifest, synced and renamed; only then older ones go.
 *
 *   state.safetensors     values, exp_avg, exp_avg_sq: flat float32, this run's own order
 *   trainer_state.json    counters, and hashes of what must be the same to go on
 *   adapter_... / model   the same values as users read them
 *   MANIFEST.json         sizes and checksums
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/model/safetensors.h"
#include "core/train/manifest.h"
#include "core/train/trainer_internal.h"

#define PREFIX "checkpoint-"
#define STATE_FILE "state.safetensors"
#define COUNTERS_FILE "trainer_state.json"
#define STAGED ".tmp" /* folder_stage's ending */

/* ---- saving ---- */

/* A training that went wrong must not leave a state from which it can only go wrong again. */
static bool check_finite(const float *x, Index n, const char *name, Error *err)
{
    for (Index i = 0; i < n; i++) {
        if (isfinite(x[i])) continue;
        error_set(err, ERR_NUMERIC, "the training's state is not finite: \"%s\" holds %g at %td",
                  name, (double)x[i], i);
        return error_hint(err, "go on from an earlier checkpoint, with a smaller --learning_rate");
    }
    return true;
}

static bool write_state(const TrainState *state, const char *folder, Error *err)
{
    const char  *names[3] = {"values", "exp_avg", "exp_avg_sq"};
    const float *blocks[3] = {state->values, state->m, state->v};
    TensorOut    out[3];
    Index        count = 0;

    for (int i = 0; i < 3; i++) {
        if (blocks[i] == NULL) continue;
        if (!check_finite(blocks[i], state->total, names[i], err)) return false;
        out[count++] = (TensorOut){.name = names[i],
                                   .dtype = DTYPE_F32,
                                   .rank = 1,
                                   .shape = {state->total},
                                   .data = blocks[i]};
    }
    char *path = path_join(folder, STATE_FILE, err);
    bool  ok = path != NULL && tensors_write(path, out, count, NULL, err);
    mem_free(path);
    return ok;
}

/* The four things that must be the same for a run to go on, by name. */
typedef struct Identity {
    const char *key, *what;
    uint64_t    hash;
} Identity;
#define IDENTITIES 4

static void identities(const Trainer *trainer, Identity list[IDENTITIES])
{
    const TrainerSpec *spec = &trainer->spec;
    list[0] = (Identity){"base_hash", "the base model", spec->base_hash};
    list[1] = (Identity){"data_hash", "the training data", spec->data_hash};
    list[2] = (Identity){"tokenizer_hash", "the tokenizer", spec->tokenizer_hash};
    list[3] = (Identity){"settings_hash", "the settings", spec->settings_hash};
}

static bool write_counters(const Trainer *trainer, const TrainState *state, const char *folder,
                           Error *err)
{
    Identity list[IDENTITIES];
    char     hash[17];
    Str      json = {0};

    identities(trainer, list);
    str_addf(&json, "{\n  \"version\": 1,\n  \"step\": %td,\n  \"micro\": %td,\n", state->step,
             state->micro);
    str_addf(&json, "  \"tokens\": %lld,\n  \"optimizer_steps\": %lld,\n", (long long)state->tokens,
             (long long)state->optim_t);
    for (int i = 0; i < IDENTITIES; i++) {
        hash_print(list[i].hash, hash);
        str_addf(&json, "  \"%s\": \"%s\",\n", list[i].key, hash);
    }
    str_add(&json, "  \"blas\": ");
    const char *blas = tape_backend(trainer->spec.tape)->description;
    json_add_string(&json, blas, (Index)strlen(blas));
    str_add(&json, "\n}\n");

    char *path = path_join(folder, COUNTERS_FILE, err);
    bool  ok = path != NULL && str_ok(&json, err) && file_write_all(path, json.data, json.len, err);
    mem_free(path);
    str_free(&json);
    return ok;
}

static bool fill_folder(const Trainer *trainer, const char *folder, Error *err)
{
    const Method *method = trainer->spec.method;
    TrainState   *state = trainer_snapshot(trainer, err);
    bool          ok = state != NULL && write_state(state, folder, err) &&
              write_counters(trainer, state, folder, err) && method->save(method, folder, err) &&
              manifest_write(folder, err);
    train_state_free(state);
    return ok;
}

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

static char *folder_of(const char *out, Index step, Error *err)
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
static bool prune(const Trainer *trainer, Error *err)
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
        char *folder = folder_of(out, steps[i], err);
        ok = folder != NULL && folder_remove(folder, err);
        mem_free(folder);
    }
    mem_free(steps);
    return ok;
}

static bool place_folder(const Trainer *trainer, const char *folder, Error *err)
{
    char *staged = NULL;
    if (path_is_folder(folder) && !folder_remove(folder, err)) return false;
    if (!folder_stage(folder, &staged, err)) return false;
    bool ok = fill_folder(trainer, staged, err) && folder_commit(staged, folder, err);
    if (!ok && !folder_remove(staged, NULL)) ok = false;
    mem_free(staged);
    return ok;
}

bool trainer_save(Trainer *trainer, Error *err)
{
    const char *out = trainer->spec.out;
    CHECK(out != NULL);

    if (trainer->last_saved == trainer->step) return true; /* it is there already */
    char *folder = folder_of(out, trainer->step, err);
    if (folder == NULL) return false;
    /* First what an earlier life had no time to remove: the disk never holds more than one new
     * folder beside those that are kept. */
    bool ok = prune(trainer, err) && place_folder(trainer, folder, err);
    if (ok) {
        trainer->last_saved = trainer->step;
        sink_send(&trainer->spec.sink,
                  &(Event){.type = EVENT_CHECKPOINT, .step = trainer->step, .text = folder});
        ok = prune(trainer, err);
    }
    mem_free(folder);
    return ok;
}

/* ---- resuming ---- */

static bool check_identities(const Trainer *trainer, const Json *json, Error *err)
{
    Identity list[IDENTITIES];
    identities(trainer, list);
    for (int i = 0; i < IDENTITIES; i++) {
        const char *saved = "";
        char        here[17];
        if (!json_field_string(json, json_root(json), list[i].key, true, &saved, err)) return false;
        hash_print(list[i].hash, here);
        if (strcmp(saved, here) == 0) continue;
        error_set(err, ERR_MISMATCH, "the checkpoint does not fit: %s changed (%s then, %s now)",
                  list[i].what, saved, here);
        return error_hint(err, "resume with the same --base, --data and settings, or start anew "
                               "with another --out");
    }
    const char *blas = "", *now = tape_backend(trainer->spec.tape)->description;
    if (!json_field_string(json, json_root(json), "blas", false, &blas, err)) return false;
    if (strcmp(blas, now) != 0) {
        sink_note(&trainer->spec.sink,
                  "the checkpoint was made with \"%s\", this is \"%s\": the last bits may differ",
                  blas, now);
    }
    return true;
}

static bool read_counters(const Trainer *trainer, const char *folder, TrainState *state, Error *err)
{
    char *path = path_join(folder, COUNTERS_FILE, err);
    Json *json = path != NULL ? json_read(path, 1 << 20, err) : NULL;
    mem_free(path);
    if (json == NULL) return false;

    const JsonNode *root = json_root(json);
    int64_t         step = 0, micro = 0;
    bool            ok =
        json_field_int(json, root, "step", true, 0, INT32_MAX, &step, err) &&
        json_field_int(json, root, "micro", true, 0, INT64_MAX / 4, &micro, err) &&
        json_field_int(json, root, "tokens", true, 0, INT64_MAX, &state->tokens, err) &&
        json_field_int(json, root, "optimizer_steps", true, 0, INT64_MAX, &state->optim_t, err) &&
        check_identities(trainer, json, err);
    state->step = (Index)step;
    state->micro = (Index)micro;
    json_free(json);
    return ok;
}

static bool read_block(TensorFile *file, const char *name, Index total, float **block, Error *err)
{
    const TensorInfo *info = tensors_find(file, name);
    if (info == NULL || info->rank != 1 || info->shape[0] != total || info->dtype != DTYPE_F32) {
        return error_set(err, ERR_MISMATCH, "%s: tensor \"%s\" with %td float32 values is missing",
                         STATE_FILE, name, total);
    }
    *block = mem_alloc_raw(mem_program(), MEM_OPTIMIZER, total, sizeof(float), err);
    return *block != NULL && tensors_read_f32(file, info, *block, err) &&
           check_finite(*block, total, name, err);
}

static bool read_state(const Trainer *trainer, const char *folder, TrainState *state, Error *err)
{
    char       *path = path_join(folder, STATE_FILE, err);
    TensorFile *file = path != NULL ? tensors_open(path, err) : NULL;
    mem_free(path);
    if (file == NULL) return false;

    state->total = trainer->spec.method->params->total;
    bool ok = read_block(file, "values", state->total, &state->values, err);
    if (ok && trainer->optim->m != NULL) {
        ok = read_block(file, "exp_avg", state->total, &state->m, err);
    }
    if (ok && trainer->optim->v != NULL) {
        ok = read_block(file, "exp_avg_sq", state->total, &state->v, err);
    }
    tensors_close(file);
    return ok;
}

bool trainer_resume(Trainer *trainer, const char *folder, Error *err)
{
    if (!manifest_check(folder, err)) return false;

    TrainState *state = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *state, err);
    if (state == NULL) return false;
    bool ok = read_counters(trainer, folder, state, err) &&
              read_state(trainer, folder, state, err) && trainer_restore(trainer, state, err);
    if (ok) {
        trainer->last_saved = trainer->step;
        sink_send(&trainer->spec.sink, &(Event){.type = EVENT_RESUME,
                                                .step = trainer->step,
                                                .steps = trainer->total_steps,
                                                .text = folder});
    }
    train_state_free(state);
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
        char *folder = folder_of(out, steps[i], err);
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
