//! Webhooks that never arrived.

use super::decision::{INSTALLATION, LATER, NOW, REPOSITORY};
use crate::model::Timestamp;
use crate::store::{DeliveryScan, MissedDelivery, Result, Store};

/// With a repository that is looked at.
pub(super) async fn call_every_function(store: &Store) -> Result<()> {
    let scan = DeliveryScan {
        cursor: Some("v1_9".to_owned()),
        back_to: NOW,
        began_at: LATER,
    };
    assert_eq!(store.delivery_scan().await?, None);
    store.put_delivery_scan(Some(&scan)).await?;
    assert_eq!(store.delivery_scan().await?, Some(scan));
    store.put_delivery_scan(None).await?;
    let missed = |key: &str, urgency| MissedDelivery {
        key: key.to_owned(),
        attempt_id: 7,
        event: "push".to_owned(),
        repository_id: Some(REPOSITORY),
        delivered_at: NOW,
        urgency,
        asked: 0,
    };
    let (state, words) = (missed("state", 1), missed("words", 0));
    let both = [state.clone(), words.clone()];
    store.put_missed(&both).await?;
    store.put_missed(&both).await?;
    assert_eq!(store.due_missed(NOW, 10).await?, [words.clone(), state]);
    store.missed_was_asked("words", 1, LATER).await?;
    store.look_instead(NOW, LATER).await?;
    assert_eq!(store.due_missed(NOW, 10).await?, []);
    assert_eq!(store.due_missed(LATER, 1).await?[0].asked, 1);
    store.ask_anew(NOW).await?;
    let anew = store.due_missed(NOW, 10).await?;
    assert_eq!(anew, [words], "what is looked at instead is not asked for");
    store.look_soon(REPOSITORY).await?;
    assert_eq!(store.look_at_all_soon().await?, [REPOSITORY]);
    assert!(!store.has_effect(INSTALLATION, "react 1").await?);
    assert_eq!(store.repository_seen(REPOSITORY).await?, Some(Timestamp(0)));
    let keys = ["state".to_owned(), "words".to_owned()];
    store.forget_missed(&keys).await?;
    assert_eq!(store.due_missed(LATER, 1).await?, []);
    Ok(())
}
