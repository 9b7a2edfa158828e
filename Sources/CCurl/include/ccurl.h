/// Typed C functions over libcurl.
///
/// `curl_easy_setopt` and `curl_easy_getinfo` are variadic, which Swift can not call. Every option that the bridge needs has a
/// function of its own here, and every libcurl callback is a C function that touches one `ccurl_transfer` and nothing else:
/// libcurl never calls Swift.
///
/// Threads: all functions on one `ccurl_multi` and on the transfers given to it belong to one thread; only `ccurl_multi_wakeup`
/// may be called from any other.
#ifndef CCURL_H
#define CCURL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#define CCURL_CLOSED_ENUM __attribute__((enum_extensibility(closed)))
#define CCURL_CASE(name) __attribute__((swift_name(#name)))
#else
#define CCURL_CLOSED_ENUM
#define CCURL_CASE(name)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/// One request and what came of it: an easy handle and its buffers; used for one request after another.
typedef struct ccurl_transfer ccurl_transfer;
/// The set of running transfers with their connections.
typedef struct ccurl_multi ccurl_multi;
/// One mail on its way.
typedef struct ccurl_mail ccurl_mail;

/// How a transfer ended, as far as the bridge tells the cases apart.
typedef enum CCURL_CLOSED_ENUM : int {
    /// A whole response arrived.
    CCURL_RESULT_COMPLETE CCURL_CASE(complete),
    /// The name of the host (or of the proxy) could not be resolved.
    CCURL_RESULT_RESOLVE CCURL_CASE(resolve),
    /// No connection could be made.
    CCURL_RESULT_CONNECT CCURL_CASE(connect),
    /// The TLS handshake failed, or the certificate is not trusted.
    CCURL_RESULT_TLS CCURL_CASE(tls),
    /// The connect or the total timeout passed.
    CCURL_RESULT_TIMEOUT CCURL_CASE(timeout),
    /// The response's header block or body went over its cap.
    CCURL_RESULT_TOO_LARGE CCURL_CASE(tooLarge),
    /// The connection was closed or broken before the whole response had arrived.
    CCURL_RESULT_RESET CCURL_CASE(reset),
    /// libcurl was about to send a request that must not be sent twice a second time; it was stopped.
    CCURL_RESULT_REPLAY_REFUSED CCURL_CASE(replayRefused),
    /// The address is not a public one, and the transfer may reach public addresses only.
    CCURL_RESULT_ADDRESS_REFUSED CCURL_CASE(addressRefused),
    /// Anything else, such as an answer that is not HTTP.
    CCURL_RESULT_OTHER CCURL_CASE(other),
} ccurl_result;

/// What this build of libcurl offers.
typedef struct {
    /// Three bytes: major, minor, patch (0x075801 is 7.88.1).
    uint32_t version;
    /// The same for people, such as `7.88.1`.
    const char *_Nonnull version_text;
    /// The TLS library, such as `OpenSSL/3.0.19`; `NULL` when there is none.
    const char *_Nullable tls_text;
    /// The certificate bundle that libcurl was built to use; `NULL` when it has none.
    const char *_Nullable default_ca_file;
    bool has_tls;
    bool has_async_dns;
    bool is_thread_safe;
    /// Whether it can send mail, with TLS too.
    bool has_smtp;
} ccurl_build;

/// Initialises libcurl for the process, once however often it is called; false when libcurl can not start.
bool ccurl_global_start(void);
/// What this build of libcurl offers.
ccurl_build ccurl_build_info(void);
/// Names the calling thread for debuggers and `ps`, in at most 15 bytes.
void ccurl_name_thread(const char *_Nonnull name);

// Transfers

/// What all requests of one driver have in common.
typedef struct {
    /// The value of `User-Agent`.
    const char *_Nonnull user_agent;
    /// A file with the trusted certificates (PEM) in place of the built-in one.
    const char *_Nullable ca_file;
    /// The proxy for every host.
    const char *_Nullable proxy;
    /// Public keys of which the server must have one, `sha256//BASE64` joined by semicolons.
    const char *_Nullable pins;
    /// The most bytes of header block that are taken; one more ends the transfer as `CCURL_RESULT_TOO_LARGE`.
    size_t header_cap;
    /// A response that, once begun, stays below that many bytes a second for that many seconds ends as
    /// `CCURL_RESULT_TIMEOUT`; 0 seconds is "never".
    long low_speed_bytes, low_speed_seconds;
} ccurl_settings;

/// The methods, in the order of their names in the shim.
typedef enum CCURL_CLOSED_ENUM : int {
    CCURL_METHOD_GET CCURL_CASE(get),
    CCURL_METHOD_HEAD CCURL_CASE(head),
    CCURL_METHOD_POST CCURL_CASE(post),
    CCURL_METHOD_PUT CCURL_CASE(put),
    CCURL_METHOD_PATCH CCURL_CASE(patch),
    CCURL_METHOD_DELETE CCURL_CASE(delete),
} ccurl_method;

