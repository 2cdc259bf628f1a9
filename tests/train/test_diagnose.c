/* What is said of a run, from made-up histories: something only where it can hardly be chance. */

#include <math.h>
#include <string.h>

#include "core/train/trainer.h"
#include "tests/test.h"
#include "tests/train/rig.h"

typedef struct History {
    const char *name, *said; /* NULL: nothing */
    RunHealth   health;
} History;

#define FIELDS(first, best, last, norm, count)                                        \
    .first_loss = first, .best_loss = best, .last_loss = last, .max_grad_norm = norm, \
    .first_grad_norm = norm, .last_grad_norm = norm, .steps = count, .uniform_loss = 7.15
#define RUN(...)            \
    {                       \
        FIELDS(__VA_ARGS__) \
    }
#define BEGAN(before, change, ...)                                            \
    {                                                                         \
        FIELDS(__VA_ARGS__), .untrained_loss = before, .start_change = change \
    }
#define JUMPED(highest, loss, change, ...)                                   \
    {                                                                        \
        FIELDS(__VA_ARGS__), .untrained_loss = loss, .start_change = change, \
                             .highest_loss = highest                         \
    }

static const History histories[] = {
    {"a good run", NULL, RUN(3.2, 0.02, 0.02, 1.5, 200)},
    {"a modest run", NULL, RUN(3.2, 2.5, 2.6, 1.5, 200)},
    {"too short to tell", NULL, RUN(3.2, 3.2, 9.0, 1.5, 9)},
    {"short and flat", NULL, RUN(3.2, 3.2, 3.2, 1.5, 29)},
    {"no gradient", "dead", RUN(3.2, 3.2, 3.2, 0.0, 200)},
    {"no gradient, short", "dead", RUN(3.2, 3.2, 3.2, 0.0, 10)},
    {"up and away", "diverged", RUN(3.2, 3.1, 8.9, 90.0, 200)},
    {"fell, then blew up", "diverged", RUN(3.2, 0.5, 7.0, 90.0, 200)},
    {"fell, then rose", "unstable", RUN(3.2, 0.4, 1.5, 20.0, 200)},
    {"noise near zero", NULL, RUN(3.2, 0.01, 0.03, 1.0, 200)},
    {"flat", "nothing learned", RUN(3.2, 3.18, 3.19, 0.1, 200)},
    {"slightly worse", "nothing learned", RUN(3.2, 3.1, 3.3, 0.1, 200)},
    {"slowly better", NULL, RUN(3.2, 3.0, 3.0, 0.1, 200)},
    {"up at once, then level", "diverged", BEGAN(3.2, 0.0, 5.0, 4.3, 4.3, 8.0, 40)},
    {"up at once, back again", NULL, BEGAN(3.2, 0.0, 5.0, 3.4, 3.4, 8.0, 40)},
    {"no loss before", NULL, BEGAN((double)NAN, 0.0, 5.0, 4.3, 4.3, 8.0, 40)},
    {"thrown out, learns anew", "overshot", JUMPED(8.7, 3.2, 0.0, 5.6, 2.8, 2.8, 500.0, 100)},
    {"thrown out, came back", NULL, JUMPED(8.7, 3.2, 0.0, 5.6, 0.4, 0.4, 500.0, 100)},
    {"never far above", NULL, JUMPED(4.5, 3.2, 0.0, 3.9, 2.8, 2.8, 500.0, 100)},
    {"off the base", "broken start", BEGAN(8.4, 3.0, 7.0, 2.1, 2.1, 8.0, 40)},
};

static void findings_fit_their_histories(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof histories / sizeof *histories; i++) {
        const char *hint = NULL, *said = diagnose(&histories[i].health, &hint);
        const char *want = histories[i].said;
        bool        fits = (said == NULL) == (want == NULL);
        if (fits && said != NULL) fits = strncmp(said, want, strlen(want)) == 0;
        if (!fits) fail_msg("%s: %s", histories[i].name, said != NULL ? said : "nothing said");
        assert_non_null(hint);
        assert_int_equal(said == NULL, hint[0] == '\0'); /* each finding says what to do */
    }
}

static void a_long_run_is_remembered_in_bounded_memory(void **state)
{
    (void)state;
    Rig           rig;
    TrainSettings settings = rig_hard_settings();
    LoraConfig    config = rig_hard_lora;
    RigSpec       spec = rig_hard(NULL);
    RunHealth     short_run, long_run;
    settings.max_steps = 2300; /* more than are kept one by one */
    settings.batch = 1;
    settings.accumulation = 1;
    settings.schedule = SCHEDULE_CONSTANT;
    config.r = 1;
    spec.lora = &config;
    spec.examples = 1;
    rig_open(&rig, &spec, &settings);
    rig_steps_to(&rig, 20);
    trainer_health(rig.trainer, &short_run);
    assert_int_equal(short_run.steps, 20);
    int64_t bytes = mem_in_use_total(mem_program());
    rig_steps_to(&rig, settings.max_steps);
    assert_int_equal(mem_in_use_total(mem_program()), bytes);
    trainer_health(rig.trainer, &long_run);
    assert_int_equal(long_run.steps, settings.max_steps);
    assert_true(long_run.last_loss < short_run.first_loss);
    assert_true(long_run.best_loss <= long_run.last_loss);
    assert_true(long_run.first_loss > long_run.last_loss);
    assert_close(long_run.first_grad_norm, short_run.first_grad_norm, 0);
    rig_close(&rig);
}

TEST_GROUP(diagnose, cmocka_unit_test(findings_fit_their_histories),
           cmocka_unit_test(a_long_run_is_remembered_in_bounded_memory));
