/*
 * The form: one row for every setting of `train` that means something here, from the command
 * table, so that a new setting is here as soon as it is in the table.
 */

#include <stdio.h>
#include <string.h>

#include "app/rooms/workbench/workbench.h"
#include "core/lab/train_settings.h"

/* Headings in the order they are wanted in; rows of other headings follow. */
static const char *const groups[] = {"Method", "LoRA",  "Steps",  "Optimizer",
                                     "Data",   "Model", "Output", "Common"};

/* ... but before all of them the settings that are changed most. */
static const char *const wanted[] = {"data",
                                     "method",
                                     "r",
                                     "lora_alpha",
                                     "target_modules",
                                     "learning_rate",
                                     "max_steps",
                                     "per_device_train_batch_size",
                                     "seed",
                                     NULL};

/* ---- arguments ---- */

Args *args_clone(const Args *args, const char *without, Error *err)
{
    const Command *command = args_command(args);
    const ArgSpec *lists[] = {command->args, command_common_args()};
    Args          *copy = args_create(command, err);

    for (int l = 0; copy != NULL && l < 2; l++) {
        for (const ArgSpec *spec = lists[l]; copy != NULL && spec->name != NULL; spec++) {
            bool skip = without != NULL && strcmp(without, spec->name) == 0;
            if (skip || !args_given(args, spec->name)) continue;
            if (args_set(copy, spec->name, args_text(args, spec->name), err)) continue;
            args_free(copy);
            copy = NULL;
        }
    }
    return copy;
}

static bool set_number(Args *args, const char *name, long long value, Error *err)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", value);
    return args_set(args, name, text, err);
}

/* Short enough to be watched, measured often enough to be seen. */
static bool set_first(Screen *screen, Args *args, Error *err)
{
    bool quick = screen_quick(screen);
    if (!set_number(args, "max_steps", quick ? 20 : 200, err)) return false;
    if (!set_number(args, "eval_steps", quick ? 10 : 25, err)) return false;
    if (quick &&
        (!set_number(args, "examples", 200, err) || !set_number(args, "eval_examples", 20, err))) {
        return false;
    }
    if (screen_seeded(screen) && !set_number(args, "seed", (long long)screen_seed(screen), err)) {
        return false;
    }
    return screen_threads(screen) == 0 || set_number(args, "threads", screen_threads(screen), err);
}

Args *workbench_args(Screen *screen, Error *err)
{
    Args *args = args_create(command_find("train"), err);
    if (args == NULL || set_first(screen, args, err)) return args;
    args_free(args);
    return NULL;
}

/* ---- rows ---- */

static bool is_in(const char *name, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (strcmp(*list, name) == 0) return true;
    }
    return false;
}

/* What only a command line can do, and what the screen itself decides. */
static bool is_shown(const ArgSpec *spec)
{
    static const char *const no[] = {
        "plot", "dry_run", "resume_from_checkpoint", "log", "json", "quiet", "color", "help", NULL};
    return !is_in(spec->name, no);
}

const char *workbench_known_as(const char *name)
{
    static const char *const lora[] = {"r",
                                       "lora_alpha",
                                       "lora_dropout",
                                       "target_modules",
                                       "bias",
                                       "exclude_modules",
                                       "modules_to_save",
                                       "lora_bias",
                                       "use_rslora",
                                       "rank_pattern",
                                       "layers_to_transform",
                                       "alpha_pattern",
                                       "init_lora_weights",
                                       NULL};
    static const char *const trainer[] = {"per_device_train_batch_size",
                                          "gradient_accumulation_steps",
                                          "gradient_checkpointing",
                                          "optim",
                                          "max_steps",
                                          "num_train_epochs",
                                          "learning_rate",
                                          "lr_scheduler_type",
                                          "warmup_steps",
                                          "warmup_ratio",
                                          "weight_decay",
                                          "adam_beta1",
                                          "adam_beta2",
                                          "adam_epsilon",
                                          "max_grad_norm",
                                          "eval_steps",
                                          "save_steps",
                                          "save_total_limit",
                                          "seed",
                                          NULL};
    static const char *const sft[] = {"max_length", "packing", NULL};
    if (is_in(name, lora)) return "PEFT: LoraConfig";
    if (is_in(name, trainer)) return "transformers: TrainingArguments";
    return is_in(name, sft) ? "TRL: SFTConfig" : NULL;
}

