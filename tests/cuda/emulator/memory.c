/*
 * The memory of the imaginary device: blocks in a large piece of address space that is closed to
 * everybody (PROT_NONE) except where a live block lies while a kernel or a copy runs.
 *
 *   closed page | band, block, band, rest of the page | closed page | ...
 *
 * Addresses are used again only when all others have been used. Of a large block only what is
 * touched takes memory: fresh, it is a private view of one file of FRESH bytes, over and over.
 */

#define _GNU_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE, memfd_create */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/cuda/emulator/internal.h"

#if EMULATED_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
#endif

enum { PAGE = 4096, BLOCKS_MAX = 4096, LARGE = 1 << 20 };
static const size_t SPACE = (size_t)64 << 30;

typedef struct Block {
    char  *at; /* what the owner sees */
    size_t bytes;
    char  *pages; /* what may be opened */
    size_t page_bytes;
} Block;

static char  *space;
static Block  block[BLOCKS_MAX]; /* by address */
static int    blocks;
static size_t used;
static char  *next; /* where the next block is looked for first */

/* ---- finding ------------------------------------------------------------------------------ */

/* The first block that ends behind p, or `blocks`. */
static int first_after(const char *p)
{
    int low = 0, high = blocks;
    while (low < high) {
        int middle = (low + high) / 2;
        if (block[middle].at + block[middle].bytes <= p)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool memory_is_device(const void *p)
{
    const char *at = p;
    return space != NULL && at >= space && at < space + SPACE;
}

bool memory_holds(const void *p, size_t bytes)
{
    const char *at = p;
    int         i = first_after(at);
    if (i == blocks || at < block[i].at) return false;
    return bytes <= (size_t)(block[i].at + block[i].bytes - at);
}

/* ---- opening and closing ------------------------------------------------------------------ */

static void protect(const Block *b, int how)
{
    if (mprotect(b->pages, b->page_bytes, how) != 0) fault("mprotect failed");
}

void memory_open(void)
{
    for (int i = 0; i < blocks; i++) protect(&block[i], PROT_READ | PROT_WRITE);
}

void memory_open_at(const void *p)
{
    int i = first_after(p);
    if (i < blocks && memory_holds(p, 1)) protect(&block[i], PROT_READ | PROT_WRITE);
}

void memory_close_at(const void *p)
{
    int i = first_after(p);
    if (i < blocks && memory_holds(p, 1)) protect(&block[i], PROT_NONE);
}

void memory_close(void)
{
    for (int i = 0; i < blocks; i++) protect(&block[i], PROT_NONE);
}

/* ---- bands -------------------------------------------------------------------------------- */

static void check_block(const Block *b, const char *what, const void *by)
{
    ptrdiff_t front = band_damage(b->at - BAND, BAND), back = band_damage(b->at + b->bytes, BAND);
    if (front < 0 && back < 0) return;
    fault("%s (%p) stored outside a block of device memory: %d bytes %s the block of %zu bytes "
          "at %p",
          what, by, (int)(back >= 0 ? back : BAND - front),
          back >= 0 ? "behind the end of" : "before the start of", b->bytes, (void *)b->at);
}

void memory_check(const char *what, const void *by)
{
    for (int i = 0; i < blocks; i++) check_block(&block[i], what, by);
}

/* ---- blocks ------------------------------------------------------------------------------- */

static void start(void)
{
    if (space != NULL) return;
    space = mmap(NULL, SPACE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (space == MAP_FAILED) fault("no address space for the imaginary device");
    next = space + PAGE;
}

/* The lowest gap of `bytes` at or above `from`, with a closed page before and behind; NULL: none.
 */
static char *gap(char *from, size_t bytes)
{
    char *at = from;
    for (int i = first_after(from); i < blocks; i++) {
        if (at + bytes + PAGE <= block[i].pages) return at;
        char *end = block[i].pages + block[i].page_bytes + PAGE;
        at = end > at ? end : at;
    }
    return at + bytes + PAGE <= space + SPACE ? at : NULL;
}

static void insert(Block b)
{
    int i = first_after(b.at);
    memmove(block + i + 1, block + i, (size_t)(blocks - i) * sizeof *block);
    block[i] = b;
    blocks++;
    used += b.bytes;
}

static void map(char *at, size_t bytes, int file)
{
    int flags = MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE | (file < 0 ? MAP_ANONYMOUS : 0);
    int how = file < 0 ? PROT_NONE : PROT_READ | PROT_WRITE;
    if (mmap(at, bytes, how, flags, file, 0) == MAP_FAILED) fault("mmap failed");
}

static void make_large_fresh(char *pages, size_t bytes)
{
    static unsigned char fresh[LARGE];
    int                  file = memfd_create("fresh device memory", 0);
    memset(fresh, FRESH, sizeof fresh);
    for (int i = 0; i < 4; i++) {
        if (file < 0 || write(file, fresh, LARGE) != LARGE) fault("no file for fresh memory");
    }
    for (size_t at = 0; at < bytes; at += 4 * LARGE)
        map(pages + at, bytes - at < 4 * LARGE ? bytes - at : 4 * LARGE, file);
    close(file);
}

static void make_fresh(const Block *b)
{
    if (b->page_bytes > LARGE) {
        make_large_fresh(b->pages, b->page_bytes);
    } else {
        protect(b, PROT_READ | PROT_WRITE);
        memset(b->at, FRESH, b->bytes);
    }
    band_fill(b->at - BAND, BAND);
    band_fill(b->at + b->bytes, BAND);
    ASAN_POISON_MEMORY_REGION(b->at - BAND, BAND);
    ASAN_POISON_MEMORY_REGION(b->at + b->bytes, BAND);
    protect(b, PROT_NONE);
}

void *memory_alloc(size_t bytes)
{
    start();
    fault_watch();
    if (bytes > emulated_device.memory || used > emulated_device.memory - bytes) return NULL;
    if (blocks == BLOCKS_MAX) fault("more than %d blocks of device memory", BLOCKS_MAX);

    size_t page_bytes = (bytes + 2 * BAND + PAGE - 1) / PAGE * PAGE;
    char  *pages = gap(next, page_bytes);
    if (pages == NULL) pages = gap(space + PAGE, page_bytes);
    if (pages == NULL) return NULL;
    next = pages + page_bytes + PAGE;

    Block b = {pages + BAND, bytes, pages, page_bytes};
    make_fresh(&b);
    insert(b);
    return b.at;
}

bool memory_free(void *at)
{
    int i = first_after(at);
    if (i == blocks || block[i].at != (char *)at) return false;
    Block b = block[i];
    protect(&b, PROT_READ | PROT_WRITE);
    check_block(&b, "somebody, before cudaFree,", NULL);
    ASAN_UNPOISON_MEMORY_REGION(b.pages, b.page_bytes);
    map(b.pages, b.page_bytes, -1);
    memmove(block + i, block + i + 1, (size_t)(blocks - i - 1) * sizeof *block);
    blocks--;
    used -= b.bytes;
    return true;
}

size_t memory_used(void)
{
    return used;
}

int64_t memory_blocks(void)
{
    return blocks;
}

/* ---- pinned host memory ------------------------------------------------------------------- */

typedef struct Pinned {
    struct Pinned *next;
    char          *at;
    size_t         bytes;
} Pinned;
static Pinned *pinned;

bool pinned_add(void **at, size_t bytes)
{
    Pinned *p = malloc(sizeof *p);
    char   *memory = p == NULL ? NULL : malloc(bytes > 0 ? bytes : 1);
    if (memory == NULL) {
        free(p);
        return false;
    }
    memset(memory, FRESH, bytes);
    *p = (Pinned){pinned, memory, bytes};
    pinned = p;
    *at = memory;
    return true;
}

bool pinned_remove(void *at)
{
    for (Pinned **p = &pinned; *p != NULL; p = &(*p)->next) {
        if ((*p)->at != (char *)at) continue;
        Pinned *gone = *p;
        *p = gone->next;
        free(gone->at);
        free(gone);
        return true;
    }
    return false;
}

bool pinned_holds(const void *at, size_t bytes)
{
    const char *c = at;
    for (const Pinned *p = pinned; p != NULL; p = p->next) {
        if (c >= p->at && c + bytes <= p->at + p->bytes) return true;
    }
    return false;
}

int64_t pinned_count(void)
{
    int64_t n = 0;
    for (const Pinned *p = pinned; p != NULL; p = p->next) n++;
    return n;
}
