/* Running commands for tests. */

#include "tests/lab/lab_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

enum { WORDS_MAX = 64, LINE_BYTES = 4096 };

static bool read_line(void *input, Str *line, bool *more, Error *err)
{
    LabRig *rig = input;
    str_clear(line);
    *more = rig->input != NULL && *rig->input != '\0';
    if (!*more) return true;
    size_t n = strcspn(rig->input, "\n");
    str_add_bytes(line, rig->input, (Index)n);
    rig->input += n + (rig->input[n] == '\n');
    return str_ok(line, err);
}

void lab_rig_open(LabRig *rig)
{
    *rig = (LabRig){0};
    if (getenv("TMPDIR") == NULL) setenv("TMPDIR", "/dev/shm", 1);
    setenv("XDG_STATE_HOME", test_folder(), 1);
    if (getenv("LORALAB_DATA") == NULL) setenv("LORALAB_DATA", "data", 1);
    unsetenv("LORALAB_BACKEND");
    rig->lab = lab_create(NULL, &rig->err);
    assert_ok(&rig->err);
    rig->lab->input = rig;
    rig->lab->read_line = read_line;
}

void lab_rig_close(LabRig *rig)
{
    result_free(&rig->result);
    str_free(&rig->json);
    str_free(&rig->events);
    lab_free(rig->lab);
}

/* Cuts line into words in place; quoted ones may hold blanks. */
static int split(char *line, char **words)
{
    int count = 0;
    for (char *at = line; *at != '\0';) {
        at += strspn(at, " ");
        if (*at == '\0') break;
        CHECK(count < WORDS_MAX);
        const char *end = *at == '\'' ? "'" : " ";
        at += *at == '\'';
        words[count++] = at;
        at += strcspn(at, end);
        if (*at != '\0') *at++ = '\0';
    }
    return count;
}

/* Every %s becomes the test's folder. */
static void fill_in(char *out, const char *line)
{
    size_t n = 0;
    for (; *line != '\0'; line++) {
        CHECK(n + 1 < LINE_BYTES);
        if (strncmp(line, "%s", 2) != 0) {
            out[n++] = *line;
            continue;
        }
        line++;
        size_t folder = strlen(test_folder());
        CHECK(n + folder + 1 < LINE_BYTES);
        memcpy(out + n, test_folder(), folder);
        n += folder;
    }
    out[n] = '\0';
}

Args *lab_parse(const char *line, Error *err)
{
    char  text[LINE_BYTES];
    char *words[WORDS_MAX];
    fill_in(text, line);
    int            count = split(text, words);
    const Command *command = command_find(words[0]);
    CHECK(command != NULL);
    Args *args = args_create(command, err);
    if (args != NULL && args_parse(args, count - 1, words + 1, err)) return args;
    args_free(args);
    return NULL;
}

static void listen(void *context, const Event *event)
{
    static const char *const names[] = {[EVENT_START] = "start",
                                        [EVENT_STEP] = "step",
                                        [EVENT_EVAL] = "eval",
                                        [EVENT_MODULES] = "modules",
                                        [EVENT_MEMORY] = "memory",
                                        [EVENT_SAMPLE] = "sample",
                                        [EVENT_CHECKPOINT] = "checkpoint",
                                        [EVENT_RESUME] = "resume",
                                        [EVENT_NOTE] = "note",
                                        [EVENT_TEXT] = "text",
                                        [EVENT_PROGRESS] = "progress",
                                        [EVENT_END] = "end"};
    LabRig                  *rig = context;
    str_addf(&rig->events, "%s%s", rig->events.len > 0 ? " " : "", names[event->type]);
}

bool lab_run(LabRig *rig, const char *line)
{
    result_free(&rig->result);
    str_clear(&rig->json);
    str_clear(&rig->events);
    rig->err = (Error){0};
    Args *args = lab_parse(line, &rig->err);
    if (args == NULL) return false;
    Sink sink = {.context = rig, .event = listen};
    bool ok = result_init(&rig->result, &rig->err) &&
              args_command(args)->run(rig->lab, args, &sink, &rig->cancel, &rig->result, &rig->err);
    if (ok) value_json(&rig->json, rig->result.root);
    args_free(args);
    assert_true(ok == (rig->err.code == ERR_NONE));
    return ok;
}

void lab_must(LabRig *rig, const char *line)
{
    bool ok = lab_run(rig, line);
    assert_ok(&rig->err);
    assert_true(ok);
}

void lab_fails(LabRig *rig, const char *line, ErrorCode code, const char *words)
{
    if (lab_run(rig, line)) fail_msg("\"%s\" succeeds", line);
    assert_error(&rig->err, code, words);
}

double lab_number(const LabRig *rig, const char *path)
{
    const Value *value = value_find(rig->result.root, path);
    if (value == NULL) fail_msg("there is no \"%s\"", path);
    assert_true(value->kind == VALUE_NUMBER || value->kind == VALUE_INTEGER);
    return value->number;
}

void lab_keys(const LabRig *rig, const char *path, Str *keys)
{
    const Value *object = value_find(rig->result.root, path);
    if (object == NULL) fail_msg("there is no \"%s\"", path);
    if (object->kind == VALUE_LIST) object = object->items[0];
    for (Index i = 0; i < object->count; i++) {
        str_addf(keys, "%s%s", i > 0 ? " " : "", object->items[i]->key);
    }
}

void lab_assert_keys(const LabRig *rig, const char *path, const char *want)
{
    Str keys = {0};
    lab_keys(rig, path, &keys);
    assert_string_equal(str_text(&keys), want);
    str_free(&keys);
}
