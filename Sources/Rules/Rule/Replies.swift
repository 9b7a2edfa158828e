/// What the chat is told of a command besides the bridge's own words.
package struct Replies: Sendable {
    /// When it was accepted; sees the event, `vars` and `args`, and no server yet.
    package var accepted: Template?
    /// When its run ended without doing anything; sees what a message sees.
    package var skipped: Template?
    /// When its run failed; sees what a message sees.
    package var failed: Template?
}
