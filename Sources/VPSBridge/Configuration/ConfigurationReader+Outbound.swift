import CurlTransport
import Model
import Rules

/// How hosts are reached: `api` and `outbound`.
extension ConfigurationReader {
    func readAPI(_ node: YAMLNode, into configuration: inout BridgeConfiguration) {
        let keys = ["base_url", "token_file", "ca_file", "proxy", "pinned_keys", "rate_limit", "max_in_flight"]
        guard let mapping = YAMLMapping(node, keys: keys, of: "`api`", collector) else { return }
        if let url = mapping["base_url"].flatMap(baseURL) { configuration.api.baseURL = url }
        if let path = mapping["ca_file"].flatMap({ caFile($0, "`api.ca_file`") }) { configuration.api.caFile = path }
        if let node = mapping["token_file"] { configuration.api.token = secret(node, "`api.token_file`") }
        if let proxy = mapping["proxy"].flatMap({ proxy($0, "`api.proxy`") }) { configuration.api.proxy = proxy }
        if let node = mapping["pinned_keys"] { configuration.api.pins = pins(node, "`api.pinned_keys`") }
        if let node = mapping["rate_limit"] { readRateLimit(node, into: &configuration.api.limits) }
        if let node = mapping["max_in_flight"] { readMaxInFlight(node, into: &configuration.api.limits) }
    }

    func readOutbound(_ node: YAMLNode, into configuration: inout BridgeConfiguration) {
        guard let mapping = YAMLMapping(node, keys: ["proxy", "ca_file"], of: "`outbound`", collector) else { return }
        if let proxy = mapping["proxy"].flatMap({ proxy($0, "`outbound.proxy`") }) { configuration.outbound.proxy = proxy }
        if let path = mapping["ca_file"].flatMap({ caFile($0, "`outbound.ca_file`") }) { configuration.outbound.caFile = path }
    }

    private func readRateLimit(_ node: YAMLNode, into limits: inout GateLimits) {
        guard let mapping = YAMLMapping(node, keys: ["per_second", "burst"], of: "`api.rate_limit`", collector) else { return }
        if let rate = mapping["per_second"]?.int("`api.rate_limit.per_second`", in: 1...100, collector) {
            limits.rate = Double(rate)
        }
        if let burst = mapping["burst"]?.int("`api.rate_limit.burst`", in: 1...1_000, collector) { limits.burst = burst }
    }

    private func readMaxInFlight(_ node: YAMLNode, into limits: inout GateLimits) {
        guard let mapping = YAMLMapping(node, keys: ["reads", "mutations"], of: "`api.max_in_flight`", collector) else { return }
        if let reads = mapping["reads"]?.int("`api.max_in_flight.reads`", in: 1...32, collector) { limits.reads = reads }
        if let mutations = mapping["mutations"]?.int("`api.max_in_flight.mutations`", in: 1...32, collector) {
            limits.mutations = mutations
        }
    }

    // MARK: Values

    private func baseURL(_ node: YAMLNode) -> String? {
        guard let text = node.string("`api.base_url`", collector) else { return nil }
        if let problem = OutboundAddress.problem(ofBaseURL: text) {
            collector.report(
                node.diagnostic(
                    .unknownValue, "`api.base_url`: \(problem)", hint: "scheme and host only: `https://admin.vps.org`"))
            return nil
        }
        return text
    }

    private func proxy(_ node: YAMLNode, _ title: String) -> String? {
        guard let text = node.string(title, collector) else { return nil }
        do throws(OutboundAddress.Unusable) {
            return try OutboundAddress.proxy(text)
        } catch {
            collector.report(node.diagnostic(.unknownValue, "\(title): \(error.reason)", hint: error.hint))
            return nil
        }
    }

    private func caFile(_ node: YAMLNode, _ title: String) -> String? {
        guard let path = node.string(title, collector).map(resolved) else { return nil }
        if let fault = caFault(path) {
            collector.report(
                node.diagnostic(
                    .unknownValue, "\(title): \(fault)",
                    hint: "a PEM file with at least one `-----BEGIN CERTIFICATE-----`; without the key, the system's are trusted")
            )
            return nil
        }
        return path
    }

    private func pins(_ node: YAMLNode, _ title: String) -> [PublicKeyPin] {
        let hint = "write `[sha256//BASE64, sha256//BASE64]`: the key in use and the next one"
        guard let items = node.list(title, max: PublicKeyPin.countMax, collector) else { return [] }
        if items.isEmpty {
            collector.report(node.diagnostic(.outOfRange, "\(title) is empty and would pin nothing", hint: hint))
        }
        return items.compactMap { item in
            guard let text = item.string("a pin of \(title)", collector) else { return nil }
            if let pin = PublicKeyPin(text) { return pin }
            collector.report(
                item.diagnostic(.unknownValue, "a pin of \(title) is `sha256//` and the Base64 of 32 bytes", hint: hint))
            return nil
        }
    }
}
