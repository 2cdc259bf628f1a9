/*
 * Blocks. Each lies behind a header of one cache line that says whom it is charged to, so that
 * mem_free needs no size and no account, and the user's bytes keep the alignment of 64:
 *
 *     | header, 64 bytes | bytes as asked for | rounding to 64 |
 *
 * This is the only file that calls the C library's allocator. What is counted where is
 * mem_account.c's business; here a block is charged at birth and given back at death.
 */

#include "core/base/mem.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { MEM_ALIGN = 64 };

/* Told apart from random bytes, so that a wrong or repeated mem_free stops at once. */
enum { MEM_LIVE = 0x4c49564b, MEM_DEAD = 0x44454144 };

typedef struct Block {
    MemAccount *account;
    int64_t     bytes;    /* as asked for */
    int64_t     reserved; /* with header and rounding */
    MemPurpose  purpose;
    int         mark;
} Block;

_Static_assert(sizeof(Block) <= MEM_ALIGN, "the header must leave the user's bytes aligned");

static _Atomic int64_t live_blocks, live_bytes, limit_bytes;

/* ---- the fault rig ---------------------------------------------------------------------- */

static struct {
    atomic_bool     armed, forever;
    _Atomic int64_t limit, asked;
} fault;

void mem_fail_after(int64_t n, bool forever)
{
    fault.limit = n;
    fault.asked = 0;
    fault.forever = forever;
    fault.armed = true;
}

int64_t mem_fail_off(void)
{
    fault.armed = false;
    return fault.asked;
}

bool mem_may_allocate(void)
{
    if (!fault.armed) return true;

    int64_t turn = atomic_fetch_add(&fault.asked, 1);
    return fault.forever ? turn < fault.limit : turn != fault.limit;
}

int64_t mem_live_blocks(void)
{
    return live_blocks;
}

/* ---- the limit -------------------------------------------------------------------------- */

int64_t mem_live_bytes(void)
{
    return live_bytes;
}

void mem_set_limit(int64_t bytes)
{
    CHECK(bytes >= 0);
    limit_bytes = bytes;
}

/* Take `reserved` bytes from what the limit leaves, in one move: several threads may ask. */
static bool claim(int64_t reserved)
{
    int64_t limit = limit_bytes;
    int64_t now = atomic_fetch_add(&live_bytes, reserved) + reserved;
    if (limit == 0 || now <= limit) return true;
    atomic_fetch_sub(&live_bytes, reserved);
    return false;
}

static bool over_limit(MemPurpose purpose, int64_t bytes, Error *err)
{
    error_set(err, ERR_MEMORY,
              "out of memory: %lld bytes for %s besides the %lld in use are more than the limit "
              "of %lld",
              (long long)bytes, mem_purpose_name(purpose), (long long)mem_live_bytes(),
              (long long)limit_bytes);
    return error_hint(err, "choose a smaller batch, length or rank, or a larger limit");
}

/* ---- blocks ----------------------------------------------------------------------------- */

static Block *block_of(void *user)
{
    Block *block = (Block *)(void *)((char *)user - MEM_ALIGN);
    CHECK(block->mark == MEM_LIVE);
    return block;
}

/* Bytes to take from the system for `bytes` of the user's; false when they cannot be expressed. */
static bool round_up(int64_t bytes, int64_t *reserved)
{
    if (bytes > PTRDIFF_MAX - 2 * MEM_ALIGN) return false;
    *reserved = (bytes + 2 * MEM_ALIGN - 1) / MEM_ALIGN * MEM_ALIGN;
    return true;
}

static bool too_much(MemPurpose purpose, Index count, Index size, Error *err)
{
    error_set(err, ERR_MEMORY, "out of memory: %td x %td bytes for %s cannot be had", count, size,
              mem_purpose_name(purpose));
    return error_hint(err, "close other programs, or choose a smaller model, batch or length");
}

void *mem_alloc_raw(MemAccount *account, MemPurpose purpose, Index count, Index size, Error *err)
{
    CHECK(account != NULL && purpose < MEM_PURPOSE_COUNT);
    CHECK(count >= 0 && size >= 0);

    int64_t bytes, reserved;
    Block  *block = NULL;
    if (mem_may_allocate() && !__builtin_mul_overflow(count, size, &bytes) &&
        round_up(bytes, &reserved)) {
        if (!claim(reserved)) {
            over_limit(purpose, bytes, err);
            return NULL;
        }
        block = aligned_alloc(MEM_ALIGN, (size_t)reserved);
        if (block == NULL) atomic_fetch_sub(&live_bytes, reserved);
    }
    if (block == NULL) {
        too_much(purpose, count, size, err);
        return NULL;
    }

    *block = (Block){.account = account,
                     .bytes = bytes,
                     .reserved = reserved,
                     .purpose = purpose,
                     .mark = MEM_LIVE};
    atomic_fetch_add(&live_blocks, 1);
    mem_count(account, MEM_HOST, purpose, bytes, reserved);
    return (char *)block + MEM_ALIGN;
}

void *mem_alloc(MemAccount *account, MemPurpose purpose, Index count, Index size, Error *err)
{
    void *user = mem_alloc_raw(account, purpose, count, size, err);
    if (user != NULL) memset(user, 0, (size_t)(count * size));
    return user;
}

void mem_free(void *user)
{
    if (user == NULL) return;

    Block *block = block_of(user);
    block->mark = MEM_DEAD;
    mem_count(block->account, MEM_HOST, block->purpose, -block->bytes, -block->reserved);
    atomic_fetch_sub(&live_blocks, 1);
    atomic_fetch_sub(&live_bytes, block->reserved);
    free(block);
}

void *mem_resize(void *user, MemAccount *account, MemPurpose purpose, Index count, Index size,
                 Error *err)
{
    if (user == NULL) return mem_alloc(account, purpose, count, size, err);

    /* Always a new block: realloc would not keep the alignment. Callers grow by doubling, so
     * the copies stay in proportion to the final size. */
    Block *old = block_of(user);
    char  *grown = mem_alloc_raw(old->account, old->purpose, count, size, err);
    if (grown == NULL) return NULL;

    int64_t bytes = count * size;
    int64_t kept = bytes < old->bytes ? bytes : old->bytes;
    memcpy(grown, user, (size_t)kept);
    memset(grown + kept, 0, (size_t)(bytes - kept));
    mem_free(user);
    return grown;
}

char *mem_strdup(const char *text, Error *err)
{
    Index n = (Index)strlen(text) + 1;
    char *copy = mem_alloc_raw(mem_program(), MEM_TEXT, n, 1, err);
    if (copy != NULL) memcpy(copy, text, (size_t)n);
    return copy;
}
