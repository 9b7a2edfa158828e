/// The standard library's functions (cel-spec, "List of Standard Definitions") and those of the optional types.
extension CELDeclarations {
    private static let a = StaticType.parameter("A")
    private static let listOfA = StaticType.list(a)
    private static let mapOfAB = StaticType.map(a, .parameter("B"))

    static let conversions: Table = [
        "bool": converting([.bool, .string], to: .bool),
        "bytes": converting([.bytes, .string], to: .bytes),
        "double": converting([.double, .int, .string, .uint], to: .double),
        "duration": converting([.duration, .string], to: .duration),
        "dyn": [CELOverload([a], .dyn)],
        "int": converting([.int, .double, .duration, .string, .timestamp, .uint], to: .int),
        "string": converting([.string, .bool, .bytes, .double, .duration, .int, .timestamp, .uint], to: .string),
        "timestamp": converting([.timestamp, .int, .string], to: .timestamp),
        "type": [CELOverload([a], .typeValue(a))],
        "uint": converting([.uint, .double, .int, .string], to: .uint),
    ]

    static let texts: Table = {
        let tests = [CELOverload.member(.string, [.string], .bool)]
        return [
            "size": [.bytes, listOfA, mapOfAB, .string].flatMap { (type: StaticType) in
                [CELOverload([type], .int), CELOverload.member(type, [], .int)]
            },
            "contains": tests, "startsWith": tests, "endsWith": tests,
            "matches": tests + [CELOverload([.string, .string], .bool)],
        ]
    }()

    /// Parts of instants, in UTC or in the zone that is named, and of spans.
    static let times: Table = {
        var table: Table = [:]
        for name in [
            "getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getHours", "getMinutes",
            "getSeconds", "getMilliseconds",
        ] {
            table[name] = [.member(.timestamp, [], .int), .member(.timestamp, [.string], .int)]
        }
        for name in ["getHours", "getMinutes", "getSeconds", "getMilliseconds"] {
            table[name]?.append(.member(.duration, [], .int))
        }
        return table
    }()

    static let optionals: Table = {
        let v = StaticType.parameter("V")
        let optionalV = StaticType.optional(v)
        return [
            "optional.of": [CELOverload([v], optionalV)],
            "optional.ofNonZeroValue": [CELOverload([v], optionalV)],
            "optional.none": [CELOverload([], optionalV)],
            "optional.unwrap": [CELOverload([.list(optionalV)], .list(v))],
            "unwrapOpt": [.member(.list(optionalV), [], .list(v))],
            "first": [.member(.list(v), [], optionalV)],
            "last": [.member(.list(v), [], optionalV)],
            "value": [.member(optionalV, [], v)],
            "hasValue": [.member(optionalV, [], .bool)],
            "or": [.member(optionalV, [optionalV], optionalV)],
            "orValue": [.member(optionalV, [v], v)],
        ]
    }()

    private static func converting(_ types: [StaticType], to result: StaticType) -> [CELOverload] {
        types.map { CELOverload([$0], result) }
    }
}
