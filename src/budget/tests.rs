//! The budget, held against GitHub's own limits counted the simplest way.

use super::{Budget, Class, Limits, Primary, Refusal, Sent, Verdict, class, progress};
use crate::model::Timestamp;

const LIMITS: Limits = Limits::GITHUB;
/// 2026-11-23T09:00:00Z.
const START: Timestamp = Timestamp(1_795_424_400_000);

/// Sends `class` as soon as it may go; answers when.
fn send(budget: &mut Budget, class: Class, now: Timestamp) -> Timestamp {
    let mut at = now;
    while let Verdict::Wait(until) = budget.decide(&LIMITS, class, false, at) {
        assert!(until > at, "waiting must end");
        at = until;
    }
    budget.take(&LIMITS, class, at);
    at
}

fn answered(class: Class, refusal: Option<Refusal>) -> Sent {
    Sent {
        content: u32::from(class.is_content),
        writes: u32::from(class.is_write()),
        points: class.points,
        has_succeeded: refusal.is_none(),
        refusals: refusal.into_iter().collect(),
        primary: None,
    }
}

fn refusal(retry_after: Option<i64>) -> Refusal {
    Refusal {
        class: Class::CONTENT,
        retry_after,
        resets_at: None,
    }
}

#[test]
fn endpoints_cost_what_the_table_says() {
    let told = |method, path| match class(method, path) {
        Class::READ => "read",
        Class::WRITE => "write",
        _ => "content",
    };
    let table = [
        ("GET", "/repos/acme/shop/git/trees/a?recursive=1", "read"),
        ("POST", "/repos/acme/shop/check-runs", "content"),
        ("PATCH", "/repos/acme/shop/check-runs/7", "write"),
        ("POST", "/repos/acme/shop/issues/7/comments", "content"),
        ("PATCH", "/repos/acme/shop/issues/comments/7", "write"),
        (
            "POST",
            "/repos/acme/shop/actions/workflows/a.yml/dispatches",
            "content",
        ),
        ("POST", "/repos/acme/shop/actions/runs/7/cancel", "write"),
        ("POST", "/repos/acme/shop/deployments/7/statuses", "content"),
        ("POST", "/app/hook/deliveries/7/attempts", "write"),
        ("POST", "/repos/acme/shop/something-new", "content"),
        ("PUT", "/repos/acme/shop/something-new", "write"),
        ("DELETE", "/repos/acme/shop/something-new", "write"),
    ];
    for (method, path, expected) in table {
        assert_eq!(told(method, path), expected, "{method} {path}");
    }
}

#[test]
fn after_a_pause_ten_writes_go_at_once_and_then_one_a_second() {
    let mut budget = Budget::default();
    let times: Vec<i64> = (0..13)
        .map(|_| send(&mut budget, Class::WRITE, START).since(START) / 1000)
        .collect();
    assert_eq!(times, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3]);
    let later = START.plus_seconds(60);
    assert_eq!(send(&mut budget, Class::WRITE, later), later);
}

#[test]
fn people_do_not_wait_behind_what_goes_on_by_itself() {
    let mut budget = Budget::default();
    let mut now = START;
    for _ in 0..60 {
        now = send(&mut budget, Class::CONTENT, now);
    }
    let others = budget.decide(&LIMITS, Class::CONTENT, false, now);
    assert!(matches!(others, Verdict::Wait(_)), "{others:?}");
    assert_eq!(
        budget.decide(&LIMITS, Class::CONTENT, true, now),
        Verdict::Go
    );
}

#[test]
fn reading_is_not_paced_but_counts() {
    let mut budget = Budget::default();
    for _ in 0..700 {
        assert_eq!(send(&mut budget, Class::READ, START), START);
    }
    let next = budget.decide(&LIMITS, Class::WRITE, false, START);
    assert_eq!(next, Verdict::Wait(START.plus_seconds(61)));
}

