/*
 * Text to ids:
 *
 *     text -> added tokens cut out -> NFC -> normalized added tokens cut out
 *          -> pieces by pattern -> merges -> the template around it all
 */

#include <string.h>

#include "core/base/text.h"
#include "core/model/tokenizer_parts.h"

typedef struct Encoder {
    const Tokenizer *tok;
    PreTokenizerRun *run;
    MergeWork        work;
    Str              form; /* a stretch in NFC */
    Ids             *ids;
} Encoder;

static bool encode_piece(void *context, const char *piece, Index n, Error *err)
{
    Encoder *e = context;
    return merge_piece(e->tok, &e->work, piece, n, e->ids, err);
}

static bool encode_normalized(void *context, int32_t token, const char *text, Index n, Error *err)
{
    Encoder *e = context;
    if (token >= 0) return ids_add(e->ids, e->tok->added.token[token].id, err);
    return pretokenizer_run(e->run, text, n, encode_piece, e, err);
}

static bool is_ascii(const char *text, Index n)
{
    unsigned char high = 0;
    for (Index i = 0; i < n; i++) high |= (unsigned char)text[i];
    return high < 0x80;
}

static bool encode_raw(void *context, int32_t token, const char *text, Index n, Error *err)
{
    Encoder *e = context;
    if (token >= 0) return ids_add(e->ids, e->tok->added.token[token].id, err);

    if (e->tok->nfc && !is_ascii(text, n)) {
        str_clear(&e->form);
        if (!text_nfc(&e->form, text, n, err) || !str_ok(&e->form, err)) return false;
        text = e->form.data;
        n = e->form.len;
    }
    const Added *added = &e->tok->added;
    return added_split(added, &added->normalized, e->run, text, n, encode_normalized, e, err);
}

static bool check_text(const char *text, Index n, Error *err)
{
    if (n > INT32_MAX) {
        return error_set(err, ERR_INPUT, "the text has %td bytes, at most %d at once", n,
                         INT32_MAX);
    }
    if (utf8_valid(text, n)) return true;

    Index at = 0;
    for (int len; at < n; at += len) {
        uint32_t cp;
        len = utf8_decode(text + at, n - at, &cp);
        if (len <= 0) break;
    }
    return error_set(err, ERR_INPUT, "the text is not UTF-8 at byte %td", at);
}

static bool add_all(Ids *ids, const Ids *more, Error *err)
{
    for (Index i = 0; i < more->count; i++) {
        if (!ids_add(ids, more->data[i], err)) return false;
    }
    return true;
}

bool tokenizer_encode(const Tokenizer *tok, const char *text, Index n, bool add_special, Ids *ids,
                      Error *err)
{
    if (!check_text(text, n, err)) return false;

    Encoder e = {.tok = tok, .ids = ids, .run = pretokenizer_run_create(tok->pre, err)};
    Index   before = ids->count;
    bool    ok = e.run != NULL && (!add_special || add_all(ids, &tok->before, err)) &&
              added_split(&tok->added, &tok->added.raw, e.run, text, n, encode_raw, &e, err) &&
              (!add_special || add_all(ids, &tok->after, err));
    if (!ok) ids->count = before;
    merge_work_free(&e.work);
    str_free(&e.form);
    pretokenizer_run_free(e.run);
    return ok;
}
