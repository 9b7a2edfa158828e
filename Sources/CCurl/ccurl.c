// For pthread_setname_np.
#define _GNU_SOURCE
#include "transfer.h"

#include <pthread.h>
#include <string.h>

static pthread_once_t started = PTHREAD_ONCE_INIT;
static bool start_succeeded = false;

static void start(void) { start_succeeded = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK; }

bool ccurl_global_start(void) {
    pthread_once(&started, start);
    return start_succeeded;
}

static bool has_protocol(const curl_version_info_data *info, const char *name) {
    for (const char *const *found = info->protocols; found && *found; found += 1) {
        if (strcmp(*found, name) == 0) return true;
    }
    return false;
}

ccurl_build ccurl_build_info(void) {
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    ccurl_build build = {
        .version = info->version_num,
        .version_text = info->version,
        .tls_text = info->ssl_version,
        .default_ca_file = info->age >= CURLVERSION_SEVENTH ? info->cainfo : NULL,
        .has_tls = (info->features & CURL_VERSION_SSL) != 0,
        .has_async_dns = (info->features & CURL_VERSION_ASYNCHDNS) != 0,
        .is_thread_safe = (info->features & CURL_VERSION_THREADSAFE) != 0,
        .has_smtp = has_protocol(info, "smtp") && has_protocol(info, "smtps"),
    };
    return build;
}

void ccurl_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }
