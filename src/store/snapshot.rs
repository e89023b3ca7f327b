//! Reading what one decision may look at, in one read transaction and with a number of statements that does not grow
//! with what exists.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use super::documents::{self, LIST};
use super::releases;
use super::{Result, Store, from_json, placeholders};
use crate::engine::{Release, Snapshot, documents_read};
use crate::model::{
    CommitSha, Environment, EnvironmentName, PackageName, Reference, ReleaseName, ReleaseNumber,
    latest_document,
};

/// What a trigger can affect.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// The workspace.
    pub installation_id: i64,
    /// Packages whose open releases are needed.
    pub packages: BTreeSet<PackageName>,
    /// Releases that are needed even if they are finished.
    pub releases: BTreeSet<ReleaseName>,
    /// A commit whose releases (of the packages above) are needed.
    pub commit: Option<CommitSha>,
    /// Documents the trigger may write: what waits for them is needed too.
    pub writes: BTreeSet<Reference>,
    /// Documents that what the trigger makes may read.
    pub reads: BTreeSet<Reference>,
}

impl Store {
    /// Reads what `scope` names, with the workspace's version at that moment.
    ///
    /// # Errors
    /// When the database does, or something stored cannot be read back.
    pub async fn snapshot(&self, scope: &Scope) -> Result<(Snapshot, i64)> {
        let mut transaction = self.readers.begin().await?;
        let connection = &mut *transaction;
        let installation_id = scope.installation_id;
        let version = version(connection, installation_id).await?;
        let environments = environments(connection, installation_id).await?;
        let mut packages = scope.packages.clone();
        packages.extend(scope.releases.iter().map(|release| release.package.clone()));
        packages.extend(waiting_packages(connection, installation_id, &scope.writes).await?);
        let ids = package_ids(connection, installation_id, &packages).await?;
        let mut snapshot = Snapshot {
            environments,
            next_numbers: next_numbers(connection, &ids).await?,
            ..Snapshot::default()
        };
        let mut wanted = scope.releases.clone();
        if let Some(commit) = &scope.commit {
            for name in releases::at_commit(connection, &ids, commit).await? {
                let key = (name.package.clone(), commit.clone());
                wanted.insert(name.clone());
                snapshot.at_commit.insert(key, name);
            }
        }
        snapshot.releases = releases::read(connection, &ids, &wanted).await?;
        let mut references = needed(&snapshot.releases);
        references.extend(scope.reads.iter().cloned());
        for release in snapshot.releases.values() {
            let tasks = release.package.tasks();
            references.extend(tasks.map(|task| latest_document(&release.name.package, &task.key)));
        }
        snapshot.documents = documents::read(connection, installation_id, &references).await?;
        transaction.commit().await?;
        Ok((snapshot, version))
    }
}

/// The documents that runs read, and those that another attempt or a further task of the file would read.
fn needed(releases: &BTreeMap<ReleaseName, Release>) -> BTreeSet<Reference> {
    let mut references = BTreeSet::new();
    for release in releases.values() {
        let calls = release.runs.values().flat_map(|run| &run.calls);
        let tasks = release.package.tasks();
        let inputs = calls
            .map(|call| &call.inputs)
            .chain(tasks.map(|task| &task.inputs));
        references.extend(inputs.flat_map(|inputs| documents_read(&release.name, inputs)));
    }
    references
}

async fn version(connection: &mut SqliteConnection, installation_id: i64) -> Result<i64> {
    let row = sqlx::query("SELECT version FROM workspace WHERE installation_id = $1")
        .bind(installation_id)
        .fetch_optional(connection)
        .await?;
    Ok(row.map_or(0, |row| row.get(0)))
}

async fn environments(
    connection: &mut SqliteConnection,
    installation_id: i64,
) -> Result<BTreeMap<EnvironmentName, Environment>> {
    let rows = sqlx::query(
        "SELECT body FROM state \
         WHERE installation_id = $1 AND kind = 'environment' AND release = ''",
    )
    .bind(installation_id)
    .fetch_all(connection)
    .await?;
    let mut environments = BTreeMap::new();
    for row in rows {
        let environment: Environment = from_json("environment", row.get(0))?;
        environments.insert(environment.name.clone(), environment);
    }
    Ok(environments)
}

/// The packages of the runs that wait for any of `writes`.
async fn waiting_packages(
    connection: &mut SqliteConnection,
    installation_id: i64,
    writes: &BTreeSet<Reference>,
) -> Result<BTreeSet<PackageName>> {
    let mut packages = BTreeSet::new();
    let texts: Vec<String> = writes.iter().map(ToString::to_string).collect();
    for chunk in texts.chunks(LIST) {
        let sql = format!(
            "SELECT DISTINCT package.repository, package.path FROM input_edge \
             JOIN run ON run.id = input_edge.run_id JOIN release ON release.id = run.release_id \
             JOIN package ON package.id = release.package_id \
             WHERE input_edge.installation_id = $1 AND input_edge.reference IN {}",
            placeholders(2, chunk.len())
        );
        let mut query = sqlx::query(AssertSqlSafe(sql)).bind(installation_id);
        for text in chunk {
            query = query.bind(text);
        }
        for row in query.fetch_all(&mut *connection).await? {
            packages.insert(PackageName {
                repository: row.get(0),
                path: row.get(1),
            });
        }
    }
    Ok(packages)
}

/// Database ids of packages, both ways round.
#[derive(Debug, Default)]
pub(super) struct PackageIds {
    pub(super) by_id: BTreeMap<i64, PackageName>,
}

impl PackageIds {
    pub(super) fn id(&self, package: &PackageName) -> Option<i64> {
        self.by_id
            .iter()
            .find_map(|(id, name)| (name == package).then_some(*id))
    }
}

pub(super) async fn package_ids(
    connection: &mut SqliteConnection,
    installation_id: i64,
    packages: &BTreeSet<PackageName>,
) -> Result<PackageIds> {
    let mut ids = PackageIds::default();
    let packages: Vec<&PackageName> = packages.iter().collect();
    for chunk in packages.chunks(LIST / 2) {
        let pairs: Vec<String> = (0..chunk.len())
            .map(|index| placeholders(2 + index * 2, 2))
            .collect();
        let sql = format!(
            "SELECT id, repository, path FROM package \
             WHERE installation_id = $1 AND (repository, path) IN (VALUES {})",
            pairs.join(", ")
        );
        let mut query = sqlx::query(AssertSqlSafe(sql)).bind(installation_id);
        for package in chunk {
            query = query.bind(&package.repository).bind(&package.path);
        }
        for row in query.fetch_all(&mut *connection).await? {
            let name = PackageName {
                repository: row.get(1),
                path: row.get(2),
            };
            ids.by_id.insert(row.get(0), name);
        }
    }
    Ok(ids)
}

async fn next_numbers(
    connection: &mut SqliteConnection,
    ids: &PackageIds,
) -> Result<BTreeMap<PackageName, ReleaseNumber>> {
    let mut numbers = BTreeMap::new();
    let all: Vec<i64> = ids.by_id.keys().copied().collect();
    for chunk in all.chunks(LIST) {
        let sql = format!(
            "SELECT package_id, max(number) FROM release WHERE package_id IN {} GROUP BY package_id",
            placeholders(1, chunk.len())
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for id in chunk {
            query = query.bind(id);
        }
        for row in query.fetch_all(&mut *connection).await? {
            if let Some(package) = ids.by_id.get(&row.get::<i64, _>(0)) {
                numbers.insert(package.clone(), ReleaseNumber(row.get::<i64, _>(1) + 1));
            }
        }
    }
    Ok(numbers)
}
