import Engine
import Foundation
import Glibc
import Testing

/// The switch's own thread, and the signal that it takes.
@Suite("Engine: SIGUSR2", .serialized)
struct EngineStopSignalTests {
    @Test("the signal stops everything, also while its file can not be made; the file is made when it can be")
    func stops() async throws {
        let folder = EngineStopFolder()
        let path = folder.path + "/none/STOP"
        let stop = StopSwitch(path: path)
        StopSwitch.takeSignal()
        try #require(stop.start())
        defer { stop.end() }
        #expect(!stop.isStopped)
        #expect(kill(getpid(), SIGUSR2) == 0)
        #expect(await Self.comes { stop.isStopped })
        #expect(!FileManager.default.fileExists(atPath: path))
        try FileManager.default.createDirectory(atPath: folder.path + "/none", withIntermediateDirectories: true)
        #expect(await Self.comes { FileManager.default.fileExists(atPath: path) })
        #expect(stop.isStopped)
        #expect(stop.lift() && !stop.isStopped)
    }

    /// Whether it comes about in ten seconds; the switch looks four times a second.
    private static func comes(_ condition: () -> Bool) async -> Bool {
        let end = ContinuousClock.now + .seconds(10)
        while !condition() {
            if ContinuousClock.now > end { return false }
            await Task.yield()
        }
        return true
    }
}