#[test]
fn the_last_tenth_of_an_hours_requests_is_for_people() {
    let mut budget = Budget::default();
    let resets_at = START.plus_seconds(900);
    let primary = Primary {
        limit: 5000,
        remaining: 500,
        resets_at,
    };
    let sent = Sent {
        primary: Some(primary),
        ..Sent::default()
    };
    budget.settle(&LIMITS, None, &sent, START);
    let after = Verdict::Wait(resets_at.plus_seconds(1));
    assert_eq!(budget.decide(&LIMITS, Class::WRITE, false, START), after);
    assert_eq!(
        budget.decide(&LIMITS, Class::WRITE, true, START),
        Verdict::Go
    );
    let later = resets_at.plus_seconds(1);
    assert_eq!(
        budget.decide(&LIMITS, Class::WRITE, false, later),
        Verdict::Go
    );
}

#[test]
fn a_refusal_is_obeyed_to_the_second_by_everybody() {
    let in_the_hour = START.plus_seconds(1200);
    let exhausted = Refusal {
        class: Class::READ,
        retry_after: None,
        resets_at: Some(in_the_hour),
    };
    let table = [
        (refusal(Some(17)), START.plus_seconds(17)),
        (refusal(Some(0)), START.plus_seconds(1)),
        (refusal(None), START.plus_seconds(60)),
        (exhausted, in_the_hour.plus_seconds(1)),
    ];
    for (refusal, until) in table {
        let mut budget = Budget::default();
        budget.settle(
            &LIMITS,
            None,
            &answered(Class::CONTENT, Some(refusal)),
            START,
        );
        for for_people in [true, false] {
            let verdict = budget.decide(&LIMITS, Class::READ, for_people, START);
            assert_eq!(verdict, Verdict::Wait(until), "{refusal:?}");
            assert_eq!(
                budget.decide(&LIMITS, Class::READ, for_people, until),
                Verdict::Go
            );
        }
    }
}

#[test]
fn refusals_that_do_not_say_how_long_double_the_wait_until_something_succeeds() {
    let mut budget = Budget::default();
    let mut now = START;
    let mut waits = Vec::new();
    for _ in 0..3 {
        budget.settle(
            &LIMITS,
            None,
            &answered(Class::WRITE, Some(refusal(None))),
            now,
        );
        let until = budget.blocked_until(&LIMITS, false, now);
        waits.push(until.since(now) / 1000);
        now = until;
    }
    budget.settle(&LIMITS, None, &answered(Class::WRITE, None), now);
    budget.settle(
        &LIMITS,
        None,
        &answered(Class::WRITE, Some(refusal(None))),
        now,
    );
    waits.push(budget.blocked_until(&LIMITS, false, now).since(now) / 1000);
    assert_eq!(waits, [60, 120, 240, 60]);
}

#[test]
fn a_refusal_halves_what_is_sent_and_ten_quiet_minutes_bring_a_tenth_back() {
    let mut budget = Budget::default();
    let refused = answered(Class::CONTENT, Some(refusal(Some(60))));
    budget.settle(&LIMITS, None, &refused, START);
    let left = |seconds| {
        let figures = budget.figures(&LIMITS, START.plus_seconds(seconds));
        (figures.content_per_minute, figures.points_per_minute)
    };
    // Only of what was refused. The refused request has left the minute by then.
    assert_eq!(left(200), (30, 700));
    assert_eq!(left(60 + 600), (36, 700));
    assert_eq!(left(60 + 4 * 600), (54, 700));
    assert_eq!(left(60 + 60 * 600), (60, 700));
}

#[test]
fn what_was_taken_and_not_sent_is_given_back() {
    let mut budget = Budget::default();
    budget.take(&LIMITS, Class::CONTENT, START);
    let before = budget.figures(&LIMITS, START);
    assert_eq!(
        (before.content_per_minute, before.points_per_minute),
        (59, 695)
    );
    assert!(budget.settle(&LIMITS, Some(Class::CONTENT), &Sent::default(), START));
    let after = budget.figures(&LIMITS, START);
    assert_eq!(
        (after.content_per_minute, after.points_per_minute),
        (60, 700)
    );
    budget.take(&LIMITS, Class::CONTENT, START);
    let sent = answered(Class::CONTENT, None);
    assert!(!budget.settle(&LIMITS, Some(Class::CONTENT), &sent, START));
}

