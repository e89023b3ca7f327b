//! What may be said besides names: `--option`, `--option value`, `--option=value`.

use std::collections::BTreeSet;

use super::arguments::package;
use super::facts::facts;
use super::quantity;
use super::spelling::{code, nearest};
use super::words::Word;
use super::{Command, Verb};

/// An option; which verbs have it is among the [`facts`] of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum CommandOption {
    Package,
    Release,
    Sha,
    Reason,
    For,
    DryRun,
    BreakGlass,
}

impl CommandOption {
    /// As it is typed, without the hyphens.
    pub(super) fn name(self) -> &'static str {
        match self {
            CommandOption::Package => "package",
            CommandOption::Release => "release",
            CommandOption::Sha => "sha",
            CommandOption::Reason => "reason",
            CommandOption::For => "for",
            CommandOption::DryRun => "dry-run",
            CommandOption::BreakGlass => "break-glass",
        }
    }

    /// What stands for its value in a usage; `None` if it has none.
    pub(super) fn placeholder(self) -> Option<&'static str> {
        match self {
            CommandOption::Package => Some("<glob>"),
            CommandOption::Release => Some("r7"),
            CommandOption::Sha => Some("<commit>"),
            CommandOption::Reason => Some("\"…\""),
            CommandOption::For => Some("<duration>"),
            CommandOption::DryRun | CommandOption::BreakGlass => None,
        }
    }

    /// As it is written in a usage: `--reason "…"`.
    pub(super) fn usage(self) -> String {
        match self.placeholder() {
            Some(placeholder) => format!("--{} {placeholder}", self.name()),
            None => format!("--{}", self.name()),
        }
    }

    /// Stores what was given.
    fn put(self, command: &mut Command, value: &Given) -> Result<(), String> {
        let text = value.text.as_str();
        match self {
            CommandOption::Package => command.packages.push(package(text, value.is_quoted)?),
            CommandOption::Release => command.release = Some(quantity::release(text)?),
            CommandOption::Sha => command.sha = Some(quantity::sha(text)?),
            CommandOption::Reason => command.reason = Some(quantity::reason(text)?),
            CommandOption::For => command.seconds = Some(quantity::duration(text)?),
            CommandOption::DryRun => command.is_dry_run = true,
            CommandOption::BreakGlass => command.is_break_glass = true,
        }
        Ok(())
    }
}

/// The value of an option.
#[derive(Default)]
struct Given {
    text: String,
    is_quoted: bool,
}

/// Puts the options among `words` into the command and gives back the other words.
pub(super) fn take(command: &mut Command, words: Vec<Word>) -> Result<Vec<Word>, String> {
    let mut seen = BTreeSet::new();
    let mut others = Vec::new();
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        let Some((name, own)) = word.option() else {
            others.push(word);
            continue;
        };
        let option = find(command.verb, name)?;
        if !seen.insert(option) && option != CommandOption::Package {
            return Err(format!("`--{}` is given twice", option.name()));
        }
        if option.placeholder().is_none() {
            if own.is_some() {
                return Err(format!("`--{}` takes no value", option.name()));
            }
            option.put(command, &Given::default())?;
            continue;
        }
        let given = match own {
            Some(text) => Some(Given {
                text,
                is_quoted: word.quoted.is_some(),
            }),
            None => words
                .next_if(|next| next.option().is_none())
                .map(|next| Given {
                    text: next.text(),
                    is_quoted: next.quoted.is_some(),
                }),
        };
        let given = given.filter(|given| given.is_quoted || !given.text.is_empty());
        let given = given.ok_or_else(|| {
            let (name, usage) = (option.name(), option.usage());
            format!("`--{name}` needs a value: `{usage}`")
        })?;
        option.put(command, &given)?;
        if option == CommandOption::Reason
            && let Some(next) = words.peek()
        {
            several_words(&given, next)?;
        }
    }
    Ok(others)
}

/// `--reason broken api` would lock the package `api`.
fn several_words(reason: &Given, next: &Word) -> Result<(), String> {
    if reason.is_quoted || next.option().is_some() {
        return Ok(());
    }
    Err(format!(
        "the reason ends before {}: put it into quotes, as in `--reason \"database upgrade\"`",
        code(&next.text())
    ))
}

fn find(verb: Verb, name: &str) -> Result<CommandOption, String> {
    let allowed = facts(verb).options;
    let found = allowed.iter().find(|(option, _)| option.name() == name);
    if let Some((option, _)) = found {
        return Ok(*option);
    }
    let typed = code(&format!("--{name}"));
    if allowed.is_empty() {
        return Err(format!("`{verb}` has no options, but there is {typed}"));
    }
    let names = || allowed.iter().map(|(option, _)| option.name());
    Err(match nearest(name, names()) {
        Some(near) => format!("`{verb}` has no option {typed}; did you mean `--{near}`?"),
        None => {
            let names: Vec<String> = names().map(|name| format!("`--{name}`")).collect();
            let names = names.join(", ");
            format!("`{verb}` has no option {typed}; it has {names}: see `/ocuroot help {verb}`")
        }
    })
}
