/// The declarations of all functions and operators that the bridge has, by name.
///
/// Operators go by their mark: `+`, `!`, `-x` (the minus before a value), `?:`, `[]` and `[?]`.
enum CELDeclarations {
    typealias Table = [String: [CELOverload]]

    static let functions: Table = {
        var all = operators
        for table in [conversions, texts, times, optionals, strings, encoders, maths, network] {
            all.merge(table) { known, more in known + more }
        }
        return all
    }()

    /// Names of types, which are values themselves.
    static let typeNames: [String: StaticType] = [
        "bool": .bool, "bytes": .bytes, "double": .double, "int": .int, "uint": .uint, "string": .string, "null_type": .null,
        "list": .list(.dyn), "map": .map(.dyn, .dyn), "type": .typeValue(nil), "google.protobuf.Timestamp": .timestamp,
        "google.protobuf.Duration": .duration, StaticType.optionalName: .optional(.dyn),
        "net.IP": .address, "net.CIDR": .addressRange,
    ]

    /// The name under which the macros `math.least` and `math.greatest` take any number of arguments.
    static let variadic: Set<String> = ["math.least", "math.greatest"]

    /// Functions that can be called as `x.name(…)`, macros among them, in the order of their names.
    static let memberNames: [String] = names(isMember: true, and: CELComprehension.Macro.allCases.map(\.rawValue))
    /// Functions that can be called as `name(…)`, in the order of their names.
    static let globalNames: [String] = names(isMember: false, and: ["has"])
    /// What may stand before the dot of a function's name, such as `math`.
    static let namespaces: Set<String> = Set(
        globalNames.compactMap { name in
            let parts = name.utf8.split(separator: UInt8(ascii: "."))
            return parts.count == 2 ? String(decoding: parts[0], as: UTF8.self) : nil
        })

    private static func names(isMember: Bool, and macros: [String]) -> [String] {
        let declared = functions.filter { name, overloads in
            CELLexer.isIdentifierStart(name.utf8.first ?? 0) && name != "in" && !name.utf8.contains(UInt8(ascii: "@"))
                && overloads.contains { $0.isMember == isMember }
        }
        return (declared.keys + macros).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
