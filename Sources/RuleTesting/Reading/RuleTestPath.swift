/// Paths of files beside a test file, as texts.
enum RuleTestPath {
    /// The folder of a file, with its slash; empty for a file without one.
    static func folder(of file: String) -> String {
        guard let slash = file.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
        return String(file[...slash])
    }

    /// A relative path from a file's folder, with `.` and `..` worked in; `nil` for an absolute path.
    static func beside(_ file: String, _ path: String) -> String? {
        guard path.utf8.first != UInt8(ascii: "/"), !path.utf8.contains(0) else { return nil }
        return normalized(folder(of: file) + path)
    }

    /// The path without `.` and empty parts, and without parts that a `..` takes back.
    static func normalized(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else {
                parts.append(part)
            }
        }
        return (path.utf8.first == UInt8(ascii: "/") ? "/" : "") + parts.joined(separator: "/")
    }
}
