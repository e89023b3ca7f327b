//! Where links lead: `@` is the latest, a tag the release it was given to last.

use serde_json::Value;

use super::super::documents::release_number;
use super::super::{Result, from_json};
use super::repositories::current_commit;
use super::{REPOSITORY_FILE, TaskRecord, task_record};
use crate::model::{PackageName, Reference, ReleaseNumber, SubPathKind};
use crate::store::database::{Connection, query};

/// The ref of the document that `reference` (absolute, without fragment) leads to; `None` when it leads nowhere.
pub(super) async fn resolve(
    connection: &mut Connection,
    installation_id: i64,
    reference: &Reference,
) -> Result<Option<Reference>> {
    let (Some(package), Some(release)) = (reference.package(), reference.release.as_deref()) else {
        return Ok(Some(reference.clone()));
    };
    if package.path == REPOSITORY_FILE {
        let is_own = matches!(reference.subpath, None | Some((SubPathKind::Push, _)));
        if !is_own || !release.is_empty() {
            return Ok(Some(reference.clone()));
        }
        let commit = current_commit(connection, installation_id, &package.repository).await?;
        return Ok(commit.map(|commit| at(reference, commit)));
    }
    let number = match release {
        "" => latest(connection, installation_id, &package, reference).await?,
        release if release.parse::<ReleaseNumber>().is_ok() => return Ok(Some(reference.clone())),
        tag => tagged(connection, installation_id, &package, tag).await?,
    };
    if release.is_empty() && number.is_none() && is_stored_at_latest(reference) {
        return Ok(Some(reference.clone()));
    }
    Ok(number.map(|number| at(reference, number.to_string())))
}

fn at(reference: &Reference, release: String) -> Reference {
    Reference {
        release: Some(release),
        ..reference.clone()
    }
}

/// Whether `@` is the document's own place: a custom value of a package outlives its releases.
fn is_stored_at_latest(reference: &Reference) -> bool {
    matches!(reference.subpath, Some((SubPathKind::Custom, _)))
}

/// The release that `@` means in this ref: for what tasks have left, the one that left it last; for all else the newest.
async fn latest(
    connection: &mut Connection,
    installation_id: i64,
    package: &PackageName,
    reference: &Reference,
) -> Result<Option<ReleaseNumber>> {
    if is_stored_at_latest(reference) {
        return Ok(None);
    }
    if let Some((task, record)) = task_record(reference) {
        let number = last_left(connection, installation_id, package, &task).await?;
        if number.is_some() || record == TaskRecord::Document {
            return Ok(number);
        }
    }
    newest(connection, installation_id, package).await
}

async fn last_left(
    connection: &mut Connection,
    installation_id: i64,
    package: &PackageName,
    task: &str,
) -> Result<Option<ReleaseNumber>> {
    let row = query("SELECT body FROM state WHERE installation_id = $1 AND reference = $2")
        .bind(installation_id)
        .bind(format!("{package}/@/{task}"))
        .fetch_optional(connection)
        .await?;
    row.map(|row| {
        let body: Value = from_json("state document", row.get(0))?;
        release_number(&body)
    })
    .transpose()
}

/// The newest release of a package on its default branch.
pub(super) async fn newest(
    connection: &mut Connection,
    installation_id: i64,
    package: &PackageName,
) -> Result<Option<ReleaseNumber>> {
    let row = query(
        "SELECT (SELECT max(number) FROM release WHERE release.package_id = package.id AND lane IS NULL) \
         FROM package WHERE installation_id = $1 AND repository = $2 AND path = $3",
    )
    .bind(installation_id)
    .bind(&package.repository)
    .bind(&package.path)
    .fetch_optional(connection)
    .await?;
    Ok(row
        .and_then(|row| row.get::<Option<i64>>(0))
        .map(ReleaseNumber))
}

/// The release that a tag means now.
pub(in crate::store) async fn tagged(
    connection: &mut Connection,
    installation_id: i64,
    package: &PackageName,
    tag: &str,
) -> Result<Option<ReleaseNumber>> {
    let row = query(
        "SELECT tag.number FROM tag JOIN package ON package.id = tag.package_id \
         WHERE package.installation_id = $1 AND package.repository = $2 AND package.path = $3 \
         AND tag.tag = $4",
    )
    .bind(installation_id)
    .bind(&package.repository)
    .bind(&package.path)
    .bind(tag)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| ReleaseNumber(row.get(0))))
}
