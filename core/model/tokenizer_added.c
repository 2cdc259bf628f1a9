/*
 * Added tokens: strings that are cut out of the text before anything else happens to it, the
 * leftmost first and of several at one place the longest, as Hugging Face's tokenizers do.
 *
 * A trie is walked from every byte that can begin a token. That is quadratic only in the length
 * of a token, which is at most ADDED_MAX_BYTES.
 */

#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/model/tokenizer_parts.h"

/* ---- the trie --------------------------------------------------------------------------- */

static void trie_init(Trie *trie)
{
    memset(trie->root, 0xFF, sizeof trie->root);
}

/* The node for `byte` in a chain of siblings that begins at `node`, or -1. */
static int32_t in_chain(const Trie *trie, int32_t node, uint8_t byte)
{
    while (node >= 0 && trie->node[node].byte != byte) node = trie->node[node].sibling;
    return node;
}

static bool trie_grow(Trie *trie, Index more, Error *err)
{
    if (trie->count + more <= trie->cap) return true;

    Index     cap = 2 * trie->cap + more;
    TrieNode *node = mem_resize(trie->node, mem_program(), MEM_TEXT, cap, sizeof *node, err);
    if (node == NULL) return false;
    trie->node = node;
    trie->cap = cap;
    return true;
}

/* Of equal strings the first one stays. */
static bool trie_add(Trie *trie, const char *bytes, Index n, int32_t token, Error *err)
{
    CHECK(n > 0);
    if (!trie_grow(trie, n, err)) return false;

    int32_t node = -1;
    for (Index i = 0; i < n; i++) {
        uint8_t  byte = (uint8_t)bytes[i];
        int32_t *first = i == 0 ? &trie->root[byte] : &trie->node[node].child;
        int32_t  next = in_chain(trie, *first, byte);
        if (next < 0) {
            next = (int32_t)trie->count++;
            trie->node[next] =
                (TrieNode){.child = -1, .sibling = *first, .token = -1, .byte = byte};
            *first = next;
        }
        node = next;
    }
    if (trie->node[node].token < 0) trie->node[node].token = token;
    return true;
}

/* The longest token at the beginning of text: its length (0: none) and itself. */
static Index trie_longest(const Trie *trie, const char *text, Index n, int32_t *token)
{
    Index   longest = 0;
    int32_t node = trie->root[(uint8_t)text[0]];
    for (Index i = 0; node >= 0;) {
        if (trie->node[node].token >= 0) {
            longest = i + 1;
            *token = trie->node[node].token;
        }
        if (++i == n) break;
        node = in_chain(trie, trie->node[node].child, (uint8_t)text[i]);
    }
    return longest;
}

/* ---- the list --------------------------------------------------------------------------- */

void added_init(Added *added)
{
    trie_init(&added->exact);
    trie_init(&added->raw);
    trie_init(&added->normalized);
}

void added_free(Added *added)
{
    mem_free(added->token);
    str_free(&added->content);
    mem_free(added->exact.node);
    mem_free(added->raw.node);
    mem_free(added->normalized.node);
}

int32_t added_find(const Added *added, const char *content, Index n)
{
    int32_t token = -1;
    if (n == 0 || trie_longest(&added->exact, content, n, &token) != n) return -1;
    return token;
}

bool added_add(Added *added, AddedToken token, const char *content, Index n, Error *err)
{
    int32_t same = added_find(added, content, n);
    if (same >= 0) {
        return error_set(err, ERR_INPUT, "the same token is already \"added_tokens[%d]\"", same);
    }
    if (added->count == added->cap) {
        Index       cap = 2 * added->cap + 32;
        AddedToken *grown =
            mem_resize(added->token, mem_program(), MEM_TEXT, cap, sizeof *grown, err);
        if (grown == NULL) return false;
        added->token = grown;
        added->cap = cap;
    }
    token.at = added->content.len;
    token.len = n;
    str_add_bytes(&added->content, content, n);
    if (!str_ok(&added->content, err)) return false;
    if (!trie_add(&added->exact, content, n, (int32_t)added->count, err)) return false;
    added->token[added->count++] = token;
    return true;
}

/* Put token i into the trie that it is searched with. */
static bool make_searchable(Added *added, Index i, bool nfc, Error *err)
{
    const AddedToken *token = &added->token[i];
    const char       *content = added->content.data + token->at;
    if (!token->normalized) return trie_add(&added->raw, content, token->len, (int32_t)i, err);
    if (!nfc) return trie_add(&added->normalized, content, token->len, (int32_t)i, err);

    Str  form = {0};
    bool ok = text_nfc(&form, content, token->len, err) && str_ok(&form, err) &&
              trie_add(&added->normalized, form.data, form.len, (int32_t)i, err);
    str_free(&form);
    return ok;
}

bool added_finish(Added *added, bool nfc, Error *err)
{
    for (int special = 1; special >= 0; special--) {
        for (Index i = 0; i < added->count; i++) {
            if (added->token[i].special != (special != 0)) continue;
            if (!make_searchable(added, i, nfc, err)) return false;
        }
    }
    return true;
}

/* ---- searching -------------------------------------------------------------------------- */

/* \p{White_Space} */
static bool is_space(uint32_t cp)
{
    return (cp >= 0x09 && cp <= 0x0D) || cp == 0x20 || cp == 0x85 || cp == 0xA0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 || cp == 0x2029 || cp == 0x202F ||
           cp == 0x205F || cp == 0x3000;
}

/* Where the character before text[at] begins; at > 0. */
static Index previous_char(const char *text, Index at)
{
    do at--;
    while (at > 0 && ((unsigned char)text[at] & 0xC0) == 0x80);
    return at;
}

static Index strip_left(const char *text, Index start, Index floor)
{
    while (start > floor) {
        uint32_t cp;
        Index    at = previous_char(text, start);
        if (utf8_decode(text + at, start - at, &cp) <= 0 || !is_space(cp)) break;
        start = at;
    }
    return start;
}

static Index strip_right(const char *text, Index n, Index end)
{
    while (end < n) {
        uint32_t cp;
        int      len = utf8_decode(text + end, n - end, &cp);
        if (len <= 0 || !is_space(cp)) break;
        end += len;
    }
    return end;
}

static bool stands_alone(PreTokenizerRun *run, const char *text, Index n, Index start, Index end)
{
    if (start > 0 && pretokenize_word_at(run, text, n, previous_char(text, start))) return false;
    return !pretokenize_word_at(run, text, n, end);
}

/* `done` is where the last stretch ended; white space to the right of a token may have moved it
 * past the place where the search goes on. */
bool added_split(const Added *added, const Trie *trie, PreTokenizerRun *run, const char *text,
                 Index n, StretchTask *task, void *context, Error *err)
{
    Index done = 0;
    for (Index i = 0; i < n && trie->count > 0;) {
        int32_t token = -1;
        Index   len = trie_longest(trie, text + i, n - i, &token);
        if (len == 0) {
            i++;
            continue;
        }
        const AddedToken *a = &added->token[token];
        Index             start = i, end = i + len;
        i = end;
        if (a->single_word && !stands_alone(run, text, n, start, end)) continue;

        if (a->lstrip) start = strip_left(text, start, done);
        if (a->rstrip) end = strip_right(text, n, end);
        if (done < start && !task(context, -1, text + done, start - done, err)) return false;
        if (!task(context, token, text, 0, err)) return false;
        done = end;
    }
    return done >= n || task(context, -1, text + done, n - done, err);
}
