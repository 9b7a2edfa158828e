// One mail by SMTP, sent on the calling thread.
// For explicit_bzero.
#define _DEFAULT_SOURCE
#include "include/ccurl.h"

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/// How long the server may take to say goodbye: what became of the mail is known by then.
static const int64_t goodbye_milliseconds = 2000;

struct ccurl_mail {
    CURL *easy;
    struct curl_slist *recipients;
    uint8_t *content;
    size_t length, offset;
    /// libcurl has been handed everything and was told that this was all: the mark that ends a mail may be on its way.
    bool is_complete;
    /// Nothing but this is touched by another thread than the one that performs.
    atomic_bool is_cancelled;
    /// When QUIT was sent; 0 before that.
    int64_t leaving_at;
    /// The server's last reply but the one to QUIT.
    int code;
    char reply[512];
    char error[CURL_ERROR_SIZE];
};

static size_t on_content(char *buffer, size_t size, size_t count, void *context) {
    ccurl_mail *mail = context;
    if (atomic_load(&mail->is_cancelled)) return CURL_READFUNC_ABORT;
    size_t left = mail->length - mail->offset;
    size_t taken = size * count < left ? size * count : left;
    if (taken > 0) memcpy(buffer, mail->content + mail->offset, taken);
    mail->offset += taken;
    if (mail->offset == mail->length) mail->is_complete = true;
    return taken;
}

/// Every line that the server says: `250-SIZE 1000`, `250 OK`; the last line of a reply has no hyphen.
static size_t on_reply(char *bytes, size_t size, size_t count, void *context) {
    ccurl_mail *mail = context;
    size_t length = size * count;
    bool has_code = length >= 3 && bytes[0] >= '2' && bytes[0] <= '5' && bytes[1] >= '0' && bytes[1] <= '9' && bytes[2] >= '0'
        && bytes[2] <= '9';
    if (!has_code || (length > 3 && bytes[3] == '-')) return length;
    if (mail->leaving_at > 0) return length;
    mail->code = (bytes[0] - '0') * 100 + (bytes[1] - '0') * 10 + (bytes[2] - '0');
    size_t kept = length < sizeof mail->reply ? length : sizeof mail->reply - 1;
    while (kept > 0 && (bytes[kept - 1] == '\n' || bytes[kept - 1] == '\r')) kept -= 1;
    memcpy(mail->reply, bytes, kept);
    mail->reply[kept] = 0;
    return length;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context) {
    (void)bytes;
    (void)context;
    return size * count;
}

static int64_t milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + 1;
}

/// Sees QUIT leave: libcurl waits for its answer by a timeout that no option for the transfer bounds.
static int on_debug(CURL *easy, curl_infotype type, char *bytes, size_t length, void *context) {
    (void)easy;
    ccurl_mail *mail = context;
    if (type == CURLINFO_HEADER_OUT && length >= 4 && memcmp(bytes, "QUIT", 4) == 0) mail->leaving_at = milliseconds();
    return 0;
}

static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    (void)a, (void)b, (void)c, (void)d;
    ccurl_mail *mail = context;
    bool waits = mail->leaving_at > 0 && milliseconds() - mail->leaving_at > goodbye_milliseconds;
    return waits || atomic_load(&mail->is_cancelled) ? 1 : 0;
}

static bool set_long(CURL *easy, CURLoption option, long value) { return curl_easy_setopt(easy, option, value) == CURLE_OK; }
static bool set_text(CURL *easy, CURLoption option, const char *value) { return curl_easy_setopt(easy, option, value) == CURLE_OK; }

static bool set_defaults(ccurl_mail *mail) {
    CURL *easy = mail->easy;
    return set_long(easy, CURLOPT_NOSIGNAL, 1)
        && set_long(easy, CURLOPT_QUICK_EXIT, 1)
        && set_text(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        // Empty, not unset: unset would obey the environment.
        && set_text(easy, CURLOPT_PROXY, "")
        && set_text(easy, CURLOPT_NOPROXY, "")
        && set_long(easy, CURLOPT_NETRC, CURL_NETRC_IGNORED)
        && set_long(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        && set_long(easy, CURLOPT_SSL_VERIFYPEER, 1)
        && set_long(easy, CURLOPT_SSL_VERIFYHOST, 2)
        && set_long(easy, CURLOPT_UPLOAD, 1)
        // Kept open, the connection would be closed by a handle of libcurl's own, which waits 120 s for the answer to QUIT.
        && set_long(easy, CURLOPT_FORBID_REUSE, 1)
        && set_long(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, 25)
        // Without it the debug function is not called; nothing is printed.
        && set_long(easy, CURLOPT_VERBOSE, 1)
        && curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_debug) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_DEBUGDATA, mail) == CURLE_OK
        && set_long(easy, CURLOPT_NOPROGRESS, 0)
        && curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_XFERINFODATA, mail) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_content) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_READDATA, mail) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_reply) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_HEADERDATA, mail) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, mail->error) == CURLE_OK;
}

