package import JSON

extension RunProgress {
    /// The stored form; outputs are left out, largest first, when it would be longer than ``maxBytes``.
    package var json: JSONValue {
        var kept = self
        while true {
            let value = kept.wholeJSON
            guard value.serialized().count > Self.maxBytes,
                let largest = kept.outputs.max(by: { $0.value.serialized().count < $1.value.serialized().count })
            else { return value }
            kept.outputs[largest.key] = nil
        }
    }

    private var wholeJSON: JSONValue {
        let sorted = outputs.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        var object: JSONObject = [
            "step": .int(Int64(step)), "attempts": .int(Int64(attempts)),
            "outputs": .object(JSONObject(sorted.map { JSONObject.Member(name: $0.key, value: $0.value) })),
        ]
        if let ending { object.members.append(.init(name: "ending", value: ending.json)) }
        if let scale { object.members.append(.init(name: "scale", value: scale.json)) }
        if let since { object.members.append(.init(name: "since", value: .int(since.microseconds))) }
        if let waitUntil { object.members.append(.init(name: "wait_until", value: .int(waitUntil.microseconds))) }
        if repetitions > 0 { object.members.append(.init(name: "repetitions", value: .int(Int64(repetitions)))) }
        if let repeatAt { object.members.append(.init(name: "repeat_at", value: .int(repeatAt.microseconds))) }
        if !told.isEmpty { object.members.append(.init(name: "told", value: .array(told.map { .string($0) }))) }
        return .object(object)
    }

    /// Reads the stored form; `nil` when it is none.
    package init?(json: JSONValue) {
        guard let step = json["step"]?.intValue, let attempts = json["attempts"]?.intValue,
            let outputs = json["outputs"]?.objectValue
        else { return nil }
        self.init(step: Int(step), attempts: Int(attempts))
        for member in outputs.members { self.outputs[member.name] = member.value }
        if let value = json["ending"] {
            guard let ending = Ending(json: value) else { return nil }
            self.ending = ending
        }
        if let value = json["since"] {
            guard let microseconds = value.intValue else { return nil }
            since = Timestamp(microseconds: microseconds)
        }
        if let value = json["scale"] {
            guard let scale = ScaleProgress(json: value) else { return nil }
            self.scale = scale
        }
        waitUntil = json["wait_until"]?.intValue.map { Timestamp(microseconds: $0) }
        repetitions = Int(clamping: json["repetitions"]?.intValue ?? 0)
        repeatAt = json["repeat_at"]?.intValue.map { Timestamp(microseconds: $0) }
        told = (json["told"]?.arrayValue ?? []).compactMap(\.stringValue)
    }
}

extension RunProgress.Ending {
    fileprivate var json: JSONValue {
        ["state": .string(state.rawValue), "reason": .string(reason.rawValue), "detail": .string(detail)]
    }

    fileprivate init?(json: JSONValue) {
        guard let state = json["state"]?.stringValue.flatMap(RunState.init(rawValue:)),
            let reason = json["reason"]?.stringValue.flatMap(Reason.init(rawValue:)), let detail = json["detail"]?.stringValue
        else { return nil }
        self.init(state: state, reason: reason, detail: detail)
    }
}

extension ScaleProgress {
    fileprivate var json: JSONValue {
        var object: JSONObject = [
            "before": .int(Int64(before)), "desired": .int(Int64(desired)), "done": .array(done.map(\.json)),
            "is_drained": .bool(isDrained), "has_repeated": .bool(hasRepeated),
        ]
        if let current { object.members.append(.init(name: "current", value: current.json)) }
        return .object(object)
    }

    fileprivate init?(json: JSONValue) {
        guard let before = json["before"]?.intValue, let desired = json["desired"]?.intValue,
            let done = json["done"]?.arrayValue, let isDrained = json["is_drained"]?.boolValue,
            let hasRepeated = json["has_repeated"]?.boolValue
        else { return nil }
        self.init(before: Int(before), desired: Int(desired), isDrained: isDrained, hasRepeated: hasRepeated)
        for value in done {
            guard let member = Member(json: value) else { return nil }
            self.done.append(member)
        }
        if let value = json["current"] {
            guard let member = Member(json: value) else { return nil }
            current = member
        }
    }
}

extension ScaleProgress.Member {
    /// As `steps.<id>.servers` shows it.
    package var json: JSONValue { ["id": .int(id.rawValue), "name": .string(name)] }

    fileprivate init?(json: JSONValue) {
        guard let id = json["id"]?.intValue, let name = json["name"]?.stringValue else { return nil }
        self.init(id: ServerID(rawValue: id), name: name)
    }
}
