import CurlTransport
import Testing

/// One thing that a server, or what is between, may do to a request that has reached it.
struct CurlTransportFault: Sendable, CustomTestStringConvertible {
    /// What is known of the request afterwards.
    enum Result: Sendable {
        /// No status: the server may have acted.
        case lost(TransportError.Code)
        /// A status, and no whole body.
        case cut(TransportError.Code, status: Int)
        /// A whole answer, with what `Retry-After` asks for.
        case answered(Int, retryAfter: Duration? = nil)
    }

    let name: String
    /// What the server does once it has read the request.
    let steps: [CurlTransportServer.Step]
    let result: Result
    /// Short only where the fault is that nothing comes: other rows must not depend on the machine's speed.
    var timeout: Duration = .seconds(20)

    var testDescription: String { name }

    /// The rows for the answers' own faults: all of them, and none twice.
    static let all = ends + stalls + malformed + oversized + interim + throttled + failing

    /// The connection ends, by FIN or by RST, after so much of the answer.
    private static let ends: [CurlTransportFault] = {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
        let places: [(String, String, Result)] = [
            ("no answer", "", .lost(.reset)), ("one byte", "H", .lost(.reset)),
            ("half a status line", "HTTP/1.1 20", .lost(.reset)),
            ("a status line", "HTTP/1.1 200 OK\r\n", .lost(.reset)),
            ("half a header", "HTTP/1.1 200 OK\r\nContent-Le", .lost(.reset)),
            ("headers without their end", String(head.dropLast()), .lost(.reset)),
            ("the headers", head, .cut(.reset, status: 200)),
            ("half the body", head + "1234", .cut(.reset, status: 200)),
            ("all but one byte", head + "12345678", .cut(.reset, status: 200)),
            ("half a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nok", .cut(.reset, status: 200)),
            ("a chunk's size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5", .cut(.reset, status: 200)),
            (
                "all chunks but the last", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
                .cut(.reset, status: 200)
            ),
            ("half a refusal", "HTTP/1.1 400 Bad Request\r\nContent-Length: 9\r\n\r\nno", .cut(.reset, status: 400)),
            ("half an error", "HTTP/1.1 500 Oops\r\nContent-Length: 9\r\n\r\nno", .cut(.reset, status: 500)),
        ]
        return places.flatMap { place, text, result in
            let written: [CurlTransportServer.Step] = text.isEmpty ? [] : [.write(text)]
            return [("FIN", CurlTransportServer.Step.close), ("RST", .reset)].map { end, step in
                CurlTransportFault(name: "\(end) after \(place)", steps: written + [step], result: result)
            }
        }
    }()

