//! The world and what works on it from several threads.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::limits::Flights;
use super::options::RequestCheck;
use super::state::world::World;

/// One lock around everything: GitHub answers a request from one moment in time.
pub(crate) struct Shared {
    world: Mutex<World>,
    pub(crate) client: reqwest::Client,
    pub(crate) request_check: Option<RequestCheck>,
    pub(crate) flights: Flights,
    /// Rung when the world was changed.
    pub(crate) changed: Notify,
}

/// The locked world. Whoever waits for a change hears of it when the lock goes.
pub(crate) struct Locked<'a> {
    world: MutexGuard<'a, World>,
    changed: &'a Notify,
    was_changed: bool,
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
            flights: Flights::default(),
            changed: Notify::new(),
        }
    }

    /// The world; also after a thread that held it panicked, so that the test sees that panic and no other.
    pub(crate) fn lock(&self) -> Locked<'_> {
        let world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        Locked {
            world,
            changed: &self.changed,
            was_changed: false,
        }
    }
}

impl Deref for Locked<'_> {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut World {
        self.was_changed = true;
        &mut self.world
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        if self.was_changed {
            self.changed.notify_waiters();
        }
    }
}
