/* The command table. */

#include <string.h>

#include "core/lab/lab.h"
#include "core/lab/tables.h"

/* clang-format off: a row is a row */
static const Command table[] = {
    {.name = "lab", .operands = "[LESSON | ROOM]", .max_operands = 1, .args = lab_args,
     .summary = "the lab on the screen; what loralab alone does in a terminal",
     .details = "Opens home, a lesson by its id, or workbench, matrix, runs, model, help.",
     .example = "loralab lab rank"},
    {.name = "train", .operands = "", .args = train_args, .run = cmd_train,
     .summary = "train a real adapter (or all weights) on real data",
     .details = "Prints loss and exact match before and after, what was trained, memory and "
                "speed, and the line that repeats the run. Ctrl-C saves a checkpoint.",
     .example = "loralab train --data sql --r 8 --out my-sql"},
    {.name = "eval", .operands = "", .args = eval_args, .run = cmd_eval,
     .summary = "loss, perplexity and, for prompts with completions, exact match",
     .example = "loralab eval --data sql --adapter my-sql"},
    {.name = "generate", .operands = "", .args = generate_args, .run = cmd_generate,
     .summary = "text from a model, with or without an adapter",
     .example = "loralab generate --adapter my-sql --prompt 'Request: list all pets.'"},
    {.name = "merge", .operands = "", .args = merge_args, .run = cmd_merge,
     .summary = "base and adapter become one plain model folder",
     .example = "loralab merge --adapter my-sql --out my-sql-model"},
    {.name = "inspect", .operands = "PATH", .min_operands = 1, .max_operands = 1,
     .args = no_args, .run = cmd_inspect,
     .summary = "what is in a model folder, an adapter folder or a safetensors file",
     .example = "loralab inspect my-sql"},
    {.name = "tokenize", .operands = "", .args = tokenize_args, .run = cmd_tokenize,
     .summary = "lines to token ids, or back",
     .details = "Reads one JSON string a line from standard input and writes one JSON array "
                "of ids a line; with --decode the other way round.",
     .example = "echo '\"give me all books\"' | loralab tokenize"},
    {.name = "data", .operands = "[TASK]", .max_operands = 1, .args = data_args,
     .run = cmd_data, .summary = "examples of a task from its grammar, as JSON lines",
     .details = "Without TASK: the list of tasks.",
     .example = "loralab data sql --count 5"},
    {.name = "plan", .operands = "", .args = plan_args, .run = cmd_plan,
     .summary = "parameters, memory and time of a training before it is run",
     .details = "Also for models that are only a config.json.",
     .example = "loralab plan --r 8 --target_modules q_proj,v_proj"},
    {.name = "plot", .operands = "RUN...", .min_operands = 1, .max_operands = 16,
     .args = plot_args, .run = cmd_plot,
     .summary = "curves of recorded runs: text, a window, svg, png, pdf, csv",
     .details = "RUN is a name that loralab runs lists, a folder, or a log file. Several runs "
                "share their axes.",
     .example = "loralab plot my-sql --what loss,eval --smooth 10"},
    {.name = "runs", .operands = "", .args = no_args, .run = cmd_runs,
     .summary = "recorded runs: method, settings that differ, losses",
     .example = "loralab runs"},
    {.name = "lessons", .operands = "", .args = lessons_args,
     .summary = "the lessons that come along: minutes, needs, what was done",
     .example = "loralab lessons"},
    {.name = "run", .operands = "LESSON", .min_operands = 1, .max_operands = 1,
     .args = run_args, .summary = "a lesson, an id or a file: asked with --linear, else judged",
     .details = "Without --linear no question is asked: the lesson's runs are made and its "
                "asserts judged, exit status 1 when one fails.",
     .example = "loralab run rank --linear"},
    {.name = "check", .operands = "LESSON...", .min_operands = 1, .max_operands = 100,
     .args = no_args, .summary = "every mistake in lesson files, with its line",
     .example = "loralab check rank"},
    {.name = "notes", .operands = "", .args = notes_args,
     .summary = "the presenter's second terminal: notes, clock, next step, votes",
     .details = "Listens to the lab that was opened last by the same user on this machine.",
     .example = "loralab notes"},
    {.name = "pretrain", .operands = "", .args = pretrain_args, .run = cmd_pretrain,
     .summary = "make a base model of one's own: tokenizer and weights from a corpus grammar",
     .details = "How the tiny model that comes along was made (make base runs it).",
     .example = "loralab pretrain --out my-base --max_steps 500"},
    {.name = "doctor", .operands = "", .args = no_args, .run = cmd_doctor,
     .summary = "what this machine offers, one line each, with what to do",
     .example = "loralab doctor"},
    {.name = "help", .operands = "[COMMAND | verbs [VERB] | man | bash | zsh | fish]",
     .max_operands = 2, .args = no_args, .run = cmd_help,
     .summary = "this overview, a command's own page, or the verbs of lessons",
     .details = "help man prints the manual page; help bash, zsh or fish the completion for that "
                "shell. make install puts them in place.",
     .example = "loralab help verbs train"},
    {.name = NULL},
};
/* clang-format on */

const Command *command_table(void)
{
    return table;
}

const Command *command_find(const char *name)
{
    for (const Command *c = command_table(); c->name != NULL; c++) {
        if (str_same_name(c->name, name)) return c;
    }
    return NULL;
}

const char *command_nearest(const char *name)
{
    const char *best = NULL;
    int         best_distance = 4;
    for (const Command *c = command_table(); c->name != NULL; c++) {
        int d = str_distance(name, c->name);
        if (d < best_distance) {
            best_distance = d;
            best = c->name;
        }
    }
    return best;
}
