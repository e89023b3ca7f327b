//! What has become visible on GitHub since the last look, a line for each hop.

use std::collections::BTreeMap;

use super::sample::{PLATFORM, STOREFRONT};
use crate::simulator::{CheckRun, Comment, Deployment, Simulator, WorkflowRun};

/// Each visible thing by kind and id, with the line that describes it as it is now.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct View {
    lines: BTreeMap<(u64, &'static str, u64), String>,
}

impl View {
    /// Looks at both repositories.
    pub(super) fn of(github: &Simulator) -> View {
        let mut view = View::default();
        for (order, delivery) in (0..).zip(github.deliveries()) {
            let action = delivery.action.as_deref().unwrap_or_default();
            let sender = delivery.payload()["sender"]["type"] == "User";
            if sender && is_news(&delivery.event, action) {
                let line = format!("{} {action}", delivery.event);
                let line = format!("{} → {}", line.trim_end(), delivery.status_code);
                view.put("webhook", order, line);
            }
        }
        for run in github.workflow_runs() {
            view.put("workflow", run.id, workflow_run(&run));
        }
        for repository in [PLATFORM, STOREFRONT] {
            let checks = github.all_check_runs(repository).into_iter();
            for check in checks.filter(|check| check.name.starts_with("ocuroot")) {
                view.put("check", check.id, check_run(repository, &check));
            }
            for deployment in github.deployments(repository) {
                view.put("deployment", deployment.id, deployed(&deployment));
            }
            for pull_request in github.pull_requests(repository) {
                for comment in github.comments(repository, pull_request.number) {
                    for reaction in github.reactions(repository, comment.id) {
                        let line = format!("{} to @{}'s command", reaction.content, comment.user);
                        view.put("reaction", reaction.id, line);
                    }
                    view.put("comment", comment.id, said(&comment));
                }
            }
        }
        view
    }

    fn put(&mut self, kind: &'static str, id: u64, line: String) {
        self.lines.insert((order(kind), kind, id), line);
    }

    /// Kind and line of everything that differs from an earlier look, in the order in which causes come before effects.
    pub(super) fn since<'a>(&'a self, earlier: &'a View) -> Vec<(&'static str, &'a str)> {
        self.lines
            .iter()
            .filter(|(key, line)| !line.is_empty() && earlier.lines.get(*key) != Some(*line))
            .map(|((_, kind, _), line)| (*kind, line.as_str()))
            .collect()
    }
}

fn order(kind: &str) -> u64 {
    let kinds = [
        "comment",
        "webhook",
        "reaction",
        "workflow",
        "deployment",
        "check",
    ];
    kinds
        .iter()
        .zip(0..)
        .find(|(known, _)| **known == kind)
        .map_or(u64::MAX, |(_, place)| place)
}

/// Deliveries that start or continue something. The others are echoes of our own doing.
fn is_news(event: &str, action: &str) -> bool {
    matches!(
        (event, action),
        ("push", _)
            | ("pull_request", "opened" | "closed" | "synchronize")
            | ("issue_comment", "created")
            | ("workflow_run", "completed")
    )
}

fn workflow_run(run: &WorkflowRun) -> String {
    let jobs: Vec<&str> = run.jobs.iter().map(|job| job.name.as_str()).collect();
    let file = run.path.rsplit('/').next().unwrap_or(&run.path);
    let state = run.conclusion.as_deref().unwrap_or(&run.status);
    let what = match jobs.as_slice() {
        [] => String::new(),
        jobs => format!(": {}", jobs.join(", ")),
    };
    format!("{file} #{}{what} · {}", run.run_number, words(state))
}

fn check_run(repository: &str, check: &CheckRun) -> String {
    let state = check.conclusion.as_deref().unwrap_or(&check.status);
    let title = check.title.as_deref().unwrap_or_default();
    let commit = check.head_sha.get(..7).unwrap_or_default();
    format!(
        "{} · {} · {title} ({repository}@{commit})",
        check.name,
        words(state)
    )
}

/// Nothing until there is news of it.
fn deployed(deployment: &Deployment) -> String {
    let Some(status) = deployment.statuses.last() else {
        return String::new();
    };
    let what = deployment.description.as_deref().unwrap_or_default();
    let place = &deployment.environment;
    let line = format!(
        "{what} · {place} · {} · {}",
        words(&status.state),
        status.environment_url
    );
    line.trim_end_matches(" · ").to_owned()
}

/// The first line that people see.
fn said(comment: &Comment) -> String {
    let mut lines = comment.body.lines();
    let first = lines.find(|line| !line.is_empty() && !line.starts_with("<!--"));
    format!("@{}: {}", comment.user, first.unwrap_or_default())
}

fn words(state: &str) -> String {
    state.replace('_', " ")
}
