/*
 * The dataset as a list, and where its examples come from: a file of JSON lines or a grammar.
 * What one line means is in dataset_line.c.
 */

#include "core/train/dataset_internal.h"

#include <string.h>

#include "core/base/file.h"
#include "core/base/hash.h"
#include "core/base/mem.h"

#define DATA_MAX_BYTES ((Index)4 << 30)

Dataset *dataset_create(Error *err)
{
    return mem_alloc(mem_program(), MEM_TEXT, 1, sizeof(Dataset), err);
}

void dataset_free(Dataset *data)
{
    if (data == NULL) return;
    for (Index i = 0; i < data->count; i++) {
        mem_free(data->examples[i].ids);
        mem_free(data->examples[i].labels);
    }
    mem_free(data->examples);
    mem_free(data);
}

static Index count_targets(const Example *example)
{
    Index targets = 0;
    for (Index t = 1; t < example->count; t++) targets += example->labels[t] >= 0;
    return targets;
}

/* Each example's hash is chained to the ones before it, so that order counts. */
static uint64_t chain(uint64_t hash, const Example *example)
{
    uint64_t part[3] = {hash, hash_bytes(example->ids, example->count * (Index)sizeof(int32_t)),
                        hash_bytes(example->labels, example->count * (Index)sizeof(int32_t))};
    return hash_bytes(part, sizeof part);
}

static bool make_room(Dataset *data, Error *err)
{
    if (data->count < data->cap) return true;
    Index    cap = data->cap * 2 + 64;
    Example *larger = mem_resize(data->examples, mem_program(), MEM_TEXT, cap, sizeof *larger, err);
    if (larger == NULL) return false;
    data->examples = larger;
    data->cap = cap;
    return true;
}

bool dataset_take(Dataset *data, Ids *ids, Ids *labels, Index prompt, bool completion,
                  const DataSpec *spec, Error *err)
{
    CHECK(ids->count == labels->count);
    Index limit = spec->max_length > 0 ? spec->max_length : spec->config->max_position;
    Index count = ids->count < limit ? ids->count : limit;
    if (count > 0) labels->data[0] = -100;

    Example example = {.ids = ids->data,
                       .labels = labels->data,
                       .count = count,
                       .prompt = prompt < count ? prompt : count};
    example.targets = count > 0 ? count_targets(&example) : 0;
    data->truncated += count < ids->count;
    if (example.targets == 0) {
        data->skipped++;
        return true;
    }
    if (!make_room(data, err)) return false;
    data->has_completions = completion && (data->has_completions || data->count == 0);
    data->hash = chain(data->hash, &example);
    data->examples[data->count++] = example;
    *ids = (Ids){0}; /* the example owns them now */
    *labels = (Ids){0};
    return true;
}

/* Training on nothing is refused here, where the reason is still known. */
static bool nothing_left(const Dataset *data, const char *name, const DataSpec *spec, Error *err)
{
    if (data->skipped == 0) {
        return error_set(err, ERR_INPUT, "%s: there are no examples in it", name);
    }
    Index limit = spec->max_length > 0 ? spec->max_length : spec->config->max_position;
    return error_set(err, ERR_INPUT, "%s: none of its %td examples has a target within %td tokens",
                     name, data->skipped, limit);
}

static bool add_lines(Dataset *data, const char *path, const char *text, Index length,
                      const DataSpec *spec, Error *err)
{
    Index number = 1;
    bool  marked = length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0; /* as Windows writes */
    for (Index at = marked ? 3 : 0; at < length; number++) {
        const char *newline = memchr(text + at, '\n', (size_t)(length - at));
        Index       end = newline != NULL ? newline - text : length;
        Index       n = end - at;
        while (n > 0 && memchr(" \t\r", text[at + n - 1], 3) != NULL) n--;
        if (n > 0 && !dataset_add_line(data, text + at, n, path, number, spec, err)) return false;
        at = end + 1;
    }
    return data->count > 0 || nothing_left(data, path, spec, err);
}

Dataset *dataset_read_jsonl(const char *path, const DataSpec *spec, Error *err)
{
    Index    length;
    char    *text = file_read_all(path, DATA_MAX_BYTES, &length, err);
    Dataset *data = text != NULL ? dataset_create(err) : NULL;
    bool     ok = data != NULL && add_lines(data, path, text, length, spec, err);
    mem_free(text);
    if (ok) return data;
    dataset_free(data);
    return NULL;
}

static bool add_example(Dataset *data, const Grammar *grammar, Str *prompt, Str *completion,
                        const DataSpec *spec, Error *err)
{
    if (!str_ok(prompt, err) || !str_ok(completion, err)) return false;
    if (grammar_is_document(grammar)) {
        return dataset_add_text(data, str_text(prompt), prompt->len, spec, err);
    }
    return dataset_add_pair(data, str_text(prompt), prompt->len, str_text(completion),
                            completion->len, spec, err);
}

static bool draw(Dataset *data, const Grammar *grammar, uint64_t seed, GrammarSplit split,
                 Index count, const DataSpec *spec, Error *err)
{
    Str  prompt = {0}, completion = {0};
    bool ok = true;

    for (Index i = 0; ok && i < count; i++) {
        ok = grammar_example(grammar, seed, split, i, &prompt, &completion, err) &&
             add_example(data, grammar, &prompt, &completion, spec, err);
    }
    str_free(&prompt);
    str_free(&completion);
    return ok;
}

Dataset *dataset_from_grammar(const Grammar *grammar, uint64_t seed, GrammarSplit split,
                              Index count, const DataSpec *spec, Error *err)
{
    if (spec->tok == NULL) {
        error_set(err, ERR_INPUT, "a task needs a tokenizer, and the model folder has no %s",
                  "tokenizer.json");
        return NULL;
    }
    Dataset *data = dataset_create(err);
    if (data == NULL) return NULL;
    bool ok = draw(data, grammar, seed, split, count, spec, err);
    if (ok && data->count == 0) ok = nothing_left(data, "the task", spec, err);
    if (ok) return data;
    dataset_free(data);
    return NULL;
}
