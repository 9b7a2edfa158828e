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
    /// With `skipsKnown` the condition that the index has found to be true is not run again. `rule` says whose time zones the
    /// conditions know; `budget` is what they may cost together, in units, and is taken from.
    mutating func judge(_ rule: RuleCode, number: Int, skipsKnown: Bool, _ budget: inout Int) -> Outcome {
        self.rule = number
        var hasFailed = false
        // The gravest failure so far, as it lies in `missingPath`, `failed` and `failedOffset`.
        var worst: (missingPath: Int32, failed: EvaluationFailure?, offset: UInt16) = (-1, nil, 0)
        for program in rule.firstProgram..<rule.endOfPrograms where !skipsKnown || program != rule.known {
            if budget <= 0 {
                note(EvaluationFailure(.cost, "the event's rules need more than their cost units"))
            } else {
                let isComplete = run(program, limit: min(CELMeter.defaultLimit, budget))
                budget -= meter.spent
                let result = registers[0]
                if isComplete {
                    if result.kind == .bool, !result.isOptional {
                        if result.bits == 0 { return .fails }
                        continue
                    }
                    note(EvaluationFailure(.type, "the condition is not true or false"))
                }
            }
            if !hasFailed || rank > Self.rank(worst.missingPath, worst.failed) { worst = (missingPath, failed, failedOffset) }
            hasFailed = true
        }
        guard hasFailed else { return .holds }
        (missingPath, failed, failedOffset) = worst
        return .failed
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
