//! `load`, `ocuroot` and `repo.ocu.star`.

use super::{ENTRY, findings, planned, planned_of};

#[test]
fn loads_are_relative_to_the_loading_file_or_to_the_root() {
    let files = [
        (
            ENTRY,
            "load('local.star', a='name')\n\
             load('./local.star', b='name')\n\
             load('../shared/local.star', c='name')\n\
             load('//shared/local.star', d='name')\n\
             print(a, b, c, d)\n",
        ),
        ("api/local.star", "name = 'api'\n"),
        (
            "shared/local.star",
            "load('other.star', 'other')\nname = 'shared ' + other\n",
        ),
        ("shared/other.star", "other = 'other'\n"),
    ];
    let evaluation = planned_of(&files, ENTRY);
    assert_eq!(findings(&evaluation), "");
    assert_eq!(evaluation.prints, ["api api shared other shared other"]);
    let loads: Vec<&str> = evaluation.loads.iter().map(String::as_str).collect();
    assert_eq!(
        loads,
        ["api/local.star", "shared/local.star", "shared/other.star"]
    );
}

#[test]
fn a_cycle_is_named() {
    let files = [
        (ENTRY, "load('b.star', 'b')\n"),
        ("api/b.star", "load('c.star', 'c')\nb = c\n"),
        ("api/c.star", "load('b.star', 'b')\nc = b\n"),
    ];
    let text = findings(&planned_of(&files, ENTRY));
    assert!(
        text.contains("cycle in load graph: api/b.star loads api/c.star loads api/b.star"),
        "{text}"
    );
}

#[test]
fn what_a_loaded_file_declares_is_dropped_with_a_warning() {
    let files = [
        (ENTRY, "load('lib.star', 'f')\ntask(f, 'mine')\n"),
        (
            "api/lib.star",
            "def f(): return done()\ntask(f, 'theirs')\nphase('p')\nregister_environment(environment('x'))\n",
        ),
    ];
    let evaluation = planned_of(&files, ENTRY);
    assert_eq!(
        evaluation
            .package
            .as_ref()
            .map(|package| package.tasks().count()),
        Some(1)
    );
    assert_eq!(evaluation.environments, []);
    let text = findings(&evaluation);
    assert!(
        text.starts_with("warning api/lib.star:2:1: task has no effect in a file that is loaded"),
        "{text}"
    );
}

#[test]
fn versions_that_admit_this_sdk_are_accepted() {
    for version in [
        "0.3.0",
        "0.3.14",
        "0.3.x",
        ">=0.3",
        ">= 0.3, <1",
        "~0.3",
        "0.3",
        "*",
        "1.x || 0.3.x",
        ">=0.2 <0.4",
        ">= 0.2.0, < 1.0.0",
        "0.2 - 0.4",
        "!=0.2.0",
        "^0.3",
        "=0.3.0",
        "=>0.3",
        "v0.3.0",
        "0.x",
    ] {
        let evaluation = planned(&format!("ocuroot(\"{version}\")\n"));
        assert_eq!(findings(&evaluation), "", "{version}");
    }
    for version in [
        "0.2.0",
        "1.x",
        ">=0.4",
        "latest",
        "",
        "!=0.3.0",
        "0.1 - 0.2",
        ">=",
        "0.4.1",
        "<0.3",
    ] {
        let text = findings(&planned(&format!("ocuroot(\"{version}\")\n")));
        assert!(
            text.contains("not found: this is SDK 0.3.0"),
            "{version}: {text}"
        );
    }
}

#[test]
fn a_loaded_file_may_name_its_own_version() {
    let files = [
        (ENTRY, "ocuroot('>=0.3')\nload('lib.star', 'x')\n"),
        ("api/lib.star", "ocuroot('0.3.14')\nx = 1\n"),
    ];
    assert_eq!(findings(&planned_of(&files, ENTRY)), "");
}

#[test]
fn the_repository_file_may_load_others() {
    let files = [
        (
            "repo.ocu.star",
            "ocuroot('0.3.14')\nload('ci/settings.star', 'alias', 'configure')\nconfigure()\nrelease_ignore = [alias + '/**']\n",
        ),
        (
            "ci/settings.star",
            "load('names.star', 'name')\nalias = name\ndef configure():\n  repo_alias(name)\n  env()\n",
        ),
        ("ci/names.star", "name = 'acme'\n"),
    ];
    let evaluation = planned_of(&files, "repo.ocu.star");
    assert_eq!(findings(&evaluation), "");
    let settings = evaluation.repository.expect("settings");
    assert_eq!(settings.alias.as_deref(), Some("acme"));
    assert_eq!(settings.release_ignore, ["acme/**"]);
    assert_eq!(evaluation.loads.len(), 2);
}

#[test]
fn repository_settings_come_from_calls_or_globals() {
    let calls = "repo_alias('acme')\n\
        remotes(['https://example.com/x.git'])\n\
        store.set(store.git(env().get('URL', 'none'), branch='state'), intent=store.fs('.intent'))\n\
        trigger(lambda commit: print(commit))\n";
    let globals = "repo_alias = 'acme'\n\
        release_ignore = ['tests/**']\n\
        state_store = store.git('x')\n\
        repo_remotes = [host.shell('git remote get-url origin').stdout]\n";
    let by_calls = planned_of(&[("repo.ocu.star", calls)], "repo.ocu.star");
    let by_globals = planned_of(&[("repo.ocu.star", globals)], "repo.ocu.star");
    assert_eq!(findings(&by_calls), "");
    assert_eq!(
        findings(&by_globals),
        "notice repo.ocu.star:4:17: host.shell is not run here: it gives an empty result"
    );
    let settings = by_calls.repository.expect("settings");
    assert_eq!(settings.alias.as_deref(), Some("acme"));
    let settings = by_globals.repository.expect("settings");
    assert_eq!(settings.alias.as_deref(), Some("acme"));
    assert_eq!(settings.release_ignore, ["tests/**"]);
}

#[test]
fn repository_settings_of_the_wrong_type_are_refused() {
    let text = "repo_alias = 5\nrelease_ignore = 'x'\n";
    let evaluation = planned_of(&[("repo.ocu.star", text)], "repo.ocu.star");
    assert_eq!(evaluation.repository, None);
    assert_eq!(
        findings(&evaluation),
        "error repo.ocu.star: repo_alias must be a string that is not empty, not int\n\
         error repo.ocu.star: release_ignore must be a list of globs, not string"
    );
}
