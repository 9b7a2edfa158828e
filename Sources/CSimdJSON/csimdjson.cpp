#include "csimdjson.h"

#include <memory>
#include <new>
#include <simdjson.h>

namespace {

/// How deep a document may be nested for the parser itself; callers have smaller limits of their own.
constexpr size_t maxDepth = 1000;
constexpr size_t smallestCapacity = 4096;
/// The largest capacity, in bytes of JSON, that a thread keeps.
constexpr size_t keptCapacity = 65536;

/// One thread's parser and the padded copy of its document.
struct Parser {
    simdjson::dom::parser parser;
    std::unique_ptr<uint8_t[]> padded;
    size_t capacity = 0;

    csimdjson_result reserve(size_t length) {
        if (padded && length <= capacity) return CSIMDJSON_OK;
        size_t wanted = smallestCapacity;
        while (wanted < length) {
            if (wanted > SIZE_MAX / 2) return CSIMDJSON_NO_MEMORY;
            wanted *= 2;
        }
        capacity = 0;
        padded.reset(new (std::nothrow) uint8_t[wanted + simdjson::SIMDJSON_PADDING]);
        if (!padded) return CSIMDJSON_NO_MEMORY;
        if (parser.allocate(wanted, maxDepth) != simdjson::SUCCESS) return CSIMDJSON_NO_MEMORY;
        if (parser.doc.allocate(wanted) != simdjson::SUCCESS) return CSIMDJSON_NO_MEMORY;
        capacity = wanted;
        return CSIMDJSON_OK;
    }
};

thread_local std::unique_ptr<Parser> current;

csimdjson_result parse(const uint8_t *bytes, size_t length, csimdjson_tape *tape) {
    if (!current) current.reset(new (std::nothrow) Parser());
    if (!current) return CSIMDJSON_NO_MEMORY;
    if (const csimdjson_result result = current->reserve(length); result != CSIMDJSON_OK) {
        current.reset();
        return result;
    }
    uint8_t *padded = current->padded.get();
    if (length > 0) memcpy(padded, bytes, length);
    memset(padded + length, 0, simdjson::SIMDJSON_PADDING);
    const simdjson::error_code error = current->parser.parse(padded, length, false).error();
    if (error == simdjson::MEMALLOC) return CSIMDJSON_NO_MEMORY;
    if (error != simdjson::SUCCESS) return CSIMDJSON_REFUSED;
    tape->words = current->parser.doc.tape.get();
    tape->strings = current->parser.doc.string_buf.get();
    return CSIMDJSON_OK;
}

}  // namespace

csimdjson_result csimdjson_parse(const uint8_t *bytes, size_t length, csimdjson_tape *tape) {
    tape->words = nullptr;
    tape->strings = nullptr;
    // The calls above report errors by value; this is for what their implementation may throw nevertheless.
    try {
        return parse(bytes, length, tape);
    } catch (...) {
        current.reset();
        return CSIMDJSON_NO_MEMORY;
    }
}

void csimdjson_trim(void) {
    if (current && current->capacity > keptCapacity) current.reset();
}
