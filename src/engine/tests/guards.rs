//! How stories write rules, and what people say in them.
//!
//! Rules are separated by `;`, their words by blanks, with `_` for a blank within a word:
//!
//! `protect production approvals:2 approve:@ann,@bob soak:60; freeze zone=eu window:Sat-Sun_UTC reason:weekend`
//!
//! `protect` and `freeze` name environments, or select them by `attribute=value`, separated by commas.

use crate::engine::NewReleases;
use crate::model::{
    EnvironmentName, EnvironmentSelector, Freeze, Grantee, GuardFile, Guards, Protection,
    QueuePolicy, Window,
};

use super::language::push;
use super::story::Story;

impl Story {
    /// The default branch's `repo.ocu.star` says this from now on.
    pub(super) fn rules(&mut self, text: &str) {
        self.guards("acme/shop repo.ocu.star", text);
    }

    /// A file says this from now on: `acme/shop api/release.ocu.star`, or, with the environments that the file
    /// registers, `acme/infra environments.ocu.star production,staging`.
    pub(super) fn guards(&mut self, file: &str, text: &str) {
        self.release(NewReleases {
            guards: vec![guard_file(file, text)],
            ..push("ff", &[])
        });
    }
}

pub(super) fn guard_file(file: &str, text: &str) -> GuardFile {
    let words: Vec<&str> = file.split(' ').collect();
    let (name, path) = (words[0], words[1]);
    let registers = words.get(2).into_iter().flat_map(|names| names.split(','));
    GuardFile {
        repository: format!("github.com/{name}"),
        name: name.parse().expect("a repository's name"),
        path: path.to_owned(),
        is_package: path.ends_with("/release.ocu.star"),
        registers: registers.map(environment).collect(),
        guards: guards(text),
    }
}

fn guards(text: &str) -> Guards {
    let mut guards = Guards::default();
    let rules = text.split(';').map(str::trim);
    for (line, rule) in (1..).zip(rules.filter(|rule| !rule.is_empty())) {
        let mut words = rule.split(' ');
        match words.next() {
            Some("protect") => guards.protections.push(protection(line, words)),
            Some("freeze") => guards.freezes.push(freeze(line, words)),
            other => panic!("{other:?} is no rule"),
        }
    }
    guards
}

fn protection<'a>(line: u32, mut words: impl Iterator<Item = &'a str>) -> Protection {
    let mut rule = Protection {
        environments: selectors(words.next()),
        line,
        ..Protection::default()
    };
    for word in words {
        match word.split_once(':').unwrap_or((word, "")) {
            ("deploy", who) => rule.deploy = grantees(who),
            ("approve", who) => rule.approve = grantees(who),
            ("approvals", count) => rule.approvals = count.parse().expect("a count"),
            ("allow_self", _) => rule.allow_self = true,
            ("window", text) => rule.windows.push(window(text)),
            ("soak", seconds) => rule.soak_seconds = Some(seconds.parse().expect("seconds")),
            ("pull_requests", _) => rule.pull_requests = true,
            ("break_glass", who) => rule.break_glass = grantees(who),
            ("queue", "all") => rule.queue = QueuePolicy::All,
            ("queue", "manual") => rule.queue = QueuePolicy::Manual,
            other => panic!("{other:?} is nothing a rule says"),
        }
    }
    rule
}

fn freeze<'a>(line: u32, mut words: impl Iterator<Item = &'a str>) -> Freeze {
    let mut rule = Freeze {
        environments: selectors(words.next()),
        windows: Vec::new(),
        reason: String::new(),
        line,
    };
    for word in words {
        match word.split_once(':') {
            Some(("window", text)) => rule.windows.push(window(text)),
            Some(("reason", text)) => rule.reason = text.replace('_', " "),
            other => panic!("{other:?} is nothing a freeze says"),
        }
    }
    rule
}

fn selectors(text: Option<&str>) -> Vec<EnvironmentSelector> {
    let words = text.expect("environments").split(',');
    let selectors = words.map(|word| match word.split_once('=') {
        Some((name, value)) => {
            EnvironmentSelector::Attributes([(name.to_owned(), value.to_owned())].into())
        }
        None => EnvironmentSelector::Name(environment(word)),
    });
    selectors.collect()
}

fn grantees(text: &str) -> Vec<Grantee> {
    let words = text.split(',').map(|word| match word {
        "admins" => "permission:admin",
        word => word,
    });
    words.map(|word| word.parse().expect("somebody")).collect()
}

fn window(text: &str) -> Window {
    text.replace('_', " ").parse().expect("a window")
}

pub(super) fn environment(name: &str) -> EnvironmentName {
    name.parse().expect("an environment's name")
}
