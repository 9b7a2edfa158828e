/// When a sender was heard, and how often it usually is: what tells that it has fallen silent.
///
/// What counts as usual is learnt by the hour: for each of the last seven days' hours the longest gap that went over it or ended in it.
/// The usual gap is the one that nine hours of ten do not exceed. So a burst of a thousand webhooks weighs no more than the hour that
/// it came in, a sender that rests at night is known to, and a single long gap is nobody's habit. Pure.
package struct SourcePulse: Sendable, Hashable {
    /// How a sender is expected to speak.
    package enum Expectation: Sendable, Hashable {
        /// As often as it has been learnt to.
        case learnt
        /// At least that often.
        case every(Duration)
        /// Whenever it likes.
        case never
    }

    /// What people are to be told.
    package enum Turn: Sendable, Hashable {
        /// Nothing came for three times the gap.
        case silent(since: Timestamp, gap: Duration)
        /// It is heard again.
        case returned(silentSince: Timestamp)
    }

    /// After how many gaps a sender is silent.
    package static let patience = 3
    /// Webhooks that follow one another so soon are one word.
    static let burst = Duration.seconds(30)
    /// How many hours are remembered.
    static let hoursKept = 168
    /// How long, and how many words, it takes until something is usual.
    static let learningTime = Duration.seconds(86_400)
    static let learningWords = 10
    /// No gap is usual that is longer.
    private static let longestGap = Duration.seconds(7 * 86_400)

    package var firstHeardAt: Timestamp?
    package var lastHeardAt: Timestamp?
    /// How often it spoke, bursts counted once.
    package var words: Int
    /// Per hour the longest gap in seconds; the last is of ``hour``.
    package var gaps: [Int]
    /// Hours since 1970 of the last of ``gaps``.
    package var hour: Int64
    /// Since when people know it to be silent.
    package var silentSince: Timestamp?

    package init(
        firstHeardAt: Timestamp? = nil, lastHeardAt: Timestamp? = nil, words: Int = 0, gaps: [Int] = [], hour: Int64 = 0,
        silentSince: Timestamp? = nil
    ) {
        self.firstHeardAt = firstHeardAt
        self.lastHeardAt = lastHeardAt
        self.words = words
        self.gaps = gaps
        self.hour = hour
        self.silentSince = silentSince
    }

    /// The sender spoke. What is older than its last word changes nothing.
    package mutating func heard(at now: Timestamp) {
        guard let last = lastHeardAt else {
            (firstHeardAt, lastHeardAt, words, hour) = (now, now, 1, Self.hour(of: now))
            return
        }
        let gap = now.since(last)
        guard gap > .zero else { return }
        // As it was before this word, which may be the one that ends the time of learning.
        let usualGap = usualGap
        lastHeardAt = now
        guard gap >= Self.burst else { return }
        words += words < Int.max ? 1 : 0
        // A silence that people were told of is no habit; a sender that has become slower is learnt to be, step by step.
        let longest = min(usualGap.map { $0 * Self.patience } ?? Self.longestGap, Self.longestGap)
        remember(seconds: Int(min(gap, longest).components.seconds), until: Self.hour(of: now))
    }

    private mutating func remember(seconds: Int, until now: Int64) {
        let passed = now - hour
        if gaps.isEmpty || passed > 0 {
            gaps += Array(repeating: seconds, count: gaps.isEmpty ? 1 : Int(min(passed, Int64(Self.hoursKept))))
            gaps.removeFirst(max(0, gaps.count - Self.hoursKept))
            hour = max(hour, now)
        } else {
            gaps[gaps.count - 1] = max(gaps[gaps.count - 1], seconds)
        }
    }

    /// The gap that is usual; `nil` while too little is known.
    package var usualGap: Duration? {
        guard let first = firstHeardAt, let last = lastHeardAt, last.since(first) >= Self.learningTime,
            words >= Self.learningWords,
            !gaps.isEmpty
        else { return nil }
        return .seconds(gaps.sorted()[(gaps.count * 9 + 9) / 10 - 1])
    }

    /// What is new; each silence and each return is said once.
    ///
    /// `expectation` is what the configuration says, and `listeningSince` when the bridge began to listen: before that nobody could be
    /// heard.
    package mutating func turn(_ expectation: Expectation, listeningSince: Timestamp, now: Timestamp) -> Turn? {
        if let silent = silentSince {
            let isHeard = lastHeardAt.map { $0 > silent } ?? false
            guard isHeard || expectation == .never else { return nil }
            silentSince = nil
            return isHeard ? .returned(silentSince: silent) : nil
        }
        let gap: Duration? =
            switch expectation {
            case .never: nil
            case .every(let span): span
            case .learnt: usualGap
            }
        guard let gap else { return nil }
        let since = max(lastHeardAt ?? listeningSince, listeningSince)
        guard now.since(since) > gap * Self.patience else { return nil }
        silentSince = since
        return .silent(since: since, gap: gap)
    }

    private static func hour(of instant: Timestamp) -> Int64 { instant.microseconds / 3_600_000_000 }
}
