import Foundation

/// The folder of the database.
enum DataFolder {
    /// Makes the folder, readable by this user alone, when it is missing.
    /// - Throws: `UnreadableFile` with the path and the system's word.
    static func prepare(_ path: String) throws(UnreadableFile) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw UnreadableFile(path: path, reason: "the data folder can not be made")
        }
        guard FileManager.default.isWritableFile(atPath: path) else {
            throw UnreadableFile(path: path, reason: "the data folder is not writable")
        }
    }
}
