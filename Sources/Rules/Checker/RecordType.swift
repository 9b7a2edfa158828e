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

    /// Which fields there may be besides those that are declared.
    enum Others: Sendable {
        case none
        /// Any, read as `x["name"]`; after a dot, only declared names are taken, so that a misspelt one is found.
        case inBrackets
        /// Any.
        case any
    }

    /// What it is called in messages.
    let title: String
    let fields: [Field]
    /// Fields that are not declared are of any type.
    let others: Others
    /// Fields that people look for here, with where they are or why they are not.
    let elsewhere: [String: String]

    init(title: String, fields: [Field], others: Others = .none, elsewhere: [String: String] = [:]) {
        self.title = title
        self.fields = fields
        self.others = others
        self.elsewhere = elsewhere
    }

    /// The type of a declared field, compared by bytes.
    func type(of name: String) -> StaticType? {
        fields.first { $0.name.utf8.elementsEqual(name.utf8) }?.type
    }
}
