/* The bench: named values, the base at first need, a folder of its own. */

#define _POSIX_C_SOURCE 200809L /* mkdtemp */
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/workbench/bench_internal.h"

/* ---- values and adapters by name -------------------------------------------------------- */

static void entry_reset(BenchEntry *entry)
{
    mem_free(entry->name);
    datum_drop(entry->value);
    learned_drop(entry->learned);
}

void bench_core_reset(BenchCore *core)
{
    for (Index i = 0; i < core->count; i++) entry_reset(&core->entries[i]);
    mem_free(core->entries);
    mem_free(core->active);
    *core = (BenchCore){0};
}

bool bench_core_copy(BenchCore *to, const BenchCore *from, Error *err)
{
    *to = (BenchCore){.merged = from->merged, .rng = from->rng, .cap = from->count};
    to->entries = mem_alloc(mem_program(), MEM_TEXT, from->count, sizeof *to->entries, err);
    if (to->entries == NULL) return false;
    if (from->active != NULL) to->active = mem_strdup(from->active, err);
    bool ok = from->active == NULL || to->active != NULL;

    for (Index i = 0; ok && i < from->count; i++) {
        const BenchEntry *entry = &from->entries[i];
        char             *name = mem_strdup(entry->name, err);
        ok = name != NULL;
        if (!ok) break;
        to->entries[to->count++] = (BenchEntry){.name = name,
                                                .value = datum_hold(entry->value),
                                                .learned = learned_hold(entry->learned)};
    }
    if (!ok) bench_core_reset(to);
    return ok;
}

static BenchEntry *find(const Bench *bench, const char *name)
{
    for (Index i = 0; i < bench->core.count; i++) {
        BenchEntry *entry = &bench->core.entries[i];
        if (strcmp(entry->name, name) == 0) return entry;
    }
    return NULL;
}

static BenchEntry *add_entry(BenchCore *core, const char *name, Error *err)
{
    if (core->count == core->cap) {
        Index       cap = 2 * core->cap + 8;
        BenchEntry *larger =
            mem_resize(core->entries, mem_program(), MEM_TEXT, cap, sizeof *larger, err);
        if (larger == NULL) return NULL;
        core->entries = larger;
        core->cap = cap;
    }
    char *copy = mem_strdup(name, err);
    if (copy == NULL) return NULL;
    BenchEntry *entry = &core->entries[core->count++];
    *entry = (BenchEntry){.name = copy};
    return entry;
}

static void forget_active(BenchCore *core)
{
    mem_free(core->active);
    core->active = NULL;
    core->merged = false;
}

bool bench_put(Bench *bench, const char *name, Datum *value, Learned *learned, Error *err)
{
    CHECK(value != NULL);
    BenchEntry *entry = find(bench, name);
    if (entry == NULL) entry = add_entry(&bench->core, name, err);
    if (entry == NULL) {
        datum_drop(value);
        learned_drop(learned);
        return false;
    }
    /* The name that eval and generate use must go on meaning an adapter. */
    bool active = bench->core.active != NULL && strcmp(bench->core.active, name) == 0;
    if (active && learned == NULL) forget_active(&bench->core);
    datum_drop(entry->value);
    learned_drop(entry->learned);
    entry->value = value;
    entry->learned = learned;
    return true;
}

const Datum *bench_get(const Bench *bench, const char *name)
{
    const BenchEntry *entry = find(bench, name);
    return entry != NULL ? entry->value : NULL;
}

Learned *bench_learned(const Bench *bench, const char *name)
{
    const BenchEntry *entry = find(bench, name);
    return entry != NULL ? entry->learned : NULL;
}

void bench_learned_names(const Bench *bench, Str *names)
{
    for (Index i = 0; i < bench->core.count; i++) {
        const BenchEntry *entry = &bench->core.entries[i];
        if (entry->learned == NULL) continue;
        str_addf(names, "%s%s", names->len > 0 ? ", " : "", entry->name);
    }
}

static const Datum *scope_find(void *context, const char *name)
{
    return bench_get(context, name);
}

static const char *scope_nearest(void *context, const char *name)
{
    const Bench *bench = context;
    const char  *best = NULL;
    int          nearest = 3;
    for (Index i = 0; i < bench->core.count; i++) {
        int distance = str_distance(name, bench->core.entries[i].name);
        if (distance >= nearest) continue;
        nearest = distance;
        best = bench->core.entries[i].name;
    }
    return best;
}

Scope bench_scope(Bench *bench)
{
    return (Scope){.context = bench, .find = scope_find, .nearest = scope_nearest};
}

const char *bench_active(const Bench *bench)
{
    return bench->core.active;
}

bool bench_merged(const Bench *bench)
{
    return bench->core.merged;
}

