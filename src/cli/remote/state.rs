//! `ocuroot state … --server`.

use std::process::ExitCode;

use serde_json::Value;

use super::{open, told};
use crate::command::Request;
use crate::model::Glob;

/// A record as JSON.
pub(in crate::cli) async fn get(
    server: &str,
    text: &str,
    is_intent: bool,
) -> anyhow::Result<ExitCode> {
    let remote = open(server).await?;
    let reference = remote.project.reference(text)?.to_string();
    match remote.record(&reference, is_intent).await? {
        Some(value) => {
            println!("{}", serde_json::to_string_pretty(&value)?);
            Ok(ExitCode::SUCCESS)
        }
        None => {
            eprintln!("error: there is no {reference}, or you may not read it");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// The refs that a glob means.
pub(in crate::cli) async fn matching(
    server: &str,
    text: &str,
    is_intent: bool,
    no_links: bool,
) -> anyhow::Result<ExitCode> {
    let remote = open(server).await?;
    let glob = match text.strip_prefix("./-/") {
        Some(rest) => format!("{}/-/{rest}", Glob::escaped(&remote.project.name)),
        None => text.to_owned(),
    };
    let found = remote.matching(&glob, is_intent, no_links).await?;
    for reference in &found {
        println!("{reference}");
    }
    Ok(match found.is_empty() {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}

/// What is not as it should be.
pub(in crate::cli) async fn diff(server: &str, is_long: bool) -> anyhow::Result<ExitCode> {
    for drift in open(server).await?.diff().await? {
        match is_long {
            true => println!("{} {}", drift.step, drift.reference),
            false => println!("{}", drift.reference),
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What is deployed again if something changes.
pub(in crate::cli) async fn impact(server: &str, text: &str) -> anyhow::Result<ExitCode> {
    let remote = open(server).await?;
    let reference = remote.project.reference(text)?.to_string();
    for dependent in remote.impact(&reference).await? {
        println!("{dependent}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Says what should be, or that nothing should.
pub(in crate::cli) async fn intend(
    server: &str,
    text: &str,
    value: Option<Value>,
) -> anyhow::Result<ExitCode> {
    let remote = open(server).await?;
    let reference = remote.project.reference(text)?;
    let (wish, request) = match value {
        Some(value) => ("should be so", Request::StateSet { reference, value }),
        None => ("should not be any more", Request::StateDelete { reference }),
    };
    let answer = remote.ask(&request).await?;
    if let Some(code) = told(&answer) {
        return Ok(code);
    }
    for reference in &answer.references {
        eprintln!("{reference} {wish}. To make it so: ocuroot state apply {reference}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes what is follow what should be.
pub(in crate::cli) async fn apply(
    server: &str,
    text: &str,
    confirm: bool,
) -> anyhow::Result<ExitCode> {
    let remote = open(server).await?;
    let reference = remote.project.reference(text)?;
    let request = Request::StateApply { reference, confirm };
    let answer = remote.ask(&request).await?;
    Ok(told(&answer).unwrap_or(ExitCode::SUCCESS))
}
