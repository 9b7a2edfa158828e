/// The members of a JSON object in the order in which they stood; names are unique by their bytes.
///
/// What the parser makes keeps that promise; whoever builds one by hand keeps it themselves.
package struct JSONObject: Sendable, Hashable {
    /// One name with its value.
    package struct Member: Sendable, Hashable {
        package var name: String
        package var value: JSONValue

        package init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    package var members: [Member]

    package init(_ members: [Member] = []) {
        self.members = members
    }

    /// The value of the member with exactly these bytes as its name.
    ///
    /// Takes time linear in the number of members: right for the few members of an alert, not for a table.
    package subscript(name: String) -> JSONValue? {
        let wanted = name.utf8
        for member in members where member.name.utf8.count == wanted.count && Self.sameBytes(member.name, name) {
            return member.value
        }
        return nil
    }

    private static func sameBytes(_ left: String, _ right: String) -> Bool {
        // Swift's `==` holds for strings that differ in bytes (canonical equivalence); it is never wrong when it says no.
        left == right && left.utf8.elementsEqual(right.utf8)
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(elements.map { Member(name: $0.0, value: $0.1) })
    }
}
