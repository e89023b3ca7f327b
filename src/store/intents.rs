//! What should be beside what is, all of it: for those who compare.

use std::collections::BTreeMap;

use serde_json::Value;

use super::documents::Documents;
use super::{Result, Store, from_json, parse};
use crate::model::Reference;
use crate::store::database::query;

impl Store {
    /// What is and can be intended: environments, custom values, live deployments.
    ///
    /// # Errors
    /// When the database does.
    pub async fn states(&self, installation_id: i64) -> Result<BTreeMap<Reference, Value>> {
        self.intendable(Documents::State, installation_id).await
    }

    /// What should be.
    ///
    /// # Errors
    /// When the database does.
    pub async fn intents(&self, installation_id: i64) -> Result<BTreeMap<Reference, Value>> {
        self.intendable(Documents::Intent, installation_id).await
    }

    async fn intendable(
        &self,
        table: Documents,
        installation_id: i64,
    ) -> Result<BTreeMap<Reference, Value>> {
        let sql = format!(
            "SELECT reference, body FROM {} WHERE installation_id = $1 \
             AND (kind IN ('environment', 'custom') OR (kind = 'deploy' AND release = ''))",
            table.table()
        );
        let rows = query(sql)
            .bind(installation_id)
            .fetch_all(&self.readers)
            .await?;
        rows.iter()
            .map(|row| {
                let reference = parse("ref", row.get(0))?;
                let body: String = row.get(1);
                Ok((reference, from_json("document", &body)?))
            })
            .collect()
    }
}
