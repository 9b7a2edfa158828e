// The part of simdjson that the JSON module needs, as plain C: parse bytes, hand out the tape.
//
// The tape is described at https://github.com/simdjson/simdjson/blob/master/doc/tape.md (64-bit words, the type in the top byte).
#ifndef CSIMDJSON_H
#define CSIMDJSON_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What became of a parse.
typedef enum csimdjson_result {
    /// The document is valid JSON as far as simdjson checks; the tape is filled in.
    CSIMDJSON_OK = 0,
    /// The document is not valid JSON, or nested more than 1,000 levels deep. simdjson does not say where.
    CSIMDJSON_REFUSED = 1,
    /// There was not enough memory.
    CSIMDJSON_NO_MEMORY = 2
} csimdjson_result;

/// A parsed document: pointers into the memory of the calling thread's parser.
///
/// Valid on the calling thread only, until it calls `csimdjson_parse` or `csimdjson_trim` again.
typedef struct csimdjson_tape {
    /// The words; the first is the root (`r`), the document's value begins at the second.
    const uint64_t *_Nullable words;
    /// The unescaped strings: a 32-bit length in native byte order, the bytes, a NUL.
    const uint8_t *_Nullable strings;
} csimdjson_tape;

/// Parses a document with the calling thread's own parser.
///
/// The bytes are copied to a padded buffer first; they need no padding of their own. Accepts duplicate member names. May be
/// called from any thread at any time; never throws.
csimdjson_result csimdjson_parse(const uint8_t *_Nullable bytes, size_t length, csimdjson_tape *_Nonnull tape);

/// Frees what the calling thread's parser holds, if it has grown beyond what documents of 64 KiB need.
///
/// A parser needs about 15 bytes for each byte of the longest document that it has seen.
void csimdjson_trim(void);

/// A parser with memory of its own, for whoever keeps a tape longer than until the thread's next parse.
///
/// Used by one thread at a time.
typedef struct csimdjson_parser csimdjson_parser;

/// A new parser; null when there is not enough memory.
csimdjson_parser *_Nullable csimdjson_parser_new(void);

/// Frees a parser and the tape that it has filled.
void csimdjson_parser_free(csimdjson_parser *_Nullable parser);

/// Parses as `csimdjson_parse` does; the tape is valid until the parser's next parse.
///
/// Eight bytes can be read from the beginning of every string of the tape, however short it is.
csimdjson_result csimdjson_parser_parse(
    csimdjson_parser *_Nonnull parser, const uint8_t *_Nullable bytes, size_t length, csimdjson_tape *_Nonnull tape);

/// Frees what a parser holds, if it has grown beyond what documents of 64 KiB need. Its tape is no longer valid.
void csimdjson_parser_trim(csimdjson_parser *_Nonnull parser);

/// Compares bytes as `memcmp` does.
static inline int csimdjson_compare(const uint8_t *_Nonnull left, const uint8_t *_Nonnull right, size_t count) {
    return memcmp(left, right, count);
}

#ifdef __cplusplus
}
#endif

#endif
