/*
 * The tiny base model that comes along: it speaks its own grammar, knows no task beforehand, and
 * learns one in seconds.
 */

#include <stdio.h>
#include <string.h>

#include "core/adapt/method.h"
#include "core/model/generate.h"
#include "core/train/grammar.h"
#include "tests/lab/lab_rig.h"
#include "tests/test.h"

enum { SAMPLES = 100, LONGEST = 110, END = 0 };

typedef struct Speaker {
    Backend    *be;
    Model      *model;
    Tokenizer  *tok;
    MemAccount *account;
    Net        *net;
    Tape       *tape;
    Grammar    *corpus;
} Speaker;

static void open_speaker(Speaker *s)
{
    Error err = {0};
    s->be = backend_create("cpu", 2, &err);
    s->model = model_load("data/base/tiny", s->be, mem_program(), &err);
    assert_ok(&err);
    s->tok = tokenizer_read("data/base/tiny/tokenizer.json", &err);
    s->account = mem_account_create("run", &err);
    s->net = net_create(s->model, &err);
    s->tape = tape_create(s->be, s->account, &err);
    s->corpus = grammar_load("data/base/corpus.grammar", &err);
    assert_ok(&err);
}

static void close_speaker(Speaker *s)
{
    grammar_free(s->corpus);
    tape_free(s->tape);
    net_free(s->net);
    mem_account_free(s->account);
    tokenizer_free(s->tok);
    model_free(s->model);
    s->be->free(s->be);
}

/* Whether free sample number i, from an end token on, has the form of a document. */
static bool sample_parses(Speaker *s, Index i)
{
    Error          err = {0};
    Ids            ids = {0};
    Str            text = {0};
    StopReason     stop;
    GrammarVerdict verdict;
    const int32_t  start[1] = {END};
    GenerateSpec   spec = {
          .max_new_tokens = LONGEST, .temperature = 0.8, .top_p = 1, .seed = (uint64_t)i};

    assert_true(generate(s->net, s->tape, start, 1, spec, NULL, NULL, NULL, &ids, &stop, &err));
    assert_true(tokenizer_decode(s->tok, ids.data, ids.count, false, &text, &err));
    assert_true(grammar_accepts(s->corpus, str_text(&text), text.len, &verdict, &err));
    ids_free(&ids);
    str_free(&text);
    return stop == STOP_END && (verdict == GRAMMAR_ACCEPTED || verdict == GRAMMAR_FORM);
}

static void ninety_of_a_hundred_free_samples_parse(void **state)
{
    Speaker s;
    int     parsed = 0;
    (void)state;
    open_speaker(&s);
    for (Index i = 0; i < SAMPLES; i++) parsed += sample_parses(&s, i);
    close_speaker(&s);
    if (parsed < 90) fail_msg("%d of %d samples parse", parsed, (int)SAMPLES);
}

static void a_text_of_other_words_does_not_parse(void **state)
{
    Error          err = {0};
    GrammarVerdict verdict;
    const char    *text = "Karl gave the red SELECT to the the park?";
    (void)state;
    Grammar *corpus = grammar_load("data/base/corpus.grammar", &err);
    assert_true(grammar_accepts(corpus, text, (Index)strlen(text), &verdict, &err));
    assert_int_equal(verdict, GRAMMAR_REJECTED);
    grammar_free(corpus);
}

static void the_base_knows_no_task_and_learns_sql_in_seconds(void **state)
{
    LabRig rig;
    (void)state;
    lab_rig_open(&rig);
    lab_must(&rig, "train --base data/base/tiny --data sql --max_steps 250 --eval_steps 0 "
                   "--save_steps 0 --out %s/out");
    assert_true(lab_number(&rig, "before.exact_match") < 0.05);
    assert_true(lab_number(&rig, "after.exact_match") >= 0.97);
    lab_rig_close(&rig);
}

TEST_GROUP(tiny_base, cmocka_unit_test(ninety_of_a_hundred_free_samples_parse),
           cmocka_unit_test(a_text_of_other_words_does_not_parse),
           cmocka_unit_test(the_base_knows_no_task_and_learns_sql_in_seconds));
