//! Branches whose files say what should be: who follows which, and what of them has been taken over.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::documents::LIST;
use super::repositories::{REPOSITORY_COLUMNS, read_repository};
use super::{Repository, Result, Store, from_json, parse, placeholders, to_json};
use crate::engine::plan::IntentFiles;
use crate::model::{CommitSha, IntentBranch, IntentFile, IntentReport, Reference, RepositoryName};
use crate::store::database::{Row, Transaction, query};

/// Remembers which branch a repository follows. `true` if that is another one than before.
pub(super) async fn follow(
    transaction: &mut Transaction,
    installation_id: i64,
    follower: i64,
    branch: Option<&IntentBranch>,
) -> Result<bool> {
    let Some(branch) = branch else {
        query("DELETE FROM intent_branch WHERE follower_id = $1")
            .bind(follower)
            .execute(&mut **transaction)
            .await?;
        return Ok(false);
    };
    let name = branch.branch.as_deref().unwrap_or_default();
    let changed = query(
        "INSERT INTO intent_branch (follower_id, installation_id, repository, branch) \
         VALUES ($1, $2, $3, $4) ON CONFLICT (follower_id) DO UPDATE SET \
         installation_id = excluded.installation_id, repository = excluded.repository, branch = excluded.branch \
         WHERE intent_branch.repository <> excluded.repository OR intent_branch.branch <> excluded.branch \
         OR intent_branch.installation_id <> excluded.installation_id",
    )
    .bind(follower)
    .bind(installation_id)
    .bind(branch.repository.as_str())
    .bind(name)
    .execute(&mut **transaction)
    .await?;
    Ok(changed > 0)
}

