//! What is known of repositories: their own file, and what of them is released.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::names::package_name;
use super::super::{Result, from_json};
use super::conditions::Conditions;
use super::{REPOSITORY_FILE, RecordKind, places};
use crate::model::glob::Bounds;
use crate::model::{Reference, SubPathKind};
use crate::store::database::{Connection, query};

/// What is said of all packages of a repository at once.
pub(super) const INDEX: &str = "index";

/// A record of a repository at a commit.
pub(super) async fn read(
    connection: &mut Connection,
    installation_id: i64,
    target: &Reference,
) -> Result<Option<(RecordKind, Value)>> {
    let row = query(
        "SELECT id, name, default_branch, released_commit, previous_commit FROM repository \
         WHERE installation_id = $1 AND reference_name = $2",
    )
    .bind(installation_id)
    .bind(&target.repository)
    .fetch_optional(&mut *connection)
    .await?;
    let (Some(row), Some(commit)) = (row, target.release.as_deref()) else {
        return Ok(None);
    };
    let id: i64 = row.get(0);
    let is_released = row.get::<Option<String>>(3).as_deref() == Some(commit);
    match &target.subpath {
        None => {
            let source = source(connection, id, commit).await?;
            if source.is_none() && !is_released {
                return Ok(None);
            }
            let told = told(connection, installation_id, &target.repository).await?;
            let document = json!({
                "name": row.get::<String>(1),
                "default_branch": row.get::<String>(2),
                "commit": commit,
                "source": source,
                "Remotes": told.map_or_else(|| remotes(&target.repository), |told| told["Remotes"].clone()),
            });
            Ok(Some((RecordKind::Repository, document)))
        }
        Some((SubPathKind::Push, name)) if name == INDEX && is_released => {
            let configs = configs(connection, id).await?;
            let document = json!({
                "commit": commit,
                "previous_commit": row.get::<Option<String>>(4),
                "release_configs": configs,
            });
            Ok(Some((RecordKind::Push, document)))
        }
        Some(_) => Ok(None),
    }
}

/// What those who work in a checkout have told of a repository: its remotes, and which commit they saw last.
async fn told(
    connection: &mut Connection,
    installation_id: i64,
    repository: &str,
) -> Result<Option<Value>> {
    let row = query("SELECT body FROM state WHERE installation_id = $1 AND reference = $2")
        .bind(installation_id)
        .bind(format!("{repository}/-/{REPOSITORY_FILE}/@"))
        .fetch_optional(connection)
        .await?;
    row.map(|row| from_json("remotes", row.get(0))).transpose()
}

/// Where a repository is whose name says it: that of a host.
fn remotes(repository: &str) -> Value {
    let host = repository.split_once('/').map(|(host, _)| host);
    if !host.is_some_and(|host| host.contains('.')) {
        return json!([]);
    }
    let url = format!("https://{repository}.git");
    json!([{ "Name": "origin", "URL": url, "PushURL": url }])
}

/// The commit that `@` means for a repository: the one up to which pushes were released; where nothing was pushed, the
/// one that was seen last.
pub(super) async fn current_commit(
    connection: &mut Connection,
    installation_id: i64,
    repository: &str,
) -> Result<Option<String>> {
    let row = query(
        "SELECT released_commit FROM repository WHERE installation_id = $1 AND reference_name = $2",
    )
    .bind(installation_id)
    .bind(repository)
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(commit) = row.and_then(|row| row.get(0)) {
        return Ok(Some(commit));
    }
    let told = told(connection, installation_id, repository).await?;
    Ok(told.and_then(|told| Some(told["commit"].as_str()?.to_owned())))
}

/// The text of the repository's own file at a commit, as far as it was read.
async fn source(
    connection: &mut Connection,
    repository_id: i64,
    commit: &str,
) -> Result<Option<String>> {
    let row = query("SELECT files FROM source_tree WHERE repository_id = $1 AND commit_sha = $2")
        .bind(repository_id)
        .bind(commit)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let files: BTreeMap<String, String> = from_json("source tree", row.get(0))?;
    let Some(blob) = files.get(REPOSITORY_FILE) else {
        return Ok(None);
    };
    let row = query("SELECT text FROM source_blob WHERE repository_id = $1 AND blob_sha = $2")
        .bind(repository_id)
        .bind(blob)
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|row| row.get(0)))
}

/// The packages that pushes release, and which paths each watches beyond its own directory.
async fn configs(connection: &mut Connection, repository_id: i64) -> Result<Value> {
    let rows = query(
        "SELECT repository, path, watch, also FROM package WHERE repository_id = $1 AND EXISTS \
         (SELECT 1 FROM release WHERE release.package_id = package.id AND release.lane IS NULL)",
    )
    .bind(repository_id)
    .fetch_all(connection)
    .await?;
    let mut configs = Map::new();
    for row in rows {
        let package = package_name(&row, 0);
        let watch: Option<String> = row.get(2);
        let watch: Option<Vec<String>> = watch.map(|text| from_json("watch", &text)).transpose()?;
        let also: Vec<String> = from_json("watched paths", row.get(3))?;
        let files = match (watch, also.is_empty()) {
            (None, true) => Value::Null,
            (watch, _) => json!([watch.unwrap_or_default(), also].concat()),
        };
        configs.insert(package.to_string(), json!({ "watch_files": files }));
    }
    Ok(Value::Object(configs))
}

/// The refs of what is known of repositories that a glob may mean.
pub(super) async fn find(
    connection: &mut Connection,
    installation_id: i64,
    bounds: &Bounds,
) -> Result<Vec<Reference>> {
    let is_meant = bounds.path.allows(REPOSITORY_FILE)
        && bounds.repository.exact() != Some("")
        && (bounds.allows_depth(0) || bounds.allows_kind(SubPathKind::Push));
    if !is_meant {
        return Ok(Vec::new());
    }
    let rows = Conditions::default()
        .number("installation_id", installation_id)
        .part("reference_name", &bounds.repository)
        .query("SELECT reference_name, released_commit FROM repository")
        .fetch_all(&mut *connection)
        .await?;
    let mut found = Vec::new();
    for row in rows {
        let repository: String = row.get(0);
        let released: Option<String> = row.get(1);
        let place = format!("{repository}/-/{REPOSITORY_FILE}");
        if !places::may_be(bounds, &place) {
            continue;
        }
        let is_released = released.is_some();
        let commit = match released {
            Some(commit) => Some(commit),
            None => current_commit(connection, installation_id, &repository).await?,
        };
        let Some(commit) = commit else { continue };
        for release in [String::new(), commit] {
            let own = Reference {
                repository: repository.clone(),
                path: REPOSITORY_FILE.to_owned(),
                release: Some(release),
                ..Reference::default()
            };
            found.extend(is_released.then(|| Reference {
                subpath: Some((SubPathKind::Push, INDEX.to_owned())),
                ..own.clone()
            }));
            found.push(own);
        }
    }
    Ok(found)
}
