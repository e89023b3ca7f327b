//! What people see while runs are executed: a live list on a terminal, plain lines elsewhere. On standard error, so that
//! results can be piped.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use console::{Style, Term, strip_ansi_codes, truncate_str};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::model::{Outcome, RunKind, RunName, TaskKey};

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
        let Some(step) = self.steps().remove(run) else {
            return;
        };
        let took = format!("{:.1}s", step.since.elapsed().as_secs_f64());
        let (mark, word) = match outcome {
            Outcome::Done { .. } => ("✓", "complete"),
            Outcome::Next { .. } => ("›", "paused"),
            Outcome::Failed { .. } => ("✗", "failed"),
        };
        match step.bar {
            Some(bar) => {
                bar.finish_and_clear();
                let style = match outcome {
                    Outcome::Done { .. } => Style::new().green(),
                    Outcome::Next { .. } => Style::new().yellow(),
                    Outcome::Failed { .. } => Style::new().red(),
                };
                let mark = style.for_stderr().apply_to(mark);
                self.print(&format!("{mark} {} ({took})", label(run, kind)));
                if matches!(outcome, Outcome::Failed { .. }) {
                    let from = step.lines.len().saturating_sub(LAST_LINES);
                    for line in &step.lines[from..] {
                        self.print(&format!("    {line}"));
                    }
                }
            }
            None => self.print(&format!("{}> running -> {word} ({took})", title(run, kind))),
        }
        if let Outcome::Failed { message } = outcome {
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

/// `Task: build [1]`, `Deploy to production [2]`, `Remove from production [3]`.
pub(super) fn step_name(run: &RunName, kind: RunKind) -> String {
    let number = run.number;
    match (&run.key, kind) {
        (TaskKey::Task(name), _) => format!("Task: {name} [{number}]"),
        (TaskKey::Deploy(name), RunKind::Down) => format!("Remove from {name} [{number}]"),
        (TaskKey::Deploy(name), _) => format!("Deploy to {name} [{number}]"),
    }
}

fn label(run: &RunName, kind: RunKind) -> String {
    let package = run.release.package.short();
    format!("{package} {} {}", run.release.number, step_name(run, kind))
}

fn title(run: &RunName, kind: RunKind) -> String {
    let package = &run.release.package;
    format!(
        "{} > {} > {}",
        package.repository,
        package.path,
        step_name(run, kind)
    )
}
