//! Check runs: what people see next to a commit.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::call::Call;
use super::client::Installation;
use super::error::GitHubError;
use super::pulls::Identified;
use crate::model::{CommitSha, RepositoryName};

/// The most annotations one request may carry (reference/github.md §3).
const ANNOTATIONS: usize = 50;

/// Longest summary or text, in bytes; GitHub allows 65,535 characters.
const TEXT_LIMIT: usize = 65_000;

/// Everything a check run shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckRunBody {
    /// Its name; required checks are matched by it.
    pub name: String,
    /// The commit it is on. An update cannot move it.
    pub head_sha: CommitSha,
    /// Our own id of it; given back in its events.
    pub external_id: String,
    /// Where its "Details" lead.
    pub details_url: Option<String>,
    /// How far it is.
    pub status: CheckStatus,
    /// When the work began, RFC 3339.
    pub started_at: Option<String>,
    /// When it ended, RFC 3339.
    pub completed_at: Option<String>,
    /// The headline.
    pub title: String,
    /// The text below it, Markdown.
    pub summary: String,
    /// More text, Markdown.
    pub text: Option<String>,
    /// Remarks on lines of files. GitHub appends them to those the check run has.
    pub annotations: Vec<Annotation>,
    /// Up to three buttons.
    pub actions: Vec<Button>,
}

/// How far a check run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckStatus {
    /// Nothing happened yet.
    Queued,
    /// It runs.
    InProgress,
    /// It ended.
    Completed(CheckConclusion),
}

/// How a check run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckConclusion {
    /// Well.
    Success,
    /// Badly.
    Failure,
    /// Neither; satisfies a required check.
    Neutral,
    /// Somebody stopped it.
    Cancelled,
    /// There was nothing to do; satisfies a required check.
    Skipped,
    /// It took too long.
    TimedOut,
    /// It waits for people.
    ActionRequired,
}

/// A remark on lines of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// The file, from the repository's root.
    pub path: String,
    /// First line, from 1.
    pub start_line: u32,
    /// Last line.
    pub end_line: u32,
    /// First column, from 1; only shown when it is one line.
    pub start_column: Option<u32>,
    /// How bad it is.
    pub level: AnnotationLevel,
    /// What is to say.
    pub message: String,
    /// Its headline.
    pub title: Option<String>,
}

/// How bad a remark is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AnnotationLevel {
    /// Worth knowing.
    Notice,
    /// Probably wrong.
    Warning,
    /// Wrong.
    Failure,
}

/// A button on a check run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Button {
    /// Its text, at most 20 characters.
    pub label: String,
    /// What it does, at most 40 characters.
    pub description: String,
    /// What its event says, at most 20 characters.
    pub identifier: String,
}

#[derive(Deserialize)]
struct CheckRunsPage {
    check_runs: Vec<CheckRunItem>,
}

#[derive(Deserialize)]
struct CheckRunItem {
    id: i64,
    external_id: Option<String>,
    app: Option<Identified>,
}

impl Installation {
    /// Creates a check run and answers its id. Annotations beyond 50 are added by further
    /// requests whose failure is only logged: the check run exists by then.
    ///
    /// # Errors
    /// `Rejected` with 422 when GitHub does not know the commit.
    pub async fn create_check_run(
        &self,
        repository: &RepositoryName,
        check: &CheckRunBody,
    ) -> Result<i64, GitHubError> {
        let mut body = check.fields();
        body.insert(String::from("head_sha"), json!(check.head_sha));
        let path = Call::path(repository, "check-runs");
        let call = Call::post(path, Value::Object(body));
        let created: Identified = self.caller.json(call).await?;
        self.append_annotations(repository, created.id, check).await;
        Ok(created.id)
    }

    /// Replaces what check run `id` shows; its annotations are added to those it has.
    ///
    /// # Errors
    /// `Forbidden` when another App created it.
    pub async fn update_check_run(
        &self,
        repository: &RepositoryName,
        id: i64,
        check: &CheckRunBody,
    ) -> Result<(), GitHubError> {
        let path = Call::path(repository, &format!("check-runs/{id}"));
        let call = Call::patch(path, Value::Object(check.fields()));
        self.caller.send(call).await?;
        self.append_annotations(repository, id, check).await;
        Ok(())
    }

