package import Model

/// What a worker asks for when it claims runs.
package struct ClaimRequest: Sendable {
    package var now: Timestamp
    package var leaseUntil: Timestamp
    package var limit: Int
    /// How many urgent runs, and such as owe a start, are claimed beyond the limit. Default 0.
    package var urgentReserve: Int
    /// The channels that are told of the end of a storm, which a claim may bring.
    package var channels: [String]

    package init(now: Timestamp, leaseUntil: Timestamp, limit: Int, urgentReserve: Int = 0, channels: [String] = []) {
        self.now = now
        self.leaseUntil = leaseUntil
        self.limit = limit
        self.urgentReserve = urgentReserve
        self.channels = channels
    }
}

/// A run with what its next step is decided from, all read in the transaction of the claim.
package struct ClaimedRun: Sendable {
    /// With its new epoch.
    package var run: Run
    /// The episode that it works on.
    package var episode: Episode?
    /// Whether the same problem (the episode's key) is open now, be it as this or as a later episode.
    package var isProblemOpen: Bool { problemSeenAt != nil }
    /// When the bridge last received a word of the same problem, as this or as a later episode; `nil` when it is not open now.
    package var problemSeenAt: Timestamp?
    /// How the newest episode of the same problem ended; `nil` while it is open, and for a command.
    package var latestEnding: Episode.Ending?
    /// The delivery that holds its event.
    package var delivery: Delivery
    /// Its last intent, when it has one.
    package var lastIntent: Intent?
    /// The newest question that it asked people.
    package var approval: ApprovalRequest?
    /// Whether its rule was demoted: it asks for approval although it says `autonomy: auto`.
    package var isDemoted: Bool

    package init(
        run: Run, episode: Episode?, problemSeenAt: Timestamp?, latestEnding: Episode.Ending?, delivery: Delivery,
        lastIntent: Intent?, approval: ApprovalRequest? = nil, isDemoted: Bool = false
    ) {
        self.run = run
        self.episode = episode
        self.problemSeenAt = problemSeenAt
        self.latestEnding = latestEnding
        self.delivery = delivery
        self.lastIntent = lastIntent
        self.approval = approval
        self.isDemoted = isDemoted
    }
}

/// One step of a run, written in one transaction.
package struct RunTransition: Sendable {
    package var now: Timestamp
    /// The run as it will be; its `epoch` must be the present one.
    package var run: Run
    /// The intent to open or to close with this step.
    package var intent: IntentChange?
    /// What the step tells about the servers that this bridge created.
    package var ownership: OwnershipChange?
    /// What was learnt of the run's problem from its source's own API; written with the step, or not at all.
    package var evidence: EvidenceChange?
    /// The question to people that is asked or given up with this step.
    package var approval: ApprovalChange?
    /// What is stopped with this step.
    package var pause: NewPause?
    /// Where the person who gave the command is warned, should the intent be written although the lane's cooldown is not over.
    package var warning: MessageDestination?
    package var audit: [AuditEntry]
    package var messages: [NewMessage]
    package var deadLetter: DeadLetter?
    /// What the worker saw of the fleet before the step; `nil` when it did not look.
    package var sight: FleetSight?
    /// What counts as a storm or as blindness; `nil` looks for neither, and keeps to what is in force.
    package var watch: FleetWatch?
    /// How the run ends for the autonomy of its rule; `nil` says nothing about it.
    package var verdict: RuleVerdict?
    /// Whether the run, as it ends, rests on its probe's word alone: should its problem be spoken of later, its rule may begin another run
    /// for it. Means nothing for a run that goes on. Default `false`.
    package var isRenewable = false
    /// Whether the worker lets go of the run; otherwise it keeps its lease and goes on.
    package var releasesLease: Bool

    package init(
        now: Timestamp, run: Run, intent: IntentChange? = nil, ownership: OwnershipChange? = nil,
        evidence: EvidenceChange? = nil, approval: ApprovalChange? = nil, pause: NewPause? = nil,
        warning: MessageDestination? = nil, audit: [AuditEntry] = [],
        messages: [NewMessage] = [], deadLetter: DeadLetter? = nil, releasesLease: Bool
    ) {
        self.now = now
        self.run = run
        self.intent = intent
        self.ownership = ownership
        self.evidence = evidence
        self.approval = approval
        self.pause = pause
        self.warning = warning
        self.audit = audit
        self.messages = messages
        self.deadLetter = deadLetter
        self.releasesLease = releasesLease
    }
}

