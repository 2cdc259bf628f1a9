/*
 * Reading a run log, also one that is still being written or whose run was killed: a torn last
 * line is skipped, unknown types are skipped, and "resume" at step k takes back what an earlier
 * life of the run wrote beyond k.
 */

#include <math.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/train/runlog.h"

#define LOG_MAX_BYTES ((Index)1 << 30)
#define KINDS_MAX 64 /* of modules in one line; real ones have a dozen */

void rundata_free(RunData *data)
{
    if (data == NULL) return;
    mem_free(data->steps);
    mem_free(data->evals);
    mem_free(data->memory);
    mem_free(data->norms);
    mem_free(data->start);
    mem_free(data->end);
    mem_free(data);
}

static int64_t step_of(const JsonNode *line)
{
    return json_integer(json_get(line, "step"));
}

static double number_of(const JsonNode *line, const char *key)
{
    return json_number(json_get(line, key));
}

/* Room for one more element, doubling. */
static bool room(void *array_pointer, Index count, Index size, Error *err)
{
    void **array = array_pointer;
    if (count != 0 && (count & (count - 1)) != 0) return true;
    void *larger =
        mem_resize(*array, mem_program(), MEM_TEXT, count == 0 ? 1 : 2 * count, size, err);
    if (larger == NULL) return false;
    *array = larger;
    return true;
}

static bool add_step(RunData *data, const JsonNode *line, Error *err)
{
    if (!room(&data->steps, data->step_count, sizeof(RunStep), err)) return false;
    data->steps[data->step_count++] = (RunStep){
        .step = (Index)step_of(line),
        .loss = number_of(line, "loss"),
        .grad_norm = number_of(line, "grad_norm"),
        .learning_rate = number_of(line, "learning_rate"),
        .seconds = number_of(line, "seconds"),
        .tokens = (Index)json_integer(json_get(line, "tokens")),
    };
    return true;
}

static bool add_eval(RunData *data, const JsonNode *line, Error *err)
{
    const JsonNode *exact = json_get(line, "exact_match");
    if (!room(&data->evals, data->eval_count, sizeof(RunEval), err)) return false;
    data->evals[data->eval_count++] =
        (RunEval){.step = (Index)step_of(line),
                  .loss = number_of(line, "loss"),
                  .exact_match = json_is_number(exact) ? json_number(exact) : -1};
    return true;
}

static bool add_memory(RunData *data, const JsonNode *line, Error *err)
{
    const JsonNode *bytes = json_get(line, "bytes");
    if (!room(&data->memory, data->memory_count, sizeof(RunMemory), err)) return false;
    RunMemory *memory = &data->memory[data->memory_count++];
    *memory = (RunMemory){.step = (Index)step_of(line)};
    for (int p = 0; p < MEM_PURPOSE_COUNT; p++) {
        memory->bytes[p] = json_integer(json_get(bytes, mem_purpose_name((MemPurpose)p)));
    }
    return true;
}

/* The element of this line for modules of this kind, made when it is not there yet. */
static RunNorm *norm_of(RunData *data, Index first, Index step, const char *name, Error *err)
{
    const char *dot = strrchr(name, '.');
    const char *kind = dot != NULL ? dot + 1 : name;
    RunNorm     norm = {.step = step};

    for (size_t i = 0; i + 1 < sizeof norm.name && kind[i] != '\0'; i++) norm.name[i] = kind[i];
    for (Index i = first; i < data->norm_count; i++) {
        if (strcmp(data->norms[i].name, norm.name) == 0) return &data->norms[i];
    }
    if (!room(&data->norms, data->norm_count, sizeof norm, err)) return NULL;
    data->norms[data->norm_count] = norm;
    return &data->norms[data->norm_count++];
}

