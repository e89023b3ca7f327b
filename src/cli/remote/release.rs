//! `ocuroot release … --server`.

use std::process::ExitCode;

use anyhow::bail;

use super::{follow, open, told};
use crate::command::Request;
use crate::model::{CommitSha, PackageName, Reference};
use crate::remote::Remote;

/// What somebody wants released.
pub(in crate::cli) struct New {
    pub(in crate::cli) file: String,
    pub(in crate::cli) force: bool,
    pub(in crate::cli) confirm: bool,
}

/// A release of the commit that is checked out, as GitHub has it.
pub(in crate::cli) async fn new(server: &str, new: &New) -> anyhow::Result<ExitCode> {
    let remote = open(server).await?;
    let package = own(&remote, remote.project.package(&new.file)?)?;
    let commit: CommitSha = match remote.project.commit.as_str().parse() {
        Ok(commit) => commit,
        Err(_) => bail!("there is no commit here: commit and push what is to be released"),
    };
    if remote.project.is_changed(&package.path) {
        eprintln!(
            "{} differs from commit {}, which is what is released",
            package.path,
            commit.short()
        );
    }
    let request = Request::ReleaseNew {
        package: package.path,
        commit,
        force: new.force,
        confirm: new.confirm,
    };
    let answer = remote.ask(&request).await?;
    if answer.has_reason("already_released") {
        for name in &answer.releases {
            println!("{name}");
        }
        println!();
        for words in &answer.words {
            println!("{words}");
        }
        return Ok(ExitCode::FAILURE);
    }
    match told(&answer) {
        Some(code) => Ok(code),
        None => follow(&remote, &answer.releases, true).await,
    }
}

/// Has a release tried again, or looked at, and shows what comes of it.
pub(in crate::cli) async fn resume(
    server: &str,
    text: &str,
    release: Option<&String>,
    is_retry: bool,
) -> anyhow::Result<ExitCode> {
    let remote = open(server).await?;
    let reference = remote.project.reference(text)?;
    let package = own(&remote, remote.project.package_of(&reference, text)?)?;
    let meant = reference.release.filter(|release| !release.is_empty());
    let release = Reference {
        repository: package.repository,
        path: package.path,
        release: meant.or_else(|| release.cloned()).or(Some(String::new())),
        ..Reference::default()
    };
    let request = match is_retry {
        true => Request::ReleaseRetry { release },
        false => Request::ReleaseContinue { release },
    };
    let answer = remote.ask(&request).await?;
    if answer.has_reason("nothing_to_retry") {
        for name in &answer.releases {
            println!("{name}: nothing has failed that can be tried again");
        }
        return Ok(ExitCode::FAILURE);
    }
    match told(&answer) {
        Some(code) => Ok(code),
        None => follow(&remote, &answer.releases, false).await,
    }
}

fn own(remote: &Remote, package: PackageName) -> anyhow::Result<PackageName> {
    if package.repository != remote.project.name {
        bail!(
            "{package} belongs to another repository: this one is {}. Release it from a checkout of its own",
            remote.project.name
        );
    }
    Ok(package)
}
