//! What of the record GitHub has been seen to show.

use super::decision::{INSTALLATION, LATER, REPOSITORY};
use crate::model::Timestamp;
use crate::store::{Result, Store};

/// With releases that have run.
pub(super) async fn call_every_function(store: &Store) -> Result<()> {
    let over = store
        .unverified_releases(REPOSITORY, Timestamp(0), 9)
        .await?;
    for release in &over {
        store.release_is_verified(release).await?;
    }
    let rest = store
        .unverified_releases(REPOSITORY, Timestamp(0), 9)
        .await?;
    assert_eq!(rest, []);
    let later = store.unverified_releases(REPOSITORY, LATER, 9).await?;
    assert_eq!(later, []);
    assert_eq!(store.workspaces().await?.len(), 1);
    let seen = store.seen_repositories(INSTALLATION).await?;
    assert_eq!(seen, [REPOSITORY]);
    assert!(!store.is_gone(REPOSITORY).await?);
    let open = store.numbers_of_open_pull_requests(REPOSITORY).await?;
    assert!(open.contains(&3), "{open:?}");
    let waves = store.keys_of_active_waves(REPOSITORY).await?;
    assert_eq!(waves, ["wave"]);
    Ok(())
}
