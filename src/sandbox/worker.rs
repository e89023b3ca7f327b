//! The child's side: confine itself, then answer requests until the input ends.

use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use serde::Serialize;

use super::confine;
use super::protocol::{Ready, Request};
use crate::config::{Denied, Limits, Session, SourceTree, evaluate, invoke};

/// Deep but legal files need more stack than a thread usually has; it counts as address space only once it is used.
const STACK_BYTES: usize = 64 << 20;

/// What the hidden subcommand `eval-worker` runs: reads requests from standard input and answers on standard output.
pub fn worker_main() -> ExitCode {
    #[cfg(target_os = "linux")]
    confine::clear_environment();
    #[cfg(unix)]
    if confine::limit_resources().is_err() {
        return ExitCode::FAILURE;
    }
    // A panic's text would only repeat the stranger's; the parent says what happened from the exit.
    std::panic::set_hook(Box::new(|_| {}));
    let thread = std::thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(serve);
    let end = thread.map(std::thread::JoinHandle::join);
    match end {
        Ok(Ok(Ok(()))) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn serve() -> io::Result<()> {
    // The first evaluation builds what all others share; some of that needs calls the filter forbids.
    evaluate(&warm_up_tree(), "warm.star", &[], &Limits::default());
    #[cfg(target_os = "linux")]
    let has_filter = confine::filter_system_calls();
    #[cfg(not(target_os = "linux"))]
    let has_filter = false;
    answer(&Ready { has_filter })?;

    let mut input = io::stdin().lock();
    let mut request = read(&mut input)?;
    while let Some(Request::Open(open)) = request {
        let tree = open.tree();
        let session = Session::planning(&tree, &open.environments, &Denied, &open.limits);
        request = loop {
            match read(&mut input)? {
                Some(Request::Evaluate { path }) => answer(&session.evaluate(&path))?,
                Some(Request::Invoke {
                    entry,
                    function,
                    inputs,
                }) => answer(&invoke(
                    &tree,
                    &entry,
                    &function,
                    &inputs,
                    &open.environments,
                    &Denied,
                    &open.limits,
                ))?,
                other => break other,
            }
        };
    }
    Ok(())
}

fn warm_up_tree() -> SourceTree {
    let mut tree = SourceTree::new();
    tree.insert(
        "warm.star",
        "def f():\n  return done()\n\ntask(f, \"warm\")\nprint({\"a\": [1.5]})\n",
    );
    tree
}

/// The next request; `None` at the end of the input.
fn read(input: &mut impl BufRead) -> io::Result<Option<Request<'static>>> {
    let mut line = Vec::new();
    input.read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    Ok(Some(serde_json::from_slice(&line)?))
}

fn answer(answer: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    let mut output = io::stdout().lock();
    output.write_all(&line)?;
    output.flush()
}
