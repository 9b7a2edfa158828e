import Glibc
import Model

/// Checks a file of trusted certificates before libcurl meets it, which would fail every request instead of the start.
package enum CertificateFile {
    /// The largest file that is read: 16 MiB; the bundle of a system has about 0.3.
    static let bytesMax = 16_777_216

    private static let labels = ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"]

    /// Why the file can not be used, naming it; `nil` when it can.
    package static func fault(path: String) -> String? {
        guard !path.utf8.isEmpty, !path.utf8.contains(0) else {
            return "the path of the trusted certificates is empty or holds a NUL"
        }
        guard let bytes = read(path) else { return "the file of trusted certificates can not be read: \(path)" }
        return fault(of: bytes).map { "the file of trusted certificates \($0): \(path)" }
    }

    /// What is wrong with a PEM file's content (RFC 7468): it must hold a certificate, and each must be whole.
    static func fault(of bytes: [UInt8]) -> String? {
        var count = 0
        var open: (label: [UInt8], base64: [UInt8])?
        for line in bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            let line = Array(line)
            if let label = label(line, "-----BEGIN ") {
                guard open == nil else { return "has a certificate without an end" }
                open = (label, [])
            } else if let label = label(line, "-----END ") {
                guard let block = open, block.label == label else { return "has an end without a beginning" }
                open = nil
                guard labels.contains(where: { $0.utf8.elementsEqual(label) }) else { continue }
                count += 1
                guard let der = Base64.decode(block.base64), isOneSequence(der, mayGoOn: label.count == labels[2].utf8.count)
                else { return "has a certificate, number \(count), that is none" }
            } else if open != nil {
                open?.base64 += line.filter { $0 != 0x20 && $0 != 0x09 }
            }
        }
        guard open == nil else { return "has a certificate without an end" }
        return count > 0 ? nil : "holds no certificate in PEM form"
    }

    private static func label(_ line: [UInt8], _ start: String) -> [UInt8]? {
        let end = Array("-----".utf8)
        var line = line[...]
        while let last = line.last, last == 0x20 || last == 0x09 { line.removeLast() }
        guard line.starts(with: start.utf8), line.count > start.utf8.count + end.count, line.suffix(end.count).elementsEqual(end)
        else { return nil }
        return Array(line.dropFirst(start.utf8.count).dropLast(end.count))
    }

    /// Whether the bytes are one DER SEQUENCE and nothing else (X.690, sections 8.1.3 and 8.9); a trusted certificate of OpenSSL
    /// goes on after it.
    static func isOneSequence(_ der: [UInt8], mayGoOn: Bool = false) -> Bool {
        guard der.count >= 2, der[0] == 0x30 else { return false }
        var length = Int(der[1])
        var header = 2
        if length >= 0x80 {
            let count = length & 0x7F
            guard (1...4).contains(count), der.count >= 2 + count else { return false }
            length = der[2..<(2 + count)].reduce(0) { $0 << 8 | Int($1) }
            header = 2 + count
        }
        return length > 0 && (mayGoOn ? der.count - header >= length : der.count - header == length)
    }

    /// The content of a regular file that is not empty and not too large.
    private static func read(_ path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, (1...bytesMax).contains(Int(status.st_size))
        else { return nil }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= bytesMax {
            let count = Glibc.read(file, &chunk, chunk.count)
            guard count >= 0 else { return nil }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
        return nil
    }
}
