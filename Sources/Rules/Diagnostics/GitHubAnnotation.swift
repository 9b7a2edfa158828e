/// A workflow command of GitHub Actions: `::error file=…,line=…,col=…,title=…::message`.
enum GitHubAnnotation {
    static func line(_ finding: Diagnostic) -> String {
        let properties = [
            ("file", finding.file), ("line", String(finding.line)), ("col", String(finding.column)),
            ("endColumn", String(finding.column + max(1, finding.length))), ("title", "\(finding.code.rawValue) vpsbridge"),
        ].map { "\($0)=\(escaped($1, isProperty: true))" }.joined(separator: ",")
        let text = finding.hint.map { "\(finding.message)\n\($0)" } ?? finding.message
        return "::\(finding.severity.rawValue) \(properties)::\(escaped(text, isProperty: false))"
    }

    /// The escaping of the runner's own toolkit: `%`, CR and LF everywhere, and `:` and `,` in properties.
    private static func escaped(_ text: String, isProperty: Bool) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x25: bytes += "%25".utf8
            case 0x0D: bytes += "%0D".utf8
            case 0x0A: bytes += "%0A".utf8
            case 0x3A where isProperty: bytes += "%3A".utf8
            case 0x2C where isProperty: bytes += "%2C".utf8
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
