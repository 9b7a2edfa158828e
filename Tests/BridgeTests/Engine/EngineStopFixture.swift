import Engine
import Foundation
import Model
import RuleTesting
import Store
import Testing
import VPSAPI

extension EngineFixture {
    var desk: PauseDesk { PauseDesk(store: store, brakes: brakes) }

    /// A person pauses that scope by the command line.
    @discardableResult
    func pause(_ scope: PauseScope = .all, for span: Duration? = nil) async throws -> Pause {
        try await desk.pause(scope, reason: "a migration", by: "operator", for: span, now: clock.now())
    }

    /// A person lifts it, and everything that is due then is done.
    @discardableResult
    func resume(_ scope: PauseScope = .all) async throws -> PauseDesk.Resumption {
        let resumption = try await desk.resume(scope, by: "operator", now: clock.now())
        try await settle()
        return resumption
    }

    /// The stop switch as somebody's file turns it.
    func setStopFile(_ isThere: Bool) throws {
        let stop = try #require(brakes.stop)
        if isThere {
            try StopFile.make(stop.path)
        } else {
            try StopFile.remove(stop.path)
        }
        stop.look()
    }

    /// What waits for a pause.
    func pausedRuns() async throws -> [PausedRun] { try await store.pausedRuns(limit: 100) }
}

enum StopFile {
    static func make(_ path: String) throws { try Data().write(to: URL(fileURLWithPath: path)) }
    static func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: path) }
}

/// What a pause covers of the run of `EngineFixture.hostDown` on the web server.
enum StopScope: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case all
    case rule
    case server
    case source
    case action

    func scope(action: String) -> PauseScope {
        switch self {
        case .all: .all
        case .rule: .rule("host-down")
        case .server: .server(EngineFixture.web.id)
        case .source: .source("alertmanager")
        case .action: .action(action)
        }
    }

    /// A pause of the same kind that covers something else.
    var other: PauseScope? {
        switch self {
        case .all: nil
        case .rule: .rule("host-up")
        case .server: .server(EngineFixture.db.id)
        case .source: .source("grafana")
        case .action: .action("server.create")
        }
    }

    var testDescription: String { rawValue }
}
