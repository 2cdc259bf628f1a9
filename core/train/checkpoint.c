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
#include <string.h>

#include "core/base/file.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/model/safetensors.h"
#include "core/train/manifest.h"
#include "core/train/trainer_internal.h"

#define STATE_FILE "state.safetensors"
#define COUNTERS_FILE "trainer_state.json"

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

/* Of a backend's description what decides bits: not why auto did not take the GPU, which stands
 * behind a semicolon. */
static Index arithmetic_length(const char *description)
{
    return (Index)strcspn(description, ";");
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
    json_add_string(&json, blas, arithmetic_length(blas));
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
    char *folder = checkpoint_folder(out, trainer->step, err);
    if (folder == NULL) return false;
    /* First what an earlier life had no time to remove: the disk never holds more than one new
     * folder beside those that are kept. */
    bool ok = checkpoints_prune(trainer, err) && place_folder(trainer, folder, err);
    if (ok) {
        trainer->last_saved = trainer->step;
        sink_send(&trainer->spec.sink,
                  &(Event){.type = EVENT_CHECKPOINT, .step = trainer->step, .text = folder});
        ok = checkpoints_prune(trainer, err);
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
    int then_length = (int)arithmetic_length(blas), length = (int)arithmetic_length(now);
    if (then_length != length || strncmp(blas, now, (size_t)length) != 0) {
        sink_note(&trainer->spec.sink,
                  "the checkpoint was made with \"%.*s\", this is \"%.*s\": the last bits may "
                  "differ",
                  then_length, blas, length, now);
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
