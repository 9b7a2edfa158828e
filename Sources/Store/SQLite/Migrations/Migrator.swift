import Glibc
import Model

/// A step of the schema. Released steps are never edited: a change is a new step.
struct Migration: Sendable {
    /// What it does, in the file's name too.
    let name: String
    let sql: String
    /// What SQL alone can not do, after it and in the same transaction.
    var fill: (@Sendable (Session) throws -> Void)?

    /// All steps in order; `user_version` of a file says how many of them it has.
    static let all: [Migration] = [
        .initial, .deliveryRevision, .approvals, .steps, .answers, .stop, .fleet, .timers, .money, .messages, .recordKeeping,
        .words, .parts,
    ]
}

/// Brings a file to the present schema: a new one in one transaction, another with each step in a transaction of its own.
struct Migrator {
    let session: Session
    let path: String
    let migrations: [Migration]

    /// Refuses a file that belongs to another application or to a newer version; changes nothing.
    func checkOwnership() throws {
        let version = try session.count("PRAGMA user_version")
        let application = try session.count("PRAGMA application_id")
        if application == 0 && version == 0 {
            guard try session.count("SELECT count(*) FROM sqlite_master") == 0 else {
                throw StoreError(.unusable, "\(path) is a database of something else; name another file")
            }
            return
        }
        guard application == Connections.applicationID else {
            throw StoreError(.unusable, "\(path) is a database of something else; name another file")
        }
        guard version <= migrations.count else {
            throw StoreError(
                .unusable,
                "\(path) is a newer version's database (schema \(version), this version knows \(migrations.count)); "
                    + "start that version, or restore the copy that it made")
        }
    }

    /// Refuses a file that a reader of this version would not understand; changes nothing.
    func checkCurrent() throws {
        try checkOwnership()
        let version = try session.count("PRAGMA user_version")
        guard version == migrations.count else {
            throw StoreError(
                .unusable,
                "\(path) has schema \(version), this version reads schema \(migrations.count); "
                    + "start this version's bridge on it first"
            )
        }
    }

    /// Takes the steps that the file does not have; copies a file with content first, to `PATH.schema-N`.
    func migrate() throws {
        let version = try session.count("PRAGMA user_version")
        if version > 0 && version < migrations.count { try copy(version: version) }
        let steps = version..<max(version, migrations.count)
        if version == 0 {
            // A new file has nothing to lose half-way, and waits for the disk once.
            try transaction { for step in steps { try take(step) } }
        } else {
            for step in steps { try transaction { try take(step) } }
        }
        try updateRunTransitions()
    }

    private func take(_ step: Int) throws {
        try session.script(migrations[step].sql)
        try migrations[step].fill?(session)
        // Part of the transaction: both live in the header of the file.
        try session.script("PRAGMA application_id = \(Connections.applicationID)")
        try session.script("PRAGMA user_version = \(step + 1)")
    }

    /// Makes the table that the trigger over `runs.state` looks into say what ``RunState/mayBecome(_:)`` says.
    ///
    /// Filled at each start and not by a migration, which would keep the table as it was in the version that made the file.
    private func updateRunTransitions() throws {
        let wanted = Set(RunState.allCases.flatMap { from in RunState.allCases.filter(from.mayBecome).map { [from, $0] } })
        let found = try session.all("SELECT from_state, to_state FROM run_transitions") { [try $0.text(), try $0.text()] }
        guard Set(found) != Set(wanted.map { $0.map(\.rawValue) }) else { return }
        try transaction {
            try session.execute("DELETE FROM run_transitions")
            for pair in wanted {
                try session.execute(
                    "INSERT INTO run_transitions (from_state, to_state) VALUES (?, ?)", pair.map { .text($0.rawValue) })
            }
        }
    }

    private func transaction(_ body: () throws -> Void) throws {
        try session.begin()
        do {
            try body()
            try session.commit()
        } catch {
            session.rollback()
            throw error
        }
    }

    private func copy(version: Int) throws {
        let target = "\(path).schema-\(version)"
        let partial = target + ".partial"
        unlink(partial)
        try session.execute("VACUUM INTO ?", [.text(partial)])
        // `VACUUM INTO` leaves the flushing to its caller (sqlite.org/lang_vacuum.html).
        let descriptor = open(partial, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0, fsync(descriptor) == 0, Glibc.close(descriptor) == 0, rename(partial, target) == 0 else {
            throw StoreError(.unwritable, "the copy \(target) cannot be written (error \(errno)); free space, then start again")
        }
    }
}
