//! The verbs where a server does them: the same words, the same ends.

pub(super) mod release;
pub(super) mod state;
pub(super) mod work;

use std::collections::BTreeSet;
use std::process::ExitCode;

use crate::command::Request;
use crate::local::Narrator;
use crate::model::{CommitSha, ReleaseName};
use crate::remote::{Answer, Remote, Watched};

use super::local::project;

/// What a program ends with that was interrupted.
const INTERRUPTED: u8 = 130;

/// The repository around the current directory, as the server knows it.
async fn open(server: &str) -> anyhow::Result<Remote> {
    Remote::open(project()?, server).await
}

/// Says what a command came to; `None` unless that was an end of it.
fn told(answer: &Answer) -> Option<ExitCode> {
    let mut has_errors = false;
    for diagnostic in &answer.diagnostics {
        eprintln!("{}", diagnostic.message);
        has_errors |= diagnostic.is_error;
    }
    for words in &answer.words {
        match answer.is_refused {
            true => eprintln!("error: {words}"),
            false => println!("{words}"),
        }
    }
    (answer.is_refused || has_errors).then_some(ExitCode::FAILURE)
}

/// Shows what happens in releases until nothing of them runs any more, and how they stand then.
async fn follow(
    remote: &Remote,
    releases: &[ReleaseName],
    is_new: bool,
) -> anyhow::Result<ExitCode> {
    let narrator = Narrator::new();
    let mut code = ExitCode::SUCCESS;
    for release in releases {
        match remote.follow(release, is_new, &narrator).await? {
            Watched::Ended(view) => {
                print!("{}", view.text);
                if !view.is_good() {
                    code = ExitCode::FAILURE;
                }
            }
            Watched::Left => {
                eprintln!(
                    "No longer watched; the server goes on with it. To watch it again: ocuroot release continue {release}"
                );
                return Ok(ExitCode::from(INTERRUPTED));
            }
        }
    }
    Ok(code)
}

/// `push`: the head of the default branch is looked at now.
pub(super) async fn push(server: &str, dryrun: bool) -> anyhow::Result<ExitCode> {
    if dryrun {
        anyhow::bail!(
            "what a push would release is shown by the check `ocuroot` of its pull request, and by \
             `ocuroot push --dryrun` without --server"
        );
    }
    let remote = open(server).await?;
    let answer = remote.ask(&Request::Push {}).await?;
    let code = told(&answer);
    if answer.releases.is_empty() {
        println!("nothing is released: no package has changed");
    }
    let followed = follow(&remote, &answer.releases, true).await?;
    Ok(code.unwrap_or(followed))
}

/// `find-deploys`: what a range of commits has deployed.
pub(super) async fn find_deploys(server: &str, start: &str, end: &str) -> anyhow::Result<ExitCode> {
    let remote = open(server).await?;
    let commits: BTreeSet<CommitSha> = remote.project.commits(start, end)?;
    for deployment in remote.deployed_from(&commits).await? {
        println!("{}", deployment.reference);
    }
    Ok(ExitCode::SUCCESS)
}
