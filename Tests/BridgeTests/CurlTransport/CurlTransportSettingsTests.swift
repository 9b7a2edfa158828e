import Glibc
import Testing

@testable import CurlTransport

private let sequence = "MAMCAQE="
private let block = "-----BEGIN CERTIFICATE-----\n\(sequence)\n-----END CERTIFICATE-----\n"

@Suite("CurlDriver: pins and the file of certificates")
struct CurlTransportSettingsTests {
    private static let hash = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

    private static let pins: [(String, isPin: Bool)] = [
        ("sha256//\(hash)", true), ("sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", true),
        ("", false), ("sha256//", false), (hash, false), ("SHA256//\(hash)", false), ("sha1//\(hash)", false),
        ("sha256/\(hash)", false), (" sha256//\(hash)", false), ("sha256//\(hash) ", false), ("sha256//\(hash)\n", false),
        ("sha256//\(hash);sha256//\(hash)", false), ("sha256//\(hash.dropLast())", false),
        ("sha256//\(hash.dropLast(4))", false), ("sha256//\(hash.dropLast(2))9=", false), ("sha256//\(hash.dropLast())A", false),
        ("sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd-_8=", false), ("/etc/key.pem", false),
        ("sha256//=\(hash.dropFirst())", false), ("sha256//AAAA\(hash)", false),
    ]

    @Test("a pin is sha256// and the canonical Base64 of 32 bytes", arguments: pins)
    func pin(text: String, isPin: Bool) {
        #expect(PublicKeyPin(text)?.text == (isPin ? text : nil))
    }

    private static let files: [(String, String, fault: String?)] = [
        ("one certificate", block, nil),
        ("text around it, and two", "# a bundle\n\(block)\nname\n=====\n\(block)", nil),
        ("CRLF", block.split(separator: "\n").joined(separator: "\r\n"), nil),
        ("other blocks beside it", "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n\(block)", nil),
        (
            "nothing but a key", "-----BEGIN PRIVATE KEY-----\nMAMCAQE=\n-----END PRIVATE KEY-----\n",
            "holds no certificate in PEM form"
        ),
        ("a page of HTML", "<html><body>404</body></html>", "holds no certificate in PEM form"),
        ("DER in place of PEM", "0\u{03}\u{02}\u{01}\u{01}", "holds no certificate in PEM form"),
        ("cut off", "-----BEGIN CERTIFICATE-----\n\(sequence)\n", "has a certificate without an end"),
        ("cut off, and another", "-----BEGIN CERTIFICATE-----\n\(sequence)\n\(block)", "has a certificate without an end"),
        ("an end alone", "-----END CERTIFICATE-----\n", "has an end without a beginning"),
        ("an end of another kind", block.replacing("END CERT", with: "END X509 CERT"), "has an end without a beginning"),
        (
            "a second that is broken", block + block.replacing(sequence, with: "MAQCAQE="),
            "has a certificate, number 2, that is none"
        ),
        ("not Base64", block.replacing(sequence, with: "MAMC*QE="), "has a certificate, number 1, that is none"),
        ("Base64 cut short", block.replacing(sequence, with: "MAMCAQ"), "has a certificate, number 1, that is none"),
        ("bytes after the sequence", block.replacing(sequence, with: "MAMCAQEA"), "has a certificate, number 1, that is none"),
        ("no sequence", block.replacing(sequence, with: "MQMCAQE="), "has a certificate, number 1, that is none"),
        ("an empty sequence", block.replacing(sequence, with: "MAA="), "has a certificate, number 1, that is none"),
        ("an endless sequence", block.replacing(sequence, with: "MIACAQE="), "has a certificate, number 1, that is none"),
        ("a length beyond the end", block.replacing(sequence, with: "MIT/////"), "has a certificate, number 1, that is none"),
        (
            "nothing inside", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
            "has a certificate, number 1, that is none"
        ),
    ]

    @Test("what is in a file of certificates", arguments: files)
    func content(scenario: String, text: String, fault: String?) {
        #expect(CertificateFile.fault(of: Array(text.utf8)) == fault)
    }

    @Test("the start is refused for a file that holds no certificate, and the error names the file", arguments: [true, false])
    func start(isGood: Bool) throws {
        var path = Array("/tmp/vpsbridge-ca-XXXXXX".utf8CString)
        let file = mkstemp(&path)
        try #require(file >= 0)
        let name = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(name) }
        let text = Array((isGood ? block : "not a certificate\n").utf8)
        #expect(write(file, text, text.count) == text.count)
        close(file)
        if isGood {
            _ = try CurlDriver(configuration: CurlDriverConfiguration(caFile: name))
        } else {
            let error = #expect(throws: CurlStartError.self) {
                try CurlDriver(configuration: CurlDriverConfiguration(caFile: name))
            }
            #expect(error?.code == .caFile)
            #expect(error?.reason == "the file of trusted certificates holds no certificate in PEM form: \(name)")
        }
    }

    @Test("the system's own bundle is good, where there is one")
    func system() {
        guard let path = CurlBuild.current.defaultCAFile, access(path, R_OK) == 0 else { return }
        #expect(CertificateFile.fault(path: path) == nil)
    }

    @Test("settings out of range are refused")
    func ranges() throws {
        let pin = try #require(PublicKeyPin("sha256//\(Self.hash)"))
        let bad = [
            CurlDriverConfiguration(pins: Array(repeating: pin, count: 9)), CurlDriverConfiguration(lowSpeedBytes: 0),
            CurlDriverConfiguration(lowSpeedBytes: 1_048_577), CurlDriverConfiguration(lowSpeedSeconds: -1),
            CurlDriverConfiguration(lowSpeedSeconds: 601),
        ]
        for configuration in bad {
            let error = #expect(throws: CurlStartError.self) { try CurlDriver(configuration: configuration) }
            #expect(error?.code == .configuration)
        }
        _ = try CurlDriver(configuration: CurlDriverConfiguration(pins: Array(repeating: pin, count: 8), lowSpeedSeconds: 0))
    }
}
