//! What stories do from pull requests and by command: deploy, give back, lock, approve, wait.

use std::collections::BTreeSet;

use super::guards::environment;
use super::language::{commit, package_name, push, release_name};
use super::story::{Story, actor, command};
use crate::engine::{NewReleases, Trigger, Unlock, Wish};
use crate::model::{Actor, Hold, Lock, LockKind, LockScope, PackageName, Permission, Timestamp};

const REPOSITORY: &str = "github.com/acme/shop";

/// @robin's `deploy` of a pull request's commit. `goals` are environments, separated by blanks.
pub(super) fn proposal(
    pull_request: i64,
    at: &str,
    packages: &[(&str, &str)],
    goals: &str,
) -> NewReleases {
    NewReleases {
        goals: Some(goals.split(' ').map(environment).collect()),
        pull_request: Some(pull_request),
        is_proposed: true,
        asked: Some(actor("robin")),
        authors: ["robin".to_owned()].into(),
        ..push(at, packages)
    }
}

/// Somebody wants what [`command`] reads.
pub(super) fn wish_of(who: Actor, text: &str) -> Wish {
    Wish {
        actor: who,
        ..command(text)
    }
}

/// Somebody for whom only rules that name somebody else are in the way.
pub(super) fn admin(login: &str) -> Actor {
    Actor {
        permission: Permission::Admin,
        ..actor(login)
    }
}

/// `staging`: of the repository; `api/staging`: of the package.
fn place(text: &str) -> (LockScope, &str) {
    match text.split_once('/') {
        Some((package, name)) => (LockScope::Package(package_name(package)), name),
        None => (LockScope::Repository(REPOSITORY.to_owned()), text),
    }
}

/// @robin's lock.
pub(super) fn lock(kind: LockKind, text: &str, since: Timestamp) -> Lock {
    let (scope, name) = place(text);
    Lock {
        repository: "github.com/acme/shop".to_owned(),
        environment: environment(name),
        scope,
        kind,
        by: "robin".to_owned(),
        reason: None,
        since,
        until: None,
    }
}

