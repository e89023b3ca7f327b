//! Releases by number, by tag and by commit: the refs that a glob may mean.

use super::super::documents::LIST;
use super::super::{Result, placeholders};
use super::conditions::Conditions;
use super::matching::{Found, Places};
use crate::model::glob::{Bounds, Part};
use crate::model::{Reference, ReleaseNumber, SubPathKind};
use crate::store::database::{Connection, query};

/// The number that a glob's release is; `None` when it may be several, `Some(None)` when it is no number.
pub(super) fn number(release: &Part) -> Option<Option<i64>> {
    let text = release.exact()?;
    Some(text.parse::<ReleaseNumber>().ok().map(|number| number.0))
}

/// Whether the release may be a number.
pub(super) fn may_be_number(release: &Part) -> bool {
    match release {
        Part::Exact(_) => number(release).flatten().is_some(),
        Part::Prefix(begin) => {
            let digits = begin.strip_prefix('r').unwrap_or(begin);
            begin.is_empty()
                || begin.starts_with('r') && digits.parse::<i64>().is_ok()
                || begin == "r"
        }
    }
}

/// The releases of these packages, with their commits.
pub(super) async fn find(
    connection: &mut Connection,
    bounds: &Bounds,
    places: &Places<'_>,
    found: &mut Found<'_>,
) -> Result<()> {
    let is_itself = bounds.allows_depth(0);
    let is_commit = bounds.allows_kind(SubPathKind::Commit) && bounds.allows_depth(2);
    if !may_be_number(&bounds.release) || !(is_itself || is_commit) {
        return Ok(());
    }
    let mut conditions = Conditions::default();
    conditions = match bounds.named() {
        // All that is released of a commit, by the index of a repository's commits.
        Some(("commit", Part::Exact(commit))) => conditions
            .one_of("repository_id", &places.repository_ids())
            .text("commit_sha", &commit),
        _ => conditions.one_of("package_id", places.ids()),
    };
    if let Some(Some(number)) = number(&bounds.release) {
        conditions = conditions.number("number", number);
    }
    let rows = conditions
        .query("SELECT package_id, number, commit_sha FROM release")
        .fetch_all(connection)
        .await?;
    for row in rows {
        let Some(package) = places.name(row.get(0)) else {
            continue;
        };
        let release = ReleaseNumber(row.get(1)).to_string();
        let commit: &str = row.get(2);
        if is_commit {
            let kind = SubPathKind::Commit;
            found.add(Reference::of_package(package, &release, kind, commit));
        }
        if is_itself {
            found.add(Reference::of_release(package, &release));
        }
    }
    Ok(())
}

/// `@` and the tags of these packages.
pub(super) async fn links(
    connection: &mut Connection,
    bounds: &Bounds,
    places: &Places<'_>,
    found: &mut Found<'_>,
) -> Result<()> {
    if !bounds.allows_depth(0) {
        return Ok(());
    }
    if bounds.release.allows("") {
        for id in released(connection, places.ids()).await? {
            let package = places.name(id);
            found.extend(package.map(|package| Reference::of_release(package, "")));
        }
    }
    if bounds.release.exact() == Some("") || number(&bounds.release).flatten().is_some() {
        return Ok(());
    }
    let rows = Conditions::default()
        .one_of("package_id", places.ids())
        .part("tag", &bounds.release)
        .query("SELECT package_id, tag FROM tag")
        .fetch_all(connection)
        .await?;
    for row in rows {
        let package = places.name(row.get(0));
        found.extend(package.map(|package| Reference::of_release(package, row.get(1))));
    }
    Ok(())
}

/// Those of the packages that have a release on their default branch.
async fn released(connection: &mut Connection, ids: &[i64]) -> Result<Vec<i64>> {
    debug_assert!(ids.len() <= LIST, "one statement takes them all");
    let sql = format!(
        "SELECT id FROM package WHERE id IN {} AND EXISTS \
         (SELECT 1 FROM release WHERE release.package_id = package.id AND release.lane IS NULL)",
        placeholders(1, ids.len())
    );
    let mut query = query(sql);
    for id in ids {
        query = query.bind(id);
    }
    let rows = query.fetch_all(connection).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
