//! A release in any state, written down in a few words.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::engine::{Release, Run, Snapshot};
use crate::model::{
    Action, FunctionName, Input, Package, PackageName, Phase, Progress, ReleaseName, ReleaseNumber,
    RunKind, RunName, RunNumber, RunState, Task, TaskKey, Timestamp, WorkflowCall,
};

/// Release r7 of `api` and what is around it, at twelve minutes after its beginning.
pub(super) struct Scene {
    pub(super) release: Release,
    pub(super) snapshot: Snapshot,
    pub(super) progress: Progress,
}

pub(super) const NOW: Timestamp = Timestamp(720_000);

impl Scene {
    /// Of phases with tasks: `build | staging | production`, tasks of a phase separated by `,`, inputs behind a task:
    /// `build: task/build | production: deploy/production approval=./custom/approval`.
    pub(super) fn new(phases: &str) -> Scene {
        let package = Package {
            phases: phases.split('|').map(phase).collect(),
            ..Package::default()
        };
        let mut release = Release {
            name: release_name("api", 7),
            repository_id: 1,
            commit: "c0ffee".repeat(7)[..40].parse().expect("a commit"),
            package,
            goals: None,
            pull_request: Some(12),
            lane: None,
            base: None,
            authors: [].into(),
            reply_to: None,
            is_again: false,
            created_at: Timestamp(0),
            runs: BTreeMap::new(),
        };
        let tasks: Vec<Task> = release.package.tasks().cloned().collect();
        for task in tasks {
            let kind = match task.key {
                TaskKey::Task(_) => RunKind::Task,
                TaskKey::Deploy(_) => RunKind::Up,
            };
            let run = Run::pending(kind, task.action, task.inputs, Timestamp(0));
            release.runs.insert((task.key, RunNumber(1)), run);
        }
        Scene {
            release,
            snapshot: Snapshot::default(),
            progress: Progress::default(),
        }
    }

    /// What a release consists of whose production comes after a step that waits for a person.
    pub(super) fn shop() -> Scene {
        Scene::new(
            "build: task/build | staging: deploy/staging | approval: task/approval approval=./custom/approval | \
             production: deploy/production",
        )
    }

    pub(super) fn run(&mut self, key: &str) -> &mut Run {
        let key: TaskKey = key.parse().expect("a task");
        let mut runs = self.release.runs.iter_mut().rev();
        let found = runs.find(|((of, _), _)| *of == key);
        found.expect("a run of it").1
    }

    /// The latest run of `key` took so many seconds and ended in `state`.
    pub(super) fn ended(mut self, key: &str, state: RunState, seconds: i64) -> Scene {
        let run = self.run(key);
        run.state = state;
        run.started_at = Some(Timestamp(1000));
        run.finished_at = Some(Timestamp(1000 + seconds * 1000));
        self
    }

    pub(super) fn done(self, key: &str, seconds: i64) -> Scene {
        self.ended(key, RunState::Complete, seconds)
    }

    pub(super) fn failed(self, key: &str, error: &str) -> Scene {
        let mut scene = self.ended(key, RunState::Failed, 34);
        scene.run(key).error = Some(error.to_owned());
        scene
    }

    pub(super) fn running(mut self, key: &str) -> Scene {
        let run = self.run(key);
        run.state = RunState::Running;
        run.started_at = Some(Timestamp(600_000));
        self
    }

    pub(super) fn outputs(mut self, key: &str, outputs: Value) -> Scene {
        self.run(key).outputs = serde_json::from_value(outputs).expect("an object");
        self
    }

    /// Another attempt of `key`, waiting.
    pub(super) fn again(mut self, key: &str, kind: RunKind) -> Scene {
        let old = self.run(key);
        let mut run = Run::pending(kind, old.current().action.clone(), [].into(), Timestamp(0));
        run.fence = 1;
        let key: TaskKey = key.parse().expect("a task");
        self.release.runs.insert((key, RunNumber(2)), run);
        self
    }

    pub(super) fn linked(mut self, key: &str, number: i64) -> Scene {
        let name = self.name(key, number);
        let url = "https://github.com/acme/shop/actions/runs/4711".to_owned();
        self.progress.links.insert(name, url);
        self
    }

    pub(super) fn name(&self, key: &str, number: i64) -> RunName {
        let key = key.parse().expect("a task");
        self.release.run_name(&key, RunNumber(number))
    }

    /// The snapshot a report is made from: the release is part of it.
    pub(super) fn seen(&self) -> Snapshot {
        let mut snapshot = self.snapshot.clone();
        let name = self.release.name.clone();
        snapshot.releases.insert(name, self.release.clone());
        snapshot
    }

    pub(super) fn page(&self) -> String {
        let text = super::super::release_check(&self.release, &self.seen(), &self.progress, NOW);
        super::assert_fits(&text.summary);
        super::page(&text)
    }

    pub(super) fn run_page(&self, key: &str, number: i64, logs: &[&str]) -> Option<String> {
        let logs: Vec<String> = logs.iter().map(|line| (*line).to_owned()).collect();
        let name = self.name(key, number);
        let text = super::super::run_check(&self.release, &name, &self.progress, &logs)?;
        super::assert_fits(&text.summary);
        Some(super::page(&text))
    }
}

pub(super) fn package_name(short: &str) -> PackageName {
    PackageName {
        repository: "github.com/acme/shop".to_owned(),
        path: format!("{short}/release.ocu.star"),
    }
}

pub(super) fn release_name(package: &str, number: i64) -> ReleaseName {
    ReleaseName {
        package: package_name(package),
        number: ReleaseNumber(number),
    }
}

fn phase(text: &str) -> Phase {
    let (name, tasks) = text.split_once(':').expect("<phase>: <tasks>");
    let tasks = tasks.split(',').map(str::trim);
    Phase {
        name: name.trim().to_owned(),
        tasks: tasks.filter(|task| !task.is_empty()).map(task).collect(),
    }
}

fn task(text: &str) -> Task {
    let mut words = text.split(' ');
    let key: TaskKey = words.next().unwrap_or("").parse().expect("a task");
    let mut action = Action::Function(FunctionName {
        file: "api/release.ocu.star".to_owned(),
        name: "work".to_owned(),
    });
    let mut inputs = BTreeMap::new();
    for word in words {
        let (name, value) = word.split_once('=').expect("<input>=<ref>");
        if name == "workflow" {
            action = Action::Workflow(WorkflowCall {
                file: value.to_owned(),
                inputs: BTreeMap::new(),
                line: 9,
            });
            continue;
        }
        let reference = value.parse().expect("a ref");
        let default = None;
        let input = Input::Reference { reference, default };
        inputs.insert(name.to_owned(), input);
    }
    Task {
        key,
        inputs,
        action,
        down: None,
        timeout_seconds: None,
        retries: 0,
        line: 1,
    }
}

/// Names of environments or packages.
pub(super) fn names(names: &[&str]) -> Vec<String> {
    let names: BTreeSet<&str> = names.iter().copied().collect();
    names.into_iter().map(str::to_owned).collect()
}
