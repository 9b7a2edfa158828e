import JSON
import Model

/// Options and times as `/_sim/options` shows and takes them.
extension SimulatorState {
    private static let known = [
        "short_rebooting", "updated_at_fixed", "unique_names", "page_size", "list_lag_ms", "list_age_ms", "rate_limit",
        "rate_window_ms", "credit", "create_ms", "start_ms", "stop_ms", "reboot_ms",
    ]

    var optionsJSON: JSONValue {
        func milliseconds(_ span: Duration) -> JSONValue { .int(span.wholeMicroseconds / 1_000) }
        return [
            "short_rebooting": .bool(options.shortRebooting), "updated_at_fixed": .bool(options.updatedAtFixed),
            "unique_names": .bool(options.uniqueNames), "page_size": .int(Int64(options.pageSize ?? 0)),
            "list_lag_ms": milliseconds(options.listLag), "list_age_ms": milliseconds(options.listAge),
            "rate_limit": .int(Int64(options.rateLimit ?? 0)), "rate_window_ms": milliseconds(options.rateWindow),
            "credit": .int(credit), "create_ms": milliseconds(timings.create),
            "start_ms": milliseconds(timings.start), "stop_ms": milliseconds(timings.stop),
            "reboot_ms": milliseconds(timings.reboot),
        ]
    }

    /// Takes over the members that are there; all of them or, when one is wrong, none.
    mutating func setOptions(_ value: JSONValue) throws(FormatError) {
        let fields = try Fields(value, known: Self.known)
        var options = options
        var timings = timings
        func span(_ name: String, else present: Duration) throws(FormatError) -> Duration {
            try fields.integer(name, in: 0...86_400_000).map { .milliseconds($0) } ?? present
        }
        options.shortRebooting = try fields.flag("short_rebooting") ?? options.shortRebooting
        options.updatedAtFixed = try fields.flag("updated_at_fixed") ?? options.updatedAtFixed
        options.uniqueNames = try fields.flag("unique_names") ?? options.uniqueNames
        if let size = try fields.integer("page_size", in: 0...10_000) { options.pageSize = size == 0 ? nil : Int(size) }
        options.listLag = try span("list_lag_ms", else: options.listLag)
        options.listAge = try span("list_age_ms", else: options.listAge)
        if let most = try fields.integer("rate_limit", in: 0...10_000) { options.rateLimit = most == 0 ? nil : Int(most) }
        options.rateWindow = try span("rate_window_ms", else: options.rateWindow)
        timings.create = try span("create_ms", else: timings.create)
        timings.start = try span("start_ms", else: timings.start)
        timings.stop = try span("stop_ms", else: timings.stop)
        timings.reboot = try span("reboot_ms", else: timings.reboot)
        credit = try fields.integer("credit", in: 0...1_000_000_000_000) ?? credit
        self.options = options
        self.timings = timings
        revision &+= 1
    }
}
