#ifndef TESTS_MODEL_MODEL_FIXTURE_H
#define TESTS_MODEL_MODEL_FIXTURE_H

/* A backend and an account for the tests of models; both must be whole at the end. */

#include "core/model/model.h"

typedef struct ModelBench {
    Backend    *be;
    MemAccount *account;
} ModelBench;

ModelBench model_bench(void);
void       model_bench_done(ModelBench *bench);

enum { MODEL_FIXTURES = 4 };
extern const char *const model_fixtures[MODEL_FIXTURES];
const char              *model_fixture(int i); /* the folder */

Model *model_must_load(ModelBench *bench, const char *folder);
/* Two layers, 10 tokens. */
ModelConfig model_tiny_config(bool tied);

#endif
