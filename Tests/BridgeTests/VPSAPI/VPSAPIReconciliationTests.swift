import CurlTransport
import JSON
import Model
import Testing
import VPSAPI

/// When the request was stored; ages are counted from here.
private let sentAt = Timestamp(seconds: 1_800_000_000)
private let rules = Reconciliation()

private func server(
    _ status: ServerStatus = .active, id: Int64 = 7, name: String = "web-7", created: Int64? = nil, updated: Int64? = 0
) -> Server {
    Server(
        id: ServerID(rawValue: id), name: name, hostname: "web-7.example.com", status: status,
        createdAt: created.map { sentAt + .seconds($0) }, updatedAt: updated.map { sentAt + .seconds($0) },
        raw: ["backups_enabled": true])
}

private func list(_ servers: Server..., isComplete: Bool = true) -> Reading {
    .list(ServerList(servers: [server(id: 1, name: "web-1", created: -900)] + servers, isComplete: isComplete))
}

/// What is expected; times are seconds after the request.
enum VPSAPIReconcileExpected {
    case applied(Int64?)
    case alreadySo
    case refused
    case notExecuted
    case assumedSent
    case gone
    case again(Double)
    case ambiguous(ReconcileAmbiguity)

    var verdict: ReconcileVerdict? {
        switch self {
        case .notExecuted: .notExecuted
        case .assumedSent: .assumedSent
        case .gone: .gone
        case .again(let seconds): .stillUnknown(readAgainAt: sentAt + .seconds(seconds))
        case .ambiguous(let why): .ambiguous(why)
        case .applied, .alreadySo, .refused: nil
        }
    }

    func holds(for other: ReconcileVerdict) -> Bool {
        switch (self, other) {
        case (.applied(let id), .applied(let server)): server?.id.rawValue == id
        case (.alreadySo, .alreadySo), (.refused, .refused): true
        default: verdict == other
        }
    }
}

private let timeout = APIError(code: .outcomeUnknown, certainty: .notExecuted, transport: .timeout, detail: "")
private func throttled(_ seconds: Int64) -> APIError {
    APIError(code: .rateLimited, certainty: .notExecuted, status: 429, retryAfter: .seconds(seconds), detail: "")
}

@Suite("Reconciliation: what became of a request")
struct VPSAPIReconciliationTests {
    typealias Row = (scenario: String, sent: SentRequest, reading: Reading, age: Double, expected: VPSAPIReconcileExpected)

    private static func create(isFollowing: Bool = false, answer: SentRequest.Answer = .none) -> SentRequest {
        SentRequest(.create(name: "web-7"), sentAt: sentAt, isFollowing: isFollowing, answer: answer)
    }

