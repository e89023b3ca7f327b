//! Pain 12: anyone can deploy.

use super::{proposed, shop_that_is};
use crate::harness::{App, succeed};

/// Production is for the team @acme/sre, of which terry is a member; staging is for whoever can push.
const RULES: &str = r#"
protect(["staging"], pull_requests=True)
protect(["production"], deploy=["@acme/sre"], approve=["@acme/sre"], approvals=1, pull_requests=True)
"#;

/// Everybody, with what they may do in the repository.
const PEOPLE: [(&str, &str); 6] = [
    ("mallory", "none"),
    ("rita", "read"),
    ("tom", "triage"),
    ("carol", "write"),
    ("terry", "write"),
    ("root", "admin"),
];

/// What a command takes.
#[derive(Clone, Copy, PartialEq)]
enum Takes {
    /// To see the repository.
    Read,
    /// To push, wherever it is.
    Push,
    /// To push, and in production what its rule says of deploying.
    Deploy,
    /// To push, and in production what its rule says of approving.
    Approve,
    /// To be an administrator, where there is a rule at all.
    BreakGlass,
    /// It is refused whoever asks.
    Nobody,
}

/// Every command, with the place it is about as `ENV`.
const COMMANDS: [(&str, Takes); 22] = [
    ("/ocuroot help", Takes::Read),
    ("/ocuroot status", Takes::Read),
    ("/ocuroot plan", Takes::Read),
    ("/ocuroot where", Takes::Read),
    ("/ocuroot why ENV", Takes::Read),
    ("/ocuroot lock ENV --reason \"a test\"", Takes::Deploy),
    ("/ocuroot unlock ENV", Takes::Deploy),
    ("/ocuroot freeze ENV --reason \"a test\"", Takes::Deploy),
    ("/ocuroot unfreeze ENV", Takes::Deploy),
    ("/ocuroot pin ENV api", Takes::Deploy),
    ("/ocuroot unpin ENV api", Takes::Deploy),
    // Whoever asks for a release does not approve it: this comes before they ask.
    ("/ocuroot approve ENV", Takes::Approve),
    ("/ocuroot deploy ENV", Takes::Deploy),
    ("/ocuroot retry", Takes::Push),
    ("/ocuroot set note=1", Takes::Push),
    ("/ocuroot unset note", Takes::Push),
    (
        "/ocuroot deploy ENV --break-glass --reason \"a fire\"",
        Takes::BreakGlass,
    ),
    ("/ocuroot rollback ENV api --release r1", Takes::Deploy),
    ("/ocuroot promote OTHER ENV api", Takes::Deploy),
    ("/ocuroot undeploy ENV api", Takes::Deploy),
    ("/ocuroot cancel", Takes::Push),
    ("/ocuroot confirm", Takes::Push),
];

fn is_allowed(takes: Takes, person: &str, permission: &str, environment: &str) -> bool {
    let can_read = permission != "none";
    let can_push = matches!(permission, "write" | "maintain" | "admin");
    let is_guarded = environment == "production";
    match takes {
        Takes::Read => can_read,
        Takes::Push => can_push,
        Takes::Deploy | Takes::Approve => can_push && (!is_guarded || person == "terry"),
        Takes::BreakGlass => can_push && permission == "admin",
        Takes::Nobody => false,
    }
}

/// A shop with a pull request, on whose releases everybody has something to say.
async fn stage(private: bool) -> (App, u64) {
    let app = shop_that_is(private, RULES).await;
    app.github.set_team("acme", "sre", &["terry", "sue"]);
    app.github
        .set_permission("acme/shop", "sue", "write")
        .unwrap();
    for (person, permission) in PEOPLE {
        if permission != "none" {
            app.github
                .set_permission("acme/shop", person, permission)
                .unwrap();
        }
    }
    let number = proposed(&app).await;
    let first = "/ocuroot approve production api --release r1";
    app.say(number, "sue", first).await;
    app.play(succeed).await;
    app.say(number, "sue", "/ocuroot deploy production").await;
    app.play(succeed).await;
    (app, number)
}

/// Says it, and answers how it was taken, with the reply.
async fn say(app: &App, number: u64, person: &str, command: &str) -> (bool, String) {
    let comment = app.say(number, person, command).await;
    let reaction = app.reactions(comment);
    assert!(
        matches!(reaction.as_str(), "eyes" | "confused"),
        "@{person} {command}: {reaction}"
    );
    (reaction == "eyes", app.last_words(number))
}

