//! What a deployment that could start waits for besides its phase and its inputs: people, rules and the calendar.

mod said;

pub(super) use said::is_own_work;

use super::rules::{Rules, place, rules_of};
use super::snapshot::{Release, Run, Snapshot};
use crate::model::{
    EnvironmentName, Freeze, Grantee, GuardFile, Hold, Lock, LockKind, Protection, QueuePolicy,
    ReleaseName, RunKind, RunState, TaskKey, Timestamp,
};

/// One thing that stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gate {
    /// A person's lock, freeze or pin.
    Locked(Lock),
    /// The environment is held for a pull request.
    Held(Hold),
    /// The pull request waits for environments that others hold or asked for earlier.
    Queued {
        /// How many pull requests are before it.
        ahead: usize,
        /// The claims it waits for.
        behind: Vec<Hold>,
    },
    /// The pull request has let go of the environment.
    NotHeld(i64),
    /// A rule keeps commits of open pull requests away.
    NoPullRequests {
        /// Where it is written.
        place: String,
    },
    /// A `freeze(...)`.
    Frozen {
        /// Why.
        reason: String,
        /// Until when.
        until: Timestamp,
        /// Where it is written.
        place: String,
    },
    /// It is not one of the times at which deployments may start.
    Closed {
        /// When the next one begins.
        opens: Option<Timestamp>,
        /// Where it is written.
        place: String,
    },
    /// It has not been long enough where it was before.
    Soaking {
        /// Until when.
        until: Timestamp,
        /// Where it is written.
        place: String,
    },
    /// People must approve.
    NeedsApproval {
        /// Who has.
        have: Vec<String>,
        /// How many must.
        need: u32,
        /// Who may; empty means whoever may push.
        from: Vec<Grantee>,
        /// Whether those who wrote or asked for it may.
        allow_self: bool,
        /// Where it is written.
        place: String,
    },
    /// It goes there only when a person says so.
    NotAsked {
        /// Where it is written.
        place: String,
    },
    /// An older release goes first.
    Behind(ReleaseName),
}

impl Gate {
    /// When it opens by itself, as far as is known.
    pub fn opens_at(&self) -> Option<Timestamp> {
        match self {
            Gate::Locked(lock) => lock.until,
            Gate::Frozen { until, .. } | Gate::Soaking { until, .. } => Some(*until),
            Gate::Closed { opens, .. } => *opens,
            _ => None,
        }
    }

    /// Whether it opens only when people say something about the release.
    pub fn is_for_people(&self) -> bool {
        match self {
            Gate::NeedsApproval { .. }
            | Gate::NotAsked { .. }
            | Gate::NotHeld(_)
            | Gate::NoPullRequests { .. } => true,
            Gate::Locked(_)
            | Gate::Held(_)
            | Gate::Queued { .. }
            | Gate::Frozen { .. }
            | Gate::Closed { .. }
            | Gate::Soaking { .. }
            | Gate::Behind(_) => false,
        }
    }

    /// Whether going past every gate with a reason goes past this one.
    fn is_broken_by_glass(&self) -> bool {
        match self {
            Gate::Locked(lock) => !matches!(lock.kind, LockKind::Pin(_)),
            Gate::Frozen { .. }
            | Gate::Closed { .. }
            | Gate::Soaking { .. }
            | Gate::NeedsApproval { .. }
            | Gate::NotAsked { .. }
            | Gate::Behind(_) => true,
            Gate::Held(_)
            | Gate::Queued { .. }
            | Gate::NotHeld(_)
            | Gate::NoPullRequests { .. } => false,
        }
    }
}

/// What stands in the way of a pending run of `release`.
pub fn gates(
    snapshot: &Snapshot,
    release: &Release,
    key: &TaskKey,
    run: &Run,
    now: Timestamp,
) -> Vec<Gate> {
    let Some(environment) = key.environment() else {
        return Vec::new();
    };
    let rules = rules_of(snapshot, &release.name.package, environment);
    let at = At {
        snapshot,
        release,
        environment,
        now,
    };
    let mut gates = at.locks(run.kind);
    gates.extend(rules.freezes.iter().filter_map(|rule| at.frozen(*rule)));
    gates.extend(rules.protections.iter().filter_map(|rule| at.closed(*rule)));
    if run.kind == RunKind::Up {
        gates.extend(at.lane());
        gates.extend(at.of_rules(&rules));
    }
    if at.is_glass_broken() {
        gates.retain(|gate| !gate.is_broken_by_glass());
    }
    gates
}

/// One release in one environment at one time.
struct At<'a> {
    snapshot: &'a Snapshot,
    release: &'a Release,
    environment: &'a EnvironmentName,
    now: Timestamp,
}

