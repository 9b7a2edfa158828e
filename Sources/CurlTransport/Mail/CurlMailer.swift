import CCurl
import Glibc
import Model
import Synchronization

/// Mail by libcurl: a thread and a connection of its own for each, since mails are few and their servers slow.
///
/// At most ``capacity`` are on their way at once, further ones are answered `notSent(busy)`. Any task may send; a cancelled one gets
/// its outcome within a second or two.
package final class CurlMailer: MailTransport {
    /// How many mails may be on their way at once.
    package static let capacity = 8

    private struct State {
        var running: [UInt64: MailTransfer] = [:]
        var started: UInt64 = 0
        var isClosed = false
        var closers: [CheckedContinuation<Void, Never>] = []
    }

    private let caFile: String?
    private let state = Mutex(State())

    /// Checks libcurl; `caFile` is a file of trusted certificates instead of the system's.
    ///
    /// - Throws: ``CurlStartError``, whose reason says what to install.
    package init(caFile: String? = nil) throws(CurlStartError) {
        guard ccurl_global_start() else { throw CurlStartError(.resources, "libcurl does not start") }
        let build = CurlBuild.current
        try build.check()
        guard build.hasSMTP else {
            throw CurlStartError(.feature, "libcurl \(build.versionText) is built without SMTP: install one with it")
        }
        self.caFile = caFile
    }

    package func send(_ mail: Mail) async -> MailOutcome {
        guard let transfer = MailTransfer(mail, caFile: caFile) else {
            return .notSent(TransportError(.other, "libcurl refused the mail"))
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in start(transfer, continuation) }
        } onCancel: {
            transfer.cancel()
        }
    }

    /// Ends what is on its way and waits for it; further mails are answered `notSent(shutdown)`.
    package func shutdown() async {
        await withCheckedContinuation { (closer: CheckedContinuation<Void, Never>) in
            let isIdle = state.withLock { state in
                state.isClosed = true
                for transfer in state.running.values { transfer.cancel() }
                if !state.running.isEmpty { state.closers.append(closer) }
                return state.running.isEmpty
            }
            if isIdle { closer.resume() }
        }
    }

    private func start(_ transfer: MailTransfer, _ continuation: CheckedContinuation<MailOutcome, Never>) {
        let place = state.withLock { state -> Result<UInt64, TransportError> in
            if state.isClosed { return .failure(TransportError(.shutdown, "the transport is shut down")) }
            guard state.running.count < Self.capacity else { return .failure(TransportError(.busy, "too many mails at once")) }
            state.started += 1
            state.running[state.started] = transfer
            return .success(state.started)
        }
        switch place {
        case .failure(let error): continuation.resume(returning: .notSent(error))
        case .success(let number):
            do throws(CurlStartError) {
                try CurlThread.detach { [self] in
                    let outcome = transfer.perform()
                    leave(number)
                    continuation.resume(returning: outcome)
                }
            } catch {
                leave(number)
                continuation.resume(returning: .notSent(TransportError(.other, error.reason)))
            }
        }
    }

    private func leave(_ number: UInt64) {
        let closers = state.withLock { state in
            state.running[number] = nil
            guard state.running.isEmpty else { return [CheckedContinuation<Void, Never>]() }
            defer { state.closers = [] }
            return state.closers
        }
        for closer in closers { closer.resume() }
    }
}

/// Owns one mail of the shim, until it was performed.
///
/// `@unchecked Sendable` because it is prepared before anybody else knows it and performed on one thread; what others do, which is to
/// cancel it, and the end of its memory exclude each other by the lock.
private final class MailTransfer: @unchecked Sendable {
    private let lock = Mutex(())
    private var pointer: OpaquePointer?

    /// `nil` when memory is short or libcurl refuses a value.
    init?(_ mail: Mail, caFile: String?) {
        let login = mail.server.login
        var texts: [UnsafeMutablePointer<CChar>?] = []
        defer {
            for text in texts.compactMap(\.self) {
                explicit_bzero(text, strlen(text))
                free(text)
            }
        }
        func copy(_ text: String?) -> UnsafeMutablePointer<CChar>? {
            let copied = text.flatMap { strdup($0) }
            texts.append(copied)
            return copied
        }
        var settings = ccurl_mail_settings(
            url: copy(mail.server.origin), sender: copy("<\(mail.sender)>"), user: copy(login?.user),
            password: copy(login.map { String(decoding: $0.password.reveal(), as: UTF8.self) }), ca_file: copy(caFile),
            requires_tls: mail.server.security == .startTLS, allows_refused_recipients: mail.allowsRefusedRecipients,
            total_timeout: CurlTransfer.milliseconds(Mail.totalTimeout),
            connect_timeout: CurlTransfer.milliseconds(Mail.connectTimeout))
        guard let pointer = ccurl_mail_create(&settings) else { return nil }
        self.pointer = pointer
        let isComplete =
            mail.recipients.allSatisfy { ccurl_mail_add_recipient(pointer, "<\($0)>") }
            && ccurl_mail_set_content(pointer, mail.content, mail.content.count)
        if !isComplete || mail.recipients.isEmpty { return nil }
    }

    deinit {
        destroy()
    }

    func cancel() {
        lock.withLock { _ in
            if let pointer { ccurl_mail_cancel(pointer) }
        }
    }

    /// Blocks; once. libcurl is done with the mail when it returns.
    func perform() -> MailOutcome {
        guard let pointer else { return .notSent(TransportError(.other, "the mail was sent before")) }
        defer { destroy() }
        let report = ccurl_mail_perform(pointer)
        let error =
            report.is_cancelled
            ? TransportError(.cancelled, "the mail was cancelled")
            : TransportError(TransportError.Code(report.why), String(cString: report.error))
        switch report.result {
        case .delivered: return .delivered
        case .refused:
            return .refused(code: Int(report.code), text: TransportError(.other, String(cString: report.reply)).message)
        case .notSent: return .notSent(error)
        case .unknown: return .maybeSent(error)
        }
    }

    private func destroy() {
        lock.withLock { _ in
            if let pointer { ccurl_mail_destroy(pointer) }
            pointer = nil
        }
    }
}

extension TransportError.Code {
    fileprivate init(_ result: ccurl_result) {
        switch result {
        case .resolve: self = .resolve
        case .connect, .addressRefused: self = .connect
        case .tls: self = .tls
        case .timeout: self = .timeout
        case .tooLarge: self = .tooLarge
        case .reset, .replayRefused: self = .reset
        case .other, .complete: self = .other
        }
    }
}
