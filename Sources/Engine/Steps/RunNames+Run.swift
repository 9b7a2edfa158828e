import Model
import Rules

extension RunNames {
    /// The run's id, and ten digits that no other run has, also not one of another data directory.
    init(_ run: Run) {
        let hash = RequestHash.of("run", run.id.description, "\(run.createdAt.microseconds)")
        self.init(id: run.id.rawValue, shortID: String(decoding: hash.utf8.prefix(10), as: UTF8.self))
    }
}
