import ArgumentParser
import Engine
import JSON
import Model
import Rules
import Store

/// Shows what created servers cost.
struct Cost: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what the servers that the bridge created cost in a month, and what is left of each cap.",
        discussion:
            "By `prices` of vpsbridge.yaml: VPS.org does not say what plans cost. Caps count the full month of each server.")

    @Option(help: "The configuration file; else VPSBRIDGE_CONFIG, ./vpsbridge.yaml, /etc/vpsbridge/vpsbridge.yaml.")
    var config: String?

    @Option(help: "The month in UTC, as 2026-11; else the present one.")
    var month: String?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if let month, Month(text: month) == nil { throw ValidationError("--month takes a month such as 2026-11") }
    }

    func run() async throws {
        let configuration = try ConfigurationFile.loadOrExit(config, needsSecrets: false)
        let now = SystemClock().now()
        let month = month.flatMap { Month(text: $0) } ?? Month(containing: now)
        let purchases = try await StoreReading.open(configuration).purchases(
            from: CostReport.start(of: month, now: now), to: month.end)
        let (rules, _) = try LoadedRules(configuration).loadOrExit()
        let caps = rules.rules.map { (rule: $0.name, caps: $0.limits.creates) }.filter { $0.caps != CreateCaps() }
        let report = CostReport(month, purchases: purchases, limits: configuration.limits, ruleCaps: caps, now: now)
        Output.line(json ? report.json.description : report.text)
    }
}

extension CostReport {
    fileprivate var json: JSONValue {
        let rules = rules.map { sum -> JSONValue in
            [
                "rule": .string(sum.rule), "servers": .int(Int64(sum.count)), "so_far": .string(sum.soFar.text),
                "full_month": .string(sum.fullMonth.text),
            ]
        }
        let caps = caps.map { cap -> JSONValue in
            [
                "rule": .optional(cap.rule), "cap": .string(cap.key), "used": .string(cap.used), "of": .string(cap.most),
                "left": .string(cap.left),
            ]
        }
        return [
            "month": .string(month.description), "currency": .string(prices.currency), "so_far": .string(soFar.text),
            "full_month": .string(fullMonth.text), "without_price": .int(Int64(unpriced)),
            "servers": .array(lines.map(\.json)), "rules": .array(rules), "caps": .array(caps),
        ]
    }

    /// Lines for people, columns set apart by tabs.
    fileprivate var text: String {
        var text = lines.map { line in
            let purchase = line.purchase
            return [
                purchase.server?.description ?? "-", purchase.name, "plan \(purchase.plan.map(String.init) ?? "?")",
                purchase.rule,
                purchase.createdAt.rfc3339, purchase.endedAt.map { "gone \($0.rfc3339)" } ?? "there",
                line.soFar.map(prices.words) ?? "no price", line.fullMonth.map(prices.words) ?? "no price",
            ].joined(separator: "\t")
        }
        text += rules.map {
            "rule \($0.rule): \($0.count) servers, \(prices.words($0.soFar)) so far, \(prices.words($0.fullMonth)) a full month"
        }
        text.append("\(month): \(lines.count) servers, \(prices.words(soFar)) so far, \(prices.words(fullMonth)) a full month")
        if unpriced > 0 { text.append("\(unpriced) of them are of plans without a price, and not in these sums") }
        text += caps.map { "\($0.rule.map { "rule \($0)" } ?? "all rules") \($0.key): \($0.used) of \($0.most), \($0.left) left" }
        return text.joined(separator: "\n")
    }
}

extension CostReport.Line {
    fileprivate var json: JSONValue {
        [
            "server_id": purchase.server.map { .int($0.rawValue) } ?? .null, "name": .string(purchase.name),
            "plan": purchase.plan.map { .int($0) } ?? .null, "rule": .string(purchase.rule), "run": .int(purchase.run.rawValue),
            "created_at": .string(purchase.createdAt.rfc3339), "ended_at": .optional(purchase.endedAt?.rfc3339),
            "so_far": .optional(soFar?.text), "full_month": .optional(fullMonth?.text),
        ]
    }
}