#[test]
fn progress_is_told_the_more_rarely_the_more_waits() {
    let ago = |seconds: i64| Some(START.plus_seconds(-seconds));
    let table = [
        (None, 0, Verdict::Go),
        (ago(4), 0, Verdict::Wait(START.plus_seconds(1))),
        (ago(5), 0, Verdict::Go),
        (ago(5), 30, Verdict::Wait(START.plus_seconds(25))),
        (ago(30), 30, Verdict::Go),
        (ago(300), 61, Verdict::Wait(START.plus_seconds(61))),
        (None, 61, Verdict::Wait(START.plus_seconds(61))),
    ];
    for (last, backlog, expected) in table {
        let told = progress(&LIMITS, last, backlog, START);
        assert_eq!(told, expected, "{last:?} {backlog}");
    }
}

/// What GitHub counts: every request with its time.
#[derive(Default)]
struct Ledger(Vec<(Timestamp, Class)>);

impl Ledger {
    /// The most that `amount` sums up to within any `seconds`.
    fn most(&self, seconds: i64, amount: fn(Class) -> u32) -> u32 {
        let mut most = 0;
        let (mut sum, mut from) = (0, 0);
        for (at, class) in &self.0 {
            sum += amount(*class);
            while at.since(self.0[from].0) >= seconds * 1000 {
                sum -= amount(self.0[from].1);
                from += 1;
            }
            most = most.max(sum);
        }
        most
    }
}

/// Numbers that look like chance and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

#[test]
fn whatever_is_sent_in_whatever_order_stays_within_every_span() {
    let content = |class: Class| u32::from(class.is_content);
    for seed in 1..=60 {
        let mut chance = Chance(0x9e37_79b9_7f4a_7c15 ^ seed);
        let (mut budget, mut ledger) = (Budget::default(), Ledger::default());
        let mut now = START;
        for _ in 0..1500 {
            let class = match chance.below(10) {
                0..4 => Class::CONTENT,
                4..7 => Class::WRITE,
                _ => Class::READ,
            };
            now = send(&mut budget, class, now);
            ledger.0.push((now, class));
            // Mostly a backlog, sometimes a pause.
            let pause = match chance.below(50) {
                0 => chance.below(90_000),
                1..10 => chance.below(1_500),
                _ => 0,
            };
            now = Timestamp(now.0 + i64::try_from(pause).expect("it is small"));
        }
        assert!(ledger.most(60, content) <= 60, "seed {seed}");
        assert!(ledger.most(3600, content) <= 400, "seed {seed}");
        assert!(ledger.most(60, |class| class.points) <= 700, "seed {seed}");
        let writes = |class: Class| u32::from(class.is_write());
        assert!(ledger.most(1, writes) <= 11, "seed {seed}");
    }
}

#[test]
fn a_backlog_of_creations_goes_out_as_fast_as_the_limits_let_it() {
    let mut budget = Budget::default();
    let mut now = START;
    for _ in 0..300 {
        now = send(&mut budget, Class::CONTENT, now);
    }
    let minutes = now.since(START) as f64 / 60_000.0;
    assert!((3.9..=5.2).contains(&minutes), "{minutes}");
    // The 400 of the hour are soon used up; the others wait for it to be over.
    for _ in 300..401 {
        now = send(&mut budget, Class::CONTENT, now);
    }
    let minutes = now.since(START) / 60_000;
    assert!((60..=62).contains(&minutes), "{minutes}");
}

#[test]
fn a_budget_is_the_same_after_it_was_written_down() {
    let mut budget = Budget::default();
    for class in [Class::CONTENT, Class::WRITE, Class::READ] {
        send(&mut budget, class, START);
    }
    let text = serde_json::to_string(&budget).expect("it can be written");
    assert_eq!(
        serde_json::from_str::<Budget>(&text).expect("it can be read"),
        budget
    );
}
