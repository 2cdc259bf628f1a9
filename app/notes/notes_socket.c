/*
 * The socket between the two terminals. Its folder is the user's alone and a peer's user is asked
 * of the kernel, so nobody else can listen or vote. Nothing here ever blocks the lab: who does not
 * read what is sent is let go.
 */

#define _GNU_SOURCE /* accept4, SO_PEERCRED */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/notes/notes.h"
#include "core/base/file.h"
#include "core/base/mem.h"

enum { PEERS = NOTES_FDS - 1, LINE_MAX_BYTES = 256 };

typedef struct Peer {
    int  fd; /* -1: none */
    char line[LINE_MAX_BYTES];
    int  used;
} Peer;

struct NotesServer {
    int  fd;
    char path[108];
    Peer peers[PEERS];
    Str  told;
};

/* ---- where it lies ---- */

/* A folder of ours that nobody else may enter. */
static bool is_private(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == geteuid() &&
           (info.st_mode & 077) == 0;
}

static bool find_folder(char *out, size_t n, Error *err)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (runtime == NULL || runtime[0] != '/') {
        return error_set(err, ERR_DEVICE, "%s", tr("notes need XDG_RUNTIME_DIR, which is not set"));
    }
    int length = snprintf(out, n, "%s/loralab", runtime);
    if (length < 0 || length > 80) {
        return error_set(err, ERR_DEVICE, "%s", tr("XDG_RUNTIME_DIR is too long for a socket"));
    }
    if (mkdir(out, 0700) != 0 && errno != EEXIST) {
        return error_set(err, ERR_DEVICE, tr("%s cannot be made: %s"), out, strerror(errno));
    }
    return is_private(out) || error_set(err, ERR_DEVICE, tr("%s may be entered by others"), out);
}

static void address_of(struct sockaddr_un *address, const char *path)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(address->sun_path, sizeof address->sun_path, "%s", path);
}

/* ---- the lab's side ---- */

static bool listen_at(NotesServer *server, const char *folder, Error *err)
{
    struct sockaddr_un address;
    snprintf(server->path, sizeof server->path, "%.85s/notes-%ld", folder, (long)getpid());
    address_of(&address, server->path);
    unlink(server->path);
    server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (server->fd >= 0 && bind(server->fd, (struct sockaddr *)&address, sizeof address) == 0 &&
        chmod(server->path, 0600) == 0 && listen(server->fd, PEERS) == 0) {
        return true;
    }
    return error_set(err, ERR_DEVICE, tr("notes: no socket: %s"), strerror(errno));
}

NotesServer *notes_serve(Error *err)
{
    char folder[200];
    if (!find_folder(folder, sizeof folder, err)) return NULL;
    NotesServer *server = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *server, err);
    if (server == NULL) return NULL;
    for (int i = 0; i < PEERS; i++) server->peers[i].fd = -1;
    if (listen_at(server, folder, err)) return server;
    notes_serve_end(server);
    return NULL;
}

void notes_serve_end(NotesServer *server)
{
    if (server == NULL) return;
    for (int i = 0; i < PEERS; i++) {
        if (server->peers[i].fd >= 0) close(server->peers[i].fd);
    }
    if (server->fd >= 0) close(server->fd);
    unlink(server->path);
    str_free(&server->told);
    mem_free(server);
}

int notes_serve_fds(const NotesServer *server, struct pollfd *fds)
{
    int n = 0;
    fds[n++] = (struct pollfd){.fd = server->fd, .events = POLLIN};
    for (int i = 0; i < PEERS; i++) {
        if (server->peers[i].fd >= 0) {
            fds[n++] = (struct pollfd){.fd = server->peers[i].fd, .events = POLLIN};
        }
    }
    return n;
}

bool notes_serve_heard(const NotesServer *server)
{
    for (int i = 0; i < PEERS; i++) {
        if (server->peers[i].fd >= 0) return true;
    }
    return false;
}

static void let_go(Peer *peer)
{
    close(peer->fd);
    peer->fd = -1;
    peer->used = 0;
}

/* What does not go at once goes never: a line of notes is far below a socket's buffer. */
static void send_told(Peer *peer, const Str *line)
{
    ssize_t n = send(peer->fd, line->data, (size_t)line->len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n != (ssize_t)line->len) let_go(peer);
}

static bool is_ours(int fd)
{
    struct ucred who;
    socklen_t    n = sizeof who;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0 && who.uid == geteuid();
}

