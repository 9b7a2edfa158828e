// The life of a transfer, and the options that never change.
#include "transfer.h"

#include <stdlib.h>
#include <string.h>

/// The options that every transfer has, whatever the settings say; a function that sets them all or says false.
static bool set_defaults(ccurl_transfer *transfer) {
    return ccurl_set_long(transfer, CURLOPT_NOSIGNAL, 1)
        && ccurl_set_long(transfer, CURLOPT_QUICK_EXIT, 1)
        && ccurl_set_text(transfer, CURLOPT_PROTOCOLS_STR, "http,https")
        && ccurl_set_long(transfer, CURLOPT_FOLLOWLOCATION, 0)
        // Empty, not unset: unset would obey http_proxy and hand the token to whoever set it.
        && ccurl_set_text(transfer, CURLOPT_PROXY, "")
        && ccurl_set_text(transfer, CURLOPT_NOPROXY, "")
        && ccurl_set_long(transfer, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        // HTTP/2 in 7.88 fails every second request on a connection (curl issue 10634) and brings no speed.
        && ccurl_set_long(transfer, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        && ccurl_set_long(transfer, CURLOPT_HTTP09_ALLOWED, 0)
        && ccurl_set_long(transfer, CURLOPT_PATH_AS_IS, 1)
        // The least. libcurl hands TLS that much at a time: one record, which is readable as a whole or not at all, so that "no
        // byte counted as sent" also means that the server can have read none.
        && ccurl_set_long(transfer, CURLOPT_UPLOAD_BUFFERSIZE, 16384)
        // Most answers are smaller, and libcurl allocates this for each transfer anew: the default of 16 KiB lies beyond what
        // malloc hands out quickly.
        && ccurl_set_long(transfer, CURLOPT_BUFFERSIZE, 8192)
        && ccurl_set_long(transfer, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        && ccurl_set_long(transfer, CURLOPT_SSL_VERIFYPEER, 1)
        && ccurl_set_long(transfer, CURLOPT_SSL_VERIFYHOST, 2)
        // The default of a day would keep a replaced bundle from being seen.
        && ccurl_set_long(transfer, CURLOPT_CA_CACHE_TIMEOUT, 3600)
        && ccurl_set_long(transfer, CURLOPT_TCP_KEEPALIVE, 1)
        // Below the 75 s after which nginx drops an idle connection; the default of 118 s reuses dead ones.
        && ccurl_set_long(transfer, CURLOPT_MAXAGE_CONN, 30)
        && ccurl_set_long(transfer, CURLOPT_MAXLIFETIME_CONN, 300)
        && curl_easy_setopt(transfer->easy, CURLOPT_ERRORBUFFER, transfer->error) == CURLE_OK
        && curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer) == CURLE_OK
        && ccurl_install_callbacks(transfer);
}

static bool set_settings(ccurl_transfer *transfer, const ccurl_settings *settings) {
    transfer->head_cap = settings->header_cap;
    transfer->low_speed_bytes = settings->low_speed_seconds > 0 ? settings->low_speed_bytes : 0;
    transfer->has_proxy = settings->proxy != NULL;
    return ccurl_set_text(transfer, CURLOPT_USERAGENT, settings->user_agent)
        // The limit itself is set when the response has begun, see on_header.
        && ccurl_set_long(transfer, CURLOPT_LOW_SPEED_TIME, settings->low_speed_seconds)
        // Without its folder too: Debian's libcurl has both, and would go on to trust what the system trusts.
        && (!settings->ca_file
            || (ccurl_set_text(transfer, CURLOPT_CAINFO, settings->ca_file) && ccurl_set_text(transfer, CURLOPT_CAPATH, NULL)))
        && (!settings->pins || ccurl_set_text(transfer, CURLOPT_PINNEDPUBLICKEY, settings->pins))
        && (!settings->proxy || ccurl_set_text(transfer, CURLOPT_PROXY, settings->proxy));
}

ccurl_transfer *ccurl_transfer_create(uint32_t tag, const ccurl_settings *settings) {
    ccurl_transfer *transfer = calloc(1, sizeof *transfer);
    if (!transfer) return NULL;
    transfer->tag = tag;
    transfer->easy = curl_easy_init();
    if (!transfer->easy || !set_defaults(transfer) || !set_settings(transfer, settings)) {
        ccurl_transfer_destroy(transfer);
        return NULL;
    }
    return transfer;
}

void ccurl_transfer_destroy(ccurl_transfer *transfer) {
    if (transfer->easy) curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->resolve);
    curl_slist_free_all(transfer->connect_to);
    free(transfer->nodes);
    ccurl_buffer_free(&transfer->lines);
    ccurl_buffer_free(&transfer->upload);
    ccurl_buffer_free(&transfer->body);
    ccurl_buffer_free(&transfer->head);
    free(transfer);
}

uint32_t ccurl_transfer_tag(const ccurl_transfer *transfer) { return transfer->tag; }

void ccurl_transfer_recycle(ccurl_transfer *transfer) {
    ccurl_buffer_wipe(&transfer->lines);
    transfer->line_count = 0;
    transfer->has_content_type = false;
    ccurl_buffer_wipe(&transfer->upload);
    ccurl_buffer_wipe(&transfer->body);
    ccurl_buffer_wipe(&transfer->head);
    transfer->head_seen = 0;
    transfer->head_ended = false;
    transfer->releases = 0;
    transfer->replay_refused = false;
    transfer->address_refused = false;
    transfer->too_large = false;
    transfer->error[0] = 0;
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