/* Norms of several modules together: the root of the sum of their squares. */
static bool add_norms(RunData *data, const JsonNode *line, Error *err)
{
    const JsonNode *modules = json_get(line, "modules");
    Index           first = data->norm_count;

    for (Index i = 0; i < json_count(modules) && data->norm_count - first < KINDS_MAX; i++) {
        const JsonNode *module = json_at(modules, i);
        const char     *name = json_string(json_get(module, "name"), NULL);
        if (name == NULL) continue;
        RunNorm *norm = norm_of(data, first, (Index)step_of(line), name, err);
        if (norm == NULL) return false;
        norm->gradient = hypot(norm->gradient, number_of(module, "grad"));
        norm->change = hypot(norm->change, number_of(module, "BA"));
    }
    return true;
}

/* Lines of an earlier life beyond `step`; the life that resumes may have measured at step 0 anew
 * before it did, so that the last line need not be the latest step. */
static void take_back(RunData *data, int64_t step)
{
    Index steps = 0, evals = 0, memory = 0, norms = 0;
    for (Index i = 0; i < data->step_count; i++) {
        if (data->steps[i].step <= step) data->steps[steps++] = data->steps[i];
    }
    for (Index i = 0; i < data->eval_count; i++) {
        if (data->evals[i].step <= step) data->evals[evals++] = data->evals[i];
    }
    for (Index i = 0; i < data->memory_count; i++) {
        if (data->memory[i].step <= step) data->memory[memory++] = data->memory[i];
    }
    for (Index i = 0; i < data->norm_count; i++) {
        if (data->norms[i].step <= step) data->norms[norms++] = data->norms[i];
    }
    data->memory_count = memory;
    data->norm_count = norms;
    data->step_count = steps;
    data->eval_count = evals;
    if (data->end != NULL) data->end[0] = '\0';
}

static bool keep_text(char **slot, const char *line, Index n, Error *err)
{
    Str text = {0};
    str_add_bytes(&text, line, n);
    char *copy = str_take(&text, err);
    if (copy == NULL) return false;
    mem_free(*slot);
    *slot = copy;
    return true;
}

static bool add_line(RunData *data, const char *text, Index n, Error *err)
{
    Error why = {0};
    Json *json = json_parse(text, n, "run log", &why);
    if (json == NULL) { /* torn, or not ours: skipped, unless it could not be looked at */
        return why.code != ERR_MEMORY || error_set(err, why.code, "%s", why.message);
    }

    const JsonNode *line = json_root(json);
    const char     *type = json_string(json_get(line, "type"), NULL);
    bool            ok = true;
    if (type == NULL) type = "";
    if (strcmp(type, "step") == 0) ok = add_step(data, line, err);
    if (strcmp(type, "eval") == 0) ok = add_eval(data, line, err);
    if (strcmp(type, "memory") == 0) ok = add_memory(data, line, err);
    if (strcmp(type, "modules") == 0) ok = add_norms(data, line, err);
    if (strcmp(type, "resume") == 0) take_back(data, step_of(line));
    if (strcmp(type, "start") == 0) ok = keep_text(&data->start, text, n, err);
    if (strcmp(type, "end") == 0) ok = keep_text(&data->end, text, n, err);
    json_free(json);
    return ok;
}

static bool add_lines(RunData *data, const char *text, Index length, Error *err)
{
    for (Index at = 0; at < length;) {
        const char *newline = memchr(text + at, '\n', (size_t)(length - at));
        if (newline == NULL) return true; /* the last line is still being written */
        Index n = newline - (text + at);
        if (n > 0 && !add_line(data, text + at, n, err)) return false;
        at += n + 1;
    }
    return true;
}

RunData *runlog_read(const char *path, Error *err)
{
    Index    length;
    char    *text = file_read_all(path, LOG_MAX_BYTES, &length, err);
    RunData *data = text != NULL ? mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *data, err) : NULL;
    bool     ok = data != NULL && keep_text(&data->start, "", 0, err) &&
              keep_text(&data->end, "", 0, err) && add_lines(data, text, length, err);
    mem_free(text);
    if (ok) return data;
    rundata_free(data);
    return NULL;
}
