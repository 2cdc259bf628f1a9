/* What tests share: comparisons, paths, and the loop that lets every allocation fail. */

#define _XOPEN_SOURCE 700 /* nftw, mkdtemp */
#include "tests/test.h"

#include <errno.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/file.h"
#include "core/base/mem.h"

/* ---- numbers and errors ----------------------------------------------------------------- */

void test_close(double got, double want, double tol, const char *what, const char *file, int line)
{
    double err = fabs(got - want);
    if (err <= tol) return; /* false for NaN, unlike err > tol in the other sense */
    print_error("%s = %.17g, expected %.17g within %g (off by %g)\n", what, got, want, tol, err);
    _fail(file, line);
}

double test_relative_error(const float *got, const float *want, Index n)
{
    double off = 0.0, norm = 0.0;
    for (Index i = 0; i < n; i++) {
        double d = (double)got[i] - (double)want[i];
        off += d * d;
        norm += (double)want[i] * (double)want[i];
    }
    return norm > 0.0 ? sqrt(off / norm) : sqrt(off + norm);
}

void test_error(const Error *err, ErrorCode code, const char *words, const char *file, int line)
{
    if (err->code == code && (words == NULL || strstr(err->message, words) != NULL)) return;
    print_error("error %d \"%s\", expected %d with \"%s\"\n", err->code,
                err->code == ERR_NONE ? "" : err->message, code, words == NULL ? "" : words);
    _fail(file, line);
}

void test_ok(const Error *err, const char *file, int line)
{
    if (err->code == ERR_NONE) return;
    print_error("error %d: %s\n", err->code, err->message);
    _fail(file, line);
}

/* ---- paths ------------------------------------------------------------------------------ */

enum { PATHS = 8, PATH_BYTES = 1024 };

static const char *path_of(const char *folder, const char *name)
{
    static char paths[PATHS][PATH_BYTES];
    static int  next;

    char *path = paths[next++ % PATHS];
    int   n = snprintf(path, PATH_BYTES, "%s/%s", folder, name);
    CHECK(n > 0 && n < PATH_BYTES);
    return path;
}

const char *test_fixture(const char *name)
{
    const char *tests = getenv("LORALAB_TESTS");
    char        fixtures[PATH_BYTES - 256];
    int n = snprintf(fixtures, sizeof fixtures, "%s/fixtures", tests == NULL ? "tests" : tests);
    CHECK(n > 0 && n < (int)sizeof fixtures);
    return path_of(fixtures, name);
}

static char folder[PATH_BYTES]; /* "" while this test has none */

const char *test_folder(void)
{
    if (folder[0] != '\0') return folder;

    const char *tmp = getenv("TMPDIR");
    int n = snprintf(folder, sizeof folder, "%s/loralab-test-XXXXXX", tmp == NULL ? "/tmp" : tmp);
    CHECK(n > 0 && n < (int)sizeof folder);
    CHECK(mkdtemp(folder) != NULL);
    return folder;
}

const char *test_path(const char *name)
{
    return path_of(test_folder(), name);
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info, (void)type, (void)where;
    return remove(path);
}

void test_folder_remove(void)
{
    if (folder[0] == '\0') return;
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    folder[0] = '\0';
}

/* ---- torture ---------------------------------------------------------------------------- */

/* What fails: which switch, and the code that has to come out. */
typedef struct Fault {
    const char *what;
    ErrorCode   code;
    void (*arm)(int64_t n, bool forever);
    int64_t (*disarm)(void);
} Fault;

static void arm_disk(int64_t n, bool forever)
{
    file_fail_after(n, EIO, forever);
}

/* One run with operation n failing. Returns how many operations were asked for. */
static int64_t torture_once(const Fault *fault, TortureBody *body, void *context, int64_t n,
                            bool forever)
{
    Error   err = {0};
    int64_t live = mem_live_blocks();

    fault->arm(n, forever);
    body(context, &err);
    int64_t asked = fault->disarm();

    const char *mode = forever ? "from then on" : "once";
    if (asked > n && err.code != fault->code) {
        fail_msg("%s %d failed %s: code %d instead of %d (%s)", fault->what, (int)n, mode,
                 (int)err.code, (int)fault->code,
                 err.code == ERR_NONE ? "no error at all" : err.message);
    }
    if (asked <= n && err.code != ERR_NONE) fail_msg("fails unprovoked: %s", err.message);
    if (mem_live_blocks() != live) {
        fail_msg("%s %d failed %s: %d blocks leaked", fault->what, (int)n, mode,
                 (int)(mem_live_blocks() - live));
    }
    return asked;
}

static int64_t torture_with(const Fault *fault, TortureBody *body, void *context)
{
    int64_t asked = 0;
    for (int forever = 0; forever <= 1; forever++) {
        /* Every one of the first hundred, then ever fewer: creators that allocate ten thousand
         * times do so in loops. */
        for (int64_t n = 0;; n += 1 + n / 100) {
            asked = torture_once(fault, body, context, n, forever != 0);
            if (asked <= n) break;
        }
    }
    if (asked == 0) fail_msg("there was no %s, so nothing was tested", fault->what);
    return asked;
}

int64_t torture(TortureBody *body, void *context)
{
    const Fault fault = {"allocation", ERR_MEMORY, mem_fail_after, mem_fail_off};
    return torture_with(&fault, body, context);
}

int64_t torture_disk(TortureBody *body, void *context)
{
    const Fault fault = {"disk operation", ERR_DISK, arm_disk, file_fail_off};
    return torture_with(&fault, body, context);
}
