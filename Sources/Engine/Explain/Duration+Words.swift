extension Duration {
    /// As rule files write it: `2m`, `1h30m`, `90s` as `1m30s`; what is below a second is dropped.
    var words: String {
        var rest = max(0, components.seconds)
        guard rest > 0 else { return "0s" }
        var text = ""
        for (unit, seconds) in [("d", Int64(86_400)), ("h", 3_600), ("m", 60), ("s", 1)] where rest >= seconds {
            text += "\(rest / seconds)\(unit)"
            rest %= seconds
        }
        return text
    }
}
