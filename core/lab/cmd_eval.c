/* `eval`: loss, perplexity and exact match of a model on data. */

#include <math.h>

#include "core/lab/load_data.h"
#include "core/lab/report.h"
#include "core/lab/session.h"

typedef struct ExampleRows {
    Value *list;
    bool   logprobs;
} ExampleRows;

static bool add_row(void *context, Index example, double loss, Index targets,
                    const double *logprobs, bool exact, Error *err)
{
    ExampleRows *rows = context;
    Value       *row = value_object(rows->list, NULL);

    value_number(row, "loss", loss, "nats/token");
    value_integer(row, "tokens", targets);
    if (rows->logprobs) {
        Value *list = value_list(row, "logprobs");
        for (Index t = 0; t < targets; t++) value_number(list, NULL, logprobs[t], "nats");
    }
    (void)example;
    (void)exact;
    (void)err;
    return true;
}

static Dataset *load(Lab *lab, const Args *args, Error *err)
{
    const char *name = args_text(args, "data");
    bool        file = data_is_file(name);
    Index       count =
        args_given(args, "examples") ? (Index)args_int(args, "examples") : (file ? 0 : 150);
    DataRequest request = {.name = name,
                           .split = split_by_name(args_text(args, "split")),
                           .count = count,
                           .max_length = (Index)args_int(args, "max_length"),
                           .seed = (uint64_t)args_int(args, "seed")};
    return load_data(lab, &request, NULL, err);
}

static bool report(const EvalResult *eval, Result *result, Error *err)
{
    Str line = {0};
    report_eval(&line, eval);
    result_line(result, "%s, perplexity %.4f, %td targets in %td examples", str_text(&line),
                exp(eval->loss), eval->tokens, eval->examples);
    result_used(result, &line);
    return result_ok(result, err);
}

/* The members stand in the contract's order: the measured ones before the list. */
static bool measure(Lab *lab, const Args *args, Session *session, const Cancel *cancel,
                    Result *result, Error *err)
{
    EvalResult eval;
    Result     rows = {0};
    Dataset   *data = load(lab, args, err);
    if (data == NULL) return false;

    Index       limit = args_given(args, "examples") ? (Index)args_int(args, "examples") : 0;
    bool        ok = result_init(&rows, err);
    ExampleRows context = {.list = ok ? value_list(rows.root, "examples") : NULL,
                           .logprobs = args_flag(args, "logprobs")};
    ok = ok &&
         evaluate(session->net, session->tape, data, limit, add_row, &context, cancel, &eval, err);
    if (ok) {
        value_number(result->root, "loss", eval.loss, "nats/token");
        value_integer(result->root, "tokens", eval.tokens);
        value_number(result->root, "perplexity", exp(eval.loss), NULL);
        if (eval.exact_match >= 0) {
            value_number(result->root, "exact_match", eval.exact_match, NULL);
        } else {
            value_null(result->root, "exact_match");
        }
        value_move_items(result->root, rows.root);
        ok = result_ok(&rows, err) && report(&eval, result, err);
    }
    result_free(&rows);
    dataset_free(data);
    return ok;
}

bool cmd_eval(Lab *lab, const Args *args, const Sink *sink, const Cancel *cancel, Result *result,
              Error *err)
{
    Session session;
    bool    ok = session_open(&session, lab, args, sink, err) &&
              measure(lab, args, &session, cancel, result, err);
    session_close(&session);
    return ok;
}
