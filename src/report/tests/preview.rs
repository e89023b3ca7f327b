//! The check run `ocuroot` of a pull request: what it would meet, and what it does to the rules.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::scene::{package_name, release_name};
use super::{assert_fits, page};
use crate::engine::preview::{Reading, outlook};
use crate::engine::{CommitReport, PackageReport, Snapshot};
use crate::model::{Environment, GuardFile, Hold, Lock, LockKind, LockScope, TaskKey, Timestamp};
use crate::report::{CheckText, CommitSection, Destination, commit_check};

/// Monday, 23 November 2026, 09:00 UTC.
const NOW: Timestamp = Timestamp(1_795_424_400_000);

/// A workspace with staging and production and the rules of now, and a pull request that proposes something.
#[derive(Default)]
struct Proposal {
    section: CommitSection,
    snapshot: Snapshot,
}

impl Proposal {
    /// Of packages whose phases are `deploy/staging` and so on, separated by `|`.
    fn new(packages: &[&str], phases: &str) -> Proposal {
        let mut proposal = Proposal::default();
        for name in ["staging", "production"] {
            let environment = environment(name);
            let environments = &mut proposal.snapshot.environments;
            environments.insert(environment.name.clone(), environment);
        }
        let section = &mut proposal.section;
        section.report.is_preview = true;
        section.report.packages = packages.iter().map(|name| package(name, phases)).collect();
        section.destination = Some(Destination {
            number: 12,
            branch: "main".to_owned(),
            released_branch: None,
            is_fork: false,
        });
        proposal
    }

    /// What `environments.ocu.star` says now.
    fn now(mut self, guards: Value) -> Proposal {
        self.snapshot
            .guards
            .push(file("environments.ocu.star", guards));
        self
    }

    /// What it says in the pull request.
    fn proposed(mut self, guards: Value) -> Proposal {
        let file = file("environments.ocu.star", guards);
        self.section.report.guards.push(file);
        self
    }

    fn section(mut self) -> CommitSection {
        let commit = "c0ffee".repeat(7)[..40].parse().expect("a commit");
        let place = ("github.com/acme/shop", &commit);
        self.section.outlook = outlook(&self.section.report, place, &self.snapshot, NOW);
        self.section
    }

    fn text(self) -> CheckText {
        let text = commit_check(&[self.section()]);
        assert_fits(&text.summary);
        text
    }

    fn page(self) -> String {
        page(&self.text())
    }
}

fn environment(name: &str) -> Environment {
    Environment {
        name: name.parse().expect("a name"),
        attributes: [].into(),
    }
}

fn package(name: &str, phases: &str) -> PackageReport {
    let phase = |keys: &str| {
        let keys = keys.split_whitespace();
        let keys = keys.map(|key| key.parse::<TaskKey>().expect("a task"));
        (String::new(), keys.collect())
    };
    PackageReport {
        name: package_name(name),
        reason: format!("`{name}/main.rs` changed"),
        release: None,
        phases: phases.split('|').map(phase).collect(),
    }
}

fn file(path: &str, guards: Value) -> GuardFile {
    GuardFile {
        repository: "github.com/acme/shop".to_owned(),
        name: "acme/shop".parse().expect("a name"),
        path: path.to_owned(),
        is_package: path.contains('/'),
        registers: [].into(),
        guards: serde_json::from_value(guards).expect("rules"),
    }
}

/// Production as careful people guard it.
fn strict() -> Value {
    json!({
        "protections": [{
            "environments": ["production"], "deploy": ["@acme/sre"],
            "approve": ["@acme/sre"], "approvals": 2, "soak_seconds": 86400,
            "windows": ["Tue-Thu 09:00-17:00 Europe/Berlin"], "confirm": true,
            "queue": "manual", "line": 9,
        }],
        "freezes": [{
            "environments": ["production"], "windows": ["2026-11-20..2026-12-31 UTC"],
            "reason": "end of the year", "line": 30,
        }],
    })
}

fn lock(kind: LockKind, environment: &str, reason: Option<&str>) -> Lock {
    Lock {
        repository: "github.com/acme/shop".to_owned(),
        environment: environment.parse().expect("a name"),
        scope: LockScope::Repository("github.com/acme/shop".to_owned()),
        kind,
        by: "alice".to_owned(),
        reason: reason.map(str::to_owned),
        since: NOW.plus_seconds(-3600),
        until: Some(NOW.plus_seconds(7200)),
    }
}

const PHASES: &str = "task/build | deploy/staging | deploy/production";

#[test]
fn without_rules_nothing_stands_in_the_way() {
    assert_snapshot!(Proposal::new(&["api"], PHASES).page());
}

#[test]
fn everything_that_production_waits_for_is_named_before_the_merge() {
    assert_snapshot!(Proposal::new(&["api"], PHASES).now(strict()).page());
}

#[test]
fn an_open_window_is_named_with_its_end() {
    let rules = json!({ "protections": [{
        "environments": ["production"], "windows": ["Mon-Fri 09:00-17:00 UTC"],
        "pull_requests": true, "line": 4,
    }]});
    assert_snapshot!(Proposal::new(&["api"], PHASES).now(rules).page());
}

