import JSON
import Model

/// Reads the fields of a request body and collects what is wrong with all of them, as Django REST Framework answers it:
/// `{"field": ["…"]}`.
struct ServerFields {
    private let object: JSONObject
    private var errors = JSONObject()

    init(_ request: SimulatedRequest) throws(Refusal) {
        guard SimulatorJSON.isDeclared(by: request) else {
            throw .detail(415, "Unsupported media type; send \"Content-Type: application/json\".")
        }
        do throws(FormatError) {
            guard let object = try SimulatorJSON.value(of: request.body).objectValue else {
                throw FormatError("Invalid data. Expected a JSON object.")
            }
            self.object = object
        } catch {
            throw .detail(400, error.text)
        }
    }

    /// Throws what was wrong, if anything was.
    func check() throws(Refusal) {
        if !errors.members.isEmpty { throw Refusal(response: .json(400, .object(errors))) }
    }

    mutating func complain(_ field: String, _ text: String) {
        errors.members.append(.init(name: field, value: [.string(text)]))
    }

    /// The server's name: 1 to 255 ASCII letters, digits and hyphens.
    mutating func name(required: Bool) -> String? {
        text("name", required: required, most: 255) { text in
            text.utf8.allSatisfy { $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "-") }
                ? nil : "Only letters, digits and hyphens are allowed."
        }
    }

    /// A fully qualified domain name by RFC 1123: two labels at least, none over 63 bytes, 253 in all.
    mutating func hostname(required: Bool) -> String? {
        text("hostname", required: required, most: 253) { text in
            let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            let isName = labels.allSatisfy { label in
                (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                    && label.allSatisfy { $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "-") }
            }
            return isName && labels.count > 1 ? nil : "Enter a fully qualified domain name."
        }
    }

    /// The code of a data centre: 1 to 64 ASCII letters, digits and hyphens; the reference has no list of them.
    mutating func location() -> String? {
        text("location", required: true, most: 64) { text in
            text.utf8.allSatisfy { $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "-") } ? nil : "Unknown location code."
        }
    }

    /// An id: a whole number above zero.
    mutating func identifier(_ field: String, required: Bool) -> Int64? {
        guard let value = present(field, required: required) else { return nil }
        guard let number = value.intValue else {
            complain(field, "A valid integer is required.")
            return nil
        }
        guard number > 0 else {
            complain(field, "Ensure this value is greater than or equal to 1.")
            return nil
        }
        return number
    }

    mutating func flag(_ field: String, required: Bool) -> Bool? {
        guard let value = present(field, required: required) else { return nil }
        guard case .bool(let flag) = value else {
            complain(field, "Must be a valid boolean.")
            return nil
        }
        return flag
    }

    private mutating func text(
        _ field: String, required: Bool, most: Int, rule: (String) -> String?
    ) -> String? {
        guard let value = present(field, required: required) else { return nil }
        guard let text = value.stringValue else {
            complain(field, "Not a valid string.")
            return nil
        }
        let complaint: String?
        if text.utf8.isEmpty {
            complaint = "This field may not be blank."
        } else if text.utf8.count > most {
            complaint = "Ensure this field has no more than \(most) characters."
        } else {
            complaint = rule(text)
        }
        guard let complaint else { return text }
        complain(field, complaint)
        return nil
    }

    private mutating func present(_ field: String, required: Bool) -> JSONValue? {
        guard let value = object[field] else {
            if required { complain(field, "This field is required.") }
            return nil
        }
        guard value != .null else {
            complain(field, "This field may not be null.")
            return nil
        }
        return value
    }
}

extension UInt8 {
    var asciiLowercased: UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self
    }

    var isASCIIAlphanumeric: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: false
        }
    }
}
