import Glibc
import Testing

/// A folder for one test's database, removed at its end.
struct StoreTestFolder {
    let folder: String

    /// Where the database goes.
    var path: String { folder + "/store.db" }

    static func use(_ body: (StoreTestFolder) async throws -> Void) async throws {
        var template = Array("\(temporary)/vpsbridge-store-XXXXXX".utf8CString)
        let made = try #require(mkdtemp(&template), "a temporary folder is needed")
        let folder = StoreTestFolder(folder: String(cString: made))
        defer { folder.remove() }
        try await body(folder)
    }

    private static var temporary: String {
        getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    }

    /// The names of the files in the folder.
    var files: [String] {
        guard let handle = opendir(folder) else { return [] }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    private func remove() {
        for name in files { unlink(folder + "/" + name) }
        rmdir(folder)
    }
}
