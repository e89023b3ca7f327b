//! What stands in the way of a deployment, in words: for whom it waits, since when, and what would free it.

use super::release_check::{shown_runs, step_name};
use super::waiting::command_or_button;
use super::{Button, markdown};
use crate::engine::gates::Gate;
use crate::engine::status::{self, Waiting};
use crate::engine::{Release, Snapshot};
use crate::model::{EnvironmentName, Grantee, Hold, Lock, LockKind, LockScope, Timestamp};

/// A deployment and one thing it waits for.
pub(super) struct Held {
    /// The step, as people call it.
    pub(super) step: String,
    /// Where it goes.
    pub(super) environment: EnvironmentName,
    /// What stands in the way.
    pub(super) gate: Gate,
}

/// What the release's deployments wait for besides inputs.
pub(super) fn held(release: &Release, snapshot: &Snapshot, now: Timestamp) -> Vec<Held> {
    let mut all = Vec::new();
    for (_, key, _, run) in shown_runs(release) {
        let (Some(environment), Some(Waiting::ForGates(gates))) = (
            key.environment(),
            status::waiting(release, key, run, snapshot, now),
        ) else {
            continue;
        };
        all.extend(gates.into_iter().map(|gate| Held {
            step: step_name(key, run),
            environment: environment.clone(),
            gate,
        }));
    }
    all
}

/// The few words of a table's cell.
pub(super) fn short(gate: &Gate) -> String {
    match gate {
        Gate::Locked(lock) => match &lock.kind {
            LockKind::Lock => "🔒 locked".to_owned(),
            LockKind::Freeze => "❄️ frozen".to_owned(),
            LockKind::Pin(release) => format!("📌 {} is pinned", release.number),
        },
        Gate::Held(hold) => format!("⏳ held for #{}", hold.pull_request),
        Gate::Queued { ahead, .. } => format!("⏳ queued, {} before it", people_count(*ahead)),
        Gate::NotHeld(number) => format!("⏹️ #{number} has let go"),
        Gate::NoPullRequests { .. } => "⛔ not from a pull request".to_owned(),
        Gate::Frozen { until, .. } => format!("❄️ frozen until {}", markdown::time(*until)),
        Gate::Closed {
            opens: Some(opens), ..
        } => format!("🕘 waits until {}", markdown::time(*opens)),
        Gate::Closed { opens: None, .. } => "🕘 waits for a window".to_owned(),
        Gate::Soaking { until, .. } => format!("🕘 soaks until {}", markdown::time(*until)),
        Gate::NeedsApproval { have, need, .. } => {
            format!("✋ waits for approval ({} of {need})", have.len())
        }
        Gate::NotAsked { .. } => "✋ waits for `deploy`".to_owned(),
        Gate::Behind(release) => format!("⏳ after {}", release.number),
    }
}

fn people_count(ahead: usize) -> String {
    match ahead {
        1 => "1 pull request".to_owned(),
        count => format!("{count} pull requests"),
    }
}

/// A whole sentence or two: what it is, since when, whose, and what would free it.
pub(super) fn long(gate: &Gate, release: &Release, environment: &EnvironmentName) -> String {
    let place = environment.as_str();
    match gate {
        Gate::Locked(lock) => format!("{} {}", lock_words(lock), how_to_end(lock)),
        Gate::Held(_) | Gate::Queued { .. } => turn(gate, environment),
        Gate::NotHeld(number) => format!(
            "#{number} does not hold {} any more; {} on it asks for it again.",
            markdown::code(place),
            markdown::code(&format!("/ocuroot deploy {place}"))
        ),
        Gate::NoPullRequests { place: rule } => format!(
            "Commits of open pull requests do not go to {} ({}). Merge it first.",
            markdown::code(place),
            markdown::code(rule)
        ),
        Gate::Frozen { .. } | Gate::Closed { .. } | Gate::Soaking { .. } => time(gate, environment),
        Gate::NeedsApproval { .. } => approval(gate, release, environment),
        Gate::NotAsked { place: rule } => format!(
            "Releases go to {} only when somebody says so ({}): {}.",
            markdown::code(place),
            markdown::code(rule),
            say(release, &format!("/ocuroot deploy {place}"))
        ),
        Gate::Behind(older) => format!(
            "{} goes to {} first; every release goes there, one after the other.",
            older.number,
            markdown::code(place)
        ),
    }
}

/// Whose turn it is before it is this one's.
fn turn(gate: &Gate, environment: &EnvironmentName) -> String {
    let place = environment.as_str();
    match gate {
        Gate::Held(hold) => format!(
            "{} has been held for #{1} since {2}. It becomes free when #{1} is merged or closed, or with {3}.",
            markdown::code(place),
            hold.pull_request,
            markdown::time(hold.granted_at.unwrap_or(hold.asked_at)),
            markdown::code(&format!("/ocuroot unlock {place}"))
        ),
        Gate::Queued { behind, .. } => format!(
            "The pull request waits for its turn behind {}. All that it asked for is granted together.",
            holders(behind)
        ),
        _ => String::new(),
    }
}

