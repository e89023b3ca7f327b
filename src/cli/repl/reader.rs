//! Where inputs come from: a terminal with a line to edit, or a pipe.

use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;

use anyhow::Context as _;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Config, Context, Editor, Helper};

use crate::config::is_incomplete;

const PROMPT: &str = ">>> ";

/// What came.
pub(super) enum Read {
    /// An input, perhaps of several lines.
    Text(String),
    /// A line that was given up.
    Discarded,
    /// Nothing more will come.
    End,
}

/// Reads inputs.
pub(super) enum Reader {
    /// From somebody who types.
    Terminal {
        editor: Box<Editor<Names, DefaultHistory>>,
        history: Option<PathBuf>,
    },
    /// From a program.
    Pipe,
}

impl Reader {
    pub(super) fn new() -> anyhow::Result<Reader> {
        if !std::io::stdin().is_terminal() {
            return Ok(Reader::Pipe);
        }
        let config = Config::builder()
            .history_ignore_space(true)
            .auto_add_history(true)
            .build();
        let mut editor = Editor::with_config(config).context("the terminal cannot be used")?;
        editor.set_helper(Some(Names(Vec::new())));
        let history = history_file();
        if let Some(file) = &history {
            // The first time there is none.
            let _ = editor.load_history(file);
        }
        Ok(Reader::Terminal {
            editor: Box::new(editor),
            history,
        })
    }

    pub(super) fn is_terminal(&self) -> bool {
        matches!(self, Reader::Terminal { .. })
    }

    /// The next input; `names` are what can be completed.
    pub(super) fn read(&mut self, names: Vec<String>) -> Read {
        let (editor, history) = match self {
            Reader::Terminal { editor, history } => (editor, history),
            Reader::Pipe => return from_pipe(),
        };
        editor.set_helper(Some(Names(names)));
        match editor.readline(PROMPT) {
            Ok(text) => Read::Text(text),
            Err(ReadlineError::Interrupted) => Read::Discarded,
            Err(_) => {
                if let Some(file) = history {
                    // Nothing is lost but convenience.
                    let _ = editor.save_history(file);
                }
                Read::End
            }
        }
    }
}

fn from_pipe() -> Read {
    let mut text = String::new();
    let mut input = std::io::stdin().lock();
    loop {
        let mut line = String::new();
        match input.read_line(&mut line) {
            Ok(0) | Err(_) if text.is_empty() => return Read::End,
            Ok(0) | Err(_) => return Read::Text(text),
            Ok(_) => {}
        }
        let line = line.trim_end_matches(['\n', '\r']);
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(line);
        if !is_incomplete(&text) {
            return Read::Text(text);
        }
    }
}

fn history_file() -> Option<PathBuf> {
    let folder = match std::env::var_os("OCUROOT_HOME") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(std::env::var_os("HOME")?).join(".ocuroot"),
    };
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("repl_history"))
}

/// The names that Tab completes; and asks for more lines while an input is open.
pub(super) struct Names(Vec<String>);

impl Helper for Names {}

impl Highlighter for Names {}

impl Hinter for Names {
    type Hint = String;
}

impl Completer for Names {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let before = &line[..position];
        let start = before.trim_end_matches(is_part).len();
        let word = &before[start..];
        // After a dot come fields, which are not known without evaluating what is before it.
        if word.is_empty() || before[..start].ends_with('.') {
            return Ok((position, Vec::new()));
        }
        let fitting = self.0.iter().filter(|name| name.starts_with(word));
        Ok((start, fitting.cloned().collect()))
    }
}

impl Validator for Names {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(match is_incomplete(context.input()) {
            true => ValidationResult::Incomplete,
            false => ValidationResult::Valid(None),
        })
    }
}
