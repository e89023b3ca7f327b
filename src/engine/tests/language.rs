//! How stories write names and packages.
//!
//! `api` is the package `github.com/acme/shop/-/api/release.ocu.star`; everything below it is written the way refs are:
//! `api/@r1/task/build`. A package is its phases, separated by `|`, of tasks, separated by `,`:
//!
//! `task/build | deploy/staging retries:1 | deploy/production approval=./custom/approval size:=3`
//!
//! `name:=json` is a value, `name=ref` a reference, `name=ref?json` one with a default.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::engine::{Candidate, NewReleases};
use crate::model::{
    Action, CommitSha, Environment, FunctionName, Input, Package, PackageName, Phase, Reference,
    ReleaseName, Task, TaskKey, WorkflowCall,
};

pub(super) const REPOSITORY_ID: i64 = 7;

pub(super) fn package_name(short: &str) -> PackageName {
    PackageName {
        repository: "github.com/acme/shop".to_owned(),
        path: format!("{short}/release.ocu.star"),
    }
}

/// `api/@r1`
pub(super) fn release_name(text: &str) -> ReleaseName {
    let (package, number) = text.split_once("/@").expect("<package>/@<release>");
    ReleaseName {
        package: package_name(package),
        number: number.parse().expect("a release number"),
    }
}

/// `api/@r1/task/build`
pub(super) fn task_name(text: &str) -> (ReleaseName, TaskKey) {
    let (package, rest) = text.split_once("/@").expect("<package>/@<release>/<task>");
    let (number, key) = rest.split_once('/').expect("a task after the release");
    let release = release_name(&format!("{package}/@{number}"));
    (release, key.parse().expect("a task"))
}

/// `./…` and `@/…` stand as they are; anything else starts with a short package name.
pub(super) fn reference(text: &str) -> Reference {
    let long = match text.split_once("/@") {
        Some((package, rest)) if !text.starts_with(['.', '@']) => {
            format!("{}/@{rest}", package_name(package))
        }
        _ => text.to_owned(),
    };
    long.parse().expect("a ref")
}

/// `a1` is the commit `a1a1…a1`.
pub(super) fn commit(text: &str) -> CommitSha {
    let digits = text.repeat(40 / text.len());
    digits.parse().expect("hexadecimal digits, a divisor of 40")
}

/// Refs as stories write them.
pub(super) fn short(text: &str) -> String {
    text.replace("github.com/acme/shop/-/", "")
        .replace("/release.ocu.star", "")
}

pub(super) fn package(text: &str) -> Package {
    let phases = text.split('|').enumerate().map(|(index, tasks)| Phase {
        name: format!("p{}", index + 1),
        tasks: tasks
            .split(',')
            .map(str::trim)
            .filter(|task| !task.is_empty())
            .map(task)
            .collect(),
    });
    Package {
        phases: phases.collect(),
        ..Package::default()
    }
}

fn task(text: &str) -> Task {
    let mut words = text.split_whitespace();
    let key: TaskKey = words.next().unwrap_or_default().parse().expect("a task");
    let is_deployment = key.environment().is_some();
    let mut task = Task {
        action: call(if is_deployment { "up" } else { "work" }),
        down: is_deployment.then(|| call("down")),
        inputs: BTreeMap::new(),
        timeout_seconds: None,
        retries: 0,
        line: 0,
        key,
    };
    for word in words {
        match word.split_once(':') {
            Some(("retries", count)) => task.retries = count.parse().expect("a count"),
            Some(("up", name)) => task.action = call(name),
            Some(("down", "none")) => task.down = None,
            Some(("down", name)) => task.down = Some(call(name)),
            Some(("workflow", file)) => {
                task.action = Action::Workflow(WorkflowCall {
                    file: file.to_owned(),
                    inputs: BTreeMap::new(),
                    line: 0,
                });
            }
            _ => {
                let (name, input) = input(word);
                task.inputs.insert(name, input);
            }
        }
    }
    task
}

fn call(name: &str) -> Action {
    Action::Function(function(name))
}

pub(super) fn function(name: &str) -> FunctionName {
    FunctionName {
        file: "release.ocu.star".to_owned(),
        name: name.to_owned(),
    }
}

/// Inputs separated by blanks, as behind a task's name.
pub(super) fn inputs(text: &str) -> BTreeMap<String, Input> {
    text.split_whitespace().map(input).collect()
}

fn input(word: &str) -> (String, Input) {
    if let Some((name, value)) = word.split_once(":=") {
        let value = json(value);
        return (name.to_owned(), Input::Value { value });
    }
    let (name, rest) = word.split_once('=').expect("an input");
    let (target, default) = match rest.split_once('?') {
        Some((target, default)) => (target, Some(json(default))),
        None => (rest, None),
    };
    let reference = reference(target);
    (name.to_owned(), Input::Reference { reference, default })
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

pub(super) fn environment(name: &str, attributes: &[(&str, &str)]) -> Environment {
    Environment {
        name: name.parse().expect("an environment's name"),
        attributes: attributes
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
    }
}

/// A push of `packages` (name, text) to the default branch.
pub(super) fn push(at: &str, packages: &[(&str, &str)]) -> NewReleases {
    let candidates = packages.iter().map(|(name, text)| Candidate {
        name: package_name(name),
        package: package(text),
        reason: format!("`{name}/main.rs` changed"),
    });
    NewReleases {
        packages: candidates.collect(),
        repository: Some("github.com/acme/shop".to_owned()),
        ..NewReleases::of(REPOSITORY_ID, commit(at))
    }
}
