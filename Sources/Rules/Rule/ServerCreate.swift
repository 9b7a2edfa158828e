/// One server that is made from a template: by `server.create`, or as one of several by `fleet.scale`.
package struct ServerCreate: Sendable {
    /// What is created; its name is final once the request is written down.
    package let template: ServerTemplate
    /// What is waited for afterwards. Default: `active`, for at most 10 minutes.
    package let waitFor: StepWait
}
