//! Releases with their runs, as the engine and the reports see them.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use super::documents::LIST;
use super::packages::PackageIds;
use super::{Result, Store, StoreError, from_json, parse, placeholders, standing};
use crate::engine::{Release, Run};
use crate::model::{
    Approval, CommitSha, EnvironmentName, PackageName, Progress, ReleaseName, ReleaseNumber,
    RunName, RunNumber, TaskKey, Timestamp,
};

/// What people have said of each release in each environment.
type Approvals = BTreeMap<(ReleaseName, EnvironmentName), Vec<Approval>>;

/// The open releases of the packages, and those of `wanted`, with what people have said of them.
pub(super) async fn read(
    connection: &mut SqliteConnection,
    ids: &PackageIds,
    wanted: &BTreeSet<ReleaseName>,
) -> Result<(BTreeMap<ReleaseName, Release>, Approvals)> {
    let mut by_id: BTreeMap<i64, Release> = BTreeMap::new();
    let packages: Vec<i64> = ids.by_id.keys().copied().collect();
    for chunk in packages.chunks(LIST) {
        let condition = format!(
            "is_open = 1 AND package_id IN {}",
            placeholders(1, chunk.len())
        );
        collect(connection, ids, &condition, chunk, &mut by_id).await?;
    }
    let pairs: Vec<i64> = wanted
        .iter()
        .filter_map(|name| Some([ids.id(&name.package)?, name.number.0]))
        .flatten()
        .collect();
    for chunk in pairs.chunks(LIST / 2 * 2) {
        let rows: Vec<String> = (0..chunk.len() / 2)
            .map(|index| placeholders(1 + index * 2, 2))
            .collect();
        let condition = format!("(package_id, number) IN (VALUES {})", rows.join(", "));
        collect(connection, ids, &condition, chunk, &mut by_id).await?;
    }
    add_runs(connection, &mut by_id).await?;
    let names = by_id
        .iter()
        .map(|(id, release)| (*id, release.name.clone()));
    let approvals = standing::approvals(connection, &names.collect()).await?;
    let releases = by_id.into_values();
    let releases = releases.map(|release| (release.name.clone(), release));
    Ok((releases.collect(), approvals))
}

async fn collect(
    connection: &mut SqliteConnection,
    ids: &PackageIds,
    condition: &str,
    values: &[i64],
    into: &mut BTreeMap<i64, Release>,
) -> Result<()> {
    let sql = format!(
        "SELECT id, package_id, number, repository_id, commit_sha, package, goals, pull_request, \
         reply_to, created_at, lane, base, authors FROM release WHERE {condition}"
    );
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for value in values {
        query = query.bind(value);
    }
    for row in query.fetch_all(connection).await? {
        let Some(package) = ids.by_id.get(&row.get::<i64, _>(1)) else {
            continue;
        };
        let goals: Option<String> = row.get(6);
        let base: Option<String> = row.get(11);
        let release = Release {
            name: ReleaseName {
                package: package.clone(),
                number: ReleaseNumber(row.get(2)),
            },
            repository_id: row.get(3),
            commit: commit(row.get(4))?,
            package: from_json("package", row.get(5))?,
            goals: goals.map(|text| from_json("goals", &text)).transpose()?,
            pull_request: row.get(7),
            lane: row.get(10),
            base: base.map(|text| commit(&text)).transpose()?,
            authors: from_json("authors", row.get(12))?,
            reply_to: row.get(8),
            created_at: Timestamp(row.get(9)),
            runs: BTreeMap::new(),
        };
        into.insert(row.get(0), release);
    }
    Ok(())
}

