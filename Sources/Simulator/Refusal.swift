import JSON

/// An answer that says no: the request changed nothing.
struct Refusal: Error {
    let response: SimulatedResponse

    static func detail(_ status: Int, _ text: String) -> Refusal {
        Refusal(response: .detail(status, text))
    }

    static let noSuchServer = detail(404, "No server matches the given id.")
}
