/* Opening and closing the rig for data. */

#include "tests/train/data_rig.h"

#include <stdio.h>
#include <string.h>

#include "tests/test.h"

void data_rig_open(DataRig *rig, const char *name)
{
    Error err = {0};
    char  path[64];
    snprintf(path, sizeof path, "tokenizers/%s/tokenizer.json", name);
    *rig = (DataRig){.tok = tokenizer_read(test_fixture(path), &err)};
    assert_ok(&err);
    rig->config = (ModelConfig){.V = tokenizer_vocab(rig->tok), .max_position = 64, .end_count = 1};
    rig->spec = (DataSpec){.tok = rig->tok, .config = &rig->config};
}

void data_rig_close(DataRig *rig)
{
    tokenizer_free(rig->tok);
}

Grammar *data_rig_grammar(Error *err)
{
    static const char text[] = "title \"Days\"\n"
                               "description \"A day is moved on.\"\n"
                               "rule main\n"
                               "    n          = 1..900\n"
                               "    prompt     \"after {n}:\"\n"
                               "    completion \" {n + 1}\"\n";
    return grammar_parse(text, (Index)strlen(text), "days", err);
}
