/* `merge`: base + adapter -> a plain model folder. */

#include <string.h>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/lab/report.h"
#include "core/lab/session.h"

static bool check_arguments(const Args *args, Error *err)
{
    const char *missing = args_text(args, "adapter") == NULL ? "adapter"
                          : args_text(args, "out") == NULL   ? "out"
                                                             : NULL;
    if (missing == NULL) return true;
    error_set(err, ERR_INPUT, "loralab merge needs --%s", missing);
    return error_hint(err, "for example: %s", args_command(args)->example);
}

/* The base must never be overwritten by what is made from it. */
static bool open_out(const char *out, FolderLock **lock, Error *err)
{
    if (!folder_make(out, err)) return false;
    *lock = folder_lock(out, err);
    if (*lock == NULL) return false;
    char *config = path_join(out, "config.json", err);
    bool  taken = config != NULL && path_exists(config);
    mem_free(config);
    if (!taken) return config != NULL;
    error_set(err, ERR_INPUT, "%s holds a model already", out);
    return error_hint(err, "choose another --out; nothing is ever overwritten by merge");
}

static bool merge(const Args *args, Session *session, Result *result, Error *err)
{
    const char *out = args_text(args, "out"), *note = NULL;
    FolderLock *lock = NULL;
    bool        ok = open_out(out, &lock, err) && merge_save(session->method, out, &note, err);
    folder_unlock(lock);
    if (!ok) return false;

    Str where = {0};
    safe_name(&where, out);
    value_text(result->root, "out", out, (Index)strlen(out));
    value_integer(result->root, "tensors_merged", session->method->loaded.matched);
    result_line(result, "merged: %s (the base's layout and storage type)", str_text(&where));
    if (note != NULL) {
        value_text(result->root, "note", note, (Index)strlen(note));
        result_line(result, "note: %s", note);
    }
    result_used(result, &where);
    return result_ok(result, err);
}

bool cmd_merge(Lab *lab, const Args *args, const Sink *sink, const Cancel *cancel, Result *result,
               Error *err)
{
    Session session = {0};
    (void)cancel;
    bool ok = check_arguments(args, err) && session_open(&session, lab, args, sink, err) &&
              merge(args, &session, result, err);
    session_close(&session);
    return ok;
}
