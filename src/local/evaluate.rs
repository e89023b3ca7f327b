//! What a package's file says, read from a checkout.

use std::path::Path;

use anyhow::Context;

use super::project::Project;
use crate::config::{Denied, Evaluation, Limits, Session};
use crate::model::Environment;

/// Deep but legal files need more stack than a thread usually has.
const STACK_BYTES: usize = 64 << 20;

/// Calls `work` in a thread with room for deep files.
///
/// # Errors
/// When the thread cannot be started, or breaks down.
pub(super) fn on_big_stack<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> anyhow::Result<T> {
    let thread = std::thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(work)
        .context("no thread can be started")?;
    let end = thread.join();
    end.map_err(|_| anyhow::anyhow!("the evaluation broke down; this is a mistake in Ocuroot"))
}

/// What the file `path` below `root` declares when these environments are there. The machine is not at its disposal:
/// what it plans must not depend on where it is planned.
///
/// # Errors
/// When the files cannot be read. What is wrong with them is among the diagnostics.
pub(super) fn evaluate(
    root: &Path,
    path: &str,
    environments: Vec<Environment>,
) -> anyhow::Result<Evaluation> {
    let tree = Project::sources(root, path)?;
    let path = path.to_owned();
    on_big_stack(move || {
        let limits = Limits::default();
        let session = Session::planning(&tree, &environments, &Denied, &limits);
        session.evaluate(&path)
    })
}
