//! What one decision may look at.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::model::{
    Action, Approval, CommitSha, DeploymentName, Environment, EnvironmentName, GuardFile, Hold,
    Input, Lock, Package, PackageName, Reference, Registration, ReleaseName, ReleaseNumber,
    RunKind, RunName, RunNumber, RunState, Task, TaskKey, Timestamp,
};

/// The part of a workspace that a trigger can affect: the open releases of the packages it touches, the releases
/// whose runs wait for what it may change, and the documents their inputs read.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Releases by name: of every package the trigger is about, or that waits for what it may write, those that have
    /// an unfinished run; and those the trigger names, be they finished. For [`Trigger::Undeploy`] that is the one
    /// that is live there.
    ///
    /// [`Trigger::Undeploy`]: super::Trigger::Undeploy
    pub releases: BTreeMap<ReleaseName, Release>,
    /// All registered environments of the workspace, without those on their way out.
    pub environments: BTreeMap<EnvironmentName, Environment>,
    /// Where each environment comes from, those on their way out among them.
    pub registrations: BTreeMap<EnvironmentName, Registration>,
    /// Environments that were there once and are not any more: of those that releases the trigger names go to.
    pub gone: BTreeSet<EnvironmentName>,
    /// State documents by their ref without fragment. Absent means: there is no such document. Held are those that
    /// unfinished runs read and, of releases the trigger names or makes, those that any run could read, with what
    /// the latest run of each of these tasks left (`<package>/@/<task>`).
    pub documents: BTreeMap<Reference, Value>,
    /// The number the next release of a package gets; absent means 1.
    pub next_numbers: BTreeMap<PackageName, ReleaseNumber>,
    /// Releases that exist already for a package at a commit this trigger is about.
    pub at_commit: BTreeMap<(PackageName, CommitSha), ReleaseName>,
    /// The rules that may hold for any of the packages.
    pub guards: Vec<GuardFile>,
    /// Locks, freezes and pins that may concern any of the packages.
    pub locks: Vec<Lock>,
    /// Every claim of pull requests of the packages' repositories.
    pub holds: Vec<Hold>,
    /// What people have said of the releases above.
    pub approvals: BTreeMap<(ReleaseName, EnvironmentName), Vec<Approval>>,
    /// What the default branch brought last to the deployments that the trigger may give back.
    pub last_of_default: BTreeMap<(PackageName, EnvironmentName), ReleaseName>,
    /// The documents that live deployments read: of those that read what the trigger may write, and of all that those
    /// read, directly or through others.
    pub reads: BTreeMap<DeploymentName, BTreeSet<Reference>>,
    /// What is live in the environments that are on their way out, or that the trigger takes away.
    pub occupants: BTreeMap<EnvironmentName, BTreeSet<DeploymentName>>,
    /// What should be, by ref: of what the trigger is to apply.
    pub intents: BTreeMap<Reference, Value>,
    /// The releases that tags mean, of the tags the trigger names.
    pub tags: BTreeMap<(PackageName, String), ReleaseNumber>,
}

impl Snapshot {
    /// The run called `name`.
    pub fn run(&self, name: &RunName) -> Option<&Run> {
        self.releases
            .get(&name.release)?
            .runs
            .get(&(name.key.clone(), name.number))
    }

    /// The releases of `package`, in their order: there may be many packages, and this is asked for each run.
    pub fn releases_of(&self, package: &PackageName) -> impl Iterator<Item = &Release> {
        let number = |number| ReleaseName {
            package: package.clone(),
            number: ReleaseNumber(number),
        };
        let releases = self.releases.range(number(i64::MIN)..=number(i64::MAX));
        releases.map(|(_, release)| release)
    }

    /// The name that the next release of `package` gets.
    pub fn next_release(&self, package: &PackageName) -> ReleaseName {
        let number = self.next_numbers.get(package).copied();
        ReleaseName {
            package: package.clone(),
            number: number.unwrap_or(ReleaseNumber(1)),
        }
    }

    /// Reads `reference` (absolute): its document, then its fragment through objects and lists.
    pub fn read(&self, reference: &Reference) -> Option<&Value> {
        reference.within(self.documents.get(&reference.document())?)
    }
}

