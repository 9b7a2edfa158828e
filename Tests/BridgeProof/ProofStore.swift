import Model
import Store

/// A store in memory whose process can be killed, and from which a mutant takes a guard.
struct ProofStore {
    let store: SQLiteStore
    let life = ProofLife()

    init(mutant: ProofMutant? = nil) throws {
        let edits = mutant?.edits ?? []
        store = try SQLiteStore(
            inMemory: SQLiteStoreOptions(),
            probe: SessionProbe(
                scripts: mutant?.scripts ?? [],
                statement: { text in edits.reduce(text) { $0.replacing($1.text, with: $1.replacement) } },
                willCommit: { [life] in try life.willCommit() }, didCommit: { [life] in try life.didCommit() }))
    }
}
