/* Writing the run log: each event becomes one line of JSON and one write(2). */

#include "core/train/runlog.h"

#include <string.h>

#include "core/base/file.h"
#include "core/base/json.h"

struct RunLog {
    LineLog *file;
    Str      line; /* reused */
    Error    err;  /* the first failure */
};

RunLog *runlog_open(const char *path, bool append, Error *err)
{
    RunLog *log = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *log, err);
    if (log == NULL) return NULL;
    log->file = linelog_open(path, append, err);
    if (log->file == NULL) {
        mem_free(log);
        return NULL;
    }
    return log;
}

void runlog_close(RunLog *log)
{
    if (log == NULL) return;
    linelog_close(log->file);
    str_free(&log->line);
    mem_free(log);
}

bool runlog_ok(const RunLog *log, Error *err)
{
    if (log->err.code == ERR_NONE) return true;
    if (err != NULL && err->code == ERR_NONE) *err = log->err;
    return false;
}

/* "type" in the log; NULL: the event is not logged. */
static const char *type_name(EventType type)
{
    switch (type) {
    case EVENT_START:
        return "start";
    case EVENT_STEP:
        return "step";
    case EVENT_EVAL:
        return "eval";
    case EVENT_MODULES:
        return "modules";
    case EVENT_MEMORY:
        return "memory";
    case EVENT_SAMPLE:
        return "sample";
    case EVENT_CHECKPOINT:
        return "checkpoint";
    case EVENT_RESUME:
        return "resume";
    case EVENT_NOTE:
        return "note";
    case EVENT_END:
        return "end";
    case EVENT_TEXT:
    case EVENT_PROGRESS:
        break;
    }
    return NULL;
}

static void add_number(Str *line, const char *key, double value)
{
    str_addf(line, ", \"%s\": ", key);
    json_add_number(line, value);
}

static void add_text(Str *line, const char *key, const char *text)
{
    str_addf(line, ", \"%s\": ", key);
    json_add_string(line, text, (Index)strlen(text));
}

static void add_memory(Str *line, const Event *event)
{
    str_addf(line, ", \"step\": %td, \"bytes\": {", event->step);
    for (int p = 0; p < MEM_PURPOSE_COUNT; p++) {
        str_addf(line, "%s\"%s\": %lld", p > 0 ? ", " : "", mem_purpose_name((MemPurpose)p),
                 (long long)event->bytes[p]);
    }
    str_add(line, "}");
}

static void add_step(Str *line, const Event *event)
{
    str_addf(line, ", \"step\": %td", event->step);
    add_number(line, "epoch", event->epoch);
    add_number(line, "loss", event->loss);
    add_number(line, "grad_norm", event->grad_norm);
    add_number(line, "learning_rate", event->learning_rate);
    str_addf(line, ", \"tokens\": %td", event->tokens);
    add_number(line, "seconds", event->seconds);
}

static void add_eval(Str *line, const Event *event)
{
    str_addf(line, ", \"step\": %td", event->step);
    add_number(line, "loss", event->loss);
    if (event->exact_match >= 0) add_number(line, "exact_match", event->exact_match);
    str_addf(line, ", \"tokens\": %td", event->tokens);
}

static void add_members(Str *line, const Event *event)
{
    switch (event->type) {
    case EVENT_STEP:
        add_step(line, event);
        break;
    case EVENT_EVAL:
        add_eval(line, event);
        break;
    case EVENT_MEMORY:
        add_memory(line, event);
        break;
    case EVENT_NOTE:
        add_text(line, "text", event->text);
        break;
    case EVENT_MODULES:
    case EVENT_SAMPLE:
    case EVENT_CHECKPOINT:
    case EVENT_RESUME:
        str_addf(line, ", \"step\": %td", event->step);
        if (event->json != NULL) str_addf(line, ", %s", event->json);
        if (event->text != NULL) {
            add_text(line, event->type == EVENT_SAMPLE ? "text" : "folder", event->text);
        }
        break;
    case EVENT_START:
    case EVENT_END:
    case EVENT_TEXT:
    case EVENT_PROGRESS:
        if (event->json != NULL) str_addf(line, ", %s", event->json);
        break;
    }
}

void runlog_event(void *context, const Event *event)
{
    RunLog     *log = context;
    const char *type = type_name(event->type);
    if (type == NULL || log->err.code != ERR_NONE) return;

    str_clear(&log->line);
    str_addf(&log->line, "{\"type\": \"%s\"", type);
    add_members(&log->line, event);
    str_add(&log->line, "}");
    if (!str_ok(&log->line, &log->err)) return;
    if (!linelog_write(log->file, log->line.data, log->line.len, &log->err)) return;
}
