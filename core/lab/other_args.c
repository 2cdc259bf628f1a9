/* The arguments of the commands beside train and plan, and those that all commands share. */

#include "core/lab/tables.h"

static const char *const backends[] = {"auto", "cpu", "cuda", "ref", NULL};
static const char *const dtypes[] = {"f32", "tf32", "bf16", NULL};
static const char *const colors[] = {"auto", "always", "never", NULL};
static const char *const plot_formats[] = {"text", "window", "svg", "png", "pdf", "csv", NULL};
static const char *const charsets[] = {"auto", "braille", "block", "ascii", NULL};
static const char *const languages[] = {"en", "zh", NULL};
static const char *const lesson_charsets[] = {"auto", "braille", "block", "ascii", "none", NULL};
static const char *const themes[] = {"auto", "dark", "light", "contrast", "mono", NULL};
static const char *const splits[] = {"train", "heldout", "combos", NULL};

/* clang-format off: a row is a row */

#define BASE_ROW                                                                                  \
    {.name = "base", .type = ARG_PATH, .group = "Model",                                          \
     .help = "model folder in Hugging Face layout; the default is the tiny model that comes along"}
#define ADAPTER_ROW                                                                               \
    {.name = "adapter", .type = ARG_PATH, .group = "Model", .help = "adapter folder in PEFT layout"}

const ArgSpec no_args[] = {{.name = NULL}};

const ArgSpec eval_args[] = {
    BASE_ROW,
    ADAPTER_ROW,
    {.name = "data", .type = ARG_TEXT, .fallback = "sql", .group = "Data",
     .help = "a task or a file of JSON lines"},
    {.name = "split", .type = ARG_CHOICE, .choices = splits, .fallback = "heldout",
     .group = "Data", .help = "which examples of a task"},
    {.name = "examples", .type = ARG_INT, .min = 1, .max = 1e7, .unit = "examples",
     .group = "Data", .help = "at most this many; the default is 150 of a task, all of a file"},
    {.name = "max_length", .type = ARG_INT, .min = 2, .max = 1e7, .unit = "tokens",
     .group = "Data", .help = "longer examples are cut"},
    {.name = "logprobs", .type = ARG_FLAG, .group = "Output",
     .help = "with --json: the log probability of every target"},
    {.name = NULL},
};

const ArgSpec generate_args[] = {
    BASE_ROW,
    ADAPTER_ROW,
    {.name = "prompt", .type = ARG_TEXT, .group = "Text", .help = "text to continue"},
    {.name = "ids", .type = ARG_LIST, .group = "Text",
     .help = "token ids to continue, instead of --prompt"},
    {.name = "max_new_tokens", .type = ARG_INT, .min = 1, .max = 1e6, .unit = "tokens",
     .fallback = "64", .group = "Text", .help = "stop after this many"},
    {.name = "temperature", .type = ARG_FLOAT, .min = 0, .max = 1000, .fallback = "0",
     .group = "Text", .help = "0 takes the likeliest token each time"},
    {.name = "top_k", .type = ARG_INT, .min = 0, .max = 1e9, .unit = "tokens", .fallback = "0",
     .group = "Text", .help = "draw only among the k likeliest; 0: all"},
    {.name = "top_p", .type = ARG_FLOAT, .min = 0, .max = 1, .fallback = "1", .group = "Text",
     .help = "draw only among the likeliest that together reach this probability"},
    {.name = NULL},
};

const ArgSpec merge_args[] = {
    BASE_ROW,
    ADAPTER_ROW,
    {.name = "out", .type = ARG_PATH, .group = "Output", .help = "folder for the merged model"},
    {.name = NULL},
};

const ArgSpec tokenize_args[] = {
    BASE_ROW,
    {.name = "decode", .type = ARG_FLAG, .group = "Text",
     .help = "ids to text instead; special tokens are kept"},
    {.name = "add_special_tokens", .type = ARG_BOOL, .fallback = "true", .group = "Text",
     .help = "what the tokenizer's template adds"},
    {.name = NULL},
};

const ArgSpec data_args[] = {
    {.name = "count", .type = ARG_INT, .min = 1, .max = 1e9, .unit = "examples", .fallback = "10",
     .group = "Data", .help = "how many examples"},
    {.name = "split", .type = ARG_CHOICE, .choices = splits, .fallback = "train", .group = "Data",
     .help = "which examples; heldout and combos never occur in train"},
    {.name = NULL},
};

