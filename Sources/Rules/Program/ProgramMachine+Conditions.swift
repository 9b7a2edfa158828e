/// Lists of conditions.
extension ProgramMachine {
    enum Outcome {
        case holds, fails
        /// ``failure`` tells why.
        case failed
    }

    /// Runs the conditions of a rule as one `&&`: the first false one ends it; a failure is remembered and the next are run, so
    /// that a later false one wins.
    ///
    /// With `skipsKnown` the condition that the index has found to be true is not run again. `budget` is what the conditions may
    /// cost together, in units, and is taken from; a condition that another rule has had answered costs the same again.
    mutating func judge(_ rule: Int, skipsKnown: Bool, _ budget: inout Int) -> Outcome {
        self.rule = rule
        let code = codes[rule]
        for index in 0..<Int(code.count) where !skipsKnown || index != Int(code.known) {
            guard let holds = answer(conditions[Int(code.first) + index], &budget) else {
                return judgeRest(code, behind: index, skipsKnown: skipsKnown, &budget)
            }
            guard holds else { return .fails }
        }
        return .holds
    }

    /// The rest of a rule's conditions, once one has failed: only a false one can change what is said.
    private mutating func judgeRest(_ code: RuleCode, behind failing: Int, skipsKnown: Bool, _ budget: inout Int) -> Outcome {
        // The gravest failure so far, as it lies in `missingPath`, `failed` and `failedOffset`.
        var worst = (missingPath: missingPath, failed: failed, offset: failedOffset)
        for index in failing + 1..<max(Int(code.count), failing + 1) where !skipsKnown || index != Int(code.known) {
            if let holds = answer(conditions[Int(code.first) + index], &budget) {
                guard holds else { return .fails }
            } else if rank > Self.rank(worst.missingPath, worst.failed) {
                worst = (missingPath, failed, failedOffset)
            }
        }
        (missingPath, failed, failedOffset) = worst
        return .failed
    }

    /// What a condition says; `nil` when it fails.
    @inline(__always)
    private mutating func answer(_ condition: RuleCondition, _ budget: inout Int) -> Bool? {
        let program = Int(condition.program)
        if condition.isShared, answers[program].reading == reading, budget >= Int(answers[program].cost), budget > 0 {
            budget -= Int(answers[program].cost)
            return answers[program].holds
        }
        guard budget > 0 else {
            note(EvaluationFailure(.cost, "the event's rules need more than their cost units"))
            return nil
        }
        let isComplete = run(condition.program, limit: min(CELMeter.defaultLimit, budget))
        let cost = meter.spent
        budget -= cost
        guard isComplete else { return nil }
        let result = registers[0]
        guard result.kind == .bool, !result.isOptional else {
            note(EvaluationFailure(.type, "the condition is not true or false"))
            return nil
        }
        if condition.isShared {
            answers[program] = RememberedAnswer(
                reading: reading, cost: UInt32(truncatingIfNeeded: cost), holds: result.bits == 1)
        }
        return result.bits == 1
    }

    private mutating func note(_ failure: EvaluationFailure) {
        missingPath = -1
        failed = failure
    }

    /// How grave the present failure is.
    private var rank: Int { Self.rank(missingPath, failed) }

    private static func rank(_ missingPath: Int32, _ failed: EvaluationFailure?) -> Int {
        missingPath >= 0 ? 0 : failed?.rank ?? 1
    }
}
