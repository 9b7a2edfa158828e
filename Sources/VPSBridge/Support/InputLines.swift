import Glibc

/// Reads a file line by line, one in memory at a time.
enum InputLines {
    /// The longest line that is read, in bytes; the rest of a longer one is left out, so that it is no JSON.
    private static let longest = 1 << 20

    /// Hands every line of a file, or of standard input for `-`, to `body`, without its line feed.
    /// - Throws: `UnreadableFile`, and what `body` throws.
    static func read(_ path: String, _ body: ([UInt8]) throws -> Void) throws {
        let isInput = path.utf8.elementsEqual("-".utf8)
        let descriptor = isInput ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw UnreadableFile(path: path, reason: "it can not be read (error \(errno))") }
        defer { if !isInput { close(descriptor) } }
        var line: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw UnreadableFile(path: path, reason: "it can not be read (error \(errno))")
            }
            if count == 0 { break }
            for byte in buffer[..<count] {
                if byte == UInt8(ascii: "\n") {
                    try body(line)
                    line.removeAll(keepingCapacity: true)
                } else if line.count < longest {
                    line.append(byte)
                }
            }
        }
        if !line.isEmpty { try body(line) }
    }
}
