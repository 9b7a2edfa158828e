import Synchronization

/// The conditions of a rule: their texts, and their trees until they are compiled.
///
/// A tree takes ten times the memory of its code, and nothing but an explanation needs it again: it is then read anew.
final class ConditionTexts: Sendable {
    private let texts: [String]
    private let trees: Mutex<[CELExpression]?>

    init(_ expressions: [CELExpression]) {
        texts = expressions.map(\.text)
        trees = Mutex(expressions)
    }

    /// The conditions in their order.
    var expressions: [CELExpression] {
        // Texts that were read once can be read again.
        trees.withLock { $0 } ?? texts.compactMap { try? CELExpression($0) }
    }

    /// Lets go of the trees.
    func dropTrees() {
        trees.withLock { $0 = nil }
    }
}
