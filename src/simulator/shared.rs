//! The world and what works on it from several threads.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::options::RequestCheck;
use super::state::world::World;

/// One lock around everything: GitHub answers a request from one moment in time.
pub(crate) struct Shared {
    world: Mutex<World>,
    pub(crate) client: reqwest::Client,
    pub(crate) request_check: Option<RequestCheck>,
    /// Rung when a workflow run waits for the laptop.
    pub(crate) runs_wake: Arc<tokio::sync::Notify>,
}

impl Shared {
    pub(crate) fn new(
        world: World,
        client: reqwest::Client,
        request_check: Option<RequestCheck>,
    ) -> Self {
        Self {
            world: Mutex::new(world),
            client,
            request_check,
            runs_wake: Arc::new(tokio::sync::Notify::new()),
        }
    }

    /// The world; also after a thread that held it panicked, so that the test sees that panic and no other.
    pub(crate) fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
