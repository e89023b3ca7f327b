//! The comment grammar: one command a line, at the start of the line.

use super::spelling::{code, nearest};
use super::talk::spoken_lines;
use super::words::split;
use super::{Command, CommandError, Verb, arguments, facts::facts, options};

const PREFIX: &str = "/ocuroot";

/// The most commands that are read of one comment: every command may cost requests to GitHub.
const MOST: usize = 20;

/// The commands of a comment, in order. Lines in code blocks, quotes, lists and HTML comments are talk, not commands.
/// Of more than 20 commands the rest is one error.
pub fn parse(comment: &str) -> Vec<Result<Command, CommandError>> {
    let mut lines = spoken_lines(comment).filter_map(|line| {
        let rest = line.strip_prefix(PREFIX)?;
        // `/ocurooted` is a word of its own.
        let is_command = rest.is_empty() || rest.starts_with(char::is_whitespace);
        is_command.then_some((line.trim_end(), rest))
    });
    let mut commands: Vec<Result<Command, CommandError>> = lines
        .by_ref()
        .take(MOST)
        .map(|(line, rest)| read(line, rest).map_err(|problem| error(line, problem)))
        .collect();
    if let Some((line, _)) = lines.next() {
        let problem = format!(
            "a comment may have {MOST} commands; this one and those after it are not read: write them in another \
             comment"
        );
        commands.push(Err(error(line, problem)));
    }
    commands
}

fn error(line: &str, problem: String) -> CommandError {
    CommandError {
        line: line.to_owned(),
        problem,
    }
}

fn read(line: &str, rest: &str) -> Result<Command, String> {
    let mut words = split(rest)?;
    if words.is_empty() {
        return Ok(Command::new(line, Verb::Help));
    }
    let first = words.remove(0).text();
    let mut command = Command::new(line, verb(&first)?);
    let words = options::take(&mut command, words)?;
    arguments::take(&mut command, words)?;
    check(&command)?;
    Ok(command)
}

/// The verb of that name.
pub(super) fn verb(typed: &str) -> Result<Verb, String> {
    let found = Verb::ALL.into_iter().find(|verb| verb.as_str() == typed);
    found.ok_or_else(|| {
        let shown = code(typed);
        match nearest(typed, Verb::ALL.into_iter().map(Verb::as_str)) {
            Some(near) => format!("there is no command {shown}; did you mean `/ocuroot {near}`?"),
            None => format!("there is no command {shown}; `/ocuroot help` lists them"),
        }
    })
}

/// What must not be missing, or does not fit together.
fn check(command: &Command) -> Result<(), String> {
    let verb = command.verb;
    if command.reason.is_none() {
        if facts(verb).needs_reason {
            return Err(format!(
                "`{verb}` needs a reason, for those who meet it: add `--reason \"…\"`"
            ));
        }
        if command.is_break_glass {
            return Err(
                "`--break-glass` needs a reason, which is recorded: add `--reason \"…\"`".into(),
            );
        }
    }
    let mut names = command.values.iter().map(|(name, _)| name);
    if let Some(global) = names.find(|name| name.starts_with("@/"))
        && (command.release.is_some() || !command.packages.is_empty())
    {
        return Err(format!(
            "`{global}` belongs to the whole workspace: `--package` and `--release` are for values of releases"
        ));
    }
    if let Some(from) = &command.from
        && let Some(same) = command
            .environments
            .iter()
            .find(|to| to.to_string() == from.as_str())
    {
        return Err(format!(
            "`{same}` is where the release comes from: say another environment to bring it to"
        ));
    }
    Ok(())
}
