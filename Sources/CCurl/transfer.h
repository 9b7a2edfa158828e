// Shared by the files of this target; not part of what Swift sees.
#ifndef CCURL_TRANSFER_H
#define CCURL_TRANSFER_H

#include "include/ccurl.h"

#include <curl/curl.h>

/// Bytes that grow.
typedef struct {
    uint8_t *bytes;
    size_t length;
    size_t capacity;
} ccurl_buffer;

/// Makes room for that many bytes more; false when memory is short.
bool ccurl_buffer_reserve(ccurl_buffer *buffer, size_t count);
/// Appends; false when memory is short.
bool ccurl_buffer_append(ccurl_buffer *buffer, const void *bytes, size_t count);
/// Overwrites what is in it, so that no secret stays in memory, and empties it; keeps its memory when that is little.
void ccurl_buffer_wipe(ccurl_buffer *buffer);
/// Overwrites what is in it and frees it.
void ccurl_buffer_free(ccurl_buffer *buffer);

struct ccurl_transfer {
    CURL *easy;
    uint32_t tag;

    // Fixed at creation
    size_t head_cap;
    long low_speed_bytes;
    bool has_proxy;

    // The request
    /// Its header lines, each with its NUL, and how many they are.
    ccurl_buffer lines;
    size_t line_count;
    bool has_content_type;
    /// libcurl's view of the lines.
    struct curl_slist *nodes;
    size_t node_capacity;
    ccurl_buffer upload;
    size_t body_cap;
    bool is_replayable;
    bool is_public_only;
    /// Where the host leads in place of a look-up; libcurl keeps the lists and copies nothing.
    struct curl_slist *resolve;
    struct curl_slist *connect_to;
    /// The options of libcurl are those of a GET without a body.
    bool is_plain_get;

    // What came of it
    ccurl_buffer body;
    ccurl_buffer head;
    /// All header bytes seen, interim responses and trailers included: the cap holds for their sum.
    size_t head_seen;
    /// The blank line that ends the present header block has been seen.
    bool head_ended;
    /// The low-speed limit is on.
    bool is_watched;
    /// How often libcurl was let start to send the request.
    unsigned releases;
    bool replay_refused;
    bool address_refused;
    bool too_large;

    char error[CURL_ERROR_SIZE];
};

static inline bool ccurl_set_long(ccurl_transfer *transfer, CURLoption option, long value) {
    return curl_easy_setopt(transfer->easy, option, value) == CURLE_OK;
}

static inline bool ccurl_set_text(ccurl_transfer *transfer, CURLoption option, const char *value) {
    return curl_easy_setopt(transfer->easy, option, value) == CURLE_OK;
}

struct sockaddr;
/// `ccurl_address_text_is_public` for a socket address; families other than IPv4 and IPv6 are never public.
bool ccurl_address_is_public(const struct sockaddr *address);

/// Sets the callbacks of the transfer.
bool ccurl_install_callbacks(ccurl_transfer *transfer);

#endif
