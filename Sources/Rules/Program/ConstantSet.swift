/// The constants of `x in [a, b, …]`, all of them null, truth values, numbers or texts.
///
/// Finds the first that is equal to a value, and charges as if all before it had been compared.
struct ConstantSet: Sendable {
    /// Where the constants begin among those of the store; one after the other.
    let first: Int32
    let count: Int32
    /// What the list would take of the memory that an expression may use, in bytes.
    let memory: Int32
    /// For many texts, positions by hash; empty for few constants.
    let table: [Int32]

    /// Lists up to this long are compared one by one.
    static let linearLimit = 12
}
