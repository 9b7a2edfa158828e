package import Model

extension SnapshotQueries {
    package func verifyAudit(expecting expected: AuditMark?) async throws(StoreError) -> AuditCheck.Verdict {
        try await reader.read { try $0.verifyAudit(expecting: expected) }
    }

    package func auditMarks() async throws(StoreError) -> (anchor: AuditMark, head: AuditMark) {
        try await reader.read { (anchor: try $0.auditMark(.anchor), head: try $0.auditMark(.head)) }
    }

    package func auditRecords(after id: Int64, limit: Int) async throws(StoreError) -> [AuditRecord] {
        try await reader.read { try $0.auditRecords(after: id, limit: limit) }
    }

    package func keptLetters(onlyOpen: Bool, limit: Int) async throws(StoreError) -> [KeptLetter] {
        try await reader.read { try $0.keptLetters(onlyOpen: onlyOpen, limit: limit) }
    }

    package func keptLetter(_ id: DeadLetterID) async throws(StoreError) -> KeptLetter? {
        try await reader.read { try $0.keptLetter(id) }
    }

    package func deliveryLines(limit: Int) async throws(StoreError) -> [DeliveryLine] {
        try await reader.read { try $0.deliveryLines(limit: limit) }
    }

    package func deliveries(after id: DeliveryID, since: Timestamp, limit: Int) async throws(StoreError) -> [Delivery] {
        try await reader.read { try $0.deliveries(after: id, since: since, limit: limit) }
    }

    package func knownServers() async throws(StoreError) -> [KnownServer] {
        try await reader.read { try $0.knownServers() }
    }

    package func requests(after id: IntentID, limit: Int) async throws(StoreError) -> [RuleRequest] {
        try await reader.read { try $0.requests(after: id, limit: limit) }
    }

    package func unfinishedRules() async throws(StoreError) -> [RuleOfRun] {
        try await reader.read { try $0.unfinishedRules() }
    }

    package func fileSize() async throws(StoreError) -> FileSize {
        try await reader.read { try $0.fileSize() }
    }
}
