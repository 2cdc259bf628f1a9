/*
 * Accounts: who uses how much memory for what, now and at most.
 *
 * Changes go through one mutex an account, because a peak is a statement about all counters at
 * one moment ("at the highest total, so much of it was activations"). Every counter is atomic
 * besides, so that a screen reads single figures without waiting for the trainer.
 */

#include "core/base/mem.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Counter {
    _Atomic int64_t now, peak;
} Counter;

struct MemAccount {
    char            name[64];
    pthread_mutex_t mutex;
    Counter         in_use[MEM_SPACE_COUNT][MEM_PURPOSE_COUNT];
    Counter         reserved[MEM_SPACE_COUNT][MEM_PURPOSE_COUNT];
    Counter         total; /* in use, all spaces and purposes */
    int64_t         by_purpose[MEM_PURPOSE_COUNT];
    int64_t         at_peak[MEM_PURPOSE_COUNT]; /* by_purpose when total.peak was reached */

    MemSample    *samples; /* NULL while the time line is off */
    Index         capacity;
    _Atomic Index count;
    int64_t       highest; /* total since the last sample */
    bool          full;    /* a mark was not recorded: the last sample is over */
};

static MemAccount program = {.name = "program", .mutex = PTHREAD_MUTEX_INITIALIZER};

static const char *const purpose_names[] = {
    [MEM_WEIGHTS] = "weights",     [MEM_ADAPTER] = "adapter",         [MEM_GRADIENTS] = "gradients",
    [MEM_OPTIMIZER] = "optimizer", [MEM_ACTIVATIONS] = "activations", [MEM_SCRATCH] = "scratch",
    [MEM_TEXT] = "text",
};
_Static_assert(sizeof purpose_names / sizeof *purpose_names == MEM_PURPOSE_COUNT,
               "every purpose has a name");

const char *mem_purpose_name(MemPurpose purpose)
{
    CHECK(purpose < MEM_PURPOSE_COUNT);
    return purpose_names[purpose];
}

MemAccount *mem_program(void)
{
    return &program;
}

MemAccount *mem_account_create(const char *name, Error *err)
{
    MemAccount *account = mem_alloc(&program, MEM_SCRATCH, 1, sizeof *account, err);
    if (account == NULL) return NULL;

    snprintf(account->name, sizeof account->name, "%s", name);
    CHECK(pthread_mutex_init(&account->mutex, NULL) == 0);
    return account;
}

void mem_account_free(MemAccount *account)
{
    if (account == NULL) return;

    CHECK(account != &program);
    mem_timeline_stop(account);
    for (int s = 0; s < MEM_SPACE_COUNT; s++) {
        for (int p = 0; p < MEM_PURPOSE_COUNT; p++) {
            CHECK(account->in_use[s][p].now == 0);
            CHECK(account->reserved[s][p].now == 0);
        }
    }
    pthread_mutex_destroy(&account->mutex);
    mem_free(account);
}

/* ---- counting --------------------------------------------------------------------------- */

static void counter_add(Counter *counter, int64_t amount)
{
    int64_t now = counter->now + amount;
    CHECK(now >= 0); /* more given back than was taken */
    counter->now = now;
    if (now > counter->peak) counter->peak = now;
}

/* Between two marks the total may rise and fall again: the sample keeps how high it was. */
static void note_highest(MemAccount *account)
{
    Index count = account->count;
    if (count == 0 || account->full || account->total.now <= account->highest) return;
    MemSample *sample = &account->samples[count - 1];
    account->highest = account->total.now;
    memcpy(sample->highest, account->by_purpose, sizeof sample->highest);
}

void mem_count(MemAccount *account, MemSpace space, MemPurpose purpose, int64_t in_use,
               int64_t reserved)
{
    CHECK(account != NULL && space < MEM_SPACE_COUNT && purpose < MEM_PURPOSE_COUNT);

    pthread_mutex_lock(&account->mutex);
    counter_add(&account->in_use[space][purpose], in_use);
    counter_add(&account->reserved[space][purpose], reserved);
    account->by_purpose[purpose] += in_use;
    int64_t peak_before = account->total.peak;
    counter_add(&account->total, in_use);
    if (account->total.peak > peak_before) {
        memcpy(account->at_peak, account->by_purpose, sizeof account->at_peak);
    }
    note_highest(account);
    pthread_mutex_unlock(&account->mutex);
}

