/// One form of a function or an operator: what it takes and what it gives.
struct CELOverload: Sendable {
    /// The types of the arguments; for a member function, that of the value before the dot comes first.
    let parameters: [StaticType]
    let result: StaticType
    /// Whether it is called as `x.name(…)`.
    let isMember: Bool
    /// Whether its types have parameters.
    let isGeneric: Bool

    init(_ parameters: [StaticType], _ result: StaticType, isMember: Bool = false) {
        self.parameters = parameters
        self.result = result
        self.isMember = isMember
        isGeneric = parameters.contains(where: \.hasParameters) || result.hasParameters
    }

    /// Called as `x.name(…)`.
    static func member(_ receiver: StaticType, _ parameters: [StaticType] = [], _ result: StaticType) -> CELOverload {
        CELOverload([receiver] + parameters, result, isMember: true)
    }

    /// How many arguments stand in the parentheses.
    var argumentCount: Int { parameters.count - (isMember ? 1 : 0) }
}
