//! `ocuroot preview`: a page of what a config file would release.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;

use super::guards;
use super::place::{Place, environments, with_deep_stack};
use super::server_option::NoServer;
use crate::config::{Denied, Limits, Session};
use crate::web::{self, Draft};

/// What `ocuroot preview` takes.
#[derive(Args)]
pub struct Arguments {
    /// The config file
    file: PathBuf,
    /// The port to listen on, on this machine only; the first free one from 3000 unless given
    #[arg(short, long)]
    port: Option<u16>,
    #[command(flatten)]
    server: NoServer,
}

/// Serves the page until Ctrl-C.
///
/// # Errors
/// When the file is not there or the port is taken.
pub fn execute(arguments: Arguments) -> anyhow::Result<ExitCode> {
    arguments.server.refuse("preview")?;
    // A mistyped name is better said here than in the browser.
    Place::of(&arguments.file)?;
    let runtime = tokio::runtime::Runtime::new().context("the async runtime cannot start")?;
    runtime.block_on(async {
        let listener = web::listen(arguments.port)
            .await
            .context("the port cannot be listened on")?;
        println!("http://{} shows {}", listener.local_addr()?, arguments.file.display());
        let file = arguments.file;
        let drafter = Arc::new(move || with_deep_stack(|| draft(&file)));
        tokio::select! {
            served = web::preview(listener, drafter) => served.context("the page cannot be served")?,
            ended = tokio::signal::ctrl_c() => ended?,
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn draft(file: &std::path::Path) -> anyhow::Result<Draft> {
    let place = Place::of(file)?;
    let environments = environments(&place.root, &place.tree);
    let limits = Limits::default();
    let session = Session::planning(&place.tree, &environments, &Denied, &limits);
    let others = place
        .tree
        .paths()
        .filter(|path| path.ends_with(".ocu.star"));
    let rules = others
        .filter(|path| *path != place.file)
        .map(|path| session.evaluate(path))
        // Rules of another package hold for that one only.
        .filter(|other| other.package.is_none())
        .flat_map(|other| guards::lines(&other.guards));
    let mut rules: Vec<String> = rules.collect();
    let evaluation = session.evaluate(&place.file);
    rules.extend(guards::lines(&evaluation.guards));
    let files = place.tree.paths().map(|path| place.root.join(path));
    Ok(Draft {
        files: files.collect(),
        evaluation,
        environments,
        rules,
        file: place.file,
    })
}
