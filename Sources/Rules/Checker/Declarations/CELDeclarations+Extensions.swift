/// The extensions' functions: strings, encoders, math and network (cel-spec, doc/extensions, and cel-go, ext).
extension CELDeclarations {
    static let strings: Table = {
        let change = [CELOverload.member(.string, [], .string)]
        let search = [CELOverload.member(.string, [.string], .int), CELOverload.member(.string, [.string, .int], .int)]
        return [
            "charAt": [.member(.string, [.int], .string)],
            "indexOf": search, "lastIndexOf": search,
            "lowerAscii": change, "upperAscii": change, "trim": change, "reverse": change,
            "replace": [
                .member(.string, [.string, .string], .string), .member(.string, [.string, .string, .int], .string),
            ],
            "split": [.member(.string, [.string], .list(.string)), .member(.string, [.string, .int], .list(.string))],
            "substring": [.member(.string, [.int], .string), .member(.string, [.int, .int], .string)],
            "format": [.member(.string, [.list(.dyn)], .string)],
            "join": [.member(.list(.string), [], .string), .member(.list(.string), [.string], .string)],
            "strings.quote": [CELOverload([.string], .string)],
        ]
    }()

    static let encoders: Table = [
        "base64.decode": [CELOverload([.string], .bytes)],
        "base64.encode": [CELOverload([.bytes], .string)],
    ]

    static let maths: Table = {
        let numbers: [StaticType] = [.double, .int, .uint]
        let same = numbers.map { CELOverload([$0], $0) }
        var extreme = same
        for left in numbers {
            for right in numbers {
                extreme.append(CELOverload([left, right], left.text == right.text ? left : .dyn))
            }
        }
        extreme += numbers.map { CELOverload([.list($0)], $0) }
        let round = [CELOverload([.double], .double)]
        let test = [CELOverload([.double], .bool)]
        let bits = [CELOverload([.int, .int], .int), CELOverload([.uint, .uint], .uint)]
        let shift = [CELOverload([.int, .int], .int), CELOverload([.uint, .int], .uint)]
        return [
            "math.least": extreme, "math.greatest": extreme, "math.abs": same, "math.sign": same,
            "math.ceil": round, "math.floor": round, "math.round": round, "math.trunc": round,
            "math.isInf": test, "math.isNaN": test, "math.isFinite": test,
            "math.bitAnd": bits, "math.bitOr": bits, "math.bitXor": bits,
            "math.bitNot": [CELOverload([.int], .int), CELOverload([.uint], .uint)],
            "math.bitShiftLeft": shift, "math.bitShiftRight": shift,
            "math.sqrt": numbers.map { CELOverload([$0], .double) },
        ]
    }()

    static let network: Table = {
        let isAddress = [CELOverload([.string], .bool)]
        let property = [CELOverload.member(.address, [], .bool)]
        return [
            "ip": [CELOverload([.string], .address), .member(.addressRange, [], .address)],
            "cidr": [CELOverload([.string], .addressRange)],
            "isIP": isAddress, "isCIDR": isAddress, "ip.isCanonical": isAddress,
            "string": [CELOverload([.address], .string), CELOverload([.addressRange], .string)],
            "family": [.member(.address, [], .int)],
            "isGlobalUnicast": property, "isLinkLocalMulticast": property, "isLinkLocalUnicast": property,
            "isLoopback": property, "isUnspecified": property,
            "containsIP": [.member(.addressRange, [.address], .bool), .member(.addressRange, [.string], .bool)],
            "containsCIDR": [.member(.addressRange, [.addressRange], .bool), .member(.addressRange, [.string], .bool)],
            "isMask": [.member(.addressRange, [], .bool)],
            "masked": [.member(.addressRange, [], .addressRange)],
            "prefixLength": [.member(.addressRange, [], .int)],
        ]
    }()
}
