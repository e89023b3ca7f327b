//! `ocuroot state`: what is, and what should be.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::{ArgAction, Args, Subcommand, ValueEnum};
use serde_json::Value;

use super::local::{self, Named, project};
use super::remote;
use super::server_option::ServerOption;
use crate::config::{Limits, expression};
use crate::local::{Narrator, Project, Reader, Selection, Session, WORKSPACE, step_word};
use crate::store::{Documents, MatchOptions};
use crate::web;

/// Look at what is recorded, and say what should be.
///
/// What should be (the intent) is said with `set` and `delete`, compared with `diff` and made so with `apply`; or all of
/// it with `ocuroot work any`.
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    server: ServerOption,

    #[command(flatten)]
    named: Named,
}

#[derive(Subcommand)]
enum Verb {
    /// Print a record as JSON
    ///
    /// Fails when there is none.
    #[command(
        after_help = "Example: ocuroot state get release.ocu.star/@/deploy/production#output/url"
    )]
    Get {
        /// Its ref; keys after `#` pick a part of it
        reference: Option<String>,
        /// What should be instead of what is
        #[arg(short, long)]
        intent: bool,
    },
    /// List the records that a glob means, one ref a line
    ///
    /// `*` stands for a part of a ref between two slashes, `**` for any number of them, `{a,b}` for either; `./-/` for this
    /// repository, `./` for the current directory. No such record is no failure.
    #[command(after_help = "Example: ocuroot state match '**/@/deploy/production'")]
    Match {
        /// The glob; without it, everything
        #[arg(default_value = "{@/**,**}")]
        glob: String,
        /// Leave out what only stands for another record: `@` and tags
        #[arg(short = 'l', long)]
        no_links: bool,
        /// What should be instead of what is
        #[arg(short, long)]
        intent: bool,
    },
    /// List what is deployed again if something changes, one ref a line
    ///
    /// What read it when it was deployed comes first, then what read what those leave.
    #[command(
        after_help = "Example: ocuroot state impact api/release.ocu.star/@/deploy/production"
    )]
    Impact {
        /// The ref of what changes
        reference: String,
    },
    /// List what is not as it should be, one ref a line
    #[command(after_help = "Example: ocuroot state diff | xargs -n1 ocuroot state apply")]
    Diff {
        /// What has to be done before each ref: create, update or delete
        #[arg(short, long)]
        long: bool,
    },
    /// Say what should be at a ref
    ///
    /// A custom value, an environment, or a deployment: {"release": "<file>/@r3", "input": {…}}.
    #[command(after_help = "Example: ocuroot state set release.ocu.star/@/custom/approval 1")]
    Set {
        /// The ref
        reference: String,
        /// The value; `-` reads it from standard input
        #[arg(allow_hyphen_values = true)]
        value: String,
        /// How the value is written; without it, as JSON if it is that, else as text
        #[arg(short, long)]
        format: Option<Format>,
    },
    /// Say that nothing should be at a ref
    #[command(after_help = "Example: ocuroot state delete release.ocu.star/@/deploy/production")]
    Delete {
        /// The ref
        reference: Option<String>,
    },
    /// Make what is at a ref follow what should be
    ///
    /// What that needs to be executed waits for `ocuroot work continue` unless `--cascade` is given.
    #[command(after_help = "Example: ocuroot state apply @/environment/production")]
    Apply {
        /// The ref
        reference: Option<String>,
        /// Do the work that follows from it
        #[arg(long, num_args = 0..=1, default_missing_value = "true", default_value = "false", require_equals = true, action = ArgAction::Set)]
        cascade: bool,
        /// Where a rule wants a second word, this is it (only a server asks for one)
        #[arg(long)]
        confirm: bool,
    },
    /// Show what is recorded, beside what should be, on pages for this machine only
    #[command(after_help = "Example: ocuroot state view -p 8080")]
    View {
        /// The port to listen on; the first free one from 3000 unless given
        #[arg(short, long)]
        port: Option<u16>,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// As it is
    String,
    /// 1, true, "text", {"a": 1}
    Json,
    /// The same and more, as in config files
    Starlark,
}

/// Carries the verb out.
///
/// # Errors
/// When the repository or its state cannot be used, the ref is none, or nothing can be said of it.
pub fn execute(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    local::run(async {
        if matches!(arguments.verb, Verb::View { .. }) {
            arguments.server.refuse("state view")?;
        }
        if let Some(server) = arguments.server.address()
            && let Some(code) = by_server(&server, arguments).await?
        {
            return Ok(code);
        }
        carry_out(&arguments.verb, &arguments.named).await
    })
}

/// `None` for what a server does not do.
async fn by_server(server: &str, arguments: &Arguments) -> anyhow::Result<Option<ExitCode>> {
    let named = |reference| arguments.named.reference(reference);
    let code = match &arguments.verb {
        Verb::Get { reference, intent } => {
            remote::state::get(server, &named(reference)?, *intent).await?
        }
        Verb::Impact { reference } => remote::state::impact(server, reference).await?,
        Verb::Match {
            glob,
            no_links,
            intent,
        } => remote::state::matching(server, glob, *intent, *no_links).await?,
        Verb::Diff { long } => remote::state::diff(server, *long).await?,
        Verb::Set {
            reference,
            value,
            format,
        } => {
            let value = parsed(value, *format)?;
            remote::state::intend(server, reference, Some(value)).await?
        }
        Verb::Delete { reference } => {
            remote::state::intend(server, &named(reference)?, None).await?
        }
        Verb::Apply {
            reference, confirm, ..
        } => remote::state::apply(server, &named(reference)?, *confirm).await?,
        Verb::View { .. } => return Ok(None),
    };
    Ok(Some(code))
}

