//! What stands in the way of deployments: rules of config files, locks, holds, and what people have said.

use std::collections::{BTreeMap, BTreeSet};

use super::documents::LIST;
use super::names::package_name;
use super::{Result, from_json, parse, placeholders, to_json};
use crate::engine::Change;
use crate::model::{
    Approval, EnvironmentName, GuardFile, Hold, Lock, LockScope, PackageName, ReleaseName,
    ReleaseNumber, TaskKey, Timestamp,
};
use crate::store::database::{Connection, Row, Transaction, query};

/// The rules of the repositories, and those of other files for the environments they register.
pub(super) async fn guards(
    connection: &mut Connection,
    installation_id: i64,
    repositories: &BTreeSet<String>,
) -> Result<Vec<GuardFile>> {
    let wide =
        "SELECT repository, path, body FROM guard WHERE installation_id = $1 AND is_wide = 1";
    let rows = query(wide)
        .bind(installation_id)
        .fetch_all(&mut *connection)
        .await?;
    let mut found: BTreeMap<(String, String), GuardFile> = BTreeMap::new();
    keep(&rows, &mut found)?;
    let own = "SELECT repository, path, body FROM guard";
    let rows = of_repositories(connection, own, "path", installation_id, repositories).await?;
    keep(&rows, &mut found)?;
    Ok(found.into_values().collect())
}

fn keep(rows: &[Row], found: &mut BTreeMap<(String, String), GuardFile>) -> Result<()> {
    for row in rows {
        let body: String = row.get(2);
        found.insert((row.get(0), row.get(1)), from_json("guards", &body)?);
    }
    Ok(())
}

/// Locks of the repositories' packages, and of everything.
pub(super) async fn locks(
    connection: &mut Connection,
    installation_id: i64,
    repositories: &BTreeSet<String>,
) -> Result<Vec<Lock>> {
    let mut named = repositories.clone();
    named.insert(String::new());
    let sql = "SELECT body FROM lock";
    let order = "path, environment, kind";
    let rows = of_repositories(connection, sql, order, installation_id, &named).await?;
    let bodies = rows.iter().map(|row| row.get::<String>(0));
    bodies.map(|body| from_json("lock", &body)).collect()
}

/// Claims of the repositories' pull requests.
pub(super) async fn holds(
    connection: &mut Connection,
    installation_id: i64,
    repositories: &BTreeSet<String>,
) -> Result<Vec<Hold>> {
    let sql = "SELECT repository, path, environment, pull_request, asked_by, asked_at, granted_at FROM hold";
    let order = "pull_request, path, environment";
    let rows = of_repositories(connection, sql, order, installation_id, repositories).await?;
    rows.iter().map(hold).collect()
}

pub(super) fn hold(row: &Row) -> Result<Hold> {
    let granted_at: Option<i64> = row.get(6);
    Ok(Hold {
        package: package_name(row, 0),
        environment: parse("environment", row.get(2))?,
        pull_request: row.get(3),
        by: row.get(4),
        asked_at: Timestamp(row.get(5)),
        granted_at: granted_at.map(Timestamp),
    })
}

async fn of_repositories(
    connection: &mut Connection,
    select: &str,
    order: &str,
    installation_id: i64,
    repositories: &BTreeSet<String>,
) -> Result<Vec<Row>> {
    let names: Vec<&String> = repositories.iter().collect();
    let mut rows = Vec::new();
    for chunk in names.chunks(LIST) {
        let sql = format!(
            "{select} WHERE installation_id = $1 AND repository IN {} ORDER BY repository, {order}",
            placeholders(2, chunk.len())
        );
        let mut query = query(sql).bind(installation_id);
        for name in chunk {
            query = query.bind(name.as_str());
        }
        rows.extend(query.fetch_all(&mut *connection).await?);
    }
    Ok(rows)
}

