package import Model
package import Store
package import VPSAPI

/// Takes what people say of servers: that one is the bridge's from now on, or no longer.
///
/// The bridge deletes its own servers without an approval where a rule says so, so that every such word is in the audit.
package struct OwnershipDesk: Sendable {
    /// What came of it.
    package struct Reply: Sendable, Hashable {
        /// Whether it holds now.
        package var isDone: Bool
        /// For the person.
        package var text: String
    }

    private let store: any Store
    private let queries: any Queries
    private let api: any ServersAPI

    package init(store: any Store, queries: any Queries, api: any ServersAPI) {
        self.store = store
        self.queries = queries
        self.api = api
    }

    /// Makes a server the bridge's, as if the bridge had created it. Exactly one server has to have the name, byte by byte, in a
    /// complete list that is read now.
    package func adopt(_ name: String, by actor: String, now: Timestamp) async -> Reply {
        let list: ServerList
        do throws(APIError) {
            list = try await api.list(status: nil, location: nil)
        } catch {
            return Reply(isDone: false, text: "VPS.org can not be asked: \(error)")
        }
        guard list.isComplete else {
            return Reply(
                isDone: false, text: "the list of servers is incomplete: whether it is the only one of its name is not known")
        }
        let named = list.servers.filter { $0.name.utf8.elementsEqual(name.utf8) }
        guard let server = named.first else { return Reply(isDone: false, text: "there is no server of that name") }
        guard named.count == 1 else {
            return Reply(
                isDone: false,
                text: "\(named.count) servers have that name: \(named.prefix(5).map(\.id.description).joined(separator: ", "))")
        }
        let owned = CreatedServer(
            id: server.id, name: server.name, lane: .group("adopted"), run: nil, createdAt: now, adoptedBy: actor)
        let entry = AuditEntry(
            at: now, kind: .command, reason: .applied, server: server.id, actor: actor,
            detail: "adopted \(server.name) (\(server.id)): rules may delete it as one that the bridge created")
        do throws(StoreError) {
            guard try await store.changeOwnership(.adopted(owned), audit: entry, now: now) else {
                return Reply(isDone: true, text: "\(server.name) (\(server.id)) is the bridge's already")
            }
        } catch {
            return Reply(isDone: false, text: error.message)
        }
        return Reply(isDone: true, text: "\(server.name) (\(server.id)) is the bridge's now, as if it had created it")
    }

    /// Makes a server of that name no longer the bridge's; it is not asked whether the server is still there.
    package func disown(_ name: String, by actor: String, now: Timestamp) async -> Reply {
        do throws(StoreError) {
            let named = try await queries.createdServers().filter { $0.name.utf8.elementsEqual(name.utf8) }
            guard let server = named.first else { return Reply(isDone: false, text: "the bridge has no server of that name") }
            guard named.count == 1 else {
                return Reply(
                    isDone: false,
                    text:
                        "the bridge has \(named.count) servers of that name: \(named.map(\.id.description).joined(separator: ", "))"
                )
            }
            let entry = AuditEntry(
                at: now, kind: .command, reason: .applied, server: server.id, actor: actor,
                detail: "disowned \(server.name) (\(server.id)): rules may delete it only with an approval")
            _ = try await store.changeOwnership(.disowned(server.id), audit: entry, now: now)
            return Reply(isDone: true, text: "\(server.name) (\(server.id)) is no longer the bridge's")
        } catch {
            return Reply(isDone: false, text: error.message)
        }
    }
}