pub(super) async fn put_files(transaction: &mut Transaction, taken: &IntentFiles) -> Result<()> {
    query(
        "INSERT INTO intent_head (repository_id, branch, commit_sha) VALUES ($1, $2, $3) \
         ON CONFLICT (repository_id, branch) DO UPDATE SET commit_sha = excluded.commit_sha",
    )
    .bind(taken.repository_id)
    .bind(&taken.branch)
    .bind(taken.commit.as_str())
    .execute(&mut **transaction)
    .await?;
    for file in &taken.files {
        let value = file.value.as_ref();
        let value = value.map(|value| to_json("intent", value)).transpose()?;
        query(
            "INSERT INTO intent_file (repository_id, branch, path, blob_sha, reference, value, pusher, has_failed) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (repository_id, branch, path) DO UPDATE SET \
             blob_sha = excluded.blob_sha, reference = excluded.reference, value = excluded.value, \
             pusher = excluded.pusher, has_failed = excluded.has_failed",
        )
        .bind(taken.repository_id)
        .bind(&taken.branch)
        .bind(&file.path)
        .bind(&file.blob)
        .bind(file.reference.as_ref().map(ToString::to_string))
        .bind(value)
        .bind(&file.pusher)
        .bind(i64::from(file.has_failed))
        .execute(&mut **transaction)
        .await?;
    }
    for path in &taken.gone {
        query("DELETE FROM intent_file WHERE repository_id = $1 AND branch = $2 AND path = $3")
            .bind(taken.repository_id)
            .bind(&taken.branch)
            .bind(path)
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}

pub(super) async fn put_report(
    transaction: &mut Transaction,
    repository_id: i64,
    commit: &CommitSha,
    report: &IntentReport,
) -> Result<()> {
    query(
        "INSERT INTO intent_report (repository_id, commit_sha, report) VALUES ($1, $2, $3) \
         ON CONFLICT (repository_id, commit_sha) DO UPDATE SET report = excluded.report",
    )
    .bind(repository_id)
    .bind(commit.as_str())
    .bind(to_json("report", report)?)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

fn read_file(row: &Row) -> Result<IntentFile> {
    let reference: Option<String> = row.get(2);
    let value: Option<String> = row.get(3);
    Ok(IntentFile {
        path: row.get(0),
        blob: row.get(1),
        reference: reference
            .map(|text| parse("reference", &text))
            .transpose()?,
        value: value.map(|text| from_json("intent", &text)).transpose()?,
        pusher: row.get(4),
        has_failed: row.get::<bool>(5),
    })
}

impl Store {
    /// The repositories that follow a branch, in the order of their names in refs; `is_default` if it is the default
    /// branch of its repository.
    ///
    /// # Errors
    /// When the database does.
    pub async fn intent_followers(
        &self,
        installation_id: i64,
        repository: &RepositoryName,
        branch: &str,
        is_default: bool,
    ) -> Result<Vec<Repository>> {
        let sql = format!(
            "SELECT {REPOSITORY_COLUMNS} FROM repository WHERE id IN (SELECT follower_id FROM intent_branch \
             WHERE installation_id = $1 AND repository = $2 AND branch IN ($3, $4)) AND is_gone = 0 \
             ORDER BY reference_name"
        );
        let rows = query(sql)
            .bind(installation_id)
            .bind(repository.as_str())
            .bind(branch)
            .bind(if is_default { "" } else { branch })
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(read_repository).collect()
    }

    /// The branch that a repository follows.
    ///
    /// # Errors
    /// When the database does.
    pub async fn intent_branch(&self, follower: i64) -> Result<Option<IntentBranch>> {
        let row = query("SELECT repository, branch FROM intent_branch WHERE follower_id = $1")
            .bind(follower)
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| {
            let branch: String = row.get(1);
            Ok(IntentBranch {
                repository: parse("repository", row.get(0))?,
                branch: (!branch.is_empty()).then_some(branch),
            })
        })
        .transpose()
    }

    /// The commit up to which a branch was taken over.
    ///
    /// # Errors
    /// When the database does.
    pub async fn intent_head(&self, repository_id: i64, branch: &str) -> Result<Option<CommitSha>> {
        let row =
            query("SELECT commit_sha FROM intent_head WHERE repository_id = $1 AND branch = $2")
                .bind(repository_id)
                .bind(branch)
                .fetch_optional(&self.readers)
                .await?;
        row.map(|row| parse("commit", row.get(0))).transpose()
    }

    /// The branches of a repository that were taken over up to that commit.
    ///
    /// # Errors
    /// When the database does.
    pub async fn intent_branches_at(
        &self,
        repository_id: i64,
        commit: &CommitSha,
    ) -> Result<Vec<String>> {
        let rows =
            query("SELECT branch FROM intent_head WHERE repository_id = $1 AND commit_sha = $2 ORDER BY branch")
                .bind(repository_id)
                .bind(commit.as_str())
                .fetch_all(&self.readers)
                .await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// The files of a branch as they were taken over, by path.
    ///
    /// # Errors
    /// When the database does.
    pub async fn intent_files(
        &self,
        repository_id: i64,
        branch: &str,
    ) -> Result<BTreeMap<String, IntentFile>> {
        let rows = query(
            "SELECT path, blob_sha, reference, value, pusher, has_failed FROM intent_file \
             WHERE repository_id = $1 AND branch = $2",
        )
        .bind(repository_id)
        .bind(branch)
        .fetch_all(&self.readers)
        .await?;
        let mut files = BTreeMap::new();
        for row in &rows {
            let file = read_file(row)?;
            files.insert(file.path.clone(), file);
        }
        Ok(files)
    }

    /// What the check run `ocuroot / intent` says about a commit.
    ///
    /// # Errors
    /// When the database does.
    pub async fn intent_report(
        &self,
        repository_id: i64,
        commit: &CommitSha,
    ) -> Result<Option<IntentReport>> {
        let row =
            query("SELECT report FROM intent_report WHERE repository_id = $1 AND commit_sha = $2")
                .bind(repository_id)
                .bind(commit.as_str())
                .fetch_optional(&self.readers)
                .await?;
        row.map(|row| from_json("report", row.get(0))).transpose()
    }

    /// What should be at each of the refs where anything should.
    ///
    /// # Errors
    /// When the database does.
    pub async fn intents_at(
        &self,
        installation_id: i64,
        references: &BTreeSet<Reference>,
    ) -> Result<BTreeMap<Reference, Value>> {
        let texts: Vec<String> = references.iter().map(ToString::to_string).collect();
        let mut found = BTreeMap::new();
        for chunk in texts.chunks(LIST) {
            let sql = format!(
                "SELECT reference, body FROM intent WHERE installation_id = $1 AND reference IN {}",
                placeholders(2, chunk.len())
            );
            let mut query = query(sql).bind(installation_id);
            for text in chunk {
                query = query.bind(text);
            }
            for row in query.fetch_all(&self.readers).await? {
                found.insert(
                    parse("intent", row.get(0))?,
                    from_json("intent", row.get(1))?,
                );
            }
        }
        Ok(found)
    }
}
