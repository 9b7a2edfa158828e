// Shared by the files of this target; not part of what Swift sees.
#ifndef CCURL_TRANSFER_H
#define CCURL_TRANSFER_H

#include "include/ccurl.h"

#include <curl/curl.h>

/// Bytes that grow up to a cap.
typedef struct {
    uint8_t *bytes;
    size_t length;
    size_t capacity;
} ccurl_buffer;

struct ccurl_transfer {
    CURL *easy;
    struct curl_slist *headers;
    struct curl_slist *resolve;
    struct curl_slist *connect_to;
    uint64_t tag;

    ccurl_buffer body;
    ccurl_buffer head;
    size_t body_cap;
    size_t head_cap;
    /// All header bytes seen, interim responses and trailers included: the cap holds for their sum.
    size_t head_seen;
    /// The blank line that ends the present header block has been seen.
    bool head_ended;

    bool is_replayable;
    bool is_public_only;

    /// How often libcurl was let start to send the request.
    unsigned releases;
    bool replay_refused;
    bool address_refused;
    bool too_large;

    char error[CURL_ERROR_SIZE];
};

struct sockaddr;
/// `ccurl_address_text_is_public` for a socket address; families other than IPv4 and IPv6 are never public.
bool ccurl_address_is_public(const struct sockaddr *address);

/// Sets the callbacks of the transfer.
bool ccurl_install_callbacks(ccurl_transfer *transfer);

#endif
