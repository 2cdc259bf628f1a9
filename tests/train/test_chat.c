/* Chats: the two templates token by token, loss on the assistant's turns only. */

#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "core/train/chat.h"
#include "tests/test.h"
#include "tests/train/data_rig.h"

#define CHAT                                                               \
    "{\"messages\": [{\"role\": \"system\", \"content\": \"Be short.\"}, " \
    "{\"role\": \"user\", \"content\": \"  the quick\\n\\n model \"}, "    \
    "{\"role\": \"assistant\", \"content\": \"Yes, a \\u00fc.\"}, "        \
    "{\"role\": \"user\", \"content\": \"\\nwhy\"}, "                      \
    "{\"role\": \"assistant\", \"content\": \"\"}]}"

/* What the templates of Qwen2 and Llama 3 make of it; what is learned stands between \1 and \2. */
#define CHATML                                                                                \
    "<|im_start|>system\nBe short.<|im_end|>\n<|im_start|>user\n  the quick\n\n model "       \
    "<|im_end|>\n<|im_start|>assistant\n\1Yes, a \xc3\xbc.<|im_end|>\2\n<|im_start|>user\n\n" \
    "why<|im_end|>\n<|im_start|>assistant\n\1<|im_end|>\2\n"
#define SYSTEM "<|start_header_id|>system<|end_header_id|>\n\n"
#define USER "<|start_header_id|>user<|end_header_id|>\n\n"
#define ASSISTANT "<|start_header_id|>assistant<|end_header_id|>\n\n"
#define END "<|eot_id|>"
static const char          llama3[] =
    SYSTEM "Be short." END USER "  the quick\n\n model " END ASSISTANT "\1Yes, a \xc3\xbc." END
           "\2" USER "\nwhy" END                             ASSISTANT "\1" END "\2";

/* The marked text as ids and targets, each stretch between marks encoded on its own. */
static void encode_marked(const DataRig *rig, const char *text, Ids *ids, Ids *labels)
{
    Error err = {0};
    for (bool target = false; *text != '\0'; target = !target) {
        size_t n = strcspn(text, "\1\2");
        assert_true(tokenizer_encode(rig->tok, text, (Index)n, ids->count == 0, ids, &err));
        while (labels->count < ids->count) {
            assert_true(ids_add(labels, target ? ids->data[labels->count] : -100, &err));
        }
        text += n + (text[n] != '\0');
    }
}

static void without_marks(Str *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text != '\1' && *text != '\2') str_add_bytes(out, text, 1);
    }
}

static void check_chat(const char *tokenizer, const char *marked)
{
    DataRig rig;
    Error   err = {0};
    Ids     ids = {0}, labels = {0}, whole = {0};
    Str     plain = {0};
    data_rig_open(&rig, tokenizer);
    rig.spec.max_length = 1000;
    encode_marked(&rig, marked, &ids, &labels);

    Dataset *data = dataset_create(&err);
    assert_true(dataset_add_line(data, CHAT, (Index)strlen(CHAT), "chat", 1, &rig.spec, &err));
    assert_ok(&err);
    const Example *example = &data->examples[0];
    assert_int_equal(example->count, ids.count);
    assert_memory_equal(example->ids, ids.data, (size_t)ids.count * sizeof(int32_t));
    assert_memory_equal(example->labels, labels.data, (size_t)ids.count * sizeof(int32_t));
    assert_false(data->has_completions);

    /* As one text, as the template engine would encode it, it is the same. */
    without_marks(&plain, marked);
    assert_true(tokenizer_encode(rig.tok, plain.data, plain.len, true, &whole, &err));
    assert_int_equal(whole.count, ids.count);
    assert_memory_equal(whole.data, ids.data, (size_t)ids.count * sizeof(int32_t));

    dataset_free(data);
    str_free(&plain);
    ids_free(&ids);
    ids_free(&labels);
    ids_free(&whole);
    data_rig_close(&rig);
}

