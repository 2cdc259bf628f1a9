/* The list of notes. */

#include "lessons/engine/transcript.h"

#include "core/base/mem.h"

static void note_free(Note *note)
{
    mem_free(note->id);
    mem_free(note->text);
    mem_free(note->answer);
    mem_free(note->said);
    mem_free(note->reason);
    mem_free(note->measured);
    mem_free(note->feedback);
    datum_drop(note->value);
    figure_free(note->figure);
}

void transcript_free(Transcript *transcript)
{
    for (Index i = 0; i < transcript->count; i++) note_free(&transcript->notes[i]);
    mem_free(transcript->notes);
    mem_free(transcript->lesson);
    mem_free(transcript->title);
    mem_free(transcript->path);
    mem_free(transcript->settings);
    mem_free(transcript->backend);
    mem_free(transcript->machine);
    mem_free(transcript->version);
    mem_free(transcript->repeat);
    *transcript = (Transcript){0};
}

Note *transcript_add(Transcript *transcript, NoteKind kind, const char *id, Error *err)
{
    Note *larger = mem_resize(transcript->notes, mem_program(), MEM_TEXT, transcript->count + 1,
                              sizeof *larger, err);
    if (larger == NULL) return NULL;
    transcript->notes = larger;
    char *copy = mem_strdup(id != NULL ? id : "", err);
    if (copy == NULL) return NULL;
    Note *note = &larger[transcript->count++];
    *note = (Note){.kind = kind, .id = copy};
    return note;
}
