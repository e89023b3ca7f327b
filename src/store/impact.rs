//! What would be deployed again if something changed, by what is recorded of what live deployments read.

use std::collections::BTreeSet;

use super::{Result, Store, graph};
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
            let mut readers = graph::readers(connection, installation_id, &changed).await?;
            readers.retain(|reader, _| seen.insert(reader.clone()));
            changed = readers.keys().map(DeploymentName::document).collect();
            let readers = readers.into_iter();
            found.extend(readers.map(|(deployment, reads)| Dependent { deployment, reads }));
        }
        Ok(found)
    }
}
