//! The rows of one decision. Ids are looked up once, and what many runs share is written once: the number of
//! statements is what a decision costs while it holds the only writer.

use std::collections::{BTreeMap, BTreeSet};

mod ids;
mod reminders;

use super::documents::{Documents, LIST};
use super::standing::Standing;
use super::{
    Commit, Result, audit, checks, documents, graph, intent_branches, placeholders, readers,
    to_json,
};
use crate::engine::{Change, Release, Run};
use crate::model::{AuditEntry, CommitSha, PackageName, Reference, ReleaseName, RunName};
use crate::store::database::{Transaction, query};

/// The changes of one decision on their way into the database.
pub(super) struct Rows<'a> {
    transaction: &'a mut Transaction,
    commit: &'a Commit<'a>,
    packages: BTreeMap<PackageName, i64>,
    releases: BTreeMap<ReleaseName, i64>,
    /// What each written run waits for.
    waits: BTreeMap<i64, &'a BTreeSet<Reference>>,
    /// Releases with written runs.
    touched: BTreeSet<i64>,
    /// Documents whose waiting runs are woken once it is known what still waits.
    awaited: BTreeSet<&'a Reference>,
    /// How many messages the decision has for later.
    messages: usize,
    /// What the packages read of others from now on.
    readers: BTreeMap<&'a PackageName, &'a BTreeSet<Reference>>,
    /// Entries of the audit record, in order.
    audit: Vec<&'a AuditEntry>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(transaction: &'a mut Transaction, commit: &'a Commit<'a>) -> Self {
        Rows {
            transaction,
            commit,
            packages: BTreeMap::new(),
            releases: BTreeMap::new(),
            waits: BTreeMap::new(),
            touched: BTreeSet::new(),
            awaited: BTreeSet::new(),
            messages: 0,
            readers: BTreeMap::new(),
            audit: Vec::new(),
        }
    }

    /// Writes all changes of the decision.
    pub(super) async fn write(mut self) -> Result<()> {
        self.look_up().await?;
        for change in &self.commit.plan.changes {
            self.apply(change).await?;
        }
        self.finish().await
    }

    async fn apply(&mut self, change: &'a Change) -> Result<()> {
        let installation_id = self.commit.installation_id;
        match change {
            Change::PutRelease(release) => self.put_release(release).await,
            Change::PutRun(name, run) => self.put_run(name, run).await,
            Change::PutDocument(reference, value) => {
                self.put_document(Documents::State, reference, value).await
            }
            Change::PutIntent(reference, value) => {
                self.put_document(Documents::Intent, reference, value).await
            }
            Change::DeleteDocument(reference) => {
                self.delete_document(Documents::State, reference).await
            }
            Change::DeleteIntent(reference) => {
                self.delete_document(Documents::Intent, reference).await
            }
            Change::PutReads(deployment, read) => {
                graph::put_reads(self.transaction, installation_id, deployment, read).await
            }
            Change::PutRegistration(name, registration) => {
                graph::put_registration(self.transaction, installation_id, name, registration).await
            }
            Change::DeleteRegistration(name) => {
                graph::delete_registration(self.transaction, installation_id, name).await
            }
            Change::PutTag(package, tag, release) => self.put_tag(package, tag, release).await,
            Change::WatchAlso(package, paths) => self.watch_also(package, paths).await,
            Change::PutCommitReport {
                repository_id,
                commit,
                pull_request,
                report,
            } => {
                let about = (*repository_id, commit, *pull_request);
                checks::put_report(self.transaction, about, report).await
            }
            Change::FollowIntent(..) | Change::PutIntentFiles(_) | Change::PutIntentReport(..) => {
                self.follow_intent(change).await
            }
            Change::PutReaders(package, read) => {
                self.readers.insert(package, read);
                Ok(())
            }
            Change::Replan(_)
            | Change::ReplanAll
            | Change::PreviewAgain(_)
            | Change::Wake { .. }
            | Change::LetGo(..) => self.remind(change).await,
            Change::Audit(entry) => {
                self.audit.push(entry);
                Ok(())
            }
            standing => self.stand(standing).await,
        }
    }

    /// What branches say that say what should be. One that was not followed before is to be read.
    async fn follow_intent(&mut self, change: &Change) -> Result<()> {
        let installation_id = self.commit.installation_id;
        match change {
            Change::FollowIntent(follower, branch) => {
                let (follower, branch) = (*follower, branch.as_ref());
                let transaction = &mut *self.transaction;
                if intent_branches::follow(transaction, installation_id, follower, branch).await? {
                    self.intent_declared(follower).await?;
                }
                Ok(())
            }
            Change::PutIntentFiles(files) => {
                intent_branches::put_files(self.transaction, files).await
            }
            Change::PutIntentReport(repository_id, commit, report) => {
                intent_branches::put_report(self.transaction, *repository_id, commit, report).await
            }
            _ => Ok(()),
        }
    }

    async fn delete_document(&mut self, of: Documents, reference: &Reference) -> Result<()> {
        let installation_id = self.commit.installation_id;
        documents::delete(self.transaction, of, installation_id, reference).await
    }

    async fn put_document(
        &mut self,
        table: Documents,
        reference: &Reference,
        value: &serde_json::Value,
    ) -> Result<()> {
        let (installation_id, now) = (self.commit.installation_id, self.commit.now);
        documents::put(
            self.transaction,
            table,
            installation_id,
            reference,
            value,
            now,
        )
        .await
    }

    /// What stands in the way from now on, or does not any more.
    async fn stand(&mut self, change: &Change) -> Result<()> {
        let release_id = match change {
            Change::PutApproval(release, ..) | Change::DeleteApprovals(release, ..) => {
                Some(self.release_id(release)?)
            }
            _ => None,
        };
        let standing = Standing {
            transaction: self.transaction,
            installation_id: self.commit.installation_id,
        };
        standing.write(change, release_id).await
    }

    /// Writes what could only be written once every run was, and the entries of the audit record together.
    async fn finish(mut self) -> Result<()> {
        self.put_waits().await?;
        self.wake_waiting().await?;
        let (installation_id, now) = (self.commit.installation_id, self.commit.now);
        readers::put(self.transaction, installation_id, &self.readers).await?;
        audit::append(self.transaction, installation_id, &self.audit, now).await?;
        // A release is open while any run of it is unfinished. Its own row is written only when it changes, so this
        // is kept true here, where its runs are.
        let releases: Vec<i64> = self.touched.iter().copied().collect();
        for chunk in releases.chunks(LIST) {
            let sql = format!(
                "UPDATE release SET is_open = CASE WHEN EXISTS (SELECT 1 FROM run WHERE run.release_id = release.id \
                 AND run.state IN ('pending', 'starting', 'running', 'cancelling', 'paused')) THEN 1 ELSE 0 END \
                 WHERE id IN {}",
                placeholders(1, chunk.len())
            );
            let mut query = query(sql);
            for id in chunk {
                query = query.bind(id);
            }
            query.execute(&mut **self.transaction).await?;
        }
        Ok(())
    }

    async fn put_waits(&mut self) -> Result<()> {
        let runs: Vec<i64> = self.waits.keys().copied().collect();
        for chunk in runs.chunks(LIST) {
            let list = placeholders(1, chunk.len());
            let sql = format!("DELETE FROM input_edge WHERE run_id IN {list}");
            let mut query = query(sql);
            for id in chunk {
                query = query.bind(id);
            }
            query.execute(&mut **self.transaction).await?;
        }
        let edges: Vec<(i64, String)> = self
            .waits
            .iter()
            .flat_map(|(id, waits)| waits.iter().map(|reference| (*id, reference.to_string())))
            .collect();
        for chunk in edges.chunks(LIST / 2) {
            let values: Vec<String> = (0..chunk.len())
                .map(|index| format!("(${}, $1, ${})", index * 2 + 2, index * 2 + 3))
                .collect();
            let sql = format!(
                "INSERT INTO input_edge (run_id, installation_id, reference) VALUES {}",
                values.join(", ")
            );
            let mut query = query(sql).bind(self.commit.installation_id);
            for (id, reference) in chunk {
                query = query.bind(id).bind(reference);
            }
            query.execute(&mut **self.transaction).await?;
        }
        Ok(())
    }

    async fn put_release(&mut self, release: &Release) -> Result<()> {
        let package_id = self.put_package(release).await?;
        let goals = optional("goals", release.goals.as_ref())?;
        let row = query(
            "INSERT INTO release (package_id, number, repository_id, commit_sha, package, goals, \
             pull_request, reply_to, created_at, is_open, lane, base, authors, is_again) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
             ON CONFLICT (package_id, number) DO UPDATE SET package = excluded.package, \
             goals = excluded.goals, pull_request = excluded.pull_request, lane = excluded.lane, \
             authors = excluded.authors, reply_to = excluded.reply_to, is_open = excluded.is_open \
             RETURNING id",
        )
        .bind(package_id)
        .bind(release.name.number.0)
        .bind(release.repository_id)
        .bind(release.commit.as_str())
        .bind(to_json("package", &release.package)?)
        .bind(goals)
        .bind(release.pull_request)
        .bind(release.reply_to)
        .bind(release.created_at.0)
        .bind(i64::from(release.is_open()))
        .bind(release.lane)
        .bind(release.base.as_ref().map(CommitSha::as_str))
        .bind(to_json("authors", &release.authors)?)
        .bind(i64::from(release.is_again))
        .fetch_one(&mut **self.transaction)
        .await?;
        self.releases.insert(release.name.clone(), row.get(0));
        Ok(())
    }

    /// The package's row. What is watched and loaded is what the newest release of the default branch says: neither
    /// an older one that is moved nor what is only proposed changes what pushes release.
    async fn put_package(&mut self, release: &Release) -> Result<i64> {
        let package = &release.name.package;
        let watch = optional("watch", release.package.watch.as_ref())?;
        let row = query(
            "INSERT INTO package (installation_id, repository_id, repository, path, watch, loads) \
             VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (installation_id, repository, path) DO UPDATE SET \
             repository_id = excluded.repository_id, \
             watch = CASE WHEN $7 = 1 AND NOT EXISTS (SELECT 1 FROM release WHERE package_id = package.id \
             AND number > $8 AND lane IS NULL) THEN excluded.watch ELSE package.watch END, \
             loads = CASE WHEN $7 = 1 AND NOT EXISTS (SELECT 1 FROM release WHERE package_id = package.id \
             AND number > $8 AND lane IS NULL) THEN excluded.loads ELSE package.loads END RETURNING id",
        )
        .bind(self.commit.installation_id)
        .bind(release.repository_id)
        .bind(&package.repository)
        .bind(&package.path)
        .bind(watch)
        .bind(to_json("loads", &release.package.loads)?)
        .bind(i64::from(release.lane.is_none()))
        .bind(release.name.number.0)
        .fetch_one(&mut **self.transaction)
        .await?;
        self.packages.insert(package.clone(), row.get(0));
        Ok(row.get(0))
    }

    async fn put_run(&mut self, name: &RunName, run: &'a Run) -> Result<()> {
        let release_id = self.release_id(&name.release)?;
        let package_id = self.package_id(&name.release.package).await?;
        let row = query(
            "INSERT INTO run (release_id, task, number, kind, state, fence, calls, outputs, error, \
             created_at, started_at, finished_at, wakes_at, package_id, down, cascade) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
             ON CONFLICT (release_id, task, number) DO UPDATE SET state = excluded.state, \
             fence = excluded.fence, calls = excluded.calls, outputs = excluded.outputs, \
             error = excluded.error, started_at = excluded.started_at, finished_at = excluded.finished_at, \
             wakes_at = excluded.wakes_at, kind = excluded.kind, down = excluded.down, cascade = excluded.cascade, \
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
        .bind(run.wakes_at.map(|time| time.0))
        .bind(package_id)
        .bind(optional("way down", run.down.as_ref())?)
        .bind(optional("cascade", run.cascade.as_ref())?)
        .fetch_one(&mut **self.transaction)
        .await?;
        self.waits.insert(row.get(0), &run.waits);
        self.touched.insert(release_id);
        Ok(())
    }

    async fn put_tag(
        &mut self,
        package: &PackageName,
        tag: &str,
        release: &ReleaseName,
    ) -> Result<()> {
        let package_id = self.package_id(package).await?;
        query(
            "INSERT INTO tag (package_id, tag, number) VALUES ($1, $2, $3) \
             ON CONFLICT (package_id, tag) DO UPDATE SET number = excluded.number",
        )
        .bind(package_id)
        .bind(tag)
        .bind(release.number.0)
        .execute(&mut **self.transaction)
        .await?;
        Ok(())
    }

    async fn watch_also(&mut self, package: &PackageName, paths: &[String]) -> Result<()> {
        let package_id = self.package_id(package).await?;
        query("UPDATE package SET also = $1 WHERE id = $2")
            .bind(to_json("watched paths", &paths)?)
            .bind(package_id)
            .execute(&mut **self.transaction)
            .await?;
        Ok(())
    }
}

fn optional<T: serde::Serialize>(what: &'static str, value: Option<&T>) -> Result<Option<String>> {
    value.map(|value| to_json(what, value)).transpose()
}

/// An enum that serde writes as a word, without the quotes.
pub(super) fn word<T: serde::Serialize>(value: &T) -> Result<String> {
    Ok(to_json("word", value)?.trim_matches('"').to_owned())
}
