import JSON

/// Finds the rules that an event could match: those whose access predicate holds, and those that have none.
///
/// Immutable after `init`, read from any thread.
final class RuleIndex: Sendable {
    /// A seeded fault, for tests that prove that a comparison finds one.
    enum Fault: Sendable {
        case none
        /// Texts are looked up without their last byte.
        case cutsTexts
        /// A range loses its lower bound.
        case losesLowerBounds
    }

    /// What is looked up at one place.
    final class Access: Sendable {
        let hasKeys: Bool
        /// The distinct lengths of prefixes, ascending.
        let prefixLengths: [Int]
        let ranges: RangeTree?
        /// Rules that only ask whether there is a value.
        let present: [Int32]

        fileprivate init(_ draft: Draft) {
            hasKeys = draft.hasKeys
            prefixLengths = draft.prefixLengths.sorted()
            ranges = draft.ranges.isEmpty ? nil : RangeTree(draft.ranges)
            present = draft.present
        }
    }

    fileprivate struct Draft {
        var hasKeys = false
        var prefixLengths: Set<Int> = []
        var ranges: [RangeTree.Interval] = []
        var present: [Int32] = []
    }

    private let accesses: [Access]
    /// For every place the number of its access; -1 where none is.
    private let accessOfPlace: [Int32]
    private let table: KeyTable
    /// Rules that are evaluated for every event, ascending.
    let always: [Int32]
    private let fault: Fault

    /// `chosen` holds the rules' numbers with their predicates, ascending.
    init(_ chosen: [(rule: Int32, predicate: AccessPredicate?)], places: Int, fault: Fault) {
        self.fault = fault
        var builder = KeyTable.Builder()
        var drafts: [Draft] = []
        var accessOfPlace = [Int32](repeating: -1, count: places)
        var always: [Int32] = []
        for (rule, predicate) in chosen {
            guard let predicate else {
                always.append(rule)
                continue
            }
            if accessOfPlace[Int(predicate.place)] < 0 {
                accessOfPlace[Int(predicate.place)] = Int32(drafts.count)
                drafts.append(Draft())
            }
            let access = Int(accessOfPlace[Int(predicate.place)])
            switch predicate.test {
            case .keys(let keys):
                drafts[access].hasKeys = true
                for key in Set(keys) { builder.add(rule, KeyTable.Key(place: predicate.place, isPrefix: false, key: key)) }
            case .prefix(let bytes):
                drafts[access].prefixLengths.insert(bytes.count)
                builder.add(rule, KeyTable.Key(place: predicate.place, isPrefix: true, key: .text(bytes)))
            case .range(let low, let high):
                drafts[access].ranges.append(
                    RangeTree.Interval(low: fault == .losesLowerBounds ? low.nextUp + 1 : low, high: high, rule: rule))
            case .present: drafts[access].present.append(rule)
            }
        }
        accesses = drafts.map { Access($0) }
        self.accessOfPlace = accessOfPlace
        self.always = always
        table = builder.table()
    }

    /// How many places are looked at.
    var accessCount: Int { accesses.count }

    /// The number of what is looked up at a place.
    func access(of place: Int32) -> Int? {
        accessOfPlace[Int(place)] < 0 ? nil : Int(accessOfPlace[Int(place)])
    }

    /// Adds the rules that an event could match, in any order, each once.
    ///
    /// `found` names the watched places that have a value; every rule stands in buckets of one place only, and a value lies in
    /// one bucket of equal values, so that no rule is added twice.
    /// `present` counts for every access how often it had a value.
    func candidates(of slots: borrowing JSONSlotTable, into candidates: inout [Int32], present: inout [Int]) {
        candidates.append(contentsOf: always)
        for index in 0..<slots.foundCount {
            let place = slots.found[index]
            let number = accessOfPlace[Int(place)]
            guard number >= 0 else { continue }
            present[Int(number)] += 1
            look(accesses[Int(number)], place, slots.slots[Int(place)], &candidates)
        }
    }

    @inline(__always)
    private func look(_ access: Access, _ place: Int32, _ slot: JSONSlot, _ candidates: inout [Int32]) {
        if !access.present.isEmpty { candidates.append(contentsOf: access.present) }
        switch slot.kind {
        case .text:
            var text = Register(.text, bits: slot.bits, count: slot.count)
            if fault == .cutsTexts, text.count > 0 { text.count -= 1 }
            if access.hasKeys { table.addRules(text.text, isPrefix: false, place: place, &candidates) }
            for length in access.prefixLengths {
                guard length <= text.count else { break }
                text.count = UInt32(length)
                table.addRules(text.text, isPrefix: true, place: place, &candidates)
                text.count = slot.count
            }
        case .int:
            let number = Int64(bitPattern: slot.bits)
            if access.hasKeys { table.addRules(number: .int, slot.bits, place: place, &candidates) }
            access.ranges?.addRules(Double(number), &candidates)
        case .double:
            let number = Double(bitPattern: slot.bits)
            if access.hasKeys {
                if let whole = Int64(exactly: number) {
                    table.addRules(number: .int, UInt64(bitPattern: whole), place: place, &candidates)
                } else {
                    table.addRules(number: .double, slot.bits, place: place, &candidates)
                }
            }
            access.ranges?.addRules(number, &candidates)
        case .bool: if access.hasKeys { table.addRules(number: .bool, slot.bits, place: place, &candidates) }
        case .null: if access.hasKeys { table.addRules(number: .null, 0, place: place, &candidates) }
        case .array, .object, .kept: break
        }
    }
}