async fn add_runs(
    connection: &mut SqliteConnection,
    releases: &mut BTreeMap<i64, Release>,
) -> Result<()> {
    let ids: Vec<i64> = releases.keys().copied().collect();
    for chunk in ids.chunks(LIST) {
        let sql = format!(
            "SELECT release_id, task, number, kind, state, fence, calls, outputs, error, created_at, \
             started_at, finished_at, wakes_at FROM run WHERE release_id IN {}",
            placeholders(1, chunk.len())
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for id in chunk {
            query = query.bind(id);
        }
        for row in query.fetch_all(&mut *connection).await? {
            let key: TaskKey = parse("task", row.get(1))?;
            let started: Option<i64> = row.get(10);
            let finished: Option<i64> = row.get(11);
            let wakes: Option<i64> = row.get(12);
            let run = Run {
                kind: word("run kind", row.get(3))?,
                state: word("run state", row.get(4))?,
                fence: row.get(5),
                calls: from_json("calls", row.get(6))?,
                outputs: from_json("outputs", row.get(7))?,
                error: row.get(8),
                waits: BTreeSet::new(),
                wakes_at: wakes.map(Timestamp),
                created_at: Timestamp(row.get(9)),
                started_at: started.map(Timestamp),
                finished_at: finished.map(Timestamp),
            };
            if let Some(release) = releases.get_mut(&row.get::<i64, _>(0)) {
                release.runs.insert((key, RunNumber(row.get(2))), run);
            }
        }
    }
    add_waits(connection, releases).await
}

async fn add_waits(
    connection: &mut SqliteConnection,
    releases: &mut BTreeMap<i64, Release>,
) -> Result<()> {
    let ids: Vec<i64> = releases.keys().copied().collect();
    for chunk in ids.chunks(LIST) {
        let sql = format!(
            "SELECT run.release_id, run.task, run.number, input_edge.reference FROM input_edge \
             JOIN run ON run.id = input_edge.run_id WHERE run.release_id IN {}",
            placeholders(1, chunk.len())
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for id in chunk {
            query = query.bind(id);
        }
        for row in query.fetch_all(&mut *connection).await? {
            let key: TaskKey = parse("task", row.get(1))?;
            let run = releases
                .get_mut(&row.get::<i64, _>(0))
                .and_then(|release| release.runs.get_mut(&(key, RunNumber(row.get(2)))));
            if let Some(run) = run {
                run.waits.insert(parse("reference", row.get(3))?);
            }
        }
    }
    Ok(())
}

/// A commit's column. A record that is kept without GitHub may know commits by other names than their ids.
fn commit(text: &str) -> Result<CommitSha> {
    CommitSha::named(text).map_err(|error| StoreError::Unreadable {
        what: "commit",
        problem: error.to_string(),
    })
}

/// An enum that serde writes as a word.
pub(super) fn word<T: serde::de::DeserializeOwned>(what: &'static str, text: String) -> Result<T> {
    from_json(what, &serde_json::Value::String(text).to_string())
}

/// The releases of the packages at `commit`.
pub(super) async fn at_commit(
    connection: &mut SqliteConnection,
    ids: &PackageIds,
    commit: &CommitSha,
) -> Result<Vec<ReleaseName>> {
    let all: Vec<i64> = ids.by_id.keys().copied().collect();
    let mut names = Vec::new();
    for chunk in all.chunks(LIST) {
        let sql = format!(
            "SELECT package_id, number FROM release WHERE commit_sha = $1 AND package_id IN {}",
            placeholders(2, chunk.len())
        );
        let mut query = sqlx::query(AssertSqlSafe(sql)).bind(commit.as_str());
        for id in chunk {
            query = query.bind(id);
        }
        for row in query.fetch_all(&mut *connection).await? {
            if let Some(package) = ids.by_id.get(&row.get::<i64, _>(0)) {
                names.push(ReleaseName {
                    package: package.clone(),
                    number: ReleaseNumber(row.get(1)),
                });
            }
        }
    }
    Ok(names)
}

/// The packages that the first two columns name.
fn package_names(rows: &[sqlx::sqlite::SqliteRow]) -> impl Iterator<Item = PackageName> {
    rows.iter().map(|row| PackageName {
        repository: row.get(0),
        path: row.get(1),
    })
}

fn release_names(rows: Vec<sqlx::sqlite::SqliteRow>) -> Vec<ReleaseName> {
    rows.iter()
        .map(|row| ReleaseName {
            package: PackageName {
                repository: row.get(0),
                path: row.get(1),
            },
            number: ReleaseNumber(row.get(2)),
        })
        .collect()
}

impl Store {
    /// The newest release of each package that came from a pull request or from its head commit.
    ///
    /// # Errors
    /// When the database does.
    pub async fn releases_of_pull_request(
        &self,
        repository_id: i64,
        number: i64,
    ) -> Result<Vec<ReleaseName>> {
        let rows = sqlx::query(
            "SELECT package.repository, package.path, max(release.number) FROM release \
             JOIN package ON package.id = release.package_id \
             WHERE release.repository_id = $1 AND release.pull_request = $2 \
             GROUP BY package.repository, package.path ORDER BY package.repository, package.path",
        )
        .bind(repository_id)
        .bind(number)
        .fetch_all(&self.readers)
        .await?;
        Ok(release_names(rows))
    }

    /// The newest release of a package on its default branch.
    ///
    /// # Errors
    /// When the database does.
    pub async fn newest_release(
        &self,
        installation_id: i64,
        package: &PackageName,
    ) -> Result<Option<ReleaseName>> {
        let row = sqlx::query(
            "SELECT release.number FROM package JOIN release ON release.package_id = package.id \
             WHERE package.installation_id = $1 AND package.repository = $2 AND package.path = $3 \
             AND release.goals IS NULL AND release.lane IS NULL ORDER BY release.number DESC LIMIT 1",
        )
        .bind(installation_id)
        .bind(&package.repository)
        .bind(&package.path)
        .fetch_optional(&self.readers)
        .await?;
        Ok(row.map(|row| ReleaseName {
            package: package.clone(),
            number: ReleaseNumber(row.get(0)),
        }))
    }

    /// Every package of the workspace that has a release, without those of `except`.
    ///
    /// # Errors
    /// When the database does.
    pub async fn released_packages(
        &self,
        installation_id: i64,
        except: &BTreeSet<PackageName>,
    ) -> Result<BTreeSet<PackageName>> {
        let rows = sqlx::query(
            "SELECT repository, path FROM package WHERE installation_id = $1 AND EXISTS \
             (SELECT 1 FROM release WHERE release.package_id = package.id)",
        )
        .bind(installation_id)
        .fetch_all(&self.readers)
        .await?;
        let names = package_names(&rows);
        Ok(names.filter(|name| !except.contains(name)).collect())
    }

    /// Every package of a repository that has a release.
    ///
    /// # Errors
    /// When the database does.
    pub async fn released_packages_of(&self, repository_id: i64) -> Result<BTreeSet<PackageName>> {
        let rows = sqlx::query(
            "SELECT repository, path FROM package WHERE repository_id = $1 AND EXISTS \
             (SELECT 1 FROM release WHERE release.package_id = package.id)",
        )
        .bind(repository_id)
        .fetch_all(&self.readers)
        .await?;
        Ok(package_names(&rows).collect())
    }

    /// The pull requests whose merges made the releases of a package that come after `after`, up to `release`.
    ///
    /// # Errors
    /// When the database does.
    pub async fn pull_requests_between(
        &self,
        installation_id: i64,
        release: &ReleaseName,
        after: ReleaseNumber,
    ) -> Result<BTreeSet<i64>> {
        let rows = sqlx::query(
            "SELECT DISTINCT release.pull_request FROM package \
             JOIN release ON release.package_id = package.id \
             WHERE package.installation_id = $1 AND package.repository = $2 AND package.path = $3 \
             AND release.number > $4 AND release.number <= $5 AND release.lane IS NULL \
             AND release.pull_request IS NOT NULL",
        )
        .bind(installation_id)
        .bind(&release.package.repository)
        .bind(&release.package.path)
        .bind(after.0)
        .bind(release.number.0)
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// The packages with unfinished releases in a pull request's lane.
    ///
    /// # Errors
    /// When the database does.
    pub async fn packages_of_lane(
        &self,
        repository_id: i64,
        pull_request: i64,
    ) -> Result<BTreeSet<PackageName>> {
        let rows = sqlx::query(
            "SELECT DISTINCT package.repository, package.path FROM release \
             JOIN package ON package.id = release.package_id \
             WHERE release.repository_id = $1 AND release.lane = $2 AND release.is_open = 1",
        )
        .bind(repository_id)
        .bind(pull_request)
        .fetch_all(&self.readers)
        .await?;
        Ok(package_names(&rows).collect())
    }

    /// Where the runs of a release can be watched, and how long they usually take.
    ///
    /// # Errors
    /// When the database does.
    pub async fn progress(&self, installation_id: i64, release: &ReleaseName) -> Result<Progress> {
        let rows = sqlx::query(
            "SELECT run.task, run.number, coalesce(run.job_url, wave.url), \
             CASE WHEN run.finished_at IS NULL THEN (SELECT CAST(avg(took) AS BIGINT) FROM (SELECT \
             last.finished_at - last.started_at AS took FROM run AS last \
             WHERE last.package_id = release.package_id AND last.task = run.task AND last.state = 'complete' \
             ORDER BY last.finished_at DESC, last.id DESC LIMIT 5)) END FROM run \
             JOIN release ON release.id = run.release_id \
             JOIN package ON package.id = release.package_id \
             LEFT JOIN wave ON wave.key = run.wave \
             WHERE package.installation_id = $1 AND package.repository = $2 AND package.path = $3 \
             AND release.number = $4",
        )
        .bind(installation_id)
        .bind(&release.package.repository)
        .bind(&release.package.path)
        .bind(release.number.0)
        .fetch_all(&self.readers)
        .await?;
        let mut progress = Progress::default();
        for row in rows {
            let name = RunName {
                release: release.clone(),
                key: parse("task", row.get(0))?,
                number: RunNumber(row.get(1)),
            };
            if let Some(url) = row.get::<Option<String>, _>(2) {
                progress.links.insert(name.clone(), url);
            }
            if let Some(usual) = row.get::<Option<i64>, _>(3) {
                progress.usual.insert(name.key, usual);
            }
        }
        Ok(progress)
    }
}
