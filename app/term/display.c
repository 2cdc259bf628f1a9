/* Names of themes. */

#include "app/term/display.h"

static const char *const names[THEME_COUNT] = {
    [THEME_AUTO] = "auto",         [THEME_DARK] = "dark", [THEME_LIGHT] = "light",
    [THEME_CONTRAST] = "contrast", [THEME_MONO] = "mono",
};

const char *theme_name(Theme theme)
{
    return names[theme];
}

bool theme_find(const char *name, Theme *theme)
{
    for (int i = 0; i < THEME_COUNT; i++) {
        if (!str_same_name(name, names[i])) continue;
        *theme = (Theme)i;
        return true;
    }
    return false;
}
