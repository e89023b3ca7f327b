//! What counts as weaker, and what as stronger, when rules change.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::language::{commit, environment, package_name};
use crate::engine::difference::Changed;
use crate::engine::preview::outlook;
use crate::engine::{CommitReport, Snapshot};
use crate::model::{GuardFile, Timestamp};

fn file(repository: &str, path: &str, rules: &Value) -> GuardFile {
    let rules: Vec<&Value> = rules.as_array().into_iter().flatten().collect();
    let (freezes, protections): (Vec<&Value>, Vec<&Value>) = rules
        .into_iter()
        .partition(|rule| rule.get("reason").is_some());
    let all = |rules: Vec<&Value>| {
        let rules = rules.into_iter().map(|rule| {
            let mut rule = rule.clone();
            let place = rule.as_object_mut().expect("an object");
            place.entry("environments").or_insert(json!(["production"]));
            rule
        });
        rules.collect::<Value>()
    };
    let guards = json!({ "protections": all(protections), "freezes": all(freezes) });
    GuardFile {
        repository: format!("github.com/acme/{repository}"),
        name: format!("acme/{repository}").parse().expect("a name"),
        path: path.to_owned(),
        is_package: path.contains('/'),
        registers: [].into(),
        guards: serde_json::from_value(guards).expect("rules"),
    }
}

/// What the rules of production turn into when one file's rules are replaced.
fn shifts(now: &Value, after: &Value) -> String {
    let mut snapshot = Snapshot::default();
    let production = environment("production", &[]);
    snapshot
        .environments
        .insert(production.name.clone(), production);
    snapshot.guards = vec![file("shop", "rules.ocu.star", now)];
    let report = CommitReport {
        is_preview: true,
        guards: vec![file("shop", "rules.ocu.star", after)],
        ..CommitReport::default()
    };
    told(&report, &snapshot)
}

