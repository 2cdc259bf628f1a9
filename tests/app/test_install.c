/* `make install`, as a packager would judge it: tests/install.sh does, and shows that it can
 * complain. */

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "tests/app/program.h"
#include "tests/test.h"

extern char **environ;

/* The folder of the program: what was built there is installed. */
static void build_folder(char out[4096])
{
    const char *path = program_path();
    const char *slash = strrchr(path, '/');
    assert_non_null(slash);
    snprintf(out, 4096, "%.*s", (int)(slash - path), path);
}

static void installs_and_uninstalls(void **state)
{
    (void)state;
    static char                build[4096], script[4096], folder[4096], shell[] = "sh";
    const char                *tests = getenv("LORALAB_TESTS");
    posix_spawn_file_actions_t files;
    pid_t                      pid;
    int                        status = -1;
    Index                      n = 0;
    build_folder(build);
    snprintf(script, sizeof script, "%s/install.sh", tests != NULL ? tests : "tests");
    snprintf(folder, sizeof folder, "%s", test_folder());
    char *argv[] = {shell, script, build, folder, NULL};
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, test_path("said"), O_WRONLY | O_CREAT,
                                     0600);
    assert_int_equal(posix_spawnp(&pid, "sh", &files, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&files);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    char *said = file_read_all(test_path("said"), 1 << 20, &n, NULL);
    if (status != 0) fail_msg("%s", said != NULL ? said : "");
    mem_free(said);
}

TEST_GROUP(install, cmocka_unit_test(installs_and_uninstalls));
