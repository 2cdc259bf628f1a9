/* Which of the commands are ours. */

#include "app/commands.h"

#include <string.h>

CommandFn *app_command(const Command *command)
{
    static const struct {
        const char *name;
        CommandFn  *run;
    } ours[] = {{"lessons", cmd_lessons}, {"run", cmd_run}, {"check", cmd_check},
                {"help", cmd_help_more},  {"lab", cmd_lab}, {"notes", cmd_notes}};

    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        if (strcmp(ours[i].name, command->name) == 0) return ours[i].run;
    }
    CHECK(command->run != NULL);
    return command->run;
}
