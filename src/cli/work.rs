//! `ocuroot work`: doing what waits.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::local::{self, project};
use super::remote;
use super::remote::work::{INTENT, OPERATIONS, RUNS};
use super::server_option::ServerOption;
use crate::local::{Narrator, Reader, Selection, Session, WorkItem, Worked};

/// Do what waits: runs that can go on, packages whose environments have changed, intent that is not so yet.
///
/// Every verb takes `--dryrun`, which prints the work as JSON and does nothing.
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    server: ServerOption,
}

#[derive(Subcommand)]
enum Verb {
    /// Execute the runs of this commit's releases that can go on
    #[command(after_help = "Example: ocuroot work continue")]
    Continue(Options),
    /// Do everything for this commit's releases, then call the trigger for what is left elsewhere
    ///
    /// Makes what is as it should be (see `ocuroot state diff`), plans packages again whose environments have changed and
    /// executes runs, until nothing of that is left.
    #[command(after_help = "Example: ocuroot work any")]
    Any {
        #[command(flatten)]
        options: Options,
        /// Accepted for older scripts: it always goes on until nothing is left
        #[arg(long, conflicts_with = "dryrun")]
        comprehensive: bool,
        /// Where a rule wants a second word, this is it (only a server asks for one)
        #[arg(long)]
        confirm: bool,
    },
    /// Plan this commit's packages again whose environments have changed
    #[command(after_help = "Example: ocuroot work ops")]
    Ops(Options),
    /// Call the trigger of repo.ocu.star for each commit that has work
    #[command(after_help = "Example: ocuroot work trigger")]
    Trigger {
        #[command(flatten)]
        options: Options,
        /// Call it for the newest released commit of each repository instead, so that each follows what should be
        #[arg(short, long)]
        intent: bool,
    },
    /// Do everything, other commits in checkouts of their own
    #[command(after_help = "Example: ocuroot work cascade")]
    Cascade(Options),
}

#[derive(Args, Clone, Copy)]
struct Options {
    /// Only print what there is to do
    #[arg(short, long)]
    dryrun: bool,
}

/// Carries the verb out.
///
/// # Errors
/// When the repository or its state cannot be used.
pub fn execute(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match arguments.server.address() {
        Some(server) => local::run(by_server(server, &arguments.verb)),
        None => local::run(carry_out(&arguments.verb)),
    }
}

async fn by_server(server: String, verb: &Verb) -> anyhow::Result<ExitCode> {
    let server = server.as_str();
    match verb {
        Verb::Any {
            options, confirm, ..
        } => remote::work::any(server, options.dryrun, *confirm).await,
        Verb::Continue(options) => remote::work::wait(server, options.dryrun, &RUNS).await,
        Verb::Ops(options) => remote::work::wait(server, options.dryrun, &OPERATIONS).await,
        Verb::Trigger { options, .. } | Verb::Cascade(options) => {
            let everything = [&INTENT[..], &OPERATIONS, &RUNS].concat();
            remote::work::wait(server, options.dryrun, &everything).await
        }
    }
}

async fn carry_out(verb: &Verb) -> anyhow::Result<ExitCode> {
    let project = project()?;
    let here = Selection::Commit(project.name.clone(), project.commit.clone());
    let (Verb::Continue(options)
    | Verb::Any { options, .. }
    | Verb::Ops(options)
    | Verb::Trigger { options, .. }
    | Verb::Cascade(options)) = verb;
    if options.dryrun {
        let items = match local::reader(project).await? {
            Some(reader) => items(&reader, verb, &here).await?,
            None => Vec::new(),
        };
        println!("{}", serde_json::to_string_pretty(&items)?);
        return Ok(ExitCode::SUCCESS);
    }
    let session = Session::open(project, "work", Arc::new(Narrator::new())).await?;
    session.look_again().await?;
    let worked = match verb {
        Verb::Continue(_) => session.work(&here).await?,
        Verb::Ops(_) => session.operate(&here, &mut BTreeSet::new()).await?,
        Verb::Cascade(_) => session.work_off(&Selection::Everything, true).await?,
        Verb::Any { .. } => session.work_off(&here, true).await?,
        Verb::Trigger { .. } => Worked::default(),
    };
    let left = match verb {
        Verb::Any { .. } | Verb::Trigger { .. } => {
            items(&session.reader, verb, &Selection::Everything).await?
        }
        _ => Vec::new(),
    };
    let code = local::code(&worked, false);
    let is_triggered = !left.is_empty() && session.reader.project.settings.has_trigger();
    if !is_triggered {
        told(&left);
        session.close().await;
        return Ok(code);
    }
    match session.call_triggers(&left).await? {
        true => Ok(code),
        false => Ok(ExitCode::FAILURE),
    }
}

/// What is left for somebody who checks the commits out.
fn told(left: &[WorkItem]) {
    let commits: BTreeSet<&String> = left
        .iter()
        .filter_map(|item| item.commit.as_ref())
        .collect();
    for commit in commits {
        println!(
            "There is work at commit {commit}: check it out and run `ocuroot work any`, or run `ocuroot work cascade` here"
        );
    }
}

async fn items(
    reader: &Reader,
    verb: &Verb,
    selection: &Selection,
) -> anyhow::Result<Vec<WorkItem>> {
    let everything = Selection::Everything;
    let selection = match verb {
        Verb::Trigger { .. } | Verb::Cascade(_) => &everything,
        _ => selection,
    };
    if matches!(verb, Verb::Trigger { intent: true, .. }) {
        return reader.newest_commits().await;
    }
    let mut items = Vec::new();
    if matches!(verb, Verb::Any { .. } | Verb::Cascade(_)) {
        items.extend(reader.drift_items().await?);
    }
    if !matches!(verb, Verb::Continue(_)) {
        items.extend(reader.operations(selection).await?);
    }
    if !matches!(verb, Verb::Ops(_)) {
        items.extend(reader.ready_runs(selection).await?);
    }
    Ok(items)
}
