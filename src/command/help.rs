//! What the help says. All of it follows the facts of the verbs.

use std::fmt::Write;

use super::Verb;
use super::facts::{Group, facts};
use crate::model::Permission;

/// The commands that somebody with `permission` may give, as Markdown.
pub fn help(permission: Permission) -> String {
    let may_read = permission.max(Permission::Read);
    let can_push = permission >= Permission::Write;
    let mut text =
        String::from("Write a command at the start of a line of a comment, one a line.\n");
    for group in Group::ALL {
        let verbs: Vec<Verb> = Verb::ALL
            .into_iter()
            .filter(|verb| facts(*verb).group == group && verb.needed_permission() <= may_read)
            .collect();
        if verbs.is_empty() {
            continue;
        }
        let _ = write!(
            text,
            "\n**{}**\n\n| command | what it does |\n| --- | --- |\n",
            group.title()
        );
        for verb in verbs {
            let facts = facts(verb);
            let (usage, meaning) = (facts.usage(verb), facts.meaning);
            let _ = writeln!(text, "| `{usage}` | {meaning} |");
        }
    }
    if !can_push {
        text.push_str("\nThe other commands need the right to push to this repository.\n");
    }
    text + &selectors(can_push)
}

fn selectors(can_push: bool) -> String {
    let examples = if can_push {
        "/ocuroot deploy staging,prod-eu api\n/ocuroot lock type=production services/* --reason \"database upgrade\" --for 2h"
    } else {
        "/ocuroot why staging,prod-eu api\n/ocuroot why type=production services/*"
    };
    format!(
        "\n`<…>` must be there, `[…]` may. Environments are called by name, by a glob such as `prod-*`, or by an attribute \
         such as `type=production`; several have commas between and no spaces. A package is called by its folder, such \
         as `api` for `api/release.ocu.star`, or by a glob. `/ocuroot help <verb>` shows the options of a command.\n\n\
         ```text\n{examples}\n```\n"
    )
}

/// All about one command, as Markdown.
pub fn help_about(verb: Verb) -> String {
    let facts = facts(verb);
    let mut text = format!("`{}` {}.", facts.usage(verb), facts.meaning);
    if !facts.details.is_empty() {
        let _ = write!(text, " {}", facts.details);
    }
    text.push_str(match verb.needed_permission() {
        Permission::None | Permission::Read => {
            "\n\nEveryone who can read the repository may give it.\n"
        }
        _ => {
            "\n\nWhoever can push to the repository may give it, unless rules of the environment ask for more.\n"
        }
    });
    if !facts.options.is_empty() {
        text.push_str("\n| option | meaning |\n| --- | --- |\n");
        for (option, meaning) in facts.options {
            let _ = writeln!(text, "| `{}` | {meaning} |", option.usage());
        }
    }
    let _ = write!(text, "\n```text\n{}\n```\n", facts.examples.join("\n"));
    text
}
