import ArgumentParser
import Rules

/// Says what a diagnostic's code means.
struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Say what the code of a diagnostic means, such as R012.")

    @Argument(help: "The code in the brackets of the message.") var code: String

    func run() throws {
        guard let known = DiagnosticCode(rawValue: code.uppercased()) else {
            Output.note("vpsbridge: there is no code \(code); they go from R001 on, as messages show them")
            throw ExitCode.failed
        }
        Output.line("\(known.rawValue): \(known.explanation)")
    }
}
