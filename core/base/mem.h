#ifndef CORE_BASE_MEM_H
#define CORE_BASE_MEM_H

/*
 * Counted memory. Every block carries an account (the program, or one run), a space (host,
 * pinned, device) and a purpose. The counts are the leak check, the numbers of the memory
 * lesson, and what the planner's formula is tested against.
 *
 *   in use    bytes of live tensors and blocks as asked for (no rounding)
 *   reserved  bytes taken from the system for them (an arena reserves more than is in use)
 *
 * Counters are atomic: the trainer's thread changes them while a screen reads them.
 */

#include "core/base/error.h"

typedef enum MemPurpose {
    MEM_WEIGHTS,     /* frozen base weights */
    MEM_ADAPTER,     /* trainable parameters */
    MEM_GRADIENTS,   /* gradients of trainable parameters */
    MEM_OPTIMIZER,   /* moments */
    MEM_ACTIVATIONS, /* tensors of the tape, their gradients included */
    MEM_SCRATCH,     /* workspaces, batches, tables */
    MEM_TEXT,        /* strings, JSON, tokenizer, datasets */
    MEM_PURPOSE_COUNT
} MemPurpose;

typedef enum MemSpace { MEM_HOST, MEM_PINNED, MEM_DEVICE, MEM_SPACE_COUNT } MemSpace;

const char *mem_purpose_name(MemPurpose purpose); /* "weights", "adapter", ... */

typedef struct MemAccount MemAccount;

typedef struct MemUse {
    int64_t in_use, reserved;           /* bytes now */
    int64_t peak_in_use, peak_reserved; /* bytes at most, of this purpose alone */
} MemUse;

/* One moment of the time line. */
typedef struct MemSample {
    int64_t     serial;                   /* 0, 1, 2 ... in order of happening */
    const char *op;                       /* static string: "attention", "adamw" ... */
    int         layer;                    /* -1 outside the layers */
    int64_t     bytes[MEM_PURPOSE_COUNT]; /* in use, all spaces together */
    /* ... at the highest total from here to the next mark: what the op itself needed. Of the last
     * sample it still grows: read that one when the account rests. */
    int64_t highest[MEM_PURPOSE_COUNT];
} MemSample;

/* The account of everything that belongs to no run. Never freed, never NULL. */
MemAccount *mem_program(void);

NODISCARD MemAccount *mem_account_create(const char *name, Error *err);
/* CHECKs that every byte of the account has been given back. NULL-safe. */
void mem_account_free(MemAccount *account);

/* A zeroed block of count * size bytes, aligned to 64. Never NULL without err set; the
 * product is overflow-checked; zero bytes give a valid pointer. Free with mem_free. */
NODISCARD void *mem_alloc(MemAccount *account, MemPurpose purpose, Index count, Index size,
                          Error *err);
/* The same without zeroing, for what is overwritten at once. */
NODISCARD void *mem_alloc_raw(MemAccount *account, MemPurpose purpose, Index count, Index size,
                              Error *err);
/* Grow or shrink, keeping the content; new bytes are zero. On failure NULL, block unchanged.
 * block == NULL allocates (account and purpose are used only then). */
NODISCARD void *mem_resize(void *block, MemAccount *account, MemPurpose purpose, Index count,
                           Index size, Error *err);
void            mem_free(void *block); /* NULL-safe */
/* A copy of a string, under MEM_TEXT of the program's account. */
NODISCARD char *mem_strdup(const char *text, Error *err);

/* Count bytes that are not a block of mem_alloc: device memory, tensors inside an arena.
 * Amounts may be negative. */
void mem_count(MemAccount *account, MemSpace space, MemPurpose purpose, int64_t in_use,
               int64_t reserved);

MemUse  mem_use(const MemAccount *account, MemSpace space, MemPurpose purpose);
int64_t mem_in_use_total(const MemAccount *account);      /* all spaces and purposes */
int64_t mem_peak_in_use_total(const MemAccount *account); /* highest such total at one moment */
void    mem_peak_by_purpose(const MemAccount *account, int64_t bytes[MEM_PURPOSE_COUNT]);
/* ... bytes by purpose at the moment of that highest total. */
void    mem_reset_peaks(MemAccount *account);
int64_t mem_process_peak_bytes(void); /* VmHWM of the process; 0 where unknown */

/* Time line: off until started; keeps at most `capacity` samples, then stops recording.
 * mem_mark names what runs from now on; a sample is taken at each mark. */
NODISCARD bool mem_timeline_start(MemAccount *account, Index capacity, Error *err);
void           mem_timeline_stop(MemAccount *account); /* frees the samples */
Index          mem_timeline(const MemAccount *account, const MemSample **samples);
void           mem_mark(MemAccount *account, const char *op, int layer);

/* For tests: let the n-th allocation from now fail (0 = the next), once or from then on.
 * Also counts for arenas and Str. mem_fail_off returns how many allocations were asked for. */
void    mem_fail_after(int64_t n, bool forever);
int64_t mem_fail_off(void);
int64_t mem_live_blocks(void); /* blocks not yet freed: the leak check */

/* Bytes that all blocks of all accounts take from the system now, headers included. */
int64_t mem_live_bytes(void);
/* From now on refuse (ERR_MEMORY, naming asked and limit) every block that would bring
 * mem_live_bytes above this; 0: no limit. One for the process. */
void mem_set_limit(int64_t bytes);
/* Ask the fault rig whether this (foreign) allocation may succeed; used by arenas and JSON. */
bool mem_may_allocate(void);

#endif
