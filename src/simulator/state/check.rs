//! Check suites and check runs.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::refusal::Refusal;
use super::world::World;

/// The checks of one App for one commit.
#[derive(Clone, Debug)]
pub struct CheckSuite {
    /// GitHub's id.
    pub id: u64,
    /// The commit.
    pub head_sha: String,
    /// The branch that was pushed; none for the head of a fork.
    pub head_branch: Option<String>,
    /// The branch's tip before the push.
    pub before: Option<String>,
    /// Whose checks.
    pub app: CheckApp,
    /// Seconds since 1970.
    pub created_at: i64,
}

/// Who writes a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckApp {
    /// The App of the manifest.
    Ours,
    /// GitHub Actions: one check run for each job.
    Actions,
}

/// A check run.
#[derive(Clone, Debug)]
pub struct CheckRun {
    /// GitHub's id.
    pub id: u64,
    /// Its suite.
    pub suite: u64,
    /// Whose it is.
    pub app: CheckApp,
    /// The commit.
    pub head_sha: String,
    /// What required checks match.
    pub name: String,
    /// The App's own id.
    pub external_id: Option<String>,
    /// Where "Details" leads.
    pub details_url: Option<String>,
    /// `queued`, `in_progress` or `completed`.
    pub status: String,
    /// Set when completed.
    pub conclusion: Option<String>,
    /// As the App gave it.
    pub started_at: Option<String>,
    /// As the App gave it, or the time of completion.
    pub completed_at: Option<String>,
    /// Heading of the output.
    pub title: Option<String>,
    /// Markdown.
    pub summary: Option<String>,
    /// Markdown.
    pub text: Option<String>,
    /// In the order they arrived; several requests append.
    pub annotations: Vec<Annotation>,
    /// The buttons.
    pub actions: Vec<Action>,
    /// How often the App wrote to it.
    pub writes: u64,
    /// Seconds since 1970.
    pub(crate) created_at: i64,
}

/// A remark on lines of a file.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Annotation {
    /// Of the file.
    pub path: String,
    /// First line, from 1.
    pub start_line: u64,
    /// Last line.
    pub end_line: u64,
    /// Only when first and last line are the same.
    #[serde(default)]
    pub start_column: Option<u64>,
    /// Only when first and last line are the same.
    #[serde(default)]
    pub end_column: Option<u64>,
    /// `notice`, `warning` or `failure`.
    pub annotation_level: String,
    /// At most 64 KB.
    pub message: String,
    /// At most 255 characters.
    #[serde(default)]
    pub title: Option<String>,
    /// At most 64 KB.
    #[serde(default)]
    pub raw_details: Option<String>,
}

/// A button on a check run.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// At most 20 characters.
    pub label: String,
    /// At most 40 characters.
    pub description: String,
    /// At most 20 characters; comes back when the button is pressed.
    pub identifier: String,
}

/// What a request sets; the rest stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct CheckRunChange {
    pub(crate) name: Option<String>,
    pub(crate) details_url: Option<String>,
    pub(crate) external_id: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) conclusion: Option<String>,
    pub(crate) started_at: Option<String>,
    pub(crate) completed_at: Option<String>,
    /// Title (kept when none), summary, text.
    pub(crate) output: Option<(Option<String>, Option<String>, Option<String>)>,
    pub(crate) annotations: Vec<Annotation>,
    pub(crate) actions: Option<Vec<Action>>,
}

impl World {
    /// The suite of an App at a commit, created when there is none.
    pub(crate) fn check_suite(
        &mut self,
        full_name: &str,
        head_sha: &str,
        head_branch: Option<&str>,
        app: CheckApp,
    ) -> Result<u64, Refusal> {
        let id = self.ids.next("check_suite");
        let created_at = self.now();
        let repository = self.repository_mut(full_name)?;
        let same = |suite: &&CheckSuite| suite.head_sha == head_sha && suite.app == app;
        if let Some(suite) = repository.check_suites.values().find(same) {
            return Ok(suite.id);
        }
        let references = repository.git.references("refs/heads/")?;
        let found = references
            .iter()
            .find(|(_, tip)| tip == head_sha)
            .map(|(name, _)| name.as_str());
        let head_branch =
            head_branch.or_else(|| found.and_then(|name| name.strip_prefix("refs/heads/")));
        let head_branch = head_branch.map(str::to_owned);
        let suite = CheckSuite {
            id,
            head_sha: head_sha.to_owned(),
            head_branch,
            before: None,
            app,
            created_at,
        };
        repository.check_suites.insert(id, suite);
        Ok(id)
    }

