/* What the planner's tests share. */

#include "tests/study/planned.h"

#include <stdio.h>
#include <string.h>

#include "tests/test.h"

Plan plan_of(const PlanInput *input)
{
    Error err = {0};
    Plan  plan;
    bool  ok = plan_make(input, &plan, &err);
    assert_ok(&err);
    assert_true(ok);
    return plan;
}

Model *outline_of(const ModelConfig *config)
{
    Error  err = {0};
    Model *outline = model_outline(config, &err);
    assert_ok(&err);
    assert_non_null(outline);
    return outline;
}

static void add_words(NameList *list, const char *words)
{
    Error err = {0};
    while (words != NULL && *words != '\0') {
        char   word[32];
        size_t n = strcspn(words, " ");
        snprintf(word, sizeof word, "%.*s", (int)n, words);
        assert_true(name_list_add(list, word, &err));
        words += n + (words[n] == ' ');
    }
}

void lora_target(LoraConfig *config, Index r, const char *targets, const char *saved)
{
    lora_config_init(config);
    config->r = r;
    config->target_all_linear = strcmp(targets, "all-linear") == 0;
    if (!config->target_all_linear) add_words(&config->target_modules, targets);
    add_words(&config->modules_to_save, saved);
}
