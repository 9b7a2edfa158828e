import Glibc
import Testing

/// Where the tests' program begins: with Swift Testing alone.
///
/// By its name SwiftPM takes this file in place of one that it writes, which looks for tests of XCTest as well, of which there are none,
/// by an index that costs a good part of the build. It then runs Swift Testing only when it is told to.
@main
struct XCTMain {
    static func main() async {
        if CommandLine.arguments.contains("--testing-library") {
            await Testing.__swiftPMEntryPoint() as Never
        }
        // Else nothing would run, and that would look like success.
        let advice = "run `make test`, or: swift test --disable-index-store --disable-xctest --enable-swift-testing\n"
        _ = advice.withCString { write(STDERR_FILENO, $0, strlen($0)) }
        exit(64)
    }
}
