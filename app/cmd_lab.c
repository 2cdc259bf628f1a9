/* `lab`: the screen, where there is a terminal for it; else the same in plain text. */

#include <string.h>

#include "app/choose_look.h"
#include "app/commands.h"
#include "app/plain/plain_lab.h"
#include "app/screen/screen.h"
#include "app/signals.h"
#include "app/term/script.h"
#include "app/term/terminal.h"
#include "core/lab/lab.h"

/* A room by its name, or a lesson. */
static void choose_place(const Args *args, ScreenSpec *spec)
{
    static const struct {
        const char *name;
        RoomId      room;
    } rooms[] = {{"home", ROOM_HOME}, {"workbench", ROOM_WORKBENCH}, {"matrix", ROOM_MATRIX},
                 {"runs", ROOM_RUNS}, {"model", ROOM_MODEL},         {"help", ROOM_HELP}};
    if (args_operands(args) == 0) return;
    const char *name = args_operand(args, 0);
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        if (strcmp(rooms[i].name, name) != 0) continue;
        spec->room = rooms[i].room;
        return;
    }
    spec->room = ROOM_LESSON;
    spec->argument = name;
}

/* Lessons are written in English: there it is no translation. */
static const char *lesson_lang(const char *lang)
{
    return strcmp(lang, "en") == 0 ? NULL : lang;
}

static bool show(Lab *lab, const Args *args, const Cancel *cancel, Error *err)
{
    const char *script = args_text(args, "script");
    ScreenSpec  spec = {.lab = lab,
                        .cancel = cancel,
                        .signal_fd = signals_fd(),
                        .fixed_clock = script != NULL,
                        .quick = args_flag(args, "quick"),
                        .threads = (int)args_int(args, "threads"),
                        .seeded = args_given(args, "seed"),
                        .seed = (uint64_t)args_int(args, "seed"),
                        .lang = lesson_lang(args_text(args, "lang"))};

    if (lab_backend(lab, args, err) == NULL) return false;
    if (!theme_find(args_text(args, "theme"), &spec.theme)) return false;
    choose_look(args_text(args, "charset"), script != NULL, args_flag(args, "projector"),
                &spec.look);
    choose_place(args, &spec);
    if (script != NULL) {
        spec.display = script_open(script, args_text(args, "save"), err);
        if (spec.display == NULL) return false;
        script_set_colours(spec.display, spec.theme, wants_colour(args));
        Error why = {0};
        bool  ok = screen_run(&spec, &why);
        if (!script_close(spec.display, err)) return false;
        /* A script's end is a hang-up that was meant. */
        return ok || why.code == ERR_CANCELLED || error_set(err, why.code, "%s", why.message);
    }
    TerminalSpec terminal = {.theme = spec.theme, .colour = wants_colour(args)};
    spec.display = terminal_open(&terminal, err);
    if (spec.display == NULL) return false;
    bool ok = screen_run(&spec, err);
    terminal_close(spec.display);
    return ok;
}

bool cmd_lab(Lab *lab, const Args *args, const Sink *sink, const Cancel *cancel, Result *result,
             Error *err)
{
    bool        scripted = args_text(args, "script") != NULL;
    const char *refusal = scripted ? NULL : terminal_refusal();

    if (args_flag(args, "linear") || refusal != NULL) {
        if (refusal != NULL && !args_flag(args, "linear")) sink_note(sink, "%s", refusal);
        return plain_lab(lab, args, sink, cancel, result, err);
    }
    return show(lab, args, cancel, err);
}
