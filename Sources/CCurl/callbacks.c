// The callbacks. Each touches only the transfer that it is handed, and calls nothing in Swift.
#include "transfer.h"

#include <string.h>
#include <sys/socket.h>

/// Appends within the cap; false when the cap or the memory does not allow it.
static bool append(ccurl_transfer *transfer, ccurl_buffer *buffer, const char *bytes, size_t count, size_t cap) {
    if (count > cap || buffer->length > cap - count) {
        transfer->too_large = true;
        return false;
    }
    return ccurl_buffer_append(buffer, bytes, count);
}

// CURLOPT_MAXFILESIZE knows only what Content-Length says; a chunked body passes it, so the cap is kept here.
static size_t on_body(char *bytes, size_t size, size_t count, void *context) {
    ccurl_transfer *transfer = context;
    size_t length = size * count;
    return append(transfer, &transfer->body, bytes, length, transfer->body_cap) ? length : 0;
}

/// Whether the block in `head` is an interim response (1xx), which another block follows.
static bool is_interim(const ccurl_buffer *head) {
    const uint8_t *space = head->length > 0 ? memchr(head->bytes, ' ', head->length) : NULL;
    return space && space + 1 < head->bytes + head->length && space[1] == '1';
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context) {
    ccurl_transfer *transfer = context;
    size_t length = size * count;
    if (length > transfer->head_cap || transfer->head_seen > transfer->head_cap - length) {
        transfer->too_large = true;
        return 0;
    }
    transfer->head_seen += length;
    if (transfer->head_ended) {
        // What follows the final header block are the trailers of a chunked body. They are counted and dropped: a trailer must
        // not pass for a header.
        if (!is_interim(&transfer->head)) return length;
        transfer->head.length = 0;
        transfer->head_ended = false;
    }
    if (length <= 2 && (length == 0 || bytes[0] == '\r' || bytes[0] == '\n')) {
        transfer->head_ended = true;
        return length;
    }
    if (!append(transfer, &transfer->head, bytes, length, transfer->head_cap)) return 0;
    if (!transfer->is_watched && transfer->low_speed_bytes > 0 && !is_interim(&transfer->head)) {
        // From here on only: before its answer, and after an interim one, a server may think as long as the total timeout allows.
        transfer->is_watched = true;
        ccurl_set_long(transfer, CURLOPT_LOW_SPEED_LIMIT, transfer->low_speed_bytes);
    }
    return length;
}

/// Whether libcurl counts any byte of the request as sent; behind a proxy that may be its CONNECT's.
static bool has_sent(const ccurl_transfer *transfer) {
    long count = 0;
    return curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &count) != CURLE_OK || count > 0;
}

// libcurl calls this when a connection stands and the request is about to be written, also when it sends a request again
// because a reused connection died without an answer. It does that for a POST too: without this guard one "create" makes two
// servers. Where the dead connection took no byte (its reset had come before the request), nothing is sent twice.
static int on_release(void *context, char *remote, char *local, int remote_port, int local_port) {
    (void)local;
    (void)remote_port;
    (void)local_port;
    ccurl_transfer *transfer = context;
    // A reused connection does not pass through on_socket, so its address is judged here.
    if (transfer->is_public_only && !ccurl_address_text_is_public(remote)) {
        transfer->address_refused = true;
        return CURL_PREREQFUNC_ABORT;
    }
    if (transfer->releases > 0 && !transfer->is_replayable && has_sent(transfer)) {
        transfer->replay_refused = true;
        return CURL_PREREQFUNC_ABORT;
    }
    transfer->releases += 1;
    return CURL_PREREQFUNC_OK;
}

// The address here is the resolved one, whatever notation the URL used for it.
static curl_socket_t on_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
    ccurl_transfer *transfer = context;
    if (purpose == CURLSOCKTYPE_IPCXN && transfer->is_public_only && !ccurl_address_is_public(&address->addr)) {
        transfer->address_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

bool ccurl_install_callbacks(ccurl_transfer *transfer) {
    CURL *easy = transfer->easy;
    return curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_release) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer) == CURLE_OK;
}
