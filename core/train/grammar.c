/*
 * A grammar's memory, its splits, and the functions that others call.
 */

#include "core/train/grammar.h"

#include "core/base/file.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/train/grammar_draw.h"
#include "core/train/grammar_scan.h"

#include <string.h>

/* ---- the arena ------------------------------------------------------------------------------ */

struct Chunk {
    Chunk *next;
    Index  used, size;
    _Alignas(16) char room[];
};

enum { CHUNK_BYTES = 32 << 10 };

void *grammar_room(Grammar *g, Index count, Index size, Error *err)
{
    Index bytes = (count * size + 15) / 16 * 16;
    if (bytes > GRAMMAR_MAX_ARENA - g->arena_bytes) {
        error_set(err, ERR_INPUT, "%s: the grammar needs more than %d MB",
                  g->file_count > 0 ? g->files[0] : "grammar", GRAMMAR_MAX_ARENA >> 20);
        return NULL;
    }
    if (g->chunks == NULL || g->chunks->size - g->chunks->used < bytes) {
        Index  room = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
        Chunk *chunk = mem_alloc(mem_program(), MEM_TEXT, 1, (Index)sizeof *chunk + room, err);
        if (chunk == NULL) return NULL;
        chunk->size = room;
        chunk->next = g->chunks;
        g->chunks = chunk;
        g->arena_bytes += room;
    }
    void *room = g->chunks->room + g->chunks->used;
    g->chunks->used += bytes;
    return room;
}

char *grammar_copy(Grammar *g, const char *text, Index len, Error *err)
{
    char *copy = grammar_room(g, len + 1, 1, err);
    if (copy != NULL) memcpy(copy, text, (size_t)len);
    return copy;
}

void *grammar_grow(Grammar *g, void *array, int count, Index size, Error *err)
{
    if (count > 0 && (count & (count - 1)) != 0) return array;
    void *moved = grammar_room(g, count == 0 ? 1 : 2 * (Index)count, size, err);
    if (moved != NULL && count > 0) memcpy(moved, array, (size_t)count * (size_t)size);
    return moved;
}

bool grammar_wrong(Error *err, Place place, const char *fmt, ...)
{
    va_list args;
    Str     text = {0};
    va_start(args, fmt);
    str_vaddf(&text, fmt, args);
    va_end(args);
    error_set(err, ERR_INPUT, "%.200s:%d: %s", place.file, place.line, str_text(&text));
    str_free(&text);
    return false;
}

/* ---- reading -------------------------------------------------------------------------------- */

static Grammar *grammar_new(Error *err)
{
    Grammar *g = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *g, err);
    if (g != NULL) g->title = g->description = g->sample = "";
    return g;
}

static Grammar *finish(Grammar *g, bool ok, Error *err)
{
    if (ok && grammar_check(g, err)) return g;
    grammar_free(g);
    return NULL;
}

Grammar *grammar_load(const char *path, Error *err)
{
    Grammar *g = grammar_new(err);
    if (g == NULL) return NULL;
    Str   folder = {0};
    Index len = path_base(path) - path;
    if (len > 1) len--; /* without the slash, but "/" stays */
    str_add_bytes(&folder, len > 0 ? path : ".", len > 0 ? len : 1);
    bool ok = str_ok(&folder, err) && grammar_read_file(g, path, str_text(&folder), err);
    str_free(&folder);
    return finish(g, ok, err);
}

Grammar *grammar_parse(const char *text, Index len, const char *name, Error *err)
{
    Grammar *g = grammar_new(err);
    if (g == NULL) return NULL;
    return finish(g, grammar_read_text(g, text, len, name, NULL, err), err);
}

void grammar_free(Grammar *g)
{
    if (g == NULL) return;
    for (Chunk *chunk = g->chunks; chunk != NULL;) {
        Chunk *next = chunk->next;
        mem_free(chunk);
        chunk = next;
    }
    mem_free(g);
}

bool grammar_is_document(const Grammar *g)
{
    return g->main->field_count == 1;
}

const char *grammar_title(const Grammar *g)
{
    return g->title;
}
const char *grammar_description(const Grammar *g)
{
    return g->description;
}
const char *grammar_sample(const Grammar *g)
{
    return g->sample;
}
bool grammar_has_combos(const Grammar *g)
{
    return g->reserve_count > 0;
}

/* ---- families ------------------------------------------------------------------------------- */

static const char *family_name(const Case *one)
{
    return one->delegate ? one->slots[one->slot_count - 1].source->def->name : NULL;
}