const ArgSpec plot_args[] = {
    {.name = "what", .type = ARG_LIST, .fallback = "loss,eval", .group = "Curves",
     .help = "loss, eval, lr, grad_norm, modules, memory"},
    {.name = "smooth", .type = ARG_INT, .min = 0, .max = 1000, .unit = "steps", .fallback = "0",
     .group = "Curves", .help = "draw the mean over the last so many steps"},
    {.name = "log_y", .type = ARG_FLAG, .group = "Curves", .help = "a logarithmic y axis"},
    {.name = "follow", .type = ARG_FLAG, .group = "Curves",
     .help = "go on while the run is being written, by this or another process"},
    {.name = "format", .type = ARG_CHOICE, .choices = plot_formats, .fallback = "text",
     .group = "Output", .help = "window, png and pdf need gnuplot; the default follows --out"},
    {.name = "out", .type = ARG_PATH, .group = "Output", .help = "the file to write"},
    {.name = "charset", .type = ARG_CHOICE, .choices = charsets, .fallback = "auto",
     .group = "Output", .help = "characters of charts in text"},
    {.name = NULL},
};

const ArgSpec pretrain_args[] = {
    {.name = "corpus", .type = ARG_PATH, .group = "Data",
     .help = "a grammar of documents; the default is the corpus that comes along"},
    {.name = "out", .type = ARG_PATH, .group = "Data", .help = "folder for the new model"},
    {.name = "curriculum", .type = ARG_TEXT, .fallback = "copy", .group = "Data",
     .help = "the family that makes up half of the first fifth of the documents"},
    {.name = "hidden_size", .type = ARG_INT, .min = 8, .max = 8192, .fallback = "128",
     .group = "Model", .help = "width of the network"},
    {.name = "num_hidden_layers", .type = ARG_INT, .min = 1, .max = 256, .fallback = "4",
     .group = "Model", .help = "layers"},
    {.name = "num_attention_heads", .type = ARG_INT, .min = 1, .max = 256, .fallback = "4",
     .group = "Model", .help = "query heads"},
    {.name = "num_key_value_heads", .type = ARG_INT, .min = 1, .max = 256, .fallback = "2",
     .group = "Model", .help = "key and value heads"},
    {.name = "intermediate_size", .type = ARG_INT, .min = 8, .max = 65536, .fallback = "384",
     .group = "Model", .help = "width of the feed-forward part"},
    {.name = "vocab_size", .type = ARG_INT, .min = 300, .max = 100000, .fallback = "1280",
     .unit = "tokens", .group = "Model", .help = "tokens of the tokenizer"},
    {.name = "max_steps", .type = ARG_INT, .min = 1, .max = 1e7, .fallback = "4000",
     .unit = "steps", .group = "Steps", .help = "optimizer steps"},
    {.name = "per_device_train_batch_size", .type = ARG_INT, .min = 1, .max = 1e5,
     .unit = "rows", .fallback = "16", .group = "Steps", .help = "rows of a batch"},
    {.name = "max_length", .type = ARG_INT, .min = 8, .max = 1e5, .unit = "tokens",
     .fallback = "129", .group = "Steps", .help = "tokens of a row, filled with documents"},
    {.name = "learning_rate", .type = ARG_FLOAT, .min = 0, .max = 10, .fallback = "3e-3",
     .group = "Steps", .help = "highest rate, after 100 steps of warm-up, then a cosine to 0"},
    {.name = "eval_steps", .type = ARG_INT, .min = 0, .max = 1e7, .unit = "steps",
     .fallback = "250", .group = "Steps", .help = "measure on held-out documents this often"},
    {.name = NULL},
};

const ArgSpec lessons_args[] = {
    {.name = "reset", .type = ARG_TEXT, .group = "Progress",
     .help = "forget what was done in this lesson, or in all"},
    {.name = "yes", .type = ARG_FLAG, .group = "Progress", .help = "reset without asking"},
    {.name = NULL},
};

#define THEME_ROW                                                                                 \
    {.name = "theme", .type = ARG_CHOICE, .choices = themes, .fallback = "auto",                  \
     .group = "Screen", .help = "colours; auto can be read on black and on white"}
