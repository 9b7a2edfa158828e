import ArgumentParser
import JSON
import Rules

/// Prints the JSON Schema of rule files.
struct Schema: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the JSON Schema of rule files, for editors.",
        discussion: """
            Save it, and let a rule file begin with the line
            # yaml-language-server: $schema=./vpsbridge-rules.schema.json
            """)

    func run() throws {
        Output.line(String(decoding: RuleFileSchema.json().serialized(pretty: true), as: UTF8.self))
    }
}
