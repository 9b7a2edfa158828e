/// What a request's path names.
enum RequestTarget: Equatable {
    /// `/hooks/{source}`; the name as it stood there, not looked up yet.
    case hook(Substring)
    case healthz
    case readyz
    case metrics
    case nothing

    /// Reads the path's bytes as they came: nothing is percent-decoded, so no two spellings name one source.
    init(path: String) {
        let bytes = path.utf8
        let target = bytes[..<(bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex)]
        if target.starts(with: Self.hooks) {
            let name = target.dropFirst(Self.hooks.count)
            self = name.isEmpty || name.contains { $0 >= 0x80 } ? .nothing : .hook(Substring(name))
        } else if target.elementsEqual("/healthz".utf8) {
            self = .healthz
        } else if target.elementsEqual("/readyz".utf8) {
            self = .readyz
        } else if target.elementsEqual("/metrics".utf8) {
            self = .metrics
        } else {
            self = .nothing
        }
    }

    private static let hooks = Array("/hooks/".utf8)
}
