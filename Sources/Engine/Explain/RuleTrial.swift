package import JSON
import Model
import Rules
package import Webhooks

/// What `try` does: one body in, what every rule makes of it out. Pure.
package struct RuleTrial: Sendable {
    /// What is expected to match.
    package enum Expectation: Sendable, Hashable {
        /// Nothing at all.
        case none
        /// These rules and no others.
        case rules(Set<String>)

        /// Reads rules' names, or the word `none` alone.
        package init(_ words: [String]) {
            self = words.count == 1 && words[0].utf8.elementsEqual("none".utf8) ? .none : .rules(Set(words))
        }
    }

    /// The reports of the body's events.
    package let events: [EventReport]

    /// Reads a body as the listener reads it, but for the proof who sent it, and judges its events.
    ///
    /// - Throws: ``WebhookRejection``, what a sender would be told.
    package static func run(
        _ request: WebhookRequest, source: WebhookSource, reporter: EventReporter
    ) throws(WebhookRejection) -> RuleTrial {
        RuleTrial(events: reporter.reports(on: try Webhooks.decode(request, source: source).events))
    }

    /// The rules that match an event of the body, in the order of the files.
    package var matched: [String] {
        var names: [String] = []
        for event in events {
            for name in event.matched where !names.contains(where: { $0.utf8.elementsEqual(name.utf8) }) { names.append(name) }
        }
        return names
    }

    /// Whether exactly the expected rules match.
    package func meets(_ expectation: Expectation) -> Bool {
        switch expectation {
        case .none: matched.isEmpty
        case .rules(let names): Set(matched) == names
        }
    }

    /// As people read it.
    package var lines: [String] {
        var lines = events.flatMap(\.lines)
        if events.isEmpty { lines.append("the body holds no events") }
        lines.append("matched: " + (matched.isEmpty ? "none" : matched.joined(separator: ", ")))
        return lines
    }

    /// As one document.
    package var json: JSONValue {
        ["events": .array(events.map(\.json)), "matched": .array(matched.map { .string($0) })]
    }
}
