//! Check runs: rendered from the latest truth, written only when they say something new.

use sha2::{Digest, Sha256};

use super::{Problem, Worker};
use crate::github::{
    Annotation, AnnotationLevel, Button, CheckConclusion, CheckRunBody, CheckStatus,
};
use crate::model::{CommitSha, Diagnostic, ReleaseName, RunName, Severity, Timestamp};
use crate::report::markdown::visible;
use crate::report::{self, CheckText, Conclusion};
use crate::store::{GithubObject, PendingEffect, Scope};

/// How many of a step's last log lines its check run shows.
const LOG_LINES: i64 = 40;

/// Where and since when a check run is.
struct Place<'a> {
    commit: &'a CommitSha,
    started: Option<Timestamp>,
    details_url: Option<String>,
}

impl Worker {
    pub(super) async fn commit_check(
        &self,
        effect: &PendingEffect,
        commit: &CommitSha,
    ) -> Result<(), Problem> {
        let text = self
            .commit_text(effect.effect.repository_id, commit)
            .await?;
        let Some(text) = text else {
            return self.settled(effect).await;
        };
        let place = Place {
            commit,
            started: None,
            details_url: None,
        };
        self.write_check(effect, &text, &place).await
    }

    pub(super) async fn intent_check(
        &self,
        effect: &PendingEffect,
        commit: &CommitSha,
    ) -> Result<(), Problem> {
        let repository_id = effect.effect.repository_id;
        let report = self.store.intent_report(repository_id, commit).await?;
        let Some(report) = report else {
            return self.settled(effect).await;
        };
        let place = Place {
            commit,
            started: None,
            details_url: None,
        };
        self.write_check(effect, &report::intent_check(&report), &place)
            .await
    }

    pub(super) async fn release_check(
        &self,
        effect: &PendingEffect,
        name: &ReleaseName,
    ) -> Result<(), Problem> {
        let (snapshot, _) = self
            .store
            .snapshot(&Scope::of_release(effect.installation_id, name))
            .await?;
        let Some(release) = snapshot.releases.get(name) else {
            return self.settled(effect).await;
        };
        let mut progress = self.progress(effect.installation_id, name).await?;
        progress.limited = self.limited(effect.installation_id, name).await?;
        let text = report::release_check(release, &snapshot, &progress, self.clock.now());
        let place = Place {
            commit: &release.commit,
            started: Some(release.created_at),
            details_url: None,
        };
        self.write_check(effect, &text, &place).await
    }

    pub(super) async fn run_check(
        &self,
        effect: &PendingEffect,
        name: &RunName,
    ) -> Result<(), Problem> {
        let scope = Scope::of_run(effect.installation_id, name);
        let (snapshot, _) = self.store.snapshot(&scope).await?;
        let row = self.store.run_by_name(effect.installation_id, name).await?;
        let (Some(release), Some(row)) = (snapshot.releases.get(&name.release), row) else {
            return self.settled(effect).await;
        };
        let progress = self.progress(effect.installation_id, &name.release).await?;
        let logs = self.store.last_logs(row.id, LOG_LINES).await?;
        let Some(text) = report::run_check(release, name, &progress, &logs) else {
            return self.settled(effect).await;
        };
        let place = Place {
            commit: &release.commit,
            started: snapshot.run(name).and_then(|run| run.started_at),
            details_url: progress.links.get(name).cloned(),
        };
        self.write_check(effect, &text, &place).await
    }

