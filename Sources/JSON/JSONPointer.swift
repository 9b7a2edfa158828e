/// A place in a JSON document (RFC 6901), such as `/alerts/0/labels`.
package struct JSONPointer: Sendable, Hashable, CustomStringConvertible {
    /// The names and indices on the way, unescaped.
    let tokens: [String]

    /// Reads a pointer's text; `nil` unless it is empty (the whole document) or begins with `/`, and `~` stands only in `~0` and
    /// `~1`.
    package init?(_ text: String) {
        var tokens: [String] = []
        guard !text.utf8.isEmpty else {
            self.tokens = []
            return
        }
        guard text.utf8.first == UInt8(ascii: "/") else { return nil }
        for part in text.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let token = Self.unescaped(Array(part)) else { return nil }
            tokens.append(token)
        }
        self.tokens = tokens
    }

    /// The pointer's text.
    package var description: String {
        var bytes: [UInt8] = []
        for token in tokens {
            bytes.append(UInt8(ascii: "/"))
            for byte in token.utf8 {
                switch byte {
                case UInt8(ascii: "~"): bytes.append(contentsOf: "~0".utf8)
                case UInt8(ascii: "/"): bytes.append(contentsOf: "~1".utf8)
                default: bytes.append(byte)
                }
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func unescaped(_ part: [UInt8]) -> String? {
        var bytes: [UInt8] = []
        var index = 0
        while index < part.count {
            if part[index] == UInt8(ascii: "~") {
                index += 1
                guard index < part.count else { return nil }
                switch part[index] {
                case UInt8(ascii: "0"): bytes.append(UInt8(ascii: "~"))
                case UInt8(ascii: "1"): bytes.append(UInt8(ascii: "/"))
                default: return nil
                }
            } else {
                bytes.append(part[index])
            }
            index += 1
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension JSONValue {
    /// The value at that place; `nil` when there is none. Names are compared by their bytes.
    package func at(_ pointer: JSONPointer) -> JSONValue? {
        var value = self
        for token in pointer.tokens {
            switch value {
            case .object(let object):
                guard let next = object[token] else { return nil }
                value = next
            case .array(let items):
                guard let index = Self.arrayIndex(token), items.indices.contains(index) else { return nil }
                value = items[index]
            default:
                return nil
            }
        }
        return value
    }

    /// The value at the place that the text of a JSON pointer (RFC 6901) names; `nil` when there is none, or the text is no
    /// pointer.
    package func at(pointer: String) -> JSONValue? {
        JSONPointer(pointer).flatMap(at)
    }

    /// An index as RFC 6901 writes it: digits without leading zeros.
    private static func arrayIndex(_ token: String) -> Int? {
        guard token.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            token.utf8.count == 1 || token.utf8.first != UInt8(ascii: "0")
        else { return nil }
        return Int(token)
    }
}
