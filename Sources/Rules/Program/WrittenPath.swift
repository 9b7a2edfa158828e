/// A path of the event as an expression writes it, step by step: `event.labels["env"]` is not written as `event.labels.env`,
/// though both are one place.
struct WrittenPath: Sendable {
    enum Step: Sendable {
        /// The event itself.
        case root
        case field(String)
        case key(CELValue)
    }

    /// Where the value lies.
    let place: Int32
    /// The path without its last step; -1 for the event itself.
    let parent: Int32
    let step: Step
    /// Whether it is `event.x`, which is looked up as a whole before `event` is.
    let isDirect: Bool
    /// The charges for all keys in brackets, in tenths of a unit.
    let keyTenths: Int
    /// The failure when it is not there, without a place.
    let missing: EvaluationFailure

    /// The path's text, `event.labels.env`.
    var text: String { missing.path ?? "" }
}

/// Of a written path what is needed to read it.
struct PathLink: BitwiseCopyable {
    /// The place one step above; -1 for the event itself.
    let parentPlace: Int32
}

/// A function call of a program.
struct ProgramCall: Sendable {
    let function: CELFunction
    let isMember: Bool
    let pattern: Pattern?
}

/// A field that is looked for in a value that is computed.
struct FieldSite: Sendable {
    let name: String
    /// The written path, for messages.
    let path: String?
}

/// A name that is looked up while the program runs.
struct NameSite: Sendable {
    let name: String
    let isRooted: Bool
}
