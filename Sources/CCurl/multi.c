#include "transfer.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

struct ccurl_multi {
    CURLM *handle;
};

ccurl_multi *ccurl_multi_create(int connections) {
    ccurl_multi *multi = calloc(1, sizeof *multi);
    if (!multi) return NULL;
    multi->handle = curl_multi_init();
    if (!multi->handle
        || curl_multi_setopt(multi->handle, CURLMOPT_MAXCONNECTS, (long)connections) != CURLM_OK
        || curl_multi_setopt(multi->handle, CURLMOPT_PIPELINING, CURLPIPE_NOTHING) != CURLM_OK
        // Zero is "no limit": a transfer that libcurl queues spends its timeout unseen. The caller bounds the transfers instead.
        || curl_multi_setopt(multi->handle, CURLMOPT_MAX_TOTAL_CONNECTIONS, 0L) != CURLM_OK
        || curl_multi_setopt(multi->handle, CURLMOPT_MAX_HOST_CONNECTIONS, 0L) != CURLM_OK) {
        ccurl_multi_destroy(multi);
        return NULL;
    }
    return multi;
}

void ccurl_multi_destroy(ccurl_multi *multi) {
    if (multi->handle) curl_multi_cleanup(multi->handle);
    free(multi);
}

bool ccurl_multi_add(ccurl_multi *multi, ccurl_transfer *transfer) {
    return curl_multi_add_handle(multi->handle, transfer->easy) == CURLM_OK;
}

void ccurl_multi_remove(ccurl_multi *multi, ccurl_transfer *transfer) {
    curl_multi_remove_handle(multi->handle, transfer->easy);
}

bool ccurl_multi_work(ccurl_multi *multi) {
    int running = 0;
    return curl_multi_perform(multi->handle, &running) == CURLM_OK;
}

/// What a transfer's own flags do not say already.
static ccurl_result result_of(CURLcode code) {
    switch (code) {
    case CURLE_OK:
        return CCURL_RESULT_COMPLETE;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return CCURL_RESULT_RESOLVE;
    case CURLE_COULDNT_CONNECT:
        return CCURL_RESULT_CONNECT;
    case CURLE_OPERATION_TIMEDOUT:
        return CCURL_RESULT_TIMEOUT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
    case CURLE_USE_SSL_FAILED:
        return CCURL_RESULT_TLS;
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
        return CCURL_RESULT_RESET;
    default:
        return CCURL_RESULT_OTHER;
    }
}

ccurl_transfer *ccurl_multi_take_finished(ccurl_multi *multi, ccurl_result *result) {
    for (;;) {
        int waiting = 0;
        CURLMsg *message = curl_multi_info_read(multi->handle, &waiting);
        if (!message) return NULL;
        if (message->msg != CURLMSG_DONE) continue;
        // The message dies with the removal of its handle: read it first.
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        char *context = NULL;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &context);
        curl_multi_remove_handle(multi->handle, easy);
        ccurl_transfer *transfer = (ccurl_transfer *)(void *)context;
        if (!transfer) continue;
        if (transfer->replay_refused) {
            *result = CCURL_RESULT_REPLAY_REFUSED;
        } else if (transfer->too_large) {
            *result = CCURL_RESULT_TOO_LARGE;
        } else if (transfer->address_refused && (code == CURLE_COULDNT_CONNECT || code == CURLE_ABORTED_BY_CALLBACK)) {
            // One address may be refused and the next taken, so the flag alone does not decide.
            *result = CCURL_RESULT_ADDRESS_REFUSED;
        } else if (code == CURLE_OK && !transfer->head_ended) {
            // A connection that ends among the headers is for libcurl the end of an answer without a body.
            *result = CCURL_RESULT_RESET;
        } else {
            *result = result_of(code);
        }
        if (code != CURLE_OK && transfer->error[0] == 0) {
            strncpy(transfer->error, curl_easy_strerror(code), sizeof transfer->error - 1);
        }
        return transfer;
    }
}

void ccurl_multi_wait(ccurl_multi *multi, int milliseconds) {
    // An error here would make the loop spin.
    if (curl_multi_poll(multi->handle, NULL, 0, milliseconds, NULL) != CURLM_OK) poll(NULL, 0, 10);
}

void ccurl_multi_wakeup(ccurl_multi *multi) { curl_multi_wakeup(multi->handle); }
