package import Model

/// The servers that no rule and no command may change.
///
/// An entry is an id, a name, or the beginning of a name followed by `*`; compared by bytes.
package struct ProtectedServers: Sendable {
    package let entries: [String]

    package init(_ entries: [String]) {
        self.entries = entries
    }

    package func contains(_ server: Server) -> Bool {
        entries.contains { entry in
            if entry.utf8.last == UInt8(ascii: "*") {
                return server.name.utf8.starts(with: entry.utf8.dropLast())
            }
            return entry.utf8.elementsEqual(server.name.utf8) || entry.utf8.elementsEqual(server.id.description.utf8)
        }
    }
}
