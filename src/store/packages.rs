//! Packages: their ids in the database, and the numbers their releases have.

use std::collections::{BTreeMap, BTreeSet};

use super::documents::LIST;
use super::names::package_name;
use super::{Result, placeholders};
use crate::model::{PackageName, ReleaseNumber};
use crate::store::database::{Connection, query};

/// Packages by id and by name.
#[derive(Debug, Default)]
pub(super) struct PackageIds {
    pub(super) by_id: BTreeMap<i64, PackageName>,
    by_name: BTreeMap<PackageName, i64>,
    newest: BTreeMap<PackageName, ReleaseNumber>,
}

impl PackageIds {
    pub(super) fn id(&self, package: &PackageName) -> Option<i64> {
        self.by_name.get(package).copied()
    }

    /// The number the next release of each package gets; none for those without a release.
    pub(super) fn next_numbers(&self) -> BTreeMap<PackageName, ReleaseNumber> {
        let newest = self.newest.iter();
        newest
            .map(|(package, number)| (package.clone(), ReleaseNumber(number.0 + 1)))
            .collect()
    }
}

/// The packages of a workspace among `packages`.
pub(super) async fn read(
    connection: &mut Connection,
    installation_id: i64,
    packages: &BTreeSet<PackageName>,
) -> Result<PackageIds> {
    let mut ids = PackageIds::default();
    let packages: Vec<&PackageName> = packages.iter().collect();
    for chunk in packages.chunks(LIST / 2) {
        let pairs: Vec<String> = (0..chunk.len())
            .map(|index| placeholders(2 + index * 2, 2))
            .collect();
        // The newest number is the end of an index, however many releases there are before it.
        let sql = format!(
            "SELECT id, repository, path, \
             (SELECT max(number) FROM release WHERE release.package_id = package.id) FROM package \
             WHERE installation_id = $1 AND (repository, path) IN (VALUES {})",
            pairs.join(", ")
        );
        let mut query = query(sql).bind(installation_id);
        for package in chunk {
            query = query.bind(&package.repository).bind(&package.path);
        }
        for row in query.fetch_all(&mut *connection).await? {
            let name = package_name(&row, 1);
            if let Some(number) = row.get(3) {
                ids.newest.insert(name.clone(), ReleaseNumber(number));
            }
            ids.by_name.insert(name.clone(), row.get(0));
            ids.by_id.insert(row.get(0), name);
        }
    }
    Ok(ids)
}
