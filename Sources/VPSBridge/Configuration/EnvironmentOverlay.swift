import Model

/// Environment variables that go before the file: `VPSBRIDGE_` and the key's path in upper case.
struct EnvironmentOverlay {
    let environment: [String: String]
    let readSecret: (String) throws(UnreadableFile) -> Secret
    let caFault: (String) -> String?
    /// What is wrong, a sentence each; never shows a value.
    private(set) var problems: [String] = []

    init(
        environment: [String: String], readSecret: @escaping (String) throws(UnreadableFile) -> Secret,
        caFault: @escaping (String) -> String?
    ) {
        self.environment = environment
        self.readSecret = readSecret
        self.caFault = caFault
    }

    mutating func apply(to configuration: inout BridgeConfiguration) {
        if let text = value("VPSBRIDGE_LIVE") {
            switch text {
            case "true": configuration.live = true
            case "false": configuration.live = false
            default: problems.append("VPSBRIDGE_LIVE must be true or false")
            }
        }
        if let address = address("VPSBRIDGE_LISTEN") { configuration.listen = address }
        if let address = address("VPSBRIDGE_ADMIN_LISTEN") { configuration.admin = address }
        if let path = value("VPSBRIDGE_DATA") { configuration.dataFolder = path }
        if let path = value("VPSBRIDGE_RULES") {
            configuration.rulesFolder = path
            configuration.namesRulesFolder = true
        }
        if let url = value("VPSBRIDGE_API_BASE_URL") {
            configuration.api.baseURL = url
            if let problem = OutboundAddress.problem(ofBaseURL: url) { problems.append("VPSBRIDGE_API_BASE_URL: \(problem)") }
        }
        if let proxy = proxy("VPSBRIDGE_API_PROXY") { configuration.api.proxy = proxy }
        if let path = caFile("VPSBRIDGE_API_CA_FILE") { configuration.api.caFile = path }
        if let proxy = proxy("VPSBRIDGE_OUTBOUND_PROXY") { configuration.outbound.proxy = proxy }
        if let path = caFile("VPSBRIDGE_OUTBOUND_CA_FILE") { configuration.outbound.caFile = path }
        applyToken(to: &configuration)
    }

    private mutating func applyToken(to configuration: inout BridgeConfiguration) {
        let inline = value("VPSBRIDGE_API_TOKEN")
        let file = value("VPSBRIDGE_API_TOKEN_FILE")
        if inline != nil, file != nil {
            problems.append("VPSBRIDGE_API_TOKEN and VPSBRIDGE_API_TOKEN_FILE are both set; keep one")
        } else if let inline {
            configuration.api.token = Secret(inline)
        } else if let file {
            do throws(UnreadableFile) {
                configuration.api.token = try readSecret(file)
            } catch {
                problems.append("VPSBRIDGE_API_TOKEN_FILE: \(error)")
            }
        }
    }

    private func value(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    private mutating func proxy(_ name: String) -> String? {
        guard let text = value(name) else { return nil }
        do throws(OutboundAddress.Unusable) {
            return try OutboundAddress.proxy(text)
        } catch {
            problems.append("\(name): \(error.reason)" + (error.hint.map { "; \($0)" } ?? ""))
            return nil
        }
    }

    private mutating func caFile(_ name: String) -> String? {
        guard let path = value(name) else { return nil }
        guard let fault = caFault(path) else { return path }
        problems.append("\(name): \(fault)")
        return nil
    }

    private mutating func address(_ name: String) -> BridgeConfiguration.Address? {
        guard let text = value(name) else { return nil }
        guard let address = AddressText.parse(text) else {
            problems.append("\(name) must be HOST:PORT")
            return nil
        }
        return address
    }
}
