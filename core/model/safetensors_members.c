/*
 * The members of a header in batches. A parsed document takes some thirty times the bytes of its
 * text, so a header of 100 MB is not parsed at once: it is cut at commas of its outermost object
 * and each piece, in braces of its own, is parsed and forgotten. The scan that finds the commas
 * only counts brackets; whether they match, and all else, is for the parser of the pieces.
 */

#include "core/model/safetensors_internal.h"

#include <string.h>

static bool only_spaces(const char *text, Index len)
{
    for (Index i = 0; i < len; i++) {
        if (strchr(" \t\r\n", text[i]) == NULL || text[i] == '\0') return false;
    }
    return true;
}

/* Where the string that begins at `at` ends; len: nowhere. */
static Index skip_string(const char *text, Index len, Index at)
{
    for (Index i = at + 1; i < len; i++) {
        if (text[i] == '\\') {
            i++;
        } else if (text[i] == '"') {
            return i;
        }
    }
    return len;
}

/* Find the cuts and the end of the object. False: this is not the text of one object (or holds
 * a single huge member), and the parser shall see all of it to say so. */
static bool find_cuts(Members *members, const char *text, Index len, Index batch_bytes)
{
    Index depth = 0;
    for (Index i = 0; i < len; i++) {
        Index batch_start = members->cuts[members->batches];
        switch (text[i]) {
        case '"':
            i = skip_string(text, len, i);
            break;
        case '{':
        case '[':
            depth++;
            break;
        case '}':
        case ']':
            if (--depth > 0) break;
            members->cuts[++members->batches] = i;
            /* A comma before the end would leave an empty last piece, which parses. */
            return text[i] == '}' && !only_spaces(text + batch_start + 1, i - batch_start - 1) &&
                   only_spaces(text + i + 1, len - i - 1);
        case ',':
            if (depth == 1 && i - batch_start >= batch_bytes) members->cuts[++members->batches] = i;
            break;
        case '-':
            members->minus = true;
            break;
        default:
            break;
        }
    }
    return false;
}

/* A piece reaches from one cut (the brace or comma there not included) to the next. */
bool members_init(Members *members, const char *text, Index len, Index batch_bytes, Error *err)
{
    *members = (Members){.text = text, .len = len};
    CHECK(batch_bytes > 0);
    Index most = len / batch_bytes + 3;
    members->cuts = mem_alloc(mem_program(), MEM_TEXT, most, sizeof *members->cuts, err);
    if (members->cuts == NULL) return false;
    if (!find_cuts(members, text, len, batch_bytes)) members->batches = 0;
    return true;
}

Json *members_next(Members *members, const char *path, Error *err)
{
    Index batch = members->next++;
    if (members->batches <= 1) return json_parse(members->text, members->len, path, err);

    Index first = members->cuts[batch] + 1;
    str_clear(&members->piece);
    str_add(&members->piece, "{");
    str_add_bytes(&members->piece, members->text + first, members->cuts[batch + 1] - first);
    str_add(&members->piece, "}");
    if (!str_ok(&members->piece, err)) return NULL;
    return json_parse(members->piece.data, members->piece.len, path, err);
}

bool members_left(const Members *members)
{
    return members->next < members->batches || members->next == 0;
}

void members_reset(Members *members)
{
    mem_free(members->cuts);
    str_free(&members->piece);
    *members = (Members){0};
}
