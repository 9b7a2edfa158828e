package import JSON
import Model

/// The audit as JSON lines that prove themselves without the database: a first line that says where the chain begins, one line for each
/// entry with its hash, a last line that says how many there were and where it ends.
///
/// Bytes behind or between the lines, an entry with other members, and a missing last line are breaks like any other.
package enum AuditExport {
    private static let format = "vpsbridge-audit-1"

    /// The first line; `isWhole` says that the entries begin where the file's own do.
    package static func header(anchor: AuditMark, isWhole: Bool) -> JSONValue {
        ["format": .string(format), "anchor": json(anchor), "whole": .bool(isWhole)]
    }

    /// The last line.
    package static func footer(entries: Int, head: AuditMark) -> JSONValue {
        ["entries": .int(Int64(entries)), "head": json(head)]
    }

    package static func line(_ record: AuditRecord) -> JSONValue {
        [
            "id": .int(record.id), "at": .string(record.at.rfc3339), "kind": .string(record.kind), "reason": text(record.reason),
            "delivery": number(record.delivery), "run": number(record.run), "rule": text(record.rule),
            "server_id": number(record.server), "actor": .string(record.actor), "detail": .string(record.detail),
            "hash": .string(record.hash.description),
        ]
    }

    /// The entry of a line; `nil` when it is not exactly one.
    static func record(_ line: JSONValue) -> AuditRecord? {
        guard let members = line.objectValue?.members, members.count == 11, let id = line["id"]?.intValue,
            let at = line["at"]?.stringValue.flatMap({ Timestamp(rfc3339: $0) }), let kind = line["kind"]?.stringValue,
            let reason = optional(line["reason"], \.stringValue), let delivery = optional(line["delivery"], \.intValue),
            let run = optional(line["run"], \.intValue), let rule = optional(line["rule"], \.stringValue),
            let server = optional(line["server_id"], \.intValue), let actor = line["actor"]?.stringValue,
            let detail = line["detail"]?.stringValue,
            let hash = line["hash"]?.stringValue.flatMap({ AuditHash(hexadecimal: $0) }),
            line["at"]?.stringValue.map({ $0.utf8.elementsEqual(at.rfc3339.utf8) }) ?? false
        else { return nil }
        return AuditRecord(
            id: id, at: at, kind: kind, reason: reason.value, delivery: delivery.value, run: run.value, rule: rule.value,
            server: server.value, actor: actor, detail: detail, hash: hash)
    }

    static func mark(_ value: JSONValue?) -> AuditMark? {
        guard let id = value?["id"]?.intValue, let hash = value?["hash"]?.stringValue.flatMap({ AuditHash(hexadecimal: $0) })
        else { return nil }
        return AuditMark(id: id, hash: hash)
    }

    static func isHeader(_ line: JSONValue) -> Bool {
        line["format"]?.stringValue.map { $0.utf8.elementsEqual(format.utf8) } ?? false
    }

    private static func json(_ mark: AuditMark) -> JSONValue {
        ["id": .int(mark.id), "hash": .string(mark.hash.description)]
    }

    private static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
    private static func number(_ number: Int64?) -> JSONValue { number.map { .int($0) } ?? .null }

    /// What may be missing, and is said to be.
    private struct Given<Value> {
        var value: Value?
    }

    private static func optional<Value>(_ json: JSONValue?, _ read: (JSONValue) -> Value?) -> Given<Value>? {
        guard let json else { return nil }
        if case .null = json { return Given(value: nil) }
        return read(json).map { Given(value: $0) }
    }
}

/// Verifies an export line by line, in little memory and without the database.
package struct AuditExportCheck: Sendable {
    private enum State {
        case header
        case entries(AuditCheck, isWhole: Bool)
        case ended(AuditCheck.Verdict)
    }

    private let expected: AuditMark?
    private var state = State.header
    private var lines = 0

    package init(expecting expected: AuditMark? = nil) {
        self.expected = expected
    }

    /// Why the lines are no export.
    package struct NoExport: Error, CustomStringConvertible {
        package let description: String
    }

    /// Looks at the next line, without its line feed.
    /// - Throws: ``NoExport`` when the first line is not one of an export.
    package mutating func take(_ line: [UInt8]) throws(NoExport) {
        lines += 1
        let value = try? JSONValue.parse(line)
        switch state {
        case .header:
            guard let value, AuditExport.isHeader(value), let anchor = AuditExport.mark(value["anchor"]) else {
                throw NoExport(description: "line 1 is not the beginning of an export of `vpsbridge audit export`")
            }
            state = .entries(
                AuditCheck(anchor: anchor, expecting: expected), isWhole: value["whole"]?.boolValue ?? true)
        case .entries(var check, let isWhole):
            if let value, let record = AuditExport.record(value) {
                check.take(record)
                state = .entries(check, isWhole: isWhole)
            } else if let value, let head = AuditExport.mark(value["head"]), let entries = value["entries"]?.intValue {
                check.expectCount(entries)
                state = .ended(check.finish(head: head, isWhole: isWhole))
            } else {
                check.found("line \(lines) is no entry")
                state = .entries(check, isWhole: isWhole)
            }
        case .ended(var verdict):
            verdict.add("line \(lines) stands behind the end")
            state = .ended(verdict)
        }
    }

    /// What was found, once all lines were taken.
    package func finish() throws(NoExport) -> AuditCheck.Verdict {
        switch state {
        case .header: throw NoExport(description: "there is nothing in it")
        case .ended(let verdict): return verdict
        case .entries(var check, let isWhole):
            check.found("the last line is missing: the end was cut off")
            return check.finish(head: nil, isWhole: isWhole)
        }
    }
}

extension AuditCheck {
    fileprivate mutating func expectCount(_ count: Int64) {
        if count != Int64(entries) { found("there are \(entries) entries and should be \(count)") }
    }
}

extension AuditCheck.Verdict {
    fileprivate mutating func add(_ what: String) {
        breaks += 1
        if damage.count < AuditCheck.damageShown { damage.append(what) }
    }
}
