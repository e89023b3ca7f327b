//! What the pages show, made from the state.

use crate::simulator::git::Commit;
use crate::simulator::state::check::{Action, Annotation, CheckApp, CheckRun};
use crate::simulator::state::refusal::Refusal;
use crate::simulator::state::repository::{Permission, Repository};
use crate::simulator::state::workflow::WorkflowRun;
use crate::simulator::state::world::World;

use super::markdown::render;

/// A sign, its colour class and what it means.
#[derive(Clone, Copy)]
pub(super) struct Sign {
    pub(super) symbol: &'static str,
    pub(super) class: &'static str,
    pub(super) label: &'static str,
}

/// A person who can be chosen to act as.
pub(super) struct Person {
    pub(super) login: String,
    pub(super) role: &'static str,
    pub(super) chosen: bool,
}

/// A check run.
pub(super) struct CheckView {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) app: &'static str,
    pub(super) sign: Sign,
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) text: String,
    pub(super) annotations: Vec<Annotation>,
    pub(super) actions: Vec<Action>,
    pub(super) details_url: Option<String>,
    pub(super) is_ours: bool,
    pub(super) is_open: bool,
}

/// A commit in a list.
pub(super) struct CommitView {
    pub(super) sha: String,
    pub(super) short: String,
    pub(super) title: String,
    pub(super) author: String,
    pub(super) when: String,
    pub(super) sign: Option<Sign>,
}

/// A pull request in a list.
pub(super) struct PullView {
    pub(super) number: u64,
    pub(super) title: String,
    pub(super) user: String,
    pub(super) state: &'static str,
    pub(super) sign: Option<Sign>,
}

/// A deployment.
pub(super) struct DeploymentView {
    pub(super) environment: String,
    pub(super) state: String,
    pub(super) class: &'static str,
    pub(super) sha: String,
    pub(super) short: String,
    pub(super) creator: String,
    pub(super) url: String,
    pub(super) when: String,
}

/// A workflow run in a list.
pub(super) struct RunView {
    pub(super) id: u64,
    pub(super) title: String,
    pub(super) sign: Sign,
    pub(super) actor: String,
    pub(super) when: String,
}

/// The sign of a status and conclusion.
pub(super) fn sign(status: &str, conclusion: Option<&str>) -> Sign {
    let (symbol, class, label) = match (status, conclusion.unwrap_or_default()) {
        ("completed", "success") => ("✓", "good", "success"),
        ("completed", "failure") => ("✕", "bad", "failure"),
        ("completed", "startup_failure") => ("✕", "bad", "startup failure"),
        ("completed", "timed_out") => ("✕", "bad", "timed out"),
        ("completed", "action_required") => ("!", "wait", "action required"),
        ("completed", "cancelled") => ("⊘", "muted", "cancelled"),
        ("completed", "skipped") => ("⊘", "muted", "skipped"),
        ("completed", _) => ("■", "muted", "neutral"),
        ("in_progress", _) => ("●", "wait busy", "in progress"),
        _ => ("○", "wait", "queued"),
    };
    Sign {
        symbol,
        class,
        label,
    }
}

/// The first digits of a commit.
pub(super) fn short(sha: &str) -> String {
    sha.chars().take(7).collect()
}

