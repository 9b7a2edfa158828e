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
    struct Access: Sendable {
        var hasKeys = false
        /// The distinct lengths of prefixes, ascending.
        var prefixLengths: [Int] = []
        var ranges: RangeTree?
        /// Rules that only ask whether there is a value.
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
        var accesses: [Access] = []
        var accessOfPlace = [Int32](repeating: -1, count: places)
        var ranges: [[RangeTree.Interval]] = []
        var always: [Int32] = []
        for (rule, predicate) in chosen {
            guard let predicate else {
                always.append(rule)
                continue
            }
            if accessOfPlace[Int(predicate.place)] < 0 {
                accessOfPlace[Int(predicate.place)] = Int32(accesses.count)
                accesses.append(Access())
                ranges.append([])
            }
            let access = Int(accessOfPlace[Int(predicate.place)])
            switch predicate.test {
            case .keys(let keys):
                accesses[access].hasKeys = true
                for key in Set(keys) { builder.add(rule, KeyTable.Key(place: predicate.place, isPrefix: false, key: key)) }
            case .prefix(let bytes):
                if !accesses[access].prefixLengths.contains(bytes.count) { accesses[access].prefixLengths.append(bytes.count) }
                builder.add(rule, KeyTable.Key(place: predicate.place, isPrefix: true, key: .text(bytes)))
            case .range(let low, let high):
                ranges[access].append(
                    RangeTree.Interval(low: fault == .losesLowerBounds ? low.nextUp + 1 : low, high: high, rule: rule))
            case .present: accesses[access].present.append(rule)
            }
        }
        for index in accesses.indices {
            accesses[index].prefixLengths.sort()
            if !ranges[index].isEmpty { accesses[index].ranges = RangeTree(ranges[index]) }
        }
        self.accesses = accesses
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
    private func look(_ access: borrowing Access, _ place: Int32, _ slot: JSONSlot, _ candidates: inout [Int32]) {
        candidates.append(contentsOf: access.present)
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