/// What is wrong with how a command was taken.
fn wrong(command: &str, person: &str, is_allowed: bool, taken: &(bool, String)) -> Option<String> {
    let (is_taken, reply) = taken;
    // There is nothing to confirm for anybody here.
    let is_refused_anyway = command.ends_with("confirm");
    let is_explained = ["permission", "environments.ocu.star:", "fork"]
        .iter()
        .any(|words| reply.contains(words));
    match (*is_taken, is_allowed) {
        (true, false) => Some(format!("@{person} was let: {command}")),
        (false, true) if !is_refused_anyway => {
            Some(format!("@{person} was refused: {command}: {reply}"))
        }
        (false, false) if !is_explained && !is_refused_anyway => {
            Some(format!("@{person} is not told why: {command}: {reply}"))
        }
        _ => None,
    }
}

#[tokio::test]
async fn pain_12_nobody_does_what_no_rule_lets_them() {
    let mut mistakes = Vec::new();
    for (environment, other) in [("production", "staging"), ("staging", "production")] {
        for (person, permission) in PEOPLE {
            let (app, number) = stage(true).await;
            for (command, takes) in COMMANDS {
                let command = command.replace("ENV", environment).replace("OTHER", other);
                let taken = say(&app, number, person, &command).await;
                let is_allowed = is_allowed(takes, person, permission, environment);
                mistakes.extend(wrong(&command, person, is_allowed, &taken));
            }
            app.finish().await;
        }
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

#[tokio::test]
async fn pain_12_a_public_repository_lets_strangers_look_and_nothing_else() {
    let (app, number) = stage(false).await;
    let mut mistakes = Vec::new();
    for (command, takes) in COMMANDS {
        let command = command
            .replace("ENV", "staging")
            .replace("OTHER", "production");
        let taken = say(&app, number, "mallory", &command).await;
        let is_allowed = is_allowed(takes, "mallory", "read", "staging");
        mistakes.extend(wrong(&command, "mallory", is_allowed, &taken));
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
    app.finish().await;
}

#[tokio::test]
async fn pain_16_code_of_a_fork_is_looked_at_by_everybody_and_run_by_nobody() {
    let mut mistakes = Vec::new();
    for private in [true, false] {
        let (app, _) = stage(private).await;
        let before = app.github.workflow_runs().len();
        let files = [("api/main.txt", "a stranger's\n")];
        let number = app.propose_as(&files, "mallory", true);
        app.settle().await;
        for (person, permission) in PEOPLE {
            let permission = match permission {
                "none" if !private => "read",
                permission => permission,
            };
            for (command, takes) in [
                ("/ocuroot why staging", Takes::Read),
                ("/ocuroot deploy staging", Takes::Nobody),
                (
                    "/ocuroot deploy staging --break-glass --reason \"x\"",
                    Takes::Nobody,
                ),
                ("/ocuroot lock staging --reason \"x\"", Takes::Deploy),
            ] {
                let taken = say(&app, number, person, command).await;
                let is_allowed = is_allowed(takes, person, permission, "staging");
                mistakes.extend(wrong(command, person, is_allowed, &taken));
            }
        }
        app.play(succeed).await;
        assert_eq!(app.github.workflow_runs().len(), before, "nothing runs");
        app.finish().await;
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

#[tokio::test]
async fn help_lists_what_this_person_may_do_here() {
    let (app, number) = stage(true).await;
    for person in ["rita", "carol", "terry"] {
        app.say(number, person, "/ocuroot help").await;
        insta::assert_snapshot!(format!("help_for_{person}"), app.last_words(number));
    }
    app.finish().await;
}

#[tokio::test]
async fn pain_12_whoever_presses_a_button_is_asked_for_again_and_told_the_rule() {
    let (app, number) = stage(true).await;
    let head = app.head(number);
    app.press(&head, "ocuroot / api", "approve", "carol").await;
    app.play(succeed).await;
    assert!(!app.deployments().contains("production api r2"));
    insta::assert_snapshot!(app.last_words(number));
    app.press(&head, "ocuroot / api", "approve", "terry").await;
    app.play(succeed).await;
    assert!(app.deployments().contains("production api r2 success"));
    app.finish().await;
}
