//! A value written in Starlark, on its own.

use serde_json::Value as Json;

use super::capabilities::Denied;
use super::convert;
use super::limits::Limits;
use super::scope::{Role, Stage};
use super::session::Session;
use super::tree::SourceTree;
use crate::model::Diagnostic;

const FILE: &str = "value";

/// What an expression such as `{"count": 1 + 1}` is.
///
/// # Errors
/// A text for people: it is no expression, or its value has no JSON form.
pub fn expression(text: &str, limits: &Limits) -> Result<Json, String> {
    let mut tree = SourceTree::new();
    // A bracket would let the text be more than one expression.
    tree.insert(FILE, format!("{FILE} = {}\n", text.trim()));
    let session = Session::new(&tree, &[], &Denied, limits, Stage::Planning);
    let evaluated = session.run(FILE, Role::Library);
    let value = evaluated.module.as_ref().map(|module| module.get(FILE));
    match value {
        Some(Ok(value)) => convert::to_json(value.value()).map_err(|error| error.to_string()),
        Some(Err(error)) => Err(error.to_string()),
        None => {
            let findings = evaluated.journal.take_diagnostics();
            let problem = findings.iter().rev().find(|finding| finding.is_error());
            Err(problem.map_or_else(String::new, Diagnostic::to_string))
        }
    }
}