extension RunTransition {
    /// What has to hold for the step to be written; `nil` when nothing is asked.
    package var guards: Guards? {
        if case .open(_, let guards) = intent { return guards }
        if case .ask(_, let guards) = approval { return guards }
        return nil
    }
}

package enum IntentChange: Sendable {
    /// Writes an intent before its request is sent; with `guards` it is checked and spent in the same transaction.
    case open(NewIntent, guards: Guards?)
    /// Writes the outcome of the run's open intent.
    case close(IntentID, Intent.Outcome)
}

/// What becomes known of the servers that this bridge created.
package enum OwnershipChange: Sendable, Hashable {
    /// The bridge created it; one that is known already is left as it is.
    case created(CreatedServer)
    /// A person gave it to the bridge, which has it from then on as if it had created it.
    case adopted(CreatedServer)
    /// It is gone.
    case deleted(ServerID)
    /// It is no longer the bridge's, and maybe still there.
    case disowned(ServerID)
}

/// A request about to be sent.
package struct NewIntent: Sendable, Hashable {
    package var rung: Int
    package var step: Int
    package var kind: Intent.Kind
    package var server: ServerID?
    package var preStatus: ServerStatus?
    package var preUpdatedAt: Timestamp?
    package var request: IntentRequest?
    /// Whether it is one of the two requests of `server.power_cycle`, whose stop owes a start.
    package var isPowerCycle: Bool

    /// A request about a server's power.
    package init(
        rung: Int, step: Int, operation: Operation, server: ServerID, preStatus: ServerStatus, preUpdatedAt: Timestamp?,
        isPowerCycle: Bool = false
    ) {
        self.init(
            rung: rung, step: step, kind: .operation(operation), server: server, preStatus: preStatus,
            preUpdatedAt: preUpdatedAt, isPowerCycle: isPowerCycle)
    }

    package init(
        rung: Int, step: Int, kind: Intent.Kind, server: ServerID? = nil, preStatus: ServerStatus? = nil,
        preUpdatedAt: Timestamp? = nil, request: IntentRequest? = nil, isPowerCycle: Bool = false
    ) {
        self.rung = rung
        self.step = step
        self.kind = kind
        self.server = server
        self.preStatus = preStatus
        self.preUpdatedAt = preUpdatedAt
        self.request = request
        self.isPowerCycle = isPowerCycle
    }
}

