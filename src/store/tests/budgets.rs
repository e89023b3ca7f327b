//! Budgets, and what waits for them.

use super::decision::{INSTALLATION, LATER, NOW, release};
use crate::budget::{Budget, Class, Limits};
use crate::store::{PendingEffect, Store};

pub(super) async fn ask(store: &Store, effect: &PendingEffect) -> super::super::Result<()> {
    let full = store.budget(INSTALLATION).await?;
    let take = |budget: &mut Budget| budget.take(&Limits::GITHUB, Class::CONTENT, NOW);
    let (taken, ()) = store.change_budget(INSTALLATION, take).await?;
    assert_ne!(taken, full);
    assert_eq!(store.budget(INSTALLATION).await?, taken);
    store.effect_waits(effect, NOW).await?;
    store.hold_starts(INSTALLATION, LATER).await?;
    store.ask_for(INSTALLATION, &[], NOW).await?;
    assert_eq!(store.waiting_starts(INSTALLATION, &release()).await?, 0);
    let waiting = store.waiting_by_lane().await?;
    let all = store.backlog(INSTALLATION).await?;
    assert_eq!(waiting.values().sum::<i64>(), all);
    let turn = store.take_turn(effect.clone(), 0, NOW, 60).await?;
    assert_eq!(turn.key, effect.key);
    Ok(())
}
