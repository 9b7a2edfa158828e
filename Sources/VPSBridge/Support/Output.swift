import Glibc

/// Writing to the standard streams without a buffer, so that nothing is lost when the process ends.
enum Output {
    /// Writes a line to standard output: the result of a command.
    static func line(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

    /// Writes a line to standard error: what is said about a command.
    static func note(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    /// Writes all bytes, however many calls that takes; a stream that is gone is given up.
    static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { buffer in
            var rest = UnsafeRawBufferPointer(buffer)
            while let base = rest.baseAddress, !rest.isEmpty {
                let written = Glibc.write(descriptor, base, rest.count)
                if written < 0 {
                    if errno == EINTR { continue }
                    return
                }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
            }
        }
    }
}
