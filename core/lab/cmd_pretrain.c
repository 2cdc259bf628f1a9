/*
 * `pretrain`: a base model from a corpus grammar.
 *
 *   documents -> tokenizer -> rows of tokens -> random weights -> all weights trained -> folder
 *
 * A row starts with a document and is filled with further ones, each closed by the end token;
 * the tail is cut, so that a batch has no padding and document starts are seen both bare and
 * behind an end token. In the first fifth of the rows the curriculum's family makes up half of
 * the documents: copying is learned early, and everything else builds on it.
 */

#include <math.h>
#include <string.h>

#include "core/adapt/method.h"
#include "core/base/file.h"
#include "core/lab/lab.h"
#include "core/lab/load_data.h"
#include "core/lab/report.h"
#include "core/train/trainer.h"

#define TOKENIZER_DOCUMENTS 54000
#define HELDOUT_DOCUMENTS 400

static const char *const special_tokens[] = {"<|endoftext|>", "<|im_start|>", "<|im_end|>"};
enum { SPECIAL_TOKENS = 3, END_TOKEN = 0, POSITIONS = 512 };

typedef struct Pretraining {
    Lab          *lab;
    const Args   *args;
    const Sink   *sink;
    const Cancel *cancel;
    Grammar      *corpus;
    const char   *out;
    FolderLock   *lock;
    Tokenizer    *tok;
    ModelConfig   config;
    Dataset      *train, *heldout;
    Model        *model;
    MemAccount   *account;
    Method       *method;
    Net          *net;
    Tape         *tape;
    Trainer      *trainer;
    EvalResult    eval;
    uint64_t      seed;
} Pretraining;

static Index number(const Pretraining *p, const char *name)
{
    return (Index)args_int(p->args, name);
}

/* ---- tokenizer ---- */

static bool learn_tokens(Pretraining *p, TokenizerTrainer *trainer, Error *err)
{
    Str  text = {0}, none = {0};
    bool ok = true;
    for (Index i = 0; ok && i < TOKENIZER_DOCUMENTS; i++) {
        ok = grammar_example(p->corpus, p->seed, GRAMMAR_TRAIN, i, &text, &none, err) &&
             tokenizer_trainer_add(trainer, str_text(&text), text.len, err);
        if (ok && cancel_requested(p->cancel)) ok = error_set(err, ERR_CANCELLED, "stopped");
    }
    str_free(&text);
    str_free(&none);
    return ok;
}

static bool make_tokenizer(Pretraining *p, Error *err)
{
    TokenizerTrainer *trainer = tokenizer_trainer_create(err);
    Str               json = {0};
    char             *path = path_join(p->out, "tokenizer.json", err);

    bool ok = trainer != NULL && path != NULL && learn_tokens(p, trainer, err) &&
              tokenizer_trainer_finish(trainer, special_tokens, SPECIAL_TOKENS,
                                       number(p, "vocab_size"), &json, err) &&
              str_ok(&json, err) && file_write_all(path, json.data, json.len, err);
    if (ok) p->tok = tokenizer_read(path, err);
    tokenizer_trainer_free(trainer);
    str_free(&json);
    mem_free(path);
    return ok && p->tok != NULL;
}

/* ---- rows ---- */

/* Fill `row` to `length` tokens from documents, starting at document *next. */
static bool fill_row(Pretraining *p, Ids *row, Index length, Index *next, Str *text, Str *none,
                     Error *err)
{
    row->count = 0;
    while (row->count < length) {
        if (!grammar_example(p->corpus, p->seed, GRAMMAR_TRAIN, (*next)++, text, none, err) ||
            !tokenizer_encode(p->tok, str_text(text), text->len, false, row, err) ||
            !ids_add(row, END_TOKEN, err)) {
            return false;
        }
    }
    return true;
}

