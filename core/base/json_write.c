/* Writing JSON into a Str. What a terminal must not see is escaped here too: a line of JSON on
 * standard output is text on a terminal like any other. */

#include <math.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"

static void add_escape(Str *out, uint32_t unit)
{
    char escape[6] = {'\\', 'u'};
    for (int i = 0; i < 4; i++) escape[2 + i] = "0123456789abcdef"[unit >> (12 - 4 * i) & 15];
    str_add_bytes(out, escape, sizeof escape);
}

static void add_hidden(Str *out, uint32_t cp)
{
    if (cp == '\n') {
        str_add(out, "\\n");
    } else if (cp == '\t') {
        str_add(out, "\\t");
    } else if (cp == '\r') {
        str_add(out, "\\r");
    } else if (cp < 0x10000) {
        add_escape(out, cp);
    } else { /* a pair of surrogates */
        add_escape(out, 0xd800 + ((cp - 0x10000) >> 10));
        add_escape(out, 0xdc00 + ((cp - 0x10000) & 0x3ff));
    }
}

void json_add_string(Str *out, const char *text, Index n)
{
    str_add(out, "\"");
    Index plain = 0; /* start of what can be copied as it is */
    for (Index i = 0; i < n;) {
        uint32_t cp = 0;
        int      length = utf8_decode(text + i, n - i, &cp);
        bool     copied = length > 0 && cp != '"' && cp != '\\' && !text_is_hidden(cp);
        Index    next = i + (length > 0 ? length : -length);
        if (!copied) {
            str_add_bytes(out, text + plain, i - plain);
            plain = next;
            if (length < 0) {
                str_add(out, "\xef\xbf\xbd");
            } else if (cp == '"' || cp == '\\') {
                str_add(out, cp == '"' ? "\\\"" : "\\\\");
            } else {
                add_hidden(out, cp);
            }
        }
        i = next;
    }
    str_add_bytes(out, text + plain, n - plain);
    str_add(out, "\"");
}

void json_add_number(Str *out, double value)
{
    if (isfinite(value)) {
        str_add_double(out, value);
    } else {
        str_add(out, "null");
    }
}

/* A real stays a real when it is read again: 16.0, not 16. */
static void add_real(Str *out, double value)
{
    Index start = out->len;
    json_add_number(out, value);
    if (!out->failed && strpbrk(out->data + start, ".en") == NULL) str_add(out, ".0");
}

static void add_members(Str *out, const JsonNode *n)
{
    bool object = json_is_object(n);
    str_add(out, object ? "{" : "[");
    for (Index i = 0; i < json_count(n); i++) {
        const JsonNode *value = json_at(n, i);
        if (i > 0) str_add(out, ",");
        if (object) {
            const char *key = json_member(n, i, &value);
            json_add_string(out, key, (Index)strlen(key));
            str_add(out, ":");
        }
        json_add_node(out, value);
    }
    str_add(out, object ? "}" : "]");
}

void json_add_node(Str *out, const JsonNode *n)
{
    if (json_is_object(n) || json_is_array(n)) {
        add_members(out, n);
    } else if (json_is_string(n)) {
        Index       len;
        const char *text = json_string(n, &len);
        json_add_string(out, text, len);
    } else if (json_is_integer(n)) {
        str_addf(out, "%lld", (long long)json_integer(n));
    } else if (json_is_number(n)) {
        add_real(out, json_number(n));
    } else if (json_is_bool(n)) {
        str_add(out, json_bool(n) ? "true" : "false");
    } else {
        str_add(out, "null");
    }
}
