// What is measured of a transfer.
#include "transfer.h"

static int64_t number(const ccurl_transfer *transfer, CURLINFO info) {
    curl_off_t value = 0;
    return curl_easy_getinfo(transfer->easy, info, &value) == CURLE_OK && value > 0 ? (int64_t)value : 0;
}

static long count(const ccurl_transfer *transfer, CURLINFO info) {
    long value = 0;
    return curl_easy_getinfo(transfer->easy, info, &value) == CURLE_OK && value > 0 ? value : 0;
}

ccurl_report ccurl_transfer_report(const ccurl_transfer *transfer) {
    int64_t requests = count(transfer, CURLINFO_REQUEST_SIZE);
    int64_t uploaded = number(transfer, CURLINFO_SIZE_UPLOAD_T);
    long status = transfer->head_ended ? count(transfer, CURLINFO_RESPONSE_CODE) : 0;
    bool has_connected = count(transfer, CURLINFO_NUM_CONNECTS) > 0;
    ccurl_report report = {
        .status = status >= 200 && status <= 999 ? (int)status : 0,
        .was_sent = transfer->releases > 0 && requests > 0,
        .is_reused = transfer->releases > 0 && !has_connected,
        .releases = transfer->releases,
        .first_byte = number(transfer, CURLINFO_STARTTRANSFER_TIME_T),
        .total = number(transfer, CURLINFO_TOTAL_TIME_T),
        // libcurl 7.88 counts a body that left together with the head (below 64 KiB) as request and as upload, a later one as
        // upload alone; 8.x counts every body as both. The head is below 64 KiB.
        .bytes_sent = transfer->releases == 0 ? 0 : uploaded < requests ? requests : requests + uploaded,
        .bytes_received = (int64_t)(transfer->head_seen + transfer->body.length),
    };
    // Without a connection of its own the transfer has the times at which libcurl took one from its pool.
    if (!report.is_reused) {
        report.name_lookup = number(transfer, CURLINFO_NAMELOOKUP_TIME_T);
        report.connect = number(transfer, CURLINFO_CONNECT_TIME_T);
        report.tls = number(transfer, CURLINFO_APPCONNECT_TIME_T);
    }
    return report;
}
