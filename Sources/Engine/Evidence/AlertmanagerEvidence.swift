package import CurlTransport
import JSON
package import Model

/// Asks Alertmanager by its API v2 (https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml).
///
/// The alert is asked for by its labels and recognised by its fingerprint, byte by byte: a fingerprint can not be asked for. What is read is
/// bounded; whatever does not come back as documented is no evidence at all.
package struct AlertmanagerEvidence: EvidenceSource {
    /// How long one answer may take. Default 5 seconds.
    private let timeout: Duration
    private let transport: any HTTPTransport
    private let endpoints: [String: PullEndpoint]
    private let clock: any TimeSource

    /// `endpoints` by the sources' names.
    package init(
        transport: any HTTPTransport, endpoints: [String: PullEndpoint], clock: any TimeSource, timeout: Duration = .seconds(5)
    ) {
        self.transport = transport
        self.endpoints = endpoints
        self.clock = clock
        self.timeout = timeout
    }

    package func canAsk(_ source: String) -> Bool { endpoints[source] != nil }

    package func evidence(for event: Event) async -> Evidence {
        guard let endpoint = endpoints[event.source] else { return .unavailable("the source can not be asked") }
        let alerts: JSONValue
        switch await read(AlertmanagerQuery.alerts(of: event), at: endpoint) {
        case .success(let value): alerts = value
        case .failure(let trouble): return .unavailable(trouble.why)
        }
        guard let list = alerts.arrayValue else { return .unavailable("the answer is no list of alerts") }
        let own = list.first { $0["fingerprint"]?.stringValue?.utf8.elementsEqual(event.fingerprint.utf8) ?? false }
        guard let own else { return await goneOrRestarted(endpoint) }
        return await judge(own, endpoint)
    }

    // MARK: What an alert's status says

    private func judge(_ alert: JSONValue, _ endpoint: PullEndpoint) async -> Evidence {
        guard let status = alert["status"], let state = status["state"]?.stringValue else {
            return .unavailable("the alert has no status")
        }
        let silences = texts(status["silencedBy"])
        if !silences.isEmpty { return .silenced(until: await end(of: silences, endpoint), why: "silenced in Alertmanager") }
        // Inhibited or muted by a time interval: Alertmanager would tell nobody either, and says no end.
        if !texts(status["inhibitedBy"]).isEmpty {
            return .silenced(until: nil, why: "inhibited by another alert in Alertmanager")
        }
        if !texts(status["mutedBy"]).isEmpty { return .silenced(until: nil, why: "muted by a time interval of Alertmanager") }
        switch state {
        case "active", "unprocessed": return .firing
        case "suppressed": return .silenced(until: nil, why: "suppressed in Alertmanager")
        default: return .unavailable("the alert's state is not one that is known")
        }
    }

    private func texts(_ value: JSONValue?) -> [String] { value?.arrayValue?.compactMap(\.stringValue) ?? [] }

    /// How many silences of one alert are looked at for their end.
    private static let maxSilences = 4

    /// When the last of them ends; `nil` when that can not be read of each.
    private func end(of silences: [String], _ endpoint: PullEndpoint) async -> Timestamp? {
        guard silences.count <= Self.maxSilences else { return nil }
        var latest: Timestamp?
        for id in silences {
            guard AlertmanagerQuery.isSilenceID(id),
                case .success(let silence) = await read("/api/v2/silence/\(id)", at: endpoint),
                let end = silence["endsAt"]?.stringValue.flatMap({ Timestamp(rfc3339: $0) })
            else { return nil }
            latest = max(latest ?? end, end)
        }
        return latest
    }

    /// For so long after its start an Alertmanager may not have heard of every alert again.
    private static let warmUp = Duration.seconds(300)

    /// An alert that is not there is over, unless Alertmanager has only just begun to listen.
    private func goneOrRestarted(_ endpoint: PullEndpoint) async -> Evidence {
        switch await read("/api/v2/status", at: endpoint) {
        case .failure(let trouble): return .unavailable(trouble.why)
        case .success(let status):
            guard let began = status["uptime"]?.stringValue.flatMap({ Timestamp(rfc3339: $0) }) else {
                return .unavailable("Alertmanager does not say since when it runs")
            }
            guard clock.now().since(began) >= Self.warmUp else {
                return .unavailable("Alertmanager runs only since \(began.rfc3339) and may not know every alert yet")
            }
            return .gone
        }
    }

    // MARK: Requests

    private struct Trouble: Error {
        let why: String
    }

    /// 8 MiB hold some ten thousand alerts.
    private static let limits = JSONLimits(maxBytes: 8 << 20, maxDepth: 32, maxValues: 1_000_000)

    private func read(_ path: String, at endpoint: PullEndpoint) async -> Result<JSONValue, Trouble> {
        var headers = [("Accept", "application/json")]
        var bearer: Secret?
        switch endpoint.authentication {
        case .none: break
        case .bearer(let secret): bearer = secret
        case .basic(let user, let password): headers.append(("Authorization", BasicCredentials.header(user, password)))
        }
        let request: HTTPRequest
        do throws(HTTPRequestError) {
            request = try HTTPRequest(
                method: .get, url: endpoint.url + path, headers: headers, bearer: bearer, isReplayable: true,
                totalTimeout: timeout, connectTimeout: timeout, maxResponseBytes: Self.limits.maxBytes)
        } catch {
            return .failure(Trouble(why: "it can not be asked: \(error.reason)"))
        }
        guard case .response(let response) = await transport.send(request) else {
            return .failure(Trouble(why: "Alertmanager does not answer"))
        }
        guard response.status == 200 else {
            return .failure(Trouble(why: "Alertmanager answers with \(response.status)"))
        }
        guard let value = try? JSONValue.parse(response.body, limits: Self.limits) else {
            return .failure(Trouble(why: "Alertmanager's answer can not be read"))
        }
        return .success(value)
    }
}

/// The requests to Alertmanager's API, as paths.
enum AlertmanagerQuery {
    /// No longer, so that no proxy on the way refuses it; labels that do not fit are left out, which only makes the answer longer.
    static let maxBytes = 4_000

    /// Every alert with the event's labels, silenced and inhibited ones among them.
    static func alerts(of event: Event) -> String {
        var path = "/api/v2/alerts?active=true&silenced=true&inhibited=true&unprocessed=true"
        // The name first: it narrows the answer most.
        let labels = event.labels.sorted { left, right in
            let (first, second) = (left.key == "alertname", right.key == "alertname")
            return first == second ? left.key.utf8.lexicographicallyPrecedes(right.key.utf8) : first
        }
        for (name, value) in labels where isLabelName(name) {
            let matcher = "&filter=" + escaped("\(name)=\"\(quoted(value))\"")
            if path.utf8.count + matcher.utf8.count <= maxBytes { path += matcher }
        }
        return path
    }

    /// Ids of silences are UUIDs; they become part of an address.
    static func isSilenceID(_ id: String) -> Bool {
        (1...64).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    private static func isLabelName(_ name: String) -> Bool {
        name.utf8.first.map { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    /// A matcher's value in double quotes.
    private static func quoted(_ value: String) -> String {
        var bytes: [UInt8] = []
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\\"), UInt8(ascii: "\""): bytes += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): bytes += Array("\\n".utf8)
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// `Authorization: Basic` (RFC 7617).
enum BasicCredentials {
    static func header(_ user: String, _ password: Secret) -> String {
        "Basic " + Base64.encode(Array(user.utf8) + [0x3A] + password.reveal())
    }
}