/// What differs from request to request, its headers aside.
typedef struct {
    /// The URL, which must be set; sent as it is, dot segments included.
    const char *_Nullable url;
    ccurl_method method;
    /// Whether there is a body, which may be empty. A POST, PUT or PATCH without one says `Content-Length: 0`.
    bool has_body;
    const uint8_t *_Nullable body;
    size_t body_length;
    /// The limits in milliseconds, both above zero; the total counts from the moment the transfer is added to the multi.
    long total_timeout, connect_timeout;
    /// The most bytes of body that are taken; one more ends the transfer as `CCURL_RESULT_TOO_LARGE`.
    size_t body_cap;
    /// Whether libcurl may send the request again by itself when a reused connection dies without an answer.
    bool is_replayable;
    /// Refuses loopback, private, link-local, shared, multicast and reserved addresses, for new connections and for reused
    /// ones. Behind a proxy this would judge the proxy's address, the only one known here: the two can not be combined.
    bool is_public_only;
    /// Where the host leads in place of a look-up: one `HOST:PORT:ADDRESS[,ADDRESS]...` (CURLOPT_RESOLVE) and one
    /// `HOST:PORT::PORT` (CURLOPT_CONNECT_TO). The addresses stay in the multi's DNS cache until another request replaces them.
    const char *_Nullable resolve, *_Nullable connect_to;
} ccurl_request;

/// A new transfer with what never changes; `NULL` when memory is short or libcurl refuses a setting.
///
/// Set besides the settings: no signals, quick exit (a slow DNS look-up never holds the loop up), http and https only, no
/// redirects, no proxy from the environment, HTTP/1.1, TLS 1.2 or newer with both verifications, TCP keep-alive, connections
/// reused for 30 s after their last use and 300 s after their start, no compression, no `Expect`.
ccurl_transfer *_Nullable ccurl_transfer_create(uint32_t tag, const ccurl_settings *_Nonnull settings);
/// Wipes and frees a transfer that is in no multi.
void ccurl_transfer_destroy(ccurl_transfer *_Nonnull transfer);
/// The number that the transfer was created with.
uint32_t ccurl_transfer_tag(const ccurl_transfer *_Nonnull transfer);

/// Adds a header to the next request; neither name nor value may hold a line end or a NUL. False when memory is short.
bool ccurl_transfer_add_header(
    ccurl_transfer *_Nonnull transfer, const uint8_t *_Nonnull name, size_t name_length, const uint8_t *_Nullable value,
    size_t value_length);
/// Adds `Authorization: Bearer` with that token to the next request.
bool ccurl_transfer_add_bearer(ccurl_transfer *_Nonnull transfer, const uint8_t *_Nonnull token, size_t length);
/// Sets everything that differs between requests, with the headers added before; false when libcurl refuses a value, the proxy
/// and `is_public_only` are combined, or memory is short.
///
/// The request is copied, the URL's and the body's bytes too.
bool ccurl_transfer_prepare(ccurl_transfer *_Nonnull transfer, const ccurl_request *_Nonnull request);
/// Forgets the request and its answer, so that the next can be prepared; what came of it must have been read. For transfers
/// that ended with a whole response: others are destroyed.
void ccurl_transfer_recycle(ccurl_transfer *_Nonnull transfer);

/// What is measured of a transfer; taken once it has left the multi.
typedef struct {
    /// The status code once the whole header block of the final response has arrived; 0 before that.
    int status;
    /// Whether bytes of the request may have left: false proves that none did. It takes both proofs to the contrary: libcurl
    /// was let start to send, and it counts bytes sent (which alone may be those of a proxy's CONNECT).
    bool was_sent;
    /// Whether the request went over a connection that an earlier one had made.
    bool is_reused;
    /// How often libcurl was let start to send the request.
    unsigned releases;
    /// Microseconds from the start of the transfer to the end of each phase; 0 for a phase that did not take place.
    int64_t name_lookup, connect, tls, first_byte, total;
    /// Head and body of the request as they left; a proxy's CONNECT is counted with them.
    int64_t bytes_sent;
    /// Head and body of the response as they were taken in; interim responses and trailers included.
    int64_t bytes_received;
} ccurl_report;
/// What is measured of the transfer.
ccurl_report ccurl_transfer_report(const ccurl_transfer *_Nonnull transfer);
/// The header lines of the final response as received, status line first; valid until the transfer is recycled.
const uint8_t *_Nullable ccurl_transfer_headers(const ccurl_transfer *_Nonnull transfer, size_t *_Nonnull length);
/// The body as received; valid until the transfer is recycled.
const uint8_t *_Nullable ccurl_transfer_body(const ccurl_transfer *_Nonnull transfer, size_t *_Nonnull length);
/// What libcurl says of the failure; may be empty.
const char *_Nonnull ccurl_transfer_error(const ccurl_transfer *_Nonnull transfer);

