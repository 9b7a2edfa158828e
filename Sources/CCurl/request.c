// What differs from request to request. Every option that any request sets is set for each, so that nothing of one request can
// be left for the next.
#include "transfer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const method_names[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};

static bool add_line(ccurl_transfer *transfer, const char *line) {
    transfer->line_count += 1;
    return ccurl_buffer_append(&transfer->lines, line, strlen(line) + 1);
}

static bool is_blank(uint8_t byte) { return byte == ' ' || byte == '\t'; }

bool ccurl_transfer_add_header(
    ccurl_transfer *transfer, const uint8_t *name, size_t name_length, const uint8_t *value, size_t value_length) {
    static const char type[] = "content-type";
    if (name_length == sizeof type - 1 && strncasecmp((const char *)name, type, name_length) == 0) {
        transfer->has_content_type = true;
    }
    transfer->line_count += 1;
    ccurl_buffer *lines = &transfer->lines;
    // Blanks around a value mean nothing (RFC 9110, 5.5), and of a value of blanks libcurl would send nothing at all.
    while (value_length > 0 && is_blank(value[0])) value += 1, value_length -= 1;
    while (value_length > 0 && is_blank(value[value_length - 1])) value_length -= 1;
    // libcurl reads "Name:" as "do not send Name", and "Name;" as an empty value.
    if (value_length == 0) return ccurl_buffer_append(lines, name, name_length) && ccurl_buffer_append(lines, ";", 2);
    return ccurl_buffer_append(lines, name, name_length)
        && ccurl_buffer_append(lines, ": ", 2)
        && ccurl_buffer_append(lines, value, value_length)
        && ccurl_buffer_append(lines, "", 1);
}

bool ccurl_transfer_add_bearer(ccurl_transfer *transfer, const uint8_t *token, size_t length) {
    static const char start[] = "Authorization: Bearer ";
    transfer->line_count += 1;
    return ccurl_buffer_append(&transfer->lines, start, sizeof start - 1)
        && ccurl_buffer_append(&transfer->lines, token, length)
        && ccurl_buffer_append(&transfer->lines, "", 1);
}

/// Strings the lines together as libcurl wants them; the lines must not move after that.
static bool set_lines(ccurl_transfer *transfer) {
    size_t count = transfer->line_count;
    if (count > transfer->node_capacity) {
        struct curl_slist *nodes = calloc(count, sizeof *nodes);
        if (!nodes) return false;
        free(transfer->nodes);
        transfer->nodes = nodes;
        transfer->node_capacity = count;
    }
    char *line = (char *)transfer->lines.bytes;
    for (size_t index = 0; index < count; index += 1) {
        transfer->nodes[index].data = line;
        transfer->nodes[index].next = index + 1 < count ? &transfer->nodes[index + 1] : NULL;
        line += strlen(line) + 1;
    }
    struct curl_slist *first = count > 0 ? transfer->nodes : NULL;
    return curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, first) == CURLE_OK;
}

/// Whether libcurl has to treat the request as one with a body, be it empty.
static bool is_upload(const ccurl_request *request) {
    return request->has_body || request->method == CCURL_METHOD_POST || request->method == CCURL_METHOD_PUT
        || request->method == CCURL_METHOD_PATCH;
}

static bool set_method(ccurl_transfer *transfer, const ccurl_request *request) {
    CURL *easy = transfer->easy;
    bool is_post = is_upload(request);
    bool is_plain_get = request->method == CCURL_METHOD_GET && !is_post;
    if (is_plain_get && transfer->is_plain_get) return true;
    transfer->is_plain_get = false;
    // A HEAD with a body would make libcurl wait for the answer's body for ever.
    if (request->method == CCURL_METHOD_HEAD && request->has_body) return false;
    bool has_own_name = is_post || request->method == CCURL_METHOD_DELETE;
    const char *name = has_own_name ? method_names[request->method] : NULL;
    const char *body = is_post ? (request->body_length > 0 ? (const char *)transfer->upload.bytes : "") : NULL;
    // The body first, since it makes a POST of the request; the size before the body, since without it libcurl takes the
    // length up to the first NUL.
    if (curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(is_post ? request->body_length : 0)) != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body) != CURLE_OK
        || !ccurl_set_long(transfer, is_post ? CURLOPT_POST : CURLOPT_HTTPGET, 1)
        || (request->method == CCURL_METHOD_HEAD && !ccurl_set_long(transfer, CURLOPT_NOBODY, 1))
        || curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, name) != CURLE_OK) return false;
    transfer->is_plain_get = is_plain_get;
    return true;
}

static bool set_list(ccurl_transfer *transfer, CURLoption option, struct curl_slist **list, const char *line) {
    if (!line && !*list) return true;
    curl_slist_free_all(*list);
    *list = line ? curl_slist_append(NULL, line) : NULL;
    return (*list || !line) && curl_easy_setopt(transfer->easy, option, *list) == CURLE_OK;
}

bool ccurl_transfer_prepare(ccurl_transfer *transfer, const ccurl_request *request) {
    if (!request->url || (request->is_public_only && transfer->has_proxy)) return false;
    transfer->body_cap = request->body_cap;
    transfer->is_replayable = request->is_replayable;
    transfer->is_public_only = request->is_public_only;
    if (is_upload(request)) {
        // libcurl would ask whether to go on before a large body, and call every body without a type a web form.
        if (!add_line(transfer, "Expect:")) return false;
        if (!transfer->has_content_type && !add_line(transfer, "Content-Type:")) return false;
        if (!ccurl_buffer_append(&transfer->upload, request->body, request->body_length)) return false;
    }
    if (transfer->is_watched && !ccurl_set_long(transfer, CURLOPT_LOW_SPEED_LIMIT, 0)) return false;
    transfer->is_watched = false;
    return curl_easy_setopt(transfer->easy, CURLOPT_URL, request->url) == CURLE_OK
        && set_method(transfer, request)
        && set_list(transfer, CURLOPT_RESOLVE, &transfer->resolve, request->resolve)
        && set_list(transfer, CURLOPT_CONNECT_TO, &transfer->connect_to, request->connect_to)
        && ccurl_set_long(transfer, CURLOPT_TIMEOUT_MS, request->total_timeout)
        && ccurl_set_long(transfer, CURLOPT_CONNECTTIMEOUT_MS, request->connect_timeout)
        && set_lines(transfer);
}