/// @robin takes away what `words` call, and of the claims those that are covered.
pub(super) fn unlock(holds: &[Hold], words: &[&'static str], text: &str) -> Unlock {
    let (scope, name) = place(text);
    let environment = environment(name);
    let covered = |hold: &&Hold| hold.environment == environment && scope.covers(&hold.package);
    Unlock {
        holds: holds.iter().filter(covered).cloned().collect(),
        environment,
        scope,
        kinds: words.iter().copied().collect(),
        actor: actor("robin"),
        repository: REPOSITORY.to_owned(),
    }
}

impl Story {
    /// A pull request deploys one package at a commit, up to the goals.
    pub(super) fn propose(
        &mut self,
        pull_request: i64,
        at: &str,
        package: (&str, &str),
        goals: &str,
    ) {
        self.release(proposal(pull_request, at, &[package], goals));
    }

    /// What the pull request holds is not given back: the default branch's release is on its way.
    pub(super) fn merge(&mut self, pull_request: i64) {
        self.is_over(pull_request, false);
    }

    pub(super) fn close(&mut self, pull_request: i64) {
        self.is_over(pull_request, true);
    }

    fn is_over(&mut self, pull_request: i64, is_given_back: bool) {
        let triggers = over(self, pull_request, is_given_back);
        self.decide(&triggers);
    }

    /// The environments that pull requests brought something to after they were over are given back.
    pub(super) fn give_back_what_is_left(&mut self) {
        let left = std::mem::take(&mut self.left).into_iter();
        let triggers = left.map(|(package, environment, pull_request)| Trigger::LetGo {
            package,
            environment,
            pull_request,
            is_given_back: true,
        });
        let triggers: Vec<Trigger> = triggers.collect();
        self.decide(&triggers);
    }

    /// The pull request has another head now.
    pub(super) fn head_moves(&mut self, pull_request: i64, head: &str) {
        let trigger = head_moved(self, pull_request, head);
        self.decide(&[trigger]);
    }

    pub(super) fn lock(&mut self, text: &str) {
        self.put(lock(LockKind::Lock, text, self.now()));
    }

    pub(super) fn lock_for(&mut self, text: &str, seconds: i64) {
        let lock = lock(LockKind::Lock, text, self.now());
        let until = Some(self.now().plus_seconds(seconds));
        self.put(Lock { until, ..lock });
    }

    pub(super) fn freeze(&mut self, text: &str) {
        self.put(lock(LockKind::Freeze, text, self.now()));
    }

    /// `api/@r1` stays in the environment.
    pub(super) fn pin(&mut self, release: &str, text: &str) {
        let kind = LockKind::Pin(release_name(release));
        self.put(lock(kind, text, self.now()));
    }

    pub(super) fn put(&mut self, lock: Lock) {
        self.decide(&[Trigger::Lock(lock, actor("robin"))]);
    }

    pub(super) fn unlock(&mut self, text: &str) {
        let unlock = unlock(&self.snapshot.holds, &["lock"], text);
        self.decide(&[Trigger::Unlock(unlock)]);
    }

    pub(super) fn unfreeze(&mut self, text: &str) {
        self.decide(&[Trigger::Unlock(unlock(&[], &["freeze"], text))]);
    }

    pub(super) fn unpin(&mut self, text: &str) {
        self.decide(&[Trigger::Unlock(unlock(&[], &["pin"], text))]);
    }

    pub(super) fn approve_as(&mut self, login: &str, wish: &str) {
        self.decide(&[Trigger::Approve(wish_of(actor(login), wish))]);
    }

    pub(super) fn reject_as(&mut self, login: &str, wish: &str) {
        self.decide(&[Trigger::Reject(wish_of(actor(login), wish))]);
    }

    /// An administrator goes past every gate.
    pub(super) fn break_glass(&mut self, wish: &str) {
        let wish = Wish {
            reason: Some("it burns".to_owned()),
            breaks_glass: true,
            ..wish_of(admin("ada"), wish)
        };
        self.decide(&[Trigger::Approve(wish)]);
    }

    pub(super) fn rollback(&mut self, wish: &str) {
        self.decide(&[Trigger::Rollback(command(wish), None)]);
    }

    pub(super) fn rollback_for(&mut self, wish: &str, seconds: i64) {
        let until = self.now().plus_seconds(seconds);
        self.decide(&[Trigger::Rollback(command(wish), Some(until))]);
    }

    pub(super) fn bring(&mut self, wish: &str) {
        self.decide(&[Trigger::Bring(command(wish))]);
    }

    /// Nothing happens until this time; then whatever waits is looked at.
    pub(super) fn wake(&mut self, at: &str) {
        let at = Timestamp::from_rfc3339(at).expect("a time");
        self.wake_at(at);
    }

    pub(super) fn wake_at(&mut self, at: Timestamp) {
        assert!(at > self.now(), "{} is over", at.rfc3339());
        self.clock = at.0 - 1000;
        self.wakes.retain(|wanted| *wanted > at);
        let packages: BTreeSet<PackageName> = self.snapshot.next_numbers.keys().cloned().collect();
        self.decide(&[Trigger::Wake {
            packages,
            environments: BTreeSet::new(),
            documents: BTreeSet::new(),
        }]);
    }
}

pub(super) fn over(story: &Story, pull_request: i64, is_given_back: bool) -> Vec<Trigger> {
    let holds = story.snapshot.holds.iter();
    let own = holds.filter(|hold| hold.pull_request == pull_request);
    let triggers = own.map(|hold| Trigger::LetGo {
        package: hold.package.clone(),
        environment: hold.environment.clone(),
        pull_request,
        is_given_back,
    });
    triggers.collect()
}

pub(super) fn head_moved(story: &Story, pull_request: i64, head: &str) -> Trigger {
    let holds = story.snapshot.holds.iter();
    let own = holds.filter(|hold| hold.pull_request == pull_request);
    Trigger::HeadMoved {
        packages: story.snapshot.next_numbers.keys().cloned().collect(),
        pull_request,
        head: commit(head),
        holds: own.cloned().collect(),
    }
}
