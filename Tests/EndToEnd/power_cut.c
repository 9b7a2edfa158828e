/* Writes down what a process does to the files of one folder, so that every power cut can be replayed: what was written after the last
 * fsync of a file may be lost, in part, or torn. Loaded by LD_PRELOAD; power_cut.py reads the journal.
 *
 * POWER_CUT_FOLDER   whose files are watched
 * POWER_CUT_JOURNAL  where the journal goes
 * POWER_CUT_NORMAL   when set, SQLite is told `synchronous = NORMAL` behind the program's back: the mutant that must be noticed
 *
 * Answers (HTTP/1.1 2xx) and requests of the Servers API are written down too, before they leave: what was promised by then has to
 * survive every later cut.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OPENED = 1, WRITTEN, TRUNCATED, SYNCED, RENAMED, UNLINKED, ANSWERED, REQUESTED };
enum { DESCRIPTORS = 65536, TEXT = 160 };

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static int journal = -1;
static uint32_t files;
static uint32_t watched[DESCRIPTORS];

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static void put(const void *bytes, size_t count) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    while (count > 0) {
        ssize_t written = real(journal, bytes, count);
        if (written <= 0) abort();
        bytes = (const char *)bytes + written;
        count -= (size_t)written;
    }
}

static void note(uint32_t kind, uint32_t file, uint64_t offset, const void *bytes, size_t count) {
    if (journal < 0) {
        static int (*real)(const char *, int, ...);
        if (!real) real = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
        const char *path = getenv("POWER_CUT_JOURNAL");
        if (!path) return;
        journal = real(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (journal < 0) abort();
    }
    struct { uint32_t kind, file; uint64_t offset, count; } head = {kind, file, offset, count};
    put(&head, sizeof head);
    put(bytes, count);
}

static int is_ours(const char *path) {
    const char *folder = getenv("POWER_CUT_FOLDER");
    size_t length = folder ? strlen(folder) : 0;
    /* The index of the log is shared memory, made anew after a crash. */
    const char *end = strrchr(path, '-');
    return length && !strncmp(path, folder, length) && path[length] == '/' && !(end && !strcmp(end, "-shm"));
}

static int watch(int descriptor, const char *path, int flags) {
    if (descriptor < 0 || descriptor >= DESCRIPTORS) return descriptor;
    pthread_mutex_lock(&lock);
    watched[descriptor] = 0;
    struct stat status;
    if ((flags & O_ACCMODE) != O_RDONLY && is_ours(path) && !fstat(descriptor, &status) && S_ISREG(status.st_mode)) {
        watched[descriptor] = ++files;
        note(OPENED, files, (flags & O_TRUNC) != 0, path, strlen(path));
    }
    pthread_mutex_unlock(&lock);
    return descriptor;
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        va_list list; \
        va_start(list, flags); \
        mode_t mode = va_arg(list, mode_t); \
        va_end(list); \
        REAL(name); \
        return watch(real(path, flags, mode), path, flags); \
    }
OPEN(open)
OPEN(open64)

int close(int descriptor) {
    REAL(close);
    if (descriptor >= 0 && descriptor < DESCRIPTORS) watched[descriptor] = 0;
    return real(descriptor);
}

static uint32_t file_of(int descriptor) { return descriptor >= 0 && descriptor < DESCRIPTORS ? watched[descriptor] : 0; }

