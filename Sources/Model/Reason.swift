/// Why the bridge did or did not do something.
///
/// Closed: the raw value is a log field, an audit column and a metric label. What belongs to one case (until when, which limit) stands
/// beside the reason, never in it.
package enum Reason: String, Sendable, Hashable, CaseIterable {
    // What became of an event
    case matched
    case noRuleMatched = "no_rule_matched"
    case conditionMissing = "condition_missing"
    case conditionError = "condition_error"
    case alreadyHandled = "already_handled"
    case refreshed
    case notice
    case undecodable
    case scheduled
    case missed
    case replayed

    // Who may
    case notPermitted = "not_permitted"
    case noSuchCommand = "no_such_command"
    case badArguments = "bad_arguments"
    case protected
    case observeOnly = "observe_only"
    case notLive = "not_live"
    case sourceMayNot = "source_may_not"
    case demoted
    case promoted

    // What people said
    case needsApproval = "needs_approval"
    case approvalCounted = "approval_counted"
    case approved
    case approvalDenied = "approval_denied"
    case approvalExpired = "approval_expired"
    case approvalClosed = "approval_closed"
    case alreadyApproved = "already_approved"
    case changedSinceApproval = "changed_since_approval"
    case notAnApprover = "not_an_approver"
    case selfApproval = "self_approval"
    case noSuchApproval = "no_such_approval"
    case takenOver = "taken_over"
    case resumed
    case retried
    case discarded
    case settledByPerson = "settled_by_person"

    // Which server
    case targetMissing = "target_missing"
    case targetNotFound = "target_not_found"
    case targetAmbiguous = "target_ambiguous"
    case serverConditionFalse = "server_condition_false"
    case serverGone = "server_gone"
    case renamed

    // What is in the way for now
    case waitingFor = "waiting_for"
    case waiting
    case settling
    case paused
    case personAtWork = "person_at_work"
    case storm
    case blind
    case maxUnhealthy = "max_unhealthy"
    case flapping
    case bootGrace = "boot_grace"
    case maintenance
    case afterRule = "after_rule"
    case costCap = "cost_cap"
    case silenced
    case laneBusy = "lane_busy"
    case cooldown
    case budgetSpent = "budget_spent"
    case fleetBudgetSpent = "fleet_budget_spent"
    case maxConcurrent = "max_concurrent"
    case staleEvidence = "stale_evidence"
    case probeHealthy = "probe_healthy"
    case serverBusy = "server_busy"
    case inventoryUnavailable = "inventory_unavailable"
    case apiUnavailable = "api_unavailable"
    case rateLimited = "rate_limited"
    case unauthorized

    // How a request ended
    case applied
    case refused
    case outcomeUnknown = "outcome_unknown"
    case notSent = "not_sent"
    case paymentRequired = "payment_required"
    case stepSkipped = "step_skipped"
    case nothingToDo = "nothing_to_do"
    case notCreatedHere = "not_created_here"

    // How a run ended
    case effective
    case ineffective
    case unverified
    case resolved
    case superseded
    case episodeStale = "episode_stale"
    case expired
    case ruleRemoved = "rule_removed"
    case templateError = "template_error"

    // What is told of the bridge and its senders
    case heartbeatMissing = "heartbeat_missing"
    case pruned
}
