/// Calls and the literals that make lists and maps.
extension ProgramCompiler {
    mutating func compileCall(_ call: CELCall, _ node: CELNode, to dest: Int) {
        guard let function = call.function else {
            return fail(.unknownName, "unknown function `\(call.name)`", call, node)
        }
        guard CELLibrary.checkArity(function, call.arguments.count, isMember: call.target != nil) else {
            return fail(.noSuchOverload, "`\(call.name)` is not called like this", call, node)
        }
        var count = 0
        if let target = call.target {
            compile(target, to: dest)
            count = 1
        }
        var found: Int?
        if function.isLazy, call.target != nil {
            found = emit(.alternative, flag: function == .or ? 1 : 0, to: dest, at: node)
        }
        for argument in call.arguments {
            compile(argument, to: dest + count)
            count += 1
        }
        var patternText = ""
        if case .literal(.string(let text))? = call.arguments.last?.kind { patternText = text }
        let site = Int(
            store.call(function, isMember: call.target != nil, pattern: call.pattern, patternText: patternText))
        emit(.call, flag: Self.quickCall(function), to: dest, site, count, at: node)
        if let found { land(found) }
    }

    /// The number of a function that the machine does itself when it is called with texts; 0 for all others.
    private static func quickCall(_ function: CELFunction) -> Int {
        switch function {
        case .startsWith: 1
        case .endsWith: 2
        case .contains: 3
        default: 0
        }
    }

    private mutating func fail(_ kind: EvaluationFailure.Kind, _ message: String, _ call: CELCall, _ node: CELNode) {
        let failure = EvaluationFailure(kind, message, offset: call.nameSpan.lowerBound)
        emit(.fail, Int(store.failure(failure)), at: node)
    }

    mutating func compileList(_ elements: [CELListElement], _ node: CELNode, to dest: Int) {
        emit(.chargeLiteral, elements.count, at: node)
        for (index, element) in elements.enumerated() {
            compile(element.value, to: dest + 1 + index)
            if element.isOptional { emit(.unwrapElement, to: dest + 1 + index, at: node) }
        }
        emit(.list, to: dest, dest + 1, elements.count, at: node)
    }

    mutating func compileMap(_ elements: [CELMapElement], _ node: CELNode, to dest: Int) {
        emit(.chargeLiteral, flag: 1, elements.count, at: node)
        for (index, element) in elements.enumerated() {
            let register = dest + 1 + index * 2
            compile(element.key, to: register)
            emit(.checkKey, to: register, at: node)
            compile(element.value, to: register + 1)
            if element.isOptional { emit(.unwrapElement, to: register + 1, at: node) }
        }
        emit(.map, to: dest, dest + 1, elements.count, at: node)
    }
}
