/// Operators (cel-spec, "List of Standard Definitions").
extension CELDeclarations {
    private static let a = StaticType.parameter("A")
    private static let b = StaticType.parameter("B")
    private static let listOfA = StaticType.list(a)
    private static let mapOfAB = StaticType.map(a, b)

    static let operators: Table = {
        var table: Table = [
            "!": [CELOverload([.bool], .bool)],
            "-x": [CELOverload([.double], .double), CELOverload([.int], .int)],
            "?:": [CELOverload([.bool, a, a], a)],
            "==": [CELOverload([a, a], .bool)],
            "!=": [CELOverload([a, a], .bool)],
            "in": [CELOverload([a, listOfA], .bool), CELOverload([a, mapOfAB], .bool)],
            "[]": [
                CELOverload([listOfA, .int], a), CELOverload([mapOfAB, a], b),
                CELOverload([.optional(listOfA), .int], .optional(a)), CELOverload([.optional(mapOfAB), a], .optional(b)),
            ],
            "[?]": [
                CELOverload([listOfA, .int], .optional(a)), CELOverload([.optional(listOfA), .int], .optional(a)),
                CELOverload([mapOfAB, a], .optional(b)), CELOverload([.optional(mapOfAB), a], .optional(b)),
            ],
            // How the macros that make maps add to them.
            "cel.@mapInsert": [CELOverload([mapOfAB, a, b], mapOfAB), CELOverload([mapOfAB, mapOfAB], mapOfAB)],
        ]
        for name in ["<", "<=", ">", ">="] { table[name] = ordering }
        table.merge(arithmetic) { known, _ in known }
        return table
    }()

    /// Values of one type, and numbers of every type with each other.
    private static let ordering: [CELOverload] = {
        let numbers: [StaticType] = [.int, .uint, .double]
        let mixed = numbers.flatMap { left in numbers.map { CELOverload([left, $0], .bool) } }
        let others: [StaticType] = [.bool, .string, .bytes, .timestamp, .duration]
        return mixed + others.map { CELOverload([$0, $0], .bool) }
    }()

    private static let arithmetic: Table = [
        "+": same([.bytes, .double]) + [
            CELOverload([.duration, .duration], .duration), CELOverload([.duration, .timestamp], .timestamp),
            CELOverload([.timestamp, .duration], .timestamp), CELOverload([.int, .int], .int),
            CELOverload([listOfA, listOfA], listOfA), CELOverload([.string, .string], .string),
            CELOverload([.uint, .uint], .uint),
        ],
        "-": same([.double, .duration, .int, .uint]) + [
            CELOverload([.timestamp, .duration], .timestamp), CELOverload([.timestamp, .timestamp], .duration),
        ],
        "*": same([.double, .int, .uint]),
        "/": same([.double, .int, .uint]),
        "%": same([.int, .uint]),
    ]

    private static func same(_ types: [StaticType]) -> [CELOverload] {
        types.map { CELOverload([$0, $0], $0) }
    }
}
