//! A GitHub that limits what it is asked, and time that passes as fast as it is waited for.

use std::sync::atomic::Ordering;

use ocuroot::budget::Limits;
use ocuroot::model::{Outcome, Timestamp};
use ocuroot::simulator::RequestLimits;
use serde_json::Value;

use super::App;

impl App {
    /// A GitHub that enforces its limits, and a server that keeps to them.
    pub async fn within_limits() -> App {
        let app = App::limited(Limits::GITHUB).await;
        app.github.limit_requests(RequestLimits::GITHUB);
        app
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.clock.load(Ordering::SeqCst))
    }

    /// Lets everything happen that happens by itself, jobs included, while time passes. Answers how many seconds passed.
    pub async fn drain(&self, outcome: impl Fn(&str, &Value) -> Outcome) -> i64 {
        let start = self.now();
        loop {
            self.play(&outcome).await;
            let Some(next) = self.next_time().await else {
                return self.now().since(start) / 1000;
            };
            self.clock.store(next.0, Ordering::SeqCst);
        }
    }

    /// When something that waits goes on; `None` when nothing waits.
    pub async fn next_time(&self) -> Option<Timestamp> {
        let store = &self.worker.store;
        let now = self.now();
        let (_, delivery) = store.pending_deliveries().await.expect("the inbox");
        let (_, effect, _) = store.pending_effects().await.expect("the outbox");
        let due: Vec<Timestamp> = delivery.into_iter().chain(effect).collect();
        if due.is_empty() {
            return None;
        }
        let later = due.into_iter().filter(|due| *due > now);
        let opens = self.worker.budgets.opens_at(now);
        let next = later.chain(opens).min();
        Some(next.expect("what is due and not done waits for its budget"))
    }
}
