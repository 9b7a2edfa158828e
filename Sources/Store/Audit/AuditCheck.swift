import Model

/// Follows the chain of the audit from entry to entry and says where it breaks; pure, over a file or over an export alike.
///
/// It tells that entries were changed, removed, inserted or moved, not by whom. Whoever can write the file can also write a whole new
/// chain: that shows only against a head that was kept elsewhere (`expected`).
package struct AuditCheck: Sendable {
    /// How many breaks are told in full.
    package static let damageShown = 20

    /// What was found.
    package struct Verdict: Sendable, Hashable {
        /// How many entries were read.
        package var entries: Int
        /// Where the entries begin: the beginning, or what was pruned before them.
        package var anchor: AuditMark
        /// The last entry that was read.
        package var last: AuditMark
        /// What is wrong, the first ``AuditCheck/damageShown`` of it; empty when nothing is.
        package var damage: [String]
        /// How many breaks there are.
        package var breaks: Int

        package var isWhole: Bool { breaks == 0 }
    }

    private let anchor: AuditMark
    private let expected: AuditMark?
    private var last: AuditMark
    private(set) var entries = 0
    private var damage: [String] = []
    private var breaks = 0
    private var expectedSeen = false
    /// What the newest entry says that speaks of pruning.
    private var pruning: String?

    /// Begins behind `anchor`; `expected` is a place that the chain has to go through.
    package init(anchor: AuditMark, expecting expected: AuditMark? = nil) {
        self.anchor = anchor
        self.expected = expected
        last = anchor
    }

    /// Looks at the next entry.
    package mutating func take(_ record: AuditRecord) {
        entries += 1
        if record.id <= last.id {
            found("entry \(record.id) stands after entry \(last.id): the order was changed")
        } else if record.expectedHash(after: last.hash) != record.hash {
            // Wraps where a number in the file is not to be believed.
            let missing = record.id &- last.id &- 1
            let gap =
                missing > 0
                ? "\(missing) between them are missing" : "one of the two was changed, or is not the one that was written there"
            found("entry \(record.id) does not follow from entry \(last.id): \(gap)")
        }
        if let expected, expected.id == record.id {
            expectedSeen = true
            if expected.hash != record.hash { found("entry \(record.id) is not the one of the head that was given") }
        }
        if AuditPruning.isPruning(record) { pruning = record.detail }
        last = record.mark
    }

    /// Says of something that it is wrong, in the reader's words.
    package mutating func found(_ what: String) {
        breaks += 1
        if damage.count < Self.damageShown { damage.append(what) }
    }

    /// Ends it; `head` is where the entries should end. `isWhole` is whether they should begin where the file's own begin, so that
    /// an entry has to speak for the anchor.
    package mutating func finish(head: AuditMark?, isWhole: Bool) -> Verdict {
        if let head, head != last {
            switch last.id {
            case ..<head.id: found("the entries end at \(last.id) and should end at \(head.id): the last ones were cut off")
            case head.id: found("the last entry, \(last.id), is not the one that the head names")
            default: found("the entries end at \(last.id), behind the head at \(head.id): the last ones were put there")
            }
        }
        if isWhole, anchor != .beginning, pruning.map({ !$0.utf8.elementsEqual(AuditPruning.detail(anchor).utf8) }) ?? true {
            found("no entry says that what came before entry \(anchor.id &+ 1) was pruned: the first ones were cut off")
        }
        if let expected, !expectedSeen {
            if expected.id > last.id {
                found("the head that was given, \(expected.id), is not there: the last entries were cut off")
            } else if expected == anchor {
                expectedSeen = true
            } else if expected.id <= anchor.id {
                found("the head that was given, \(expected.id), was pruned; a younger one can be looked for")
            } else {
                found("entry \(expected.id), the head that was given, is missing")
            }
        }
        return Verdict(entries: entries, anchor: anchor, last: last, damage: damage, breaks: breaks)
    }
}

/// What the audit says of its own pruning.
enum AuditPruning {
    static func isPruning(_ record: AuditRecord) -> Bool {
        record.reason.map { $0.utf8.elementsEqual(Reason.pruned.rawValue.utf8) } ?? false
    }

    /// The words of the entry that speaks for an anchor, to the byte.
    static func detail(_ anchor: AuditMark) -> String { "entries through \(anchor)" }

    /// The entry that speaks for an anchor; it is written in the same transaction.
    static func entry(_ anchor: AuditMark, now: Timestamp) -> AuditEntry {
        AuditEntry(at: now, kind: .bridge, reason: .pruned, actor: "bridge", detail: detail(anchor))
    }
}
