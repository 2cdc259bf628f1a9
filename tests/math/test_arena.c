/* The arena against a model that does the same with nothing but a list. */

#include <string.h>

#include "core/base/random.h"
#include "core/math/arena.h"
#include "tests/test.h"

typedef struct Bench {
    Backend    *be;
    MemAccount *account;
    Arena      *arena;
} Bench;

static Bench bench_open(void)
{
    Error err = {0};
    Bench b = {.be = backend_ref_create(&err)};
    b.account = mem_account_create("arena test", &err);
    b.arena = arena_create(b.be, b.account, &err);
    assert_ok(&err);
    return b;
}

static void bench_close(Bench *b)
{
    arena_free(b->arena);
    assert_int_equal(mem_in_use_total(b->account), 0);
    for (MemPurpose p = 0; p < MEM_PURPOSE_COUNT; p++) {
        assert_int_equal(mem_use(b->account, MEM_HOST, p).reserved, 0);
    }
    mem_account_free(b->account);
    b->be->free(b->be);
}

static void *get(Bench *b, MemPurpose purpose, Index bytes)
{
    Error err = {0};
    void *piece = arena_get(b->arena, purpose, bytes, &err);
    assert_ok(&err);
    assert_non_null(piece);
    assert_int_equal((uintptr_t)piece % 64, 0);
    return piece;
}

static int64_t in_use(const Bench *b, MemPurpose purpose)
{
    return mem_use(b->account, MEM_HOST, purpose).in_use;
}

static int64_t reserved(const Bench *b)
{
    return mem_use(b->account, MEM_HOST, MEM_ACTIVATIONS).reserved;
}

/* ---- the model --------------------------------------------------------------------------- */

enum { PIECES = 60, ROUNDS = 20000 };

typedef struct Piece {
    unsigned char *at;
    Index          bytes;
    MemPurpose     purpose;
    unsigned char  fill;
} Piece;

static Index random_bytes(int64_t round)
{
    uint64_t i = (uint64_t)round;
    switch (random_below(1, 1, i, 8)) {
    case 0:
        return (Index)random_below(1, 2, i, 3); /* nothing, or next to it */
    case 1:
        return 64 * (Index)random_below(1, 2, i, 20); /* whole lines */
    case 2:
        return (Index)random_below(1, 2, i, 400000); /* large */
    default:
        return (Index)random_below(1, 2, i, 5000);
    }
}

static void check_filled(const Piece *p)
{
    for (Index i = 0; i < p->bytes; i++) {
        if (p->at[i] != p->fill) fail_msg("a piece was written over at byte %td", i);
    }
}

static void pieces_never_overlap_and_are_counted_exactly(void **state)
{
    (void)state;
    Bench   b = bench_open();
    Piece   pieces[PIECES] = {{0}};
    int64_t bytes[MEM_PURPOSE_COUNT] = {0};
    Index   live = 0;

    for (int64_t round = 0; round < ROUNDS; round++) {
        Piece *p = &pieces[random_below(1, 3, (uint64_t)round, PIECES)];
        if (p->at != NULL) {
            check_filled(p);
            arena_put(b.arena, p->at);
            bytes[p->purpose] -= p->bytes;
            live--;
            p->at = NULL;
        } else {
            p->bytes = random_bytes(round);
            p->purpose = (MemPurpose)(round % MEM_PURPOSE_COUNT);
            p->fill = (unsigned char)round;
            p->at = get(&b, p->purpose, p->bytes);
            memset(p->at, p->fill, (size_t)p->bytes);
            bytes[p->purpose] += p->bytes;
            live++;
        }
        assert_int_equal(arena_live(b.arena), live);
        MemPurpose purpose = (MemPurpose)(round % MEM_PURPOSE_COUNT);
        assert_int_equal(in_use(&b, purpose), bytes[purpose]);
    }
    for (int i = 0; i < PIECES; i++) {
        if (pieces[i].at != NULL) check_filled(&pieces[i]);
        arena_put(b.arena, pieces[i].at);
    }
    bench_close(&b);
}

/* ---- single facts ------------------------------------------------------------------------ */

static void holes_join_on_both_sides(void **state)
{
    (void)state;
    Bench b = bench_open();
    char *p[5];
    for (int i = 0; i < 5; i++) p[i] = get(&b, MEM_ACTIVATIONS, 1000);
    for (int i = 0; i < 4; i++) assert_true(p[i + 1] == p[i] + 1024);
    arena_put(b.arena, p[1]);
    arena_put(b.arena, p[3]);
    arena_put(b.arena, p[2]); /* joins left and right: 3 * 1024 */
    char *joined = get(&b, MEM_ACTIVATIONS, 3 * 1024);
    assert_true(joined == p[1]);
    arena_put(b.arena, joined);
    arena_put(b.arena, p[0]);
    arena_put(b.arena, p[4]);
    assert_true(get(&b, MEM_ACTIVATIONS, 1024 * 1024) == p[0]); /* one hole again */
    arena_put(b.arena, p[0]);
    bench_close(&b);
}

