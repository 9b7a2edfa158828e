import JSON
package import Model

/// `http.request`: one request to any API.
package struct HTTPRequestStep: Sendable {
    /// A header with its value.
    package struct Header: Sendable {
        /// As it was written.
        package let name: String
        /// May hold secrets.
        package let value: Template
    }

    /// What is sent after the headers.
    package enum Body: Sendable {
        case none
        case json(ValueTemplate)
        case text(Template)
    }

    /// The methods that a rule may use.
    package static let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
    /// The default of a step's `timeout`: 30 seconds.
    package static let defaultTimeout = Duration.seconds(30)

    /// One of ``methods``. Default `GET`, and `POST` for a request with a body.
    package let method: String
    /// The address.
    package let url: URLTemplate
    /// In the order of the file; no name twice.
    package let headers: [Header]
    /// Added to the address's own query.
    package let query: [(name: String, value: Template)]
    /// What is sent after the headers.
    package let body: Body

    /// The secrets that the request needs, in order of their names.
    package var secretNames: [String] {
        var names = headers.flatMap(\.value.secretNames)
        switch body {
        case .none: break
        case .json(let tree): names += tree.templates.flatMap(\.secretNames)
        case .text(let text): names += text.secretNames
        }
        return Set(names).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// The request, every value encoded for its place.
    ///
    /// `secrets` are those of `vpsbridge.yaml`. A `Content-Type` that the rule does not give is added for a body.
    /// - Throws: ``EvaluationFailure`` of an expression or a secret that is not there; of kind `invalid_value` for a value that
    ///   would break out of its place; of kind `cost` for a body of more than 1 MiB.
    package func render(
        _ context: EvaluationContext, secrets: [String: Secret]
    ) throws(EvaluationFailure) -> RenderedRequest {
        let reader = SecretReader(secrets)
        var rendered: [RenderedRequest.Header] = []
        for header in headers {
            let value = try headerValue(header.value, context, reader)
            let shown = header.value.secretNames.isEmpty ? value : try headerValue(header.value, context, .masked)
            rendered.append(RenderedRequest.Header(name: header.name, value: RenderedText(value: value, shown: shown)))
        }
        var sent: RenderedText?
        if let value = try bodyText(context, reader) {
            sent = RenderedText(value: value, shown: secretNames.isEmpty ? value : try bodyText(context, .masked) ?? "")
            if let type = contentType, !rendered.contains(where: { Self.isContentType($0.name) }) {
                rendered.append(RenderedRequest.Header(name: "Content-Type", value: RenderedText(type)))
            }
        }
        return RenderedRequest(method: method, url: try url.render(context, query: query), headers: rendered, body: sent)
    }

    private var contentType: String? {
        switch body {
        case .none: nil
        case .json: "application/json"
        case .text: "text/plain; charset=utf-8"
        }
    }

    static func isContentType(_ name: String) -> Bool {
        name.utf8.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }.elementsEqual("content-type".utf8)
    }

    private func headerValue(
        _ template: Template, _ context: EvaluationContext, _ secrets: SecretReader
    ) throws(EvaluationFailure) -> String {
        try template.renderText(context, secrets) { text throws(EvaluationFailure) in
            try RequestEncoding.refuseControls(text, in: "a header")
            return text
        }
    }

    private func bodyText(_ context: EvaluationContext, _ secrets: SecretReader) throws(EvaluationFailure) -> String? {
        let text: String
        switch body {
        case .none: return nil
        case .json(let tree): text = String(decoding: try tree.render(context, secrets).serialized(), as: UTF8.self)
        case .text(let template): text = try template.renderText(context, secrets)
        }
        guard text.utf8.count <= RenderedRequest.maxBodyBytes else {
            throw EvaluationFailure(.cost, "the body is longer than \(RenderedRequest.maxBodyBytes) bytes")
        }
        return text
    }
}

/// A request as it is sent, and as people may see it.
package struct RenderedRequest: Sendable {
    /// A header with its value.
    package struct Header: Sendable {
        package let name: String
        package let value: RenderedText
    }

    /// The longest body: 1 MiB.
    package static let maxBodyBytes = 1_048_576

    /// In capitals.
    package let method: String
    /// Absolute, every value percent-encoded; holds no secrets.
    package let url: String
    /// In the order in which they are sent.
    package let headers: [Header]
    /// `nil` when there is none.
    package let body: RenderedText?
}
