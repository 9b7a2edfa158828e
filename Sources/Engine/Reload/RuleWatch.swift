import Model

/// Judges what polls of the rule folder saw: when a content is new, and when it has come to rest.
///
/// Pure. A content is tried when two looks in a row saw the same, so that a file that is half written, a folder that is being filled or a
/// moment without files is passed over; and it is tried once, whatever came of it.
struct RuleWatch {
    /// What one look saw.
    enum Look: Hashable {
        case files(RuleSetRevision)
        case unreadable(UnreadableRules)
    }

    /// What was tried last.
    private var tried: Look
    private var last: Look?

    /// Begins with the revision in force.
    init(inForce: RuleSetRevision) {
        tried = .files(inForce)
    }

    /// Takes in one look.
    /// - Returns: whether the content is to be tried now.
    mutating func see(_ look: Look) -> Bool {
        defer { last = look }
        return look != tried && look == last
    }

    /// Notes that a content was tried, by a look or because somebody asked.
    mutating func tried(_ look: Look) {
        tried = look
        last = look
    }
}
