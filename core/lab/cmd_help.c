/* `help`: the overview, or one command's page. */

#include "core/lab/lab.h"

bool cmd_help(Lab *lab, const Args *args, const Sink *sink, const Cancel *cancel, Result *result,
              Error *err)
{
    (void)lab;
    (void)sink;
    (void)cancel;
    if (args_operands(args) == 0) {
        help_overview(&result->text);
        return result_ok(result, err);
    }
    const char    *name = args_operand(args, 0);
    const Command *command = command_find(name);
    if (command == NULL) {
        error_set(err, ERR_INPUT, "there is no command \"%.60s\"", name);
        const char *near = command_nearest(name);
        return near != NULL ? error_hint(err, "did you mean %s?", near)
                            : error_hint(err, "loralab help lists them");
    }
    help_command(&result->text, command);
    return result_ok(result, err);
}