    private static let creates: [Row] = [
        ("the server shows: ours", create(), list(server(.provisioning, created: 1)), 0, .applied(7)),
        ("a created server whose time is whole seconds", create(), list(server(created: 0)), 5, .applied(7)),
        ("their clock is two seconds behind", create(), list(server(created: -2)), 5, .applied(7)),
        ("older than the send", create(), list(server(created: -3)), 5, .ambiguous(.notOurs(server(created: -3)))),
        ("of unknown age", create(), list(server()), 5, .ambiguous(.notOurs(server()))),
        (
            "two of the name", create(), list(server(created: 1), server(id: 8, created: 2)), 5,
            .ambiguous(.several([server(created: 1), server(id: 8, created: 2)]))
        ),
        (
            "two of the name in an incomplete list are two all the same", create(),
            list(server(created: 1), server(id: 8, created: -9), isComplete: false), 5,
            .ambiguous(.several([server(created: 1), server(id: 8, created: -9)]))
        ),
        ("one in an incomplete list may have a twin", create(), list(server(created: 1), isComplete: false), 5, .again(15)),
        ("a name that only looks the same", create(), list(server(name: "web\u{2011}7", created: 1)), 300, .notExecuted),
        ("a longer name", create(), list(server(name: "web-70", created: 1)), 300, .notExecuted),
        ("absent at once", create(), list(), 0, .again(5)),
        ("absent at 5 s", create(), list(), 5, .again(15)),
        ("absent at 15 s", create(), list(), 15, .again(30)),
        ("absent at 30 s", create(), list(), 30.5, .again(60)),
        ("absent at 60 s", create(), list(), 60, .again(120)),
        ("absent at 120 s", create(), list(), 120, .again(300)),
        ("absent just before the window ends", create(), list(), 299.9, .again(300)),
        ("absent when the window is over", create(), list(), 300, .notExecuted),
        ("absent before the send, by a clock that was set back", create(), list(), -60, .again(-55)),
        (
            "absent, and so is everything else: the account can not be seen", create(),
            .list(ServerList(servers: [], isComplete: true)), 300, .ambiguous(.accountLooksEmpty)
        ),
        ("everything is absent, and the window lasts", create(), .list(ServerList(servers: [], isComplete: true)), 5, .again(15)),
        ("absent for the second time", create(isFollowing: true), list(), 300, .ambiguous(.missingTwice)),
        ("the second one shows", create(isFollowing: true), list(server(created: 1)), 5, .applied(7)),
        (
            "the first of two shows late", create(isFollowing: true), list(server(created: -305)), 5,
            .ambiguous(.notOurs(server(created: -305)))
        ),
        ("an incomplete list never proves absence", create(), list(isComplete: false), 300, .again(360)),
        ("not after an hour either", create(), list(isComplete: false), 3_600, .again(3_660)),
        ("no list at all", create(), .failed(timeout), 3, .again(8)),
        ("no list: half the age", create(), .failed(timeout), 100, .again(150)),
        ("no list: at most 300 s", create(), .failed(timeout), 100_000, .again(100_300)),
        ("no list: never before the API allows it", create(), .failed(throttled(90)), 10, .again(100)),
        ("no list after the window", create(), .failed(timeout), 300, .again(450)),
        ("a server instead of a list", create(), .server(server(created: 1)), 0, .again(5)),
        ("refused, and not there", create(answer: .refused), list(), 0, .refused),
        ("refused, and there all the same", create(answer: .refused), list(server(created: 1)), 0, .applied(7)),
        ("refused, for an older one has the name", create(answer: .refused), list(server(created: -90)), 0, .refused),
        ("refused, and the list is incomplete", create(answer: .refused), list(isComplete: false), 0, .again(5)),
        (
            "the second one refused: the first may be why", create(isFollowing: true, answer: .refused), list(), 0,
            .ambiguous(.missingTwice)
        ),
        (
            "the second one refused, and the first shows", create(isFollowing: true, answer: .refused),
            list(server(created: -305)), 0, .ambiguous(.notOurs(server(created: -305)))
        ),
    ]

    private static func power(
        _ change: SentRequest.Change, from status: ServerStatus?, isFollowing: Bool = false, answer: SentRequest.Answer = .none,
        updatedAt: Timestamp? = sentAt
    ) -> SentRequest {
        SentRequest(
            change, sentAt: sentAt, status: status, updatedAt: updatedAt, isFollowing: isFollowing, answer: answer)
    }

    private static let starts: [Row] = [
        ("starting", power(.start, from: .stopped), .server(server(.starting)), 2, .applied(7)),
        ("active", power(.start, from: .stopped), .server(server(.active)), 2, .applied(7)),
        ("still stopped", power(.start, from: .stopped), .server(server(.stopped)), 2, .again(7)),
        ("still stopped near the end", power(.start, from: .stopped), .server(server(.stopped)), 28, .again(30)),
        ("stopped to the end: harmless to ask again", power(.start, from: .stopped), .server(server(.stopped)), 30, .notExecuted),
        (
            "a status that nobody knows", power(.start, from: .stopped), .server(server(.init(rawValue: "mending"))), 30,
            .assumedSent
        ),
        ("refused, active", power(.start, from: .stopped, answer: .refused), .server(server(.active)), 0, .alreadySo),
        ("refused, starting", power(.start, from: .stopped, answer: .refused), .server(server(.starting)), 0, .again(5)),
        ("refused, stopped", power(.start, from: .stopped, answer: .refused), .server(server(.stopped)), 0, .refused),
        (
            "refused after our own stop, active: the stop may not have taken hold",
            power(.start, from: .stopped, isFollowing: true, answer: .refused), .server(server(.active)), 0, .notExecuted
        ),
        (
            "after our own stop, active", power(.start, from: .stopped, isFollowing: true), .server(server(.active)), 0,
            .applied(7)
        ),
        ("gone", power(.start, from: .stopped), .notFound, 2, .gone),
        ("unreadable", power(.start, from: .stopped), .failed(timeout), 40, .again(60)),
        ("a list instead", power(.start, from: .stopped), list(server(.active)), 40, .again(45)),
    ]

