/* One look through the folder of runs. */

#define _POSIX_C_SOURCE 200809L /* st_mtim */
#include <string.h>
#include <sys/stat.h>

#include "app/rooms/runs/runs_watch.h"
#include "core/base/file.h"

void run_scan_free(RunScan *scan)
{
    for (Index i = 0; i < scan->count; i++) mem_free(scan->list[i].name);
    mem_free(scan->list);
    *scan = (RunScan){0};
}

void run_news_free(RunNews *news)
{
    runs_free(&news->fresh);
    mem_free(news->changed);
    for (Index i = 0; i < news->gone_count; i++) mem_free(news->gone[i]);
    mem_free(news->gone);
    *news = (RunNews){0};
}

static RunStamp *find(RunScan *scan, const char *name)
{
    for (Index i = 0; i < scan->count; i++) {
        if (strcmp(scan->list[i].name, name) == 0) return &scan->list[i];
    }
    return NULL;
}

static RunStamp *add_stamp(RunScan *scan, const char *name, Error *err)
{
    RunStamp *larger =
        mem_resize(scan->list, mem_program(), MEM_TEXT, scan->count + 1, sizeof *larger, err);
    if (larger == NULL) return NULL;
    scan->list = larger;
    larger[scan->count] = (RunStamp){.name = mem_strdup(name, err), .bytes = -1};
    return larger[scan->count].name != NULL ? &larger[scan->count++] : NULL;
}

/* Read what has changed. What cannot be read is left out; only memory is an error. */
static bool read_run(RunNews *news, const Lab *lab, const char *name, double changed, Error *err)
{
    Error   why = {0};
    double *larger = mem_resize(news->changed, mem_program(), MEM_TEXT, news->fresh.count + 1,
                                sizeof *larger, err);
    if (larger == NULL) return false;
    news->changed = larger;
    if (runs_add(&news->fresh, lab, name, &why)) {
        larger[news->fresh.count - 1] = changed;
        return true;
    }
    return why.code != ERR_MEMORY || error_set(err, why.code, "%s", why.message);
}

static bool look_at(RunScan *scan, const Lab *lab, const char *folder, const char *name,
                    RunNews *news, Error *err)
{
    struct stat info;
    Str         log = {0};
    str_addf(&log, "%s/%s/run.jsonl", folder, name);
    bool is = str_ok(&log, err) && stat(str_text(&log), &info) == 0 && S_ISREG(info.st_mode);
    bool failed = log.failed;
    str_free(&log);
    if (!is) return !failed;

    RunStamp *stamp = find(scan, name);
    if (stamp == NULL) stamp = add_stamp(scan, name, err);
    if (stamp == NULL) return false;
    double changed = (double)info.st_mtim.tv_sec + 1e-9 * (double)info.st_mtim.tv_nsec;
    bool   same = stamp->bytes == (int64_t)info.st_size && stamp->changed == changed;
    stamp->seen = true;
    stamp->bytes = (int64_t)info.st_size;
    stamp->changed = changed;
    return same || read_run(news, lab, name, changed, err);
}

static bool forget_gone(RunScan *scan, RunNews *news, Error *err)
{
    Index kept = 0;
    for (Index i = 0; i < scan->count; i++) {
        if (scan->list[i].seen) {
            scan->list[kept++] = scan->list[i];
            continue;
        }
        char **larger = mem_resize(news->gone, mem_program(), MEM_TEXT, news->gone_count + 1,
                                   sizeof *larger, err);
        if (larger == NULL) {
            mem_free(scan->list[i].name);
            continue;
        }
        news->gone = larger;
        larger[news->gone_count++] = scan->list[i].name;
    }
    scan->count = kept;
    return true;
}

bool run_scan(RunScan *scan, const Lab *lab, RunNews *news, Error *err)
{
    char **names = NULL;
    Index  count = 0;
    *news = (RunNews){0};
    char *folder = path_join(lab->state_folder, "runs", err);
    bool  ok = folder != NULL;
    if (ok && path_is_folder(folder)) ok = folder_list(folder, &names, &count, err);
    for (Index i = 0; i < scan->count; i++) scan->list[i].seen = false;
    for (Index i = 0; i < count; i++) {
        if (ok && names[i][0] != '.') ok = look_at(scan, lab, folder, names[i], news, err);
        mem_free(names[i]);
    }
    mem_free(names);
    mem_free(folder);
    ok = ok && forget_gone(scan, news, err);
    if (!ok) run_news_free(news);
    return ok;
}
