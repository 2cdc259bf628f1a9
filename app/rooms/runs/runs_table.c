/* Rows of the list, and the table of settings in which the marked runs differ. */

#include <math.h>
#include <string.h>

#include "app/rooms/runs/runs_shelf.h"

enum { SETTINGS_MOST = 16, GROWING_SECONDS = 30 };

void shelf_free_rows(RunShelf *shelf)
{
    for (Index i = 0; shelf->settings != NULL && shelf->settings[i] != NULL; i++) {
        mem_free(shelf->settings[i]);
    }
    for (Index i = 0; shelf->table != NULL && shelf->table[i] != NULL; i++) {
        mem_free(shelf->table[i]);
    }
    mem_free(shelf->settings);
    mem_free(shelf->table);
    mem_free(shelf->rows);
    shelf->settings = shelf->table = NULL;
    shelf->rows = NULL;
    shelf->table_settings = shelf->table_runs = 0;
}

/* ---- texts ------------------------------------------------------------------------------ */

/* Room for `count` texts and the NULL behind them. */
static char **text_list(Index count)
{
    return mem_alloc(mem_program(), MEM_TEXT, count + 1, sizeof(char *), NULL);
}

static char *take_text(Str *text)
{
    if (text->len == 0) str_add(text, "");
    return str_take(text, NULL);
}

static char *setting_text(const Run *run, const char *name)
{
    Str text = {0};
    run_setting(&text, run, name);
    return take_text(&text);
}

/* The columns of the list tell these already. */
static bool has_column(const char *name)
{
    return strcmp(name, "data") == 0 || strcmp(name, "method") == 0 ||
           strcmp(name, "max_steps") == 0;
}

/* Texts of each run, one after the other: task, method, differing settings. */
static bool make_texts(RunShelf *shelf)
{
    const char *names[SETTINGS_MOST];
    Index       count = runs_differing(&shelf->runs, names, SETTINGS_MOST), filled = 0;
    if (count > 0) runs_sort_settings(names, count);
    shelf->settings = text_list(3 * shelf->runs.count);
    if (shelf->settings == NULL || count < 0) return false;
    for (Index i = 0; i < shelf->runs.count; i++) {
        const Run *run = &shelf->runs.list[i];
        Str        text = {0}, value = {0};
        for (Index k = 0; k < count; k++) {
            str_clear(&value);
            run_setting(&value, run, names[k]);
            if (value.len == 0 || has_column(names[k])) continue;
            str_addf(&text, "%s%s=%s", text.len > 0 ? " " : "", names[k], str_text(&value));
        }
        str_free(&value);
        char *const made[] = {setting_text(run, "data"), setting_text(run, "method"),
                              take_text(&text)};
        for (int k = 0; k < 3; k++) {
            if (made[k] != NULL) shelf->settings[filled++] = made[k];
        }
        if (filled != 3 * (i + 1)) return false;
    }
    return true;
}

/* ---- rows ------------------------------------------------------------------------------- */

static double first_loss(const RunData *data)
{
    if (data->eval_count > 0) return data->evals[0].loss;
    return data->step_count > 0 ? data->steps[0].loss : (double)NAN;
}

static double last_loss(const RunData *data)
{
    if (data->eval_count > 0) return data->evals[data->eval_count - 1].loss;
    return data->step_count > 0 ? data->steps[data->step_count - 1].loss : (double)NAN;
}

static Index planned_steps(const Run *run)
{
    if (run->start == NULL) return 0;
    const JsonNode *steps = json_get(json_root(run->start), "steps");
    return json_is_integer(steps) ? (Index)json_integer(steps) : 0;
}

static RunRow row_of(const RunShelf *shelf, Index i, double now)
{
    const Run     *run = &shelf->runs.list[i];
    const RunData *data = run->data;
    double         age = now - shelf->about[i].changed;
    bool           ended = data->end[0] != '\0';
    return (RunRow){.name = run->name,
                    .data = shelf->settings[3 * i],
                    .method = shelf->settings[3 * i + 1],
                    .settings = shelf->settings[3 * i + 2],
                    .steps = data->step_count > 0 ? data->steps[data->step_count - 1].step : 0,
                    .planned = planned_steps(run),
                    .before = first_loss(data),
                    .after = last_loss(data),
                    .held_out = data->eval_count > 0,
                    .ended = ended,
                    .growing = !ended && age < GROWING_SECONDS,
                    .marked = shelf->about[i].marked,
                    .age = age < 0 ? 0 : age};
}

void shelf_make_rows(RunShelf *shelf, double now)
{
    Index count = shelf->runs.count;
    if (shelf->settings == NULL && !make_texts(shelf)) {
        shelf_free_rows(shelf); /* no memory: an empty list */
        return;
    }
    if (shelf->rows == NULL) {
        shelf->rows = mem_alloc(mem_program(), MEM_TEXT, count, sizeof *shelf->rows, NULL);
    }
    for (Index i = 0; shelf->rows != NULL && i < count; i++) {
        shelf->rows[i] = row_of(shelf, i, now);
    }
}

/* ---- the table -------------------------------------------------------------------------- */

static char *label_of(const RunSet *runs, Index i)
{
    Str text = {0};
    str_add(&text, runs->list[i].name);
    return take_text(&text);
}

static bool fill_table(char **table, const RunSet *drawn, const char *const *names, Index count)
{
    Index n = 0;
    for (Index k = 0; k < count; k++) {
        table[n] = mem_strdup(names[k], NULL);
        if (table[n++] == NULL) return false;
    }
    for (Index i = 0; i < drawn->count; i++) {
        table[n] = label_of(drawn, i);
        if (table[n++] == NULL) return false;
    }
    for (Index k = 0; k < count; k++) {
        for (Index i = 0; i < drawn->count; i++) {
            table[n] = setting_text(&drawn->list[i], names[k]);
            if (table[n++] == NULL) return false;
        }
    }
    return true;
}

void shelf_make_table(RunShelf *shelf)
{
    const char *names[SETTINGS_MOST];
    RunSet      drawn;
    for (Index i = 0; shelf->table != NULL && shelf->table[i] != NULL; i++) {
        mem_free(shelf->table[i]);
    }
    mem_free(shelf->table);
    shelf->table = NULL;
    shelf->table_settings = shelf->table_runs = 0;
    if (!shelf_drawn(shelf, &drawn, NULL)) return;
    Index count = drawn.count > 1 ? runs_differing(&drawn, names, SETTINGS_MOST) : 0;
    if (count > 0) {
        runs_sort_settings(names, count);
        shelf->table = text_list((count + 1) * drawn.count + count);
        if (shelf->table != NULL && fill_table(shelf->table, &drawn, names, count)) {
            shelf->table_settings = (int)count;
            shelf->table_runs = (int)drawn.count;
        }
    }
    mem_free(drawn.list);
}
