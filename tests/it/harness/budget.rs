//! A GitHub that limits what it is asked, and time that passes as fast as it is waited for.

use std::sync::atomic::Ordering;

use ocuroot::budget::{Budget, Class, Limits};
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

    /// The same, with an empty private repository `acme/shop`.
    pub async fn shop_within_limits() -> App {
        let app = App::within_limits().await;
        app.make_shop();
        app
    }

    /// So many creations have been sent for `acme/shop`'s installation, one each eight seconds up to now.
    pub async fn use_up(&self, creations: i64) {
        let installation = self.github.installation_id("acme/shop").expect("an id");
        let installation = i64::try_from(installation).expect("a small number");
        let now = self.now();
        let spend = |budget: &mut Budget| {
            for earlier in (0..creations).rev() {
                let at = now.plus_seconds(-8 * earlier);
                budget.take(&Limits::GITHUB, Class::CONTENT, at);
            }
        };
        let spent = self.worker.store.change_budget(installation, spend).await;
        spent.expect("a budget");
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
