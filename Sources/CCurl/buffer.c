// For explicit_bzero.
#define _DEFAULT_SOURCE
#include "transfer.h"

#include <stdlib.h>
#include <string.h>

/// What an idle transfer keeps of each buffer.
static const size_t kept_max = 65536;

bool ccurl_buffer_reserve(ccurl_buffer *buffer, size_t count) {
    if (count > SIZE_MAX / 4 - buffer->length) return false;
    size_t needed = buffer->length + count;
    if (needed <= buffer->capacity) return true;
    size_t capacity = buffer->capacity < 1024 ? 1024 : buffer->capacity;
    while (capacity < needed) capacity *= 2;
    // Not realloc: it may leave a copy of a secret behind.
    uint8_t *grown = malloc(capacity);
    if (!grown) return false;
    if (buffer->length > 0) {
        memcpy(grown, buffer->bytes, buffer->length);
        explicit_bzero(buffer->bytes, buffer->length);
    }
    free(buffer->bytes);
    buffer->bytes = grown;
    buffer->capacity = capacity;
    return true;
}

bool ccurl_buffer_append(ccurl_buffer *buffer, const void *bytes, size_t count) {
    if (!ccurl_buffer_reserve(buffer, count)) return false;
    if (count > 0) memcpy(buffer->bytes + buffer->length, bytes, count);
    buffer->length += count;
    return true;
}

void ccurl_buffer_wipe(ccurl_buffer *buffer) {
    if (buffer->capacity > kept_max) {
        ccurl_buffer_free(buffer);
        return;
    }
    if (buffer->length > 0) explicit_bzero(buffer->bytes, buffer->length);
    buffer->length = 0;
}

void ccurl_buffer_free(ccurl_buffer *buffer) {
    if (buffer->length > 0) explicit_bzero(buffer->bytes, buffer->length);
    free(buffer->bytes);
    *buffer = (ccurl_buffer){0};
}
