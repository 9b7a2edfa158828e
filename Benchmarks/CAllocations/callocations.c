#define _GNU_SOURCE
#include "callocations.h"

#include <errno.h>
#include <malloc.h>
#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif

#if defined(__GLIBC__) && !defined(SANITIZED)

static _Thread_local uint64_t count;
static _Thread_local int64_t bytes;

// The C library's own, under the names that it exports for such purposes.
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t number, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

static void *counted(void *block) {
    count += 1;
    if (block) bytes += (int64_t)malloc_usable_size(block);
    return block;
}

static void uncounted(void *block) {
    if (block) bytes -= (int64_t)malloc_usable_size(block);
}

void *malloc(size_t size) {
    return counted(__libc_malloc(size));
}

void *calloc(size_t number, size_t size) {
    return counted(__libc_calloc(number, size));
}

void *realloc(void *block, size_t size) {
    uncounted(block);
    return counted(__libc_realloc(block, size));
}

void *memalign(size_t alignment, size_t size) {
    return counted(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size) {
    return counted(__libc_memalign(alignment, size));
}

int posix_memalign(void **block, size_t alignment, size_t size) {
    *block = counted(__libc_memalign(alignment, size));
    return *block ? 0 : ENOMEM;
}

void free(void *block) {
    uncounted(block);
    __libc_free(block);
}

bool callocations_are_counted(void) {
    return true;
}

uint64_t callocations_count(void) {
    return count;
}

int64_t callocations_bytes(void) {
    return bytes;
}

#else

bool callocations_are_counted(void) {
    return false;
}

uint64_t callocations_count(void) {
    return 0;
}

int64_t callocations_bytes(void) {
    return 0;
}

#endif
