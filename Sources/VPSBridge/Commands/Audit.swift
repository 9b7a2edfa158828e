import ArgumentParser
import Engine
import JSON
import Model
import Store

/// Shows the audit, exports it, and proves it.
struct Audit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show every decision, request and refusal; export and verify them.",
        subcommands: [List.self, Export.self, Verify.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "ls", abstract: "The newest entries, oldest first.")
        @OptionGroup var reading: StoreReading
        @Option(help: "Only of this delivery.") var delivery: Int64?
        @Option(help: "Only of this run.") var run: Int64?

        func run() async throws {
            let entries = try await reading.open().auditEntries(
                run: run.map { RunID(rawValue: $0) }, delivery: delivery.map { DeliveryID(rawValue: $0) }, limit: reading.limit)
            if reading.json {
                Output.line(JSONValue.array(entries.map(\.json)).description)
                return
            }
            for entry in entries { Output.line(entry.line) }
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "All entries as JSON lines, with the chain of hashes; `audit verify --export FILE` proves them offline.",
            discussion: "Keep the last line elsewhere: its `head` is what `audit verify --head ID:HASH` looks for later.")

        @Option(help: "The configuration file; else VPSBRIDGE_CONFIG, ./vpsbridge.yaml, /etc/vpsbridge/vpsbridge.yaml.")
        var config: String?
        @Option(help: "Only the entries behind this one, such as the last of an earlier export.") var after: Int64?

        func run() async throws {
            let queries = try StoreReading.open(try ConfigurationFile.loadOrExit(config, needsSecrets: false))
            let marks = try await queries.auditMarks()
            let begin = try await beginning(queries, marks.anchor)
            Output.line(AuditExport.header(anchor: begin, isWhole: begin == marks.anchor).description)
            // What comes in meanwhile is not part of it: the head is as it was at the beginning.
            var (last, entries) = (begin, 0)
            while last.id < marks.head.id {
                let page = try await queries.auditRecords(after: last.id, limit: 1_000).filter { $0.id <= marks.head.id }
                guard let end = page.last else { break }
                Output.write(page.map { AuditExport.line($0).description + "\n" }.joined(), to: 1)
                entries += page.count
                last = end.mark
            }
            Output.line(AuditExport.footer(entries: entries, head: marks.head).description)
            guard try await queries.auditMarks().anchor == marks.anchor else {
                Output.note("vpsbridge: entries were pruned meanwhile; export again")
                throw ExitCode.failed
            }
        }

        private func beginning(_ queries: SQLiteQueries, _ anchor: AuditMark) async throws -> AuditMark {
            guard let after, after > anchor.id else { return anchor }
            guard let record = try await queries.auditRecords(after: after - 1, limit: 1).first, record.id == after else {
                Output.note("vpsbridge: there is no entry \(after)")
                throw ExitCode.failed
            }
            return record.mark
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prove that no entry was changed, removed, inserted or moved; 1 when one was.",
            discussion: """
                Reads the database, also while the bridge runs, or an export. Who can write the database can also write a whole new \
                chain, and cut its end off without a trace: name a head that was kept elsewhere (the last line of an export, or \
                the bridge's log) by --head.
                """)

        @Option(help: "The configuration file; else VPSBRIDGE_CONFIG, ./vpsbridge.yaml, /etc/vpsbridge/vpsbridge.yaml.")
        var config: String?
        @Option(help: "An export instead of the database; `-` is standard input.") var export: String?
        @Option(help: "ID:HASH that the chain has to go through.") var head: String?
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let expected = try head.map { text in
                guard let mark = AuditMark(text) else { throw ValidationError("--head is ID:HASH, with 64 hexadecimal digits") }
                return mark
            }
            let verdict: AuditCheck.Verdict
            if let export {
                verdict = try check(export, expected)
            } else {
                let queries = try StoreReading.open(try ConfigurationFile.loadOrExit(config, needsSecrets: false))
                verdict = try await queries.verifyAudit(expecting: expected)
            }
            tell(verdict)
            if !verdict.isWhole { throw ExitCode.failed }
        }

        private func check(_ path: String, _ expected: AuditMark?) throws -> AuditCheck.Verdict {
            var check = AuditExportCheck(expecting: expected)
            do {
                try InputLines.read(path) { try check.take($0) }
                return try check.finish()
            } catch let error as AuditExportCheck.NoExport {
                Output.note("vpsbridge: \(path): \(error)")
                throw ExitCode.unreadable
            } catch let error as UnreadableFile {
                Output.note("vpsbridge: \(error)")
                throw ExitCode.unreadable
            }
        }

        private func tell(_ verdict: AuditCheck.Verdict) {
            if json {
                Output.line(verdict.json.description)
                return
            }
            for line in verdict.damage { Output.line(line) }
            if verdict.breaks > verdict.damage.count { Output.line("and \(verdict.breaks - verdict.damage.count) more") }
            let pruned = verdict.anchor == .beginning ? "" : ", what came before \(verdict.anchor.id &+ 1) was pruned"
            Output.line("\(verdict.isWhole ? "whole" : "BROKEN"): \(verdict.entries) entries\(pruned)")
            Output.line("head \(verdict.last)")
        }
    }
}

extension AuditCheck.Verdict {
    var json: JSONValue {
        [
            "whole": .bool(isWhole), "entries": .int(Int64(entries)), "breaks": .int(Int64(breaks)),
            "damage": .array(damage.map { .string($0) }), "anchor": .string(anchor.description),
            "head": .string(last.description),
        ]
    }
}
