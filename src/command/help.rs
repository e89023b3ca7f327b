//! What the help says; a new command cannot be left out, the compiler asks for its line.

use super::Command;

/// The help as Markdown.
pub fn help() -> String {
    let mut text = String::from(
        "Write a command at the start of a line of a comment, one a line.\n\n\
         | command | what it does | who |\n| --- | --- | --- |\n",
    );
    for command in every_command() {
        let (usage, meaning) = line(&command);
        let who = match command.needed_permission() {
            crate::model::Permission::Read => "everyone who can read",
            _ => "who can push",
        };
        text.push_str(&format!("| `/ocuroot {usage}` | {meaning} | {who} |\n"));
    }
    text.push_str(
        "\nWithout package names a command means every package this pull request changes. A package is called by \
         its folder, such as `api` for `api/release.ocu.star`.\n",
    );
    text
}

fn every_command() -> [Command; 7] {
    [
        Command::Status,
        Command::Where,
        Command::Deploy {
            environment: "production".parse().expect("a valid environment name"),
            packages: Vec::new(),
        },
        Command::Approve {
            packages: Vec::new(),
        },
        Command::Retry {
            packages: Vec::new(),
        },
        Command::Cancel {
            packages: Vec::new(),
        },
        Command::Help,
    ]
}

fn line(command: &Command) -> (&'static str, &'static str) {
    match command {
        Command::Status => ("status", "says how the releases of this pull request stand"),
        Command::Where => ("where", "says what of this repository is deployed where"),
        Command::Deploy {
            environment: _,
            packages: _,
        } => (
            "deploy <environment> [package…]",
            "releases the head commit of this pull request up to that environment",
        ),
        Command::Approve { packages: _ } => (
            "approve [package…]",
            "gives the approvals that the releases of this pull request wait for",
        ),
        Command::Retry { packages: _ } => (
            "retry [package…]",
            "runs again what failed in the releases of this pull request",
        ),
        Command::Cancel { packages: _ } => (
            "cancel [package…]",
            "stops what is not finished in the releases of this pull request",
        ),
        Command::Help => ("help", "shows this"),
    }
}
