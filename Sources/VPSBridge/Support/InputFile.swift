import ArgumentParser
import Glibc

/// Reading of a whole input, a file or standard input.
enum InputFile {
    /// The bytes of a file, of standard input for `-`; at most `limit` and one more, so that too much can be told.
    /// - Throws: `UnreadableFile` with the path.
    static func read(_ path: String, limit: Int) throws(UnreadableFile) -> [UInt8] {
        let isStandard = path.utf8.elementsEqual("-".utf8)
        let descriptor = isStandard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw UnreadableFile(path: path, reason: "the file can not be read") }
        defer { if !isStandard { close(descriptor) } }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= limit {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw UnreadableFile(path: path, reason: "the file can not be read")
            }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return Array(bytes.prefix(limit + 1))
    }
}
