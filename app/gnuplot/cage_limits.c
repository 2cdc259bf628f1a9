/* How much of the machine the program in the cage may use. */

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "app/gnuplot/cage.h"

static bool limit(int what, rlim_t most, const char *name, Error *err)
{
    struct rlimit now;
    if (getrlimit(what, &now) != 0) return error_set(err, ERR_DEVICE, "%s: unknown", name);
    if (now.rlim_max != RLIM_INFINITY && now.rlim_max < most) most = now.rlim_max;
    now = (struct rlimit){.rlim_cur = most, .rlim_max = most};
    if (setrlimit(what, &now) == 0) return true;
    return error_set(err, ERR_DEVICE, "%s cannot be limited: %s", name, strerror(errno));
}

/* A file is drawn in a moment; a window may follow a training for a day, and its helper maps
 * more than it uses. An endless loop there is met by the missing answer. */
bool cage_set_limits(GnuplotCage kind, Error *err)
{
    const rlim_t mega = 1 << 20;
    bool         file = kind == CAGE_FILE;
    return limit(RLIMIT_CPU, file ? 20 : 3600, "CPU time", err) &&
           limit(RLIMIT_AS, (file ? 1024 : 4096) * mega, "memory", err) &&
           limit(RLIMIT_FSIZE, 64 * mega, "file size", err) &&
           limit(RLIMIT_NOFILE, CAGE_PROGRAM_FD, "descriptors", err) &&
           limit(RLIMIT_CORE, 0, "core dumps", err);
}