#[test]
fn locks_pins_and_holds_of_now_are_named() {
    let mut proposal = Proposal::new(&["api", "web"], PHASES);
    let pin = LockKind::Pin(release_name("api", 4));
    proposal.snapshot.locks = vec![
        lock(LockKind::Freeze, "production", Some("the database moves")),
        Lock {
            scope: LockScope::Package(package_name("api")),
            until: None,
            ..lock(pin, "staging", None)
        },
        Lock {
            until: Some(NOW),
            ..lock(LockKind::Lock, "staging", Some("over"))
        },
    ];
    proposal.snapshot.holds = vec![Hold {
        package: package_name("web"),
        environment: "staging".parse().expect("a name"),
        pull_request: 7,
        by: "bob".to_owned(),
        asked_at: NOW.plus_seconds(-600),
        granted_at: Some(NOW.plus_seconds(-500)),
    }];
    assert_snapshot!(proposal.page());
}

#[test]
fn protection_that_is_taken_away_is_called_that() {
    let proposal = Proposal::new(&["api"], PHASES).now(strict());
    assert_snapshot!(proposal.proposed(json!({})).page());
}

#[test]
fn protection_that_gets_weaker_and_stronger_is_told_apart() {
    let softer = json!({ "protections": [{
        "environments": ["production"], "deploy": ["permission:maintain"],
        "approve": ["@acme/sre"], "approvals": 1, "allow_self": true, "soak_seconds": 3600,
        "windows": ["daily 00:00-24:00 UTC"], "pull_requests": true,
        "break_glass": ["@bob"], "line": 9,
    }, {
        "environments": ["staging"], "approvals": 1, "line": 20,
    }]});
    let proposal = Proposal::new(&[], "").now(strict());
    assert_snapshot!(proposal.proposed(softer).page());
}

#[test]
fn protection_that_only_gets_stronger_is_no_warning() {
    let proposal = Proposal::new(&[], "");
    assert_snapshot!(proposal.proposed(strict()).page());
}

#[test]
fn the_rules_of_one_package_are_its_own() {
    let own = json!({ "protections": [{ "environments": ["staging"], "approvals": 1 }] });
    let mut proposal = Proposal::new(&["api", "web"], PHASES);
    proposal
        .snapshot
        .guards
        .push(file("api/release.ocu.star", own));
    let gone = file("api/release.ocu.star", json!({}));
    proposal.section.report.guards.push(gone);
    assert_snapshot!(proposal.page());
}

#[test]
fn those_who_read_what_changes_are_named() {
    let mut proposal = Proposal::new(&["api"], PHASES);
    let reading = |repository: &str, path: &str, read: &str| {
        let mut package = package_name(path);
        package.repository = format!("github.com/acme/{repository}");
        let read = format!("github.com/acme/shop/-/api/release.ocu.star/@/{read}");
        let reference = read.parse().expect("a ref");
        Reading { package, reference }
    };
    proposal.section.readings = [
        reading("web", "frontend", "deploy/production#output/url"),
        reading("web", "frontend", "deploy/production#output/version"),
        reading("shop", "mail", "task/build#output/image"),
    ]
    .into();
    assert_snapshot!(proposal.page());
}

#[test]
fn a_commit_that_two_pull_requests_propose_has_a_section_for_each() {
    let first = Proposal::new(&["api"], PHASES).section();
    let mut second = Proposal::new(&["api", "web"], PHASES);
    let destination = second.section.destination.as_mut().expect("a pull request");
    destination.number = 14;
    destination.branch = "stable".to_owned();
    destination.released_branch = Some("main".to_owned());
    destination.is_fork = true;
    let text = commit_check(&[first, second.section()]);
    assert_fits(&text.summary);
    assert_snapshot!(page(&text));
}

#[test]
fn five_hundred_packages_are_counted_folded_and_cut_between_two() {
    let names: Vec<String> = (0..500)
        .map(|number| format!("services/s{number:03}"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let phases = "task/build | deploy/dev deploy/qa | deploy/staging | deploy/eu deploy/us | deploy/production";
    let proposal = Proposal::new(&names, phases).now(strict());
    let text = proposal.text();
    assert_eq!(text.title, "would release 500 packages");
    let (begin, rest) = text.summary.split_once("<details>").expect("folds");
    let (_, end) = rest.rsplit_once("</details>").expect("folds");
    assert_snapshot!(format!("{begin}<details>…</details>{end}"));
}

#[test]
fn many_conditions_leave_room_for_the_packages() {
    let names: Vec<String> = (0..300).map(|number| format!("s{number:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut proposal = Proposal::new(&names, PHASES);
    for name in &names {
        let own = json!({ "protections": [{ "environments": ["staging"], "approvals": 1 }] });
        let path = format!("{name}/release.ocu.star");
        proposal.snapshot.guards.push(file(&path, own));
    }
    let text = proposal.text();
    assert!(text.summary.contains(" more places\n"), "{}", text.summary);
    assert!(text.summary.contains("<code>s000</code>"));
}

#[test]
fn a_merge_group_offers_no_command() {
    let mut proposal = Proposal::new(&["api"], PHASES);
    proposal.section.destination = None;
    let text = proposal.text();
    assert!(
        !text.summary.contains("/ocuroot deploy"),
        "{}",
        text.summary
    );
}

#[test]
fn what_is_on_the_default_branch_meets_nothing_any_more() {
    let mut proposal = Proposal::new(&["api"], PHASES).now(strict());
    proposal.section.report = CommitReport {
        is_preview: false,
        ..proposal.section.report
    };
    assert!(proposal.section().outlook.places.is_empty());
}