    /// What GitHub does on every push for an App that may write checks.
    pub(crate) fn request_check_suite(
        &mut self,
        full_name: &str,
        branch: &str,
        before: &str,
        after: &str,
        login: &str,
    ) -> Result<(), Refusal> {
        if !self.app_may("checks", "write") || self.repository(full_name)?.installation.is_none() {
            return Ok(());
        }
        let id = self.check_suite(full_name, after, Some(branch), CheckApp::Ours)?;
        if let Some(suite) = self.repository_mut(full_name)?.check_suites.get_mut(&id) {
            suite.before = Some(before.to_owned());
        }
        let suite = self.check_suite_json(full_name, id)?;
        self.emit(
            full_name,
            "check_suite",
            Some("requested"),
            login,
            json!({"check_suite": suite}),
        )
    }

    /// Creates a check run of an App.
    pub(crate) fn create_check_run(
        &mut self,
        full_name: &str,
        head_sha: &str,
        app: CheckApp,
        change: CheckRunChange,
        login: &str,
    ) -> Result<u64, Refusal> {
        if self.repository(full_name)?.git.resolve(head_sha).as_deref() != Some(head_sha) {
            return Err(Refusal::unprocessable(format!(
                "No commit found for SHA: {head_sha}"
            )));
        }
        let suite = self.check_suite(full_name, head_sha, None, app)?;
        let id = self.ids.next("check_run");
        let check_run = CheckRun {
            id,
            suite,
            app,
            head_sha: head_sha.to_owned(),
            name: change.name.clone().unwrap_or_default(),
            external_id: None,
            details_url: None,
            status: "queued".to_owned(),
            conclusion: None,
            started_at: None,
            completed_at: None,
            title: None,
            summary: None,
            text: None,
            annotations: Vec::new(),
            actions: Vec::new(),
            writes: 0,
            created_at: self.now(),
        };
        self.repository_mut(full_name)?
            .check_runs
            .insert(id, check_run);
        self.apply_check_run(full_name, id, change)?;
        self.emit_check_run(full_name, id, "created", login)?;
        self.emit_completion(full_name, id, login)?;
        Ok(id)
    }

    /// Changes a check run.
    pub(crate) fn change_check_run(
        &mut self,
        full_name: &str,
        id: u64,
        change: CheckRunChange,
        login: &str,
    ) -> Result<(), Refusal> {
        let before = self.check_run(full_name, id)?.status.clone();
        self.apply_check_run(full_name, id, change)?;
        if before == "completed" {
            Ok(())
        } else {
            self.emit_completion(full_name, id, login)
        }
    }

    /// A check run by its id.
    pub(crate) fn check_run(&self, full_name: &str, id: u64) -> Result<&CheckRun, Refusal> {
        self.repository(full_name)?
            .check_runs
            .get(&id)
            .ok_or_else(Refusal::not_found)
    }

    fn apply_check_run(
        &mut self,
        full_name: &str,
        id: u64,
        change: CheckRunChange,
    ) -> Result<(), Refusal> {
        let now = crate::simulator::timestamp::iso8601(self.now());
        let repository = self.repository_mut(full_name)?;
        let check_run = repository
            .check_runs
            .get_mut(&id)
            .ok_or_else(Refusal::not_found)?;
        check_run.writes += 1;
        let CheckRunChange {
            name,
            details_url,
            external_id,
            status,
            conclusion,
            started_at,
            completed_at,
            output,
            ..
        } = change;
        check_run.name = name.unwrap_or_else(|| check_run.name.clone());
        check_run.details_url = details_url.or(check_run.details_url.take());
        check_run.external_id = external_id.or(check_run.external_id.take());
        check_run.started_at = started_at.or(check_run.started_at.take());
        // A conclusion completes a check run whatever the status says; leaving "completed" clears it.
        let status = if conclusion.is_some() {
            Some("completed".to_owned())
        } else {
            status
        };
        check_run.status = status.unwrap_or_else(|| check_run.status.clone());
        if check_run.status == "completed" {
            check_run.conclusion = conclusion.or(check_run.conclusion.take());
            check_run.completed_at = completed_at.or(check_run.completed_at.take()).or(Some(now));
        } else {
            check_run.conclusion = None;
            check_run.completed_at = None;
        }
        if let Some((title, summary, text)) = output {
            check_run.title = title.or(check_run.title.take());
            check_run.summary = summary;
            check_run.text = text;
        }
        check_run.annotations.extend(change.annotations);
        check_run.actions = change
            .actions
            .unwrap_or_else(|| std::mem::take(&mut check_run.actions));
        Ok(())
    }
}