static void take_in(NotesServer *server)
{
    int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    for (int i = 0; i < PEERS && is_ours(fd); i++) {
        if (server->peers[i].fd >= 0) continue;
        server->peers[i] = (Peer){.fd = fd};
        if (server->told.len > 0) send_told(&server->peers[i], &server->told);
        return;
    }
    close(fd);
}

/* "vote ASKS CHOICE BY": more or fewer votes, never how many there are, so that none is lost where
 * several are under way. */
static bool read_vote(const char *line, Notes *notes)
{
    char *at = NULL;
    if (strncmp(line, "vote ", 5) != 0) return false;
    long asks = strtol(line + 5, &at, 10), choice = strtol(at, &at, 10);
    if (asks != notes->asks || choice < 0 || choice >= NOTES_CHOICES) return false;
    long by = strtol(at, &at, 10), count = notes->votes[choice];
    count += by < -NOTES_VOTES_MAX ? -NOTES_VOTES_MAX : by > NOTES_VOTES_MAX ? NOTES_VOTES_MAX : by;
    notes->votes[choice] = count < 0 ? 0 : count > NOTES_VOTES_MAX ? NOTES_VOTES_MAX : (int)count;
    return true;
}

static bool listen_to(Peer *peer, Notes *notes)
{
    bool    changed = false;
    ssize_t n = read(peer->fd, peer->line + peer->used, (size_t)(LINE_MAX_BYTES - 1 - peer->used));
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) let_go(peer);
    if (n <= 0) return false;
    peer->used += (int)n;
    peer->line[peer->used] = '\0';
    for (char *end; (end = strchr(peer->line, '\n')) != NULL;) {
        *end = '\0';
        changed = read_vote(peer->line, notes) || changed;
        peer->used -= (int)(end + 1 - peer->line);
        memmove(peer->line, end + 1, (size_t)peer->used + 1);
    }
    if (peer->used == LINE_MAX_BYTES - 1) let_go(peer);
    return changed;
}

bool notes_serve_turn(NotesServer *server, Notes *notes)
{
    bool changed = false;
    take_in(server);
    for (int i = 0; i < PEERS; i++) {
        if (server->peers[i].fd >= 0) changed = listen_to(&server->peers[i], notes) || changed;
    }
    return changed;
}

void notes_serve_tell(NotesServer *server, const Notes *notes)
{
    Str line = {0};
    notes_write(&line, notes);
    bool same = line.failed || (line.len == server->told.len &&
                                memcmp(line.data, server->told.data, (size_t)line.len) == 0);
    if (same) {
        str_free(&line);
        return;
    }
    str_free(&server->told);
    server->told = line;
    for (int i = 0; i < PEERS; i++) {
        if (server->peers[i].fd >= 0) send_told(&server->peers[i], &server->told);
    }
}

/* ---- the second terminal's side ---- */

static int connect_to(const char *path)
{
    struct sockaddr_un address;
    address_of(&address, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 && is_ours(fd)) return fd;
    close(fd);
    return -1;
}

/* Sockets of labs that ended without removing theirs do not answer; of those that do, the one made
 * last. */
static int connect_newest(const char *folder, char **names, Index count)
{
    int    best = -1;
    time_t newest = 0;
    for (Index i = 0; i < count; i++) {
        char        path[320];
        struct stat info;
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        if (strlen(path) >= 108 || strncmp(names[i], "notes-", 6) != 0 || lstat(path, &info) != 0) {
            continue;
        }
        int fd = connect_to(path);
        if (fd >= 0 && (best < 0 || info.st_mtime >= newest)) {
            if (best >= 0) close(best);
            best = fd;
            newest = info.st_mtime;
        } else if (fd >= 0) {
            close(fd);
        }
    }
    return best;
}

int notes_connect(Error *err)
{
    char   folder[200];
    char **names = NULL;
    Index  count = 0;
    if (!find_folder(folder, sizeof folder, err)) return -1;
    if (!folder_list(folder, &names, &count, err)) return -1;
    int fd = connect_newest(folder, names, count);
    for (Index i = 0; i < count; i++) mem_free(names[i]);
    mem_free(names);
    if (fd < 0) {
        error_set(err, ERR_DEVICE, "%s", tr("no lab of yours is open"));
        error_hint(err, "%s", tr("open one in another terminal: loralab"));
    }
    return fd;
}

bool notes_vote(int fd, int asks, int choice, int by, Error *err)
{
    char line[LINE_MAX_BYTES];
    int  n = snprintf(line, sizeof line, "vote %d %d %d\n", asks, choice, by);
    if (send(fd, line, (size_t)n, MSG_NOSIGNAL) == n) return true;
    return error_set(err, ERR_DEVICE, "%s", tr("the lab is gone"));
}