/// What people have said of the releases, by their ids.
pub(super) async fn approvals(
    connection: &mut Connection,
    releases: &BTreeMap<i64, ReleaseName>,
) -> Result<BTreeMap<(ReleaseName, EnvironmentName), Vec<Approval>>> {
    let ids: Vec<i64> = releases.keys().copied().collect();
    let mut found: BTreeMap<_, Vec<Approval>> = BTreeMap::new();
    for chunk in ids.chunks(LIST) {
        let sql = format!(
            "SELECT release_id, environment, body FROM approval WHERE release_id IN {} \
             ORDER BY release_id, environment, kind, login",
            placeholders(1, chunk.len())
        );
        let mut query = query(sql);
        for id in chunk {
            query = query.bind(id);
        }
        for row in query.fetch_all(&mut *connection).await? {
            let Some(release) = releases.get(&row.get::<i64>(0)) else {
                continue;
            };
            let key = (release.clone(), parse("environment", row.get(1))?);
            let body: String = row.get(2);
            let said = found.entry(key).or_default();
            said.push(from_json("approval", &body)?);
        }
    }
    Ok(found)
}

/// What the default branch has brought to each deployment, as far as that is still meant: nothing where it was taken
/// down after that.
pub(super) async fn last_of_default(
    connection: &mut Connection,
    installation_id: i64,
    wanted: &BTreeSet<(PackageName, EnvironmentName)>,
) -> Result<BTreeMap<(PackageName, EnvironmentName), ReleaseName>> {
    let mut found = BTreeMap::new();
    let wanted: Vec<&(PackageName, EnvironmentName)> = wanted.iter().collect();
    for chunk in wanted.chunks(LIST / 3) {
        let places: Vec<String> = (0..chunk.len())
            .map(|index| placeholders(2 + index * 3, 3))
            .collect();
        let sql = format!(
            "WITH place (repository, path, task) AS (VALUES {}) \
             SELECT place.repository, place.path, place.task, release.number FROM place \
             JOIN package ON package.installation_id = $1 \
             AND package.repository = place.repository AND package.path = place.path \
             JOIN run ON run.id = (SELECT last.id FROM run AS last \
             JOIN release AS its ON its.id = last.release_id \
             WHERE last.package_id = package.id AND last.task = place.task \
             AND last.state = 'complete' AND its.lane IS NULL \
             ORDER BY last.finished_at DESC, last.id DESC LIMIT 1) \
             JOIN release ON release.id = run.release_id WHERE run.kind = 'up'",
            places.join(", ")
        );
        let mut query = query(sql).bind(installation_id);
        for (package, environment) in chunk {
            let task = TaskKey::Deploy(environment.clone()).to_string();
            query = query
                .bind(&package.repository)
                .bind(&package.path)
                .bind(task);
        }
        for row in query.fetch_all(&mut *connection).await? {
            let package = package_name(&row, 0);
            let key: TaskKey = parse("task", row.get(2))?;
            let Some(environment) = key.environment() else {
                continue;
            };
            let release = ReleaseName {
                package: package.clone(),
                number: ReleaseNumber(row.get(3)),
            };
            found.insert((package, environment.clone()), release);
        }
    }
    Ok(found)
}

/// A write of one row inside a decision's transaction.
pub(super) struct Standing<'a> {
    pub(super) transaction: &'a mut Transaction,
    pub(super) installation_id: i64,
}