    /// Creates or updates the check run of `effect`. A create whose answer was lost is looked for first.
    async fn write_check(
        &self,
        effect: &PendingEffect,
        text: &CheckText,
        place: &Place<'_>,
    ) -> Result<(), Problem> {
        let digest = digest(text);
        let repository = self.repository_of(effect).await?;
        let installation = self.github.installation(effect.installation_id);
        let mut known = self
            .store
            .github_object(effect.installation_id, &effect.key)
            .await?;
        if known.as_ref().is_some_and(|known| known.digest == digest) {
            return self.settled(effect).await;
        }
        if known.is_none() && effect.is_unsure {
            let found = installation
                .find_check_run(&repository.name, place.commit, &text.name, &effect.key)
                .await?;
            // It was created with the annotations of now: the create that is in doubt is this one.
            known = found.map(|github_id| GithubObject {
                github_id,
                digest: unsaid(&digest),
            });
        }
        if known.is_some() && text.conclusion.is_none() {
            // How something goes on is told the more rarely the more there is to tell.
            if let Some(until) = self.is_too_soon(effect).await? {
                self.store.effect_waits(effect, until).await?;
                return Ok(());
            }
        }
        let mut body = body(effect, text, place, self.clock.now());
        if known
            .as_ref()
            .is_some_and(|known| unsaid(&known.digest) == unsaid(&digest))
        {
            // GitHub appends annotations to those that are there.
            body.annotations.clear();
        }
        let name = &repository.name;
        let github_id = match known.map(|known| known.github_id) {
            Some(id) => {
                installation.update_check_run(name, id, &body).await?;
                id
            }
            None => installation.create_check_run(name, &body).await?,
        };
        self.budgets.told(effect, self.clock.now());
        let object = GithubObject { github_id, digest };
        self.store
            .put_github_object(effect.installation_id, &effect.key, &object)
            .await?;
        self.settled(effect).await
    }
}

fn body(
    effect: &PendingEffect,
    text: &CheckText,
    place: &Place<'_>,
    now: Timestamp,
) -> CheckRunBody {
    let status = match text.conclusion {
        None => CheckStatus::InProgress,
        Some(conclusion) => CheckStatus::Completed(match conclusion {
            Conclusion::Success => CheckConclusion::Success,
            Conclusion::Failure => CheckConclusion::Failure,
            Conclusion::Neutral => CheckConclusion::Neutral,
            Conclusion::Cancelled => CheckConclusion::Cancelled,
            Conclusion::ActionRequired => CheckConclusion::ActionRequired,
        }),
    };
    let buttons = text.buttons.iter().map(|button| Button {
        label: button.label().to_owned(),
        description: button.description().to_owned(),
        identifier: button.identifier().to_owned(),
    });
    CheckRunBody {
        name: text.name.clone(),
        head_sha: place.commit.clone(),
        external_id: effect.key.clone(),
        details_url: place.details_url.clone(),
        status,
        started_at: place.started.map(Timestamp::rfc3339),
        completed_at: text.conclusion.map(|_| now.rfc3339()),
        title: visible(&text.title),
        summary: text.summary.clone(),
        text: None,
        annotations: text.annotations.iter().map(annotation).collect(),
        actions: buttons.collect(),
    }
}

/// GitHub wants a line; what concerns the whole file is shown on its first. Its message is no Markdown: what keeps words of
/// a page from being taken for names and numbers is not needed there.
fn annotation(diagnostic: &Diagnostic) -> Annotation {
    let line = diagnostic.line.max(1);
    let message = diagnostic.message.replace("@\u{200b}", "@");
    Annotation {
        path: diagnostic.path.clone(),
        start_line: line,
        end_line: line,
        start_column: (diagnostic.column > 0).then_some(diagnostic.column),
        level: match diagnostic.severity {
            Severity::Notice => AnnotationLevel::Notice,
            Severity::Warning => AnnotationLevel::Warning,
            Severity::Error => AnnotationLevel::Failure,
        },
        message: visible(&message),
        title: None,
    }
}

/// What tells whether a check run says something new. How long something has been running is not news by itself, and
/// times are not part of the text of what has ended.
///
/// Two digests with a space between: of all, and of the annotations.
fn digest(text: &CheckText) -> String {
    let all = hex::encode(Sha256::digest(format!("{text:?}")));
    let annotations = hex::encode(Sha256::digest(format!("{:?}", text.annotations)));
    format!("{all} {annotations}")
}

/// The digest of a check run that must be written again though it has its annotations.
pub(super) fn unsaid(digest: &str) -> String {
    let annotations = digest.split_once(' ').map_or("", |(_, rest)| rest);
    format!(" {annotations}")
}
