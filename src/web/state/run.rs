//! A run: what it was given, what it printed and what it has left.

use askama::Template;
use serde_json::Value;

use super::link::Link;
use super::look::Look;
use super::parts::{RecordView, ValueView, class, inputs, outputs};
use crate::model::Reference;
use crate::store::{Documents, Record};

/// The page of a run.
#[derive(Template)]
#[template(path = "web/state/run.html")]
pub(super) struct Page {
    name: String,
    run: RunView,
    record: RecordView,
}

/// A run, on its own page or within its release.
pub(super) struct RunView {
    pub(super) link: Link,
    pub(super) kind: String,
    pub(super) word: String,
    pub(super) class: &'static str,
    pub(super) since: String,
    pub(super) error: Option<String>,
    pub(super) functions: Vec<FunctionView>,
    pub(super) outputs: Vec<ValueView>,
    pub(super) log: Vec<String>,
}

pub(super) struct FunctionView {
    pub(super) name: String,
    pub(super) inputs: Vec<ValueView>,
}

impl Page {
    pub(super) async fn of(
        look: &Look,
        found: &Record,
        record: RecordView,
    ) -> anyhow::Result<Page> {
        let run = RunView::made(look, &found.target, &found.value).await?;
        Ok(Page {
            name: found.target.to_string(),
            run,
            record,
        })
    }
}

impl RunView {
    /// The run at a ref, if it is still there.
    pub(super) async fn of(look: &Look, reference: &Reference) -> anyhow::Result<Option<RunView>> {
        let found = look.record(reference, Documents::State).await?;
        match found {
            Some(found) => Ok(Some(RunView::made(look, reference, &found.value).await?)),
            None => Ok(None),
        }
    }

    async fn made(look: &Look, reference: &Reference, run: &Value) -> anyhow::Result<RunView> {
        let word = run["status"].as_str().unwrap_or_default();
        let log = look.document(&format!("{reference}/logs").parse()?).await?;
        let number = reference
            .subpath
            .iter()
            .filter_map(|(_, name)| name.rsplit_once('/'));
        let number = number.map(|(_, number)| format!("run {number}")).next();
        let functions = run["functions"].as_array().into_iter().flatten();
        let lines = log.as_array().into_iter().flatten();
        let lines = lines.filter_map(|line| line["message"].as_str());
        Ok(RunView {
            link: Link::called(&number.unwrap_or_default(), reference),
            kind: run["type"].as_str().unwrap_or_default().to_owned(),
            since: look.since(&reference.to_string(), word).await?,
            word: word.to_owned(),
            class: class(word),
            error: run["error"].as_str().map(str::to_owned),
            functions: functions.map(|call| function(reference, call)).collect(),
            outputs: outputs(&run["output"]),
            log: lines.map(str::to_owned).collect(),
        })
    }
}

fn function(reader: &Reference, call: &Value) -> FunctionView {
    let name = match (&call["fn"], &call["workflow"]) {
        (Value::Null, workflow) => format!("workflow {}", text(&workflow["file"])),
        (function, _) => format!("{} in {}", text(&function["name"]), text(&function["file"])),
    };
    FunctionView {
        name,
        inputs: inputs(reader, &call["inputs"]),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
