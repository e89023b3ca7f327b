//! What would be deployed again if something changed, by what is recorded of what live deployments read.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use super::documents::LIST;
use super::{Result, Store, graph, parse, placeholders};
use crate::model::{Dependent, DeploymentName, Reference};

impl Store {
    /// The live deployments that read what `reference` (absolute) names, then those that read what these leave, and so
    /// on: one statement for each step away.
    ///
    /// # Errors
    /// When the database does, or something stored cannot be read back.
    pub async fn impact(
        &self,
        installation_id: i64,
        reference: &Reference,
    ) -> Result<Vec<Dependent>> {
        let mut transaction = self.readers.begin().await?;
        let connection = &mut *transaction;
        let document = Reference {
            fragment: None,
            ..reference.clone()
        };
        let mut changed = BTreeSet::from([document]);
        let tags = graph::tags(connection, installation_id, &changed).await?;
        for name in changed.clone() {
            changed.extend(graph::also_written(connection, installation_id, &name, &tags).await?);
        }
        let mut seen: BTreeSet<DeploymentName> = BTreeSet::new();
        let mut found = Vec::new();
        while !changed.is_empty() {
            let mut readers = readers(connection, installation_id, &changed).await?;
            readers.retain(|reader, _| seen.insert(reader.clone()));
            changed = readers.keys().map(DeploymentName::document).collect();
            let readers = readers.into_iter();
            found.extend(readers.map(|(deployment, reads)| Dependent { deployment, reads }));
        }
        Ok(found)
    }
}

/// Who reads any of `references`, and which of them.
async fn readers(
    connection: &mut SqliteConnection,
    installation_id: i64,
    references: &BTreeSet<Reference>,
) -> Result<BTreeMap<DeploymentName, BTreeSet<Reference>>> {
    let texts: Vec<String> = references.iter().map(ToString::to_string).collect();
    let mut found: BTreeMap<DeploymentName, BTreeSet<Reference>> = BTreeMap::new();
    for chunk in texts.chunks(LIST) {
        let sql = format!(
            "SELECT repository, path, environment, reference FROM live_read \
             WHERE installation_id = $1 AND reference IN {}",
            placeholders(2, chunk.len())
        );
        let mut query = sqlx::query(AssertSqlSafe(sql)).bind(installation_id);
        for text in chunk {
            query = query.bind(text);
        }
        for row in query.fetch_all(&mut *connection).await? {
            let read = parse("reference", row.get(3))?;
            let reader = graph::deployment(&row)?;
            found.entry(reader).or_default().insert(read);
        }
    }
    Ok(found)
}
