/* Shared memory of the running block: pieces in the order in which threads ask for them. */

#include <string.h>

#include "tests/cuda/emulator/internal.h"

#if EMULATED_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
#endif

enum {
    PIECES = 32,
    ROOM = 48 << 10,  /* of a block on a device */
    SHARED_BAND = 80, /* 16-byte alignment, and not by accident a larger one */
    ALL = ROOM + (PIECES + 1) * (SHARED_BAND + 16),
};

static _Alignas(64) unsigned char memory[ALL];
static struct Piece {
    size_t at, bytes;
} piece[PIECES];
static unsigned pieces;
static size_t   asked, end; /* bytes of pieces; where the last band ends */

static void put_band(size_t at, size_t to)
{
    band_fill(memory + at, to - at);
    ASAN_POISON_MEMORY_REGION(memory + at, to - at);
}

void shared_begin(void)
{
    ASAN_UNPOISON_MEMORY_REGION(memory, end);
    pieces = 0;
    asked = 0;
    end = 0;
}

static void new_piece(size_t bytes)
{
    asked += bytes;
    if (pieces == PIECES || asked > ROOM)
        fault("a block has %u pieces of shared memory, %zu bytes; %d and %d at most", pieces + 1,
              asked, PIECES, ROOM);
    if (pieces == 0) {
        end = SHARED_BAND;
        put_band(0, end);
    }
    piece[pieces++] = (struct Piece){end, bytes};
    memset(memory + end, FRESH, bytes);
    size_t from = end + bytes;
    end = (from + SHARED_BAND + 15) / 16 * 16;
    put_band(from, end);
}

void *emulated_shared(size_t bytes)
{
    Thread *thread = block_thread();
    if (thread == NULL) fault("shared memory is wanted outside a kernel");
    unsigned i = thread->shared_calls++;
    if (i == pieces) new_piece(bytes);
    if (piece[i].bytes != bytes)
        fault("%s wants %zu bytes as its shared array %u, another thread %zu", block_where(), bytes,
              i, piece[i].bytes);
    return memory + piece[i].at;
}

static void check_band(size_t at, size_t to)
{
    ptrdiff_t damage = band_damage(memory + at, to - at);
    if (damage < 0) return;
    fault("a kernel stored %d bytes behind one of its %u shared arrays (%s)", (int)damage, pieces,
          block_where());
}

void shared_end(void)
{
    if (pieces == 0) return;
    check_band(0, piece[0].at);
    for (unsigned i = 0; i < pieces; i++) {
        size_t from = piece[i].at + piece[i].bytes;
        check_band(from, i + 1 < pieces ? piece[i + 1].at : end);
    }
}
