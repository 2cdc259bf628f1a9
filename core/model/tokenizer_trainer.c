/*
 * The trainer's outside: documents become counted words (pieces of Qwen2's pattern after NFC),
 * which is all that learning the merges needs of them.
 */

#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/model/tokenizer_learn.h"

enum { VOCAB_MAX = 1 << 24 };

struct TokenizerTrainer {
    PreTokenizer    *pre;
    PreTokenizerRun *run;
    Str              form;  /* a document in NFC */
    Vocabulary       words; /* distinct words; the "id" is the order of their first appearance */
    int64_t         *count;
    Index            cap;
};

TokenizerTrainer *tokenizer_trainer_create(Error *err)
{
    TokenizerTrainer *t = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *t, err);
    if (t == NULL) return NULL;

    t->pre = pretokenizer_create(err);
    if (t->pre == NULL) goto fail;
    if (!pretokenizer_add(t->pre, false, pretokenize_qwen2, (Index)strlen(pretokenize_qwen2),
                          err)) {
        goto fail;
    }
    t->run = pretokenizer_run_create(t->pre, err);
    if (t->run == NULL) goto fail;
    return t;

fail:
    tokenizer_trainer_free(t);
    return NULL;
}

void tokenizer_trainer_free(TokenizerTrainer *t)
{
    if (t == NULL) return;

    pretokenizer_run_free(t->run);
    pretokenizer_free(t->pre);
    str_free(&t->form);
    vocabulary_free(&t->words);
    mem_free(t->count);
    mem_free(t);
}

static bool grow_counts(TokenizerTrainer *t, Error *err)
{
    if (t->words.count < t->cap) return true;

    Index    cap = t->cap == 0 ? 1024 : 2 * t->cap;
    int64_t *count = mem_resize(t->count, mem_program(), MEM_TEXT, cap, sizeof *count, err);
    if (count == NULL) return false;
    t->count = count;
    t->cap = cap;
    return true;
}

static bool count_word(void *context, const char *word, Index n, Error *err)
{
    TokenizerTrainer *t = context;
    int32_t           known = vocabulary_find(&t->words, word, n);
    if (known >= 0) {
        t->count[known]++;
        return true;
    }
    if (t->words.count == INT32_MAX) {
        return error_set(err, ERR_INPUT, "more than %d distinct words", INT32_MAX);
    }
    int32_t fresh = (int32_t)t->words.count;
    if (!grow_counts(t, err) || !vocabulary_reserve(&t->words, fresh + 1, err)) return false;
    if (!vocabulary_put(&t->words, fresh, word, n, true, err)) {
        t->words.count--;
        return false;
    }
    t->count[fresh] = 1;
    return true;
}

bool tokenizer_trainer_add(TokenizerTrainer *t, const char *text, Index n, Error *err)
{
    if (n > INT32_MAX) {
        return error_set(err, ERR_INPUT, "a document has %td bytes, at most %d", n, INT32_MAX);
    }
    if (!utf8_valid(text, n)) return error_set(err, ERR_INPUT, "a document is not UTF-8");

    str_clear(&t->form);
    if (!text_nfc(&t->form, text, n, err) || !str_ok(&t->form, err)) return false;
    return pretokenizer_run(t->run, str_text(&t->form), t->form.len, count_word, t, err);
}

bool tokenizer_trainer_finish(TokenizerTrainer *t, const char *const *special, int special_count,
                              Index vocab_size, Str *out, Error *err)
{
    if (vocab_size < 256 + special_count || vocab_size > VOCAB_MAX) {
        return error_set(err, ERR_INPUT,
                         "a vocabulary of %td tokens: must be from %d (256 bytes and %d special "
                         "tokens) to %d",
                         vocab_size, 256 + special_count, special_count, VOCAB_MAX);
    }
    Learned learned = {0};
    bool    ok = learned_start(&learned, special, special_count, err) &&
              learned_merge(&learned, &t->words, t->count, vocab_size, err);
    if (ok) {
        learned_write(&learned, special, out);
        ok = str_ok(out, err);
    }
    learned_free(&learned);
    return ok;
}
