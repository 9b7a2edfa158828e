import JSON

/// Messages to any receiver that takes `{"text": …}`.
enum WebhookMessage {
    static func body(_ text: String) -> [UInt8] {
        JSONValue.object(["text": .string(text)]).serialized()
    }
}
