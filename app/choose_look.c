#include "app/choose_look.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

bool wants_colour(const Args *args)
{
    const char *how = args_text(args, "color"), *no = getenv("NO_COLOR");
    if (strcmp(how, "auto") != 0) return strcmp(how, "always") == 0;
    return no == NULL || no[0] == '\0';
}

void choose_look(const char *charset, bool scripted, bool projector, Look *look)
{
    setlocale(LC_CTYPE, "");
    bool utf8 = scripted || strcmp(nl_langinfo(CODESET), "UTF-8") == 0;

    look->projector = projector;
    look->ascii = !utf8 || strcmp(charset, "ascii") == 0;
    look->charset = look->ascii                                 ? CHARSET_ASCII
                    : strcmp(charset, "block") == 0             ? CHARSET_BLOCK
                    : strcmp(charset, "auto") == 0 && projector ? CHARSET_BLOCK
                                                                : CHARSET_BRAILLE;
}
