import JSON
import Model

/// Reading and writing of bodies and of the state file.
enum SimulatorJSON {
    /// A full simulator, 10,000 servers and 10,000 entries of the ledger, is 6 MB and 300,000 values.
    private static let stateLimits = JSONLimits(maxBytes: 64 * 1_048_576, maxDepth: 16, maxValues: 2_000_000)

    /// The body as JSON; throws where and why it is not.
    static func value(of body: [UInt8]) throws(FormatError) -> JSONValue {
        do throws(JSONError) {
            return try JSONValue.parse(body)
        } catch {
            throw FormatError("JSON parse error - \(error)")
        }
    }

    /// The content of a state file; throws where and why it is not JSON.
    static func state(in content: [UInt8]) throws(FormatError) -> JSONValue {
        do throws(JSONError) {
            return try JSONValue.parse(content, limits: stateLimits)
        } catch {
            throw FormatError("\(error)")
        }
    }

    /// Whether the request says that its body is JSON: `application/json`, with parameters or without.
    static func isDeclared(by request: SimulatedRequest) -> Bool {
        guard let type = request.contentType?.utf8.split(separator: UInt8(ascii: ";")).first else { return false }
        let spaces: [UInt8] = [UInt8(ascii: " "), UInt8(ascii: "\t")]
        return type.filter { !spaces.contains($0) }.map(\.asciiLowercased).elementsEqual("application/json".utf8)
    }
}
