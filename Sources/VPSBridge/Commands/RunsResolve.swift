import ArgumentParser
import JSON

extension Runs {
    /// Says what a person found out about a parked run, which gives its server back to automation.
    struct Resolve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a parked run: say whether its request happened.",
            discussion: "A parked run keeps its server to itself until somebody has looked. Nothing is sent to VPS.org.")

        enum Finding: String, ExpressibleByArgument, CaseIterable {
            case happened
            case not
        }

        @OptionGroup var acting: RecordActing
        @Argument(help: "The run's id.") var id: Int64
        @Argument(help: "What you found: `happened` or `not`.") var finding: Finding

        func run() async throws {
            try await acting.send(.resolve, ["id": .int(id), "happened": .bool(finding == .happened)])
        }
    }
}