    private static let stops: [Row] = [
        ("stopping", power(.stop, from: .active), .server(server(.stopping)), 2, .applied(7)),
        ("stopped", power(.stop, from: .active), .server(server(.stopped)), 2, .applied(7)),
        ("stopped before and after", power(.stop, from: .stopped), .server(server(.stopped)), 2, .alreadySo),
        ("still active", power(.stop, from: .active), .server(server(.active)), 2, .again(7)),
        ("active to the end: harmless to ask again", power(.stop, from: .active), .server(server(.active)), 30, .notExecuted),
        (
            "a status that nobody knows", power(.stop, from: .active), .server(server(.init(rawValue: "mending"))), 31,
            .assumedSent
        ),
        ("refused, stopped", power(.stop, from: .active, answer: .refused), .server(server(.stopped)), 0, .alreadySo),
        ("refused, stopping", power(.stop, from: .active, answer: .refused), .server(server(.stopping)), 0, .alreadySo),
        ("refused, active", power(.stop, from: .active, answer: .refused), .server(server(.active)), 0, .refused),
        ("gone", power(.stop, from: .active), .notFound, 2, .gone),
    ]

    private static let reboots: [Row] = [
        ("rebooting", power(.reboot, from: .active), .server(server(.rebooting)), 2, .applied(7)),
        ("updated_at moved", power(.reboot, from: .active), .server(server(updated: 1)), 2, .applied(7)),
        ("another status", power(.reboot, from: .active), .server(server(.starting)), 2, .applied(7)),
        ("no sign yet", power(.reboot, from: .active), .server(server()), 2, .again(7)),
        ("no sign near the end", power(.reboot, from: .active), .server(server()), 29.5, .again(30)),
        ("no sign to the end: counts as sent", power(.reboot, from: .active), .server(server()), 30, .assumedSent),
        ("no sign after a day", power(.reboot, from: .active), .server(server()), 86_400, .assumedSent),
        (
            "updated_at was not known before: shows no change", power(.reboot, from: .active, updatedAt: nil),
            .server(server(updated: 1)), 30, .assumedSent
        ),
        ("updated_at is not known now", power(.reboot, from: .active), .server(server(updated: nil)), 30, .assumedSent),
        ("nothing was known before", power(.reboot, from: nil, updatedAt: nil), .server(server()), 30, .assumedSent),
        ("refused, stopped", power(.reboot, from: .active, answer: .refused), .server(server(.stopped)), 0, .refused),
        ("refused, active", power(.reboot, from: .active, answer: .refused), .server(server()), 0, .refused),
        ("gone", power(.reboot, from: .active), .notFound, 2, .gone),
        ("unreadable", power(.reboot, from: .active), .failed(throttled(7)), 2, .again(9)),
        ("refused and unreadable", power(.reboot, from: .active, answer: .refused), .failed(timeout), 0, .again(5)),
    ]

    private static let delete = SentRequest(.delete(name: "web-7"), sentAt: sentAt, status: .active)
    private static let deletes: [Row] = [
        ("not found after our own attempt: done", delete, .notFound, 0, .applied(nil)),
        ("still there, the same", delete, .server(server()), 5, .notExecuted),
        ("still there, on its way out", delete, .server(server(.init(rawValue: "deleting"))), 5, .notExecuted),
        ("another server by name", delete, .server(server(name: "db-1")), 5, .ambiguous(.renamed(server(name: "db-1")))),
        ("unreadable", delete, .failed(timeout), 0, .again(5)),
        ("a list that lacks it proves nothing", delete, list(), 0, .again(5)),
    ]

    private static func change(
        _ fields: UpdateServer, answer: SentRequest.Answer = .none
    ) -> SentRequest { SentRequest(.fields(fields), sentAt: sentAt, answer: answer) }

    private static let changes: [Row] = [
        ("all equal", change(UpdateServer(name: "web-7", backupsEnabled: true)), .server(server()), 2, .applied(7)),
        ("nothing was sent", change(UpdateServer()), .server(server()), 2, .applied(7)),
        ("one differs", change(UpdateServer(name: "web-7", backupsEnabled: false)), .server(server()), 2, .notExecuted),
        ("the name differs", change(UpdateServer(name: "web-8")), .server(server()), 2, .notExecuted),
        ("the host name differs", change(UpdateServer(hostname: "x.example.com")), .server(server()), 2, .notExecuted),
        ("equal though refused", change(UpdateServer(name: "web-7"), answer: .refused), .server(server()), 2, .applied(7)),
        ("refused", change(UpdateServer(name: "web-8"), answer: .refused), .server(server()), 2, .refused),
        ("gone", change(UpdateServer(name: "web-7")), .notFound, 2, .gone),
    ]

