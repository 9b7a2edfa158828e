import Model
import Store

/// What is told of a run.
extension MessagePolicy {
    /// The run's one message at its end.
    ///
    /// `besides` is what the run says there already: its rule's own words, the word to those who were asked, the answer to whoever gave
    /// the command. A channel that gets one of them gets nothing more, and a command that is answered is told nowhere else.
    static func ending(of run: Run, server: String?, besides: [NewMessage], channels: [String]) -> [NewMessage] {
        guard let reason = run.reason, timing(of: reason) == .atOnce, !besides.contains(where: \.isAnswer) else { return [] }
        let what = run.state == .failed ? "failed" : run.state.rawValue
        return notice(
            "Run \(run.id) of rule \(run.rule)\(server.map { ", \($0)" } ?? ""): \(what): \(run.detail)", of: run, besides,
            channels)
    }

    /// A message of an occasion of a run, such as `parked`.
    static func notices(
        _ occasion: Occasion, _ text: String, of run: Run, besides: [NewMessage], channels: [String]
    ) -> [NewMessage] {
        guard timing(of: occasion) == .atOnce else { return [] }
        return notice("Run \(run.id) of rule \(run.rule): \(text)", of: run, besides, channels)
    }

    private static func notice(_ text: String, of run: Run, _ besides: [NewMessage], _ channels: [String]) -> [NewMessage] {
        let served = besides.compactMap(\.channel)
        return channels.filter { name in !served.contains { $0.utf8.elementsEqual(name.utf8) } }
            .map { NewMessage(destination: .channel($0), text: bounded(text), run: run.id) }
    }
}

extension NewMessage {
    fileprivate var isAnswer: Bool {
        if case .response = destination { true } else { false }
    }

    fileprivate var channel: String? {
        if case .channel(let name) = destination { name } else { nil }
    }
}
