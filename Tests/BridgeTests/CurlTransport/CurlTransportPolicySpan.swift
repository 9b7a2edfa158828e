/// By how many of the instants the worst span goes over `burst + rate * span`; at most zero when none does.
func curlTransportPolicyExcess(of seconds: [Double], rate: Double, burst: Double) -> Double {
    // The worst span ends at some instant; the one before it with the lowest `index - rate * instant` begins it.
    var (worst, base) = (-Double.infinity, Double.infinity)
    for (index, second) in seconds.enumerated() {
        base = min(base, Double(index) - rate * second)
        worst = max(worst, Double(index + 1) - rate * second - base - burst)
    }
    return worst
}
