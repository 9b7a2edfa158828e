import Model
import Rules

/// `secrets`: what requests of rules may hold, each in a file of its own.
extension ConfigurationReader {
    func readSecrets(_ node: YAMLNode, into configuration: inout BridgeConfiguration) {
        guard case .mapping(let entries) = node.content else {
            collector.report(
                node.diagnostic(
                    .wrongKind, "`secrets` is a mapping of `NAME_file` to files",
                    hint: "write `TICKETS_file: /run/secrets/tickets`"))
            return
        }
        for entry in entries {
            guard let name = Self.secretName(entry.name) else {
                collector.report(
                    entry.key.diagnostic(
                        .badName, "`\(entry.name)` can not be a secret",
                        hint: "write `NAME_file`, the name of letters, digits and `_`; a secret itself never stands here"))
                continue
            }
            if let secret = secret(entry.value, "`\(entry.name)`") { configuration.secrets[name] = secret }
        }
    }

    /// `NAME` of `NAME_file`, which has to be what an expression can name.
    private static func secretName(_ key: String) -> String? {
        guard key.utf8.count > 5, key.utf8.suffix(5).elementsEqual("_file".utf8) else { return nil }
        let name = key.utf8.dropLast(5)
        let isName = name.enumerated().allSatisfy { index, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): index > 0
            default: false
            }
        }
        return isName && name.count <= 64 ? String(name) : nil
    }
}
