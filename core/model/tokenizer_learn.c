/*
 * Learning merges (Sennrich et al. 2016): the most frequent pair of neighbours becomes a token,
 * over and over.
 *
 * Nothing is counted twice. Each pair knows its count and the words where it was ever seen; a
 * merge visits only those words and changes the counts of the neighbours there:
 *
 *     x a b y  ->  x ab y       (x,a) and (b,y) lose, (x,ab) and (ab,y) gain the word's count
 *
 * The queue is a heap of (count, pair) in which old counts are left lying: one that comes up and
 * is no longer true is put back with the count of today.
 */

#include <string.h>

#include "core/base/mem.h"
#include "core/model/tokenizer_learn.h"

typedef struct Pair {
    uint64_t key; /* UINT64_MAX: empty slot */
    int64_t  count;
    int32_t  places; /* the first of a list of words, -1: none */
    int32_t  round;  /* when it was noted as changed */
} Pair;

typedef struct Place {
    int32_t word, next;
} Place;

typedef struct Entry {
    int64_t  count;
    uint64_t key;
} Entry;

typedef struct Learner {
    Pair          *pair; /* open addressing */
    Index          slots, used;
    Place         *place;
    Index          places, place_cap;
    Entry         *heap;
    Index          heap_count, heap_cap;
    uint64_t      *changed; /* keys whose count has grown in this round */
    Index          changes, change_cap;
    int32_t       *symbol; /* all words, one behind the other */
    Index         *start;  /* where a word begins */
    int32_t       *length; /* its symbols now */
    int32_t        round;
    const int64_t *count; /* how often a word stands */
} Learner;

static void learner_free(Learner *l)
{
    mem_free(l->pair);
    mem_free(l->place);
    mem_free(l->heap);
    mem_free(l->changed);
    mem_free(l->symbol);
    mem_free(l->start);
    mem_free(l->length);
}

/* Room for one more item of `size` bytes. */
static bool room(void *array, Index count, Index *cap, Index size, Error *err)
{
    if (count < *cap) return true;

    void *old, *grown;
    memcpy(&old, array, sizeof old);
    Index more = *cap == 0 ? 1024 : 2 * *cap;
    grown = mem_resize(old, mem_program(), MEM_TEXT, more, size, err);
    if (grown == NULL) return false;
    memcpy(array, &grown, sizeof grown);
    *cap = more;
    return true;
}

/* ---- pairs ------------------------------------------------------------------------------ */

static Pair *slot_of(const Learner *l, uint64_t key)
{
    uint64_t mask = (uint64_t)l->slots - 1;
    uint64_t i = (key * 0x9E3779B97F4A7C15u >> 20) & mask;
    while (l->pair[i].key != key && l->pair[i].key != UINT64_MAX) i = (i + 1) & mask;
    return &l->pair[i];
}

static bool grow_pairs(Learner *l, Error *err)
{
    if (2 * (l->used + 1) <= l->slots) return true;

    Learner bigger = {.slots = l->slots == 0 ? 4096 : 2 * l->slots};
    bigger.pair = mem_alloc_raw(mem_program(), MEM_TEXT, bigger.slots, sizeof(Pair), err);
    if (bigger.pair == NULL) return false;
    for (Index i = 0; i < bigger.slots; i++) bigger.pair[i].key = UINT64_MAX;
    for (Index i = 0; i < l->slots; i++) {
        if (l->pair[i].key != UINT64_MAX) *slot_of(&bigger, l->pair[i].key) = l->pair[i];
    }
    mem_free(l->pair);
    l->pair = bigger.pair;
    l->slots = bigger.slots;
    return true;
}

static void lose(Learner *l, int32_t left, int32_t right, int32_t word)
{
    Pair *pair = slot_of(l, merge_pair(left, right));
    CHECK(pair->key != UINT64_MAX && pair->count >= l->count[word]);
    pair->count -= l->count[word];
}

static bool gain(Learner *l, int32_t left, int32_t right, int32_t word, Error *err)
{
    if (!grow_pairs(l, err)) return false;
    Pair *pair = slot_of(l, merge_pair(left, right));
    if (pair->key == UINT64_MAX) {
        *pair = (Pair){.key = merge_pair(left, right), .places = -1, .round = -1};
        l->used++;
    }
    pair->count += l->count[word];
    if (pair->places < 0 || l->place[pair->places].word != word) {
        if (!room(&l->place, l->places, &l->place_cap, sizeof *l->place, err)) return false;
        l->place[l->places] = (Place){.word = word, .next = pair->places};
        pair->places = (int32_t)l->places++;
    }
    if (pair->round == l->round) return true;

    if (!room(&l->changed, l->changes, &l->change_cap, sizeof *l->changed, err)) return false;
    l->changed[l->changes++] = pair->key;
    pair->round = l->round;
    return true;
}

/* ---- the queue -------------------------------------------------------------------------- */

/* More frequent first, of equals the smaller ids. */
static bool before(Entry a, Entry b)
{
    return a.count != b.count ? a.count > b.count : a.key < b.key;
}

static bool push(Learner *l, Entry entry, Error *err)
{
    if (!room(&l->heap, l->heap_count, &l->heap_cap, sizeof *l->heap, err)) return false;
    Index i = l->heap_count++;
    for (; i > 0 && before(entry, l->heap[(i - 1) / 2]); i = (i - 1) / 2) {
        l->heap[i] = l->heap[(i - 1) / 2];
    }
    l->heap[i] = entry;
    return true;
}