static void add_tasks(const Workbench *bench, Str *out)
{
    Str names = {0};
    if (lab_task_names(bench->from, &names, NULL) && names.len > 0) {
        str_addf(out, tr("Left, Right: %s"), str_text(&names));
    }
    str_free(&names);
}

static void describe_range(const Workbench *bench, BenchField *field)
{
    const ArgSpec *spec = field->spec;
    const char    *known = workbench_known_as(spec->name);
    Str            text = {0};

    if (spec->type == ARG_INT || spec->type == ARG_FLOAT) {
        str_addf(&text, tr("%g to %g"), spec->min, spec->max);
    } else if (spec->type == ARG_CHOICE) {
        str_add(&text, tr("Left, Right: "));
        for (const char *const *c = spec->choices; *c != NULL; c++) {
            str_addf(&text, "%s%s", c != spec->choices ? ", " : "", *c);
        }
    } else if (spec->type == ARG_FLAG || spec->type == ARG_BOOL) {
        str_add(&text, tr("true or false"));
    } else if (strcmp(spec->name, "data") == 0) {
        add_tasks(bench, &text);
    }
    if (spec->fallback != NULL) {
        str_addf(&text, "%s", text.len > 0 ? "; " : "");
        str_addf(&text, tr("default %s"), spec->fallback);
    }
    if (known != NULL) str_addf(&text, "%s%s.%s", text.len > 0 ? "; " : "", known, spec->name);
    snprintf(field->range, sizeof field->range, "%s", str_text(&text));
    str_free(&text);
}

static BenchField *add_field(Workbench *bench)
{
    CHECK(bench->field_count < BENCH_FIELDS);
    return &bench->fields[bench->field_count++];
}

static void add_spec(Workbench *bench, const ArgSpec *spec)
{
    BenchField *field = add_field(bench);
    field->spec = spec;
    describe_range(bench, field);
}

static void add_group(Workbench *bench, const char *group, const ArgSpec *list)
{
    for (const ArgSpec *spec = list; spec->name != NULL; spec++) {
        bool here = strcmp(spec->group, group) == 0 && !is_in(spec->name, wanted);
        if (here && is_shown(spec)) add_spec(bench, spec);
    }
}

static void add_named(Workbench *bench, const char *name, const ArgSpec *list)
{
    for (const ArgSpec *spec = list; spec->name != NULL; spec++) {
        if (strcmp(spec->name, name) == 0) add_spec(bench, spec);
    }
}

static void add_heading(Workbench *bench, const char *words)
{
    BenchField *heading = add_field(bench);
    snprintf(heading->value, sizeof heading->value, "%s", words);
}

void workbench_form_make(Workbench *bench)
{
    const ArgSpec *own = args_command(bench->args)->args, *common = command_common_args();

    add_heading(bench, tr("Changed most"));
    for (const char *const *name = wanted; *name != NULL; name++) {
        add_named(bench, *name, own);
        add_named(bench, *name, common);
    }
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
        int before = bench->field_count;
        add_heading(bench, strcmp(groups[g], "Common") == 0 ? tr("Machine") : tr(groups[g]));
        add_group(bench, groups[g], own);
        add_group(bench, groups[g], common);
        if (bench->field_count == before + 1) bench->field_count = before; /* nothing under it */
    }
    workbench_form_fill(bench);
    for (int i = 0; i < bench->field_count; i++) {
        const ArgSpec *spec = bench->fields[i].spec;
        if (spec != NULL && strcmp(spec->name, "r") == 0) bench->form.selected = i;
    }
}