#define CHARSET_ROW                                                                               \
    {.name = "charset", .type = ARG_CHOICE, .choices = charsets, .fallback = "auto",              \
     .group = "Screen", .help = "characters of charts; ascii spells out all else, too"}
#define SCRIPT_ROW                                                                                \
    {.name = "script", .type = ARG_PATH, .group = "Screen",                                       \
     .help = "play a session from this file instead of a terminal"}
#define SAVE_ROW                                                                                  \
    {.name = "save", .type = ARG_PATH, .group = "Screen",                                         \
     .help = "folder for the screens that a script saves"}

const ArgSpec notes_args[] = {THEME_ROW, CHARSET_ROW, SCRIPT_ROW, SAVE_ROW, {.name = NULL}};

const ArgSpec lab_args[] = {
    THEME_ROW,
    CHARSET_ROW,
    {.name = "projector", .type = ARG_FLAG, .group = "Screen",
     .help = "big and bold, few words, one chart at a time"},
    {.name = "linear", .type = ARG_FLAG, .group = "Screen",
     .help = "plain text that only grows, as on a terminal without a screen"},
    {.name = "quick", .type = ARG_FLAG, .group = "Screen",
     .help = "lessons with the smaller form of the values that have one"},
    {.name = "lang", .type = ARG_CHOICE, .choices = languages, .fallback = "en",
     .group = "Screen", .help = "language of lessons, where they have it"},
    SCRIPT_ROW,
    SAVE_ROW,
    {.name = NULL},
};

const ArgSpec run_args[] = {
    {.name = "set", .type = ARG_MANY, .group = "Values",
     .help = "NAME=VALUE of the lesson; may be given several times"},
    {.name = "quick", .type = ARG_FLAG, .group = "Values",
     .help = "the smaller form of the values that have one"},
    {.name = "linear", .type = ARG_FLAG, .group = "Course",
     .help = "go through the lesson in plain text: it asks on standard input"},
    {.name = "answers", .type = ARG_PATH, .group = "Course",
     .help = "JSON object of prepared answers by id"},
    {.name = "from", .type = ARG_INT, .min = 1, .max = 1000, .unit = "step", .group = "Course",
     .help = "begin at this step; earlier ones run without questions"},
    {.name = "lang", .type = ARG_CHOICE, .choices = languages, .fallback = "en",
     .group = "Course", .help = "language of the text, where the lesson has it"},
    {.name = "charset", .type = ARG_CHOICE, .choices = lesson_charsets, .fallback = "auto",
     .group = "Course", .help = "characters of charts; none: sentences only"},
    {.name = "report", .type = ARG_PATH, .group = "Output",
     .help = "write a report to NAME.md, NAME.html or NAME.jsonl"},
    {.name = "plots", .type = ARG_PATH, .group = "Output",
     .help = "write each figure as SVG and CSV into this folder"},
    {.name = NULL},
};

const ArgSpec *command_common_args(void)
{
    static const ArgSpec common[] = {
        {.name = "backend", .type = ARG_CHOICE, .choices = backends, .group = "Common",
         .help = "where to compute; $LORALAB_BACKEND is the default, else auto"},
        {.name = "dtype", .type = ARG_CHOICE, .choices = dtypes, .fallback = "f32",
         .group = "Common", .help = "arithmetic of the cuda backend"},
        {.name = "threads", .type = ARG_INT, .min = 0, .max = 64, .unit = "threads",
         .fallback = "0", .group = "Common",
         .help = "0: one for each core; results do not depend on it"},
        {.name = "seed", .type = ARG_INT, .min = 0, .max = 9e15, .fallback = "42",
         .group = "Common", .help = "everything random follows from it"},
        {.name = "json", .type = ARG_FLAG, .group = "Common", .help = "one JSON object on stdout"},
        {.name = "quiet", .type = ARG_FLAG, .group = "Common", .help = "no progress on stderr"},
        {.name = "color", .type = ARG_CHOICE, .choices = colors, .fallback = "auto",
         .group = "Common", .help = "colour on a terminal; NO_COLOR is honoured"},
        {.name = "help", .type = ARG_FLAG, .group = "Common", .help = "this page"},
        {.name = NULL},
    };
    return common;
}