    private static let stalls: [CurlTransportFault] = {
        let late = Duration.milliseconds(300)
        return [
            CurlTransportFault(name: "no answer and no end", steps: [.hold], result: .lost(.timeout), timeout: late),
            CurlTransportFault(
                name: "FIN of one side and no end", steps: [.halfClose, .hold], result: .lost(.reset), timeout: late),
            CurlTransportFault(
                name: "half the headers and no end", steps: [.write("HTTP/1.1 200 OK\r\nContent-"), .hold],
                result: .lost(.timeout),
                timeout: late),
            CurlTransportFault(
                name: "half the body and no end", steps: [.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n12"), .hold],
                result: .cut(.timeout, status: 200), timeout: late),
            CurlTransportFault(
                name: "half an error and no end", steps: [.write("HTTP/1.1 502 X\r\nContent-Length: 9\r\n\r\n12"), .hold],
                result: .cut(.timeout, status: 502), timeout: late),
            CurlTransportFault(
                name: "headers that drip too slowly",
                steps: [.drip("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", milliseconds: 50), .close], result: .lost(.timeout),
                timeout: late),
            CurlTransportFault(
                name: "a body that drips too slowly",
                steps: [
                    .write("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"),
                    .drip(String(repeating: "x", count: 99), milliseconds: 50), .close,
                ], result: .cut(.timeout, status: 200), timeout: late),
            CurlTransportFault(
                name: "interim responses that drip for ever",
                steps: Array(
                    repeating: [CurlTransportServer.Step.write("HTTP/1.1 102 P\r\n\r\n"), .pause(milliseconds: 20)], count: 50
                ).flatMap { $0 },
                result: .lost(.timeout), timeout: late),
        ]
    }()

    private static let malformed: [CurlTransportFault] = [
        garbage("a greeting of SSH", "SSH-2.0-OpenSSH_9.2\r\n"), garbage("HTTP/0.9", "just text\r\n"),
        garbage("an empty line", "\r\n\r\n"),
        garbage("a NUL", "\0\0\0\0\r\n\r\n"), garbage("TLS", "\u{15}\u{3}\u{3}\0\u{2}\u{2}\u{28}"),
        garbage("HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        garbage("a status that is no number", "HTTP/1.1 abc OK\r\n\r\n"),
        garbage("HTTP/9.9", "HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n"),
        garbage("a request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        CurlTransportFault(
            name: "a chunk whose size is no number", steps: [.write(chunked + "zz\r\nok\r\n0\r\n\r\n"), .close],
            result: .cut(.reset, status: 200)),
        CurlTransportFault(
            name: "a chunk whose size overflows", steps: [.write(chunked + "fffffffffffffffff\r\nok"), .close],
            result: .cut(.reset, status: 200)),
        CurlTransportFault(
            name: "a chunk that is longer than its size", steps: [.write(chunked + "1\r\nokok\r\n0\r\n\r\n"), .close],
            result: .cut(.reset, status: 200)),
        CurlTransportFault(
            name: "a length that is no number", steps: [.write("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nok"), .close],
            result: .lost(.other)),
        CurlTransportFault(
            name: "a length below zero", steps: [.write("HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok"), .close],
            result: .lost(.other)),
        garbage("a status of two digits", "HTTP/1.1 99 X\r\nContent-Length: 0\r\n\r\n"),
        garbage("a status of four digits", "HTTP/1.1 2000 X\r\nContent-Length: 0\r\n\r\n"),
        garbage("an empty line before the status", "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        CurlTransportFault(
            name: "a transfer encoding that nobody knows",
            steps: [.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: x\r\nContent-Length: 2\r\n\r\nok"), .close],
            result: .cut(.other, status: 200)),
        CurlTransportFault(
            name: "another protocol", steps: [.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), .close],
            result: .lost(.reset)),
        CurlTransportFault(
            name: "a length and chunks",
            steps: [.write("HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")],
            result: .answered(200)),
        CurlTransportFault(
            name: "more than the length says",
            steps: [.write("HTTP/1.1 400 X\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n\r\n")],
            result: .answered(400)),
        CurlTransportFault(
            name: "nothing new, with a length", steps: [.write("HTTP/1.1 304 X\r\nContent-Length: 9\r\n\r\n")],
            result: .answered(304)),
        garbage("a header with a NUL", "HTTP/1.1 200 OK\r\nA: b\0c\r\nContent-Length: 2\r\n\r\nok"),
    ]

    private static let oversized: [CurlTransportFault] = [
        CurlTransportFault(
            name: "a body announced above the cap",
            steps: [.write("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"), .flood(kilobyte, times: 99_999), .close],
            result: .cut(.tooLarge, status: 200)),
        CurlTransportFault(
            name: "a length that no number holds",
            steps: [
                .write("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n"), .flood(kilobyte, times: 99_999),
                .close,
            ],
            result: .cut(.tooLarge, status: 200)),
        CurlTransportFault(
            name: "chunks without end", steps: [.write(chunked), .flood("400\r\n\(kilobyte)\r\n", times: 99_999), .close],
            result: .cut(.tooLarge, status: 200)),
        CurlTransportFault(
            name: "a body without length and end",
            steps: [.write("HTTP/1.1 200 OK\r\n\r\n"), .flood(kilobyte, times: 99_999), .close],
            result: .cut(.tooLarge, status: 200)),
        CurlTransportFault(
            name: "headers without end",
            steps: [.write("HTTP/1.1 200 OK\r\n"), .flood("A: \(kilobyte)\r\n", times: 99_999), .close],
            result: .lost(.tooLarge)),
        // libcurl's own limit for a line, 100 KiB, which it calls a lack of memory; its caller has not seen a byte of the line.
        CurlTransportFault(
            name: "a header without end", steps: [.write("HTTP/1.1 200 OK\r\nA: "), .flood(kilobyte, times: 99_999), .close],
            result: .lost(.other)),
        CurlTransportFault(
            name: "trailers without end",
            steps: [.write(chunked + "2\r\nok\r\n0\r\n"), .flood("A: \(kilobyte)\r\n", times: 99_999), .close],
            result: .cut(.tooLarge, status: 200)),
    ]

    private static let interim: [CurlTransportFault] = [
        CurlTransportFault(
            name: "a hundred interim responses and an answer",
            steps: [.flood("HTTP/1.1 102 Processing\r\n\r\n", times: 100), .write(refusal)], result: .answered(400)),
        CurlTransportFault(
            name: "interim responses without end",
            steps: [.flood("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", times: 99_999), .close],
            result: .lost(.tooLarge)),
        CurlTransportFault(
            name: "an interim response and FIN", steps: [.write("HTTP/1.1 100 Continue\r\n\r\n"), .close], result: .lost(.reset)),
        CurlTransportFault(
            name: "an interim response and RST", steps: [.write("HTTP/1.1 100 Continue\r\n\r\n"), .reset], result: .lost(.reset)),
    ]

    private static let throttled: [CurlTransportFault] = {
        let date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        let forms: [(String, String, Duration?)] = [
            ("without Retry-After", "", nil), ("0 s", "Retry-After: 0\r\n", .zero), ("7 s", "Retry-After: 7\r\n", .seconds(7)),
            ("more than is granted", "Retry-After: 86400\r\n", .seconds(300)),
            ("more than a number holds", "Retry-After: 99999999999999999999999\r\n", .seconds(300)),
            ("a date", date + "Retry-After: Sun, 06 Nov 1994 08:50:37 GMT\r\n", .seconds(60)),
            ("a date in the past", date + "Retry-After: Sun, 06 Nov 1994 08:00:00 GMT\r\n", .zero),
            ("a date far away", date + "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n", .seconds(300)),
            ("a date without Date", "Retry-After: Sun, 06 Nov 1994 08:50:37 GMT\r\n", nil),
            ("below zero", "Retry-After: -5\r\n", nil),
            ("no number", "Retry-After: soon\r\n", nil), ("nothing", "Retry-After:\r\n", nil),
            ("a fraction", "Retry-After: 1.5\r\n", nil),
            ("two of them", "Retry-After: 7\r\nRetry-After: 9\r\n", .seconds(7)),
        ]
        return forms.map { form, header, wait in
            CurlTransportFault(
                name: "429, \(form)", steps: [.write("HTTP/1.1 429 Slow Down\r\n\(header)Content-Length: 2\r\n\r\n{}")],
                result: .answered(429, retryAfter: wait))
        }
    }()

    /// The server has acted, and then failed.
    private static let failing: [CurlTransportFault] =
        [408, 500, 501, 502, 503, 504, 507, 520, 599].map { status in
            CurlTransportFault(
                name: "\(status) after the effect", steps: [.write("HTTP/1.1 \(status) X\r\nContent-Length: 2\r\n\r\n{}")],
                result: .answered(status))
        } + [
            CurlTransportFault(
                name: "503 with Retry-After",
                steps: [.write("HTTP/1.1 503 X\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n")],
                result: .answered(503, retryAfter: .seconds(5))),
            CurlTransportFault(
                name: "502 with a page of a gateway",
                steps: [.write("HTTP/1.1 502 X\r\nContent-Type: text/html\r\n\r\n<html>"), .close],
                result: .answered(502)),
            CurlTransportFault(
                name: "a redirect",
                steps: [.write("HTTP/1.1 302 X\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n")],
                result: .answered(302)),
        ]

    private static let kilobyte = String(repeating: "x", count: 1_024)
    private static let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    private static let refusal = "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}"

    private static func garbage(_ name: String, _ text: String) -> CurlTransportFault {
        CurlTransportFault(name: name, steps: [.write(text), .close], result: .lost(.other))
    }
}