    @Test("a create", arguments: creates) func create(_ row: Row) { check(row) }
    @Test("a start", arguments: starts) func start(_ row: Row) { check(row) }
    @Test("a stop", arguments: stops) func stop(_ row: Row) { check(row) }
    @Test("a reboot", arguments: reboots) func reboot(_ row: Row) { check(row) }
    @Test("a delete", arguments: deletes) func delete(_ row: Row) { check(row) }
    @Test("a replace or an update", arguments: changes) func change(_ row: Row) { check(row) }

    private func check(_ row: Row) {
        let verdict = rules.judge(row.sent, row.reading, now: sentAt + .seconds(row.age))
        #expect(row.expected.holds(for: verdict), "\(row.scenario): \(verdict)")
    }

    @Test("a field that the answer does not show is not equal")
    func hiddenField() {
        var shown = server()
        shown.raw = .null
        shown.hostname = nil
        for fields in [UpdateServer(backupsEnabled: true), UpdateServer(hostname: "web-7.example.com")] {
            let sent = SentRequest(.fields(fields), sentAt: sentAt)
            #expect(rules.judge(sent, .server(shown), now: sentAt) == .notExecuted)
        }
    }

    @Test("the looks of a create: 0, 5, 15, 30, 60, 120 and 300 s, then each minute while nothing is proved")
    func looks() {
        var now = rules.firstReading(of: .create(name: "web-7"), now: sentAt)
        var ages: [Double] = []
        for _ in 0..<9 {
            ages.append(now.since(sentAt).inSeconds)
            guard
                case .stillUnknown(let next) = rules.judge(Self.create(), list(isComplete: false), now: now), next > now
            else { break }
            now = next
        }
        #expect(ages == [0, 5, 15, 30, 60, 120, 300, 360, 420])
    }

    @Test(
        "another window: the looks that lie before it, then its end", arguments: [(20, [5, 15, 20]), (1, [1]), (600, [5, 15])])
    func otherWindow(seconds: Int, first: [Int]) {
        let rules = Reconciliation(createWindow: .seconds(seconds))
        var now = sentAt
        for age in first {
            #expect(rules.judge(Self.create(), list(), now: now) == .stillUnknown(readAgainAt: sentAt + .seconds(age)))
            now = sentAt + .seconds(age)
        }
    }

    @Test("every reading that proves nothing leads to a later one")
    func alwaysLater() {
        for rows in [Self.creates, Self.starts, Self.stops, Self.reboots, Self.deletes, Self.changes] {
            for row in rows {
                let now = sentAt + .seconds(row.age)
                if case .stillUnknown(let next) = rules.judge(row.sent, row.reading, now: now) {
                    #expect(next > now && next.since(now) <= .seconds(301), "\(row.scenario)")
                }
            }
        }
    }

    @Test("a server is deleted when id and name match, byte by byte")
    func mayDelete() {
        let id = ServerID(rawValue: 7)
        #expect(Reconciliation.mayDelete(server(), id: id, name: "web-7"))
        #expect(!Reconciliation.mayDelete(server(), id: ServerID(rawValue: 8), name: "web-7"))
        #expect(!Reconciliation.mayDelete(server(), id: id, name: "web-70"))
        #expect(!Reconciliation.mayDelete(server(name: "\u{E9}"), id: id, name: "e\u{301}"))
    }

    @Test("the others of a name that was asked for twice")
    func others() {
        let servers = [server(), server(id: 8), server(id: 9, name: "web-70")]
        #expect(Reconciliation.others(named: "web-7", besides: ServerID(rawValue: 7), in: servers).map(\.id.rawValue) == [8])
        #expect(Reconciliation.others(named: "web-7", besides: ServerID(rawValue: 5), in: servers).map(\.id.rawValue) == [7, 8])
    }

    @Test("a 404 to a read is a server that is not there; every other failure is no reading")
    func readings() {
        let notFound = APIError(code: .notFound, certainty: .notExecuted, status: 404, detail: "")
        #expect(Reading(.failure(notFound)) == .notFound)
        #expect(Reading(.failure(timeout)) == .failed(timeout))
        #expect(Reading(.success(server())) == .server(server()))
    }
}
