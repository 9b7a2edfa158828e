/// The fields of an `application/x-www-form-urlencoded` body, read strictly: what is not certain is refused, not guessed.
///
/// Fields that stand twice are refused, since two readers might each take another one; so are empty pairs, pairs without `=`,
/// bytes that a form never has, broken `%` escapes, and text that is not UTF-8.
struct FormBody {
    struct Field {
        let name: String
        let value: String
        /// Where the value stands in the body, still escaped.
        let place: Range<Int>
    }

    /// How many fields are read.
    private static let maxFields = 100

    let bytes: [UInt8]
    let fields: [Field]

    init(_ body: [UInt8]) throws(WebhookRejection) {
        bytes = body
        var fields: [Field] = []
        var names: Set<[UInt8]> = []
        var start = 0
        while start <= body.count, !body.isEmpty {
            let end = body[start...].firstIndex(of: UInt8(ascii: "&")) ?? body.count
            guard let equals = body[start..<end].firstIndex(of: UInt8(ascii: "=")) else {
                throw Self.malformed(start, "a field without \"=\"")
            }
            let name = try Self.unescaped(body, start..<equals)
            guard names.insert(Array(name.utf8)).inserted else { throw Self.malformed(start, "a field that stands twice") }
            fields.append(Field(name: name, value: try Self.unescaped(body, (equals + 1)..<end), place: (equals + 1)..<end))
            guard fields.count <= Self.maxFields else { throw Self.malformed(start, "more than \(Self.maxFields) fields") }
            start = end + 1
        }
        self.fields = fields
    }

    /// The value of the field with exactly these bytes as its name.
    subscript(name: String) -> String? {
        fields.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    /// The body with the value of that field replaced.
    func masking(_ name: String) -> [UInt8] {
        guard let field = fields.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else { return bytes }
        return bytes[..<field.place.lowerBound] + Array("masked".utf8) + bytes[field.place.upperBound...]
    }

    private static func unescaped(_ body: [UInt8], _ range: Range<Int>) throws(WebhookRejection) -> String {
        var content: [UInt8] = []
        var index = range.lowerBound
        while index < range.upperBound {
            switch body[index] {
            case UInt8(ascii: "+"):
                content.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard index + 2 < range.upperBound, let high = hexDigit(body[index + 1]), let low = hexDigit(body[index + 2])
                else { throw malformed(index, "a % without two hexadecimal digits") }
                content.append(high << 4 | low)
                index += 2
            case 0x21...0x7E:
                content.append(body[index])
            default:
                throw malformed(index, "a byte that a form escapes")
            }
            index += 1
        }
        guard let text = String(validating: content, as: UTF8.self) else {
            throw malformed(range.lowerBound, "text that is not UTF-8")
        }
        return text
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func malformed(_ offset: Int, _ what: String) -> WebhookRejection {
        WebhookRejection(.malformed, "byte \(offset + 1) of the form: \(what)")
    }
}