/// How long ago, in the largest unit that fits.
pub(super) fn ago(now: i64, then: i64) -> String {
    let seconds = (now - then).max(0);
    let (count, unit) = match seconds {
        0..10 => return "just now".to_owned(),
        10..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}

impl World {
    /// The newest check run of each name at a commit; the App's own come first.
    pub(super) fn check_views(&self, repository: &Repository, sha: &str) -> Vec<CheckView> {
        let mut newest: Vec<&CheckRun> = Vec::new();
        for check in repository
            .check_runs
            .values()
            .filter(|check| check.head_sha == sha)
        {
            newest.retain(|known| {
                known.name != check.name || known.app != check.app || known.app == CheckApp::Actions
            });
            newest.push(check);
        }
        newest.sort_by_key(|check| (check.app == CheckApp::Actions, check.name.clone(), check.id));
        newest
            .into_iter()
            .map(|check| self.check_view(repository, check))
            .collect()
    }

    fn check_view(&self, repository: &Repository, check: &CheckRun) -> CheckView {
        let is_ours = check.app == CheckApp::Ours;
        let job_run = repository
            .workflow_runs
            .values()
            .find(|run| run.jobs.iter().any(|job| job.id == check.id));
        let job_url =
            job_run.map(|run| format!("/{}/actions/runs/{}", repository.full_name, run.id));
        let html = |text: &Option<String>| text.as_deref().map(render).unwrap_or_default();
        CheckView {
            id: check.id,
            name: check.name.clone(),
            app: if is_ours { "Ocuroot" } else { "GitHub Actions" },
            sign: sign(&check.status, check.conclusion.as_deref()),
            title: check.title.clone().unwrap_or_default(),
            summary: html(&check.summary),
            text: html(&check.text),
            annotations: check.annotations.clone(),
            actions: check.actions.clone(),
            details_url: check
                .details_url
                .clone()
                .filter(|url| is_web(url))
                .or(job_url),
            is_ours,
            is_open: is_ours
                && (!check.actions.is_empty() || check.conclusion.as_deref() == Some("failure")),
        }
    }

    /// The worst sign of all checks at a commit.
    pub(super) fn commit_sign(&self, repository: &Repository, sha: &str) -> Option<Sign> {
        let views = self.check_views(repository, sha);
        let order = ["bad", "wait", "good", "muted"];
        order.iter().find_map(|class| {
            views
                .iter()
                .map(|view| view.sign)
                .find(|sign| sign.class.starts_with(class))
        })
    }

    /// A commit in a list.
    pub(super) fn commit_view(&self, repository: &Repository, commit: &Commit) -> CommitView {
        CommitView {
            sha: commit.sha.clone(),
            short: short(&commit.sha),
            title: commit.message.lines().next().unwrap_or_default().to_owned(),
            author: commit.author_name.clone(),
            when: ago(self.now(), commit.time),
            sign: self.commit_sign(repository, &commit.sha),
        }
    }

    /// The newest commits of a revision.
    pub(super) fn commit_views(
        &self,
        repository: &Repository,
        range: &[&str],
        limit: usize,
    ) -> Vec<CommitView> {
        let mut commits = repository.git.commits(range, limit).unwrap_or_default();
        commits.reverse();
        commits
            .iter()
            .map(|commit| self.commit_view(repository, commit))
            .collect()
    }

    /// Pull requests, newest first.
    pub(super) fn pull_views(&self, repository: &Repository) -> Vec<PullView> {
        let view = |pull_request: &crate::simulator::state::pull_request::PullRequest| PullView {
            number: pull_request.number,
            title: pull_request.title.clone(),
            user: pull_request.user.clone(),
            state: super::state_of(pull_request),
            sign: self.commit_sign(repository, &pull_request.head_sha),
        };
        repository.pull_requests.values().rev().map(view).collect()
    }

    /// Deployments that fit, newest first.
    pub(super) fn deployment_views(
        &self,
        repository: &Repository,
        fits: impl Fn(&str) -> bool,
    ) -> Vec<DeploymentView> {
        let found = repository
            .deployments
            .values()
            .rev()
            .filter(|deployment| fits(&deployment.sha));
        let view = |deployment: &crate::simulator::state::deployment::Deployment| {
            let last = deployment.statuses.last();
            DeploymentView {
                environment: deployment.environment.clone(),
                state: deployment.state().replace('_', " "),
                class: match deployment.state() {
                    "success" => "good",
                    "failure" | "error" => "bad",
                    "inactive" => "muted",
                    _ => "wait",
                },
                sha: deployment.sha.clone(),
                short: short(&deployment.sha),
                creator: deployment.creator.clone(),
                url: last
                    .map(|status| status.environment_url.clone())
                    .filter(|url| is_web(url))
                    .unwrap_or_default(),
                when: ago(
                    self.now(),
                    last.map_or(deployment.created_at, |status| status.created_at),
                ),
            }
        };
        found.map(view).collect()
    }

    /// The newest workflow runs.
    pub(super) fn run_views(&self, repository: &Repository, limit: usize) -> Vec<RunView> {
        let view = |run: &WorkflowRun| RunView {
            id: run.id,
            title: run.display_title.clone(),
            sign: sign(&run.status, run.conclusion.as_deref()),
            actor: run.actor.clone(),
            when: ago(self.now(), run.created_at),
        };
        repository
            .workflow_runs
            .values()
            .rev()
            .take(limit)
            .map(view)
            .collect()
    }

    /// Everyone who can be chosen, those with the most permissions first.
    pub(super) fn people(
        &self,
        full_name: &str,
        chosen: Option<&str>,
    ) -> Result<Vec<Person>, Refusal> {
        let repository = self.repository(full_name)?;
        let mut people: Vec<(Permission, &str)> = self
            .users
            .values()
            .filter(|user| user.kind == "User")
            .map(|user| (repository.permission(&user.login), user.login.as_str()))
            .collect();
        people.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(other.1)));
        let person = |(permission, login): (Permission, &str)| Person {
            login: login.to_owned(),
            role: permission.role(),
            chosen: chosen == Some(login),
        };
        Ok(people.into_iter().map(person).collect())
    }
}

fn is_web(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://") || url.starts_with('/')
}

#[cfg(test)]
mod tests {
    use super::ago;

    #[test]
    fn times_are_told_in_the_largest_unit() {
        assert_eq!(ago(100, 95), "just now");
        assert_eq!(ago(200, 100), "1 minute ago");
        assert_eq!(ago(10_000, 100), "2 hours ago");
        assert_eq!(ago(1_000_000, 0), "11 days ago");
    }
}