fn told(report: &CommitReport, snapshot: &Snapshot) -> String {
    let place = ("github.com/acme/shop", &commit("a1"));
    let outlook = outlook(report, place, snapshot, Timestamp(1_795_424_400_000));
    let words = outlook.shifts.iter().map(|shift| {
        let what = format!("{:?}", shift.what);
        let what = what.split(['(', ' ']).next().unwrap_or_default().to_owned();
        let sign = if shift.is_weaker { '-' } else { '+' };
        let packages: Vec<&str> = shift
            .packages
            .iter()
            .map(|package| package.short())
            .collect();
        format!("{sign}{what}{}", packages.concat())
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_same_rules_written_otherwise_are_no_change() {
    let now = json!([{ "approvals": 1, "line": 3 }, { "soak_seconds": 60, "line": 4 }]);
    let after = json!([{ "approvals": 1, "soak_seconds": 60, "line": 12 }]);
    assert_eq!(shifts(&now, &after), "");
}

#[test]
fn every_promise_of_a_rule_is_missed_when_it_is_gone() {
    let all = json!([{
        "deploy": ["@alice"], "approvals": 1, "windows": ["Mon-Fri UTC"], "soak_seconds": 60,
        "confirm": true, "queue": "manual",
    }, { "reason": "rest", "windows": ["Sat-Sun UTC"] }]);
    let none = json!([]);
    assert_snapshot!(shifts(&all, &none), @"-Approvals -Deployers -Windows -Soak -Confirmation -PullRequests -Manual -Freeze");
    assert_snapshot!(shifts(&none, &all), @"+Approvals +Deployers +Windows +Soak +Confirmation +PullRequests +Manual +Freeze");
}

#[test]
fn more_approvals_of_fewer_people_are_stronger_and_others_are_looked_at() {
    let of = |need: u32, from: Value| json!([{ "approvals": need, "approve": from }]);
    let anyone = of(1, json!([]));
    let team = of(1, json!(["@acme/sre"]));
    let two = of(2, json!(["@acme/sre"]));
    let other = of(2, json!(["@acme/web"]));
    assert_eq!(shifts(&anyone, &team), "+Approvals");
    assert_eq!(shifts(&team, &two), "+Approvals");
    assert_eq!(shifts(&two, &team), "-Approvals");
    assert_eq!(shifts(&two, &other), "-Approvals");
    assert_eq!(shifts(&of(1, json!(["permission:write"])), &anyone), "");
    assert_eq!(
        shifts(
            &of(1, json!(["permission:admin"])),
            &of(1, json!(["permission:maintain"]))
        ),
        "-Approvals"
    );
}

#[test]
fn a_second_rule_only_adds() {
    let one = json!([{ "approvals": 1, "approve": ["@acme/sre"], "deploy": ["@alice"] }]);
    let two = json!([
        { "approvals": 1, "approve": ["@acme/sre"], "deploy": ["@alice"] },
        { "approvals": 1, "approve": ["@acme/law"], "deploy": ["@alice", "@bob"] },
    ]);
    assert_eq!(shifts(&one, &two), "+Approvals");
    assert_eq!(shifts(&two, &one), "-Approvals");
}

#[test]
fn approving_ones_own_work_is_weaker() {
    let others = json!([{ "approvals": 1 }]);
    let own = json!([{ "approvals": 1, "allow_self": true }]);
    assert_eq!(shifts(&others, &own), "-SelfApproval");
    assert_eq!(shifts(&own, &others), "+SelfApproval");
}

#[test]
fn fewer_hours_are_stronger_and_other_hours_are_looked_at() {
    let of = |windows: Value| json!([{ "windows": windows }]);
    let wide = of(json!(["Mon UTC", "Tue UTC"]));
    let narrow = of(json!(["Tue UTC"]));
    assert_eq!(shifts(&wide, &narrow), "+Windows");
    assert_eq!(shifts(&narrow, &wide), "-Windows");
    assert_eq!(shifts(&narrow, &of(json!(["Wed UTC"]))), "-Windows");
}

#[test]
fn whoever_breaks_the_glass_is_watched() {
    let admins = json!([{ "confirm": true }]);
    let bob = json!([{ "confirm": true, "break_glass": ["@bob"] }]);
    assert_eq!(shifts(&admins, &bob), "-BreakGlass");
    let owners = json!([{ "confirm": true, "break_glass": ["permission:admin"] }]);
    assert_eq!(shifts(&admins, &owners), "");
}

#[test]
fn a_freeze_that_is_over_is_not_missed() {
    let over = json!([{ "reason": "summer", "windows": ["2026-07-01..2026-07-31 UTC"] }]);
    assert_eq!(shifts(&over, &json!([])), "");
    let moved = json!([{ "reason": "winter", "windows": ["2026-12-20..2027-01-03 UTC"] }]);
    let other = json!([{ "reason": "Christmas", "windows": ["2026-12-20..2027-01-03 UTC"] }]);
    assert_eq!(
        shifts(&moved, &other),
        "",
        "the words are not what protects"
    );
}

#[test]
fn an_attribute_that_a_rule_selects_by_is_part_of_the_protection() {
    let mut snapshot = Snapshot::default();
    let guarded = environment("production", &[("tier", "one")]);
    snapshot.environments.insert(guarded.name.clone(), guarded);
    let rule = json!([{ "environments": [{ "tier": "one" }], "approvals": 1 }]);
    snapshot.guards = vec![file("shop", "rules.ocu.star", &rule)];
    let report = CommitReport {
        is_preview: true,
        environments: vec![environment("production", &[("tier", "two")])],
        ..CommitReport::default()
    };
    assert_eq!(told(&report, &snapshot), "-Approvals -PullRequests");
}

#[test]
fn rules_that_another_file_repeats_are_not_missed_and_those_of_other_repositories_stay() {
    let rule = json!([{ "approvals": 1 }]);
    let mut snapshot = Snapshot::default();
    let production = environment("production", &[]);
    let name = production.name.clone();
    snapshot.environments.insert(name.clone(), production);
    let mut wide = file("platform", "rules.ocu.star", &rule);
    wide.registers = [name].into();
    snapshot.guards = vec![file("shop", "rules.ocu.star", &rule), wide];
    let report = CommitReport {
        is_preview: true,
        guards: vec![file("shop", "rules.ocu.star", &json!([]))],
        ..CommitReport::default()
    };
    assert_eq!(told(&report, &snapshot), "");
}

#[test]
fn the_rules_of_a_package_are_its_own_and_a_new_environment_misses_nothing() {
    let mut snapshot = Snapshot::default();
    let production = environment("production", &[]);
    snapshot
        .environments
        .insert(production.name.clone(), production);
    let rule = json!([{ "approvals": 1, "environments": ["production", "new"] }]);
    let path = package_name("api").path;
    let report = CommitReport {
        is_preview: true,
        environments: vec![environment("new", &[])],
        guards: vec![file("shop", &path, &rule)],
        ..CommitReport::default()
    };
    assert_eq!(told(&report, &snapshot), "+Approvalsapi +PullRequestsapi");
}

#[test]
fn what_changed_is_told_with_what_it_was() {
    let mut snapshot = Snapshot::default();
    let production = environment("production", &[]);
    snapshot
        .environments
        .insert(production.name.clone(), production);
    let long = json!([{ "soak_seconds": 86400, "pull_requests": true }]);
    snapshot.guards = vec![file("shop", "rules.ocu.star", &long)];
    let short = json!([{ "soak_seconds": 3600, "pull_requests": true }]);
    let report = CommitReport {
        is_preview: true,
        guards: vec![file("shop", "rules.ocu.star", &short)],
        ..CommitReport::default()
    };
    let place = ("github.com/acme/shop", &commit("a1"));
    let shifts = outlook(&report, place, &snapshot, Timestamp(0)).shifts;
    let what: Vec<&Changed> = shifts.iter().map(|shift| &shift.what).collect();
    assert_eq!(what, [&Changed::Soak(86400, 3600)]);
}