impl Standing<'_> {
    /// Writes what stands in the way from now on, or does not any more. `release_id` is that of the release the change
    /// is about, if it is about one.
    pub(super) async fn write(self, change: &Change, release_id: Option<i64>) -> Result<()> {
        match (change, release_id) {
            (Change::PutGuards(file), _) => self.put_guards(file).await,
            (Change::DeleteGuards(repository, path), _) => {
                self.delete_guards(repository, path).await
            }
            (Change::PutLock(lock), _) => self.put_lock(lock).await,
            (Change::DeleteLock(lock), _) => self.delete_lock(lock).await,
            (Change::PutHold(hold), _) => self.put_hold(hold).await,
            (Change::DeleteHold(hold), _) => self.delete_hold(hold).await,
            (Change::PutApproval(_, environment, approval), Some(release_id)) => {
                self.put_approval(release_id, environment, approval).await
            }
            (Change::DeleteApprovals(_, environment), Some(release_id)) => {
                self.delete_approvals(release_id, environment).await
            }
            _ => Ok(()),
        }
    }

    async fn put_guards(self, file: &GuardFile) -> Result<()> {
        query(
            "INSERT INTO guard (installation_id, repository, path, is_wide, body) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (installation_id, repository, path) \
             DO UPDATE SET is_wide = excluded.is_wide, body = excluded.body",
        )
        .bind(self.installation_id)
        .bind(&file.repository)
        .bind(&file.path)
        .bind(i64::from(!file.registers.is_empty()))
        .bind(to_json("guards", file)?)
        .execute(&mut **self.transaction)
        .await?;
        Ok(())
    }

    async fn delete_guards(self, repository: &str, path: &str) -> Result<()> {
        query("DELETE FROM guard WHERE installation_id = $1 AND repository = $2 AND path = $3")
            .bind(self.installation_id)
            .bind(repository)
            .bind(path)
            .execute(&mut **self.transaction)
            .await?;
        Ok(())
    }

    async fn put_lock(self, lock: &Lock) -> Result<()> {
        let (repository, path) = place(&lock.scope);
        query(
            "INSERT INTO lock (installation_id, repository, path, environment, kind, body, until) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (installation_id, repository, path, environment, kind) \
             DO UPDATE SET body = excluded.body, until = excluded.until",
        )
        .bind(self.installation_id)
        .bind(repository)
        .bind(path)
        .bind(lock.environment.as_str())
        .bind(lock.kind.as_str())
        .bind(to_json("lock", lock)?)
        .bind(lock.until.map(|time| time.0))
        .execute(&mut **self.transaction)
        .await?;
        Ok(())
    }

    async fn delete_lock(self, lock: &Lock) -> Result<()> {
        let (repository, path) = place(&lock.scope);
        query(
            "DELETE FROM lock WHERE installation_id = $1 AND repository = $2 AND path = $3 \
             AND environment = $4 AND kind = $5",
        )
        .bind(self.installation_id)
        .bind(repository)
        .bind(path)
        .bind(lock.environment.as_str())
        .bind(lock.kind.as_str())
        .execute(&mut **self.transaction)
        .await?;
        Ok(())
    }

    async fn put_hold(self, hold: &Hold) -> Result<()> {
        query(
            "INSERT INTO hold (installation_id, repository, pull_request, path, environment, \
             asked_by, asked_at, granted_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
             ON CONFLICT (installation_id, repository, pull_request, path, environment) \
             DO UPDATE SET asked_by = excluded.asked_by, asked_at = excluded.asked_at, \
             granted_at = excluded.granted_at",
        )
        .bind(self.installation_id)
        .bind(&hold.package.repository)
        .bind(hold.pull_request)
        .bind(&hold.package.path)
        .bind(hold.environment.as_str())
        .bind(&hold.by)
        .bind(hold.asked_at.0)
        .bind(hold.granted_at.map(|time| time.0))
        .execute(&mut **self.transaction)
        .await?;
        Ok(())
    }

    async fn delete_hold(self, hold: &Hold) -> Result<()> {
        query(
            "DELETE FROM hold WHERE installation_id = $1 AND repository = $2 AND pull_request = $3 \
             AND path = $4 AND environment = $5",
        )
        .bind(self.installation_id)
        .bind(&hold.package.repository)
        .bind(hold.pull_request)
        .bind(&hold.package.path)
        .bind(hold.environment.as_str())
        .execute(&mut **self.transaction)
        .await?;
        Ok(())
    }

    async fn delete_approvals(self, release_id: i64, environment: &EnvironmentName) -> Result<()> {
        query("DELETE FROM approval WHERE release_id = $1 AND environment = $2")
            .bind(release_id)
            .bind(environment.as_str())
            .execute(&mut **self.transaction)
            .await?;
        Ok(())
    }

    async fn put_approval(
        self,
        release_id: i64,
        environment: &EnvironmentName,
        approval: &Approval,
    ) -> Result<()> {
        query(
            "INSERT INTO approval (release_id, environment, kind, login, body) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (release_id, environment, kind, login) \
             DO UPDATE SET body = excluded.body",
        )
        .bind(release_id)
        .bind(environment.as_str())
        .bind(approval.kind.as_str())
        .bind(&approval.by)
        .bind(to_json("approval", approval)?)
        .execute(&mut **self.transaction)
        .await?;
        Ok(())
    }
}

/// A lock's scope in columns: an empty repository is everything, an empty path a whole repository.
fn place(scope: &LockScope) -> (&str, &str) {
    match scope {
        LockScope::Workspace => ("", ""),
        LockScope::Repository(repository) => (repository, ""),
        LockScope::Package(package) => (&package.repository, &package.path),
    }
}