/// What is checked in the transaction that opens a rung's first intent.
///
/// An intent counts for budgets and cooldown unless its outcome is `notExecuted`; only the first step of a rung counts
/// (`server.power_cycle` spends one unit), and each create and delete of a group. A request to another API counts for the
/// cooldown of a lane that is no server's, and never for a budget. `max_concurrent` is over servers: runs on other lanes neither
/// wait for it nor count.
package struct Guards: Sendable, Hashable {
    package var limits: Limits
    /// How many servers the fleet has, for `max_concurrent`.
    package var fleetSize: Int
    /// Whether the cooldown is checked: not for a later rung of the same run, and not for a person's command.
    package var checksCooldown: Bool
    /// Whether a person asked for it: what bounds automatic actions alone does not hold then.
    package var isCommand: Bool
    /// The action's name, such as `server.reboot`.
    package var action: String
    /// The source of the event that began the run.
    package var source: String
    /// What is bought; `nil` for everything but a create.
    package var purchase: PurchaseCheck?
    /// `limits.after`: how long after another rule's last changing run on the same lane, by its name; checked with the cooldown.
    package var after: [String: Duration]
    /// Whether the run has its lane already and sends one more request to another API: what stops all rules stops it too, the
    /// server that it is about and the place of its run are looked at, and it spends nothing.
    package var isFollowing: Bool
    /// The problem whose end set the run in motion, when nothing was sent yet: refused as `superseded` once it is open again.
    package var endedProblem: EpisodeKey?

    package init(
        limits: Limits, fleetSize: Int, checksCooldown: Bool, isCommand: Bool = false, action: String = "", source: String = "",
        purchase: PurchaseCheck? = nil, after: [String: Duration] = [:], isFollowing: Bool = false,
        endedProblem: EpisodeKey? = nil
    ) {
        self.limits = limits
        self.fleetSize = fleetSize
        self.checksCooldown = checksCooldown
        self.isCommand = isCommand
        self.action = action
        self.source = source
        self.purchase = purchase
        self.after = after
        self.isFollowing = isFollowing
        self.endedProblem = endedProblem
    }
}

/// What became of a transition.
package enum TransitionResult: Sendable {
    /// Written; the intent has its id when one was opened.
    case committed(intent: Intent?)
    /// The run has a newer epoch: another worker has it. Nothing of the step was written, but an audit entry says that it came
    /// late.
    case fenced
    /// A guard is in the way; nothing was written.
    case refused(Refusal)
}

/// Which guard refused, and when it lifts by itself.
package struct Refusal: Sendable, Hashable {
    /// `refreshed` when evidence of the step says that a problem is gone of which its sender has spoken since; `resolved` when the
    /// run's problem ended after the run was claimed; `superseded` when the problem is back whose end set the run in motion; `approvalClosed` when its question was answered before it
    /// could expire; else `laneBusy`, `cooldown`, `budgetSpent`, `fleetBudgetSpent` or `maxConcurrent`.
    package var reason: Reason
    /// When it is worth another try; `nil` when only another run's end can tell.
    package var until: Timestamp?
    /// The limit and what is used of it, for people.
    package var detail: String
    /// The server that the guard keeps from being changed, where it is that one alone; `nil` where another would be refused as well.
    package var server: ServerID?

    package init(reason: Reason, until: Timestamp?, detail: String, server: ServerID? = nil) {
        self.reason = reason
        self.until = until
        self.detail = detail
        self.server = server
    }
}

/// How sending a message went.
package enum MessageResult: Sendable, Hashable {
    case delivered
    case retry(at: Timestamp)
    /// It was not tried, or nothing is known of its receiver but that it is away: to be taken again then, and this take does not
    /// count.
    case postponed(to: Timestamp)
    /// Given up, with a bounded reason for people.
    case failed(String)
}

/// The texts of a rule set.
package struct StoredRuleSet: Sendable, Hashable {
    package struct File: Sendable, Hashable {
        package var name: String
        package var text: String

        package init(name: String, text: String) {
            self.name = name
            self.text = text
        }
    }

    package var revision: RuleSetRevision
    package var files: [File]
    package var savedAt: Timestamp

    package init(revision: RuleSetRevision, files: [File], savedAt: Timestamp) {
        self.revision = revision
        self.files = files
        self.savedAt = savedAt
    }
}

/// Counts for metrics and `status`.
package struct StoreCounts: Sendable, Hashable {
    package var deliveries: Int
    package var undispatched: Int
    package var openEpisodes: Int
    package var runs: [RunState: Int]
    package var deadLetters: Int
    package var waitingMessages: Int

    package init(
        deliveries: Int, undispatched: Int, openEpisodes: Int, runs: [RunState: Int], deadLetters: Int, waitingMessages: Int
    ) {
        self.deliveries = deliveries
        self.undispatched = undispatched
        self.openEpisodes = openEpisodes
        self.runs = runs
        self.deadLetters = deadLetters
        self.waitingMessages = waitingMessages
    }
}
