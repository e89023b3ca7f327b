//! Every verb with what it takes.

use super::{command, told};
use crate::command::{EnvironmentPattern, Verb, facts::facts, parse};
use crate::model::Permission;

#[test]
fn every_verb_takes_what_its_usage_says() {
    for (line, means) in [
        ("", "help"),
        ("help", "help"),
        ("help why", "help about=why"),
        ("status", "status"),
        ("status api web", "status package=api package=web"),
        ("plan", "plan"),
        ("where", "where"),
        ("where services/*", "where package=services/*"),
        ("why production", "why environment=production"),
        (
            "why prod-*,type=test api",
            "why environment=prod-* environment=type=test package=api",
        ),
        ("deploy staging", "deploy environment=staging"),
        (
            "deploy staging,production api",
            "deploy environment=staging environment=production package=api",
        ),
        (
            "undeploy staging api",
            "undeploy environment=staging package=api",
        ),
        (
            "promote staging prod-*,qa api",
            "promote from=staging environment=prod-* environment=qa package=api",
        ),
        ("rollback production", "rollback environment=production"),
        ("approve", "approve"),
        (
            "approve production api",
            "approve environment=production package=api",
        ),
        (
            "reject production --reason late",
            "reject environment=production reason=\"late\"",
        ),
        ("confirm", "confirm"),
        ("retry api", "retry package=api"),
        ("cancel", "cancel"),
        (
            "lock production api --reason x",
            "lock environment=production package=api reason=\"x\"",
        ),
        ("unlock production", "unlock environment=production"),
        (
            "freeze type=production --reason x",
            "freeze environment=type=production reason=\"x\"",
        ),
        ("unfreeze *", "unfreeze environment=*"),
        ("pin production", "pin environment=production"),
        (
            "unpin production api",
            "unpin environment=production package=api",
        ),
        ("set a=1 b=x", "set value=a:1 value=b:\"x\""),
        ("set a=1 --package api", "set package=api value=a:1"),
        ("unset a b/c", "unset value=a:nothing value=b/c:nothing"),
    ] {
        assert_eq!(told(format!("/ocuroot {line}").trim_end()), means);
    }
}

#[test]
fn every_option_is_understood_in_both_spellings_and_anywhere() {
    for (line, means) in [
        (
            "deploy staging --package a --package=b c",
            "deploy environment=staging package=a package=b package=c",
        ),
        ("approve --release r7", "approve release=r7"),
        (
            "rollback --release=r12 qa",
            "rollback environment=qa release=r12",
        ),
        (
            "deploy qa --sha 1F0c9e2",
            "deploy environment=qa sha=1f0c9e2",
        ),
        (
            "undeploy qa --reason 'the \"big\" one'",
            "undeploy environment=qa reason=\"the \\\"big\\\" one\"",
        ),
        (
            "undeploy qa --reason=\"say \\\"hi\\\" to C:\\\\x\"",
            "undeploy environment=qa reason=\"say \\\"hi\\\" to C:\\\\x\"",
        ),
        (
            "undeploy qa --reason don't",
            "undeploy environment=qa reason=\"don't\"",
        ),
        (
            "undeploy qa --reason=-5",
            "undeploy environment=qa reason=\"-5\"",
        ),
        (
            "undeploy --reason \"in C:\\\\\" qa",
            "undeploy environment=qa reason=\"in C:\\\\\"",
        ),
        (
            "status \"a,b\" --package 'c,d'",
            "status package=c,d package=a,b",
        ),
        ("pin qa --for 90s", "pin environment=qa seconds=90"),
        ("pin qa --for=30m", "pin environment=qa seconds=1800"),
        ("pin qa --for 2h", "pin environment=qa seconds=7200"),
        ("pin qa --for 90d", "pin environment=qa seconds=7776000"),
        ("pin qa --for 1d2h3m4s", "pin environment=qa seconds=93784"),
        ("deploy --dry-run qa", "deploy environment=qa dry=yes"),
        (
            "promote --break-glass a b --reason \"it burns\"",
            "promote from=a environment=b reason=\"it burns\" glass=yes",
        ),
    ] {
        assert_eq!(told(&format!("/ocuroot {line}")), means);
    }
}