ccurl_mail *ccurl_mail_create(const ccurl_mail_settings *settings) {
    ccurl_mail *mail = calloc(1, sizeof *mail);
    if (!mail) return NULL;
    atomic_init(&mail->is_cancelled, false);
    mail->easy = curl_easy_init();
    if (!mail->easy || !set_defaults(mail)
        || !set_text(mail->easy, CURLOPT_URL, settings->url)
        || !set_text(mail->easy, CURLOPT_MAIL_FROM, settings->sender)
        || !set_long(mail->easy, CURLOPT_USE_SSL, settings->requires_tls ? CURLUSESSL_ALL : CURLUSESSL_NONE)
        || !set_long(mail->easy, CURLOPT_TIMEOUT_MS, settings->total_timeout)
        || !set_long(mail->easy, CURLOPT_CONNECTTIMEOUT_MS, settings->connect_timeout)
        || !set_long(mail->easy, CURLOPT_MAIL_RCPT_ALLLOWFAILS, settings->allows_refused_recipients ? 1 : 0)
        || (settings->user && !set_text(mail->easy, CURLOPT_USERNAME, settings->user))
        || (settings->password && !set_text(mail->easy, CURLOPT_PASSWORD, settings->password))
        || (settings->ca_file
            && !(set_text(mail->easy, CURLOPT_CAINFO, settings->ca_file) && set_text(mail->easy, CURLOPT_CAPATH, NULL)))) {
        ccurl_mail_destroy(mail);
        return NULL;
    }
    return mail;
}

bool ccurl_mail_add_recipient(ccurl_mail *mail, const char *address) {
    struct curl_slist *grown = curl_slist_append(mail->recipients, address);
    if (!grown) return false;
    mail->recipients = grown;
    return true;
}

bool ccurl_mail_set_content(ccurl_mail *mail, const uint8_t *bytes, size_t length) {
    free(mail->content);
    mail->content = malloc(length > 0 ? length : 1);
    if (!mail->content) return false;
    if (length > 0) memcpy(mail->content, bytes, length);
    mail->length = length;
    return true;
}

void ccurl_mail_cancel(ccurl_mail *mail) { atomic_store(&mail->is_cancelled, true); }

static ccurl_mail_result result_of(const ccurl_mail *mail, CURLcode code) {
    if (code == CURLE_OK) return CCURL_MAIL_DELIVERED;
    // A reply that refuses is certain, also of the whole mail.
    if (mail->code >= 400 && code != CURLE_ABORTED_BY_CALLBACK && code != CURLE_OPERATION_TIMEDOUT) return CCURL_MAIL_REFUSED;
    if (mail->is_complete) return CCURL_MAIL_UNKNOWN;
    return CCURL_MAIL_NOT_SENT;
}

static ccurl_result why(CURLcode code) {
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST: return CCURL_RESULT_RESOLVE;
    case CURLE_COULDNT_CONNECT: return CCURL_RESULT_CONNECT;
    case CURLE_OPERATION_TIMEDOUT: return CCURL_RESULT_TIMEOUT;
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE: return CCURL_RESULT_TLS;
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE: return CCURL_RESULT_RESET;
    default: return CCURL_RESULT_OTHER;
    }
}

ccurl_mail_report ccurl_mail_perform(ccurl_mail *mail) {
    ccurl_mail_report report = {.result = CCURL_MAIL_NOT_SENT, .why = CCURL_RESULT_OTHER, .reply = mail->reply, .error = mail->error};
    if (curl_easy_setopt(mail->easy, CURLOPT_MAIL_RCPT, mail->recipients) != CURLE_OK) return report;
    CURLcode code = curl_easy_perform(mail->easy);
    report.result = result_of(mail, code);
    report.why = why(code);
    report.is_cancelled = atomic_load(&mail->is_cancelled);
    report.code = mail->code;
    return report;
}

void ccurl_mail_destroy(ccurl_mail *mail) {
    if (mail->easy) curl_easy_cleanup(mail->easy);
    curl_slist_free_all(mail->recipients);
    if (mail->content) explicit_bzero(mail->content, mail->length);
    free(mail->content);
    free(mail);
}
