import Model
import Testing

@Suite("EpisodeKey")
struct ModelEpisodeKeyTests {
    @Test("keys that Swift's strings take for equal are different keys", arguments: [("K", "\u{212A}"), ("\u{E9}", "e\u{301}")])
    func byteExact(first: String, second: String) {
        #expect(first == second, "the pair would show nothing otherwise")
        let left = EpisodeKey(source: "alertmanager", fingerprint: first)
        let right = EpisodeKey(source: "alertmanager", fingerprint: second)
        #expect(left != right)
        #expect(Set([left, right]).count == 2)
        #expect(left == EpisodeKey(source: "alertmanager", fingerprint: first))
    }
}
