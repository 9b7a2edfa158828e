import Crypto
package import Model

/// An entry of the audit as it is kept: with its number and its hash, and with words that this version may not know.
package struct AuditRecord: Sendable, Hashable {
    package var id: Int64
    package var at: Timestamp
    package var kind: String
    package var reason: String?
    package var delivery: Int64?
    package var run: Int64?
    package var rule: String?
    package var server: Int64?
    package var actor: String
    package var detail: String
    /// What the file says its hash is.
    package var hash: AuditHash

    package init(
        id: Int64, at: Timestamp, kind: String, reason: String?, delivery: Int64?, run: Int64?, rule: String?, server: Int64?,
        actor: String, detail: String, hash: AuditHash
    ) {
        self.id = id
        self.at = at
        self.kind = kind
        self.reason = reason
        self.delivery = delivery
        self.run = run
        self.rule = rule
        self.server = server
        self.actor = actor
        self.detail = detail
        self.hash = hash
    }

    /// The entry that follows `previous`, its texts as the file keeps them.
    init(_ entry: AuditEntry, id: Int64, after previous: AuditHash) {
        self.init(
            id: id, at: entry.at, kind: entry.kind.rawValue, reason: entry.reason?.rawValue, delivery: entry.delivery?.rawValue,
            run: entry.run?.rawValue, rule: entry.rule.map(SQLValue.kept), server: entry.server?.rawValue,
            actor: SQLValue.kept(entry.actor), detail: SQLValue.kept(entry.detail), hash: .beginning)
        hash = expectedHash(after: previous)
    }

    package var mark: AuditMark { AuditMark(id: id, hash: hash) }

    /// What its hash has to be if it is as it was written and follows an entry of that hash.
    ///
    /// SHA-256 over: the words `vpsbridge audit 1` and a line feed, the 32 bytes of the hash before, then every field in the order of
    /// this type. A number is 8 bytes, the highest first; a text is its length in bytes as a number and its UTF-8; what may be
    /// missing is a 0, or a 1 and the value. No two different entries have the same bytes.
    package func expectedHash(after previous: AuditHash) -> AuditHash {
        var bytes = CanonicalBytes(capacity: 160 + actor.utf8.count + detail.utf8.count)
        bytes.raw("vpsbridge audit 1\n".utf8)
        bytes.raw(previous.bytes)
        bytes.add(id)
        bytes.add(at.microseconds)
        bytes.add(kind)
        bytes.add(optional: reason)
        bytes.add(optional: delivery)
        bytes.add(optional: run)
        bytes.add(optional: rule)
        bytes.add(optional: server)
        bytes.add(actor)
        bytes.add(detail)
        var hash = SHA256()
        bytes.bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return AuditHash(unchecked: Array(hash.finalize()))
    }
}

/// Values one after the other as bytes, each with its length where that is not fixed.
private struct CanonicalBytes {
    private(set) var bytes: [UInt8] = []

    init(capacity: Int) { bytes.reserveCapacity(capacity) }

    mutating func raw(_ values: some Sequence<UInt8>) { bytes.append(contentsOf: values) }

    mutating func add(_ number: Int64) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func add(_ text: String) {
        add(Int64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func add(optional number: Int64?) {
        bytes.append(number == nil ? 0 : 1)
        if let number { add(number) }
    }

    mutating func add(optional text: String?) {
        bytes.append(text == nil ? 0 : 1)
        if let text { add(text) }
    }
}
