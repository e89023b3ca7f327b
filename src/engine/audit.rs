//! What of a decision goes into the audit record: who said what, what it changed, and what ran.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::plan::Change;
use super::snapshot::Run;
use crate::model::{
    Approval, ApprovalKind, AuditEntry, EnvironmentName, Hold, Lock, Reference, ReleaseName,
    RunName, RunState, SubPathKind, Timestamp, Verdict,
};

/// An entry about something that happened.
pub(super) fn entry(
    actor: Option<&str>,
    action: &str,
    subject: String,
    reason_code: &str,
    detail: Value,
) -> AuditEntry {
    AuditEntry {
        actor: actor.map(str::to_owned),
        action: action.to_owned(),
        subject,
        verdict: Verdict::Recorded,
        reason_code: reason_code.to_owned(),
        detail,
    }
}

/// What a change says for itself; most are told by others. `made` are the releases that did not exist before.
pub(super) fn of_change(change: &Change, made: &BTreeSet<ReleaseName>) -> Option<AuditEntry> {
    match change {
        Change::PutLock(lock) => Some(of_lock(lock, "locked")),
        Change::DeleteLock(lock) => Some(of_lock(lock, "unlocked")),
        Change::PutHold(hold) if hold.granted_at.is_some() => Some(of_hold(hold, "granted")),
        Change::PutHold(hold) => Some(of_hold(hold, "asked")),
        Change::DeleteHold(hold) => Some(of_hold(hold, "given_back")),
        Change::PutApproval(release, environment, approval) => {
            Some(of_approval(release, environment, approval))
        }
        Change::PutRun(name, run) if run.state.is_finished() => Some(ended(name, run)),
        Change::PutRelease(release) if made.contains(&release.name) => Some(entry(
            None,
            "release made",
            release.name.to_string(),
            if release.lane.is_some() {
                "pull_request"
            } else {
                "default_branch"
            },
            json!({
                "commit": release.commit.as_str(),
                "pull_request": release.pull_request,
                "goals": release.goals,
                "authors": release.authors,
            }),
        )),
        Change::PutDocument(reference, value) if is_custom(reference) => {
            let subject = reference.to_string();
            Some(entry(
                None,
                "value set",
                subject,
                "set",
                json!({ "value": value }),
            ))
        }
        Change::DeleteDocument(reference) if is_custom(reference) => {
            let subject = reference.to_string();
            Some(entry(
                None,
                "value taken away",
                subject,
                "unset",
                Value::Null,
            ))
        }
        _ => of_rules(change),
    }
}

fn of_rules(change: &Change) -> Option<AuditEntry> {
    match change {
        Change::PutGuards(file) => Some(entry(
            None,
            "rules changed",
            format!("{}/-/{}", file.repository, file.path),
            "default_branch",
            json!({ "guards": file.guards }),
        )),
        Change::DeleteGuards(repository, path) => Some(entry(
            None,
            "rules changed",
            format!("{repository}/-/{path}"),
            "gone",
            Value::Null,
        )),
        _ => None,
    }
}

fn is_custom(reference: &Reference) -> bool {
    matches!(reference.subpath, Some((SubPathKind::Custom, _)))
}

fn ended(name: &RunName, run: &Run) -> AuditEntry {
    let code = match run.state {
        RunState::Complete => "complete",
        RunState::Failed => "failed",
        RunState::Cancelled => "cancelled",
        _ => "superseded",
    };
    // What a step says of its end may be anything; the record is shown to people who may not see that.
    let detail = json!({ "kind": run.kind, "fence": run.fence });
    entry(None, "run ended", name.to_string(), code, detail)
}

fn of_lock(lock: &Lock, code: &str) -> AuditEntry {
    let subject = format!("@/environment/{}", lock.environment);
    let detail = json!({
        "scope": lock.scope,
        "kind": lock.kind,
        "by": lock.by,
        "reason": lock.reason,
        "until": lock.until.map(Timestamp::rfc3339),
    });
    let actor = (code == "locked").then_some(lock.by.as_str());
    entry(actor, lock.kind.as_str(), subject, code, detail)
}

fn of_hold(hold: &Hold, code: &str) -> AuditEntry {
    let subject = format!("{}/@/deploy/{}", hold.package, hold.environment);
    let detail = json!({ "pull_request": hold.pull_request, "by": hold.by });
    entry(None, "hold", subject, code, detail)
}

fn of_approval(
    release: &ReleaseName,
    environment: &EnvironmentName,
    approval: &Approval,
) -> AuditEntry {
    let reason = match &approval.kind {
        ApprovalKind::BreakGlass { reason } => Some(reason),
        ApprovalKind::Approve | ApprovalKind::Deploy => None,
    };
    let detail = json!({
        "plan": approval.plan,
        "permission": approval.permission,
        "grants": approval.grants,
        "reason": reason,
    });
    let subject = format!("{release}/deploy/{environment}");
    let kind = approval.kind.as_str();
    entry(Some(&approval.by), "approval", subject, kind, detail)
}
