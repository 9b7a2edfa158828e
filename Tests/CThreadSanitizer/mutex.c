// The uncontended paths of `Mutex` are inlined into our code, and the thread sanitizer sees them. The contended ones are in the library
// Synchronization, which is not instrumented: what they order looks like a race to it. These functions stand before the library's own of
// the same name, call them, and say what was acquired and released. (Swift 6.3 on Linux; without the sanitizer the file is empty.)
#define _GNU_SOURCE
#include "cthreadsanitizer.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer) && defined(__linux__)
#define SANITIZED
#endif
#endif

#ifdef SANITIZED

#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>
#include <stdbool.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

typedef SWIFT void (*lock_function)(uint32_t thread, SELF self);
typedef SWIFT bool (*try_lock_function)(SELF self);
typedef SWIFT void (*unlock_function)(SELF self);

SWIFT void lock_slow(uint32_t thread, SELF self) __asm__(LOCK);
SWIFT bool try_lock_slow(SELF self) __asm__(TRY_LOCK);
SWIFT void unlock_slow(SELF self) __asm__(UNLOCK);

static lock_function library_lock;
static try_lock_function library_try_lock;
static unlock_function library_unlock;

// Before any thread of ours, so that the lookups need no order of their own.
__attribute__((constructor)) static void find_library(void) {
    library_lock = (lock_function)dlsym(RTLD_NEXT, LOCK);
    library_try_lock = (try_lock_function)dlsym(RTLD_NEXT, TRY_LOCK);
    library_unlock = (unlock_function)dlsym(RTLD_NEXT, UNLOCK);
}

SWIFT void lock_slow(uint32_t thread, SELF self) {
    library_lock(thread, self);
    __tsan_acquire(self);
}

SWIFT bool try_lock_slow(SELF self) {
    bool is_locked = library_try_lock(self);
    if (is_locked) __tsan_acquire(self);
    return is_locked;
}

SWIFT void unlock_slow(SELF self) {
    __tsan_release(self);
    library_unlock(self);
}

#endif