/// A release: a package at a commit, with the runs it has had so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Release {
    /// Which release.
    pub name: ReleaseName,
    /// GitHub's id of the repository.
    pub repository_id: i64,
    /// The commit every run of the release works on.
    pub commit: CommitSha,
    /// What the config file said at that commit.
    pub package: Package,
    /// The environments it is to go to, by way of the phases before theirs; `None` means all phases.
    pub goals: Option<BTreeSet<EnvironmentName>>,
    /// The pull request it came from.
    pub pull_request: Option<i64>,
    /// The pull request in whose lane it goes: it deploys what is not merged, where the pull request holds the
    /// environment. `None` is the lane of the default branch.
    pub lane: Option<i64>,
    /// The commit it was compared with to see what changed.
    pub base: Option<CommitSha>,
    /// Whose work it is: who wrote its commits or asked for it, by GitHub login.
    pub authors: BTreeSet<String>,
    /// Where to answer once it settles: the number of the pull request whose command started or moved it.
    pub reply_to: Option<i64>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether it is a further release of its commit, because a person wanted one.
    pub is_again: bool,
    /// Every run, by task and number.
    pub runs: BTreeMap<(TaskKey, RunNumber), Run>,
}

impl Release {
    /// The latest run of each task, as [`Release::standing_run`] tells it.
    pub fn latest_runs(&self) -> BTreeMap<&TaskKey, (RunNumber, &Run)> {
        // A later number of the same task replaces the earlier one: the map is ordered by number.
        self.runs
            .iter()
            .filter(|(_, run)| !run.had_no_reason())
            .map(|((key, number), run)| (key, (*number, run)))
            .collect()
    }

    /// The latest run of `key` that says how the task stands: not one that was to repeat what is live and turned out to
    /// have no reason for it.
    pub fn standing_run(&self, key: &TaskKey) -> Option<(RunNumber, &Run)> {
        self.runs_of(key).rfind(|(_, run)| !run.had_no_reason())
    }

    /// The runs of `key`, in order.
    pub fn runs_of(&self, key: &TaskKey) -> impl DoubleEndedIterator<Item = (RunNumber, &Run)> {
        let from = (key.clone(), RunNumber(0));
        let to = (key.clone(), RunNumber(i64::MAX));
        let runs = self.runs.range(from..=to);
        runs.map(|((_, number), run)| (*number, run))
    }

    /// The latest run of `key`.
    pub fn latest_run(&self, key: &TaskKey) -> Option<(RunNumber, &Run)> {
        self.runs_of(key).next_back()
    }

    /// The run of `key` that is under way or waits; else the latest that was not given up before it began. What was to
    /// come after it may be over before it.
    pub fn present_run(&self, key: &TaskKey) -> Option<(RunNumber, &Run)> {
        let open = self.runs_of(key).rfind(|(_, run)| !run.state.is_finished());
        let is_done = |(_, run): &(RunNumber, &Run)| run.state != RunState::Superseded;
        open.or_else(|| self.runs_of(key).rfind(is_done))
    }

    /// The name of one of its runs.
    pub fn run_name(&self, key: &TaskKey, number: RunNumber) -> RunName {
        RunName {
            release: self.name.clone(),
            key: key.clone(),
            number,
        }
    }

    /// How many phases the release goes through, given where it is to go. One whose goals its file does not deploy to
    /// stops before the first deployment: it never goes farther than it was told.
    fn phase_count(&self) -> usize {
        let phases = &self.package.phases;
        let Some(goals) = &self.goals else {
            return phases.len();
        };
        let is_deployment = |task: &Task| task.key.environment().is_some();
        let last = goals
            .iter()
            .filter_map(|goal| self.package.phase_of(&TaskKey::Deploy(goal.clone())))
            .max();
        match last {
            Some(last) => last + 1,
            None => phases
                .iter()
                .position(|phase| phase.tasks.iter().any(is_deployment))
                .unwrap_or(phases.len()),
        }
    }

    /// The tasks the release goes through, in the order of their phases: all of the phases before the last one, and of
    /// that its steps and the deployments to its goals.
    pub fn planned_tasks(&self) -> impl Iterator<Item = &Task> {
        let count = self.phase_count();
        let phases = self.package.phases[..count].iter().enumerate();
        phases.flat_map(move |(index, phase)| {
            let is_last = index + 1 == count;
            let tasks = phase.tasks.iter();
            tasks.filter(move |task| !is_last || self.is_goal(&task.key))
        })
    }

    fn is_goal(&self, key: &TaskKey) -> bool {
        match (&self.goals, key.environment()) {
            (Some(goals), Some(environment)) => goals.contains(environment),
            (None, _) | (_, None) => true,
        }
    }

    /// Whether the release goes through this task.
    pub fn is_planned(&self, key: &TaskKey) -> bool {
        self.planned_tasks().any(|task| task.key == *key)
    }

