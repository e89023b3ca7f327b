//! `ocuroot work … --server`: a server does most of it by itself.

use std::process::ExitCode;

use super::{open, told};
use crate::command::Request;
use crate::remote::{Remote, WorkItem};

/// Kinds of work, as they are called in lists of it.
pub(in crate::cli) const INTENT: [&str; 3] = ["create", "update", "delete"];
pub(in crate::cli) const OPERATIONS: [&str; 1] = ["op"];
pub(in crate::cli) const RUNS: [&str; 1] = ["run"];

/// Makes all follow what should be, and shows what is left.
pub(in crate::cli) async fn any(
    server: &str,
    dryrun: bool,
    confirm: bool,
) -> anyhow::Result<ExitCode> {
    let remote = open(server).await?;
    let everything = [&INTENT[..], &OPERATIONS, &RUNS].concat();
    if dryrun {
        return print(&remote, &everything).await;
    }
    let answer = remote.ask(&Request::WorkAny { confirm }).await?;
    let code = told(&answer);
    show(&remote, &everything).await?;
    Ok(code.unwrap_or(ExitCode::SUCCESS))
}

/// Shows work that the server does by itself.
pub(in crate::cli) async fn wait(
    server: &str,
    dryrun: bool,
    kinds: &[&str],
) -> anyhow::Result<ExitCode> {
    let remote = open(server).await?;
    if dryrun {
        return print(&remote, kinds).await;
    }
    eprintln!("{server} does this by itself, as soon as it can be done. What is not done yet:");
    show(&remote, kinds).await?;
    Ok(ExitCode::SUCCESS)
}

async fn items(remote: &Remote, kinds: &[&str]) -> anyhow::Result<Vec<WorkItem>> {
    let mut items = remote.work().await?;
    items.retain(|item| kinds.contains(&item.work_type.as_str()));
    Ok(items)
}

async fn print(remote: &Remote, kinds: &[&str]) -> anyhow::Result<ExitCode> {
    let items = items(remote, kinds).await?;
    println!("{}", serde_json::to_string_pretty(&items)?);
    Ok(ExitCode::SUCCESS)
}

async fn show(remote: &Remote, kinds: &[&str]) -> anyhow::Result<()> {
    for item in items(remote, kinds).await? {
        match &item.why {
            Some(why) => println!("{} {}: {why}", item.work_type, item.reference),
            None => println!("{} {}", item.work_type, item.reference),
        }
    }
    Ok(())
}