static void a_second_step_finds_the_same_addresses_and_reserves_nothing(void **state)
{
    (void)state;
    Bench   b = bench_open();
    void   *p[40], *again[40];
    int64_t after_first = 0;
    for (int step = 0; step < 2; step++) {
        void **q = step == 0 ? p : again;
        for (int i = 0; i < 40; i++) q[i] = get(&b, MEM_ACTIVATIONS, 100000 + 1000 * i);
        if (step == 0) after_first = reserved(&b);
        for (int i = 0; i < 40; i++) arena_put(b.arena, q[(i * 7) % 40]);
    }
    assert_memory_equal(p, again, sizeof p);
    assert_int_equal(reserved(&b), after_first);
    bench_close(&b);
}

static void blocks_grow_with_the_arena_and_trim_gives_empty_ones_back(void **state)
{
    (void)state;
    Bench b = bench_open();
    char *small = get(&b, MEM_SCRATCH, 10);
    assert_int_equal(reserved(&b), 1 << 20);
    char *large = get(&b, MEM_GRADIENTS, 40 << 20);
    assert_int_equal(reserved(&b), (1 << 20) + (40 << 20));
    char *next = get(&b, MEM_GRADIENTS, 2 << 20); /* a quarter of 41 MiB is more */
    assert_int_equal(reserved(&b), (41 << 20) + (41 << 18));
    assert_int_equal(in_use(&b, MEM_SCRATCH), 10);
    assert_int_equal(in_use(&b, MEM_GRADIENTS), 42 << 20);

    arena_put(b.arena, large);
    arena_trim(b.arena);
    assert_int_equal(reserved(&b), (1 << 20) + (41 << 18));
    arena_put(b.arena, next);
    arena_put(b.arena, small);
    arena_trim(b.arena);
    assert_int_equal(reserved(&b), 0);
    bench_close(&b);
}

static void nothing_is_a_piece_too_and_null_may_be_put_back(void **state)
{
    (void)state;
    Bench b = bench_open();
    char *p = get(&b, MEM_SCRATCH, 0), *q = get(&b, MEM_SCRATCH, 0);
    assert_true(p != q);
    assert_int_equal(arena_live(b.arena), 2);
    arena_put(b.arena, NULL);
    arena_put(b.arena, p);
    arena_put(b.arena, q);
    arena_free(NULL);
    bench_close(&b);
}

static void what_cannot_be_had_is_an_error_and_changes_nothing(void **state)
{
    (void)state;
    Bench b = bench_open();
    Error err = {0};
    void *p = arena_get(b.arena, MEM_SCRATCH, PTRDIFF_MAX, &err);
    assert_null(p);
    assert_error(&err, ERR_MEMORY, "memory");
    for (int64_t n = 0; n < 3; n++) { /* the piece, its block's list, the block */
        err = (Error){0};
        mem_fail_after(n, true);
        p = arena_get(b.arena, MEM_SCRATCH, 3 << 20, &err);
        mem_fail_off();
        assert_null(p);
        assert_error(&err, ERR_MEMORY, "memory");
    }
    assert_int_equal(arena_live(b.arena), 0);
    assert_int_equal(reserved(&b), 0);
    p = get(&b, MEM_SCRATCH, 100);
    arena_put(b.arena, p);
    bench_close(&b);
}

static void a_life(void *context, Error *err)
{
    (void)context;
    Backend    *be = backend_ref_create(err);
    MemAccount *account = be == NULL ? NULL : mem_account_create("torture", err);
    Arena      *arena = account == NULL ? NULL : arena_create(be, account, err);
    void       *p[40] = {0};
    for (int i = 0; i < 40 && arena != NULL && err->code == ERR_NONE; i++) {
        p[i] = arena_get(arena, MEM_ACTIVATIONS, 90000, err);
    }
    for (int i = 0; i < 40 && arena != NULL; i++) arena_put(arena, p[i]);
    arena_free(arena);
    if (account != NULL) assert_int_equal(mem_in_use_total(account), 0);
    mem_account_free(account);
    if (be != NULL) be->free(be);
}

static void an_arena_survives_every_failed_allocation(void **state)
{
    (void)state;
    assert_true(torture(a_life, NULL) > 40);
}

TEST_GROUP(arena, cmocka_unit_test(pieces_never_overlap_and_are_counted_exactly),
           cmocka_unit_test(holes_join_on_both_sides),
           cmocka_unit_test(a_second_step_finds_the_same_addresses_and_reserves_nothing),
           cmocka_unit_test(blocks_grow_with_the_arena_and_trim_gives_empty_ones_back),
           cmocka_unit_test(nothing_is_a_piece_too_and_null_may_be_put_back),
           cmocka_unit_test(what_cannot_be_had_is_an_error_and_changes_nothing),
           cmocka_unit_test(an_arena_survives_every_failed_allocation));
