//! Patterns select what they say.

use std::collections::BTreeMap;

use crate::command::{EnvironmentPattern, PackagePattern};
use crate::model::{Environment, PackageName};

fn environment(name: &str, attributes: &[(&str, &str)]) -> Environment {
    let pairs = attributes
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Environment {
        name: name.parse().expect(name),
        attributes: pairs.collect::<BTreeMap<String, String>>(),
    }
}

fn package(path: &str) -> PackageName {
    PackageName {
        repository: "github.com/acme/shop".to_owned(),
        path: path.to_owned(),
    }
}

const NAMES: [&str; 7] = [
    "staging", "prod", "prod-eu", "prod-us", "Prod-eu", "p.x", "pax",
];

const PATHS: [&str; 7] = [
    "release.ocu.star",
    "api/release.ocu.star",
    "api/deploy.ocu.star",
    "services/web/release.ocu.star",
    "services/web/v2/package.ocu.star",
    "services/[id]/release.ocu.star",
    "services/i/release.ocu.star",
];

#[test]
fn environments_are_selected_by_name_glob_and_attribute() {
    for (pattern, selected) in [
        ("staging", "staging"),
        ("prod", "prod"),
        ("prod-*", "prod-eu prod-us"),
        ("prod-?u", "prod-eu"),
        ("prod-[a-f]u", "prod-eu"),
        ("[!p]*", "staging Prod-eu"),
        ("*", "staging prod prod-eu prod-us Prod-eu p.x pax"),
        ("p.x", "p.x"),
        ("nowhere", ""),
        ("type=test", "staging prod prod-eu prod-us Prod-eu p.x pax"),
        ("type=t*", ""),
        ("name=prod", "prod"),
        ("none=test", ""),
    ] {
        let read: EnvironmentPattern = pattern.parse().expect(pattern);
        let all = NAMES.map(|name| environment(name, &[("type", "test"), ("name", name)]));
        let found = all.iter().filter(|each| read.selects(each));
        let found: Vec<&str> = found.map(|each| each.name.as_str()).collect();
        assert_eq!(found.join(" "), selected, "{pattern}");
    }
}

#[test]
fn packages_are_selected_by_what_people_call_them_and_by_path() {
    for (pattern, selected) in [
        ("release", "release.ocu.star"),
        ("api", "api/release.ocu.star"),
        ("api/deploy", "api/deploy.ocu.star"),
        ("api/release.ocu.star", "api/release.ocu.star"),
        ("api/*", "api/release.ocu.star api/deploy.ocu.star"),
        (
            "services/*",
            "services/web/release.ocu.star services/[id]/release.ocu.star services/i/release.ocu.star",
        ),
        (
            "services/web/**",
            "services/web/release.ocu.star services/web/v2/package.ocu.star",
        ),
        (
            "services/[id]",
            "services/[id]/release.ocu.star services/i/release.ocu.star",
        ),
        ("ap", ""),
        ("API", ""),
    ] {
        let read: PackagePattern = pattern.parse().expect(pattern);
        let all = PATHS.map(package);
        let found = all.iter().filter(|each| read.selects(each));
        let found: Vec<&str> = found.map(|each| each.path.as_str()).collect();
        assert_eq!(found.join(" "), selected, "{pattern}");
    }
}

/// Every name, with a `*` or `?` in each place of it, still selects the name, and is written as it was read.
#[test]
fn what_a_name_is_made_into_selects_it() {
    for name in NAMES {
        let place = environment(name, &[]);
        for pattern in made_of(name) {
            let read: EnvironmentPattern = pattern.parse().expect(&pattern);
            assert!(read.selects(&place), "{pattern} does not select {name}");
            assert_eq!(read.to_string(), pattern);
        }
    }
    for path in PATHS {
        let package = package(path);
        let mut patterns: Vec<String> = vec![package.short().to_owned(), path.to_owned()];
        if !path.contains('[') {
            patterns.extend(made_of(package.short()));
        }
        for pattern in patterns {
            let read: PackagePattern = pattern.parse().expect(&pattern);
            assert!(read.selects(&package), "{pattern} does not select {path}");
            assert_eq!(read.to_string(), pattern);
        }
    }
}

/// No name selects another one.
#[test]
fn a_name_selects_only_itself() {
    for one in NAMES {
        let read: EnvironmentPattern = one.parse().expect(one);
        for other in NAMES {
            assert_eq!(read.selects(&environment(other, &[])), one == other);
        }
    }
}

fn made_of(name: &str) -> Vec<String> {
    let mut patterns = vec![name.to_owned()];
    for (at, letter) in name.char_indices() {
        let (before, after) = (&name[..at], &name[at + letter.len_utf8()..]);
        patterns.push(format!("{before}*{letter}{after}"));
        if letter != '/' {
            patterns.push(format!("{before}?{after}"));
            patterns.push(format!("{before}*{after}"));
            patterns.push(format!("{before}[{letter}]{after}"));
        }
    }
    patterns
}

#[test]
fn a_glob_that_is_none_selects_nothing_but_its_own_letters() {
    let pattern = EnvironmentPattern::Glob("prod-[".to_owned());
    assert!(!pattern.selects(&environment("prod-eu", &[])));
}
