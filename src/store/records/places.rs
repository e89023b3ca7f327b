//! The packages that a glob may mean.

use super::super::Result;
use super::super::names::package_name;
use super::conditions::Conditions;
use crate::model::PackageName;
use crate::model::glob::Bounds;
use crate::store::database::Connection;

/// A package, with what its rows are known by.
pub(super) struct Place {
    pub id: i64,
    pub repository_id: i64,
    pub name: PackageName,
}

/// In the order of their refs.
pub(super) async fn find(
    connection: &mut Connection,
    installation_id: i64,
    bounds: &Bounds,
) -> Result<Vec<Place>> {
    if bounds.repository.exact() == Some("") {
        return Ok(Vec::new());
    }
    let mut conditions = Conditions::default()
        .number("installation_id", installation_id)
        .part("repository", &bounds.repository);
    if bounds.repository.exact().is_some() {
        conditions = conditions.part("path", &bounds.path);
    }
    let rows = conditions
        .query("SELECT id, repository_id, repository, path FROM package")
        .fetch_all(connection)
        .await?;
    let mut places = Vec::new();
    for row in rows {
        let name = package_name(&row, 2);
        let text = name.to_string();
        if may_be(bounds, &text) {
            let place = Place {
                id: row.get(0),
                repository_id: row.get(1),
                name,
            };
            places.push((text + "/@", place));
        }
    }
    places.sort_by(|(one, _), (two, _)| one.cmp(two));
    Ok(places.into_iter().map(|(_, place)| place).collect())
}

/// Whether refs that begin so may be meant.
pub(super) fn may_be(bounds: &Bounds, place: &str) -> bool {
    match &bounds.place {
        Some(pattern) => pattern.matches(place),
        None => {
            let begin = format!("{place}/@");
            begin.starts_with(&bounds.prefix) || bounds.prefix.starts_with(&begin)
        }
    }
}
