// Counts what the calling thread allocates, for benchmarks and tests: it stands in front of the C library's malloc.
#ifndef CALLOCATIONS_H
#define CALLOCATIONS_H

#include <stdbool.h>
#include <stdint.h>

/// Whether allocations are counted: not where a sanitizer has a malloc of its own, and not without glibc.
bool callocations_are_counted(void);

/// How many blocks the calling thread has allocated so far.
uint64_t callocations_count(void);

/// How many bytes it has asked for, less those of the blocks that it has freed.
int64_t callocations_bytes(void);

#endif
