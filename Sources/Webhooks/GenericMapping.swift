import JSON

/// Where a generic JSON sender says what: JSON pointers (RFC 6901) into its body, and the words of its status.
package struct GenericMapping: Sendable, Hashable {
    /// Where the status is; default `/status`. A string, integer or boolean.
    package var status: String
    /// The statuses that report a problem, compared without case of ASCII letters; default ``defaultProblemWords``.
    package var problemWords: [String]
    /// The statuses that report its end; default ``defaultResolvedWords``. Every other status is a notice, which never acts.
    package var resolvedWords: [String]
    /// Where the name of the problem is, the same in its problem and its end; default `/fingerprint`. A string or integer; when
    /// it is absent, a hash of the labels stands in.
    package var fingerprint: String
    /// Where the object of labels is; default `/labels`. Strings, numbers and booleans become labels, other members are left out.
    package var labels: String
    /// Where the object of annotations is; default `/annotations`. Read as the labels are.
    package var annotations: String
    /// Where the time is at which the problem began; default `/starts_at`. RFC 3339 text or whole seconds since 1970.
    package var startsAt: String
    /// Where the time is at which the problem ended; default `/ends_at`. Read as `startsAt` is.
    package var endsAt: String

    /// `problem`, `firing`, `alerting`, `down`, `failure`.
    package static let defaultProblemWords = ["problem", "firing", "alerting", "down", "failure"]
    /// `resolved`, `recovery`, `ok`, `up`, `success`.
    package static let defaultResolvedWords = ["resolved", "recovery", "ok", "up", "success"]

    package init(
        status: String = "/status", problemWords: [String] = defaultProblemWords, resolvedWords: [String] = defaultResolvedWords,
        fingerprint: String = "/fingerprint", labels: String = "/labels", annotations: String = "/annotations",
        startsAt: String = "/starts_at", endsAt: String = "/ends_at"
    ) {
        self.status = status
        self.problemWords = problemWords
        self.resolvedWords = resolvedWords
        self.fingerprint = fingerprint
        self.labels = labels
        self.annotations = annotations
        self.startsAt = startsAt
        self.endsAt = endsAt
    }

    /// What is wrong with the mapping, a sentence each; empty when nothing is.
    package var problems: [String] {
        let pointers = [
            ("status", status), ("fingerprint", fingerprint), ("labels", labels), ("annotations", annotations),
            ("starts_at", startsAt), ("ends_at", endsAt),
        ]
        var found = pointers.filter { JSONPointer($0.1) == nil }.map {
            "\($0.0): \"\($0.1)\" is not a JSON pointer; it begins with \"/\", such as \"/alert/\($0.0)\""
        }
        for word in problemWords where ASCII.contains(resolvedWords, ignoringCase: word) {
            found.append("\"\(word)\" can not mean both a problem and its end")
        }
        if problemWords.isEmpty { found.append("without a word for a problem no request opens one") }
        return found
    }
}
