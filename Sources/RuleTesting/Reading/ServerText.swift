import Model

/// Servers in the words of a test: an id or a name.
enum ServerText {
    /// Whether the text is the server's id or name, by bytes.
    static func names(_ server: Server, _ text: String) -> Bool {
        names(id: server.id, name: server.name, text)
    }

    static func names(id: ServerID?, name: String?, _ text: String) -> Bool {
        if let id, id.description.utf8.elementsEqual(text.utf8) { return true }
        return name?.utf8.elementsEqual(text.utf8) ?? false
    }
}
