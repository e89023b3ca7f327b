//! What this dialect allows and the original's does not: warnings, so that a file stays portable. And calls that
//! cannot work when they are reached, found before anybody waits for them.

mod calls;
mod escapes;
mod graph;
mod names;

use starlark::syntax::AstModule;

use super::error::at_span;
use crate::model::{Diagnostic, Severity};

/// More warnings than this about one file help nobody.
const MOST: usize = 20;

/// Findings of all lints in the order of their lines.
pub(super) fn findings(ast: &AstModule, path: &str, text: &str) -> Vec<Diagnostic> {
    let mut findings = names::reassigned(ast);
    findings.extend(calls::findings(ast));
    findings.extend(escapes::unknown(path, text));
    findings.sort_by_key(|finding| (finding.line, finding.column));
    findings
}

fn warning(
    ast: &AstModule,
    span: starlark::codemap::Span,
    message: impl Into<String>,
) -> Diagnostic {
    Diagnostic {
        severity: Severity::Warning,
        ..at_span(&ast.file_span(span), message)
    }
}
