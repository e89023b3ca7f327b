//! Work of the engine that waits: packages that are to be planned again.

use super::super::Result;
use crate::model::{PackageName, Timestamp};
use crate::store::database::{Connection, query};

/// The one kind of such work that refs name.
pub(super) const CHECK_ENVIRONMENTS: &str = "check_envs";

/// The packages, with the time since when.
pub(super) async fn packages(
    connection: &mut Connection,
    installation_id: i64,
) -> Result<Vec<(PackageName, Timestamp)>> {
    let rows = query(
        "SELECT body, received_at FROM delivery WHERE state = 'pending' \
         AND event = 'ocuroot.replan' AND installation_id = $1 ORDER BY due_at, id",
    )
    .bind(installation_id)
    .fetch_all(connection)
    .await?;
    let read = |body: &[u8]| {
        serde_json::from_slice(body).map_err(|error| super::super::StoreError::Unreadable {
            what: "message",
            problem: error.to_string(),
        })
    };
    let packages = rows.iter();
    let packages = packages.map(|row| Ok((read(row.get(0))?, Timestamp(row.get(1)))));
    packages.collect()
}
