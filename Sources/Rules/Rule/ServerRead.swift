/// `server.list` and `server.get`: asks the Servers API and changes nothing.
package enum ServerRead: Sendable {
    /// The server that the rule names.
    case get
    /// All servers, or those of a status or a location.
    case list(status: Template?, location: Template?)
}