#[test]
fn commits_have_7_to_64_digits() {
    for (length, is_read) in [(6, false), (7, true), (64, true), (65, false)] {
        let line = format!("/ocuroot approve --sha {}", "f".repeat(length));
        assert_eq!(parse(&line)[0].is_ok(), is_read, "{line}");
    }
}

#[test]
fn values_are_json_or_text() {
    for (typed, means) in [
        ("a=1", "a:1"),
        ("a=1.50", "a:1.50"),
        ("a=true", "a:true"),
        ("a=null", "a:null"),
        ("a=yes", "a:\"yes\""),
        ("a=v1=2", "a:\"v1=2\""),
        ("a=[\"x\",\"y\"]", "a:[\"x\",\"y\"]"),
        ("a='{\"x\": [1, 2]}'", "a:{\"x\":[1,2]}"),
        ("'a={\"x\": 1}'", "a:{\"x\":1}"),
        ("a=\"1\"", "a:\"1\""),
        ("a=\"\"", "a:\"\""),
        ("a=\"two words\"", "a:\"two words\""),
        ("a='two words'", "a:\"two words\""),
        ("eu.prod/a_b-c=1", "eu.prod/a_b-c:1"),
        ("@/custom/token=x", "@/custom/token:\"x\""),
    ] {
        let line = format!("/ocuroot set {typed}");
        assert_eq!(told(&line), format!("set value={means}"), "{line}");
    }
}

#[test]
fn environments_are_names_globs_and_attributes() {
    let command = command("/ocuroot why \"staging,prod-*,type=production,zone=eu west\"");
    let glob = |text: &str| EnvironmentPattern::Glob(text.to_owned());
    let attribute =
        |key: &str, value: &str| EnvironmentPattern::Attribute(key.to_owned(), value.to_owned());
    assert_eq!(
        command.environments,
        [
            glob("staging"),
            glob("prod-*"),
            attribute("type", "production"),
            attribute("zone", "eu west"),
        ]
    );
}

#[test]
fn reading_needs_the_right_to_read_and_changing_that_to_push() {
    for verb in Verb::ALL {
        let only_shows = facts(verb).group == crate::command::facts::Group::Look;
        let needed = if only_shows {
            Permission::Read
        } else {
            Permission::Write
        };
        assert_eq!(verb.needed_permission(), needed, "{verb}");
        assert!(!(only_shows && verb.changes_environments()), "{verb}");
    }
    let changing: Vec<&str> = Verb::ALL
        .into_iter()
        .filter(|verb| verb.changes_environments())
        .map(Verb::as_str)
        .collect();
    assert_eq!(
        changing.join(" "),
        "deploy undeploy promote rollback lock unlock freeze unfreeze pin unpin set unset"
    );
}

#[test]
fn whoever_changes_something_may_say_why() {
    for verb in Verb::ALL {
        let options = facts(verb).options;
        let has_reason = options.iter().any(|(option, _)| option.name() == "reason");
        let changes = verb.needed_permission() > Permission::Read;
        assert_eq!(has_reason, changes, "{verb}");
    }
}

#[test]
fn packages_can_be_given_by_option_wherever_they_can_be_named() {
    use crate::command::arguments::Argument;
    for verb in Verb::ALL {
        let facts = facts(verb);
        let has_option = facts
            .options
            .iter()
            .any(|(option, _)| option.name() == "package");
        let names = facts.arguments.contains(&Argument::Packages);
        let gives_values = matches!(verb, Verb::Set | Verb::Unset);
        assert_eq!(has_option, names || gives_values, "{verb}");
    }
}

#[test]
fn every_example_of_the_help_is_a_command_of_its_verb() {
    for verb in Verb::ALL {
        for example in facts(verb).examples {
            assert_eq!(command(example).verb, verb, "{example}");
        }
    }
}

#[test]
fn twenty_commands_of_a_comment_are_read() {
    let line = "/ocuroot status\n";
    let all = parse(&line.repeat(20));
    assert_eq!(all.len(), 20);
    assert!(all.iter().all(Result::is_ok));
    let more = parse(&format!("{}/ocuroot plan\n{line}", line.repeat(20)));
    assert_eq!(more.len(), 21);
    let error = more[20].as_ref().expect_err("the 21st");
    insta::assert_snapshot!(error, @"`/ocuroot plan`: a comment may have 20 commands; this one and those after it are not read: write them in another comment");
}
