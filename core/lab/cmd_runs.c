/* `runs`: what was recorded, one line a run: method, settings that differ, losses. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/lab/runs.h"

#define SETTINGS_MAX 16

/* ---- the folder of runs ---- */

static Index digits_at(const char *name)
{
    Index n = (Index)strlen(name);
    while (n > 0 && name[n - 1] >= '0' && name[n - 1] <= '9') n--;
    return n;
}

/* "sql-lora-2" comes before "sql-lora-10". */
static int by_number(const void *a, const void *b)
{
    const char *one = *(char *const *)a, *two = *(char *const *)b;
    Index       n = digits_at(one), m = digits_at(two);
    int         order = n == m ? strncmp(one, two, (size_t)n) : strcmp(one, two);
    if (order != 0) return order;
    int longer = (int)(strlen(one) > strlen(two)) - (int)(strlen(one) < strlen(two));
    return longer != 0 ? longer : strcmp(one, two);
}

/* A folder without a log, or with one that cannot be read, is told and passed over. */
static bool add_run(RunSet *runs, const Lab *lab, const char *name, const Sink *sink, Error *err)
{
    Error why = {0};
    if (runs_add(runs, lab, name, &why)) return true;
    if (why.code == ERR_MEMORY) return error_set(err, why.code, "%s", why.message);
    sink_note(sink, "passed over: %s", why.message);
    return true;
}

static bool read_all(RunSet *runs, const Lab *lab, const Sink *sink, Error *err)
{
    char **names = NULL;
    Index  count = 0;
    char  *folder = path_join(lab->state_folder, "runs", err);
    bool   ok = folder != NULL;

    if (ok && path_is_folder(folder)) {
        ok = folder_list(folder, &names, &count, err);
        if (ok) qsort(names, (size_t)count, sizeof *names, by_number);
        for (Index i = 0; i < count; i++) {
            if (ok && names[i][0] != '.') ok = add_run(runs, lab, names[i], sink, err);
            mem_free(names[i]);
        }
        mem_free(names);
    }
    mem_free(folder);
    return ok;
}

/* ---- one line ---- */

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

static void pad(Str *line, const char *text, int columns)
{
    Str safe = {0};
    safe_name(&safe, text);
    str_add(line, str_text(&safe));
    line->failed = line->failed || safe.failed;
    int used = text_columns(str_text(&safe), safe.len);
    do {
        str_add(line, " ");
    } while (used++ < columns);
    str_free(&safe);
}

static Index last_step(const RunData *data)
{
    return data->step_count > 0 ? data->steps[data->step_count - 1].step : 0;
}

static void add_settings(Str *line, const Run *run, const char *const *names, Index count)
{
    Str value = {0}, safe = {0};
    for (Index k = 0; k < count; k++) {
        str_clear(&value);
        run_setting(&value, run, names[k]);
        if (value.len == 0 || strcmp(names[k], "method") == 0) continue;
        str_addf(&safe, "  %s=%s", names[k], str_text(&value));
    }
    safe_text(line, str_text(&safe), safe.len, false, 0);
    line->failed = line->failed || value.failed || safe.failed;
    str_free(&value);
    str_free(&safe);
}

static void run_line(Result *result, const Run *run, int width, const char *const *names,
                     Index count)
{
    const RunData *data = run->data;
    Str            line = {0}, method = {0};

    run_setting(&method, run, "method");
    pad(&line, run->name, width);
    pad(&line, str_text(&method), 6);
    str_addf(&line, "%6td  %7.4f -> %7.4f", last_step(data), first_loss(data), last_loss(data));
    if (data->end[0] == '\0') str_addf(&line, "  (%s)", tr("not ended"));
    add_settings(&line, run, names, count);
    result_line(result, "%s", str_text(&line));
    result_used(result, &line);
    result_used(result, &method);
}

static void run_values(Value *list, Result *result, const Run *run, const char *const *names,
                       Index count)
{
    const RunData *data = run->data;
    Value         *object = value_object(list, NULL);
    Str            text = {0};

    value_text(object, "name", run->name, (Index)strlen(run->name));
    value_text(object, "log", run->log, (Index)strlen(run->log));
    run_setting(&text, run, "method");
    value_text(object, "method", str_text(&text), text.len);
    value_integer(object, "steps", last_step(data));
    value_number(object, "loss_before", first_loss(data), "nats/token");
    value_number(object, "loss_after", last_loss(data), "nats/token");
    value_bool(object, "held_out", data->eval_count > 0);
    value_bool(object, "ended", data->end[0] != '\0');
    Value *settings = value_object(object, "settings");
    for (Index k = 0; k < count; k++) {
        str_clear(&text);
        run_setting(&text, run, names[k]);
        if (text.len > 0) value_text(settings, names[k], text.data, text.len);
    }
    result_used(result, &text);
}

/* ---- the list ---- */

static bool tell(Result *result, const RunSet *runs, const Lab *lab, Error *err)
{
    const char *names[SETTINGS_MAX];
    Index       count = runs_differing(runs, names, SETTINGS_MAX);
    Value      *list = value_list(result->root, "runs");
    int         width = 4;
    Str         head = {0};

    if (count < 0) return error_set(err, ERR_MEMORY, "out of memory while comparing runs");
    for (Index i = 0; i < runs->count; i++) {
        int columns = text_columns(runs->list[i].name, (Index)strlen(runs->list[i].name));
        if (columns > width) width = columns < 40 ? columns : 40;
    }
    if (runs->count > 0) {
        pad(&head, tr("run"), width);
        pad(&head, tr("method"), 6);
        result_line(result, "%s steps  loss before -> after  settings that differ",
                    str_text(&head));
    } else {
        result_line(result, "no runs are recorded in %s/runs", lab->state_folder);
    }
    for (Index i = 0; i < runs->count; i++) {
        run_line(result, &runs->list[i], width, names, count);
        run_values(list, result, &runs->list[i], names, count);
    }
    result_used(result, &head);
    return result_ok(result, err);
}

bool cmd_runs(Lab *lab, const Args *args, const Sink *sink, const Cancel *cancel, Result *result,
              Error *err)
{
    RunSet runs = {0};
    (void)args;
    (void)cancel;
    bool ok = read_all(&runs, lab, sink, err);
    ok = ok && tell(result, &runs, lab, err);
    runs_free(&runs);
    return ok;
}
