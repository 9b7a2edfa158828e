import ArgumentParser

/// The exit codes that scripts may rely on; `docs/configuration.md` lists them.
extension ExitCode {
    /// What was asked for failed.
    static let failed = ExitCode(1)
    /// Nothing is wrong but what a warning tells, and warnings were asked to count.
    static let onlyWarnings = ExitCode(3)
    /// The input file can not be read (`EX_NOINPUT`).
    static let unreadable = ExitCode(66)
    /// The bridge can not be reached (`EX_UNAVAILABLE`).
    static let unavailable = ExitCode(69)
    /// A fault of the program (`EX_SOFTWARE`).
    static let fault = ExitCode(70)
    /// A pause is in the way; the same may be asked for again when it is lifted (`EX_TEMPFAIL`).
    static let temporary = ExitCode(75)
    /// The configuration or a rule file is wrong (`EX_CONFIG`).
    static let badConfiguration = ExitCode(78)
}
