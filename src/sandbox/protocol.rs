//! What parent and child say to each other: one JSON value a line, each request but `Open` answered by one line.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::{Limits, SourceTree};
use crate::model::{Environment, FunctionName};

/// From the parent.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Request<'a> {
    /// Forget everything; what follows is about these files. Not answered.
    Open(Open<'a>),
    /// Answered with an `Evaluation`.
    Evaluate {
        /// The entry file.
        path: Cow<'a, str>,
    },
    /// Answered with an `Invocation`.
    Invoke {
        /// The entry file.
        entry: Cow<'a, str>,
        /// Which function of it, or of a file it loads.
        function: Cow<'a, FunctionName>,
        /// Its resolved inputs.
        inputs: Cow<'a, BTreeMap<String, Value>>,
    },
}

/// A tree with what belongs to it.
#[derive(Serialize, Deserialize)]
pub(super) struct Open<'a> {
    files: Vec<(Cow<'a, str>, Option<Cow<'a, str>>)>,
    is_complete: bool,
    pub(super) environments: Cow<'a, [Environment]>,
    pub(super) limits: Cow<'a, Limits>,
}

impl<'a> Open<'a> {
    pub(super) fn new(
        tree: &'a SourceTree,
        environments: &'a [Environment],
        limits: &'a Limits,
    ) -> Open<'a> {
        let text = |path| tree.get(path).map(|text| Cow::Borrowed(&**text));
        Open {
            files: tree
                .paths()
                .map(|path| (Cow::Borrowed(path), text(path)))
                .collect(),
            is_complete: tree.is_complete(),
            environments: Cow::Borrowed(environments),
            limits: Cow::Borrowed(limits),
        }
    }

    pub(super) fn tree(&self) -> SourceTree {
        let mut tree = SourceTree::new();
        for (path, text) in &self.files {
            match text {
                Some(text) => tree.insert(path.clone(), &**text),
                None => tree.insert_path(path.clone()),
            }
        }
        if self.is_complete {
            tree.mark_complete();
        }
        tree
    }
}

/// The child's first line: it is confined and waits for requests.
#[derive(Serialize, Deserialize)]
pub(super) struct Ready {
    /// Whether the system-call filter is on.
    pub(super) has_filter: bool,
}
