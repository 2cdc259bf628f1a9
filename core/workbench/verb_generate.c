/* `generate` and `tokenize`: text from the base with whatever is on it, and text as tokens. */

#include <math.h>
#include <string.h>

#include "core/workbench/answer.h"
#include "core/workbench/attach.h"
#include "core/workbench/verbs.h"

/* clang-format off: a row is a row */
static const ArgSpec generate_rows[] = {
    {.name = "prompt",
     .type = ARG_TEXT,
     .group = "Text",
     .help = "text to continue; the default is the sample of the task `data`"},
    {.name = "data",
     .type = ARG_TEXT,
     .fallback = "sql",
     .group = "Text",
     .help = "the task whose sample is the prompt when none is given"},
    {.name = "adapter",
     .type = ARG_TEXT,
     .group = "Model",
     .help = "a trained adapter by name, or none: the base; the default is the one that is on"},
    {.name = "max_new_tokens",
     .type = ARG_INT,
     .min = 1,
     .max = 1e5,
     .unit = "tokens",
     .fallback = "64",
     .group = "Text",
     .help = "stop after this many"},
    {.name = "temperature",
     .type = ARG_FLOAT,
     .min = 0,
     .max = 1000,
     .fallback = "0",
     .group = "Text",
     .help = "0 takes the likeliest token each time"},
    {.name = "top_k",
     .type = ARG_INT,
     .min = 0,
     .max = 1e9,
     .unit = "tokens",
     .fallback = "0",
     .group = "Text",
     .help = "draw only among the k likeliest; 0: all"},
    {.name = "top_p",
     .type = ARG_FLOAT,
     .min = 0,
     .max = 1,
     .fallback = "1",
     .group = "Text",
     .help = "draw only among the likeliest that together reach this probability"},
    {.name = NULL},
};

static const FieldSpec generate_fields[] = {
    {"text", DATUM_TEXT, NULL, false, "what was written"},
    {"prompt", DATUM_TEXT, NULL, false, "what it continues"},
    {"tokens", DATUM_NUMBER, "tokens", false, "tokens written"},
    {"multiplications", DATUM_NUMBER, NULL, false,
     "in all linear maps for one token, the adapter's branch included"},
    {"seconds", DATUM_NUMBER, "s", true, "time it took"},
    {"tokens_per_second", DATUM_NUMBER, "tokens/s", true, "speed"},
    {.name = NULL},
};

static const ArgSpec tokenize_rows[] = {{.name = NULL}};

static const FieldSpec tokenize_fields[] = {
    {"ids", DATUM_VECTOR, NULL, false, "token numbers"},
    {"tokens", DATUM_NUMBER, "tokens", false, "how many"},
    {"pieces", DATUM_LIST, NULL, false, "the text of each, by position"},
    {.name = NULL},
};
/* clang-format on */

static bool find_prompt(VerbCall *call, const char **prompt, Error *err)
{
    *prompt = args_text(call->args, "prompt");
    if (*prompt != NULL) return true;
    BenchDataSpec spec = {
        .name = args_text(call->args, "data"), .split = "heldout", .count = 1, .seed = call->seed};
    return bench_data_cut(call->bench, &spec, prompt, err) != NULL;
}

static bool write_text(VerbCall *call, Attached *a, const char *prompt, Str *text, Index *tokens,
                       double *seconds, Error *err)
{
    const Args *args = call->args;
    double      start = clock_seconds();
    TextSpec    spec = {.prompt = prompt,
                        .max_new_tokens = (Index)args_int(args, "max_new_tokens"),
                        .temperature = args_float(args, "temperature"),
                        .top_p = args_float(args, "top_p"),
                        .top_k = (Index)args_int(args, "top_k"),
                        .seed = call->seed,
                        .sink = call->sink,
                        .cancel = call->cancel};
    bool ok = text_generate(a->net, a->tape, bench_lab(call->bench)->tok, &spec, text, tokens, err);
    *seconds = clock_seconds() - start;
    return ok;
}

