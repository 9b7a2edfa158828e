import ArgumentParser
import Engine
import JSON
import Model
import Store

/// Shows what senders delivered, and decides on it again.
struct Events: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what was delivered, and decide on it again.",
        subcommands: [List.self, Show.self, Replay.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "ls", abstract: "The newest deliveries, newest first.")
        @OptionGroup var reading: StoreReading

        func run() async throws {
            let lines = try await reading.open().deliveryLines(limit: reading.limit)
            if reading.json {
                Output.line(JSONValue.array(lines.map(\.json)).description)
                return
            }
            for line in lines {
                Output.line(
                    "\(line.id)\t\(line.receivedAt.rfc3339)\t\(line.source)\t\(line.bytes) bytes\t\(line.decidedAt == nil ? "waits" : "decided")"
                        .printable)
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "One delivery: what was stored of it, and what came of it.",
            discussion: "`vpsbridge explain ID` says for each rule and condition why.")
        @OptionGroup var reading: StoreReading
        @Argument(help: "Its id.") var id: Int64

        func run() async throws {
            let queries = try reading.open()
            let key = DeliveryID(rawValue: id)
            guard let delivery = try await queries.delivery(key), let decision = try await queries.decision(on: key) else {
                Output.note("vpsbridge: there is no delivery \(id)")
                throw ExitCode.failed
            }
            let audit = try await queries.auditEntries(run: nil, delivery: key, limit: reading.limit)
            if reading.json {
                Output.line(json(delivery, decision, audit).description)
                return
            }
            Output.line("delivery \(id) of \(delivery.source), received \(delivery.receivedAt.rfc3339)".printable)
            Output.line(
                "  decided  \(decision.decidedAt?.rfc3339 ?? "not yet")\(decision.revision.map { " by revision \($0)" } ?? "")")
            for run in decision.runs {
                Output.line(
                    "  run      \(run.id) of rule \(run.rule): \(run.state.rawValue), \(run.reason?.rawValue ?? "-")".printable)
            }
            for entry in audit { Output.line("  \(entry.line)") }
            Output.line(String(decoding: delivery.body, as: UTF8.self).printable)
        }

        private func json(_ delivery: Delivery, _ decision: DeliveryDecision, _ audit: [AuditEntry]) -> JSONValue {
            [
                "id": .int(id), "source": .string(delivery.source), "received_at": .string(delivery.receivedAt.rfc3339),
                "content_type": .string(delivery.contentType), "decided_at": .optional(decision.decidedAt?.rfc3339),
                "revision": .optional(decision.revision?.rawValue),
                "runs": .array(decision.runs.map { $0.json(intents: nil) }), "audit": .array(audit.map(\.json)),
                "body": .string(String(decoding: delivery.body, as: UTF8.self)),
            ]
        }
    }

    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Decide on a delivery again, as new runs under the rules and guards of now; 1 when none begins.",
            discussion: "A run of a problem that is over ends at once, and one whose last word is old waits for a repeat.")
        @OptionGroup var acting: RecordActing
        @Option(help: "Only this event, counted from 0.") var event: Int64?
        @Option(help: "Only this rule.") var rule: String?
        @Argument(help: "The delivery's id.") var id: Int64

        func run() async throws {
            try await acting.send(
                .replay, ["id": .int(id), "event": event.map { .int($0) } ?? .null, "rule": .optional(rule)])
        }
    }
}

extension DeliveryLine {
    var json: JSONValue {
        [
            "id": .int(id.rawValue), "source": .string(source), "received_at": .string(receivedAt.rfc3339),
            "bytes": .int(Int64(bytes)), "decided_at": .optional(decidedAt?.rfc3339), "revision": .optional(revision?.rawValue),
        ]
    }
}
