/*
 * Landlock: what may be read, written and executed, whatever the program asks for.
 *
 * The kernel's interface is three system calls and a few numbers that never change; they are
 * written out here because the headers of older systems lack the later ones. Rights that the
 * running kernel does not know are left out, so the walls are as high as it can build them.
 */

#define _GNU_SOURCE /* O_PATH, syscall */
#include "app/gnuplot/cage.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

enum {
    MAY_EXECUTE = 1 << 0,
    MAY_WRITE = 1 << 1,
    MAY_READ = 1 << 2,
    MAY_LIST = 1 << 3,
    MAY_REMOVE_FOLDER = 1 << 4,
    MAY_REMOVE = 1 << 5,
    MAY_MAKE_FOLDER = 1 << 7,
    MAY_MAKE_FILE = 1 << 8,
    MAY_MAKE_SOCKET = 1 << 9,
    MAY_TRUNCATE = 1 << 14,
    ON_FILES = MAY_EXECUTE | MAY_WRITE | MAY_READ | MAY_TRUNCATE,
    SCOPE_SIGNALS = 1 << 1,
    RULE_PATH_BENEATH = 1,
    ASK_VERSION = 1
};

typedef struct RulesetAttr {
    uint64_t files, network, scoped;
} RulesetAttr;

typedef struct __attribute__((packed)) PathAttr {
    uint64_t allowed;
    int32_t  parent;
} PathAttr;

typedef struct Rules {
    int         fd;
    uint64_t    known; /* rights that the kernel can tell apart */
    const char *failed;
} Rules;

int cage_landlock_version(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, (unsigned)ASK_VERSION);
    return version > 0 ? (int)version : 0;
}

/* What is not there needs no permission. */
static void allow(Rules *rules, const char *path, uint64_t rights)
{
    struct stat stat;
    int         fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0) return;
    if (fstat(fd, &stat) == 0) {
        if (!S_ISDIR(stat.st_mode)) rights &= ON_FILES;
        PathAttr attr = {.allowed = rights & rules->known, .parent = fd};
        long     rc = syscall(SYS_landlock_add_rule, rules->fd, RULE_PATH_BENEATH, &attr, 0U);
        if (rc != 0) rules->failed = path;
    }
    close(fd);
}

/* "/usr/bin/gnuplot-qt" -> "/usr"; false where there is nothing two levels up. */
static bool prefix_of(const char *program, char *prefix, size_t size)
{
    size_t n = strlen(program);
    for (int up = 0; up < 2; up++) {
        while (n > 0 && program[n - 1] != '/') n--;
        if (n > 0) n--;
    }
    if (n == 0 || n >= size) return false;
    memcpy(prefix, program, n);
    prefix[n] = '\0';
    return true;
}

/* The loader that the program names: the kernel executes it as well. "" for a static program,
 * false for what is no program of this machine, such as a script. */
static bool loader_of(const char *program, char *loader, size_t size)
{
    ElfW(Ehdr) head;
    ElfW(Phdr) part;
    bool elf = false;
    int  fd = open(program, O_RDONLY | O_CLOEXEC);

    loader[0] = '\0';
    if (fd < 0) return false;
    if (pread(fd, &head, sizeof head, 0) == (ssize_t)sizeof head) {
        elf = memcmp(head.e_ident, ELFMAG, SELFMAG) == 0 && head.e_phentsize == sizeof part;
    }
    for (unsigned i = 0; elf && i < head.e_phnum; i++) {
        off_t at = (off_t)(head.e_phoff + i * sizeof part);
        if (pread(fd, &part, sizeof part, at) != (ssize_t)sizeof part) break;
        if (part.p_type != PT_INTERP || part.p_filesz == 0 || part.p_filesz > size) continue;
        elf = pread(fd, loader, part.p_filesz, (off_t)part.p_offset) == (ssize_t)part.p_filesz;
        loader[part.p_filesz - 1] = '\0';
    }
    close(fd);
    return elf;
}

/* Where distributions put gnuplot's window programs: PREFIX/lib/gnuplot and the like. */
static bool allow_helpers(Rules *rules, const char *prefix, Error *err)
{
    static const char *const places[] = {"libexec/gnuplot", "lib/gnuplot", "lib64/gnuplot"};
    const uint64_t           rights = MAY_EXECUTE | MAY_READ | MAY_LIST;
    Str                      path = {0};
    char                   **names;
    Index                    count;

    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        str_clear(&path);
        str_addf(&path, "%s/%s", prefix, places[i]);
        allow(rules, str_text(&path), rights);
    }
    str_clear(&path);
    str_addf(&path, "%s/lib", prefix);
    if (path_is_folder(str_text(&path))) {
        if (!folder_list(str_text(&path), &names, &count, err)) return false;
        for (Index i = 0; i < count; i++) { /* lib/x86_64-linux-gnu/gnuplot */
            str_clear(&path);
            str_addf(&path, "%s/lib/%s/gnuplot", prefix, names[i]);
            if (strstr(names[i], "-linux-") != NULL) allow(rules, str_text(&path), rights);
            mem_free(names[i]);
        }
        mem_free(names);
    }
    bool ok = str_ok(&path, err);
    str_free(&path);
    return ok;
}

