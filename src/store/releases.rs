//! Releases with their runs, as the engine and the reports see them.

use std::collections::{BTreeMap, BTreeSet};

use super::documents::LIST;
use super::packages::PackageIds;
use super::{Result, StoreError, attempts, from_json, placeholders, standing};
use crate::engine::Release;
use crate::model::{
    Approval, CommitSha, EnvironmentName, ReleaseName, ReleaseNumber, RunName, Timestamp,
};
use crate::store::database::{Connection, query};

/// What people have said of each release in each environment.
type Approvals = BTreeMap<(ReleaseName, EnvironmentName), Vec<Approval>>;

/// The open releases of the packages, and those of `wanted`, with what people have said of them. Of their runs, those
/// that decisions are about, and `further`.
pub(super) async fn read(
    connection: &mut Connection,
    ids: &PackageIds,
    wanted: &BTreeSet<ReleaseName>,
    further: &BTreeSet<RunName>,
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
    attempts::add(connection, &mut by_id, further).await?;
    let names = by_id
        .iter()
        .map(|(id, release)| (*id, release.name.clone()));
    let approvals = standing::approvals(connection, &names.collect()).await?;
    let releases = by_id.into_values();
    let releases = releases.map(|release| (release.name.clone(), release));
    Ok((releases.collect(), approvals))
}

async fn collect(
    connection: &mut Connection,
    ids: &PackageIds,
    condition: &str,
    values: &[i64],
    into: &mut BTreeMap<i64, Release>,
) -> Result<()> {
    let sql = format!(
        "SELECT id, package_id, number, repository_id, commit_sha, package, goals, pull_request, \
         reply_to, created_at, lane, base, authors, is_again FROM release WHERE {condition}"
    );
    let mut query = query(sql);
    for value in values {
        query = query.bind(value);
    }
    for row in query.fetch_all(connection).await? {
        let Some(package) = ids.by_id.get(&row.get::<i64>(1)) else {
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
            goals: optional("goals", goals)?,
            pull_request: row.get(7),
            lane: row.get(10),
            base: base.map(|text| commit(&text)).transpose()?,
            authors: from_json("authors", row.get(12))?,
            reply_to: row.get(8),
            created_at: Timestamp(row.get(9)),
            is_again: row.get::<bool>(13),
            runs: BTreeMap::new(),
        };
        into.insert(row.get(0), release);
    }
    Ok(())
}

pub(super) fn optional<T: serde::de::DeserializeOwned>(
    what: &'static str,
    text: Option<String>,
) -> Result<Option<T>> {
    text.map(|text| from_json(what, &text)).transpose()
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
    connection: &mut Connection,
    ids: &PackageIds,
    commit: &CommitSha,
) -> Result<Vec<ReleaseName>> {
    let all: Vec<i64> = ids.by_id.keys().copied().collect();
    let mut names = Vec::new();
    for chunk in all.chunks(LIST) {
        let sql = format!(
            "SELECT package_id, max(number) FROM release WHERE commit_sha = $1 AND package_id IN {} \
             GROUP BY package_id",
            placeholders(2, chunk.len())
        );
        let mut query = query(sql).bind(commit.as_str());
        for id in chunk {
            query = query.bind(id);
        }
        for row in query.fetch_all(&mut *connection).await? {
            if let Some(package) = ids.by_id.get(&row.get::<i64>(0)) {
                names.push(ReleaseName {
                    package: package.clone(),
                    number: ReleaseNumber(row.get(1)),
                });
            }
        }
    }
    Ok(names)
}
