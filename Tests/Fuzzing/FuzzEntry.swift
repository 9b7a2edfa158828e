#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Which target this run fuzzes; `scripts/fuzz` sets it.
private let target: FuzzTarget = {
    guard let name = getenv("FUZZ_TARGET"), let target = FuzzTarget(rawValue: String(cString: name)) else {
        print("FUZZ_TARGET has to be one of: \(FuzzTarget.allCases.map(\.rawValue).joined(separator: " "))")
        fflush(nil)
        exit(64)
    }
    return target
}()

/// What libFuzzer calls with every input; a broken promise ends the run as a crash does, so that the input is kept.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    if let problem = target.run(Array(UnsafeBufferPointer(start: bytes, count: count))) {
        print("broken promise: \(problem)")
        fflush(nil)
        abort()
    }
    return 0
}
