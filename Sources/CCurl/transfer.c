#include "transfer.h"

#include <stdlib.h>
#include <string.h>

static bool set_long(ccurl_transfer *transfer, CURLoption option, long value) {
    return curl_easy_setopt(transfer->easy, option, value) == CURLE_OK;
}

static bool set_text(ccurl_transfer *transfer, CURLoption option, const char *value) {
    return curl_easy_setopt(transfer->easy, option, value) == CURLE_OK;
}

/// The options of every request; a function that sets them all or says false.
static bool set_defaults(ccurl_transfer *transfer) {
    return set_long(transfer, CURLOPT_NOSIGNAL, 1)
        && set_long(transfer, CURLOPT_QUICK_EXIT, 1)
        && set_text(transfer, CURLOPT_PROTOCOLS_STR, "http,https")
        && set_long(transfer, CURLOPT_FOLLOWLOCATION, 0)
        // Empty, not unset: unset would obey http_proxy and hand the token to whoever set it.
        && set_text(transfer, CURLOPT_PROXY, "")
        && set_text(transfer, CURLOPT_NOPROXY, "")
        && set_long(transfer, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        // HTTP/2 in 7.88 fails every second request on a connection (curl issue 10634) and brings no speed.
        && set_long(transfer, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        && set_long(transfer, CURLOPT_HTTP09_ALLOWED, 0)
        && set_long(transfer, CURLOPT_PATH_AS_IS, 1)
        // The least. libcurl hands TLS that much at a time: one record, which is readable as a whole or not at all, so that "no
        // byte counted as sent" also means that the server can have read none.
        && set_long(transfer, CURLOPT_UPLOAD_BUFFERSIZE, 16384)
        && set_long(transfer, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        && set_long(transfer, CURLOPT_SSL_VERIFYPEER, 1)
        && set_long(transfer, CURLOPT_SSL_VERIFYHOST, 2)
        // The default of a day would keep a replaced bundle from being seen.
        && set_long(transfer, CURLOPT_CA_CACHE_TIMEOUT, 3600)
        && set_long(transfer, CURLOPT_TCP_KEEPALIVE, 1)
        // Below the 75 s after which nginx drops an idle connection; the default of 118 s reuses dead ones.
        && set_long(transfer, CURLOPT_MAXAGE_CONN, 30)
        && set_long(transfer, CURLOPT_MAXLIFETIME_CONN, 300)
        && curl_easy_setopt(transfer->easy, CURLOPT_ERRORBUFFER, transfer->error) == CURLE_OK
        && curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer) == CURLE_OK
        && ccurl_install_callbacks(transfer)
        && ccurl_add_header(transfer, "Expect:");
}

ccurl_transfer *ccurl_transfer_create(uint64_t tag) {
    ccurl_transfer *transfer = calloc(1, sizeof *transfer);
    if (!transfer) return NULL;
    transfer->tag = tag;
    transfer->easy = curl_easy_init();
    if (!transfer->easy || !set_defaults(transfer)) {
        ccurl_transfer_destroy(transfer);
        return NULL;
    }
    return transfer;
}

void ccurl_transfer_destroy(ccurl_transfer *transfer) {
    if (transfer->easy) curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    free(transfer->body.bytes);
    free(transfer->head.bytes);
    free(transfer);
}

uint64_t ccurl_transfer_tag(const ccurl_transfer *transfer) { return transfer->tag; }

bool ccurl_set_url(ccurl_transfer *transfer, const char *url) { return set_text(transfer, CURLOPT_URL, url); }

bool ccurl_set_method(ccurl_transfer *transfer, const char *method, const uint8_t *body, size_t length) {
    bool is_get = strcmp(method, "GET") == 0;
    bool is_head = strcmp(method, "HEAD") == 0;
    if (!body && is_get) return set_long(transfer, CURLOPT_HTTPGET, 1);
    if (!body && is_head) return set_long(transfer, CURLOPT_NOBODY, 1);
    if (!body && strcmp(method, "DELETE") == 0) return set_text(transfer, CURLOPT_CUSTOMREQUEST, method);
    // A HEAD with a body would make libcurl wait for the answer's body for ever.
    if (is_head) return false;
    // The size first: without it libcurl takes the length up to the first NUL.
    return curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length) == CURLE_OK
        && curl_easy_setopt(transfer->easy, CURLOPT_COPYPOSTFIELDS, body ? (const char *)body : "") == CURLE_OK
        && set_text(transfer, CURLOPT_CUSTOMREQUEST, method);
}

bool ccurl_add_header(ccurl_transfer *transfer, const char *line) {
    struct curl_slist *longer = curl_slist_append(transfer->headers, line);
    if (!longer) return false;
    transfer->headers = longer;
    return curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, longer) == CURLE_OK;
}

bool ccurl_set_timeouts(ccurl_transfer *transfer, int64_t total, int64_t connect) {
    return set_long(transfer, CURLOPT_TIMEOUT_MS, (long)total) && set_long(transfer, CURLOPT_CONNECTTIMEOUT_MS, (long)connect);
}

void ccurl_set_caps(ccurl_transfer *transfer, size_t body, size_t headers) {
    transfer->body_cap = body;
    transfer->head_cap = headers;
}

void ccurl_set_replayable(ccurl_transfer *transfer, bool replayable) { transfer->is_replayable = replayable; }

void ccurl_set_public_only(ccurl_transfer *transfer) { transfer->is_public_only = true; }

bool ccurl_set_ca_file(ccurl_transfer *transfer, const char *path) { return set_text(transfer, CURLOPT_CAINFO, path); }

bool ccurl_set_proxy(ccurl_transfer *transfer, const char *url) { return set_text(transfer, CURLOPT_PROXY, url); }

bool ccurl_set_user_agent(ccurl_transfer *transfer, const char *text) {
    return set_text(transfer, CURLOPT_USERAGENT, text);
}

const uint8_t *ccurl_transfer_headers(const ccurl_transfer *transfer, size_t *length) {
    *length = transfer->head.length;
    return transfer->head.bytes;
}

const uint8_t *ccurl_transfer_body(const ccurl_transfer *transfer, size_t *length) {
    *length = transfer->body.length;
    return transfer->body.bytes;
}

const char *ccurl_transfer_error(const ccurl_transfer *transfer) { return transfer->error; }
