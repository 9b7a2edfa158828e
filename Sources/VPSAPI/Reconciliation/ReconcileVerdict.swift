package import Model

/// What became of a request, as far as a reading tells.
package enum ReconcileVerdict: Sendable, Hashable {
    /// It had its effect; with the server that shows it, which a delete has not.
    case applied(Server?)
    /// The API refused it, and the server is as it asked for: done, but not by us.
    case alreadySo(Server)
    /// The API refused it, and the server bears that out; `nil` when there is no server to show.
    case refused(Server?)
    /// It is safe to send it again: nothing came of it, or twice comes to the same as once.
    case notExecuted
    /// Nothing was seen and it must not be sent again: counts as sent.
    case assumedSent
    /// There is no such server any more.
    case gone
    /// Nothing is proved yet.
    case stillUnknown(readAgainAt: Timestamp)
    /// Nothing is sent again before a person has looked.
    case ambiguous(ReconcileAmbiguity)
}

/// Why only a person can say what became of a request.
package enum ReconcileAmbiguity: Sendable, Hashable {
    /// Several servers have the name of one create. None of them is ever deleted by itself.
    case several([Server])
    /// The server of that name is older than the create, or its age is not known: it is not ours.
    case notOurs(Server)
    /// After the whole window the account looks empty, which it was not when the create was decided.
    case accountLooksEmpty
    /// Two creates of one name left no trace.
    case missingTwice
    /// The server that was to be deleted has another name now.
    case renamed(Server)
}
