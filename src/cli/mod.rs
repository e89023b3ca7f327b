//! Layer 4: the program's verbs, one file each.

pub mod audit;
pub mod check;
pub mod demo;
pub mod find_deploys;
mod guards;
pub mod init;
mod local;
pub mod mcp;
pub mod output;
mod place;
pub mod preview;
pub mod push;
pub mod release;
mod remote;
pub mod repl;
pub mod run;
pub mod serve;
mod server_option;
pub mod simulate;
pub mod state;
pub mod version;
pub mod work;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Turns every push into a planned, executed and recorded release.
///
/// Start with `ocuroot demo`: a whole working installation on this machine, with a simulated GitHub.
#[derive(Parser)]
#[command(name = "ocuroot", version)]
pub struct Program {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// See a push become a release on this machine, with a simulated GitHub
    Demo(demo::Arguments),
    /// Run the GitHub App: receive webhooks, plan releases, start jobs, record what happened
    Serve(serve::Arguments),
    /// Evaluate the config files of a directory and show what they declare
    Check(check::Arguments),
    /// Make releases, on this machine or by a server
    Release(release::Arguments),
    /// Look at what is recorded, and say what should be
    State(state::Arguments),
    /// Do what waits in releases
    Work(work::Arguments),
    /// Release what has changed
    Push(push::Arguments),
    /// List the live deployments that a range of commits has made
    FindDeploys(find_deploys::Arguments),
    /// Print the version
    Version,
    /// Write the files a repository needs to be released
    Init(init::Arguments),
    /// Show on a page what a config file would release, while it is being written
    Preview(preview::Arguments),
    /// Try config files and their functions by hand
    Repl(repl::Arguments),
    /// Answer programs that write config files: the Model Context Protocol on standard input and output
    Mcp(mcp::Arguments),
    /// Execute one run of a release inside a job of GitHub Actions
    Run(run::Arguments),
    /// Give outputs of a native workflow to the run it was started for
    Output(output::Arguments),
    /// Check that the audit record is what was written, or export it
    Audit(audit::Arguments),
    /// Run a GitHub on this machine to try things against
    Simulate(simulate::Arguments),
    /// Evaluate config files for the server, confined (started by the server itself)
    #[command(hide = true)]
    EvalWorker,
}

/// Parses the command line and carries it out.
pub fn main() -> ExitCode {
    let program = Program::parse();
    let result = match program.verb {
        Verb::Demo(arguments) => demo::execute(&arguments),
        Verb::Serve(arguments) => serve::execute(arguments),
        Verb::Check(arguments) => check::execute(&arguments),
        Verb::Release(arguments) => release::execute(&arguments),
        Verb::State(arguments) => state::execute(&arguments),
        Verb::Work(arguments) => work::execute(&arguments),
        Verb::Push(arguments) => push::execute(&arguments),
        Verb::FindDeploys(arguments) => find_deploys::execute(&arguments),
        Verb::Version => version::execute(),
        Verb::Init(arguments) => init::execute(arguments),
        Verb::Preview(arguments) => preview::execute(arguments),
        Verb::Repl(arguments) => repl::execute(&arguments),
        Verb::Mcp(arguments) => mcp::execute(&arguments),
        Verb::Run(arguments) => run::execute(arguments),
        Verb::Output(arguments) => output::execute(arguments),
        Verb::Audit(arguments) => audit::execute(&arguments),
        Verb::Simulate(arguments) => simulate::execute(&arguments),
        Verb::EvalWorker => return crate::sandbox::worker_main(),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