    /// Whether the person wrote or asked for it.
    pub fn is_work_of(&self, login: &str) -> bool {
        let mut authors = self.authors.iter();
        authors.any(|author| author.eq_ignore_ascii_case(login))
    }

    /// Whether any run is unfinished.
    pub fn is_open(&self) -> bool {
        self.runs.values().any(|run| !run.state.is_finished())
    }
}

/// One attempt of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// What it is for.
    pub kind: RunKind,
    /// Where it stands.
    pub state: RunState,
    /// Raised whenever the run is started or given up; news that carry another number are too late.
    pub fence: i64,
    /// The chain of functions so far; the last one is current.
    pub calls: Vec<Call>,
    /// What it left for others.
    pub outputs: BTreeMap<String, Value>,
    /// Why it failed, in words for the author of the config file.
    pub error: Option<String>,
    /// Documents it waits for, as far as the last decision knew; the environment's own stands for everything people
    /// can do about it.
    pub waits: BTreeSet<Reference>,
    /// When something it waits for opens by itself.
    pub wakes_at: Option<Timestamp>,
    /// When it was planned.
    pub created_at: Timestamp,
    /// When its first function was started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How what it brings up is taken down again: the program that does the up also does the down.
    pub down: Option<Action>,
    /// Why a deployment runs again although nobody asked for it.
    pub cascade: Option<Cascade>,
}

/// Something that a live deployment reads has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cascade {
    /// The documents that have changed.
    pub changed: BTreeSet<Reference>,
    /// The deployments whose run led to it, from the first one on, each with how often.
    #[serde(with = "pairs")]
    pub through: BTreeMap<DeploymentName, u32>,
    /// Whether it was done before, in vain, and is wanted once more all the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_asked: bool,
}

/// Maps whose keys are no texts, as lists of pairs.
mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub(super) fn deserialize<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(deserializer)?
            .into_iter()
            .collect())
    }
}

impl Run {
    /// A run that waits to start.
    pub fn pending(
        kind: RunKind,
        action: Action,
        inputs: BTreeMap<String, Input>,
        now: Timestamp,
    ) -> Run {
        Run {
            kind,
            state: RunState::Pending,
            fence: 0,
            calls: vec![Call {
                action,
                inputs,
                values: BTreeMap::new(),
                given: BTreeSet::new(),
            }],
            outputs: BTreeMap::new(),
            error: None,
            waits: BTreeSet::new(),
            wakes_at: None,
            created_at: now,
            started_at: None,
            finished_at: None,
            down: None,
            cascade: None,
        }
    }

    /// The same with inputs that people have given.
    pub(super) fn with_given(mut self, given: BTreeSet<String>) -> Run {
        if let Some(first) = self.calls.first_mut() {
            first.given = given;
        }
        self
    }

    /// Whether it was to repeat a deployment because something had changed, and was given up before it began.
    fn had_no_reason(&self) -> bool {
        self.kind == RunKind::Up && self.cascade.is_some() && self.state == RunState::Superseded
    }

    /// The function or workflow that runs now or next.
    pub fn current(&self) -> &Call {
        self.calls
            .last()
            .expect("a run is made with its first call")
    }
}

/// One function of a run's chain, or the workflow it consists of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// What is called.
    pub action: Action,
    /// Its inputs as declared.
    pub inputs: BTreeMap<String, Input>,
    /// Its inputs as they were when it was started.
    #[serde(default)]
    pub values: BTreeMap<String, Value>,
    /// Which of the inputs people have given in place of those that the file names: they stay as they are.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub given: BTreeSet<String>,
}

impl Call {
    /// Its inputs as documents show them: as they were declared, with the `value` that each had (reference/ocuroot.md
    /// §2.2).
    pub fn described(&self) -> Map<String, Value> {
        let declared = self.inputs.iter().map(|(name, input)| {
            let descriptor = serde_json::to_value(input).unwrap_or(Value::Null);
            (name.clone(), descriptor)
        });
        let mut described: Map<String, Value> = declared.collect();
        for (name, value) in &self.values {
            let descriptor = described.entry(name.clone()).or_insert_with(|| json!({}));
            descriptor["value"] = value.clone();
        }
        described
    }
}

/// The values of inputs that are described like this.
pub fn values_of(described: &Value) -> Value {
    let inputs = described.as_object().into_iter().flatten();
    let values =
        inputs.filter_map(|(name, input)| Some((name.clone(), input.get("value")?.clone())));
    Value::Object(values.collect())
}
