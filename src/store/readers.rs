//! Which packages read what others leave: for those who are about to change it.

use std::collections::{BTreeMap, BTreeSet};

use super::documents::LIST;
use super::names::package_name;
use super::{Result, Store, parse, placeholders};
use crate::engine::preview::Reading;
use crate::model::{PackageName, Reference};
use crate::store::database::{Transaction, query};

/// Writes down what each of the packages reads, in place of what it read before.
pub(super) async fn put(
    transaction: &mut Transaction,
    installation_id: i64,
    readers: &BTreeMap<&PackageName, &BTreeSet<Reference>>,
) -> Result<()> {
    // The packages of a decision are of one repository, or few.
    let mut packages: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in readers.keys() {
        let paths = packages.entry(&package.repository).or_default();
        paths.push(&package.path);
    }
    for (repository, paths) in packages {
        for chunk in paths.chunks(LIST) {
            let sql = format!(
                "DELETE FROM reader WHERE installation_id = $1 AND repository = $2 AND path IN {}",
                placeholders(3, chunk.len())
            );
            let mut query = query(sql);
            query = query.bind(installation_id).bind(repository);
            for path in chunk {
                query = query.bind(path);
            }
            query.execute(&mut **transaction).await?;
        }
    }
    let edges: Vec<(&PackageName, &Reference)> = readers
        .iter()
        .flat_map(|(package, read)| read.iter().map(|reference| (*package, reference)))
        .collect();
    for chunk in edges.chunks(LIST / 4) {
        let values: Vec<String> = (0..chunk.len())
            .map(|row| {
                let first = row * 4 + 2;
                format!(
                    "($1, ${first}, ${}, ${}, ${})",
                    first + 1,
                    first + 2,
                    first + 3
                )
            })
            .collect();
        let sql = format!(
            "INSERT INTO reader (installation_id, repository, path, reference, fragment) VALUES {}",
            values.join(", ")
        );
        let mut query = query(sql).bind(installation_id);
        for (package, reference) in chunk {
            query = query.bind(&package.repository).bind(&package.path);
            query = query.bind(reference.document().to_string());
            query = query.bind(reference.fragment.as_deref().unwrap_or_default());
        }
        query.execute(&mut **transaction).await?;
    }
    Ok(())
}

impl Store {
    /// Who reads any of the documents, by the newest releases of default branches.
    ///
    /// # Errors
    /// When the database does.
    pub async fn readers_of(
        &self,
        installation_id: i64,
        documents: &BTreeSet<Reference>,
    ) -> Result<BTreeSet<Reading>> {
        let texts: Vec<String> = documents.iter().map(ToString::to_string).collect();
        let mut found = BTreeSet::new();
        for chunk in texts.chunks(LIST) {
            let sql = format!(
                "SELECT repository, path, reference, fragment FROM reader \
                 WHERE installation_id = $1 AND reference IN {}",
                placeholders(2, chunk.len())
            );
            let mut query = query(sql).bind(installation_id);
            for text in chunk {
                query = query.bind(text);
            }
            for row in query.fetch_all(&self.readers).await? {
                let package = package_name(&row, 0);
                let document: Reference = parse("reference", row.get(2))?;
                let fragment: String = row.get(3);
                let fragment = (!fragment.is_empty()).then_some(fragment);
                found.insert(Reading {
                    package,
                    reference: Reference {
                        fragment,
                        ..document
                    },
                });
            }
        }
        Ok(found)
    }
}
