/*
 * seccomp: system calls that fail from now on.
 *
 * Everything else is allowed: gnuplot with its libraries makes some eighty different calls, which
 * change from one release to the next. The list below is what reaches beyond the process.
 */

#define _GNU_SOURCE /* CLONE_THREAD */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/gnuplot/cage.h"

/* Other processes, the kernel's own settings, and ways round a filter of calls. */
static const char *const never[] = {"ptrace",
                                    "process_vm_readv",
                                    "process_vm_writev",
                                    "process_madvise",
                                    "kill",
                                    "tkill",
                                    "rt_sigqueueinfo",
                                    "rt_tgsigqueueinfo",
                                    "pidfd_open",
                                    "pidfd_send_signal",
                                    "pidfd_getfd",
                                    "kcmp",
                                    "io_uring_setup",
                                    "io_uring_enter",
                                    "io_uring_register",
                                    "bpf",
                                    "perf_event_open",
                                    "userfaultfd",
                                    "add_key",
                                    "request_key",
                                    "keyctl",
                                    "mount",
                                    "umount2",
                                    "move_mount",
                                    "open_tree",
                                    "fsopen",
                                    "fsmount",
                                    "pivot_root",
                                    "chroot",
                                    "unshare",
                                    "setns",
                                    "open_by_handle_at",
                                    "init_module",
                                    "finit_module",
                                    "delete_module",
                                    "kexec_load",
                                    "kexec_file_load",
                                    "reboot",
                                    "swapon",
                                    "swapoff",
                                    "setdomainname",
                                    "sethostname",
                                    "settimeofday",
                                    "clock_settime",
                                    "quotactl",
                                    "acct",
                                    "personality",
                                    "setpriority",
                                    "mq_open",
                                    "name_to_handle_at",
                                    "mknod",
                                    "mknodat",
                                    "symlink",
                                    "symlinkat",
                                    "link",
                                    "linkat"};

static const char *const no_sockets[] = {"socket", "socketpair", "connect", "bind",
                                         "listen", "accept",     "accept4"};

typedef struct Filter {
    scmp_filter_ctx ctx;
    int             failed; /* the first error, negative */
} Filter;

static void keep(Filter *filter, int rc)
{
    if (rc < 0 && filter->failed == 0) filter->failed = rc;
}

static void deny(Filter *filter, const char *name)
{
    int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) return; /* younger than this libseccomp */
    keep(filter, seccomp_rule_add(filter->ctx, SCMP_ACT_ERRNO(EPERM), number, 0));
}

/* clone with these flags fails unless it makes a thread; what clone3 asks for lies in memory, so
 * it is said not to exist, and the C library turns to clone. */
static void deny_processes(Filter *filter)
{
    scmp_filter_ctx ctx = filter->ctx;
    deny(filter, "fork");
    deny(filter, "vfork");
    keep(filter, seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0));
    keep(filter, seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                                  SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0)));
}

/* All but the exec that is ours: any of its arguments being different is enough to fail. */
static void deny_exec(Filter *filter, const char *empty)
{
    scmp_filter_ctx ctx = filter->ctx;
    const uint32_t  no = SCMP_ACT_ERRNO(EPERM);
    const int       call = SCMP_SYS(execveat);

    deny(filter, "execve");
    keep(filter, seccomp_rule_add(ctx, no, call, 1, SCMP_A0(SCMP_CMP_NE, CAGE_PROGRAM_FD, 0)));
    keep(filter, seccomp_rule_add(ctx, no, call, 1, SCMP_A1(SCMP_CMP_NE, (uintptr_t)empty, 0)));
    keep(filter, seccomp_rule_add(ctx, no, call, 1, SCMP_A4(SCMP_CMP_NE, AT_EMPTY_PATH, 0)));
}

/* A window's display is a local socket, or, as under ssh -X, "host:10". */
static void deny_networks(Filter *filter)
{
    const char *display = getenv("DISPLAY");
    bool        remote = display != NULL && display[0] != ':' && strchr(display, ':') != NULL &&
                  strncmp(display, "unix:", 5) != 0;
    const uint32_t no = SCMP_ACT_ERRNO(EAFNOSUPPORT);

    if (!remote) {
        keep(filter, seccomp_rule_add(filter->ctx, no, SCMP_SYS(socket), 1,
                                      SCMP_A0(SCMP_CMP_NE, AF_UNIX, 0)));
        return;
    }
    keep(filter,
         seccomp_rule_add(filter->ctx, no, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_GT, AF_INET6, 0)));
}

bool cage_set_calls(GnuplotCage kind, const char *empty, Error *err)
{
    Filter filter = {.ctx = seccomp_init(SCMP_ACT_ALLOW)};
    if (filter.ctx == NULL) return error_set(err, ERR_MEMORY, "no memory for a seccomp filter");

    for (size_t i = 0; i < sizeof never / sizeof *never; i++) deny(&filter, never[i]);
    /* abort() signals itself; nobody else. */
    keep(&filter, seccomp_rule_add(filter.ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(tgkill), 1,
                                   SCMP_A0(SCMP_CMP_NE, (scmp_datum_t)getpid(), 0)));
    if (kind == CAGE_FILE) {
        deny_processes(&filter);
        deny_exec(&filter, empty);
        for (size_t i = 0; i < sizeof no_sockets / sizeof *no_sockets; i++) {
            deny(&filter, no_sockets[i]);
        }
    } else {
        deny_networks(&filter);
    }
    if (filter.failed == 0) filter.failed = seccomp_load(filter.ctx);
    seccomp_release(filter.ctx);
    if (filter.failed == 0) return true;
    return error_set(err, ERR_DEVICE, "seccomp: %s", strerror(-filter.failed));
}
