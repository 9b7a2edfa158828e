import Model
import Rules

/// Half an hour in which rules leave one server alone; histories begin 20 minutes before it.
enum ProofMaintenance {
    private static let server = ProofFleet.id(2)
    private static let begins = ProofClock.start + .seconds(1_200)
    private static let ends = begins + .seconds(1_800)

    /// The window as it stands in `vpsbridge.yaml`.
    static let windows: [MaintenanceWindow] = {
        let text = "- {schedule: \"0 19 * * *\", duration: 30m, servers: [\(ProofFleet.name(2))], reason: works}"
        guard let node = YAMLDocument.parse(text: text, file: "proof.yaml").0 else { return [] }
        return MaintenanceWindow.read(node, zoneData: { _ in nil }, DiagnosticCollector())
    }()

    /// When the window ends that an instant lies in.
    static func end(_ server: ServerID, at instant: Timestamp) -> Timestamp? {
        server == Self.server && instant >= begins && instant < ends ? ends : nil
    }
}
