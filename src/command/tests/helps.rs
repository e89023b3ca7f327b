//! The help teaches every command to whoever may give it.

use super::command;
use crate::command::Verb;
use crate::command::facts::{Group, facts};
use crate::command::help::{help, help_about};
use crate::model::Permission;

#[test]
fn whoever_can_push_is_taught_every_command() {
    insta::assert_snapshot!(help(Permission::Write));
    assert_eq!(help(Permission::Write), help(Permission::Admin));
    for verb in Verb::ALL {
        let row = format!("| `{}` |", facts(verb).usage(verb));
        assert!(help(Permission::Write).contains(&row), "{row}");
    }
}

#[test]
fn whoever_can_read_is_taught_what_that_allows() {
    insta::assert_snapshot!(help(Permission::Read));
    assert_eq!(help(Permission::Triage), help(Permission::Read));
    for verb in Verb::ALL {
        let row = format!("| `/ocuroot {verb}");
        let is_taught = help(Permission::Read).contains(&row);
        let may = verb.needed_permission() <= Permission::Read;
        assert_eq!(is_taught, may, "{verb}");
    }
}

#[test]
fn the_examples_of_the_help_are_commands_that_may_be_given() {
    for permission in [Permission::Read, Permission::Write] {
        let help = help(permission);
        let examples = help.lines().filter(|line| line.starts_with("/ocuroot"));
        let verbs: Vec<Verb> = examples.map(|line| command(line).verb).collect();
        assert_eq!(verbs.len(), 2);
        assert!(
            verbs
                .iter()
                .all(|verb| verb.needed_permission() <= permission)
        );
    }
}

#[test]
fn every_group_has_commands() {
    for group in Group::ALL {
        let members = Verb::ALL.into_iter();
        assert!(
            members.clone().any(|verb| facts(verb).group == group),
            "{group:?}"
        );
    }
}

#[test]
fn one_command_is_taught_with_its_options() {
    insta::assert_snapshot!(help_about(Verb::Rollback), @r#"
    `/ocuroot rollback <environments> [package…]` brings the release before the live one back, and pins it. It runs with its recorded inputs at its own commit. The pin keeps automation from rolling forward again, until `unpin` or for the time you say.

    Whoever can push to the repository may give it, unless rules of the environment ask for more.

    | option | meaning |
    | --- | --- |
    | `--package <glob>` | only packages that fit, besides those named; may be given several times |
    | `--release r7` | brings this release back instead |
    | `--reason "…"` | why, for the record |
    | `--for <duration>` | ends the pin after a minute to 90 days, such as `30m`, `2h` or `3d` |
    | `--dry-run` | says what would happen, and does nothing |
    | `--break-glass` | goes past approvals, windows, soak time, freezes and locks, for those the rules allow; needs `--reason` and is recorded |

    ```text
    /ocuroot rollback production api
    /ocuroot rollback production api --release r7 --for 2d --reason "r8 loses orders"
    ```
    "#);
    insta::assert_snapshot!(help_about(Verb::Plan), @"
    `/ocuroot plan` shows again what merging this pull request releases. It is the preview that the check `ocuroot` shows, for the head commit of now.

    Everyone who can read the repository may give it.

    ```text
    /ocuroot plan
    ```
    ");
}

#[test]
fn everything_is_taught_of_every_command() {
    for verb in Verb::ALL {
        let text = help_about(verb);
        let facts = facts(verb);
        for (option, meaning) in facts.options {
            let row = format!("| `{}` | {meaning} |\n", option.usage());
            assert!(text.contains(&row), "{row}");
            assert!(
                !meaning.contains('|') && !meaning.ends_with('.'),
                "{meaning}"
            );
        }
        assert!(!facts.meaning.contains('|') && !facts.meaning.ends_with('.'));
        assert!(facts.details.is_empty() || facts.details.ends_with('.'));
        assert!(text.contains(facts.examples[0]), "{text}");
    }
}
