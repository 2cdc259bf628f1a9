/*
 * Any bytes as a line of data, for a model with ChatML, one with Llama 3's tokens, one without
 * chat and one without a tokenizer: refused with file and line, or an example within its bounds.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/train/dataset.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { MODELS = 4, LIMIT = 24 };

static Tokenizer *load(const char *name)
{
    char        path[512];
    Error       err = {0};
    const char *tests = getenv("LORALAB_TESTS");
    snprintf(path, sizeof path, "%s/fixtures/tokenizers/%s/tokenizer.json",
             tests != NULL ? tests : "tests", name);
    Tokenizer *tok = tokenizer_read(path, &err);
    if (tok == NULL) fprintf(stderr, "%s\n", err.message);
    CHECK(tok != NULL);
    return tok;
}

static void check_example(const Example *example, const ModelConfig *config)
{
    Index targets = 0;
    CHECK(example->count > 1 && example->count <= LIMIT);
    CHECK(example->prompt >= 0 && example->prompt <= example->count);
    for (Index t = 0; t < example->count; t++) {
        int32_t label = example->labels[t];
        CHECK(example->ids[t] >= 0 && example->ids[t] < config->V);
        CHECK(label == -100 || (label >= 0 && label < config->V));
        targets += label >= 0;
    }
    CHECK(example->labels[0] == -100);
    CHECK(targets == example->targets && targets > 0);
}

static void add(const char *line, Index n, const DataSpec *spec)
{
    Error    err = {0};
    Dataset *data = dataset_create(&err);
    CHECK(data != NULL);
    bool good = dataset_add_line(data, line, n, "fuzz", 3, spec, &err);
    CHECK(good == (err.code == ERR_NONE));
    if (good) {
        CHECK(data->count + data->skipped == 1);
        if (data->count == 1) check_example(&data->examples[0], spec->config);
    } else {
        CHECK(err.code == ERR_INPUT && data->count == 0);
        CHECK(strncmp(err.message, "fuzz: line 3: ", 14) == 0);
    }
    dataset_free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static Tokenizer *toks[MODELS];
    if (toks[0] == NULL) {
        toks[0] = load("qwen2");
        toks[1] = load("llama3");
        toks[2] = load("gpt2");
    }
    int64_t live = mem_live_blocks();
    /* A copy of the exact size, so that reading beyond it is seen. */
    char *line = mem_alloc_raw(mem_program(), MEM_TEXT, (Index)n, 1, NULL);
    CHECK(line != NULL);
    if (n > 0) memcpy(line, bytes, n);
    for (int m = 0; m < MODELS; m++) {
        const Tokenizer *tok = toks[m];
        /* Some of the first one's tokens lie beyond the model's. */
        Index       V = tok == NULL ? 96 : m == 0 ? 700 : tokenizer_vocab(tok);
        ModelConfig config = {.V = V, .max_position = LIMIT, .end = {1}, .end_count = m % 2};
        DataSpec    spec = {.tok = tok, .config = &config};
        add(line, (Index)n, &spec);
    }
    mem_free(line);
    CHECK(mem_live_blocks() == live);
    return 0;
}
