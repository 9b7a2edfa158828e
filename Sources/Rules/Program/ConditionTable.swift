/// The conditions of every rule, and the time zones that each rule knows.
///
/// `@unchecked Sendable`: the memory behind the pointers is written in `init` and freed in `deinit`, and read in between.
final class ConditionTable: @unchecked Sendable {
    /// One for every rule.
    let codes: UnsafeMutablePointer<RuleCode>
    let conditions: UnsafeMutablePointer<RuleCondition>
    let zones: [CELTimeZones]
    /// How many rules there are.
    let count: Int

    init(codes: [RuleCode] = [], conditions: [RuleCondition] = [], zones: [CELTimeZones]) {
        self.codes = Self.kept(codes)
        self.conditions = Self.kept(conditions)
        self.zones = zones
        count = codes.count
    }

    deinit {
        codes.deallocate()
        conditions.deallocate()
    }

    private static func kept<Item: BitwiseCopyable>(_ items: [Item]) -> UnsafeMutablePointer<Item> {
        let memory = UnsafeMutablePointer<Item>.allocate(capacity: max(items.count, 1))
        _ = UnsafeMutableBufferPointer(start: memory, count: items.count).initialize(from: items)
        return memory
    }
}
