//! What may be named after a verb, in order: environments, packages, values.

use serde_json::Value;

use super::facts::{Facts, facts};
use super::parse::verb;
use super::spelling::code;
use super::words::{Quoted, Word};
use crate::model::{Reference, SubPathKind};

use super::{Command, EnvironmentPattern, PackagePattern};

/// The most environments, packages and values one command may name; more are meant by globs.
const MOST: usize = 50;

/// A place for words after a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Argument {
    /// The verb that `help` is asked about.
    Topic,
    /// The one environment that something comes from.
    From,
    /// Environments where something is brought from elsewhere.
    To,
    /// Environments, with commas between.
    Environments,
    /// The same, but none need be named.
    AnyEnvironments,
    /// Environments, or one record in their place.
    EnvironmentsOrReference,
    /// Packages, each a word; none need be named.
    Packages,
    /// Names with values, each a word.
    Values,
    /// Names of values, each a word.
    Names,
    /// One record.
    Reference,
}

impl Argument {
    /// As it is written in a usage.
    pub(super) fn usage(self) -> &'static str {
        match self {
            Argument::Topic => "[verb]",
            Argument::From => "<from>",
            Argument::To => "<to-environments>",
            Argument::Environments | Argument::EnvironmentsOrReference => "<environments>",
            Argument::AnyEnvironments => "[environments]",
            Argument::Packages => "[package…]",
            Argument::Values => "<name>=<value>…",
            Argument::Names => "<name>…",
            Argument::Reference => "<ref>",
        }
    }

    /// What to say when it is not there; `None` if it need not be.
    fn demand(self) -> Option<&'static str> {
        match self {
            Argument::Topic | Argument::AnyEnvironments | Argument::Packages => None,
            Argument::From => Some("say from where and to where"),
            Argument::To => Some("say where to"),
            Argument::Environments | Argument::EnvironmentsOrReference => {
                Some("say which environment")
            }
            Argument::Values => Some("say which value"),
            Argument::Names => Some("say which value"),
            Argument::Reference => Some("say what changes"),
        }
    }

    /// Whether it takes all words that are left.
    fn is_rest(self) -> bool {
        matches!(
            self,
            Argument::Packages | Argument::Values | Argument::Names
        )
    }

    fn put(self, command: &mut Command, word: &Word) -> Result<(), String> {
        let text = word.text();
        match self {
            Argument::Topic => command.about = Some(verb(&text)?),
            Argument::From => {
                let problem = || {
                    format!(
                        "{} is not the name of one environment: say from where first, then where to, as in `/ocuroot \
                         promote staging production`",
                        code(&text)
                    )
                };
                command.from = Some(text.parse().map_err(|_| problem())?);
            }
            Argument::EnvironmentsOrReference if record(&text).is_ok() => {
                put_value(command, text, None)?;
            }
            Argument::To
            | Argument::Environments
            | Argument::AnyEnvironments
            | Argument::EnvironmentsOrReference => command.environments = environments(&text)?,
            Argument::Packages => {
                let pattern = package(&text, word.quoted.is_some())?;
                command.packages.push(pattern);
            }
            Argument::Values => {
                let (name, value) = setting(word)?;
                put_value(command, name, Some(value))?;
            }
            Argument::Names => put_value(command, name(&text)?, None)?,
            Argument::Reference => put_value(command, record(&text)?, None)?,
        }
        Ok(())
    }
}

/// Puts the words that are no options where the verb has a place for them.
pub(super) fn take(command: &mut Command, words: Vec<Word>) -> Result<(), String> {
    let facts = facts(command.verb);
    let mut words = words.into_iter();
    for argument in facts.arguments {
        let mut is_there = false;
        for word in words.by_ref() {
            refuse_one_hyphen(&word)?;
            argument.put(command, &word)?;
            is_there = true;
            if !argument.is_rest() {
                break;
            }
        }
        if let Some(demand) = argument.demand().filter(|_| !is_there) {
            let usage = facts.usage(command.verb);
            let example = facts.examples[0];
            return Err(format!("{demand}: `{usage}`, such as `{example}`"));
        }
    }
    if let Some(extra) = words.next() {
        refuse_one_hyphen(&extra)?;
        return Err(too_much(command, facts, &extra));
    }
    bounded(command)
}

fn refuse_one_hyphen(word: &Word) -> Result<(), String> {
    if word.bare.starts_with('-') {
        let typed = code(&word.bare);
        let example = "`--reason`";
        return Err(format!(
            "{typed} is neither a name nor an option: options begin with two hyphens, such as {example}"
        ));
    }
    Ok(())
}

fn too_much(command: &Command, facts: &Facts, extra: &Word) -> String {
    let (verb, extra) = (command.verb, code(&extra.text()));
    if facts.arguments.is_empty() {
        return format!("`{verb}` takes nothing after it, but there is {extra}");
    }
    let usage = facts.usage(verb);
    let hint = if facts.arguments.contains(&Argument::Environments) {
        ". Several environments have commas between and no spaces, as in `staging,production`"
    } else {
        ""
    };
    format!("{extra} is too much: `{usage}`{hint}")
}