static Entry pop(Learner *l)
{
    Entry top = l->heap[0], last = l->heap[--l->heap_count];
    Index i = 0;
    for (Index child = 1; child < l->heap_count; child = 2 * i + 1) {
        if (child + 1 < l->heap_count && before(l->heap[child + 1], l->heap[child])) child++;
        if (!before(l->heap[child], last)) break;
        l->heap[i] = l->heap[child];
        i = child;
    }
    l->heap[i] = last;
    return top;
}

/* What has grown in this round is offered with its count at the end of it. */
static bool end_round(Learner *l, Error *err)
{
    for (Index i = 0; i < l->changes; i++) {
        const Pair *pair = slot_of(l, l->changed[i]);
        if (pair->count <= 0) continue;
        if (!push(l, (Entry){.count = pair->count, .key = pair->key}, err)) return false;
    }
    l->changes = 0;
    l->round++;
    return true;
}

/* ---- words ------------------------------------------------------------------------------ */

static bool count_pairs(Learner *l, Index words, Error *err)
{
    for (int32_t w = 0; w < words; w++) {
        const int32_t *symbol = l->symbol + l->start[w];
        for (int32_t i = 0; i + 1 < l->length[w]; i++) {
            if (!gain(l, symbol[i], symbol[i + 1], w, err)) return false;
        }
    }
    return end_round(l, err);
}

static bool start_words(Learner *l, const Vocabulary *words, const int32_t byte_id[256], Error *err)
{
    Index n = words->count;
    l->symbol = mem_alloc_raw(mem_program(), MEM_TEXT, words->bytes.len, sizeof(int32_t), err);
    if (l->symbol == NULL) return false;
    l->start = mem_alloc_raw(mem_program(), MEM_TEXT, n, sizeof *l->start, err);
    if (l->start == NULL) return false;
    l->length = mem_alloc_raw(mem_program(), MEM_TEXT, n, sizeof *l->length, err);
    if (l->length == NULL) return false;

    for (Index i = 0; i < words->bytes.len; i++) {
        l->symbol[i] = byte_id[(uint8_t)words->bytes.data[i]];
    }
    for (Index w = 0; w < n; w++) {
        l->start[w] = words->span[w].at;
        l->length[w] = words->span[w].len;
    }
    return count_pairs(l, n, err);
}

/* Merge one occurrence: `left` is the symbol before (-1: none), `right` the one after. */
static bool change_neighbours(Learner *l, MergePair pair, int32_t made, int32_t left, int32_t right,
                              int32_t word, Error *err)
{
    lose(l, pair.left, pair.right, word);
    if (left >= 0) {
        lose(l, left, pair.left, word);
        if (!gain(l, left, made, word, err)) return false;
    }
    if (right >= 0) {
        lose(l, pair.right, right, word);
        if (!gain(l, made, right, word, err)) return false;
    }
    return true;
}

static bool merge_in_word(Learner *l, MergePair pair, int32_t made, int32_t word, Error *err)
{
    int32_t *s = l->symbol + l->start[word], n = l->length[word], out = 0;
    for (int32_t i = 0; i < n; i++) {
        if (i + 1 == n || s[i] != pair.left || s[i + 1] != pair.right) {
            s[out++] = s[i];
            continue;
        }
        int32_t left = out > 0 ? s[out - 1] : -1, right = i + 2 < n ? s[i + 2] : -1;
        if (!change_neighbours(l, pair, made, left, right, word, err)) return false;
        s[out++] = made;
        i++;
    }
    l->length[word] = out;
    return true;
}

static bool merge_everywhere(Learner *l, MergePair pair, int32_t made, Error *err)
{
    Pair   *known = slot_of(l, merge_pair(pair.left, pair.right));
    int32_t place = known->places;
    known->places = -1;
    for (; place >= 0; place = l->place[place].next) {
        if (!merge_in_word(l, pair, made, l->place[place].word, err)) return false;
    }
    return end_round(l, err);
}

/* ---- the rounds -------------------------------------------------------------------------- */

static bool learn(Learner *l, Learned *learned, Index vocab_size, Error *err)
{
    while (learned->tokens.count < vocab_size && l->heap_count > 0) {
        Entry       top = pop(l);
        const Pair *known = slot_of(l, top.key);
        if (known->count != top.count) {
            top.count = known->count;
            if (top.count > 0 && !push(l, top, err)) return false;
            continue;
        }
        MergePair pair = {(int32_t)(top.key >> 32), (int32_t)(top.key & UINT32_MAX)};
        int32_t   made = learned_make(learned, pair, err);
        if (made == LEARN_FAILED) return false;
        if (made == LEARN_NOTHING) continue;
        if (!room(&learned->merge, learned->merges, &learned->cap, sizeof pair, err)) return false;
        learned->merge[learned->merges++] = pair;
        if (!merge_everywhere(l, pair, made, err)) return false;
    }
    return true;
}

bool learned_merge(Learned *learned, const Vocabulary *words, const int64_t *count,
                   Index vocab_size, Error *err)
{
    int32_t byte_id[256];
    for (int b = 0; b < 256; b++) {
        char byte = (char)b;
        byte_id[b] = vocabulary_find(&learned->tokens, &byte, 1);
    }
    Learner l = {.count = count};
    bool    ok = start_words(&l, words, byte_id, err) && learn(&l, learned, vocab_size, err);
    learner_free(&l);
    return ok;
}
