/*
 * Datasets of the bench, each drawn once. A lesson may ask for data by a task's name only: names
 * that could be a path are refused before any file is looked for.
 */

#include <string.h>

#include "core/base/json.h"
#include "core/lab/load_data.h"
#include "core/workbench/bench_internal.h"

enum { NAME_BYTES = 64, MISSES = 50 };

typedef struct Drawn {
    char         name[NAME_BYTES];
    GrammarSplit split;
    Index        count, max_length;
    uint64_t     seed;
    Dataset     *data;
    char        *sample;
} Drawn;

/* One draws while the others wait: what they ask for is mostly the same. */
struct BenchData {
    pthread_mutex_t mutex;
    Drawn         **drawn; /* pointers, so that what was lent out stays where it is */
    Index           count;
};

BenchData *bench_data_create(Error *err)
{
    BenchData *data = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *data, err);
    if (data != NULL) CHECK(pthread_mutex_init(&data->mutex, NULL) == 0);
    return data;
}

static void drawn_free(Drawn *drawn)
{
    dataset_free(drawn->data);
    mem_free(drawn->sample);
    mem_free(drawn);
}

void bench_data_destroy(BenchData *data)
{
    if (data == NULL) return;
    for (Index i = 0; i < data->count; i++) drawn_free(data->drawn[i]);
    mem_free(data->drawn);
    pthread_mutex_destroy(&data->mutex);
    mem_free(data);
}

static bool check_name(const char *name, Error *err)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    size_t            n = strlen(name);
    if (n > 0 && n < NAME_BYTES && name[strspn(name, plain)] == '\0') return true;
    error_set(err, ERR_INPUT, "\"%.60s\" is not the name of a task", name);
    return error_hint(err, "a name has letters, digits and '-'; files cannot be opened from here");
}

static bool is_base(const char *name)
{
    return strcmp(name, "base") == 0 || strcmp(name, "base-other") == 0;
}

/* ---- documents of the base's corpus ----------------------------------------------------- */

/* The first four begin the prompts of tasks, the others show the languages and signs that tasks
 * answer in: an adapter changes its mind about these on purpose. */
static bool belongs_to_a_task(const char *text)
{
    static const char *const heads[] = {
        "Request:", "Review:", "Text:", "Date:", "Code:", "Script:", "Note:", NULL};
    for (const char *const *head = heads; *head != NULL; head++) {
        if (strncmp(text, *head, strlen(*head)) == 0) return true;
    }
    return false;
}

static bool add_document(Dataset *data, const Str *text, const DataSpec *spec, Str *line,
                         Error *err)
{
    str_clear(line);
    str_add(line, "{\"text\": ");
    json_add_string(line, str_text(text), text->len);
    str_add(line, "}");
    return str_ok(line, err) &&
           dataset_add_line(data, str_text(line), line->len, "corpus", data->count + 1, spec, err);
}

static bool draw_documents(Dataset *data, const Grammar *grammar, const BenchDataSpec *want,
                           const DataSpec *spec, Error *err)
{
    Str  text = {0}, none = {0}, line = {0};
    bool all = strcmp(want->name, "base") == 0, ok = true;
    for (Index i = 0; ok && data->count < want->count && i < MISSES * want->count; i++) {
        ok = grammar_example(grammar, want->seed, GRAMMAR_HELDOUT, i, &text, &none, err) &&
             str_ok(&text, err);
        if (!ok || (!all && belongs_to_a_task(str_text(&text)))) continue;
        ok = add_document(data, &text, spec, &line, err);
    }
    str_free(&text);
    str_free(&none);
    str_free(&line);
    if (ok && data->count == 0) ok = error_set(err, ERR_INPUT, "the corpus has no such documents");
    return ok;
}

static Dataset *documents(const Grammar *grammar, const BenchDataSpec *want, const DataSpec *spec,
                          Error *err)
{
    Dataset *data = dataset_create(err);
    if (data == NULL || draw_documents(data, grammar, want, spec, err)) return data;
    dataset_free(data);
    return NULL;
}

/* ---- drawing and keeping ---------------------------------------------------------------- */

static bool fill(Lab *lab, Drawn *drawn, const BenchDataSpec *want, Error *err)
{
    bool     base = is_base(want->name);
    DataSpec spec = {.tok = lab->tok,
                     .config = &lab->model->config,
                     .folder = lab->model_folder,
                     .max_length = want->max_length};
    char    *path =
        base ? lab_data_path(lab, "base/corpus.grammar", err) : lab_task_path(lab, want->name, err);
    Grammar *grammar = path != NULL ? grammar_load(path, err) : NULL;
    if (grammar != NULL) {
        drawn->sample = mem_strdup(base ? "" : grammar_sample(grammar), err);
    }
    if (drawn->sample != NULL) {
        drawn->data =
            base ? documents(grammar, want, &spec, err)
                 : dataset_from_grammar(grammar, want->seed, drawn->split, want->count, &spec, err);
    }
    grammar_free(grammar);
    mem_free(path);
    return drawn->data != NULL;
}

static Drawn *draw(Bench *bench, const BenchDataSpec *want, Error *err)
{
    BenchData *kept = bench->data;
    Drawn    **larger =
        mem_resize(kept->drawn, mem_program(), MEM_TEXT, kept->count + 1, sizeof *larger, err);
    if (larger == NULL) return NULL;
    kept->drawn = larger;
    Drawn *drawn = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *drawn, err);
    if (drawn == NULL) return NULL;
    memcpy(drawn->name, want->name, strlen(want->name));
    drawn->split = split_by_name(want->split);
    drawn->count = want->count;
    drawn->max_length = want->max_length;
    drawn->seed = want->seed;
    if (fill(bench->lab, drawn, want, err)) return kept->drawn[kept->count++] = drawn;
    drawn_free(drawn);
    return NULL;
}

static Drawn *find_drawn(const BenchData *kept, const BenchDataSpec *want)
{
    for (Index i = 0; i < kept->count; i++) {
        Drawn *d = kept->drawn[i];
        if (strcmp(d->name, want->name) == 0 && d->split == split_by_name(want->split) &&
            d->count == want->count && d->max_length == want->max_length && d->seed == want->seed) {
            return d;
        }
    }
    return NULL;
}

const Dataset *bench_data_cut(Bench *bench, const BenchDataSpec *spec, const char **sample,
                              Error *err)
{
    CHECK(bench->lab->model != NULL && spec->count > 0);
    if (!check_name(spec->name, err)) return NULL;
    if (bench->lab->tok == NULL) {
        error_set(err, ERR_INPUT, "the base has no tokenizer, so no task can be read");
        return NULL;
    }
    pthread_mutex_lock(&bench->data->mutex);
    Drawn *drawn = find_drawn(bench->data, spec);
    if (drawn == NULL) drawn = draw(bench, spec, err);
    pthread_mutex_unlock(&bench->data->mutex);
    if (drawn != NULL && sample != NULL) *sample = drawn->sample;
    return drawn != NULL ? drawn->data : NULL;
}

const Dataset *bench_data(Bench *bench, const char *name, const char *split, Index count,
                          uint64_t seed, const char **sample, Error *err)
{
    BenchDataSpec spec = {.name = name, .split = split, .count = count, .seed = seed};
    return bench_data_cut(bench, &spec, sample, err);
}