static void chatml_is_exact_and_learns_the_assistant(void **state)
{
    (void)state;
    check_chat("qwen2", CHATML);
}

static void llama_3_is_exact_begins_once_and_learns_the_assistant(void **state)
{
    (void)state;
    check_chat("llama3", llama3);
}

static void a_chat_without_an_assistant_is_left_out(void **state)
{
    (void)state;
    DataRig     rig;
    Error       err = {0};
    const char *line = "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]}";
    data_rig_open(&rig, "qwen2");
    Dataset *data = dataset_create(&err);
    assert_true(dataset_add_line(data, line, (Index)strlen(line), "chat", 1, &rig.spec, &err));
    assert_int_equal(data->count, 0);
    assert_int_equal(data->skipped, 1);
    dataset_free(data);
    data_rig_close(&rig);
}

static void templates_are_recognised_from_the_tokens(void **state)
{
    (void)state;
    static const struct {
        const char  *tokenizer;
        ChatTemplate chat;
    } models[] = {{"qwen2", CHAT_CHATML}, {"llama3", CHAT_LLAMA3}, {"gpt2", CHAT_NONE}};
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        DataRig      rig;
        Error        err = {0};
        ChatTemplate chat;
        data_rig_open(&rig, models[i].tokenizer);
        assert_true(chat_recognise(&rig.spec, &chat, &err));
        assert_int_equal(chat, models[i].chat);
        data_rig_close(&rig);
    }
}

static void refuse_template(const char *tokenizer, const char *text, const char *words)
{
    DataRig      rig;
    Error        err = {0}, writing = {0};
    ChatTemplate chat;
    data_rig_open(&rig, tokenizer);
    assert_true(
        file_write_all(test_path("tokenizer_config.json"), text, (Index)strlen(text), &writing));
    rig.spec.folder = test_folder();
    bool ok = chat_recognise(&rig.spec, &chat, &err);
    assert_int_equal(ok, words == NULL);
    if (words != NULL) assert_error(&err, ERR_INPUT, words);
    data_rig_close(&rig);
}

static void another_template_of_the_model_is_refused_by_name(void **state)
{
    (void)state;
    const char *words = "tokenizer_config.json: field \"chat_template\" is neither ChatML nor";
    refuse_template("qwen2", "{\"chat_template\": \"[INST] {{ x }} [/INST]\"}", words);
    refuse_template("llama3", "{\"chat_template\": \"<|im_start|>\"}", words);
    refuse_template("qwen2", "{\"chat_template\": \"{{'<|im_start|>' + role}}\"}", NULL);
    refuse_template("llama3", "{\"chat_template\": \"<|start_header_id|>\"}", NULL);
    refuse_template("qwen2", "{}", NULL);
    refuse_template("qwen2", "{\"chat_template\": ", "tokenizer_config.json");
}

static void a_model_without_chat_tokens_refuses_messages_with_advice(void **state)
{
    (void)state;
    DataRig rig;
    Error   err = {0};
    data_rig_open(&rig, "gpt2");
    Dataset *data = dataset_create(&err);
    assert_false(dataset_add_line(data, CHAT, (Index)strlen(CHAT), "chat", 3, &rig.spec, &err));
    assert_error(&err, ERR_INPUT, "chat: line 3: field \"messages\": the model's tokenizer has");
    assert_non_null(strstr(err.hint, "prompt and completion"));
    dataset_free(data);
    data_rig_close(&rig);
}

TEST_GROUP(chat, cmocka_unit_test(chatml_is_exact_and_learns_the_assistant),
           cmocka_unit_test(llama_3_is_exact_begins_once_and_learns_the_assistant),
           cmocka_unit_test(a_chat_without_an_assistant_is_left_out),
           cmocka_unit_test(templates_are_recognised_from_the_tokens),
           cmocka_unit_test(another_template_of_the_model_is_refused_by_name),
           cmocka_unit_test(a_model_without_chat_tokens_refuses_messages_with_advice));
