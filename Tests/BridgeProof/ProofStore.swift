import Model
import Store
import Synchronization

/// A store in memory whose process can be killed, and from which a mutant takes a guard.
struct ProofStore {
    let store: SQLiteStore
    let life = ProofLife()

    init(edits: ProofEdits, scripts: [String]) throws {
        store = try SQLiteStore(
            inMemory: SQLiteStoreOptions(),
            probe: SessionProbe(
                scripts: scripts, statement: { edits.apply(to: $0) },
                willCommit: { [life] in try life.willCommit() }, didCommit: { [life] in try life.didCommit() }))
    }
}

/// The stores of one mutant, or of none: each serves one history after the other, emptied between them. A new one would compile all its
/// statements anew, which takes longer than a history.
final class ProofStores: Sendable {
    /// What became of the mutant's edits over all of these stores.
    let edits: ProofEdits
    private let scripts: [String]
    private let free = Mutex<[ProofStore]>([])

    init(_ mutant: ProofMutant? = nil) {
        edits = ProofEdits(mutant?.edits ?? [])
        scripts = mutant?.scripts ?? []
    }

    /// Runs a history on an empty store that nothing else uses meanwhile.
    func use<Outcome>(_ body: (ProofStore) async throws -> Outcome) async throws -> Outcome {
        let proof = try free.withLock { $0.popLast() } ?? ProofStore(edits: edits, scripts: scripts)
        let outcome = try await body(proof)
        proof.life.revive()
        try await proof.store.clear()
        free.withLock { $0.append(proof) }
        return outcome
    }
}

/// Edits of statements, and which of them have found their text.
final class ProofEdits: Sendable {
    private let edits: [ProofMutant.Edit]
    private let applied: Mutex<Set<Int>>

    init(_ edits: [ProofMutant.Edit]) {
        self.edits = edits
        applied = Mutex([])
    }

    func apply(to statement: String) -> String {
        var text = statement
        for (index, edit) in edits.enumerated() {
            let changed = text.replacing(edit.text, with: edit.replacement)
            if changed.utf8.elementsEqual(text.utf8) { continue }
            text = changed
            applied.withLock { _ = $0.insert(index) }
        }
        return text
    }

    /// The texts that no statement had so far: their edits change nothing.
    var missing: [String] {
        let applied = applied.withLock { $0 }
        return edits.indices.filter { !applied.contains($0) }.map { edits[$0].text }
    }
}