static bool add_rows(Pretraining *p, Index rows, Index *next, const DataSpec *spec, Error *err)
{
    Str   text = {0}, none = {0};
    Ids   row = {0};
    Index length = number(p, "max_length");
    bool  ok = true;

    for (Index i = 0; ok && i < rows; i++) {
        ok = fill_row(p, &row, length, next, &text, &none, err) &&
             dataset_add_ids(p->train, row.data, length, spec, err);
        if (ok && cancel_requested(p->cancel)) ok = error_set(err, ERR_CANCELLED, "stopped");
    }
    ids_free(&row);
    str_free(&text);
    str_free(&none);
    return ok;
}

static bool make_datasets(Pretraining *p, Error *err)
{
    DataSpec spec = {.tok = p->tok, .config = &p->config};
    Index    rows = number(p, "max_steps") * number(p, "per_device_train_batch_size");
    Index    first = rows / 5, next = 0;

    p->heldout =
        dataset_from_grammar(p->corpus, p->seed, GRAMMAR_HELDOUT, HELDOUT_DOCUMENTS, &spec, err);
    p->train = p->heldout != NULL ? dataset_create(err) : NULL;
    if (p->train == NULL) return false;
    if (!grammar_boost(p->corpus, args_text(p->args, "curriculum"), 0.5, err)) return false;
    if (!add_rows(p, first, &next, &spec, err)) return false;
    if (!grammar_boost(p->corpus, NULL, 0, err)) return false;
    return add_rows(p, rows - first, &next, &spec, err);
}

/* ---- model ---- */

static bool make_config(Pretraining *p, Error *err)
{
    Index H = number(p, "num_attention_heads"), D = number(p, "hidden_size");
    if (D % (2 * H) != 0) {
        return error_set(err, ERR_INPUT, "--hidden_size %td is not an even multiple of %td heads",
                         D, H);
    }
    if (H % number(p, "num_key_value_heads") != 0) {
        return error_set(err, ERR_INPUT, "--num_attention_heads %td is no multiple of %td", H,
                         number(p, "num_key_value_heads"));
    }
    p->config = (ModelConfig){.family = FAMILY_QWEN2,
                              .V = number(p, "vocab_size"),
                              .D = D,
                              .L = number(p, "num_hidden_layers"),
                              .H = H,
                              .G = number(p, "num_key_value_heads"),
                              .K = D / H,
                              .F = number(p, "intermediate_size"),
                              .max_position = POSITIONS,
                              .rms_eps = 1e-6f,
                              .tied = true,
                              .qkv_bias = true,
                              .rope = {.type = ROPE_DEFAULT, .theta = 10000},
                              .dtype = DTYPE_BF16,
                              .bos = -1,
                              .pad = END_TOKEN,
                              .end = {END_TOKEN},
                              .end_count = 1};
    return true;
}

static bool make_trainer(Pretraining *p, Error *err)
{
    TrainSettings s;
    train_settings_init(&s);
    s.max_steps = number(p, "max_steps");
    s.batch = number(p, "per_device_train_batch_size");
    s.learning_rate = args_float(p->args, "learning_rate");
    s.schedule = SCHEDULE_COSINE;
    s.warmup_steps = s.max_steps < 1000 ? s.max_steps / 10 : 100;
    s.optim.beta2 = 0.95;
    s.optim.weight_decay = 0.1;
    s.max_length = number(p, "max_length");
    s.eval_steps = number(p, "eval_steps");
    s.shuffle = false; /* each row is seen once, in the curriculum's order */
    s.seed = p->seed;

    TrainerSpec spec = {.settings = s,
                        .net = p->net,
                        .method = p->method,
                        .tape = p->tape,
                        .train = p->train,
                        .eval = p->heldout};
    if (p->sink != NULL) spec.sink = *p->sink;
    p->trainer = trainer_create(&spec, err);
    return p->trainer != NULL;
}

