import Model

/// The pages of one listing, put together.
struct Listing {
    private var servers: [Server] = []
    private var known: Set<ServerID> = []
    /// What every page so far counts; `nil` before the first.
    private var count: Int64?
    private var isConsistent = true

    /// Takes the next page in.
    ///
    /// Servers that come and go while the pages are read move the others over their edges: the pages then count differently, or
    /// show one server twice, and another may have been on none. One that comes for each that goes can not be told.
    mutating func add(_ page: ListPage) {
        if let counted = page.count, count ?? counted == counted { count = counted } else { isConsistent = false }
        if !page.isReadable { isConsistent = false }
        for server in page.servers {
            if known.insert(server.id).inserted { servers.append(server) } else { isConsistent = false }
        }
    }

    /// The list; complete when its last page was read, and when it has neither more nor fewer servers than every page counts.
    func end(isLast: Bool) -> ServerList {
        ServerList(servers: servers, isComplete: isLast && isConsistent && count == Int64(servers.count))
    }
}