/* ---- values ---- */

/* What holds where the table has no default because it depends on other settings. */
static void effective(const TrainSettings *s, const char *name, char *value, size_t size)
{
    if (strcmp(name, "learning_rate") == 0) {
        snprintf(value, size, "%g", s->learning_rate);
    } else if (strcmp(name, "max_steps") == 0 && s->max_steps > 0) {
        snprintf(value, size, "%td", s->max_steps);
    } else if (strcmp(name, "warmup_steps") == 0) {
        snprintf(value, size, "%td", s->warmup_steps);
    } else if (strcmp(name, "base") == 0) {
        snprintf(value, size, "%s", tr("tiny"));
    } else {
        snprintf(value, size, "-");
    }
}

void workbench_form_fill(Workbench *bench)
{
    TrainSettings settings;
    if (!train_settings_from(bench->args, &settings, NULL)) train_settings_init(&settings);

    for (int i = 0; i < bench->field_count; i++) {
        BenchField    *field = &bench->fields[i];
        const ArgSpec *spec = field->spec;
        FormRow       *row = &bench->rows[i];
        if (spec == NULL) {
            *row = (FormRow){.heading = true, .label = field->value};
            continue;
        }
        const char *text = args_text(bench->args, spec->name);
        bool        flag = spec->type == ARG_FLAG || spec->type == ARG_BOOL;
        if (flag) text = args_flag(bench->args, spec->name) ? "true" : "false";
        if (text != NULL) {
            snprintf(field->value, sizeof field->value, "%s", text);
        } else {
            effective(&settings, spec->name, field->value, sizeof field->value);
        }
        *row = (FormRow){.label = spec->name,
                         .value = field->value,
                         .unit = spec->unit,
                         .help = tr(spec->help),
                         .range = field->range,
                         .changed = args_given(bench->args, spec->name)};
    }
    form_rows(&bench->form, bench->rows, bench->field_count);
}

const ArgSpec *workbench_field(const Workbench *bench)
{
    int at = bench->form.selected;
    return at >= 0 && at < bench->field_count ? bench->fields[at].spec : NULL;
}

/* Name `at` of a list "a, b, c", cut out into the buffer; how many there are otherwise. */
static int name_at(const char *list, int at, char *to, size_t size)
{
    int count = 0;
    for (; *list != '\0'; list += strspn(list, ", ")) {
        size_t n = strcspn(list, ",");
        if (count++ == at) snprintf(to, size, "%.*s", (int)n, list);
        list += n;
    }
    return count;
}

/* The tasks that come along, one after another. */
static const char *next_task(const Workbench *bench, int by)
{
    static char task[80];
    const char *now = args_text(bench->args, "data");
    Str         names = {0};
    int         at = -1;
    if (!lab_task_names(bench->from, &names, NULL)) str_clear(&names);
    int count = name_at(str_text(&names), -1, task, sizeof task);
    for (int i = 0; i < count && at < 0; i++) {
        name_at(str_text(&names), i, task, sizeof task);
        if (now != NULL && strcmp(now, task) == 0) at = i;
    }
    if (count > 0)
        name_at(str_text(&names), at < 0 ? 0 : (at + by + count) % count, task, sizeof task);
    str_free(&names);
    return count > 0 ? task : NULL;
}

const char *workbench_choice(const Workbench *bench, const ArgSpec *spec, int by)
{
    if (strcmp(spec->name, "data") == 0) return next_task(bench, by);
    if (spec->type == ARG_FLAG || spec->type == ARG_BOOL) {
        return args_flag(bench->args, spec->name) ? "false" : "true";
    }
    if (spec->type != ARG_CHOICE) return NULL;
    const char *now = args_text(bench->args, spec->name);
    int         count = 0, at = 0;
    for (; spec->choices[count] != NULL; count++) {
        if (now != NULL && strcmp(spec->choices[count], now) == 0) at = count;
    }
    return spec->choices[(at + by + count) % count];
}
