//! What people see while runs are executed: a live list on a terminal, plain lines elsewhere. On standard error, so that
//! results can be piped.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use console::{Style, Term, strip_ansi_codes, truncate_str};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::model::{Outcome, RunKind, RunName, RunState};
use crate::report::{terminal_mark, terminal_step};

/// How many lines of a failed run's log are repeated on a terminal.
const LAST_LINES: usize = 40;
/// The spinner, how long it takes, and room for `^C`.
const FREE_COLUMNS: usize = 10;
const REDRAW: Duration = Duration::from_millis(100);

/// Tells what happens.
pub struct Narrator {
    bars: Option<MultiProgress>,
    under_way: Mutex<BTreeMap<RunName, Step>>,
}

struct Step {
    since: Instant,
    bar: Option<ProgressBar>,
    lines: Vec<String>,
}

impl Narrator {
    /// Live if standard error is a terminal.
    #[expect(clippy::new_without_default, reason = "it looks at the terminal")]
    pub fn new() -> Narrator {
        let is_live = std::io::stderr().is_terminal();
        Narrator {
            bars: is_live.then(MultiProgress::new),
            under_way: Mutex::default(),
        }
    }

    /// A sentence about no run in particular.
    pub fn note(&self, text: &str) {
        self.print(text);
    }

    /// The run's function is being called.
    pub fn started(&self, run: &RunName, kind: RunKind) {
        let bar = self.bars.as_ref().map(|bars| {
            let bar = bars.add(ProgressBar::new_spinner());
            let style = ProgressStyle::with_template("{spinner} {prefix} {elapsed} {msg}");
            if let Ok(style) = style {
                bar.set_style(style);
            }
            bar.set_prefix(fitted(&label(run, kind), 0));
            bar.enable_steady_tick(REDRAW);
            bar
        });
        if bar.is_none() {
            self.print(&format!("{}> pending -> running", title(run, kind)));
        }
        let step = Step {
            since: Instant::now(),
            bar,
            lines: Vec::new(),
        };
        self.steps().insert(run.clone(), step);
    }

    /// A line of the run's log.
    pub fn line(&self, run: &RunName, kind: RunKind, line: &str) {
        let mut steps = self.steps();
        let Some(step) = steps.get_mut(run) else {
            return;
        };
        match &step.bar {
            Some(bar) => {
                let label = bar.prefix().chars().count();
                bar.set_message(fitted(line, label + 1));
                step.lines.push(line.to_owned());
            }
            None => {
                drop(steps);
                self.print(&format!("{}> {line}", title(run, kind)));
            }
        }
    }

    /// The run's function has ended.
    pub fn ended(&self, run: &RunName, kind: RunKind, outcome: &Outcome) {
        match outcome {
            Outcome::Done { .. } => self.left(run, kind, RunState::Complete, None, None),
            Outcome::Next { .. } => self.left(run, kind, RunState::Paused, None, None),
            Outcome::Failed { message } => {
                self.left(run, kind, RunState::Failed, Some(message), None);
            }
        }
    }

    /// What ran runs no more, and was left in this state. Somebody who has only heard of it knows how long it `took`.
    pub fn left(
        &self,
        run: &RunName,
        kind: RunKind,
        state: RunState,
        error: Option<&str>,
        took: Option<Duration>,
    ) {
        let Some(step) = self.steps().remove(run) else {
            return;
        };
        let took = took.unwrap_or_else(|| step.since.elapsed());
        let took = format!("{:.1}s", took.as_secs_f64());
        let (mark, word) = (terminal_mark(state), state.word());
        match step.bar {
            Some(bar) => {
                bar.finish_and_clear();
                let style = match state {
                    RunState::Complete => Style::new().green(),
                    RunState::Failed => Style::new().red(),
                    _ => Style::new().yellow(),
                };
                let mark = style.for_stderr().apply_to(mark);
                self.print(&format!("{mark} {} ({took})", label(run, kind)));
                if state == RunState::Failed {
                    let from = step.lines.len().saturating_sub(LAST_LINES);
                    for line in &step.lines[from..] {
                        self.print(&format!("    {line}"));
                    }
                }
            }
            None => self.print(&format!("{}> running -> {word} ({took})", title(run, kind))),
        }
        if let Some(message) = error {
            self.print(&format!("  {}", message.replace('\n', "\n  ")));
        }
    }

    fn print(&self, text: &str) {
        match &self.bars {
            Some(bars) => bars.suspend(|| eprintln!("{text}")),
            None => eprintln!("{text}"),
        }
    }

    fn steps(&self) -> MutexGuard<'_, BTreeMap<RunName, Step>> {
        let steps = self.under_way.lock();
        steps.unwrap_or_else(PoisonError::into_inner)
    }
}

/// What of a text fits into a line of the terminal after so many columns of others, and those that stay free: what
/// people type is shown there, and must not begin another line.
fn fitted(text: &str, others: usize) -> String {
    let (_, columns) = Term::stderr().size();
    let room = usize::from(columns).saturating_sub(others + FREE_COLUMNS);
    let text = strip_ansi_codes(text).replace(char::is_control, " ");
    truncate_str(&text, room, "…").into_owned()
}

fn label(run: &RunName, kind: RunKind) -> String {
    let package = run.release.package.short();
    format!(
        "{package} {} {}",
        run.release.number,
        terminal_step(run, kind)
    )
}

fn title(run: &RunName, kind: RunKind) -> String {
    let package = &run.release.package;
    format!(
        "{} > {} > {}",
        package.repository,
        package.path,
        terminal_step(run, kind)
    )
}