async fn carry_out(verb: &Verb, named: &Named) -> anyhow::Result<ExitCode> {
    let project = project()?;
    match verb {
        Verb::Get { reference, intent } => {
            get(project, &named.reference(reference)?, *intent).await
        }
        Verb::Impact { reference } => impact(project, reference).await,
        Verb::Match {
            glob,
            no_links,
            intent,
        } => {
            let options = MatchOptions {
                of: of(*intent),
                without_links: *no_links,
                ..MatchOptions::default()
            };
            matching(project, glob, &options).await
        }
        Verb::Diff { long } => {
            let Some(reader) = local::reader(project).await? else {
                return Ok(ExitCode::SUCCESS);
            };
            for drift in reader.drift().await? {
                match long {
                    true => println!("{} {}", step_word(drift.step), drift.reference),
                    false => println!("{}", drift.reference),
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        Verb::Set {
            reference,
            value,
            format,
        } => {
            let value = parsed(value, *format)?;
            intend(project, reference, Some(value)).await
        }
        Verb::Delete { reference } => intend(project, &named.reference(reference)?, None).await,
        Verb::Apply {
            reference, cascade, ..
        } => apply(project, &named.reference(reference)?, *cascade).await,
        Verb::View { port } => view(project, *port).await,
    }
}

async fn get(project: Project, text: &str, is_intent: bool) -> anyhow::Result<ExitCode> {
    let reference = project.reference(text)?;
    let reader = Reader::open(project).await?;
    match reader.record(&reference, of(is_intent)).await? {
        Some(value) => {
            println!("{}", serde_json::to_string_pretty(&value)?);
            Ok(ExitCode::SUCCESS)
        }
        None => {
            eprintln!("error: there is no {reference}");
            Ok(ExitCode::FAILURE)
        }
    }
}

async fn impact(project: Project, text: &str) -> anyhow::Result<ExitCode> {
    let reference = project.reference(text)?;
    let reader = Reader::open(project).await?;
    for dependent in reader.impact(&reference).await? {
        println!("{}", dependent.deployment);
    }
    Ok(ExitCode::SUCCESS)
}

async fn matching(
    project: Project,
    text: &str,
    options: &MatchOptions,
) -> anyhow::Result<ExitCode> {
    let glob = project.glob(text)?;
    if let Some(reader) = local::reader(project).await? {
        for reference in reader.matching(&glob, options).await? {
            println!("{reference}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn of(is_intent: bool) -> Documents {
    match is_intent {
        true => Documents::Intent,
        false => Documents::State,
    }
}

async fn intend(project: Project, text: &str, value: Option<Value>) -> anyhow::Result<ExitCode> {
    let reference = project.reference(text)?;
    let is_deletion = value.is_none();
    let command = if is_deletion {
        "state delete"
    } else {
        "state set"
    };
    let session = Session::open_beside(project, command, Arc::new(Narrator::new())).await?;
    let reference = session.intend(&reference, value).await?;
    session.close().await;
    let wish = if is_deletion {
        "should not be any more"
    } else {
        "should be so"
    };
    eprintln!("{reference} {wish}. To make it so: ocuroot state apply {reference}");
    Ok(ExitCode::SUCCESS)
}

async fn apply(project: Project, text: &str, cascade: bool) -> anyhow::Result<ExitCode> {
    let reference = project.reference(text)?;
    let narrator = Arc::new(Narrator::new());
    let session = match cascade {
        true => Session::open(project, "state apply --cascade", narrator).await?,
        false => Session::open_beside(project, "state apply", narrator).await?,
    };
    let problems = session.apply(&reference, true).await?;
    let mut code = ExitCode::SUCCESS;
    for problem in &problems {
        eprintln!("error: {problem}");
        code = ExitCode::FAILURE;
    }
    if problems.is_empty() && cascade {
        code = local::code(&session.work_off(&Selection::Own, false).await?, false);
    }
    session.close().await;
    Ok(code)
}

async fn view(project: Project, port: Option<u16>) -> anyhow::Result<ExitCode> {
    let reader = Reader::open(project).await?;
    let listener = web::listen(port)
        .await
        .context("the port cannot be listened on")?;
    println!("http://{} shows what is recorded", listener.local_addr()?);
    tokio::select! {
        served = web::view(listener, reader.store, WORKSPACE) => served.context("the pages cannot be served")?,
        ended = tokio::signal::ctrl_c() => ended?,
    }
    Ok(ExitCode::SUCCESS)
}

fn parsed(text: &str, format: Option<Format>) -> anyhow::Result<Value> {
    let mut text = text.to_owned();
    if text == "-" {
        text = std::io::read_to_string(std::io::stdin()).context("standard input")?;
        // The end of the last line is the shell's, not the value's.
        text.truncate(text.trim_end_matches(['\r', '\n']).len());
    }
    let text = text.as_str();
    let json = || serde_json::from_str(text);
    match format {
        None => Ok(json().unwrap_or_else(|_| Value::from(text))),
        Some(Format::String) => Ok(Value::from(text)),
        Some(Format::Json) => json().context("the value is not JSON"),
        Some(Format::Starlark) => {
            let value = expression(text, &Limits::default());
            value.map_err(|problem| anyhow::anyhow!("the value is not Starlark: {problem}"))
        }
    }
}
