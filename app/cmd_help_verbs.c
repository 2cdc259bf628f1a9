/* `help verbs`: the vocabulary of lessons and of free play; any other page is core's. */

#include <string.h>

#include "app/commands.h"
#include "core/lab/lab.h"
#include "core/workbench/verb.h"

bool cmd_help_verbs(Lab *lab, const Args *args, const Sink *sink, const Cancel *cancel,
                    Result *result, Error *err)
{
    Index n = args_operands(args);
    if (n == 0 || strcmp(args_operand(args, 0), "verbs") != 0) {
        if (n < 2) return cmd_help(lab, args, sink, cancel, result, err);
        return error_set(err, ERR_INPUT, "help tells of one command at a time");
    }
    if (n == 1) {
        help_verbs(&result->text);
        return result_ok(result, err);
    }
    const Verb *verb = verb_find(args_operand(args, 1));
    if (verb == NULL) {
        error_set(err, ERR_INPUT, "there is no verb \"%.60s\"", args_operand(args, 1));
        return error_hint(err, "loralab help verbs lists them");
    }
    help_verb(&result->text, verb);
    return result_ok(result, err);
}
