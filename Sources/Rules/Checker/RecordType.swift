/// A map with text keys whose fields a schema declares.
///
/// Records are compared by identity: one declaration is one type.
final class RecordType: Sendable {
    struct Field: Sendable {
        let name: String
        let type: StaticType

        init(_ name: String, _ type: StaticType) {
            self.name = name
            self.type = type
        }
    }

    /// What it is called in messages.
    let title: String
    let fields: [Field]
    /// Whether there may be fields that are not declared; they are of any type.
    let isOpen: Bool
    /// Fields that people look for here, with where they are or why they are not.
    let elsewhere: [String: String]

    init(title: String, fields: [Field], isOpen: Bool = false, elsewhere: [String: String] = [:]) {
        self.title = title
        self.fields = fields
        self.isOpen = isOpen
        self.elsewhere = elsewhere
    }

    /// The type of a declared field, compared by bytes.
    func type(of name: String) -> StaticType? {
        fields.first { $0.name.utf8.elementsEqual(name.utf8) }?.type
    }
}
