/// Collects places; every path gets one number however often it is asked for.
package struct JSONPathTreeBuilder {
    /// One step down.
    package enum Step: Hashable, Sendable {
        /// The member of an object with these bytes as its name.
        case member([UInt8])
        /// The element of an array, from 0.
        case element(Int)
    }

    private struct Key: Hashable {
        let parent: Int32
        let step: Step
    }

    private struct Draft {
        var members: [(prefix: UInt64, name: [UInt8], place: Int32)] = []
        var elements: [(position: Int, place: Int32)] = []
        var isWatched = false
    }

    private var drafts = [Draft()]
    private var known: [Key: Int32] = [:]

    /// Only the whole document.
    package init() {}

    /// The number of the place one step below another.
    package mutating func place(_ step: Step, below parent: Int32) -> Int32 {
        let key = Key(parent: parent, step: step)
        if let place = known[key] { return place }
        let place = Int32(drafts.count)
        known[key] = place
        drafts.append(Draft())
        switch step {
        case .member(let name): drafts[Int(parent)].members.append((JSONPathTree.prefix(name), name, place))
        case .element(let position): drafts[Int(parent)].elements.append((position, place))
        }
        return place
    }

    /// Asks to be told whenever there is a value at a place.
    package mutating func watch(_ place: Int32) {
        drafts[Int(place)].isWatched = true
    }

    /// The tree of all places so far.
    package func tree() -> JSONPathTree {
        var places: [JSONPathTree.Place] = []
        var edges: [JSONPathTree.Edge] = []
        var elements: [JSONPathTree.Element] = []
        var names: [UInt8] = []
        for draft in drafts {
            let firstEdge = Int32(edges.count)
            let firstElement = Int32(elements.count)
            for member in draft.members.sorted(by: { ($0.prefix, $0.name.count) < ($1.prefix, $1.name.count) }) {
                edges.append(
                    JSONPathTree.Edge(
                        prefix: member.prefix, name: Int32(names.count), count: Int32(member.name.count), place: member.place))
                names += member.name
            }
            for element in draft.elements {
                elements.append(JSONPathTree.Element(position: element.position, place: element.place))
            }
            places.append(
                JSONPathTree.Place(
                    firstEdge: firstEdge, endOfEdges: Int32(edges.count), firstElement: firstElement,
                    endOfElements: Int32(elements.count), isWatched: draft.isWatched))
        }
        return JSONPathTree(places: places, edges: edges, elements: elements, names: names)
    }
}