bool bench_set_active(Bench *bench, const char *name, bool merged, Error *err)
{
    char *copy = NULL;
    if (name != NULL) {
        CHECK(bench_learned(bench, name) != NULL);
        copy = mem_strdup(name, err);
        if (copy == NULL) return false;
    }
    mem_free(bench->core.active);
    bench->core.active = copy;
    bench->core.merged = merged && name != NULL;
    return true;
}

/* ---- life ------------------------------------------------------------------------------- */

Bench *bench_create(const BenchSpec *spec, Error *err)
{
    CHECK(spec->lab != NULL && spec->threads >= 0 && spec->memory >= 0);
    Bench *bench = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *bench, err);
    if (bench == NULL) return NULL;
    bench->lab = spec->lab;
    bench->threads = spec->threads > 0 ? spec->threads : pool_default_threads();
    bench->seed = spec->seed;
    bench->memory = spec->memory;
    torch_seed(&bench->core.rng, spec->seed);
    bench->data = bench_data_create(err);
    if (bench->data != NULL) return bench;
    bench_free(bench);
    return NULL;
}

void bench_free(Bench *bench)
{
    if (bench == NULL) return;
    if (bench->limited) mem_set_limit(0);
    bench_core_reset(&bench->core);
    bench_data_destroy(bench->data);
    /* What is left of a folder that cannot be removed is the temporary folder's to clean. */
    if (bench->workspace != NULL) (void)!folder_remove(bench->workspace, NULL);
    mem_free(bench->workspace);
    mem_free(bench);
}

Lab *bench_lab(const Bench *bench)
{
    return bench->lab;
}

uint64_t bench_seed(const Bench *bench)
{
    return bench->seed;
}

int bench_threads(const Bench *bench)
{
    return bench->threads;
}

TorchRng *bench_rng(Bench *bench)
{
    return &bench->core.rng;
}

/* The base that the Lab holds already (--base), or the one that comes along. */
static Model *load_base(Bench *bench, Error *err)
{
    if (bench->lab->model != NULL) return bench->lab->model;
    Args *args = args_create(command_find("eval"), err);
    Str   threads = {0};
    str_addf(&threads, "%d", bench->threads);
    bool ok =
        args != NULL && str_ok(&threads, err) && args_set(args, "threads", str_text(&threads), err);
    Model *model = ok ? lab_base(bench->lab, args, err) : NULL;
    str_free(&threads);
    args_free(args);
    return model;
}

BenchWorker *bench_worker(Bench *bench, Error *err)
{
    if (bench->worker.model != NULL) return &bench->worker;
    Model *model = load_base(bench, err);
    if (model == NULL) return NULL;
    /* From here on, so that the base and its tables do not count. */
    if (!model_reserve_positions(model, model->config.max_position, err)) return NULL;
    bench->limited = bench->memory > 0;
    if (bench->limited) {
        bench->limit = mem_live_bytes() + bench->memory;
        mem_set_limit(bench->limit);
    }
    bench->worker = (BenchWorker){.be = model->be, .model = model};
    return &bench->worker;
}

void bench_rest(Bench *bench)
{
    if (!bench->limited || bench->rests) return;
    bench->left = bench->limit - mem_live_bytes();
    bench->rests = true;
    mem_set_limit(0);
}

void bench_go_on(Bench *bench)
{
    if (!bench->rests) return;
    bench->rests = false;
    bench->limit = mem_live_bytes() + bench->left;
    mem_set_limit(bench->limit);
}

const char *bench_workspace(Bench *bench, Error *err)
{
    if (bench->workspace != NULL) return bench->workspace;
    const char *tmp = getenv("TMPDIR");
    Str         path = {0};
    str_addf(&path, "%s/loralab-bench-XXXXXX", tmp != NULL && tmp[0] == '/' ? tmp : "/tmp");
    char *folder = str_take(&path, err);
    if (folder == NULL) return NULL;
    if (mkdtemp(folder) == NULL) {
        error_set(err, ERR_DISK, "no folder %s can be made", folder);
        error_hint(err, "TMPDIR names the folder for temporary files");
        mem_free(folder);
        return NULL;
    }
    bench->workspace = folder;
    return folder;
}

/* ---- state ------------------------------------------------------------------------------ */

struct BenchState {
    BenchCore core;
};

BenchState *bench_save(const Bench *bench, Error *err)
{
    BenchState *state = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *state, err);
    if (state == NULL || bench_core_copy(&state->core, &bench->core, err)) return state;
    mem_free(state);
    return NULL;
}

bool bench_restore(Bench *bench, const BenchState *state, Error *err)
{
    BenchCore core;
    if (!bench_core_copy(&core, &state->core, err)) return false;
    bench_core_reset(&bench->core);
    bench->core = core;
    return true;
}

void bench_state_free(BenchState *state)
{
    if (state == NULL) return;
    bench_core_reset(&state->core);
    mem_free(state);
}
