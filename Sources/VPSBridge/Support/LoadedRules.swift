import ArgumentParser
import Engine
import Foundation
import Model
import Rules
import Webhooks

/// The rules of a configuration: how they are read and checked, at the start and at every reload alike.
struct LoadedRules: Sendable {
    let folder: String
    /// Whether somebody named the folder: then it must be there.
    let isNamed: Bool
    /// `nil` checks no trigger against the sources.
    var sources: Set<String>?
    /// The kinds of the sources that are known, by the sources' names.
    let kinds: [String: SourceKindName]
    /// The names that `${{ secrets.NAME }}` may have; `nil` checks none.
    let secrets: Set<String>?
    /// The people of each group; `nil` checks none.
    let groups: [String: [String]]?
    let floor: Limits
    /// What the events of a source may lead to, by the source's name.
    let may: [String: SourcePermission]
    /// The windows whose rules are looked for.
    let maintenance: [MaintenanceWindow]

    init(_ configuration: BridgeConfiguration) {
        folder = configuration.rulesFolder
        isNamed = configuration.namesRulesFolder
        sources = Set(configuration.sources.keys)
        secrets = Set(configuration.secrets.keys)
        kinds = configuration.sourceKinds
        groups = configuration.groups
        floor = configuration.limits
        may = configuration.mayLeadTo
        maintenance = configuration.maintenance
    }

    /// Rules of another folder, or for other sources.
    init(
        folder: String, isNamed: Bool, sources: Set<String>?, kinds: [String: SourceKindName] = [:],
        secrets: Set<String>? = nil, groups: [String: [String]]? = nil, floor: Limits, may: [String: SourcePermission] = [:],
        maintenance: [MaintenanceWindow] = []
    ) {
        self.folder = folder
        self.isNamed = isNamed
        self.sources = sources
        self.kinds = kinds
        self.secrets = secrets
        self.groups = groups
        self.floor = floor
        self.may = may
        self.maintenance = maintenance
    }

    /// These, or those of another folder or file; `source` is one more that triggers may name.
    func choosing(folder other: String?, source: WebhookSource?) -> LoadedRules {
        var names = sources
        var kinds = kinds
        if let source {
            names?.insert(source.name)
            kinds[source.name] = SourceKindName(rawValue: source.kind.rawValue)
        }
        return LoadedRules(
            folder: other ?? folder, isNamed: other != nil || isNamed, sources: names, kinds: kinds, secrets: secrets,
            groups: groups, floor: floor, may: may, maintenance: maintenance)
    }

    /// The files as they are now; none when nobody named a folder and the usual one is not there.
    func read() throws(UnreadableFile) -> RuleFiles {
        if !isNamed, FileKind.of(folder) == nil { return RuleFiles(files: []) }
        return try RuleFiles.read(folder)
    }

    /// Checks every key and every expression, and the names of rules in maintenance windows.
    func check(_ files: RuleFiles) -> RuleSetLoad {
        let load = RuleSet.load(
            files.files, revision: files.revision, sources: sources, kinds: kinds, secrets: secrets, groups: groups,
            floor: floor, may: may, zoneData: ZoneFiles.read)
        return load.checked(against: maintenance)
    }

    /// Loads the rule files; prints every diagnostic and exits with 78 when one is an error.
    func loadOrExit() throws -> (RuleSet, RuleFiles) {
        let files: RuleFiles
        do {
            files = try read()
        } catch {
            Output.note("vpsbridge: rules: \(error)")
            throw ExitCode.badConfiguration
        }
        let load = check(files)
        if !load.diagnostics.isEmpty { Output.note(load.diagnostics.rendered) }
        guard let ruleSet = load.ruleSet else {
            Output.note("vpsbridge: the rules are not usable; nothing was started")
            throw ExitCode.badConfiguration
        }
        return (ruleSet, files)
    }
}
