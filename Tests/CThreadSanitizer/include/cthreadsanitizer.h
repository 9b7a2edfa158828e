/// Nothing to call: linked into the tests, this makes the thread sanitizer see the contended paths of Swift's `Mutex`.
#ifndef CTHREADSANITIZER_H
#define CTHREADSANITIZER_H
#endif