    /// The newest check run of ours on `sha` with that name and external id: how to find out
    /// whether a create whose answer was lost has happened.
    ///
    /// # Errors
    /// `Rejected` with 422 when GitHub does not know the commit.
    pub async fn find_check_run(
        &self,
        repository: &RepositoryName,
        sha: &CommitSha,
        name: &str,
        external_id: &str,
    ) -> Result<Option<i64>, GitHubError> {
        let app_id = self.github.app_id();
        let call = Call::get(Call::path(repository, &format!("commits/{sha}/check-runs")))
            .query("check_name", name)
            .query("app_id", &app_id.to_string())
            .query("filter", "all");
        let items = self
            .caller
            .pages(call, |page: CheckRunsPage| page.check_runs)
            .await?;
        let is_it = |item: &CheckRunItem| {
            item.external_id.as_deref() == Some(external_id)
                && item.app.as_ref().is_some_and(|app| app.id == app_id)
        };
        Ok(items.into_iter().filter(is_it).map(|item| item.id).max())
    }

    async fn append_annotations(&self, repository: &RepositoryName, id: i64, check: &CheckRunBody) {
        for rest in check.annotations.chunks(ANNOTATIONS).skip(1) {
            let path = Call::path(repository, &format!("check-runs/{id}"));
            let call = Call::patch(path, json!({"output": check.output(rest)}));
            if let Err(error) = self.caller.send(call).await {
                tracing::warn!(%error, "annotations of a check run are missing");
                return;
            }
        }
    }
}

impl CheckRunBody {
    fn fields(&self) -> Map<String, Value> {
        let first = self.annotations.chunks(ANNOTATIONS).next();
        let (status, conclusion) = match self.status {
            CheckStatus::Queued => ("queued", None),
            CheckStatus::InProgress => ("in_progress", None),
            CheckStatus::Completed(conclusion) => ("completed", Some(conclusion)),
        };
        let optional = [
            ("details_url", json!(self.details_url)),
            ("conclusion", json!(conclusion)),
            ("started_at", json!(self.started_at)),
            ("completed_at", json!(self.completed_at)),
        ];
        let mut fields = Map::new();
        fields.insert(String::from("name"), json!(self.name));
        fields.insert(String::from("external_id"), json!(self.external_id));
        fields.insert(String::from("status"), json!(status));
        for (name, value) in optional {
            if !value.is_null() {
                fields.insert(name.to_owned(), value);
            }
        }
        fields.insert(
            String::from("output"),
            self.output(first.unwrap_or_default()),
        );
        fields.insert(String::from("actions"), json!(self.actions));
        fields
    }

    fn output(&self, annotations: &[Annotation]) -> Value {
        let mut output = json!({
            "title": self.title,
            "summary": cut(&self.summary, TEXT_LIMIT),
        });
        if let Some(text) = &self.text {
            output["text"] = json!(cut(text, TEXT_LIMIT));
        }
        if !annotations.is_empty() {
            output["annotations"] = annotations.iter().map(Annotation::fields).collect();
        }
        output
    }
}

impl Annotation {
    fn fields(&self) -> Value {
        let mut fields = json!({
            "path": self.path,
            "start_line": self.start_line,
            "end_line": self.end_line,
            "annotation_level": self.level,
            "message": cut(&self.message, TEXT_LIMIT),
        });
        if let Some(title) = &self.title {
            fields["title"] = json!(cut(title, 255));
        }
        if let Some(column) = self
            .start_column
            .filter(|_| self.start_line == self.end_line)
        {
            fields["start_column"] = json!(column);
        }
        fields
    }
}

/// `text`, shortened to what GitHub takes: a report that is too long must still be shown.
pub(super) fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(limit.saturating_sub('…'.len_utf8()));
    format!("{}…", &text[..end])
}
