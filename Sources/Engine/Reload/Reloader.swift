package import Logging
package import Model
package import Rules
import ServiceLifecycle
package import Store
import Synchronization

/// Takes changed rule files into force: asked for by people, or seen by looking at the folder.
///
/// Read → check → test → store the revision → swap. A set that fails at any step changes nothing: what was in force stays so, and the
/// audit, the log and one message to people say why, once for the same content. Safe to call from any task; one loop does the work, in
/// order, and the blocking part of it on a thread of its own.
package final class Reloader: Service {
    /// What a reloader works with.
    package struct Parts: Sendable {
        /// Reads the rule files; blocks.
        package var read: @Sendable () throws(UnreadableRules) -> RuleFiles
        /// Checks them as `check` does; takes up to a second of a processor for 10,000 rules.
        package var check: @Sendable (RuleFiles) -> RuleSetLoad
        /// Runs the rule tests over a set that was checked: what failed, a line each. Default: there are none.
        package var test: @Sendable (RuleSet, RuleFiles) async -> [String]
        /// How often the folder is looked at; `nil` looks only when somebody asks.
        package var interval: Duration?
        /// The channels that are told of a refused set.
        package var channels: [String]

        /// Everything but the rule tests has to be given.
        package init(
            read: @escaping @Sendable () throws(UnreadableRules) -> RuleFiles,
            check: @escaping @Sendable (RuleFiles) -> RuleSetLoad,
            test: @escaping @Sendable (RuleSet, RuleFiles) async -> [String] = { _, _ in [] }, interval: Duration?,
            channels: [String]
        ) {
            self.read = read
            self.check = check
            self.test = test
            self.interval = interval
            self.channels = channels
        }
    }

    /// How often files that change while they are checked are read anew before the reload is refused.
    static let attempts = 3

    private struct State {
        var watch: RuleWatch
        var status: ReloadStatus
        /// What people were told of last; `nil` since the last success.
        var reported: String?
        /// What people are still to be told, since the store did not take it.
        var untold: String?
        var isAsked = false
        var isOver = false
        var waiting: [CheckedContinuation<ReloadOutcome, Never>] = []
        /// Those whose reload is under way.
        var served: [CheckedContinuation<ReloadOutcome, Never>] = []
    }

    private let parts: Parts
    private let book: RuleBook
    private let store: any Store
    private let clock: any TimeSource
    private let messageDoorbell: Doorbell
    private let logger: Logger
    private let thread = OwnThread(label: "rules.reload")
    private let doorbell = Doorbell()
    private let state: Mutex<State>

    /// A reloader for the rules in `book`, which count as taken now.
    package init(
        parts: Parts, book: RuleBook, store: any Store, clock: any TimeSource, messageDoorbell: Doorbell, logger: Logger
    ) {
        self.parts = parts
        self.book = book
        self.store = store
        self.clock = clock
        self.messageDoorbell = messageDoorbell
        self.logger = logger
        let current = book.current
        state = Mutex(
            State(
                watch: RuleWatch(inForce: current.revision),
                status: ReloadStatus(
                    isSuccessful: true, lastSuccessAt: clock.now(), revision: current.revision, rules: current.rules.count)))
    }

    /// How reloading stands.
    package var status: ReloadStatus { state.withLock { $0.status } }

    // MARK: Asking

    /// Asks for a reload and does not wait for it; what SIGHUP does.
    package func request() {
        state.withLock { $0.isAsked = true }
        doorbell.ring()
    }

    /// Reloads and returns what came of it; the folder is read after this was called. Refused once the reloader has stopped.
    package func reload() async -> ReloadOutcome {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.isOver { state.waiting.append(continuation) }
                return state.isOver
            }
            if isOver { continuation.resume(returning: stopped()) } else { doorbell.ring() }
        }
    }

    // MARK: The loop

    package func run() async throws {
        let loop = Task { [self] in
            while !Task.isCancelled {
                await doorbell.wait(atMost: parts.interval ?? .seconds(3_600))
                guard !Task.isCancelled else { return }
                await step()
            }
        }
        try? await gracefulShutdown()
        // A check that is under way is not waited for: it may take longer than a shutdown may, and nothing is lost with it.
        loop.cancel()
        let waiting = state.withLock { state in
            state.isOver = true
            defer { (state.waiting, state.served) = ([], []) }
            return state.waiting + state.served
        }
        for continuation in waiting { continuation.resume(returning: stopped()) }
    }

    private func stopped() -> ReloadOutcome { outcome(.refused("the bridge is stopping")) }

    /// Does what was asked for, or looks at the folder.
    private func step() async {
        let isAsked = state.withLock { state in
            defer { (state.isAsked, state.waiting, state.served) = (false, [], state.waiting) }
            return state.isAsked || !state.waiting.isEmpty
        }
        guard isAsked else {
            if parts.interval != nil { _ = await look() }
            return
        }
        let outcome = await reloadNow()
        let served = state.withLock { state in
            defer { state.served = [] }
            return state.served
        }
        for continuation in served { continuation.resume(returning: outcome) }
    }

    /// Looks at the folder once, and reloads when its content is new and was the same at the look before.
    /// - Returns: what came of the reload; `nil` when there was none.
    func look() async -> ReloadOutcome? {
        if let reason = state.withLock({ $0.untold }) { await tell(reason) }
        let read = await thread.run { [parts] in Self.attempt(parts.read) }
        guard state.withLock({ $0.watch.see(read.look) }) else { return nil }
        return await take(read)
    }

    /// Reloads whatever is in the folder now.
    func reloadNow() async -> ReloadOutcome {
        await take(await thread.run { [parts] in Self.attempt(parts.read) })
    }

    // MARK: One reload

    private func take(_ first: Attempt) async -> ReloadOutcome {
        var read = first
        for _ in 0..<Self.attempts {
            guard case .success(let files) = read.files else { break }
            let current = book.current
            if files.revision == current.revision { return succeeded(read.look, []) }
            if files.files.isEmpty, !current.rules.isEmpty {
                return await refuse(read.look, "there are no rule files any more", [])
            }
            let load = await thread.run { [parts] in parts.check(files) }
            var failures: [String] = []
            if let ruleSet = load.ruleSet { failures = await parts.test(ruleSet, files) }
            let again = await thread.run { [parts] in Self.attempt(parts.read) }
            // What was read may have been a half of it: only what is still there after the check counts.
            guard again.look == read.look else {
                read = again
                continue
            }
            return await settle(read.look, files, load, failures)
        }
        switch read.files {
        case .success: return await refuse(read.look, "the rule files change while they are read", [])
        case .failure(let error): return await refuse(read.look, "the rule files can not be read: \(error)", [])
        }
    }

    private func settle(
        _ look: RuleWatch.Look, _ files: RuleFiles, _ load: RuleSetLoad, _ failures: [String]
    ) async -> ReloadOutcome {
        guard let ruleSet = load.ruleSet else {
            return await refuse(look, Self.summary(load.diagnostics), load.diagnostics)
        }
        if let first = failures.first {
            return await refuse(look, "\(failures.count) rule tests fail, the first: \(first)", load.diagnostics)
        }
        let now = clock.now()
        do throws(StoreError) {
            // Before anything is decided by it: every run finds the rules that it began with.
            try await store.saveRuleSet(
                StoredRuleSet(
                    revision: files.revision, files: files.files.map { StoredRuleSet.File(name: $0.name, text: $0.text) },
                    savedAt: now))
            try await store.audit(
                [
                    AuditEntry(
                        at: now, kind: .bridge, reason: nil, actor: "bridge",
                        detail: "rules \(files.revision) taken, \(ruleSet.rules.count) rules; before: \(book.current.revision)")
                ], messages: [], now: now)
        } catch {
            // Not counted as tried: the next look tries it again.
            return await refuse(nil, "the store does not take the new rules: \(error.message)", load.diagnostics)
        }
        book.swap(to: ruleSet)
        logger.info(
            "rules taken", metadata: ["revision": "\(ruleSet.revision)", "rules": "\(ruleSet.rules.count)"])
        return succeeded(look, load.diagnostics, verdict: .taken)
    }

    private func succeeded(
        _ look: RuleWatch.Look, _ diagnostics: [Diagnostic], verdict: ReloadOutcome.Verdict = .unchanged
    ) -> ReloadOutcome {
        let now = clock.now()
        let current = book.current
        let wasRefused = state.withLock { state in
            defer { (state.reported, state.untold) = (nil, nil) }
            state.watch.tried(look)
            state.status = ReloadStatus(
                isSuccessful: true, lastSuccessAt: now, revision: current.revision, rules: current.rules.count)
            return state.reported != nil
        }
        if wasRefused, verdict == .unchanged {
            logger.info("the rule files are those in force again", metadata: ["revision": "\(current.revision)"])
        }
        return outcome(verdict, diagnostics)
    }

    /// Notes a refusal, and tells people unless they were told of the same.
    private func refuse(_ look: RuleWatch.Look?, _ reason: String, _ diagnostics: [Diagnostic]) async -> ReloadOutcome {
        // One content may be refused for one reason only; a store that refuses has no content.
        let subject = look.map { "\($0)" } ?? reason
        let isNew = state.withLock { state in
            defer { state.reported = subject }
            if let look { state.watch.tried(look) }
            state.status.isSuccessful = false
            return state.reported != subject
        }
        if isNew { await tell(reason) }
        return outcome(.refused(reason), diagnostics)
    }

    private func tell(_ reason: String) async {
        let inForce = book.current.revision
        logger.error("rules refused", metadata: ["reason": "\(reason)", "in_force": "\(inForce)"])
        let now = clock.now()
        let text = "VPSBridge did not take the changed rules: \(reason). The rules of revision \(inForce) stay in force."
        do throws(StoreError) {
            try await store.audit(
                [
                    AuditEntry(
                        at: now, kind: .bridge, reason: nil, actor: "bridge",
                        detail: "rules refused, \(inForce) stays in force: \(reason.prefix(400))")
                ],
                messages: MessagePolicy.notices(.reloadRefused, text, channels: parts.channels), now: now)
            state.withLock { $0.untold = nil }
            messageDoorbell.ring()
        } catch {
            state.withLock { $0.untold = reason }
            logger.error("people could not be told of refused rules", metadata: ["error": "\(error)"])
        }
    }

    private func outcome(_ verdict: ReloadOutcome.Verdict, _ diagnostics: [Diagnostic] = []) -> ReloadOutcome {
        let current = book.current
        return ReloadOutcome(
            verdict: verdict, revision: current.revision, rules: current.rules.count, diagnostics: diagnostics)
    }

    /// How many errors there are, and the first of them.
    private static func summary(_ diagnostics: [Diagnostic]) -> String {
        let errors = diagnostics.filter { $0.severity == .error }
        guard let first = errors.first else { return "the rules are not usable" }
        let place = "\(first.file):\(first.line):\(first.column): \(first.message) (\(first.code.rawValue))"
        return errors.count == 1 ? place : "\(errors.count) errors, the first: \(place)"
    }

    /// One reading of the folder.
    private struct Attempt: Sendable {
        let files: Result<RuleFiles, UnreadableRules>

        var look: RuleWatch.Look {
            switch files {
            case .success(let files): .files(files.revision)
            case .failure(let error): .unreadable(error)
            }
        }
    }

    private static func attempt(_ read: () throws(UnreadableRules) -> RuleFiles) -> Attempt {
        do throws(UnreadableRules) {
            return Attempt(files: .success(try read()))
        } catch {
            return Attempt(files: .failure(error))
        }
    }
}