#define PWRITE(name, off) \
    ssize_t name(int descriptor, const void *bytes, size_t count, off offset) { \
        REAL(name); \
        uint32_t file = file_of(descriptor); \
        if (!file) return real(descriptor, bytes, count, offset); \
        pthread_mutex_lock(&lock); \
        ssize_t written = real(descriptor, bytes, count, offset); \
        int error = errno; \
        if (written > 0) note(WRITTEN, file, (uint64_t)offset, bytes, (size_t)written); \
        pthread_mutex_unlock(&lock); \
        errno = error; \
        return written; \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define FTRUNCATE(name, off) \
    int name(int descriptor, off length) { \
        REAL(name); \
        uint32_t file = file_of(descriptor); \
        if (!file) return real(descriptor, length); \
        pthread_mutex_lock(&lock); \
        int result = real(descriptor, length); \
        if (!result) note(TRUNCATED, file, (uint64_t)length, "", 0); \
        pthread_mutex_unlock(&lock); \
        return result; \
    }
FTRUNCATE(ftruncate, off_t)
FTRUNCATE(ftruncate64, off64_t)

/* Nothing is written while it lasts, so that all that was written before is known to be on the disk after it. */
#define SYNC(name) \
    int name(int descriptor) { \
        REAL(name); \
        uint32_t file = file_of(descriptor); \
        if (!file) return real(descriptor); \
        pthread_mutex_lock(&lock); \
        int result = real(descriptor); \
        int error = errno; \
        if (!result) note(SYNCED, file, 0, "", 0); \
        pthread_mutex_unlock(&lock); \
        errno = error; \
        return result; \
    }
SYNC(fsync)
SYNC(fdatasync)

int unlink(const char *path) {
    REAL(unlink);
    pthread_mutex_lock(&lock);
    int result = real(path);
    int error = errno;
    if (!result && is_ours(path)) note(UNLINKED, 0, 0, path, strlen(path));
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

static void speak(const char *bytes, size_t count) {
    size_t shown = count < TEXT ? count : TEXT;
    uint32_t kind = count > 10 && !memcmp(bytes, "HTTP/1.1 2", 10) ? ANSWERED
        : count > 20 && !memcmp(bytes, "POST /api/v1/servers", 20) ? REQUESTED : 0;
    if (!kind) return;
    pthread_mutex_lock(&lock);
    note(kind, 0, 0, bytes, shown);
    pthread_mutex_unlock(&lock);
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    REAL(write);
    uint32_t file = file_of(descriptor);
    if (!file) {
        speak(bytes, count);
        return real(descriptor, bytes, count);
    }
    pthread_mutex_lock(&lock);
    off_t offset = lseek(descriptor, 0, fcntl(descriptor, F_GETFL) & O_APPEND ? SEEK_END : SEEK_CUR);
    ssize_t written = real(descriptor, bytes, count);
    int error = errno;
    if (written > 0) note(WRITTEN, file, (uint64_t)offset, bytes, (size_t)written);
    pthread_mutex_unlock(&lock);
    errno = error;
    return written;
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    REAL(writev);
    if (count > 0) speak(parts[0].iov_base, parts[0].iov_len);
    return real(descriptor, parts, count);
}

ssize_t send(int descriptor, const void *bytes, size_t count, int flags) {
    REAL(send);
    speak(bytes, count);
    return real(descriptor, bytes, count, flags);
}

ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags) {
    REAL(sendmsg);
    if (message->msg_iovlen > 0) speak(message->msg_iov[0].iov_base, message->msg_iov[0].iov_len);
    return real(descriptor, message, flags);
}

/* The mutant. */

static const char *mutate(const char *text) {
    if (!text || !getenv("POWER_CUT_NORMAL")) return text;
    if (!strcmp(text, "PRAGMA synchronous = FULL")) return "PRAGMA synchronous = NORMAL";
    if (!strcmp(text, "PRAGMA synchronous")) return "SELECT 2";
    return text;
}

int sqlite3_prepare_v2(void *database, const char *text, int length, void **statement, const char **rest) {
    static int (*real)(void *, const char *, int, void **, const char **);
    if (!real) real = (int (*)(void *, const char *, int, void **, const char **))dlsym(RTLD_NEXT, "sqlite3_prepare_v2");
    const char *other = mutate(text);
    if (other == text) return real(database, text, length, statement, rest);
    int result = real(database, other, -1, statement, NULL);
    if (rest) *rest = text + strlen(text);
    return result;
}

int sqlite3_prepare_v3(void *database, const char *text, int length, unsigned flags, void **statement, const char **rest) {
    static int (*real)(void *, const char *, int, unsigned, void **, const char **);
    if (!real) real = (int (*)(void *, const char *, int, unsigned, void **, const char **))dlsym(RTLD_NEXT, "sqlite3_prepare_v3");
    const char *other = mutate(text);
    if (other == text) return real(database, text, length, flags, statement, rest);
    int result = real(database, other, -1, flags, statement, NULL);
    if (rest) *rest = text + strlen(text);
    return result;
}