/// What the calendar says.
fn time(gate: &Gate, environment: &EnvironmentName) -> String {
    let place = environment.as_str();
    match gate {
        Gate::Frozen {
            reason,
            until,
            place: rule,
        } => format!(
            "{} is frozen until {}: {} ({}). It goes on by itself then.",
            markdown::code(place),
            markdown::time(*until),
            markdown::plain(reason),
            markdown::code(rule)
        ),
        Gate::Closed {
            opens: Some(opens),
            place: rule,
        } => format!(
            "The next window opens at {} ({}). It goes on by itself then.",
            markdown::time(*opens),
            markdown::code(rule)
        ),
        Gate::Closed {
            opens: None,
            place: rule,
        } => format!(
            "No further window is known ({}): it waits until the rule is changed.",
            markdown::code(rule)
        ),
        Gate::Soaking { until, place: rule } => format!(
            "By {} it will have been live long enough in the environments before this one ({}). It goes on by itself \
             then.",
            markdown::time(*until),
            markdown::code(rule)
        ),
        _ => String::new(),
    }
}

fn approval(gate: &Gate, release: &Release, environment: &EnvironmentName) -> String {
    let Gate::NeedsApproval {
        have,
        need,
        from,
        allow_self,
        place,
    } = gate
    else {
        return String::new();
    };
    let so_far = match have.as_slice() {
        [] => String::new(),
        people => format!(" So far: {}.", logins(people)),
    };
    let own = if *allow_self {
        ""
    } else {
        " Nobody approves their own work."
    };
    let press = command_or_button(release, Button::Approve, Some(environment));
    format!(
        "{} of {} must approve ({}).{so_far}{own} To approve, {press}.",
        if *need == 1 {
            "One".to_owned()
        } else {
            need.to_string()
        },
        whom(from),
        markdown::code(place),
    )
}

fn say(release: &Release, command: &str) -> String {
    match release.pull_request {
        Some(number) => format!("comment {} on #{number}", markdown::code(command)),
        None => format!(
            "comment {} on a pull request of the repository",
            markdown::code(&format!(
                "{command} --package {} --release {}",
                release.name.package.short(),
                release.name.number
            ))
        ),
    }
}

/// The people a rule names, without calling them.
pub(super) fn whom(grantees: &[Grantee]) -> String {
    if grantees.is_empty() {
        return "those who can push".to_owned();
    }
    let named = grantees.iter().map(|grantee| match grantee {
        Grantee::Permission(permission) => format!("those with {permission} permission"),
        Grantee::CodeOwners => "the code owners".to_owned(),
        Grantee::User(_) | Grantee::Team { .. } => markdown::code(&grantee.to_string()),
    });
    let named: Vec<String> = named.collect();
    named.join(" or ")
}

fn logins(people: &[String]) -> String {
    let people: Vec<String> = people
        .iter()
        .map(|login| markdown::code(&format!("@{login}")))
        .collect();
    people.join(", ")
}

/// Pull requests that stand before another one, each with what it holds.
pub(super) fn holders(holds: &[Hold]) -> String {
    let mut named: Vec<String> = holds
        .iter()
        .map(|hold| {
            let state = match hold.granted_at {
                Some(at) => format!("has held it since {}", markdown::time(at)),
                None => format!("asked at {}", markdown::time(hold.asked_at)),
            };
            format!(
                "#{} ({} in {}, {state})",
                hold.pull_request,
                markdown::code(hold.package.short()),
                markdown::code(hold.environment.as_str())
            )
        })
        .collect();
    named.dedup();
    markdown::listed(&named)
}

/// What a lock is: who, since when, until when, why.
pub(super) fn lock_words(lock: &Lock) -> String {
    let what = match &lock.scope {
        LockScope::Package(package) => format!("{} in ", markdown::code(package.short())),
        LockScope::Workspace | LockScope::Repository(_) => String::new(),
    };
    let place = markdown::code(lock.environment.as_str());
    let state = match &lock.kind {
        LockKind::Lock => "locked".to_owned(),
        LockKind::Freeze => "frozen".to_owned(),
        LockKind::Pin(release) => format!("pinned to **{}**", release.number),
    };
    let (by, since) = (
        markdown::code(&format!("@{}", lock.by)),
        markdown::time(lock.since),
    );
    let state = match lock.until {
        Some(until) => format!(
            "is {state} by {by} from {since} to {}",
            markdown::time(until)
        ),
        None => format!("has been {state} by {by} since {since}"),
    };
    let reason = lock
        .reason
        .as_ref()
        .map(|reason| format!(": {}", markdown::plain(reason)));
    format!("{what}{place} {state}{}.", reason.unwrap_or_default())
}

fn how_to_end(lock: &Lock) -> String {
    let verb = match lock.kind {
        LockKind::Lock => "unlock",
        LockKind::Freeze => "unfreeze",
        LockKind::Pin(_) => "unpin",
    };
    let package = lock
        .scope
        .package()
        .map(|package| format!(" {}", package.short()));
    let command = format!(
        "/ocuroot {verb} {}{}",
        lock.environment,
        package.unwrap_or_default()
    );
    format!("{} ends that.", markdown::code(&command))
}
