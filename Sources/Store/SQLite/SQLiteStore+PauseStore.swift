package import Model

extension SQLiteStore: PauseStore {
    package func pause(_ request: NewPause) async throws(StoreError) -> Pause {
        try await writer.submit { try $0.pause(request) }
    }

    package func resume(_ request: PauseEnd) async throws(StoreError) -> ResumeOutcome {
        try await writer.submit { try $0.resume(request) }
    }

    package func wakePaused(now: Timestamp) async throws(StoreError) -> Int {
        try await writer.submit { try $0.wakePaused(now: now) }
    }
}