Index grammar_family_count(const Grammar *g)
{
    Index count = 0;
    for (int i = 0; i < g->main->case_count; i++) count += g->main->cases[i].delegate;
    return count;
}

const char *grammar_family(const Grammar *g, Index i)
{
    for (int k = 0; k < g->main->case_count; k++) {
        if (g->main->cases[k].delegate && i-- == 0) return family_name(&g->main->cases[k]);
    }
    return NULL;
}

/*
 * With W the weight of the named cases and V that of the others, the share becomes s when the
 * named weights are multiplied by s / (1 - s) * V / W.
 */
bool grammar_boost(Grammar *g, const char *rule, double share, Error *err)
{
    double named = 0.0, others = 0.0, factor = 1.0;
    CHECK(share >= 0.0 && share < 1.0);
    for (int i = 0; i < g->main->case_count; i++) {
        Case       *one = &g->main->cases[i];
        const char *name = family_name(one);
        bool        is = rule != NULL && name != NULL && strcmp(name, rule) == 0;
        one->weight = one->file_weight;
        *(is ? &named : &others) += one->weight;
    }
    if (rule == NULL) return true;
    if (named <= 0.0 || others <= 0.0) {
        return grammar_wrong(err, g->main->place, "rule `main` has no `case N %.60s`%s", rule,
                             named > 0.0 ? " beside other cases" : "");
    }
    factor = share / (1.0 - share) * others / named;
    for (int i = 0; i < g->main->case_count; i++) {
        Case       *one = &g->main->cases[i];
        const char *name = family_name(one);
        if (name != NULL && strcmp(name, rule) == 0) one->weight *= factor;
    }
    return true;
}

/* ---- examples ------------------------------------------------------------------------------- */

enum { EXAMPLE_TRIES = 20000, HELDOUT_PART = 10 };

/* The rule that keeps the splits apart; the hash is that of the prompt or the document. */
static bool belongs(const Grammar *g, const Draw *draw, GrammarSplit split)
{
    bool reserved = g->reserve_count > 0 && draw_is_reserved(draw);
    if (split == GRAMMAR_COMBOS || reserved) return split == GRAMMAR_COMBOS && reserved;
    Index       len;
    const char *text = draw_text(draw, 0, &len);
    bool        heldout = hash_bytes(text, len) % HELDOUT_PART == 0;
    return heldout == (split == GRAMMAR_HELDOUT);
}

static bool no_example(const Grammar *g, const Draw *draw, GrammarSplit split, DrawResult last,
                       Error *err)
{
    static const char *const names[GRAMMAR_SPLIT_COUNT] = {
        [GRAMMAR_TRAIN] = "train",
        [GRAMMAR_HELDOUT] = "held-out",
        [GRAMMAR_COMBOS] = "combos",
    };
    if (last == DRAW_AGAIN) {
        grammar_wrong(err, draw_trouble(draw),
                      "no example can be drawn: what begins here is too long, too deep, empty or "
                      "never different");
    } else {
        grammar_wrong(err, g->main->place, "no example of the %s split can be drawn", names[split]);
    }
    return false;
}

bool grammar_example(const Grammar *g, uint64_t seed, GrammarSplit split, Index i, Str *prompt,
                     Str *completion, Error *err)
{
    CHECK(i >= 0 && split >= 0 && split < GRAMMAR_SPLIT_COUNT);
    str_clear(prompt);
    str_clear(completion);
    if (split == GRAMMAR_COMBOS && g->reserve_count == 0) {
        return grammar_wrong(err, g->main->place, "the grammar reserves no combinations");
    }
    uint64_t stream = (uint64_t)i * GRAMMAR_SPLIT_COUNT + (uint64_t)split;
    Draw    *draw = draw_create(g, seed, stream, err);
    if (draw == NULL) return false;

    DrawResult got = DRAW_AGAIN;
    bool       fits = false;
    for (int tries = 0; tries < EXAMPLE_TRIES && !fits && !draw_is_spent(draw); tries++) {
        got = draw_main(draw, err);
        if (got == DRAW_ERROR) break;
        fits = got == DRAW_OK && belongs(g, draw, split);
    }
    bool ok = fits;
    if (fits) {
        Index       len;
        const char *text = draw_text(draw, 0, &len);
        str_add_bytes(prompt, text, len);
        if (!grammar_is_document(g)) {
            text = draw_text(draw, 1, &len);
            str_add_bytes(completion, text, len);
        }
        ok = str_ok(prompt, err) && str_ok(completion, err);
    } else if (got != DRAW_ERROR) {
        no_example(g, draw, split, got, err);
    }
    draw_free(draw);
    return ok;
}
