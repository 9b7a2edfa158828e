/// `CurlBench load URL IN_FLIGHT SECONDS`: the load of TransportBench in C, on the same libcurl: what the transport is measured against.
///
/// One multi, one thread, `curl_multi_poll`; each easy handle is used again by `curl_easy_reset` and setting its options anew. Prints
/// one line of JSON: requests, failures, seconds, cpu (user and system seconds of the process).
#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
    CURL *easy;
    char *body;
    size_t length;
    size_t capacity;
} slot;

typedef struct {
    CURLM *multi;
    const char *url;
    struct curl_slist *headers;
    uint64_t requests;
    uint64_t failures;
} bench;

static double seconds_of(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static double now(void) { return seconds_of(CLOCK_MONOTONIC); }

static double cpu_seconds(void) { return seconds_of(CLOCK_PROCESS_CPUTIME_ID); }

static size_t on_body(char *bytes, size_t size, size_t count, void *context) {
    slot *into = context;
    size_t length = size * count;
    if (into->length + length > into->capacity) {
        size_t capacity = (into->length + length) * 2;
        char *grown = realloc(into->body, capacity);
        if (!grown) return 0;
        into->body = grown;
        into->capacity = capacity;
    }
    memcpy(into->body + into->length, bytes, length);
    into->length += length;
    return length;
}

static bool start(bench *run, slot *with) {
    with->length = 0;
    return curl_easy_setopt(with->easy, CURLOPT_URL, run->url) == CURLE_OK
        && curl_easy_setopt(with->easy, CURLOPT_HTTPGET, 1L) == CURLE_OK
        && curl_easy_setopt(with->easy, CURLOPT_HTTPHEADER, run->headers) == CURLE_OK
        && curl_easy_setopt(with->easy, CURLOPT_USERAGENT, "vpsbridge") == CURLE_OK
        && curl_easy_setopt(with->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK
        && curl_easy_setopt(with->easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK
        && curl_easy_setopt(with->easy, CURLOPT_PROXY, "") == CURLE_OK
        && curl_easy_setopt(with->easy, CURLOPT_TIMEOUT_MS, 30000L) == CURLE_OK
        && curl_easy_setopt(with->easy, CURLOPT_CONNECTTIMEOUT_MS, 5000L) == CURLE_OK
        && curl_easy_setopt(with->easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK
        && curl_easy_setopt(with->easy, CURLOPT_WRITEDATA, with) == CURLE_OK
        && curl_easy_setopt(with->easy, CURLOPT_PRIVATE, with) == CURLE_OK
        && curl_multi_add_handle(run->multi, with->easy) == CURLM_OK;
}

/// Counts what has ended and starts as many again; false when libcurl refuses.
static bool turn(bench *run) {
    CURLMsg *message;
    int waiting;
    while ((message = curl_multi_info_read(run->multi, &waiting))) {
        if (message->msg != CURLMSG_DONE) continue;
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        char *context = NULL;
        long status = 0;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &context);
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        slot *with = (slot *)(void *)context;
        run->requests += 1;
        if (code != CURLE_OK || status != 200 || with->length == 0) run->failures += 1;
        curl_multi_remove_handle(run->multi, easy);
        curl_easy_reset(easy);
        if (!start(run, with)) return false;
    }
    return true;
}

/// Runs for that long; false when libcurl fails.
static bool run_for(bench *run, double seconds) {
    double end = now() + seconds;
    do {
        int running = 0;
        if (curl_multi_perform(run->multi, &running) != CURLM_OK || !turn(run)) return false;
        if (curl_multi_poll(run->multi, NULL, 0, 1000, NULL) != CURLM_OK) return false;
    } while (now() < end);
    return true;
}

int main(int count, char **arguments) {
    if (count != 5 || strcmp(arguments[1], "load") != 0) {
        puts("usage: CurlBench load URL IN_FLIGHT SECONDS");
        return 64;
    }
    int in_flight = atoi(arguments[3]);
    double seconds = atof(arguments[4]);
    if (in_flight < 1 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return 70;
    bench run = {.multi = curl_multi_init(), .url = arguments[2]};
    run.headers = curl_slist_append(NULL, "Authorization: Bearer an-api-token-of-the-benchmark");
    slot *slots = calloc((size_t)in_flight, sizeof *slots);
    if (!run.multi || !run.headers || !slots) return 70;
    curl_multi_setopt(run.multi, CURLMOPT_MAXCONNECTS, (long)in_flight);
    for (int index = 0; index < in_flight; index += 1) {
        slots[index].easy = curl_easy_init();
        if (!slots[index].easy || !start(&run, &slots[index])) return 70;
    }
    if (!run_for(&run, 0.3)) return 70;
    double begun = now(), cpu_before = cpu_seconds();
    uint64_t before = run.requests;
    if (!run_for(&run, seconds)) return 70;
    printf(
        "{\"requests\": %llu, \"failures\": %llu, \"seconds\": %.6f, \"cpu\": %.6f}\n", (unsigned long long)(run.requests - before),
        (unsigned long long)run.failures, now() - begun, cpu_seconds() - cpu_before);
    for (int index = 0; index < in_flight; index += 1) {
        curl_multi_remove_handle(run.multi, slots[index].easy);
        curl_easy_cleanup(slots[index].easy);
        free(slots[index].body);
    }
    free(slots);
    curl_multi_cleanup(run.multi);
    curl_slist_free_all(run.headers);
    curl_global_cleanup();
    return 0;
}
