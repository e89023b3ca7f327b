//! Writing a decision down: changes, calls and the delivery that caused it, in one transaction.

use sqlx::{Row, Sqlite, Transaction};

use super::{Result, Store, documents, outbox, to_json};
use crate::engine::{Change, Plan, Release, Run};
use crate::model::{CommitSha, PackageName, ReleaseName, RunName, Timestamp};

/// A decision, with what must go down together with it.
#[derive(Clone, Debug)]
pub struct Commit<'a> {
    /// The workspace.
    pub installation_id: i64,
    /// The workspace's version the decision was made on.
    pub version: i64,
    /// The decision.
    pub plan: &'a Plan,
    /// What becomes done by it.
    pub done: Done<'a>,
    /// The head of a default branch that has been turned into releases: repository and commit.
    pub released: Option<(i64, CommitSha)>,
    /// When it was made.
    pub now: Timestamp,
}

/// What a decision settles.
#[derive(Clone, Copy, Debug)]
pub enum Done<'a> {
    /// A delivery of the inbox.
    Delivery(i64),
    /// A call of the outbox (an attempt on the server, a start GitHub refused).
    Effect(&'a super::PendingEffect),
    /// Nothing that was written down.
    Nothing,
}

/// Whether the decision was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committed {
    /// It was.
    Yes,
    /// Another decision was written meanwhile: decide again.
    Outdated,
}

impl Store {
    /// Writes a decision, unless the workspace has moved since its snapshot.
    ///
    /// # Errors
    /// When the database does; then nothing of it was written.
    pub async fn commit(&self, commit: &Commit<'_>) -> Result<Committed> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let moved = sqlx::query(
            "INSERT INTO workspace (installation_id, version) VALUES ($1, 1) \
             ON CONFLICT (installation_id) DO UPDATE SET version = workspace.version + 1 \
             WHERE workspace.version = $2",
        )
        .bind(commit.installation_id)
        .bind(commit.version)
        .execute(&mut *transaction)
        .await?;
        if moved.rows_affected() == 0 {
            transaction.rollback().await?;
            return Ok(Committed::Outdated);
        }
        for change in &commit.plan.changes {
            apply(&mut transaction, commit.installation_id, change, commit.now).await?;
        }
        outbox::insert(
            &mut transaction,
            commit.installation_id,
            &commit.plan.effects,
            commit.now,
        )
        .await?;
        settle(&mut transaction, commit).await?;
        transaction.commit().await?;
        Ok(Committed::Yes)
    }
}

