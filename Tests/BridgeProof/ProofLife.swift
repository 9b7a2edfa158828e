import Store
import Synchronization

/// Whether the bridge's process lives: a dead one writes and sends nothing more, whatever its objects still try.
final class ProofLife: Sendable {
    private struct State {
        var isDead = false
        /// The commits until death; `nil` lives on.
        var commitsLeft: Int?
        /// Whether the last commit is on the disk when the process dies; else it dies just before.
        var keepsLast = false
        var commits = 0
        var isSpared = false
    }

    private let state = Mutex(State())

    var isDead: Bool { state.withLock { $0.isDead } }
    /// How many commits there were, over all lives.
    var commits: Int { state.withLock { $0.commits } }

    /// Dies at the commit of that number from now, from 1; before it is written, or after.
    func die(atCommit number: Int, keepingIt keepsLast: Bool) {
        state.withLock { state in
            state.commitsLeft = number
            state.keepsLast = keepsLast
        }
    }

    /// Spares the commits of a sender's request, whose death is told elsewhere.
    func spare(_ isSpared: Bool) { state.withLock { $0.isSpared = isSpared } }

    func die() { state.withLock { $0.isDead = true } }

    /// A new process.
    func revive() {
        state.withLock { state in
            state.isDead = false
            state.commitsLeft = nil
        }
    }

    func willCommit() throws {
        try state.withLock { state in
            if state.isSpared { return }
            if let left = state.commitsLeft, left <= 1, !state.keepsLast { state.isDead = true }
            if state.isDead { throw Self.death }
        }
    }

    func didCommit() throws {
        try state.withLock { state in
            state.commits += 1
            if state.isSpared { return }
            guard let left = state.commitsLeft else { return }
            state.commitsLeft = left - 1
            if left <= 1 {
                state.isDead = true
                throw Self.death
            }
        }
    }

    /// Of a code that is not tried again command by command.
    private static let death = StoreError(.unwritable, "the process was killed")
}
