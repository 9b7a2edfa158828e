package import Model

/// Due times for those who are told to come again: one after the other at the pace at which they can be served, not all at once.
///
/// They are hints, not places in a queue: who comes is judged anew. Pure.
package struct DueTimes: Sendable, Hashable {
    /// The farthest that anybody is sent away. Who comes then and is too early is given another time.
    package static let horizon: Duration = .seconds(300)

    private var last: Timestamp?

    package init() {}

    /// - Parameters:
    ///   - wait: How long until the first of them can be served.
    ///   - spacing: How long each one takes.
    ///   - now: The present time.
    /// - Returns: when to come again.
    package mutating func next(in wait: Duration, spacing: Duration, now: Timestamp) -> Timestamp {
        // A millisecond more, so that who comes in time does not lack a millionth of a token.
        let earliest = now + min(wait, Self.horizon) + .milliseconds(1)
        let due = min(max(earliest, last.map { $0 + spacing } ?? earliest), now + Self.horizon)
        last = due
        return due
    }
}
