/*
 * The runner. Words on the command line choose groups and tests whose names contain one of them;
 * =NAME is the group of that name alone.
 *
 * Every group runs in a child process, so that a crash is one failed test and not the end of the
 * report. Within it, each test's output goes to a temporary file and is shown only on failure.
 * With LORALAB_TEST_ONE_PROCESS set all run in one, for tools that follow no child.
 */

#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/pool.h"
#include "tests/test.h"

enum { GROUPS_MAX = 256, TEST_SECONDS_MAX = 300 };

typedef struct Group {
    const char              *name;
    const struct CMUnitTest *tests;
    size_t                   count;
} Group;

/* Shared by parent and child. */
typedef struct Tally {
    int    passed, failed, skipped;
    size_t next;         /* the first test of the group that has not been started */
    char   running[128]; /* the test that a crash is charged to; "" between tests */
} Tally;

static Group  groups[GROUPS_MAX];
static size_t group_count;

void test_register(const char *name, const struct CMUnitTest *tests, size_t count)
{
    CHECK(group_count < GROUPS_MAX);
    groups[group_count++] = (Group){name, tests, count};
}

/* ---- choosing --------------------------------------------------------------------------- */

static bool name_chosen(const char *name, char **words)
{
    for (char **word = words; *word != NULL; word++) {
        if (strstr(name, *word) != NULL) return true;
    }
    return *words == NULL;
}

static bool group_meant(const Group *group, char **words)
{
    for (char **word = words; *word != NULL; word++) {
        if (**word == '=' && strcmp(*word + 1, group->name) == 0) return true;
    }
    return false;
}

static bool chosen(const Group *group, size_t test, char **words)
{
    return group_meant(group, words) || name_chosen(group->name, words) ||
           name_chosen(group->tests[test].name, words);
}

/* ---- one test --------------------------------------------------------------------------- */

static int open_files(void)
{
    DIR *fds = opendir("/proc/self/fd");
    if (fds == NULL) return 0;
    int count = 0;
    while (readdir(fds) != NULL) count++;
    closedir(fds);
    return count;
}

/* Runs it and returns the number of failures, leaks among them. */
static int run_one(const Group *group, const struct CMUnitTest *test)
{
    int64_t blocks = mem_live_blocks();
    int     files = open_files();
    int     failed = _cmocka_run_group_tests(group->name, test, 1, NULL, NULL);
    mem_fail_off();
    file_fail_off();
    test_folder_remove();

    if (mem_live_blocks() != blocks) {
        printf("%s leaks %lld blocks of memory\n", test->name,
               (long long)(mem_live_blocks() - blocks));
        failed++;
    }
    if (open_files() != files) {
        printf("%s leaves %d files open\n", test->name, open_files() - files);
        failed++;
    }
    fflush(stdout);
    return failed;
}

/* cmocka counts a skipped test as neither, and says so only in its output. */
static bool says_skipped(FILE *output)
{
    char line[1024];
    bool skipped = false;
    rewind(output);
    while (fgets(line, sizeof line, output) != NULL) {
        if (strncmp(line, "[  SKIPPED ]", 12) == 0) skipped = true;
    }
    return skipped;
}

static void show(FILE *output, FILE *to)
{
    char   bytes[4096];
    size_t n;
    rewind(output);
    while ((n = fread(bytes, 1, sizeof bytes, output)) > 0) fwrite(bytes, 1, n, to);
    fflush(to);
}

/* ---- one group -------------------------------------------------------------------------- */

static void run_in_child(const Group *group, char **words, Tally *tally, FILE *output)
{
    FILE *report = fdopen(dup(STDOUT_FILENO), "w");
    CHECK(report != NULL);
    dup2(fileno(output), STDOUT_FILENO);
    dup2(fileno(output), STDERR_FILENO);

    while (tally->next < group->count) {
        size_t i = tally->next++;
        if (!chosen(group, i, words)) continue;
        alarm(TEST_SECONDS_MAX); /* a test that hangs dies of signal 14 */
        CHECK(ftruncate(fileno(output), 0) == 0);
        rewind(output);
        snprintf(tally->running, sizeof tally->running, "%s", group->tests[i].name);
        int failed = run_one(group, &group->tests[i]);
        if (failed > 0) {
            show(output, report);
            tally->failed++;
        } else if (says_skipped(output)) {
            tally->skipped++;
        } else {
            tally->passed++;
        }
        tally->running[0] = '\0';
    }
    CHECK(ftruncate(fileno(output), 0) == 0);
    fclose(report);
}

static void report_death(const Group *group, int status, Tally *tally, FILE *output)
{
    show(output, stdout);
    const char *test = tally->running[0] != '\0' ? tally->running : "after its last test";
    if (WIFSIGNALED(status)) {
        printf("%s: %s: killed by signal %d\n", group->name, test, WTERMSIG(status));
    } else {
        printf("%s: %s: the process ended with status %d\n", group->name, test,
               WEXITSTATUS(status));
    }
    tally->failed++;
    tally->running[0] = '\0';
}

/* The same without a child: a crash ends everything. */
static void run_here(const Group *group, char **words, Tally *tally, FILE *output)
{
    int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
    CHECK(out >= 0 && err >= 0);
    run_in_child(group, words, tally, output);
    fflush(NULL);
    CHECK(dup2(out, STDOUT_FILENO) >= 0 && dup2(err, STDERR_FILENO) >= 0);
    close(out);
    close(err);
}

/* Run what is left of the group in a child; a crash ends the child, not the group. */
static void run_rest(const Group *group, char **words, Tally *tally, FILE *output)
{
    fflush(NULL);
    if (getenv("LORALAB_TEST_ONE_PROCESS") != NULL) {
        run_here(group, words, tally, output);
        return;
    }
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        run_in_child(group, words, tally, output);
        exit(0); /* not _exit: the sanitizers look for leaks on the way out */
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    if (status != 0) report_death(group, status, tally, output);
}

static void run_group(const Group *group, char **words, Tally *tally)
{
    FILE *output = tmpfile();
    CHECK(output != NULL);
    Tally  before = *tally;
    double start = clock_seconds();

    tally->next = 0;
    do run_rest(group, words, tally, output);
    while (tally->next < group->count);
    fclose(output);

    int  passed = tally->passed - before.passed, skipped = tally->skipped - before.skipped;
    bool failed = tally->failed > before.failed;
    printf("%-6s %-20s %3d passed", failed ? "FAILED" : "ok", group->name, passed);
    if (skipped > 0) printf(", %d skipped", skipped);
    printf("  %.2f s\n", clock_seconds() - start);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    (void)argc;
    Tally *tally =
        mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(tally != MAP_FAILED);
    signal(SIGPIPE, SIG_IGN);

    for (size_t g = 0; g < group_count; g++) {
        bool any = false;
        for (size_t i = 0; i < groups[g].count; i++) any = any || chosen(&groups[g], i, argv + 1);
        if (any) run_group(&groups[g], argv + 1, tally);
    }
    printf("%d passed, %d failed, %d skipped\n", tally->passed, tally->failed, tally->skipped);
    return tally->failed > 0 || tally->passed == 0;
}