static bool make_model(Pretraining *p, Error *err)
{
    Backend *be = lab_backend(p->lab, p->args, err);
    if (be == NULL) return false;
    p->model = model_random(&p->config, p->seed, be, mem_program(), err);
    p->account = p->model != NULL ? mem_account_create("run", err) : NULL;
    if (p->account == NULL) return false;
    p->method = full_create(p->model, p->account, err);
    if (p->method == NULL) return false;
    p->net = net_create(p->model, err);
    if (p->net == NULL) return false;
    p->tape = tape_create(be, p->account, err);
    return p->tape != NULL && p->method->attach(p->method, p->net, err) && make_trainer(p, err);
}

/* ---- from start to end ---- */

static bool open_pretraining(Pretraining *p, Error *err)
{
    const char *corpus = args_text(p->args, "corpus");

    p->seed = (uint64_t)args_int(p->args, "seed");
    p->out = args_text(p->args, "out");
    if (p->out == NULL) return error_set(err, ERR_INPUT, "loralab pretrain needs --out");
    char *path = corpus != NULL ? mem_strdup(corpus, err)
                                : lab_data_path(p->lab, "base/corpus.grammar", err);
    if (path == NULL) return false;
    p->corpus = grammar_load(path, err);
    mem_free(path);
    if (p->corpus == NULL) return false;
    if (!grammar_is_document(p->corpus)) {
        return error_set(err, ERR_INPUT,
                         "the corpus is a task (prompt and completion), not documents");
    }
    if (!make_config(p, err) || !folder_make(p->out, err)) return false;
    p->lock = folder_lock(p->out, err);
    return p->lock != NULL;
}

static void close_pretraining(Pretraining *p)
{
    trainer_free(p->trainer);
    if (p->method != NULL && p->net != NULL) p->method->detach(p->method, p->net);
    tape_free(p->tape);
    net_free(p->net);
    method_free(p->method);
    mem_account_free(p->account);
    model_free(p->model);
    dataset_free(p->train);
    dataset_free(p->heldout);
    tokenizer_free(p->tok);
    grammar_free(p->corpus);
    folder_unlock(p->lock);
}

static bool save(Pretraining *p, Error *err)
{
    static const char settings[] = "{\n  \"eos_token\": \"<|endoftext|>\",\n"
                                   "  \"pad_token\": \"<|endoftext|>\",\n"
                                   "  \"tokenizer_class\": \"PreTrainedTokenizerFast\"\n}\n";
    char             *path = path_join(p->out, "tokenizer_config.json", err);
    bool              ok = path != NULL && p->method->save(p->method, p->out, err) &&
              file_write_all(path, settings, (Index)sizeof settings - 1, err);
    mem_free(path);
    return ok;
}

static bool report(Pretraining *p, Result *result, Error *err)
{
    value_number(result->root, "heldout_loss", p->eval.loss, "nats/token");
    value_integer(result->root, "parameters", p->model->parameters);
    value_integer(result->root, "tokens",
                  (int64_t)(p->train->count * (number(p, "max_length") - 1)));
    value_integer(result->root, "seed", (int64_t)p->seed);
    result_line(result, "held-out loss %.4f after %td steps; %lld parameters; seed %llu; in %s",
                p->eval.loss, trainer_step_number(p->trainer), (long long)p->model->parameters,
                (unsigned long long)p->seed, p->out);
    return result_ok(result, err);
}

bool cmd_pretrain(Lab *lab, const Args *args, const Sink *sink, const Cancel *cancel,
                  Result *result, Error *err)
{
    Pretraining p = {.lab = lab, .args = args, .sink = sink, .cancel = cancel};
    bool ok = open_pretraining(&p, err) && make_tokenizer(&p, err) && make_datasets(&p, err) &&
              make_model(&p, err) && trainer_run(p.trainer, cancel, err) &&
              evaluate(p.net, p.tape, p.heldout, 0, NULL, NULL, cancel, &p.eval, err) &&
              save(&p, err) && report(&p, result, err);
    close_pretraining(&p);
    return ok;
}