static Datum *run_generate(VerbCall *call, Error *err)
{
    const char *prompt;
    Learned    *learned;
    bool        merged;
    if (!find_prompt(call, &prompt, err) || !attached_choice(call, &learned, &merged, err)) {
        return NULL;
    }
    Attached a;
    Str      text = {0};
    Index    tokens;
    double   seconds;
    Datum   *record = NULL;
    if (attached_open(&a, call->worker, learned, merged, err) &&
        write_text(call, &a, prompt, &text, &tokens, &seconds, err)) {
        Answer answer = answer_begin(err);
        answer_text(&answer, "text", str_text(&text));
        answer_text(&answer, "prompt", prompt);
        answer_number(&answer, "tokens", (double)tokens, "tokens");
        answer_number(&answer, "multiplications", attached_multiplications(&a), NULL);
        answer_timed(&answer, "seconds", seconds, "s");
        answer_timed(&answer, "tokens_per_second",
                     seconds > 0 ? (double)tokens / seconds : (double)NAN, "tokens/s");
        record = answer_end(&answer);
    }
    attached_close(&a);
    str_free(&text);
    return record;
}

/* ---- tokenize --------------------------------------------------------------------------- */

static Datum *pieces_of(const Tokenizer *tok, const Ids *ids, Error *err)
{
    Answer list = answer_rows(false, "position", err);
    Str    piece = {0}, position = {0};
    bool   ok = true;
    for (Index i = 0; ok && i < ids->count; i++) {
        str_clear(&piece);
        str_clear(&position);
        str_addf(&position, "%td", i + 1);
        ok = tokenizer_decode(tok, &ids->data[i], 1, false, &piece, err) && str_ok(&piece, err) &&
             str_ok(&position, err);
        if (!ok) break;
        answer_row(&list, str_text(&position), datum_text(str_text(&piece), piece.len, err));
    }
    str_free(&piece);
    str_free(&position);
    Datum *pieces = answer_end(&list);
    if (ok) return pieces;
    datum_drop(pieces);
    return NULL;
}

static Datum *ids_vector(const Ids *ids, Error *err)
{
    Datum *vector = datum_vector(NULL, ids->count, NULL, err);
    for (Index i = 0; vector != NULL && i < ids->count; i++) vector->values[i] = ids->data[i];
    return vector;
}

static Datum *run_tokenize(VerbCall *call, Error *err)
{
    const Tokenizer *tok = bench_lab(call->bench)->tok;
    const char      *text = args_operand(call->args, 0);
    Ids              ids = {0};
    Datum           *record = NULL;
    if (tok == NULL) {
        error_set(err, ERR_INPUT, "the base has no tokenizer");
        return NULL;
    }
    if (tokenizer_encode(tok, text, (Index)strlen(text), true, &ids, err)) {
        Answer answer = answer_begin(err);
        answer_add(&answer, "ids", ids_vector(&ids, err));
        answer_number(&answer, "tokens", (double)ids.count, "tokens");
        answer_add(&answer, "pieces", pieces_of(tok, &ids, err));
        record = answer_end(&answer);
    }
    ids_free(&ids);
    return record;
}

const Verb verb_generate = {
    .command = {.name = "generate",
                .operands = "",
                .args = generate_rows,
                .summary = "text from the base, with or without an adapter",
                .example = "g = generate adapter=a prompt=\"Request: list all pets.\\nAnswer:\""},
    .fields = generate_fields,
    .run = run_generate};

const Verb verb_tokenize = {
    .command = {.name = "tokenize",
                .operands = "TEXT",
                .min_operands = 1,
                .max_operands = 1,
                .args = tokenize_rows,
                .summary = "a text as the model sees it: pieces and their numbers",
                .example = "t = tokenize \"give me all books\""},
    .fields = tokenize_fields,
    .run = run_tokenize};
