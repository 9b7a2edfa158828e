import CurlTransport

/// Files of trusted certificates, looked at before anything starts.
enum CAFile {
    /// - Throws: `UnreadableFile` when the file can not be read or holds no certificate.
    static func check(_ path: String) throws(UnreadableFile) {
        do throws(CurlStartError) {
            try CurlDriverConfiguration(caFile: path).check()
        } catch {
            throw UnreadableFile(path: path, reason: error.reason)
        }
    }
}
