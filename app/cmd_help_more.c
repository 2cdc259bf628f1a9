/* `help` beyond core's pages: the verbs of lessons, the manual, the shells' completions. */

#include <string.h>

#include "app/commands.h"
#include "app/pages/pages.h"
#include "core/lab/lab.h"
#include "core/workbench/verb.h"

static bool help_on_verb(const char *name, Result *result, Error *err)
{
    const Verb *verb = verb_find(name);
    if (verb == NULL) {
        error_set(err, ERR_INPUT, "there is no verb \"%.60s\"", name);
        return error_hint(err, "loralab help verbs lists them");
    }
    help_verb(&result->text, verb);
    return result_ok(result, err);
}

bool cmd_help_more(Lab *lab, const Args *args, const Sink *sink, const Cancel *cancel,
                   Result *result, Error *err)
{
    Index       n = args_operands(args);
    const char *name = n > 0 ? args_operand(args, 0) : "";
    bool        verbs = strcmp(name, "verbs") == 0;

    if (verbs && n == 2) return help_on_verb(args_operand(args, 1), result, err);
    if (n > 1) return error_set(err, ERR_INPUT, "help tells of one command at a time");
    if (verbs) {
        help_verbs(&result->text);
        return result_ok(result, err);
    }
    if (page_write(&result->text, name)) return result_ok(result, err);
    return cmd_help(lab, args, sink, cancel, result, err);
}
