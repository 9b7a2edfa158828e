import ArgumentParser
import JSON
import Model
import Store

/// Shows dead letters, and settles them.
struct DeadLetters: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead", abstract: "Show what could not go on by itself, try it again, or put it aside.",
        subcommands: [List.self, Show.self, Retry.self, Discard.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "ls", abstract: "What waits for a person, newest first.")
        @OptionGroup var reading: StoreReading
        @Flag(help: "Those that were settled too.") var all = false

        func run() async throws {
            let letters = try await reading.open().keptLetters(onlyOpen: !all, limit: reading.limit)
            if reading.json {
                Output.line(JSONValue.array(letters.map(\.json)).description)
                return
            }
            for kept in letters {
                Output.line(
                    [
                        "\(kept.id)", kept.letter.at.rfc3339, kept.letter.reason.rawValue, kept.letter.rule ?? "-",
                        kept.settlement ?? "open", kept.letter.detail,
                    ].map(\.printable).joined(separator: "\t"))
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One dead letter, and what can be done about it.")
        @OptionGroup var reading: StoreReading
        @Argument(help: "Its id.") var id: Int64

        func run() async throws {
            let queries = try reading.open()
            guard let kept = try await queries.keptLetter(DeadLetterID(rawValue: id)) else {
                Output.note("vpsbridge: there is no dead letter \(id)")
                throw ExitCode.failed
            }
            let delivery = try await queries.delivery(kept.letter.event.delivery)
            let run = if let id = kept.letter.run { try await queries.run(id) } else { Run?.none }
            if reading.json {
                Output.line(kept.json.description)
                return
            }
            let letter = kept.letter
            Output.line("dead letter \(kept.id): \(letter.reason.rawValue)")
            Output.line("  at       \(letter.at.rfc3339)")
            Output.line("  rule     \(letter.rule ?? "-")".printable)
            Output.line("  run      \(letter.run.map { "\($0)" } ?? "-")\(run.map { " (\($0.state.rawValue))" } ?? "")")
            Output.line(
                "  because  delivery \(letter.event.delivery), event \(letter.event.index)\(delivery == nil ? " (cleared away)" : "")"
            )
            Output.line("  detail   \(letter.detail)".printable)
            if let settlement = kept.settlement, let at = kept.settledAt {
                Output.line("  settled  \(at.rfc3339) \(settlement)")
            } else if let run, run.state == .parked {
                Output.line("  next     look what became of it, then: vpsbridge runs resolve \(run.id) happened|not")
            } else {
                Output.line("  next     vpsbridge dead \(delivery == nil ? "discard" : "retry") \(kept.id)")
            }
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Begin a new run for it, under the rules and guards of now; 1 when none begins.",
            discussion:
                "A target is looked for again, what could not be decoded is decoded again. A parked run takes `runs resolve`.")
        @OptionGroup var acting: RecordActing
        @Argument(help: "Its id.") var id: Int64

        func run() async throws { try await acting.send(.retry, ["id": .int(id)]) }
    }

    struct Discard: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Put it aside; nothing is done.")
        @OptionGroup var acting: RecordActing
        @Option(help: "Why; it goes into the audit.") var reason: String?
        @Argument(help: "Its id.") var id: Int64

        func run() async throws { try await acting.send(.discard, ["id": .int(id), "reason": .optional(reason)]) }
    }
}

extension KeptLetter {
    var json: JSONValue {
        var members: [JSONObject.Member] = [.init(name: "id", value: .int(id.rawValue))]
        members += letter.json.objectValue?.members ?? []
        members += [
            .init(name: "settled_at", value: .optional(settledAt?.rfc3339)),
            .init(name: "settlement", value: .optional(settlement)),
        ]
        return .object(JSONObject(members))
    }
}
