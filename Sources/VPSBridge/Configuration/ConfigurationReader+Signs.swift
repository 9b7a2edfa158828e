import Engine
import Model
import Rules

/// Signs of life and the daily digest: `heartbeat`, `notify_digest`, and `expect_every` of sources.
extension ConfigurationReader {
    func readHeartbeat(_ node: YAMLNode, into configuration: inout BridgeConfiguration) {
        guard let mapping = YAMLMapping(node, keys: ["url", "url_file", "every"], of: "`heartbeat`", collector) else { return }
        var every = Duration.seconds(60)
        if let node = mapping["every"], let span = node.duration("`heartbeat.every`", collector) {
            if span < .seconds(10) || span > .seconds(3_600) {
                collector.report(node.diagnostic(.outOfRange, "`heartbeat.every` is from `10s` to `1h`"))
            }
            every = span
        }
        guard let url = secretURL(mapping, keyNode: node, "`heartbeat`") else { return }
        configuration.heartbeat = BridgeConfiguration.Heartbeat(url: url, every: every)
    }

    /// `"09:00"`, `{at: "09:00", timezone: Europe/Berlin}` or `never`.
    func readDigest(_ node: YAMLNode, into configuration: inout BridgeConfiguration) {
        if let scalar = node.scalar {
            if scalar.text.utf8.elementsEqual("never".utf8) {
                configuration.digest = nil
            } else if let second = timeOfDay(node, "`notify_digest`") {
                configuration.digest = Digest.Schedule(secondOfDay: second, zone: .utc)
            }
            return
        }
        guard let mapping = YAMLMapping(node, keys: ["at", "timezone"], of: "`notify_digest`", collector) else { return }
        var schedule = Digest.Schedule(secondOfDay: 9 * 3_600, zone: .utc)
        if let node = mapping.required("at", hint: "write `at: \"09:00\"`"), let second = timeOfDay(node, "`notify_digest.at`") {
            schedule.secondOfDay = second
        }
        if let node = mapping["timezone"], let name = node.string("`notify_digest.timezone`", collector) {
            if let zone = NamedTimeZone(name, data: ZoneFiles.read) {
                schedule.zone = zone
            } else {
                collector.report(
                    node.diagnostic(
                        .unknownValue, "there is no time zone `\(name)` here",
                        hint: "a name such as `Europe/Berlin` (package tzdata), `UTC`, or an offset such as `+02:00`"))
            }
        }
        configuration.digest = schedule
    }

    /// `HH:MM`, in seconds since midnight.
    private func timeOfDay(_ node: YAMLNode, _ title: String) -> Int? {
        let hint = "write hours and minutes in quotes: `\"09:00\"`"
        guard let text = node.string(title, collector) else { return nil }
        let bytes = Array(text.utf8)
        guard bytes.count == 5, bytes[2] == UInt8(ascii: ":"),
            [0, 1, 3, 4].allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[$0]) }),
            let hours = Int(String(decoding: bytes[..<2], as: UTF8.self)), hours < 24,
            let minutes = Int(String(decoding: bytes[3...], as: UTF8.self)), minutes < 60
        else {
            collector.report(node.diagnostic(.unknownValue, "\(title) is no time of day", hint: hint))
            return nil
        }
        return hours * 3_600 + minutes * 60
    }

    /// How often a source speaks at least; `nil` when the value is wrong.
    func readExpectation(_ node: YAMLNode, of owner: String) -> SourcePulse.Expectation? {
        if let scalar = node.scalar, scalar.text.utf8.elementsEqual("never".utf8) { return .never }
        guard let span = node.duration("`expect_every` of \(owner)", collector) else { return nil }
        guard span >= .seconds(60), span <= .seconds(7 * 86_400) else {
            collector.report(node.diagnostic(.outOfRange, "`expect_every` of \(owner) is from `1m` to `7d`, or `never`"))
            return nil
        }
        return .every(span)
    }
}
