//! What was heard before.

use super::{Result, Store};
use crate::store::database::query;

impl Store {
    /// Whether a call with that key was ever written down for the workspace.
    ///
    /// # Errors
    /// When the database does.
    pub async fn has_effect(&self, installation_id: i64, key: &str) -> Result<bool> {
        let found = query("SELECT generation FROM effect WHERE installation_id = $1 AND key = $2")
            .bind(installation_id)
            .bind(key)
            .fetch_optional(&self.readers)
            .await?;
        Ok(found.is_some())
    }
}
