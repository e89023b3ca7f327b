//! The story of a release one step of the server's work at a time, with the server killed after, or within, some of
//! them.

use std::future::{Future, poll_fn};
use std::task::Poll;

use ocuroot::model::Outcome;
use ocuroot::simulator::{RequestClass, Simulator};
use serde_json::Value;

use super::repositories::shop;
use super::{App, succeed};

/// What happens to the server at a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kill {
    Not,
    /// It is killed when the step is done.
    After,
    /// It is killed as soon as GitHub has done what the step asks for.
    Within,
}

impl App {
    /// Tells the whole story of the shop's release. Answers how many steps it took.
    pub async fn stepwise(&mut self, kill: impl Fn(usize) -> Kill) -> usize {
        let commit = self.push(&shop(), "Begin");
        let mut is_approved = false;
        for step in 0..1000 {
            match kill(step) {
                Kill::Within => {
                    self.cut_step().await;
                    self.crash().await;
                }
                kill => {
                    if !self.one_step(&commit, &mut is_approved).await {
                        return step;
                    }
                    if kill == Kill::After {
                        self.crash().await;
                    }
                }
            }
        }
        panic!("the story has no end")
    }

    /// The next thing that happens by itself: a delivery, a step of the server, a job, what was in doubt. `false` at the
    /// end.
    pub async fn next_step(&self, outcome: impl Fn(&str, &Value) -> Outcome) -> bool {
        if self.small_step(outcome).await {
            return true;
        }
        let is_waiting = self.is_waiting().await;
        if is_waiting {
            self.pass(30);
        }
        is_waiting
    }

    async fn small_step(&self, outcome: impl Fn(&str, &Value) -> Outcome) -> bool {
        if self.github.deliver_next().await.is_some()
            || self.worker.intake().await.expect("the intake works")
            || self.worker.dispatch().await.expect("the dispatch works")
        {
            return true;
        }
        let Some(run) = self.queued().into_iter().next() else {
            return false;
        };
        self.github.start_workflow_run(run.id).expect("it starts");
        self.execute(&run, outcome).await;
        true
    }

    /// The next thing that happens: a delivery, a step of the server, a job, the approval. `false` at the end.
    async fn one_step(&mut self, commit: &str, is_approved: &mut bool) -> bool {
        if self.small_step(succeed).await {
            return true;
        }
        let checks = self.github.check_runs("acme/shop", commit);
        let waiting = checks.iter().find(|check| !check.actions.is_empty());
        match waiting {
            Some(check) if !*is_approved => {
                *is_approved = true;
                let pressed = self
                    .github
                    .press_button("acme/shop", check.id, "approve", "alice");
                pressed.expect("the button is there");
                true
            }
            // What was in doubt is waited for.
            _ if self.is_waiting().await => {
                self.pass(30);
                true
            }
            _ => false,
        }
    }

    /// How often a repository on GitHub was changed through the API.
    pub fn writes(&self) -> usize {
        requests(&self.github, false)
    }

    /// Whether something waits for its time.
    pub async fn is_waiting(&self) -> bool {
        let store = &self.worker.store;
        let (deliveries, _) = store.pending_deliveries().await.expect("the inbox");
        let (effects, _, _) = store.pending_effects().await.expect("the outbox");
        deliveries + effects > 0
    }

    /// Begins the server's next step and drops it as soon as GitHub has answered a question or made a change for it.
    async fn cut_step(&self) {
        self.github.deliver_all().await;
        let (deliveries, _) = self
            .worker
            .store
            .pending_deliveries()
            .await
            .expect("the inbox");
        if deliveries > 0 {
            cut(|| requests(&self.github, true), self.worker.intake()).await;
        } else {
            cut(|| self.writes(), self.worker.dispatch()).await;
        }
    }
}

/// Polls a step until it ends or `count` grows.
async fn cut<T>(count: impl Fn() -> usize, step: impl Future<Output = T>) {
    let before = count();
    let mut step = std::pin::pin!(step);
    poll_fn(|context| {
        if count() > before {
            return Poll::Ready(());
        }
        step.as_mut().poll(context).map(|_| ())
    })
    .await;
}

/// Requests about a repository: all of them, or those that have changed it.
fn requests(github: &Simulator, and_reads: bool) -> usize {
    let is_write =
        |class: RequestClass| matches!(class, RequestClass::Write | RequestClass::Content);
    let requests = github.requests().into_iter();
    requests
        .filter(|request| request.path.starts_with("/repos/"))
        .filter(|request| and_reads || is_write(request.class))
        .count()
}