async fn settle(transaction: &mut Transaction<'_, Sqlite>, commit: &Commit<'_>) -> Result<()> {
    match commit.done {
        Done::Delivery(id) => {
            sqlx::query("UPDATE delivery SET state = 'done', note = NULL WHERE id = $1")
                .bind(id)
                .execute(&mut **transaction)
                .await?;
        }
        Done::Effect(effect) => {
            sqlx::query(
                "UPDATE effect SET state = 'done', is_unsure = 0, error = NULL \
                 WHERE installation_id = $1 AND key = $2",
            )
            .bind(effect.installation_id)
            .bind(&effect.key)
            .execute(&mut **transaction)
            .await?;
        }
        Done::Nothing => {}
    }
    if let Some((repository_id, head)) = &commit.released {
        sqlx::query("UPDATE repository SET released_commit = $1 WHERE id = $2")
            .bind(head.as_str())
            .bind(repository_id)
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}

async fn apply(
    transaction: &mut Transaction<'_, Sqlite>,
    installation_id: i64,
    change: &Change,
    now: Timestamp,
) -> Result<()> {
    match change {
        Change::PutRelease(release) => put_release(transaction, installation_id, release).await,
        Change::PutRun(name, run) => put_run(transaction, installation_id, name, run).await,
        Change::PutDocument(reference, value) => {
            documents::put(transaction, installation_id, reference, value, now).await
        }
        Change::DeleteDocument(reference) => {
            documents::delete(transaction, installation_id, reference).await
        }
        Change::PutTag(package, tag, release) => {
            put_tag(transaction, installation_id, package, tag, release).await
        }
        Change::WatchAlso(package, paths) => {
            watch_also(transaction, installation_id, package, paths).await
        }
        Change::PutCommitReport {
            repository_id,
            commit,
            report,
        } => {
            sqlx::query(
                "INSERT INTO commit_report (repository_id, commit_sha, report) VALUES ($1, $2, $3) \
                 ON CONFLICT (repository_id, commit_sha) DO UPDATE SET report = excluded.report",
            )
            .bind(repository_id)
            .bind(commit.as_str())
            .bind(to_json("report", report)?)
            .execute(&mut **transaction)
            .await?;
            Ok(())
        }
        Change::Replan(package) => replan_later(transaction, installation_id, package, now).await,
    }
}

/// The package's row; made by the caller of the engine before the first release (it knows the repository).
async fn package_id(
    transaction: &mut Transaction<'_, Sqlite>,
    installation_id: i64,
    package: &PackageName,
) -> Result<i64> {
    let row = sqlx::query(
        "SELECT id FROM package WHERE installation_id = $1 AND repository = $2 AND path = $3",
    )
    .bind(installation_id)
    .bind(&package.repository)
    .bind(&package.path)
    .fetch_one(&mut **transaction)
    .await?;
    Ok(row.get(0))
}

async fn put_release(
    transaction: &mut Transaction<'_, Sqlite>,
    installation_id: i64,
    release: &Release,
) -> Result<()> {
    let package = &release.name.package;
    sqlx::query(
        "INSERT INTO package (installation_id, repository_id, repository, path, watch, loads) \
         VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (installation_id, repository, path) DO UPDATE SET \
         repository_id = excluded.repository_id, watch = excluded.watch, loads = excluded.loads",
    )
    .bind(installation_id)
    .bind(release.repository_id)
    .bind(&package.repository)
    .bind(&package.path)
    .bind(
        release
            .package
            .watch
            .as_ref()
            .map(|globs| to_json("watch", globs))
            .transpose()?,
    )
    .bind(to_json("loads", &release.package.loads)?)
    .execute(&mut **transaction)
    .await?;
    let package_id = package_id(transaction, installation_id, package).await?;
    sqlx::query(
        "INSERT INTO release (package_id, number, repository_id, commit_sha, package, until, \
         pull_request, reply_to, created_at, is_open) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
         ON CONFLICT (package_id, number) DO UPDATE SET package = excluded.package, \
         until = excluded.until, pull_request = excluded.pull_request, \
         reply_to = excluded.reply_to, is_open = excluded.is_open",
    )
    .bind(package_id)
    .bind(release.name.number.0)
    .bind(release.repository_id)
    .bind(release.commit.as_str())
    .bind(to_json("package", &release.package)?)
    .bind(release.until.as_ref().map(|environment| environment.as_str()))
    .bind(release.pull_request)
    .bind(release.reply_to)
    .bind(release.created_at.0)
    .bind(i64::from(release.is_open()))
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

async fn put_run(
    transaction: &mut Transaction<'_, Sqlite>,
    installation_id: i64,
    name: &RunName,
    run: &Run,
) -> Result<()> {
    let package_id = package_id(transaction, installation_id, &name.release.package).await?;
    let release = sqlx::query("SELECT id FROM release WHERE package_id = $1 AND number = $2")
        .bind(package_id)
        .bind(name.release.number.0)
        .fetch_one(&mut **transaction)
        .await?;
    let release_id: i64 = release.get(0);
    let row = sqlx::query(
        "INSERT INTO run (release_id, task, number, kind, state, fence, calls, outputs, error, \
         created_at, started_at, finished_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
         ON CONFLICT (release_id, task, number) DO UPDATE SET state = excluded.state, \
         fence = excluded.fence, calls = excluded.calls, outputs = excluded.outputs, \
         error = excluded.error, started_at = excluded.started_at, finished_at = excluded.finished_at, \
         claim_nonce = CASE WHEN run.fence = excluded.fence THEN run.claim_nonce END, \
         report_token = CASE WHEN run.fence = excluded.fence THEN run.report_token END \
         RETURNING id",
    )
    .bind(release_id)
    .bind(name.key.to_string())
    .bind(name.number.0)
    .bind(word(&run.kind)?)
    .bind(word(&run.state)?)
    .bind(run.fence)
    .bind(to_json("calls", &run.calls)?)
    .bind(to_json("outputs", &run.outputs)?)
    .bind(run.error.as_deref())
    .bind(run.created_at.0)
    .bind(run.started_at.map(|time| time.0))
    .bind(run.finished_at.map(|time| time.0))
    .fetch_one(&mut **transaction)
    .await?;
    put_edges(transaction, installation_id, row.get(0), run).await?;
    // A release is open while any run of it is unfinished. Its own row is written only when it changes, so this is
    // kept true here, where its runs are.
    sqlx::query(
        "UPDATE release SET is_open = EXISTS (SELECT 1 FROM run WHERE run.release_id = $1 AND \
         run.state IN ('pending', 'starting', 'running', 'paused')) WHERE id = $1",
    )
    .bind(release_id)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

async fn put_edges(
    transaction: &mut Transaction<'_, Sqlite>,
    installation_id: i64,
    run_id: i64,
    run: &Run,
) -> Result<()> {
    sqlx::query("DELETE FROM input_edge WHERE run_id = $1")
        .bind(run_id)
        .execute(&mut **transaction)
        .await?;
    for reference in &run.waits {
        sqlx::query(
            "INSERT INTO input_edge (run_id, installation_id, reference) VALUES ($1, $2, $3)",
        )
        .bind(run_id)
        .bind(installation_id)
        .bind(reference.to_string())
        .execute(&mut **transaction)
        .await?;
    }
    Ok(())
}

/// An enum that serde writes as a word, without the quotes.
fn word<T: serde::Serialize>(value: &T) -> Result<String> {
    Ok(to_json("word", value)?.trim_matches('"').to_owned())
}

async fn put_tag(
    transaction: &mut Transaction<'_, Sqlite>,
    installation_id: i64,
    package: &PackageName,
    tag: &str,
    release: &ReleaseName,
) -> Result<()> {
    let package_id = package_id(transaction, installation_id, package).await?;
    sqlx::query(
        "INSERT INTO tag (package_id, tag, number) VALUES ($1, $2, $3) \
         ON CONFLICT (package_id, tag) DO UPDATE SET number = excluded.number",
    )
    .bind(package_id)
    .bind(tag)
    .bind(release.number.0)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

async fn watch_also(
    transaction: &mut Transaction<'_, Sqlite>,
    installation_id: i64,
    package: &PackageName,
    paths: &[String],
) -> Result<()> {
    let package_id = package_id(transaction, installation_id, package).await?;
    sqlx::query("UPDATE package SET also = $1 WHERE id = $2")
        .bind(to_json("watched paths", &paths)?)
        .bind(package_id)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// An internal message in the inbox, one per package however many decisions ask for it while it waits.
async fn replan_later(
    transaction: &mut Transaction<'_, Sqlite>,
    installation_id: i64,
    package: &PackageName,
    now: Timestamp,
) -> Result<()> {
    let version = sqlx::query("SELECT version FROM workspace WHERE installation_id = $1")
        .bind(installation_id)
        .fetch_one(&mut **transaction)
        .await?;
    let version: i64 = version.get(0);
    sqlx::query(
        "INSERT INTO delivery (key, event, installation_id, body, received_at, due_at) \
         VALUES ($1, 'ocuroot.replan', $2, $3, $4, $4) ON CONFLICT (key) DO NOTHING",
    )
    .bind(format!("replan {installation_id} {version} {package}"))
    .bind(installation_id)
    .bind(to_json("package", package)?.into_bytes())
    .bind(now.0)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
