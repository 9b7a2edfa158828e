import Crypto
import Engine
import Foundation
import Glibc
import Model
import Rules

/// Rule files on disk.
extension RuleFiles {
    /// The files, named by a hash over their names and texts.
    init(files: [RuleSource]) {
        var hash = SHA256()
        for file in files {
            for part in [file.name, file.text] {
                hash.update(data: Array(String(part.utf8.count).utf8) + [UInt8(ascii: ":")])
                hash.update(data: Array(part.utf8))
            }
        }
        self.init(
            files: files,
            revision: RuleSetRevision(rawValue: hash.finalize().prefix(8).map { Hex.byte($0) }.joined()))
    }

    /// Reads every `*.yaml` and `*.yml` of a folder; files that end in `.test.yaml` are tests and are left out. A path to a file reads that file.
    ///
    /// Symbolic links are followed at every reading, so a folder that is swapped by its link, as Kubernetes does it, is seen.
    /// - Throws: `UnreadableFile` with the path.
    static func read(_ path: String) throws(UnreadableFile) -> RuleFiles {
        switch FileKind.of(path) {
        case nil: throw UnreadableFile(path: path, reason: "there is no such file or folder")
        case .folder: break
        case .file, .other: return RuleFiles(files: [RuleSource(name: path, text: try TextFile.read(path))])
        }
        var files: [RuleSource] = []
        for name in try names(in: path) where isRuleFile(name) {
            let file = path + "/" + name
            // A pipe would keep whoever opens it waiting for ever.
            guard FileKind.of(file) == .file else { throw UnreadableFile(path: file, reason: "there is no file of that name") }
            files.append(RuleSource(name: file, text: try TextFile.read(file)))
        }
        return RuleFiles(files: files)
    }

    /// The names of a folder's files, sorted.
    static func names(in folder: String) throws(UnreadableFile) -> [String] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw UnreadableFile(path: folder, reason: "the folder can not be read")
        }
        return names.sorted()
    }

    private static func isRuleFile(_ name: String) -> Bool {
        guard !name.hasPrefix("."), name.hasSuffix(".yaml") || name.hasSuffix(".yml") else { return false }
        return !isTestFile(name)
    }

    /// Whether a file holds tests of rules: its name ends in `.test.yaml` or `.test.yml`.
    static func isTestFile(_ name: String) -> Bool {
        name.hasSuffix(".test.yaml") || name.hasSuffix(".test.yml")
    }
}

/// What a path leads to, links followed.
enum FileKind {
    case file
    case folder
    case other

    /// `nil` when there is nothing.
    static func of(_ path: String) -> FileKind? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .folder
        default: return .other
        }
    }
}

/// A file that was asked for and can not be read.
struct UnreadableFile: Error, CustomStringConvertible {
    let path: String
    let reason: String
    var description: String { "\(path): \(reason)" }
}

/// Reading of whole text files.
enum TextFile {
    /// The longest file that is read, in bytes: 4 MiB.
    static let maxBytes = 4 << 20

    /// - Throws: `UnreadableFile` when the file is missing, too long or not UTF-8.
    static func read(_ path: String) throws(UnreadableFile) -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw UnreadableFile(path: path, reason: "the file can not be read")
        }
        guard data.count <= maxBytes else {
            throw UnreadableFile(path: path, reason: "the file is longer than \(maxBytes) bytes")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw UnreadableFile(path: path, reason: "the file is not UTF-8")
        }
        return text
    }

    /// A secret: the file's content without one line end at its end.
    static func readSecret(_ path: String) throws(UnreadableFile) -> Secret {
        var text = Substring(try read(path))
        if text.utf8.last == UInt8(ascii: "\n") { text = Substring(decoding: text.utf8.dropLast(), as: UTF8.self) }
        if text.utf8.last == UInt8(ascii: "\r") { text = Substring(decoding: text.utf8.dropLast(), as: UTF8.self) }
        guard !text.isEmpty else { throw UnreadableFile(path: path, reason: "the file is empty; it must hold a secret") }
        return Secret(String(text))
    }
}

enum Hex {
    /// Two lower-case digits.
    static func byte(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return byte < 16 ? "0" + digits : digits
    }
}
