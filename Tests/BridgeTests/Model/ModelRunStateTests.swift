import Model
import Testing

@Suite("Model: run states")
struct ModelRunStateTests {
    @Test("a final state has no successor, not even itself", arguments: RunState.allCases.filter(\.isFinal))
    func finalStates(state: RunState) {
        #expect(state.successors.isEmpty)
        #expect(RunState.allCases.allSatisfy { !state.mayBecome($0) })
        #expect(!state.holdsLane)
    }

    @Test(
        "an unfinished state may stay, may end, and never leads to itself by a step",
        arguments: RunState.allCases.filter { !$0.isFinal })
    func unfinishedStates(state: RunState) {
        #expect(state.mayBecome(state))
        #expect(!state.successors.contains(state))
        #expect(state.mayBecome(.cancelled))
        #expect(state.mayBecome(.failed))
        #expect(RunState.allCases.allSatisfy { state.mayBecome($0) == (state.successors.contains($0) || $0 == state) })
    }

    @Test("an outcome is unknown only when a request was on its way")
    func unknownNeedsARequest() {
        #expect(RunState.allCases.filter { $0.successors.contains(.unknown) } == [.running])
    }

    @Test("only a run that holds its lane can be parked for a person")
    func parkingNeedsTheLane() {
        #expect(RunState.allCases.filter { $0.successors.contains(.parked) } == [.running, .unknown, .verifying])
    }

    @Test("what waits for approval neither runs nor succeeds without being judged again")
    func approvalIsNoShortcut() {
        #expect(!RunState.approval.mayBecome(.running))
        #expect(!RunState.approval.mayBecome(.verifying))
        #expect(!RunState.approval.mayBecome(.succeeded))
    }

    @Test("raw values are what the store keeps and never change")
    func rawValues() {
        #expect(
            RunState.allCases.map(\.rawValue) == [
                "pending", "held", "approval", "ready", "running", "unknown", "verifying", "parked", "succeeded", "failed",
                "cancelled",
                "expired",
            ])
        #expect(RunState.allCases.filter(\.holdsLane) == [.running, .unknown, .verifying, .parked])
    }
}
