/// Which access predicate each rule is found by.
struct IndexPlan {
    /// For every rule its predicate; `nil` for a rule that is evaluated for every event.
    private(set) var chosen: [AccessPredicate?] = []

    private struct Bucket: Hashable {
        let place: Int32
        let key: Key

        enum Key: Hashable {
            case value(IndexKey)
            case prefix([UInt8])
            case range
            case present
        }
    }

    /// Chooses for every rule the predicate that the fewest rules of the set share.
    ///
    /// `predicates` holds for every rule what it could be found by.
    init(_ predicates: [[AccessPredicate]]) {
        var sizes: [Bucket: Int] = [:]
        for all in predicates {
            for predicate in all {
                for bucket in Self.buckets(predicate) { sizes[bucket, default: 0] += 1 }
            }
        }
        for all in predicates {
            var best: (size: Int, predicate: AccessPredicate)?
            for predicate in all {
                let size = Self.size(predicate, sizes)
                if size < best?.size ?? .max { best = (size, predicate) }
            }
            chosen.append(best?.predicate)
        }
    }

    private static func buckets(_ predicate: AccessPredicate) -> [Bucket] {
        switch predicate.test {
        case .keys(let keys): Set(keys).map { Bucket(place: predicate.place, key: .value($0)) }
        case .prefix(let bytes): [Bucket(place: predicate.place, key: .prefix(bytes))]
        case .range: [Bucket(place: predicate.place, key: .range)]
        case .present: [Bucket(place: predicate.place, key: .present)]
        }
    }

    /// How many rules are looked at when the predicate holds, in halves, so that of two alike the exacter one is chosen.
    ///
    /// Of the ranges on one place about half are taken to hold at once.
    private static func size(_ predicate: AccessPredicate, _ sizes: [Bucket: Int]) -> Int {
        let shared = buckets(predicate).reduce(0) { $0 + (sizes[$1] ?? 0) }
        switch predicate.test {
        case .keys: return shared * 4
        case .prefix: return shared * 4 + 1
        case .range: return shared * 2 + 8
        case .present: return shared * 4 + 16
        }
    }
}
