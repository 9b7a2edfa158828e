/// Names, fields and the paths of the event.
extension ProgramCompiler {
    /// A name that is neither constant nor the event.
    mutating func compileName(_ name: String, _ isRooted: Bool, _ node: CELNode, to dest: Int) {
        if !isRooted, let register = local(name) {
            emit(.move, to: dest, register, at: node)
        } else {
            emit(.loadName, to: dest, Int(store.name(name, isRooted: isRooted)), at: node)
        }
    }

    func local(_ name: String) -> Int? {
        locals.last { $0.name.utf8.elementsEqual(name.utf8) }?.register
    }

    /// Whether the first name of a chain means what a macro bound.
    private func isLocalChain(_ name: String) -> Bool {
        !locals.isEmpty && local(String(name.prefix { $0 != "." })) != nil
    }

    mutating func compileSelection(_ selection: CELNode.Selection, _ node: CELNode, to dest: Int) {
        var found: Int?
        if let name = selection.qualifiedName, !selection.isTest, selection.isRooted || !isLocalChain(name),
            !isKnownRoot(name)
        {
            found = emit(.tryName, to: dest, Int(store.name(name, isRooted: selection.isRooted)), at: node)
        }
        compile(selection.operand, to: dest)
        let flag = selection.isTest ? 2 : (selection.isOptional ? 1 : 0)
        let path = flag == 0 ? node.path : nil
        emit(.select, flag: flag, to: dest, Int(store.field(selection.field, path: path)), at: node)
        if let found { land(found) }
    }

    /// Whether a chain of names begins with one whose value is known at load: there is then no longer name to look for.
    private func isKnownRoot(_ name: String) -> Bool {
        let root = String(name.prefix { $0 != "." })
        return options.constants[root] != nil || options.eventName == root
    }

    // MARK: - Paths of the event

    /// Loads a value of the event that is named by a path; `false` when the node is no such path.
    mutating func emitPath(_ node: CELNode, to dest: Int) -> Bool {
        if case .select(let selection) = node.kind, selection.isTest || selection.isOptional {
            guard let above = path(of: selection.operand) else { return false }
            // Asked for in the event itself, not as a whole.
            let path = Int(store.fieldPath(selection.field, below: Int32(above.index), isPlain: false))
            pendingTenths += above.tenths + 10
            let place = Int(store.writtenPaths[path].place)
            // What is missing above the last step is missing where the operand stands.
            let start = selection.operand.span.lowerBound
            emit(.loadPath, flag: selection.isTest ? 2 : 1, to: dest, place, path, start, at: node)
            return true
        }
        guard let path = path(of: node) else { return false }
        pendingTenths += path.tenths
        emit(.loadPath, to: dest, Int(store.writtenPaths[path.index].place), path.index, at: node)
        return true
    }

    /// The written path that a node is, and what reading it costs when all of it is there.
    func path(of node: CELNode) -> (index: Int, tenths: Int)? {
        guard let eventName = options.eventName else { return nil }
        switch node.kind {
        case .identifier(let name, let isRooted):
            guard name.utf8.elementsEqual(eventName.utf8), isRooted || local(name) == nil else { return nil }
            return (Int(store.rootPath(name)), 10)
        case .select(let selection):
            guard !selection.isTest, !selection.isOptional, let above = path(of: selection.operand) else { return nil }
            let index = Int(
                store.fieldPath(selection.field, below: Int32(above.index), isPlain: selection.qualifiedName != nil))
            // `event.x` is looked up as a whole.
            return (index, store.writtenPaths[index].isDirect ? 10 : above.tenths + 10)
        case .index(let operand, let key, false):
            guard case .literal(let value) = key.kind, let above = path(of: operand),
                let index = store.keyPath(value, below: Int32(above.index))
            else { return nil }
            let written = store.writtenPaths[Int(index)]
            let keyTenths = written.keyTenths - store.writtenPaths[above.index].keyTenths
            return (Int(index), above.tenths + 10 + keyTenths)
        default: return nil
        }
    }
}
