/* Home: what there is to do, how far one is, what this machine offers. */

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "app/gnuplot/gnuplot.h"
#include "app/rooms/home/home_shelf.h"
#include "app/screen/room.h"
#include "app/view/view_home.h"
#include "core/math/cuda/cuda.h"

typedef struct Home {
    Screen   *screen;
    HomeShelf shelf;
    HomeView  view;
    HomeDrawn drawn;
    Str       machine, device, gnuplot;
    /* gnuplot is asked on a thread of its own: starting it takes longer than a screen may. */
    pthread_t    asker;
    bool         asks;
    _Atomic bool answered;
    GnuplotOffer offer;
} Home;

/* ---- what this machine offers ---- */

static void *ask_gnuplot(void *context)
{
    Home *home = context;
    gnuplot_offer(&home->offer);
    atomic_store(&home->answered, true);
    screen_wake(home->screen);
    return NULL;
}

static void describe_machine(Home *home)
{
    const Backend *be = screen_lab(home->screen)->be;
    char           line[256];
    if (be != NULL && strcmp(be->name, "cuda") == 0) {
        str_add(&home->machine, be->description);
    } else {
        /* Why not the GPU, which auto's cpu tells behind a semicolon, has a line of its own. */
        const char *text = be != NULL ? be->description : "";
        str_add_bytes(&home->machine, text, (Index)strcspn(text, ";"));
        bool usable = cuda_offer(line, sizeof line);
        str_addf(&home->device, usable ? tr("GPU, not used: %s") : tr("no GPU: %s"), line);
    }
    str_add(&home->gnuplot, tr("gnuplot: being asked"));
    home->view.machine[0] = str_text(&home->machine);
    home->view.machine[1] =
        home->device.len > 0 ? str_text(&home->device) : str_text(&home->gnuplot);
    home->view.machine[2] = home->device.len > 0 ? str_text(&home->gnuplot) : NULL;
    home->asks = pthread_create(&home->asker, NULL, ask_gnuplot, home) == 0;
}

static void turn(void *room)
{
    Home *home = room;
    if (!home->asks || !atomic_load(&home->answered)) return;
    pthread_join(home->asker, NULL);
    home->asks = false;
    str_clear(&home->gnuplot);
    str_add(&home->gnuplot, home->offer.sentence);
    home->view.machine[home->device.len > 0 ? 2 : 1] = str_text(&home->gnuplot);
    screen_dirty(home->screen);
}

/* ---- coming and going ---- */

static void home_free(void *room)
{
    Home *home = room;
    if (home == NULL) return;
    if (home->asks) pthread_join(home->asker, NULL);
    home_shelf_free(&home->shelf);
    str_free(&home->machine);
    str_free(&home->device);
    str_free(&home->gnuplot);
    mem_free(home);
}

static void *create(Screen *screen, Error *err)
{
    Home *home = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *home, err);
    if (home == NULL) return NULL;
    home->screen = screen;
    describe_machine(home);
    return home;
}

static void take_shelf(Home *home)
{
    const HomeShelf *shelf = &home->shelf;
    home->view.lessons = shelf->lessons;
    home->view.lesson_count = shelf->lesson_count;
    home->view.entries = shelf->entries;
    home->view.entry_count = HOME_ENTRIES;
    home->view.resume = shelf->resume;
    home->view.trouble = shelf->trouble.len > 0 ? str_text(&shelf->trouble) : NULL;
}

/* Progress may have changed meanwhile: read again each time. */
static bool enter(void *room, const char *argument, Error *err)
{
    Home *home = room;
    bool  first = home->view.lessons == NULL;
    (void)argument;
    home_shelf_free(&home->shelf);
    if (!home_shelf_read(&home->shelf, screen_lab(home->screen), err)) return false;
    take_shelf(home);
    if (first && home->view.resume >= 0) home->view.selected = home->view.resume;
    return true;
}

/* ---- drawing ---- */

static void draw(void *room, Grid *grid, Rect body, const Look *look)
{
    Home *home = room;
    home->view.top = home->drawn.top;
    home->drawn = view_home_draw(&home->view, look, grid, body);
}

static void title(void *room, Str *left, Str *right)
{
    const Home *home = room;
    str_addf(left, "loralab %s", LORALAB_VERSION);
    str_addf(right, tr("seed %llu"), (unsigned long long)screen_seed(home->screen));
}

static void cursor(void *room, int *row, int *col)
{
    const Home *home = room;
    *row = home->drawn.row;
    *col = home->drawn.col;
}

/* ---- actions ---- */

static int item_count(const Home *home)
{
    return home->view.lesson_count + home->view.entry_count;
}

static void move(Home *home, int by)
{
    int to = home->view.selected + by, last = item_count(home) - 1;
    home->view.selected = to < 0 ? 0 : to > last ? last : to;
}

static void open_selected(Home *home)
{
    int at = home->view.selected - home->view.lesson_count;
    if (at >= 0) {
        screen_go(home->screen, home->shelf.rooms[at], NULL);
    } else {
        screen_go(home->screen, ROOM_LESSON, home->shelf.ids[home->view.selected]);
    }
}

static void forget(void *context)
{
    Home *home = context;
    Error err = {0};
    int   at = home->view.selected;
    bool  ok = home_shelf_forget(&home->shelf, screen_lab(home->screen), at, &err) &&
              enter(home, NULL, &err);
    if (!ok) screen_say(home->screen, "%s", err.message);
}

static bool can_reset(const Home *home)
{
    int at = home->view.selected;
    return at < home->view.lesson_count && home->view.lessons[at].state != HOME_NEW;
}

static void ask_to_forget(Home *home)
{
    Str question = {0};
    str_addf(&question, tr("Forget what was done in %s?"),
             home->view.lessons[home->view.selected].title);
    screen_ask(home->screen, str_text(&question), forget, home);
    str_free(&question);
}

static bool act(void *room, Action action, Key key)
{
    Home *home = room;
    (void)key;
    switch (action) {
    case ACT_UP:
        move(home, -1);
        return true;
    case ACT_DOWN:
        move(home, 1);
        return true;
    case ACT_PAGE_UP:
        move(home, -home->drawn.page);
        return true;
    case ACT_PAGE_DOWN:
        move(home, home->drawn.page);
        return true;
    case ACT_FIRST:
        home->view.selected = 0;
        return true;
    case ACT_LAST:
        move(home, item_count(home));
        return true;
    case ACT_COMMIT:
    case ACT_RIGHT:
        if (item_count(home) > 0) open_selected(home);
        return true;
    case ACT_RESET:
        if (can_reset(home)) ask_to_forget(home);
        return true;
    default:
        return false;
    }
}

static bool can(void *room, Action action)
{
    const Home *home = room;
    return (action == ACT_COMMIT && item_count(home) > 0) ||
           (action == ACT_RESET && can_reset(home));
}

const RoomOps room_home = {.id = ROOM_HOME,
                           .create = create,
                           .free = home_free,
                           .enter = enter,
                           .draw = draw,
                           .title = title,
                           .act = act,
                           .can = can,
                           .cursor = cursor,
                           .turn = turn};