MemUse mem_use(const MemAccount *account, MemSpace space, MemPurpose purpose)
{
    CHECK(space < MEM_SPACE_COUNT && purpose < MEM_PURPOSE_COUNT);
    const Counter *in_use = &account->in_use[space][purpose];
    const Counter *reserved = &account->reserved[space][purpose];
    return (MemUse){.in_use = in_use->now,
                    .reserved = reserved->now,
                    .peak_in_use = in_use->peak,
                    .peak_reserved = reserved->peak};
}

int64_t mem_in_use_total(const MemAccount *account)
{
    return account->total.now;
}

int64_t mem_peak_in_use_total(const MemAccount *account)
{
    return account->total.peak;
}

void mem_peak_by_purpose(const MemAccount *account, int64_t bytes[MEM_PURPOSE_COUNT])
{
    /* Locking changes the account's mutex and nothing that a caller could see. */
    pthread_mutex_t *mutex = (pthread_mutex_t *)(uintptr_t)&account->mutex;
    pthread_mutex_lock(mutex);
    memcpy(bytes, account->at_peak, sizeof account->at_peak);
    pthread_mutex_unlock(mutex);
}

void mem_reset_peaks(MemAccount *account)
{
    pthread_mutex_lock(&account->mutex);
    for (int s = 0; s < MEM_SPACE_COUNT; s++) {
        for (int p = 0; p < MEM_PURPOSE_COUNT; p++) {
            account->in_use[s][p].peak = account->in_use[s][p].now;
            account->reserved[s][p].peak = account->reserved[s][p].now;
        }
    }
    account->total.peak = account->total.now;
    memcpy(account->at_peak, account->by_purpose, sizeof account->at_peak);
    pthread_mutex_unlock(&account->mutex);
}

int64_t mem_process_peak_bytes(void)
{
    FILE *status = fopen("/proc/self/status", "re");
    if (status == NULL) return 0;

    static const char key[] = "VmHWM:";
    char              line[256];
    int64_t           kilobytes = 0;
    while (fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, key, sizeof key - 1) != 0) continue;
        kilobytes = strtoll(line + sizeof key - 1, NULL, 10);
        break;
    }
    fclose(status);
    return kilobytes * 1024;
}

/* ---- the time line ---------------------------------------------------------------------- */

bool mem_timeline_start(MemAccount *account, Index capacity, Error *err)
{
    CHECK(capacity > 0);
    mem_timeline_stop(account);

    /* Charged to the program: watching an account must not change its figures. */
    MemSample *samples = mem_alloc(&program, MEM_SCRATCH, capacity, sizeof *samples, err);
    if (samples == NULL) return false;

    pthread_mutex_lock(&account->mutex);
    account->samples = samples;
    account->capacity = capacity;
    account->count = 0;
    account->full = false;
    pthread_mutex_unlock(&account->mutex);
    return true;
}

void mem_timeline_stop(MemAccount *account)
{
    pthread_mutex_lock(&account->mutex);
    MemSample *samples = account->samples;
    account->samples = NULL;
    account->capacity = 0;
    account->count = 0;
    pthread_mutex_unlock(&account->mutex);
    mem_free(samples);
}

Index mem_timeline(const MemAccount *account, const MemSample **samples)
{
    /* The count is read first: samples below it are complete, all but the last one's highest. */
    Index count = account->count;
    *samples = account->samples;
    return count;
}

void mem_mark(MemAccount *account, const char *op, int layer)
{
    pthread_mutex_lock(&account->mutex);
    Index i = account->count;
    if (i < account->capacity) {
        MemSample *sample = &account->samples[i];
        *sample = (MemSample){.serial = i, .op = op, .layer = layer};
        memcpy(sample->bytes, account->by_purpose, sizeof sample->bytes);
        memcpy(sample->highest, account->by_purpose, sizeof sample->highest);
        account->highest = account->total.now;
        account->count = i + 1;
    } else {
        account->full = true;
    }
    pthread_mutex_unlock(&account->mutex);
}