fn bounded(command: &Command) -> Result<(), String> {
    let most = [
        command.environments.len(),
        command.packages.len(),
        command.values.len(),
    ];
    if most.into_iter().all(|count| count <= MOST) {
        return Ok(());
    }
    Err(format!(
        "a command takes at most {MOST} names of a kind: use globs, or several commands"
    ))
}

fn environments(text: &str) -> Result<Vec<EnvironmentPattern>, String> {
    let mut patterns = Vec::new();
    for part in text.split(',').take(MOST + 1) {
        if part.is_empty() && !text.is_empty() {
            let typed = code(text);
            return Err(format!(
                "in {typed} a comma has nothing beside it: write several environments with commas and without spaces, \
                 as in `staging,production`"
            ));
        }
        let pattern: EnvironmentPattern = part.parse().map_err(|problem| format!("{problem}"))?;
        patterns.push(pattern);
    }
    Ok(patterns)
}

/// A package as it was typed. Commas belong between environments, and one quote alone is a slip.
pub(super) fn package(text: &str, is_quoted: bool) -> Result<PackagePattern, String> {
    if !is_quoted && text.contains(',') {
        let typed = code(text);
        return Err(format!(
            "{typed} has a comma: packages are written with spaces between, as in `api web`, and environments with \
             commas and without spaces, as in `staging,production`"
        ));
    }
    if !is_quoted && text.contains(['"', '“', '”', '„']) {
        let typed = code(text);
        return Err(format!(
            "{typed} has a quote inside: quotes go around a whole value"
        ));
    }
    text.parse().map_err(|problem| format!("{problem}"))
}

/// `name=value`. A value is JSON if it reads as JSON and is not in double quotes; else it is text.
fn setting(word: &Word) -> Result<(String, Value), String> {
    let text = word.text();
    let Some((name_text, value)) = text.split_once('=') else {
        let typed = code(&text);
        return Err(format!(
            "{typed} has no `=`: write `name=value`, and quotes around a value with spaces, as in \
             `note=\"all is well\"` or `sizes='[1, 2]'`"
        ));
    };
    let name = name(name_text)?;
    if value.is_empty() && word.quoted.is_none() {
        return Err(format!(
            "`{name}` has no value: `/ocuroot unset {name}` takes it away, `{name}=\"\"` makes it an empty text"
        ));
    }
    let is_text = matches!(
        word.quoted,
        Some(Quoted {
            is_double: true,
            ..
        })
    );
    let json = (!is_text)
        .then(|| serde_json::from_str(value).ok())
        .flatten();
    let value = json.unwrap_or_else(|| Value::String(value.to_owned()));
    Ok((name, value))
}

/// The name of a custom value, or the whole ref of a value, of an environment or of a deployment.
fn name(text: &str) -> Result<String, String> {
    if is_whole(text) {
        return Ok(text.to_owned());
    }
    let own = text.strip_prefix("@/custom/").unwrap_or(text);
    let is_segment = |segment: &str| {
        let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
        !matches!(segment, "" | "." | "..") && segment.chars().all(is_allowed)
    };
    if own.split('/').all(is_segment) && own.len() <= 255 {
        return Ok(text.to_owned());
    }
    let typed = code(text);
    Err(format!(
        "{typed} cannot be the name of a value: write letters, digits, `.`, `_`, `-` and `/`, as in `approval`, or \
         `@/custom/token` for a value of the whole workspace"
    ))
}

/// The whole ref of a record.
fn record(text: &str) -> Result<String, String> {
    let reference = text
        .parse::<Reference>()
        .map_err(|error| error.to_string())?;
    if reference.subpath.is_some() && (text.starts_with("@/") || text.contains("/@")) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "{} names no record: write the whole ref, such as `@/custom/token` or \
         `api/release.ocu.star/@/deploy/staging`",
        code(text)
    ))
}

fn is_whole(text: &str) -> bool {
    let is_anchored = text.starts_with("@/") || text.contains("/@");
    let reference = text.parse::<Reference>().ok().filter(|_| is_anchored);
    reference.is_some_and(|reference| {
        // A value of the whole workspace goes by the rules of names.
        let is_value = matches!(reference.subpath, Some((SubPathKind::Custom, _)));
        let is_global_value = is_value && reference.global;
        reference.fragment.is_none() && reference.can_be_intended() && !is_global_value
    })
}

fn put_value(command: &mut Command, name: String, value: Option<Value>) -> Result<(), String> {
    if command.values.iter().any(|(known, _)| *known == name) {
        return Err(format!("`{name}` is named twice"));
    }
    command.values.push((name, value));
    Ok(())
}