impl At<'_> {
    fn locks(&self, kind: RunKind) -> Vec<Gate> {
        let package = &self.release.name.package;
        let stands = |lock: &&Lock| {
            let is_in_the_way = match &lock.kind {
                LockKind::Lock | LockKind::Freeze => true,
                LockKind::Pin(release) => kind == RunKind::Up && *release != self.release.name,
            };
            is_in_the_way
                && lock.environment == *self.environment
                && lock.scope.covers(package)
                && lock.is_valid(self.now)
        };
        let locks = self.snapshot.locks.iter().filter(stands);
        locks.cloned().map(Gate::Locked).collect()
    }

    /// What the lanes have to say: that of the default branch and that of each pull request share the environment.
    fn lane(&self) -> Option<Gate> {
        let package = &self.release.name.package;
        let mut here = self
            .snapshot
            .holds
            .iter()
            .filter(|hold| hold.package == *package && hold.environment == *self.environment);
        let Some(own) = self.release.lane else {
            let held = here.find(|hold| hold.granted_at.is_some())?;
            return Some(Gate::Held(held.clone()));
        };
        let Some(own) = here.find(|hold| hold.pull_request == own) else {
            return Some(Gate::NotHeld(own));
        };
        if own.granted_at.is_some() {
            return None;
        }
        let behind = queue_before(&self.snapshot.holds, own);
        let mut ahead: Vec<i64> = behind.iter().map(|hold| hold.pull_request).collect();
        ahead.sort_unstable();
        ahead.dedup();
        Some(Gate::Queued {
            ahead: ahead.len(),
            behind,
        })
    }

    fn frozen(&self, (file, freeze): (&GuardFile, &Freeze)) -> Option<Gate> {
        let open = freeze
            .windows
            .iter()
            .filter_map(|window| window.interval_at(self.now));
        let until = open.map(|(_, end)| end).max()?;
        Some(Gate::Frozen {
            reason: freeze.reason.clone(),
            until,
            place: place(file, freeze.line),
        })
    }

    fn closed(&self, (file, protection): (&GuardFile, &Protection)) -> Option<Gate> {
        let windows = &protection.windows;
        let is_open = windows
            .iter()
            .any(|window| window.interval_at(self.now).is_some());
        if windows.is_empty() || is_open {
            return None;
        }
        let starts = windows
            .iter()
            .filter_map(|window| window.next_start(self.now));
        Some(Gate::Closed {
            opens: starts.min(),
            place: place(file, protection.line),
        })
    }

    fn of_rules(&self, rules: &Rules<'_>) -> Vec<Gate> {
        let mut gates = Vec::new();
        for (file, protection) in &rules.protections {
            let place = place(file, protection.line);
            if self.release.lane.is_some() && !protection.pull_requests {
                gates.push(Gate::NoPullRequests {
                    place: place.clone(),
                });
            }
            gates.extend(self.soaking(protection, &place));
            gates.extend(self.needs_approval(protection, &place));
            if protection.queue == QueuePolicy::Manual && !self.is_asked_for() {
                gates.push(Gate::NotAsked { place });
            }
        }
        if rules.queue() == QueuePolicy::All {
            gates.extend(self.behind().map(Gate::Behind));
        }
        gates
    }

    /// The release must have been everywhere before this environment for some time.
    fn soaking(&self, protection: &Protection, place: &str) -> Option<Gate> {
        let soak = protection.soak_seconds?;
        let key = TaskKey::Deploy(self.environment.clone());
        let own = self.release.package.phase_of(&key)?;
        let before = self.release.package.phases[..own]
            .iter()
            .flat_map(|phase| &phase.tasks)
            .filter(|task| task.key.environment().is_some())
            .filter(|task| self.release.is_planned(&task.key));
        let since = before
            .filter_map(|task| self.release.standing_run(&task.key))
            .filter_map(|(_, run)| run.finished_at)
            .max()?;
        let until = since.plus_seconds(soak);
        (self.now < until).then(|| Gate::Soaking {
            until,
            place: place.to_owned(),
        })
    }

    fn needs_approval(&self, protection: &Protection, place: &str) -> Option<Gate> {
        let need = protection.approvals;
        if need == 0 {
            return None;
        }
        let have = self.approvers(protection);
        let is_enough = u32::try_from(have.len()).is_ok_and(|count| count >= need);
        (!is_enough).then(|| Gate::NeedsApproval {
            have,
            need,
            from: protection.approve.clone(),
            allow_self: protection.allow_self,
            place: place.to_owned(),
        })
    }

    /// The oldest release of the lane that is still to go there. One that has failed on its way holds nobody up.
    fn behind(&self) -> Option<ReleaseName> {
        let key = TaskKey::Deploy(self.environment.clone());
        let is_before = |other: &&Release| {
            other.name.number < self.release.name.number
                && other.lane == self.release.lane
                && other
                    .latest_run(&key)
                    .is_some_and(|(_, run)| !run.state.is_finished())
                && !has_failed_before(other, &key)
        };
        let mut releases = self.snapshot.releases_of(&self.release.name.package);
        releases.find(is_before).map(|other| other.name.clone())
    }
}

/// Whether a phase before that of `key` has ended without success.
fn has_failed_before(release: &Release, key: &TaskKey) -> bool {
    let own = release.package.phase_of(key);
    let mut latest = release.latest_runs().into_iter();
    latest.any(|(other, (_, run))| {
        release.is_planned(other)
            && release.package.phase_of(other) < own
            && run.state.is_finished()
            && run.state != RunState::Complete
    })
}

/// The claims that must be given back before all that the pull request of `own` waits for can be granted: those that
/// are granted, and those that were made earlier.
pub fn queue_before(holds: &[Hold], own: &Hold) -> Vec<Hold> {
    let wanted: Vec<&Hold> = holds
        .iter()
        .filter(|hold| is_same_request(hold, own) && hold.granted_at.is_none())
        .collect();
    let is_ahead = |hold: &&Hold| {
        !is_same_request(hold, own)
            && wanted.iter().any(|wanted| hold.is_same_place(wanted))
            && (hold.granted_at.is_some() || asked(hold) < asked(own))
    };
    holds.iter().filter(is_ahead).cloned().collect()
}

fn asked(hold: &Hold) -> (Timestamp, i64) {
    (hold.asked_at, hold.pull_request)
}

fn is_same_request(one: &Hold, other: &Hold) -> bool {
    one.pull_request == other.pull_request && one.package.repository == other.package.repository
}
