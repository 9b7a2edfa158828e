import JSON

/// SARIF 2.1.0 (OASIS, 27 March 2020): one run with a rule for each code that was found.
enum SARIFReport {
    static let schema = "https://json.schemastore.org/sarif-2.1.0.json"

    static func json(_ diagnostics: [Diagnostic]) -> JSONValue {
        let sorted = diagnostics.sortedByPosition
        let codes = DiagnosticCode.allCases.filter { code in sorted.contains { $0.code == code } }
        let driver: JSONValue = [
            "name": "vpsbridge",
            "rules": .array(codes.map { rule($0) }),
        ]
        return [
            "$schema": .string(schema), "version": "2.1.0",
            "runs": [
                [
                    "tool": ["driver": driver], "columnKind": "unicodeCodePoints",
                    "results": .array(sorted.map { result($0, codes) }),
                ]
            ],
        ]
    }

    private static func rule(_ code: DiagnosticCode) -> JSONValue {
        [
            "id": .string(code.rawValue), "name": .string(name(code)), "shortDescription": ["text": .string(code.explanation)],
            "fullDescription": ["text": .string(code.explanation)],
            "help": ["text": .string("\(code.explanation)\n\nvpsbridge explain \(code.rawValue)")],
            "defaultConfiguration": ["level": "error"],
        ]
    }

    /// The case's name with a capital, as SARIF asks for.
    private static func name(_ code: DiagnosticCode) -> String {
        var bytes = Array("\(code)".utf8)
        if let first = bytes.first, (0x61...0x7A).contains(first) { bytes[0] = first - 0x20 }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func result(_ finding: Diagnostic, _ codes: [DiagnosticCode]) -> JSONValue {
        let text = finding.hint.map { "\(finding.message)\n\($0)" } ?? finding.message
        return [
            "ruleId": .string(finding.code.rawValue), "ruleIndex": .int(Int64(codes.firstIndex(of: finding.code) ?? -1)),
            "level": .string(finding.severity.rawValue), "message": ["text": .string(text)],
            "locations": [
                [
                    "physicalLocation": [
                        "artifactLocation": ["uri": .string(uri(finding.file))],
                        "region": [
                            "startLine": .int(Int64(finding.line)), "startColumn": .int(Int64(finding.column)),
                            "endColumn": .int(Int64(finding.column + max(1, finding.length))),
                            "snippet": ["text": .string(finding.sourceLine)],
                        ],
                    ]
                ]
            ],
        ]
    }

    /// A path as a relative or absolute URI (RFC 3986): what can not stand in one is encoded.
    private static func uri(_ path: String) -> String {
        let segments = path.utf8.split(separator: 0x2F, omittingEmptySubsequences: false)
            .map { RequestEncoding.percentEncoded(String(decoding: $0, as: UTF8.self)) }.joined(separator: "/")
        return path.utf8.first == 0x2F ? "file://" + segments : segments
    }
}
