/// The present time, handed to whoever needs it; tests hand in a clock that they turn.
package protocol TimeSource: Sendable {
    /// The wall-clock time in UTC.
    func now() -> Timestamp
}
