#ifndef CORE_BASE_FILE_H
#define CORE_BASE_FILE_H

/*
 * Files. Reading goes through pread on regular files only (a FIFO, a device or a folder is
 * refused by name), so a file that shrinks is an error and never a signal. Writing goes to a
 * temporary name in the same folder, is synced, renamed, and the folder is synced: a reader
 * finds the old content or the new, never half. Errors name path and cause.
 */

#include "core/base/error.h"

/* ---- reading ---------------------------------------------------------------------------- */

typedef struct File File;
NODISCARD File *file_open(const char *path, Error *err); /* ERR_INPUT when absent or not regular */
int64_t         file_size(const File *file);             /* bytes, when it was opened */
const char     *file_path(const File *file);
/* Exactly n bytes from offset, or an error that says how many were there. */
NODISCARD bool file_read_at(File *file, void *buffer, Index n, int64_t offset, Error *err);
void           file_close(File *file);

/* The whole file, NUL-terminated (the NUL not in *len), at most max_bytes. mem_free it. */
NODISCARD char *file_read_all(const char *path, Index max_bytes, Index *len, Error *err);

/* ---- durable writing -------------------------------------------------------------------- */

typedef struct FileWriter FileWriter;
NODISCARD FileWriter *file_create(const char *path, Error *err); /* writes to a temporary name */
NODISCARD bool        file_write(FileWriter *writer, const void *bytes, Index n, Error *err);
/* Sync, rename over path, sync the folder. Frees the writer in either case. */
NODISCARD bool file_commit(FileWriter *writer, Error *err);
void           file_abandon(FileWriter *writer); /* removes the temporary; NULL-safe */
NODISCARD bool file_write_all(const char *path, const void *bytes, Index n, Error *err);

/* A folder that appears whole: make PATH.tmp (an older one is removed), write files into it
 * with file_create, then rename it to PATH (which must not exist) and sync the parent. */
NODISCARD bool folder_stage(const char *path, char **staged, Error *err); /* mem_free *staged */
NODISCARD bool folder_commit(const char *staged, const char *path, Error *err);
/* Remove a folder and the files in it, one level of sub-folders too; symbolic links are
 * removed, not followed. Absent is fine. */
NODISCARD bool folder_remove(const char *path, Error *err);
NODISCARD bool folder_make(const char *path, Error *err); /* parents too; existing is fine */
bool           path_exists(const char *path);
bool           path_is_folder(const char *path);
/* folder + "/" + name; mem_free it. */
NODISCARD char *path_join(const char *folder, const char *name, Error *err);
const char     *path_base(const char *path); /* the last component, inside path */
/* Names in a folder (without . and ..), sorted; free each and the array with mem_free. */
NODISCARD bool folder_list(const char *path, char ***names, Index *count, Error *err);

/* ---- appending lines and locks ---------------------------------------------------------- */

/* A log to which each line is one write(2). */
typedef struct LineLog LineLog;
NODISCARD LineLog *linelog_open(const char *path, bool append, Error *err);
NODISCARD bool     linelog_write(LineLog *log, const char *line, Index n, Error *err); /* adds \n */
void               linelog_close(LineLog *log);

/* Exclusive ownership of a folder (flock on FOLDER/.lock); ERR_LOCKED when taken. The lock
 * goes with the process, however it ends. */
typedef struct FolderLock FolderLock;
NODISCARD FolderLock *folder_lock(const char *folder, Error *err);
void                  folder_unlock(FolderLock *lock);

/* For tests: the n-th operation (open for writing, write, fsync, rename) from now fails with
 * errno `error_number`, once or for ever; or, when error_number is 0, the process is killed
 * with SIGKILL at that operation. file_fail_off returns how many operations were made. */
void    file_fail_after(int64_t n, int error_number, bool forever);
int64_t file_fail_off(void);

#endif
