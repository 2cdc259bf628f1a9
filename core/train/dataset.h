#ifndef CORE_TRAIN_DATASET_H
#define CORE_TRAIN_DATASET_H

/*
 * Examples to learn from: token ids and which of them are targets. From JSON lines
 *   {"prompt", "completion"}   loss on the completion and the end token
 *   {"text"}                   loss on everything, end token appended
 *   {"messages": [{"role", "content"}]}   ChatML or Llama 3, loss on the assistant's turns
 *   {"input_ids", "labels"?}   as given; labels not shifted, -100 = no loss
 * or from a task's grammar. A bad line names file, line and field.
 */

#include "core/model/config.h"
#include "core/model/tokenizer.h"
#include "core/train/grammar.h"

typedef struct Example {
    int32_t *ids;    /* [count] */
    int32_t *labels; /* [count], not shifted: labels[t] is the target at position t, -100 none;
                        position 0 is never a target */
    Index    count;
    Index    prompt; /* leading tokens of the prompt (prompt/completion data), else 0 */
    Index    targets;
} Example;

typedef struct Dataset {
    Example *examples;
    Index    count, cap;
    bool     has_completions; /* every example has prompt and completion: exact match applies */
    Index    truncated;       /* examples cut at max_length */
    Index    skipped;         /* examples left without any target, dropped */
    uint64_t hash;            /* of ids and labels in order */
} Dataset;

/* What a dataset needs to know of the model. tok may be NULL (input_ids only). */
typedef struct DataSpec {
    const Tokenizer   *tok;
    const ModelConfig *config;
    const char        *folder;     /* the model's, to recognise its chat template */
    Index              max_length; /* cut longer examples; 0: the model's max_position */
} DataSpec;

NODISCARD Dataset *dataset_read_jsonl(const char *path, const DataSpec *spec, Error *err);
/* The first `count` examples of a split; documents count as {"text"}. */
NODISCARD Dataset *dataset_from_grammar(const Grammar *grammar, uint64_t seed, GrammarSplit split,
                                        Index count, const DataSpec *spec, Error *err);
/* One JSON line, as if from a file called name, appended. */
NODISCARD bool dataset_add_line(Dataset *data, const char *line, Index n, const char *name,
                                Index line_number, const DataSpec *spec, Error *err);
/* One example of ids, all of them targets but the first. */
NODISCARD bool dataset_add_ids(Dataset *data, const int32_t *ids, Index n, const DataSpec *spec,
                               Error *err);
NODISCARD Dataset *dataset_create(Error *err);
void               dataset_free(Dataset *data);

/* A chat as text by the model's own template, recognised from its tokenizer's tokens. */
typedef enum ChatTemplate { CHAT_NONE, CHAT_CHATML, CHAT_LLAMA3 } ChatTemplate;
NODISCARD bool chat_recognise(const DataSpec *spec, ChatTemplate *chat, Error *err);

#endif
