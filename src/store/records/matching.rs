//! Globs as queries: what is looked up is bounded by what the glob says, what is returned by its pattern.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use super::super::documents::LIST;
use super::super::{Documents, Result, Store};
use super::places::Place;
use super::{REPOSITORY_FILE, links, places, queued, released, repositories, runs, stored};
use crate::model::glob::{Alternative, Bounds};
use crate::model::{Glob, PackageName, Reference, ReleaseNumber, SubPathKind};
use crate::store::database::Connection;

/// Which of the refs that a glob means are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MatchOptions {
    /// Of which documents.
    pub of: Documents,
    /// Not those of links (`@`, tags).
    pub without_links: bool,
    /// The most of them; `None` means all.
    pub limit: Option<usize>,
    /// Only what comes after this text: the last ref of the page before.
    pub after: Option<String>,
}

impl Store {
    /// The refs of records that a glob means, in the order of their bytes. What goes by a link (`<package>/@v1/task/build`)
    /// is found by its own ref only.
    ///
    /// # Errors
    /// When the database does.
    pub async fn matching(
        &self,
        installation_id: i64,
        glob: &Glob,
        options: &MatchOptions,
    ) -> Result<Vec<Reference>> {
        let mut transaction = self.readers.begin().await?;
        let mut all = BTreeMap::new();
        for alternative in glob.alternatives() {
            let mut found = Found {
                alternative,
                options,
                all: &mut all,
            };
            collect(&mut transaction, installation_id, &mut found).await?;
        }
        let limit = options.limit.unwrap_or(usize::MAX);
        Ok(all.into_values().take(limit).collect())
    }
}

/// What was found so far, by text.
pub(super) struct Found<'a> {
    alternative: &'a Alternative,
    options: &'a MatchOptions,
    all: &'a mut BTreeMap<String, Reference>,
}

impl Found<'_> {
    /// Takes the ref if it is asked for.
    pub(super) fn add(&mut self, reference: Reference) {
        if self.options.without_links && self.is_link(&reference) {
            return;
        }
        let text = reference.to_string();
        let is_later = self
            .options
            .after
            .as_ref()
            .is_none_or(|after| text > *after);
        if is_later && self.alternative.pattern.matches(&text) {
            self.all.insert(text, reference);
        }
    }

    pub(super) fn extend(&mut self, references: impl IntoIterator<Item = Reference>) {
        references
            .into_iter()
            .for_each(|reference| self.add(reference));
    }

    fn is_link(&self, reference: &Reference) -> bool {
        let is_latest = reference.release.as_deref() == Some("") && !reference.global;
        match reference.subpath {
            _ if self.options.of == Documents::Intent => false,
            None if reference.path == REPOSITORY_FILE => is_latest,
            // Releases and tags alike: what is no number is a tag or `@`.
            None => reference
                .release
                .as_deref()
                .is_none_or(|release| release.parse::<ReleaseNumber>().is_err()),
            Some((SubPathKind::Custom | SubPathKind::Environment, _)) => false,
            Some(_) => is_latest,
        }
    }

    /// Whether all of the page is there, once everything up to that text is.
    pub(super) fn is_full(&self, end: &str) -> bool {
        self.options.limit.is_some_and(|limit| {
            let before = self
                .all
                .range::<str, _>((Bound::Unbounded, Bound::Included(end)));
            before.take(limit).count() == limit
        })
    }

    pub(super) fn options(&self) -> &MatchOptions {
        self.options
    }
}

async fn collect(
    connection: &mut Connection,
    installation_id: i64,
    found: &mut Found<'_>,
) -> Result<()> {
    let bounds = &found.alternative.bounds;
    stored::find(connection, installation_id, bounds, found).await?;
    if found.options.of == Documents::Intent {
        return Ok(());
    }
    found.extend(repositories::find(connection, installation_id, bounds).await?);
    if bounds.allows_kind(SubPathKind::Op) && bounds.allows_depth(2) {
        found.extend(ops(connection, installation_id, bounds).await?);
    }
    if !is_of_packages(bounds) {
        return Ok(());
    }
    let places = places::find(connection, installation_id, bounds).await?;
    for chunk in places.chunks(LIST) {
        let last = chunk
            .last()
            .map(|place| format!("{}/@\u{10ffff}", place.name));
        let last = last.unwrap_or_default();
        let is_later = found
            .options
            .after
            .as_ref()
            .is_none_or(|after| last > *after);
        if is_later {
            let chunk = Places::new(chunk);
            released::find(connection, bounds, &chunk, found).await?;
            released::links(connection, bounds, &chunk, found).await?;
            runs::find(connection, bounds, &chunk, found).await?;
        }
        if found.is_full(&last) {
            return Ok(());
        }
    }
    Ok(())
}

/// Whether the glob may mean releases, their commits, or runs.
fn is_of_packages(bounds: &Bounds) -> bool {
    let is_run = bounds.reaches(3)
        && [SubPathKind::Task, SubPathKind::Deploy]
            .iter()
            .any(|kind| bounds.allows_kind(*kind));
    let is_commit = bounds.allows_kind(SubPathKind::Commit) && bounds.allows_depth(2);
    let is_numbered = released::may_be_number(&bounds.release) && (is_run || is_commit);
    is_numbered || bounds.allows_depth(0)
}

/// Queued work by the newest release of its package.
async fn ops(
    connection: &mut Connection,
    installation_id: i64,
    bounds: &Bounds,
) -> Result<Vec<Reference>> {
    let waiting = queued::packages(connection, installation_id).await?;
    let names: BTreeSet<PackageName> = waiting.into_iter().map(|(package, _)| package).collect();
    let mut found = Vec::new();
    for package in names {
        if !places::may_be(bounds, &package.to_string()) {
            continue;
        }
        let newest = links::newest(connection, installation_id, &package).await?;
        let kind = SubPathKind::Op;
        let reference = newest.map(|number| {
            let release = number.to_string();
            Reference::of_package(&package, &release, kind, queued::CHECK_ENVIRONMENTS)
        });
        found.extend(reference);
    }
    Ok(found)
}

/// Packages that are looked at together.
pub(super) struct Places<'p> {
    ids: Vec<i64>,
    repository_ids: BTreeSet<i64>,
    names: BTreeMap<i64, &'p PackageName>,
}

impl<'p> Places<'p> {
    fn new(places: &'p [Place]) -> Places<'p> {
        Places {
            ids: places.iter().map(|place| place.id).collect(),
            repository_ids: places.iter().map(|place| place.repository_id).collect(),
            names: places.iter().map(|place| (place.id, &place.name)).collect(),
        }
    }

    pub(super) fn ids(&self) -> &[i64] {
        &self.ids
    }

    pub(super) fn repository_ids(&self) -> Vec<i64> {
        self.repository_ids.iter().copied().collect()
    }

    pub(super) fn name(&self, id: i64) -> Option<&'p PackageName> {
        self.names.get(&id).copied()
    }
}
