/* The machine in one line, for reports. */

#define _GNU_SOURCE /* fopen "e" */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "lessons/engine/engine_internal.h"

/* "model name : AMD EPYC 7B13" of the first processor; "" where the kernel names none. */
static void processor_name(char *name, size_t size)
{
    char  line[256];
    FILE *file = fopen("/proc/cpuinfo", "re");

    name[0] = '\0';
    while (file != NULL && name[0] == '\0' && fgets(line, sizeof line, file) != NULL) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || colon == NULL) continue;
        colon += 1 + strspn(colon + 1, " ");
        size_t n = strcspn(colon, "\n");
        if (n >= size) n = size - 1;
        memcpy(name, colon, n);
        name[n] = '\0';
    }
    if (file != NULL) fclose(file);
}

char *machine_text(Error *err)
{
    struct utsname system;
    char           processor[128];
    Str            text = {0};

    processor_name(processor, sizeof processor);
    bool known = uname(&system) == 0;
    if (processor[0] == '\0') {
        str_add(&text, known ? system.machine : "?");
    } else {
        str_add(&text, processor);
    }
    int cores = pool_default_threads();
    str_addf(&text, cores == 1 ? tr(", %d core") : tr(", %d cores"), cores);
    if (known) str_addf(&text, ", %s %s", system.sysname, system.release);
    return str_take(&text, err);
}
