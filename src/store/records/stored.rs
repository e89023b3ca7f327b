//! What is stored as documents: the rows of `state` and of `intent` that a glob may mean.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::super::Result;
use super::Documents;
use super::conditions::Conditions;
use crate::model::glob::{Bounds, Part};
use crate::model::{Reference, SubPathKind};

/// What documents are about, and whether only the workspace has them.
const KINDS: [(SubPathKind, bool); 4] = [
    (SubPathKind::Environment, true),
    (SubPathKind::Custom, false),
    (SubPathKind::Task, false),
    (SubPathKind::Deploy, false),
];

/// The refs of documents that a glob may mean.
pub(super) async fn find(
    connection: &mut SqliteConnection,
    installation_id: i64,
    bounds: &Bounds,
    of: Documents,
) -> Result<Vec<Reference>> {
    let table = of.table();
    let select = format!("SELECT repository, path, release, kind, name FROM {table}");
    let own = || Conditions::default().number("installation_id", installation_id);
    let lookups = match is_by_reference(bounds) {
        true => vec![own().begins("reference", &bounds.prefix)],
        false => {
            let kinds = KINDS.iter().filter(|(kind, is_global)| {
                !is_global && bounds.allows_kind(*kind) && bounds.reaches(2)
            });
            kinds
                .map(|(kind, _)| of_kind(own(), bounds, *kind))
                .collect()
        }
    };
    let mut found = Vec::new();
    for conditions in lookups {
        let rows = conditions
            .query(&select)
            .fetch_all(&mut *connection)
            .await?;
        found.extend(rows.iter().filter_map(reference));
    }
    Ok(found)
}

/// Whether what the ref begins with tells more than its parts do. Without `/@` of its own, a glob says nothing of them.
fn is_by_reference(bounds: &Bounds) -> bool {
    if bounds.place.is_none() {
        return true;
    }
    let (is_here, release) = (bounds.repository.exact().is_some(), bounds.release.exact());
    match release {
        Some("") => false,
        Some(_) => is_here && bounds.path.exact().is_some(),
        None => is_here && name(bounds).prefix().is_empty(),
    }
}

/// What the name begins with.
fn name(bounds: &Bounds) -> Part {
    let named = bounds.named().map(|(_, name)| name);
    named.unwrap_or(Part::Prefix(String::new()))
}

fn of_kind(conditions: Conditions, bounds: &Bounds, kind: SubPathKind) -> Conditions {
    let mut conditions = conditions.text("kind", kind.as_str());
    conditions = match bounds.release.exact() {
        // In the text of the statement: the index of what is current is of these rows only.
        Some("") => conditions.and("release = ''"),
        Some(release) => conditions.text("release", release),
        None => conditions,
    };
    conditions = conditions
        .part("name", &name(bounds))
        .part("repository", &bounds.repository);
    match bounds.repository.exact() {
        Some(_) => conditions.part("path", &bounds.path),
        None => conditions,
    }
}

/// A row's ref.
fn reference(row: &SqliteRow) -> Option<Reference> {
    let (repository, release): (String, String) = (row.get(0), row.get(2));
    let word: &str = row.get(3);
    let (kind, _) = KINDS.iter().find(|(kind, _)| kind.as_str() == word)?;
    Some(Reference {
        global: repository.is_empty(),
        repository,
        path: row.get(1),
        release: Some(release),
        subpath: Some((*kind, row.get(4))),
        fragment: None,
    })
}
