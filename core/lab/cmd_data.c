/* `data`: examples of a task as JSON lines, or the list of tasks. */

#include <string.h>

#include "core/base/json.h"
#include "core/lab/load_data.h"

static bool list_tasks(Lab *lab, Result *result, Error *err)
{
    Str    names = {0};
    bool   ok = lab_task_names(lab, &names, err);
    Value *list = value_list(result->root, "tasks");

    for (const char *name = str_text(&names); ok && *name != '\0';) {
        size_t n = strcspn(name, ",");
        Str    one = {0};
        str_add_bytes(&one, name, (Index)n);
        char    *path = str_ok(&one, err) ? lab_task_path(lab, str_text(&one), err) : NULL;
        Grammar *grammar = path != NULL ? grammar_load(path, err) : NULL;
        ok = grammar != NULL;
        if (ok) {
            value_text(list, NULL, str_text(&one), one.len);
            result_line(result, "%-10s %s", str_text(&one), grammar_title(grammar));
        }
        grammar_free(grammar);
        mem_free(path);
        str_free(&one);
        name += n + strspn(name + n, ", ");
    }
    str_free(&names);
    return ok && result_ok(result, err);
}

static void add_line(Str *out, bool document, const Str *prompt, const Str *completion)
{
    str_add(out, document ? "{\"text\": " : "{\"prompt\": ");
    json_add_string(out, str_text(prompt), prompt->len);
    if (!document) {
        str_add(out, ", \"completion\": ");
        json_add_string(out, str_text(completion), completion->len);
    }
    str_add(out, "}\n");
}

static bool draw(const Grammar *grammar, const Args *args, const Cancel *cancel, Str *out,
                 Error *err)
{
    Str          prompt = {0}, completion = {0};
    GrammarSplit split = split_by_name(args_text(args, "split"));
    bool         ok = true;

    for (Index i = 0; ok && i < (Index)args_int(args, "count"); i++) {
        ok = grammar_example(grammar, (uint64_t)args_int(args, "seed"), split, i, &prompt,
                             &completion, err);
        if (ok) add_line(out, grammar_is_document(grammar), &prompt, &completion);
        if (cancel_requested(cancel)) {
            ok = error_set(err, ERR_CANCELLED, "stopped after %td examples", i);
        }
    }
    str_free(&prompt);
    str_free(&completion);
    return ok;
}

bool cmd_data(Lab *lab, const Args *args, const Sink *sink, const Cancel *cancel, Result *result,
              Error *err)
{
    (void)sink;
    if (args_operands(args) == 0) return list_tasks(lab, result, err);

    result->raw = true;
    const char *task = args_operand(args, 0);
    char *path = strchr(task, '/') != NULL ? mem_strdup(task, err) : lab_task_path(lab, task, err);
    Grammar *grammar = path != NULL ? grammar_load(path, err) : NULL;
    bool     ok = grammar != NULL && draw(grammar, args, cancel, &result->text, err);
    grammar_free(grammar);
    mem_free(path);
    return ok && result_ok(result, err);
}