/// Whether the address, in the form that `inet_pton` reads, is globally reachable by IANA's special-purpose registries.
bool ccurl_address_text_is_public(const char *_Nullable text);

// The multi

/// A multi that keeps at most that many idle connections and never makes a transfer wait; `NULL` when memory is short.
ccurl_multi *_Nullable ccurl_multi_create(int connections);
/// Closes all connections and frees the multi; no transfer may be in it.
void ccurl_multi_destroy(ccurl_multi *_Nonnull multi);
/// Starts a transfer; false when libcurl refuses it, which leaves it outside.
bool ccurl_multi_add(ccurl_multi *_Nonnull multi, ccurl_transfer *_Nonnull transfer);
/// Takes a transfer out, ending it if it runs; its connection is closed unless the response was complete.
void ccurl_multi_remove(ccurl_multi *_Nonnull multi, ccurl_transfer *_Nonnull transfer);
/// Does the work that is possible now, without blocking; false on an error of the multi itself.
bool ccurl_multi_work(ccurl_multi *_Nonnull multi);
/// The next finished transfer, which is then outside the multi; `NULL` when there is none.
ccurl_transfer *_Nullable ccurl_multi_take_finished(ccurl_multi *_Nonnull multi, ccurl_result *_Nonnull result);
/// Waits for work, for a wake-up, for libcurl's own next timeout or for that many milliseconds.
void ccurl_multi_wait(ccurl_multi *_Nonnull multi, int milliseconds);
/// Ends the present or the next wait; the one function that any thread may call.
void ccurl_multi_wakeup(ccurl_multi *_Nonnull multi);

// Mail

/// Where a mail goes and by whom it is sent; all of it is copied.
typedef struct {
    /// `smtp://HOST:PORT` or `smtps://HOST:PORT`, which must be set.
    const char *_Nullable url;
    /// The address of the envelope's sender, which must be set.
    const char *_Nullable sender;
    const char *_Nullable user, *_Nullable password;
    /// A file with the trusted certificates (PEM) in place of the built-in one.
    const char *_Nullable ca_file;
    /// Whether a server that does not offer STARTTLS gets nothing, credentials included; for `smtp` only.
    bool requires_tls;
    /// Whether a mail goes to the others when the server refuses some of its recipients.
    bool allows_refused_recipients;
    /// In milliseconds, both above zero; the second holds until the server has been greeted and the login is over.
    long total_timeout, connect_timeout;
} ccurl_mail_settings;

/// What became of a mail.
typedef enum CCURL_CLOSED_ENUM : int {
    /// The server took it.
    CCURL_MAIL_DELIVERED CCURL_CASE(delivered),
    /// The server refused it, with `code`.
    CCURL_MAIL_REFUSED CCURL_CASE(refused),
    /// Its end can not have reached the server, which therefore drops it.
    CCURL_MAIL_NOT_SENT CCURL_CASE(notSent),
    /// All of it was handed over and no reply came.
    CCURL_MAIL_UNKNOWN CCURL_CASE(unknown),
} ccurl_mail_result;

typedef struct {
    ccurl_mail_result result;
    /// What stood in the way, where nothing was refused.
    ccurl_result why;
    bool is_cancelled;
    /// The code of the server's last reply, 200 to 599; 0 without any.
    int code;
    /// The server's last reply; may be empty; valid as long as the mail.
    const char *_Nonnull reply;
    /// What libcurl says of the failure; may be empty; valid as long as the mail.
    const char *_Nonnull error;
} ccurl_mail_report;

/// A mail without recipients and content; `NULL` when memory is short or libcurl refuses a value.
///
/// Set besides the settings: no proxy, no `.netrc`, TLS 1.2 or newer with both verifications, no signals.
ccurl_mail *_Nullable ccurl_mail_create(const ccurl_mail_settings *_Nonnull settings);
/// Adds a recipient, copied; false when memory is short. The address holds no line end and no NUL.
bool ccurl_mail_add_recipient(ccurl_mail *_Nonnull mail, const char *_Nonnull address);
/// Sets headers and body, copied; lines end with CR LF. libcurl doubles leading dots. False when memory is short.
bool ccurl_mail_set_content(ccurl_mail *_Nonnull mail, const uint8_t *_Nonnull bytes, size_t length);
/// Sends the mail over a connection of its own and waits for what comes of it; once for each mail.
ccurl_mail_report ccurl_mail_perform(ccurl_mail *_Nonnull mail);
/// Ends a mail that is being sent, within a second; the one function that any thread may call while the mail lives.
void ccurl_mail_cancel(ccurl_mail *_Nonnull mail);
/// Wipes and frees it.
void ccurl_mail_destroy(ccurl_mail *_Nonnull mail);

#ifdef __cplusplus
}
#endif

#endif
