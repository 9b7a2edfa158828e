/// Why a proof could not be made.
struct ProofFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
