import FoundationEssentials
import JSON

/// The file that keeps the state over restarts.
///
/// A new content replaces the old one as a whole: a reader, or a start after a crash of the simulator, finds one or the other.
/// The file is not forced to the disk; it is meant to survive the process, not the machine.
struct StateFile {
    let path: String

    /// The content, or `nil` when there is no file yet.
    func read() throws(SimulatorError) -> JSONValue? {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            if !FileManager.default.fileExists(atPath: path) { return nil }
            throw .stateFileUnreadable(path: path, reason: "it can not be opened")
        }
        do throws(FormatError) {
            return try SimulatorJSON.state(in: Array(data))
        } catch {
            throw .stateFileUnreadable(path: path, reason: error.text)
        }
    }

    func write(_ value: JSONValue) throws(SimulatorError) {
        do {
            try Data(value.serialized(pretty: true)).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw .stateFileUnwritable(path: path)
        }
    }
}

/// Why a simulator can not start or go on.
package enum SimulatorError: Error, Hashable, CustomStringConvertible {
    /// The state file exists and can not be taken over; `reason` completes the sentence.
    case stateFileUnreadable(path: String, reason: String)
    /// The state file can not be written: its folder is missing, not writable, or full.
    case stateFileUnwritable(path: String)

    package var description: String {
        switch self {
        case .stateFileUnreadable(let path, let reason):
            "the simulator's state file \(path) can not be used: \(reason). Repair it, or delete it to start afresh."
        case .stateFileUnwritable(let path):
            "the simulator's state file \(path) can not be written. Check that its folder exists, is writable and has space."
        }
    }
}
