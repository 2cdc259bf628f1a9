/*
 * Tokens by id and ids by token, the byte-level alphabet, and the small accessors of Tokenizer.
 */

#include <string.h>

#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/model/tokenizer_parts.h"

/* ---- the byte-level alphabet ------------------------------------------------------------ */

/* Bytes that are printable in Latin-1 stand for themselves; the 68 others, in order, for the
 * characters from U+0100 on. */
static bool is_printable(uint32_t byte)
{
    return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xFF && byte != 0xAD);
}

uint32_t byte_level_char(uint8_t byte)
{
    if (is_printable(byte)) return byte;
    if (byte <= 0x20) return 0x100 + (uint32_t)byte;
    if (byte <= 0xA0) return 0x121 + (uint32_t)byte - 0x7F;
    return 0x143;
}

int byte_level_byte(uint32_t cp)
{
    if (cp < 0x100) return is_printable(cp) ? (int)cp : -1;
    if (cp <= 0x120) return (int)(cp - 0x100);
    if (cp <= 0x142) return (int)(cp - 0x121 + 0x7F);
    return cp == 0x143 ? 0xAD : -1;
}

Index byte_level_undo(char *out, const char *written, Index n)
{
    Index count = 0;
    for (Index i = 0; i < n;) {
        uint32_t cp;
        int      len = utf8_decode(written + i, n - i, &cp);
        int      byte = len > 0 ? byte_level_byte(cp) : -1;
        if (byte < 0) return -1;
        out[count++] = (char)byte;
        i += len;
    }
    return count;
}

/* ---- the vocabulary --------------------------------------------------------------------- */

void vocabulary_free(Vocabulary *v)
{
    str_free(&v->bytes);
    mem_free(v->span);
    mem_free(v->slot);
    *v = (Vocabulary){0};
}

/* Ids come one at a time while training, so the room grows by doubling. */
bool vocabulary_reserve(Vocabulary *v, Index count, Error *err)
{
    if (count > v->cap) {
        Index      cap = count > 2 * v->cap ? count : 2 * v->cap;
        TokenSpan *span = mem_resize(v->span, mem_program(), MEM_TEXT, cap, sizeof *span, err);
        if (span == NULL) return false;
        v->span = span;
        v->cap = cap;
    }
    if (count > v->count) v->count = count;
    return true;
}

/* The slot that holds these bytes or, when they are absent, the empty one where they belong. */
static Index find_slot(const Vocabulary *v, const char *bytes, Index n)
{
    uint64_t mask = (uint64_t)v->slots - 1;
    uint64_t i = hash_bytes(bytes, n) & mask;
    for (;; i = (i + 1) & mask) {
        int32_t id = v->slot[i];
        if (id < 0) return (Index)i;
        const TokenSpan *span = &v->span[id];
        if (span->len == n && memcmp(v->bytes.data + span->at, bytes, (size_t)n) == 0) {
            return (Index)i;
        }
    }
}

static bool grow_slots(Vocabulary *v, Error *err)
{
    if (2 * (v->used + 1) <= v->slots) return true;

    Index slots = 1024;
    while (slots < 2 * v->count || slots < 4 * v->used) slots *= 2;
    int32_t *fresh = mem_alloc_raw(mem_program(), MEM_TEXT, slots, sizeof *fresh, err);
    if (fresh == NULL) return false;

    int32_t *old = v->slot;
    Index    old_slots = v->slots;
    memset(fresh, 0xFF, (size_t)slots * sizeof *fresh);
    v->slot = fresh;
    v->slots = slots;
    for (Index i = 0; i < old_slots; i++) {
        if (old[i] < 0) continue;
        const TokenSpan *span = &v->span[old[i]];
        fresh[find_slot(v, v->bytes.data + span->at, span->len)] = old[i];
    }
    mem_free(old);
    return true;
}

bool vocabulary_put(Vocabulary *v, int32_t id, const char *bytes, Index n, bool producible,
                    Error *err)
{
    CHECK(id >= 0 && id < v->count && v->span[id].len == 0 && n > 0);
    if (producible && !grow_slots(v, err)) return false;

    Index at = v->bytes.len;
    str_add_bytes(&v->bytes, bytes, n);
    if (!str_ok(&v->bytes, err)) return false;
    v->span[id] = (TokenSpan){.at = at, .len = (int32_t)n};
    if (!producible) return true;

    Index i = find_slot(v, bytes, n);
    CHECK(v->slot[i] < 0);
    v->slot[i] = id;
    v->used++;
    return true;
}

int32_t vocabulary_find(const Vocabulary *v, const char *bytes, Index n)
{
    if (v->slots == 0 || n == 0) return -1;
    return v->slot[find_slot(v, bytes, n)];
}

const char *vocabulary_bytes(const Vocabulary *v, int32_t id, Index *n)
{
    CHECK(id >= 0 && id < v->count);
    *n = v->span[id].len;
    return *n == 0 ? "" : v->bytes.data + v->span[id].at;
}

/* ---- the tokenizer ---------------------------------------------------------------------- */

void tokenizer_free(Tokenizer *tok)
{
    if (tok == NULL) return;

    vocabulary_free(&tok->vocab);
    merges_free(&tok->merges);
    added_free(&tok->added);
    pretokenizer_free(tok->pre);
    ids_free(&tok->before);
    ids_free(&tok->after);
    mem_free(tok);
}

Index tokenizer_vocab(const Tokenizer *tok)
{
    return tok->vocab.count;
}

uint64_t tokenizer_hash(const Tokenizer *tok)
{
    return tok->hash;
}

int32_t tokenizer_id(const Tokenizer *tok, const char *token)
{
    Index n = (Index)strlen(token);
    if (n > TOKEN_MAX_BYTES) return -1;

    int32_t added = added_find(&tok->added, token, n);
    if (added >= 0) return tok->added.token[added].id;

    char  bytes[TOKEN_MAX_BYTES];
    Index count = byte_level_undo(bytes, token, n);
    return count < 0 ? -1 : vocabulary_find(&tok->vocab, bytes, count);
}

bool tokenizer_is_special(const Tokenizer *tok, int32_t id)
{
    return id >= 0 && id < tok->vocab.count && tok->vocab.span[id].special;
}

void ids_free(Ids *ids)
{
    mem_free(ids->data);
    *ids = (Ids){0};
}

bool ids_add(Ids *ids, int32_t id, Error *err)
{
    if (ids->count == ids->cap) {
        Index    cap = ids->cap < 32 ? 64 : 2 * ids->cap;
        int32_t *data = mem_resize(ids->data, mem_program(), MEM_TEXT, cap, sizeof *data, err);
        if (data == NULL) return false;
        ids->data = data;
        ids->cap = cap;
    }
    ids->data[ids->count++] = id;
    return true;
}
