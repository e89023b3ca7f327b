//! GitHub's objects for ours, and what check runs say.

use std::collections::{BTreeMap, BTreeSet};

use super::names::release_name;
use super::{Result, Store, from_json, parse, to_json};
use crate::engine::CommitReport;
use crate::engine::plan::Call;
use crate::model::{CommitSha, EnvironmentName, RunName, RunNumber};
use crate::store::database::{Transaction, query};

/// What a report has that is said for no pull request: the numbers of those begin at 1.
const NO_PULL_REQUEST: i64 = 0;

/// Writes down what the check run `ocuroot` says about a commit of a repository, for a pull request or for none.
pub(super) async fn put_report(
    transaction: &mut Transaction,
    (repository_id, commit, pull_request): (i64, &CommitSha, Option<i64>),
    report: &CommitReport,
) -> Result<()> {
    query(
        "INSERT INTO commit_report (repository_id, commit_sha, pull_request, report) \
         VALUES ($1, $2, $3, $4) ON CONFLICT (repository_id, commit_sha, pull_request) \
         DO UPDATE SET report = excluded.report",
    )
    .bind(repository_id)
    .bind(commit.as_str())
    .bind(pull_request.unwrap_or(NO_PULL_REQUEST))
    .bind(to_json("report", report)?)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// GitHub's object for one of ours.
#[derive(Clone, Debug, PartialEq)]
pub struct GithubObject {
    /// GitHub's id of it.
    pub github_id: i64,
    /// Digest of what was last written to it: writing the same again is spared.
    pub digest: String,
}

impl Store {
    /// GitHub's object for `key`, if one was made.
    ///
    /// # Errors
    /// When the database does.
    pub async fn github_object(
        &self,
        installation_id: i64,
        key: &str,
    ) -> Result<Option<GithubObject>> {
        let row = query(
            "SELECT github_id, digest FROM github_object WHERE installation_id = $1 AND key = $2",
        )
        .bind(installation_id)
        .bind(key)
        .fetch_optional(&self.readers)
        .await?;
        Ok(row.map(|row| GithubObject {
            github_id: row.get(0),
            digest: row.get(1),
        }))
    }

    /// Our key of a check run of GitHub's.
    ///
    /// # Errors
    /// When the database does.
    pub async fn key_of_github_object(
        &self,
        installation_id: i64,
        github_id: i64,
    ) -> Result<Option<String>> {
        let row = query(
            "SELECT key FROM github_object WHERE installation_id = $1 AND github_id = $2 \
             AND key LIKE '% check %'",
        )
        .bind(installation_id)
        .bind(github_id)
        .fetch_optional(&self.readers)
        .await?;
        Ok(row.map(|row| row.get(0)))
    }

    /// Our keys of the check runs that releases of a commit and their steps have.
    ///
    /// # Errors
    /// When the database does.
    pub async fn checks_of_commit(
        &self,
        installation_id: i64,
        repository_id: i64,
        commit: &CommitSha,
    ) -> Result<Vec<String>> {
        let rows = query(
            "SELECT package.repository, package.path, release.number, run.task, run.number \
             FROM release JOIN package ON package.id = release.package_id \
             LEFT JOIN run ON run.release_id = release.id \
             WHERE release.repository_id = $1 AND release.commit_sha = $2 ORDER BY run.id",
        )
        .bind(repository_id)
        .bind(commit.as_str())
        .fetch_all(&self.readers)
        .await?;
        let mut keys = Vec::new();
        for row in rows {
            let release = release_name(&row, 0);
            if let Some(task) = row.get::<Option<String>>(3) {
                let run = RunName {
                    release: release.clone(),
                    key: parse("task", &task)?,
                    number: RunNumber(row.get(4)),
                };
                keys.push(Call::RunCheck { run }.key());
            }
            keys.push(Call::ReleaseCheck { release }.key());
        }
        keys.sort();
        keys.dedup();
        let mut written = Vec::new();
        for key in keys {
            if self.github_object(installation_id, &key).await?.is_some() {
                written.push(key);
            }
        }
        Ok(written)
    }

    /// Remembers GitHub's object for `key` and what was written to it.
    ///
    /// # Errors
    /// When the database does.
    pub async fn put_github_object(
        &self,
        installation_id: i64,
        key: &str,
        object: &GithubObject,
    ) -> Result<()> {
        query(
            "INSERT INTO github_object (installation_id, key, github_id, digest) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (installation_id, key) DO UPDATE SET \
             github_id = excluded.github_id, digest = excluded.digest",
        )
        .bind(installation_id)
        .bind(key)
        .bind(object.github_id)
        .bind(&object.digest)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// What the check run `ocuroot` is to say about a commit, by the pull request it is said for.
    ///
    /// # Errors
    /// When the database does.
    pub async fn commit_reports(
        &self,
        repository_id: i64,
        commit: &CommitSha,
    ) -> Result<BTreeMap<Option<i64>, CommitReport>> {
        let rows = query(
            "SELECT pull_request, report FROM commit_report \
             WHERE repository_id = $1 AND commit_sha = $2",
        )
        .bind(repository_id)
        .bind(commit.as_str())
        .fetch_all(&self.readers)
        .await?;
        let mut reports = BTreeMap::new();
        for row in rows {
            let number: i64 = row.get(0);
            let number = (number != NO_PULL_REQUEST).then_some(number);
            reports.insert(number, from_json("report", row.get(1))?);
        }
        Ok(reports)
    }

    /// The heads of the repository's open pull requests whose previews deploy to the environment.
    ///
    /// # Errors
    /// When the database does.
    pub async fn heads_that_go_to(
        &self,
        repository_id: i64,
        environment: &EnvironmentName,
    ) -> Result<BTreeSet<CommitSha>> {
        // As the keys of tasks stand in the report. A `_` of the name matches more, which does no harm.
        let deployment = format!("%\"deploy/{environment}\"%");
        let rows = query(
            "SELECT pull_request.head_sha FROM pull_request JOIN commit_report \
             ON commit_report.repository_id = pull_request.repository_id \
             AND commit_report.commit_sha = pull_request.head_sha \
             AND commit_report.pull_request = pull_request.number \
             WHERE pull_request.repository_id = $1 AND pull_request.is_open = 1 \
             AND commit_report.report LIKE $2",
        )
        .bind(repository_id)
        .bind(deployment)
        .fetch_all(&self.readers)
        .await?;
        let heads = rows.iter().map(|row| parse("commit", row.get(0)));
        heads.collect()
    }
}
