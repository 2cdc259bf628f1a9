/* What lanes of a warp do together. All of them must come, and to the same place. */

#include "tests/cuda/emulator/internal.h"

static const char *name_of(EmulatedExchange how)
{
    static const char *const names[] = {"__syncwarp",      "a vote of the warp", "__shfl_sync",
                                        "__shfl_xor_sync", "__shfl_down_sync",   "__shfl_up_sync"};
    return names[how];
}

/* The lane that `lane` reads, by the rules of the CUDA guide: inside its segment of `width` lanes,
 * itself where that would leave the segment. */
static int source_of(const Offer *offer, int lane)
{
    int from = lane, segment = lane / offer->width * offer->width;
    if (offer->how == EMULATED_FROM) return segment + (offer->operand & (offer->width - 1));
    if (offer->how == EMULATED_XOR) from = lane ^ offer->operand;
    if (offer->how == EMULATED_DOWN) from = lane + offer->operand;
    if (offer->how == EMULATED_UP) from = lane - offer->operand;
    bool below = offer->how != EMULATED_XOR && from < segment;
    return below || from >= segment + offer->width ? lane : from;
}

static void check_arrival(const Thread *t, const Thread *first, int lane, int first_lane)
{
    const char *what = name_of(first->offer.how);
    if (t->state != THREAD_AT_EXCHANGE)
        fault("lane %d waits in %s at %s:%d for lane %d, which %s (%s)", first_lane, what,
              first->file, first->line, lane,
              t->state == THREAD_DONE ? "has returned" : "waits at a barrier of the block",
              block_where());
    if (t->offer.how != first->offer.how || t->line != first->line)
        fault("lane %d is in %s at %s:%d and lane %d in %s at %s:%d (%s)", first_lane, what,
              first->file, first->line, lane, name_of(t->offer.how), t->file, t->line,
              block_where());
}

static void check_offer(const Offer *offer, const Thread *t, int lanes, int lane)
{
    unsigned all = lanes == LANES ? ~0u : (1u << lanes) - 1u;
    if ((offer->mask & all) != all)
        fault("lane %d calls %s at %s:%d with mask %08x, not for all lanes (%s)", lane,
              name_of(offer->how), t->file, t->line, offer->mask, block_where());
    int width = offer->width;
    if (width < 1 || width > LANES || (width & (width - 1)) != 0)
        fault("%s at %s:%d: a width of %d (%s)", name_of(offer->how), t->file, t->line, width,
              block_where());
}

static uint64_t ballot(const Thread *warp, int lanes)
{
    uint64_t yes = 0;
    for (int i = 0; i < lanes; i++) yes |= (warp[i].offer.value & 1) << i;
    return yes;
}

void exchange(Thread *warp, int lanes, int first)
{
    for (int i = 0; i < lanes; i++) {
        check_arrival(&warp[i], &warp[first], i, first);
        check_offer(&warp[i].offer, &warp[i], lanes, i);
    }
    EmulatedExchange how = warp[0].offer.how;
    uint64_t         yes = how == EMULATED_BALLOT ? ballot(warp, lanes) : 0;
    for (int i = 0; i < lanes; i++) {
        Offer *offer = &warp[i].offer;
        int    from = how == EMULATED_SYNC ? i : source_of(offer, i);
        if (from >= lanes || from < 0)
            fault("lane %d reads lane %d in %s at %s:%d, of a warp of %d lanes (%s)", i, from,
                  name_of(how), warp[i].file, warp[i].line, lanes, block_where());
        offer->result = how == EMULATED_BALLOT ? yes : warp[from].offer.value;
        warp[i].state = THREAD_READY;
    }
}
