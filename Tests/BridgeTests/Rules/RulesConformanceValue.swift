import JSON
import Model

@testable import Rules

/// The values of the conformance tests: read from their JSON, compared exactly, written as literals.
enum RulesConformanceValue {
    /// A value of a kind that the language does not have here, such as a protobuf message.
    struct Unreadable: Error {}

    static func read(_ json: JSONValue) throws -> CELValue {
        let text = json["value"]?.stringValue ?? ""
        switch json["type"]?.stringValue {
        case "null": return .null
        case "bool": return .bool(json["value"] == .bool(true))
        case "int": return .int(try require(Int64(text)))
        case "uint": return .uint(try require(UInt64(text)))
        case "double": return .double(try require(Double(text)))
        case "string": return .string(text)
        case "bytes": return .bytes(try require(Base64.decodeLeniently(Array(text.utf8))))
        case "list": return .list(try (json["value"]?.arrayValue ?? []).map(read))
        case "map":
            let entries = try (json["value"]?.arrayValue ?? []).map { entry in
                (key: try read(require(entry["key"])), value: try read(require(entry["value"])))
            }
            return .map(try require(CELMap(entries)))
        case "type": return .type(try require(CELType(rawValue: text)))
        case "timestamp":
            let seconds = try require(Int64(json["seconds"]?.stringValue ?? ""))
            let nanos = try require(Int32(exactly: json["nanos"]?.intValue ?? 0))
            return .timestamp(try require(CELTimestamp(seconds: seconds, nanoseconds: nanos)))
        case "duration":
            let seconds = try require(Int64(json["seconds"]?.stringValue ?? ""))
            let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
            let (sum, carry) = whole.addingReportingOverflow(json["nanos"]?.intValue ?? 0)
            guard !overflow, !carry else { throw Unreadable() }
            return .duration(CELDuration(nanoseconds: sum))
        default: throw Unreadable()
        }
    }

    private static func require<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw Unreadable() }
        return value
    }

    /// Type and value alike: 1 is not 1.0, NaN is NaN, -0.0 is not 0.0, a map's order does not matter.
    static func isSame(_ left: CELValue, _ right: CELValue) -> Bool {
        guard left.type == right.type else { return false }
        switch (left, right) {
        case (.double(let left), .double(let right)):
            return left.isNaN && right.isNaN || left == right && left.sign == right.sign
        case (.list(let left), .list(let right)):
            return left.count == right.count && zip(left, right).allSatisfy(isSame)
        case (.optional(let left?), .optional(let right?)): return isSame(left, right)
        case (.map(let left), .map(let right)):
            return left.count == right.count
                && left.entries.allSatisfy { key, value in
                    right.entries.contains { isSame($0.key, key) && isSame($0.value, value) }
                }
        default:
            var meter = CELMeter()
            return (try? CELValue.equals(left, right, meter: &meter)) ?? false
        }
    }

    /// The value as an expression would write it, so that types can be told apart: `1`, `1u`, `1.0`, `"1"`, `b"31"` in hexadecimal.
    static func text(_ value: CELValue) -> String {
        switch value {
        case .null: return "null"
        case .bool(let flag): return String(flag)
        case .int(let number): return String(number)
        case .uint(let number): return "\(number)u"
        case .double(let number):
            let text = CELNumberText.text(of: number)
            return number.isFinite && text.utf8.allSatisfy { $0 == 0x2D || (0x30...0x39).contains($0) } ? text + ".0" : text
        case .string(let text): return "\"\(text)\""
        case .bytes(let bytes):
            return "b\"" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "\""
        case .list(let items): return "[\(items.map(text).joined(separator: ", "))]"
        case .map(let map):
            return "{\(map.entries.map { "\(text($0.key)): \(text($0.value))" }.joined(separator: ", "))}"
        case .timestamp(let instant): return "timestamp(\(instant.text))"
        case .duration(let span): return "duration(\(span.text))"
        case .type(let type): return type.rawValue
        case .optional(let inner): return inner.map { "optional(\(text($0)))" } ?? "none"
        case .ip(let address): return "ip(\(address.text))"
        case .cidr(let network): return "cidr(\(network.text))"
        }
    }
}
