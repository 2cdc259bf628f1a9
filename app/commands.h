#ifndef APP_COMMANDS_H
#define APP_COMMANDS_H

/* Commands whose rows stand in the table of core/lab but whose work needs the lessons or the
 * workbench, which core/lab may not know. */

#include "core/lab/command.h"

/* The function of a command: its row's, or ours where we have one. */
CommandFn *app_command(const Command *command);

CommandFn cmd_lessons, cmd_run, cmd_check, cmd_help_more, cmd_lab, cmd_notes;

#endif
