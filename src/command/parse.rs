//! The comment grammar: one command a line, at the start of the line.

use super::{Command, CommandError};

/// Every verb, for did-you-mean and for the help.
pub(super) const VERBS: [&str; 7] = [
    "help", "status", "where", "deploy", "approve", "retry", "cancel",
];

const PREFIX: &str = "/ocuroot";

/// The commands of a comment, in order. Lines in code blocks, quotes and HTML comments are talk, not commands.
pub fn parse(comment: &str) -> Vec<Result<Command, CommandError>> {
    spoken_lines(comment)
        .filter_map(|line| {
            let rest = line.strip_prefix(PREFIX)?;
            // `/ocurooted` is a word of its own.
            (rest.is_empty() || rest.starts_with([' ', '\t'])).then(|| {
                command(rest).map_err(|problem| CommandError {
                    line: line.to_owned(),
                    problem,
                })
            })
        })
        .collect()
}

/// The lines outside fenced code and HTML comments. Quoted and indented lines stay: they do not start with `/`.
fn spoken_lines(comment: &str) -> impl Iterator<Item = &str> {
    let mut fence: Option<&str> = None;
    let mut is_hidden = false;
    comment.lines().filter(move |line| {
        if is_hidden {
            is_hidden = !line.contains("-->");
            return false;
        }
        let marker = ["```", "~~~"]
            .into_iter()
            .find(|marker| line.trim_start().starts_with(marker));
        match (fence, marker) {
            (Some(open), Some(close)) if open == close => fence = None,
            (Some(_), _) => {}
            (None, Some(open)) => fence = Some(open),
            (None, None) => {
                is_hidden = line
                    .rsplit_once("<!--")
                    .is_some_and(|(_, after)| !after.contains("-->"));
                return true;
            }
        }
        false
    })
}

fn command(rest: &str) -> Result<Command, String> {
    let mut words = rest.split_whitespace();
    let Some(verb) = words.next() else {
        return Ok(Command::Help);
    };
    let arguments: Vec<String> = words.map(str::to_owned).collect();
    if let Some(flag) = arguments.iter().find(|argument| argument.starts_with('-')) {
        return Err(format!("`{flag}` is not an option of `{verb}`"));
    }
    match verb {
        "help" => nothing_more(Command::Help, &arguments),
        "status" => nothing_more(Command::Status, &arguments),
        "where" => nothing_more(Command::Where, &arguments),
        "approve" => Ok(Command::Approve {
            packages: arguments,
        }),
        "retry" => Ok(Command::Retry {
            packages: arguments,
        }),
        "cancel" => Ok(Command::Cancel {
            packages: arguments,
        }),
        "deploy" => {
            let (environment, packages) = arguments.split_first().ok_or(
                "say where to: `/ocuroot deploy <environment>`, such as `/ocuroot deploy staging`",
            )?;
            Ok(Command::Deploy {
                environment: environment.parse().map_err(|error| format!("{error}"))?,
                packages: packages.to_vec(),
            })
        }
        _ => Err(unknown(verb)),
    }
}

fn nothing_more(command: Command, arguments: &[String]) -> Result<Command, String> {
    match arguments.first() {
        None => Ok(command),
        Some(extra) => Err(format!(
            "`{}` takes nothing after it, but there is `{extra}`",
            command.verb()
        )),
    }
}

fn unknown(verb: &str) -> String {
    let nearest = VERBS
        .iter()
        .map(|known| (distance(verb, known), known))
        .min();
    match nearest {
        Some((steps, known)) if steps <= 2 => {
            format!("there is no command `{verb}`; did you mean `/ocuroot {known}`?")
        }
        _ => format!("there is no command `{verb}`; `/ocuroot help` lists them"),
    }
}

/// How many letters must be added, removed, replaced or swapped with their neighbour to turn one word into another.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut table = vec![vec![0; to.len() + 1]; from.len() + 1];
    for row in 0..=from.len() {
        for column in 0..=to.len() {
            table[row][column] = if row == 0 || column == 0 {
                row + column
            } else {
                let differs = usize::from(from[row - 1] != to[column - 1]);
                let mut best = (table[row - 1][column] + 1)
                    .min(table[row][column - 1] + 1)
                    .min(table[row - 1][column - 1] + differs);
                let is_swap = row > 1
                    && column > 1
                    && from[row - 1] == to[column - 2]
                    && from[row - 2] == to[column - 1];
                if is_swap {
                    best = best.min(table[row - 2][column - 2] + 1);
                }
                best
            };
        }
    }
    table[from.len()][to.len()]
}
