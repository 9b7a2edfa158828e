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

/// A parser and the padded copy of its document.
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

    csimdjson_result parse(const uint8_t *bytes, size_t length, csimdjson_tape *tape) {
        if (const csimdjson_result result = reserve(length); result != CSIMDJSON_OK) return result;
        uint8_t *copy = padded.get();
        if (length > 0) memcpy(copy, bytes, length);
        memset(copy + length, 0, simdjson::SIMDJSON_PADDING);
        const simdjson::error_code error = parser.parse(copy, length, false).error();
        if (error == simdjson::MEMALLOC) return CSIMDJSON_NO_MEMORY;
        if (error != simdjson::SUCCESS) return CSIMDJSON_REFUSED;
        tape->words = parser.doc.tape.get();
        tape->strings = parser.doc.string_buf.get();
        return CSIMDJSON_OK;
    }
};

/// Parses with the parser that `owner` holds, made if there is none; memory that ran out takes the parser with it.
csimdjson_result parse(std::unique_ptr<Parser> &owner, const uint8_t *bytes, size_t length, csimdjson_tape *tape) {
    tape->words = nullptr;
    tape->strings = nullptr;
    csimdjson_result result = CSIMDJSON_NO_MEMORY;
    // simdjson reports errors by value; this is for what its implementation may throw nevertheless.
    try {
        if (!owner) owner.reset(new (std::nothrow) Parser());
        if (owner) result = owner->parse(bytes, length, tape);
    } catch (...) {
    }
    if (result == CSIMDJSON_NO_MEMORY) owner.reset();
    return result;
}

void trim(std::unique_ptr<Parser> &owner) {
    if (owner && owner->capacity > keptCapacity) owner.reset();
}

thread_local std::unique_ptr<Parser> current;

}  // namespace

struct csimdjson_parser {
    std::unique_ptr<Parser> owner;
};

csimdjson_result csimdjson_parse(const uint8_t *bytes, size_t length, csimdjson_tape *tape) {
    return parse(current, bytes, length, tape);
}

void csimdjson_trim(void) {
    trim(current);
}

csimdjson_parser *csimdjson_parser_new(void) {
    return new (std::nothrow) csimdjson_parser();
}

void csimdjson_parser_free(csimdjson_parser *parser) {
    delete parser;
}

csimdjson_result csimdjson_parser_parse(
    csimdjson_parser *parser, const uint8_t *bytes, size_t length, csimdjson_tape *tape) {
    return parse(parser->owner, bytes, length, tape);
}

void csimdjson_parser_trim(csimdjson_parser *parser) {
    trim(parser->owner);
}