/* Programs, libraries, fonts, and the devices that anything may need. */
static void allow_reading(Rules *rules, const CageSpec *spec, const char *prefix)
{
    static const char *const folders[] = {"/usr",
                                          "/lib",
                                          "/lib64",
                                          "/lib32",
                                          "/opt",
                                          "/nix/store",
                                          "/gnu/store",
                                          "/etc/fonts",
                                          "/etc/X11",
                                          "/var/cache/fontconfig",
                                          "/dev/zero",
                                          "/dev/urandom",
                                          "/dev/null",
                                          "/etc/alternatives",
                                          "/etc/ld.so.cache",
                                          "/etc/gnuplot",
                                          "/etc/localtime",
                                          "/etc/locale.alias"};

    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        allow(rules, folders[i], MAY_READ | MAY_LIST);
    }
    allow(rules, "/dev/null", MAY_READ | MAY_WRITE);
    /* Not the prefix itself: gnuplot in ~/bin would open all of a home. */
    static const char *const parts[] = {"lib", "lib64", "libexec", "share", "etc/fonts"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char path[600];
        snprintf(path, sizeof path, "%s/%s", prefix, parts[i]);
        allow(rules, path, MAY_READ | MAY_LIST);
    }
    const char *xauthority = getenv("XAUTHORITY");
    if (spec->kind == CAGE_WINDOW && xauthority != NULL) allow(rules, xauthority, MAY_READ);
    if (spec->kind == CAGE_WINDOW) allow(rules, "/etc/hosts", MAY_READ);
    allow(rules, spec->folder,
          MAY_READ | MAY_LIST | MAY_WRITE | MAY_TRUNCATE | MAY_MAKE_FILE | MAY_MAKE_FOLDER |
              MAY_MAKE_SOCKET | MAY_REMOVE | MAY_REMOVE_FOLDER);
}

static bool allow_all(Rules *rules, const CageSpec *spec, Error *err)
{
    char loader[512], prefix[512] = "/usr";

    if (!loader_of(spec->program, loader, sizeof loader)) {
        error_set(err, ERR_DEVICE, "%s is not a program that can be caged", spec->program);
        return error_hint(err, "put gnuplot itself, not a script that starts it, first on PATH");
    }
    prefix_of(spec->program, prefix, sizeof prefix);
    allow_reading(rules, spec, prefix);
    allow(rules, spec->program, MAY_READ | MAY_EXECUTE);
    if (loader[0] != '\0') allow(rules, loader, MAY_READ | MAY_EXECUTE);
    if (spec->kind == CAGE_WINDOW && !allow_helpers(rules, prefix, err)) return false;
    if (rules->failed == NULL) return true;
    return error_set(err, ERR_DEVICE, "Landlock refuses a rule for %s", rules->failed);
}

bool cage_set_files(const CageSpec *spec, Error *err)
{
    int version = cage_landlock_version();
    if (spec->kind == CAGE_WINDOW_STRICT) return true;
    if (version == 0) {
        return spec->kind == CAGE_FILE || error_set(err, ERR_DEVICE, "the kernel has no Landlock");
    }
    /* Moving between folders came with 2, truncating with 3, device calls with 5, signals 6. */
    static const int rights[] = {0, 13, 14, 15, 15, 16, 16};
    Rules            rules = {.known = (1U << rights[version > 6 ? 6 : version]) - 1};
    RulesetAttr      attr = {.files = rules.known, .scoped = version >= 6 ? SCOPE_SIGNALS : 0};
    size_t           size = version >= 6 ? sizeof attr : version >= 4 ? 16 : 8;

    rules.fd = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0U);
    if (rules.fd < 0) return error_set(err, ERR_DEVICE, "Landlock: %s", strerror(errno));
    bool ok = allow_all(&rules, spec, err);
    if (ok && syscall(SYS_landlock_restrict_self, rules.fd, 0U) != 0) {
        ok = error_set(err, ERR_DEVICE, "Landlock: %s", strerror(errno));
    }
    close(rules.fd);
    return ok;
}
