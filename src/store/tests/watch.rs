//! What the sweep keeps about starts, and what it asks for.

use super::decision::{INSTALLATION, LATER, NOW, release, run};
use crate::engine::deadline::Step;
use crate::model::{Diagnosis, Progress};
use crate::store::{Result, Store};

/// After `run` has been claimed in the wave called `wave`.
pub(super) async fn call_every_function(store: &Store) -> Result<()> {
    store.watch_active_runs(NOW).await?;
    let due = store.due_watches(LATER, 10).await?;
    let watched = due.iter().find(|watched| watched.name == run());
    let watched = watched.expect("the run is active");
    assert!(store.is_wave_needed("wave").await?);
    store.watch_wave_at("wave", NOW).await?;
    store
        .note_step(watched, Step::ForceCancel, Some(NOW))
        .await?;
    assert!(!store.is_wave_needed("wave").await?);
    store.remember_job(watched).await?;
    assert!(store.is_given_up(watched.run_id, 1, "token").await?);
    assert!(store.is_wave_stopped("wave").await?);
    let zombie = Diagnosis::Zombie;
    assert!(store.put_diagnosis("wave", Some(&zombie)).await?);
    assert!(!store.put_diagnosis("wave", Some(&zombie)).await?);
    let again = store.due_watches(LATER, 10).await?;
    let again = again.iter().find(|again| again.name == run());
    let again = again.expect("it is still due");
    assert_eq!(again.step, Some(Step::ForceCancel));
    assert_eq!(again.diagnosis.as_ref(), Some(&zombie));
    let mut progress = Progress::default();
    store
        .add_troubles(INSTALLATION, &release(), &mut progress)
        .await?;
    assert_eq!(progress.troubles.len(), 1, "{progress:?}");
    store.watch_until(again, LATER).await?;
    assert!(store.put_diagnosis("wave", None).await?);
    Ok(())
}
