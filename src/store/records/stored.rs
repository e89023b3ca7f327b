//! What is stored as documents: the rows of `state` and of `intent` that a glob may mean.

use super::super::Result;
use super::conditions::Conditions;
use super::matching::Found;
use crate::model::glob::{Bounds, Part};
use crate::model::{Reference, SubPathKind};
use crate::store::database::{Connection, Row};

/// What documents are about, and whether only the workspace has them.
const KINDS: [(SubPathKind, bool); 4] = [
    (SubPathKind::Environment, true),
    (SubPathKind::Custom, false),
    (SubPathKind::Task, false),
    (SubPathKind::Deploy, false),
];

/// How many rows are looked at between two questions whether a page is full.
const BATCH: usize = 1_000;

/// The refs of documents that a glob may mean.
pub(super) async fn find(
    connection: &mut Connection,
    installation_id: i64,
    bounds: &Bounds,
    found: &mut Found<'_>,
) -> Result<()> {
    let table = found.options().of.table();
    let select = format!("SELECT repository, path, release, kind, name FROM {table}");
    let own = || Conditions::default().number("installation_id", installation_id);
    if is_by_reference(bounds) {
        let mut after = found.options().after.clone();
        loop {
            let after_last = after.as_deref().unwrap_or_default();
            let conditions = own()
                .begins_after("reference", &bounds.prefix, after_last)
                .first("reference", BATCH);
            let rows = conditions
                .query(&select)
                .fetch_all(&mut *connection)
                .await?;
            let references: Vec<Reference> = rows.iter().filter_map(reference).collect();
            after = references.last().map(Reference::to_string);
            found.extend(references);
            let is_end = rows.len() < BATCH;
            match &after {
                Some(last) if !is_end && !found.is_full(last) => {}
                _ => return Ok(()),
            }
        }
    }
    for (kind, is_global) in KINDS {
        // A glob with a place of its own never means what belongs to the workspace.
        if !is_global && bounds.allows_kind(kind) && bounds.reaches(2) {
            let conditions = of_kind(own(), bounds, kind);
            let rows = conditions
                .query(&select)
                .fetch_all(&mut *connection)
                .await?;
            found.extend(rows.iter().filter_map(reference));
        }
    }
    Ok(())
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
fn reference(row: &Row) -> Option<Reference> {
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
